/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels of Domain 0 from user space, through /dev/xen/evtchn (xen/sys/evtchn.h).
 *
 * A handle is a file descriptor; all its ports are closed with it, whereupon the other side of an
 * interdomain channel waits to be bound again. Called by xenstored, xenconsoled, xl. No locks of
 * its own.
 */
#ifndef LIBHV_EVTCHN_H
#define LIBHV_EVTCHN_H

#include <stdint.h>

/* Opens the device, non-blocking, close-on-exec. Returns a descriptor or -errno. */
int hv_evtchn_open(void);

/* Each bind returns the local port (> 0) or -errno. */
int hv_evtchn_bind_interdomain(int fd, unsigned int domid, unsigned int remote_port);
int hv_evtchn_bind_unbound(int fd, unsigned int domid);
int hv_evtchn_bind_virq(int fd, unsigned int virq);

int hv_evtchn_unbind(int fd, unsigned int port);
int hv_evtchn_notify(int fd, unsigned int port);

/*
 * Takes the next pending port, which stays masked until hv_evtchn_unmask(). Returns it, or -EAGAIN.
 */
int hv_evtchn_pending(int fd);
int hv_evtchn_unmask(int fd, unsigned int port);

#endif
