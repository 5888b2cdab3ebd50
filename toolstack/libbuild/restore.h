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
    /* The image alone says how long these are, so what is not used must cost nothing: 0 is nothing. */
    uint64_t *not_mfn;  /* [pfns] complement of the machine frame: restore_frame() */
    uint8_t *type_or_0; /* [pfns] XEN_DOMCTL_PFINFO_* >> 28, plus 1: restore_type() */
    struct blob p2m;    /* uint64_t: where the guest keeps the list */
    struct blob shared; /* its shared info page */
    struct restored_vcpu vcpu[IMAGE_MAX_VCPUS];
    uint64_t populated;
    xen_pfn_t *extents; /* room for IMAGE_MAX_BATCH */
    struct build_error *err;
};

int restore_bad(const struct restorer *r, const char *what);
/* The machine frame of PFN, any number, or IMAGE_NO_FRAME. */
static inline uint64_t restore_frame(const struct restorer *r, uint64_t pfn)
{
    return pfn < r->pfns ? ~r->not_mfn[pfn] : IMAGE_NO_FRAME;
}

/* XEN_DOMCTL_PFINFO_* of PFN, any number; XTAB when the image does not say. */
static inline uint32_t restore_type(const struct restorer *r, uint64_t pfn)
{
    return pfn < r->pfns && r->type_or_0[pfn]
               ? (uint32_t)(r->type_or_0[pfn] - 1) << XEN_DOMCTL_PFINFO_LTAB_SHIFT
               : XEN_DOMCTL_PFINFO_XTAB;
}

/* The machine frame of a plain page PFN, or IMAGE_NO_FRAME. */
uint64_t restore_plain_frame(const struct restorer *r, uint64_t pfn);
/* Sets the registers of all virtual CPUs, and the start info page of the first. Memory and tables
 * are there. */
int restore_vcpus(struct restorer *r);

#endif
