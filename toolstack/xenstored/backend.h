/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenstored's side of the hypervisor: rings, event channels, the state of domains. Implements
 * struct xsd_ops.
 */
#ifndef XENSTORED_BACKEND_H
#define XENSTORED_BACKEND_H

#include "libhv/hv.h"
#include "xsd.h"

struct backend {
    bool active;           /* false: no hypervisor (--no-domain-init) */
    int evtchn, gntdev;
    int virq_port;         /* of VIRQ_DOM_EXC */
    struct hv hv;
    struct xsd *x;
    int listen_fd;         /* for the live update */
    char **argv;
};

extern const struct xsd_ops backend_ops;

/*
 * Opens the devices; evtchn is a descriptor handed over by a former process, or -1. Returns 0 or
 * -errno.
 */
int backend_open(struct backend *b, int evtchn);
/* Connects the kernel of Domain 0. Returns 0 or -errno. */
int backend_introduce_dom0(struct backend *b);

#endif
