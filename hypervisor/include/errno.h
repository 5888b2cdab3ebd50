/* SPDX-License-Identifier: GPL-2.0-only */
/* Error numbers of the ABI (xen/errno.h) under their plain names. Functions return 0 or a negative one. */
#ifndef HV_ERRNO_H
#define HV_ERRNO_H

#define XEN_ERRNO(name, value) name = value,
enum {
#include <xen/errno.h>
};

/* Inside the hypervisor only: the hypercall must be executed again (control/hypercall.c). */
#define ERESTART 85

#endif
