/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What only hypercalls tell about the host, one "NAME NUMBER" a line: the memory in KiB that is the hypervisor's or
 * Domain 0's (XEN_SYSCTL_physinfo, XENMEM_current_reservation: Domain 0's kernel gives frames away and takes them back as
 * its backends map grants, so neither says by itself what guests have left), and how many event-channel ports Domain 0 has
 * in use (EVTCHNOP_status on each of them). With any argument: both, and each of those ports.
 */
#define __XEN_TOOLS__ 1
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sys/privcmd.h>
#include <xen/sysctl.h>

#define PORTS_MAX 131072u

static int privcmd;

static long hypercall(unsigned op, uint64_t a, uint64_t b)
{
    struct privcmd_hypercall call = { .op = op, .arg = { a, b } };
    long rc = ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);

    return rc < 0 ? -errno : rc;
}

int main(int argc, char **argv)
{
    static struct xen_sysctl op;
    static struct evtchn_status status;
    static domid_t self = DOMID_SELF;
    unsigned used = 0;
    long own;

    (void)argv;
    privcmd = open("/dev/xen/privcmd", O_RDWR);
    mlockall(MCL_CURRENT | MCL_FUTURE);
    op = (struct xen_sysctl){ .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    if (hypercall(__HYPERVISOR_sysctl, (uint64_t)&op, 0)) {
        perror("physinfo");
        return 1;
    }
    own = hypercall(__HYPERVISOR_memory_op, XENMEM_current_reservation, (uint64_t)&self);
    if (own <= 0) {
        fputs("Domain 0 has no memory: that cannot be\n", stderr);
        return 1;
    }
    if (argc > 1)
        printf("free %llu, Domain 0 %ld KiB\n", (unsigned long long)op.u.physinfo.free_pages * 4, own * 4);
    printf("free-kib %llu\n", ((unsigned long long)op.u.physinfo.free_pages + (unsigned long)own) * 4);
    for (unsigned port = 0; port < PORTS_MAX; port++) {
        status = (struct evtchn_status){ .dom = DOMID_SELF, .port = port };
        if (hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_status, (uint64_t)&status))
            break;
        used += status.status != EVTCHNSTAT_closed;
        if (argc > 1 && status.status != EVTCHNSTAT_closed)
            printf("port %u: status %u, vCPU %u, detail %u (domain, IRQ)\n", port, status.status, status.vcpu,
                   status.u.pirq);
    }
    if (!used) {
        fputs("no event channel is in use: that cannot be\n", stderr);
        return 1;
    }
    printf("event-channels %u\n", used);
    return 0;
}
