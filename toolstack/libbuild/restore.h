/* SPDX-License-Identifier: GPL-2.0-only */
/* Between restore.c and restore_vcpus.c: what has been read of an image so far. */
#ifndef HOSPES_LIBBUILD_RESTORE_H
#define HOSPES_LIBBUILD_RESTORE_H

#include "image.h"

/* A record that is kept until all of memory is there. */
struct blob {
    uint8_t *data; /* malloc'd */
    size_t len;
};

struct restored_vcpu {
    struct blob basic, extended, xsave, msrs;
};

struct restorer {
    struct hv *hv;
    int fd;
    const struct pv_params *p;
    struct pv_result *res;
    uint64_t shared_info_mfn;
    uint64_t pfns;      /* length of the list of frames; 0: not yet known */
    uint64_t *mfn;      /* [pfns] machine frames, IMAGE_NO_FRAME: none */
    uint8_t *type;      /* [pfns] XEN_DOMCTL_PFINFO_* >> 28 */
    struct blob p2m;    /* uint64_t: where the guest keeps the list */
    struct blob shared; /* its shared info page */
    struct restored_vcpu vcpu[IMAGE_MAX_VCPUS];
    uint64_t populated;
    xen_pfn_t *extents; /* room for IMAGE_MAX_BATCH */
    struct build_error *err;
};

int restore_bad(const struct restorer *r, const char *what);
/* The machine frame of a plain page PFN, or IMAGE_NO_FRAME. */
uint64_t restore_plain_frame(const struct restorer *r, uint64_t pfn);
/* Sets the registers of all virtual CPUs, and the start info page of the first. Memory and tables
 * are there. */
int restore_vcpus(struct restorer *r);

#endif
