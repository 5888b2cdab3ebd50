/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels of Domain 0 from user space. See evtchn.h.
 */
#include "evtchn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>

int hv_evtchn_open(void)
{
    int fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    return fd < 0 ? -errno : fd;
}

static int evtchn_ioctl(int fd, unsigned long request, void *arg)
{
    int rc = ioctl(fd, request, arg);

    return rc < 0 ? -errno : rc;
}

int hv_evtchn_bind_interdomain(int fd, unsigned int domid, unsigned int remote_port)
{
    struct ioctl_evtchn_bind_interdomain bind = { .remote_domain = domid,
                                                  .remote_port = remote_port };

    return evtchn_ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
}

int hv_evtchn_bind_unbound(int fd, unsigned int domid)
{
    struct ioctl_evtchn_bind_unbound_port bind = { .remote_domain = domid };

    return evtchn_ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &bind);
}

int hv_evtchn_bind_virq(int fd, unsigned int virq)
{
    struct ioctl_evtchn_bind_virq bind = { .virq = virq };

    return evtchn_ioctl(fd, IOCTL_EVTCHN_BIND_VIRQ, &bind);
}

int hv_evtchn_unbind(int fd, unsigned int port)
{
    struct ioctl_evtchn_unbind unbind = { .port = port };

    return evtchn_ioctl(fd, IOCTL_EVTCHN_UNBIND, &unbind);
}

int hv_evtchn_notify(int fd, unsigned int port)
{
    struct ioctl_evtchn_notify notify = { .port = port };

    return evtchn_ioctl(fd, IOCTL_EVTCHN_NOTIFY, &notify);
}

int hv_evtchn_pending(int fd)
{
    uint32_t port;
    ssize_t n = read(fd, &port, sizeof(port));

    if (n < 0) {
        return -errno;
    }
    return n == sizeof(port) ? (int)port : -EAGAIN;
}

int hv_evtchn_unmask(int fd, unsigned int port)
{
    uint32_t value = port;

    return write(fd, &value, sizeof(value)) == sizeof(value) ? 0 : -errno;
}
