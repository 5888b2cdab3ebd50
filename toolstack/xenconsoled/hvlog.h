/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's own messages, copied to a log file (--log=hv or all). */
#ifndef XENCONSOLED_HVLOG_H
#define XENCONSOLED_HVLOG_H

#include "guests.h"

struct hvlog {
    struct logfile log;
    int port;            /* of VIRQ_CON_RING, -1: not used */
    uint32_t index;      /* how far the hypervisor's buffer has been read */
};

/* Opens the log and binds the interrupt. Returns 0 or -errno. */
int hvlog_open(struct hvlog *h, struct daemon *d, const char *dir, size_t limit, bool stamp);
/* Copies what is new. */
void hvlog_copy(struct hvlog *h, struct daemon *d);

#endif
