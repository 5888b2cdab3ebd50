/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image of a saved PV domain: a libxl stream (libxl-migration-stream, revision 2) around a
 * libxc one (libxc-migration-stream, revision 3), so that Xen's tools read ours and we read theirs.
 * Shared by save.c, restore.c and what they are made of; the calls for others are in build.h.
 */
#ifndef HOSPES_LIBBUILD_IMAGE_H
#define HOSPES_LIBBUILD_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "build.h"
#include "libhv/hv.h"

#define IMAGE_MAX_PFNS  (1ULL << 28) /* a terabyte: what a list of frames may describe */
#define IMAGE_BATCH     512u         /* frames that are written in one record */
#define IMAGE_MAX_BATCH 1024u /* frames that are taken in one record; Xen's tools write as many */
#define IMAGE_MAX_VCPUS 128u
#define IMAGE_NO_FRAME  UINT64_MAX
#define IMAGE_PFN_MASK  ((1ULL << 52) - 1)

/* Headers and records, both streams. Fields of the headers marked "be" are big-endian. */
struct libxl_header {
    uint64_t ident;   /* be */
    uint32_t version; /* be */
    uint32_t options; /* be; bit 0: big-endian content, bit 1: converted from an old one */
};
#define LIBXL_IDENT   0x4c6962786c466d74ULL
#define LIBXL_VERSION 2u

enum { LIBXL_END, LIBXL_LIBXC_CONTEXT };

struct image_header {
    uint64_t marker;  /* be */
    uint32_t id;      /* be */
    uint32_t version; /* be */
    uint16_t options; /* be; bit 0: big-endian content */
    uint16_t reserved[3];
};
#define IMAGE_MARKER  UINT64_MAX
#define IMAGE_ID      0x58454e46u
#define IMAGE_VERSION 3u

struct image_domain_header {
    uint32_t type; /* IMAGE_TYPE_PV */
    uint16_t page_shift;
    uint16_t reserved;
    uint32_t xen_major, xen_minor;
};
#define IMAGE_TYPE_PV 1u

struct image_record {
    uint32_t type, length; /* the body follows, padded to 8 octets */
};
#define IMAGE_OPTIONAL 0x80000000u
#define IMAGE_MAX_BODY (8u << 20)

enum {
    REC_END,
    REC_PAGE_DATA,
    REC_PV_INFO,
    REC_PV_P2M_FRAMES,
    REC_PV_VCPU_BASIC,
    REC_PV_VCPU_EXTENDED,
    REC_PV_VCPU_XSAVE,
    REC_SHARED_INFO,
    REC_TSC_INFO,
    REC_HVM_CONTEXT,
    REC_HVM_PARAMS,
    REC_TOOLSTACK,
    REC_PV_VCPU_MSRS,
    REC_VERIFY,
    REC_CHECKPOINT,
    REC_DIRTY_PFNS,
    REC_STATIC_DATA_END,
    REC_CPUID_POLICY,
    REC_MSR_POLICY,
};

struct rec_page_data {
    uint32_t count, reserved;
    uint64_t
        pfn[]; /* and XEN_DOMCTL_PFINFO_* << 32; the pages follow, as far as they have contents */
};

struct rec_pv_info {
    uint8_t width, levels, reserved[6];
};

struct rec_p2m_frames {
    uint32_t start, end; /* the first and the last frame that the list describes */
    uint64_t pfn[];      /* where its pages are */
};

struct rec_vcpu {
    uint32_t vcpu, reserved;
    uint8_t context[];
};

struct rec_tsc {
    uint32_t mode, khz;
    uint64_t nsec;
    uint32_t incarnation, reserved;
};

/* ---- image_io.c: the stream ---- */

int image_write(int fd, const void *data, size_t len, struct build_error *err);
int image_read(int fd, void *data, size_t len, struct build_error *err);
/* One record of two parts; either may be empty. */
int image_put(int fd, uint32_t type, const void *a, size_t a_len, const void *b, size_t b_len,
              struct build_error *err);
/* The next record; *BODY is malloc'd, also for an empty one. -EBADMSG: too long. */
int image_get(int fd, struct image_record *rec, uint8_t **body, struct build_error *err);
int image_put_headers(int fd, unsigned int xen_major, unsigned int xen_minor,
                      struct build_error *err);
/* -EBADMSG, and what is wrong, for anything that is not a saved 64-bit PV domain. */
int image_get_headers(int fd, struct build_error *err);

/* ---- image_tables.c: page tables ---- */

/* Levels of a frame's type (XEN_DOMCTL_PFINFO_*): 1 to 4 for page tables, else 0. */
unsigned int image_table_level(uint32_t type);
/* True if a frame of TYPE has contents in an image. */
bool image_has_contents(uint32_t type);
bool image_type_known(uint32_t type);
/*
 * Copies the table FROM of LEVEL with each present entry's frame replaced by what LOOKUP says of
 * it. Entries of the root that are the hypervisor's become 0. Returns the number of the first entry
 * for which it said IMAGE_NO_FRAME, or -1.
 */
int image_convert_table(unsigned int level, const uint64_t *from, uint64_t *to,
                        uint64_t (*lookup)(void *arg, uint64_t frame), void *arg);

/* ---- guest_p2m.c: the list of frames of a domain that does not run ---- */

struct guest_p2m {
    const uint64_t *mfn; /* [pfns], the guest's own list, mapped; may say anything */
    uint64_t pfns;
    xen_pfn_t *frames; /* the pages of the list */
    size_t pages;
};

int guest_p2m_map(struct hv *hv, uint32_t domid, const void *shared_info, struct guest_p2m *p2m,
                  struct build_error *err);
void guest_p2m_unmap(struct guest_p2m *p2m);

/* ---- pv_common.c: what a new and a restored domain have in common ---- */

/* Event channels of store and console into RES, the memory map; *SHARED_INFO: its machine frame. */
int pv_prepare(struct hv *hv, const struct pv_params *p, struct pv_result *res,
               uint64_t *shared_info, struct build_error *err);
/* What a guest's start info page says of the machine frames and event channels it has now. */
void pv_start_info(start_info_t *si, uint64_t nr_pages, uint64_t shared_info,
                   const struct pv_result *res);
/* Grants entries 0 and 1 to the domains that serve console and store. */
int pv_seed_grants(struct hv *hv, const struct pv_params *p, const struct pv_result *res,
                   struct build_error *err);

#endif
