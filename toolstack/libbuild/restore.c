/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the image of a PV domain into a domain that has its limits and no memory yet. Frames come
 * in any order and may come again; page tables are written with machine frames in place of the
 * guest's, and pinned when all is there. Formats: image.h. Called by xl. The image may be anything:
 * every number in it is checked before it is used, and what the guest may do with its memory is
 * judged by the hypervisor. On any error the caller destroys the domain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "restore.h"

#define PIN_BATCH 256u

int restore_bad(const struct restorer *r, const char *what)
{
    return build_fail(r->err, -EBADMSG, "the image is damaged: %s", what);
}

static int no_memory(const struct restorer *r)
{
    return build_fail(r->err, -ENOMEM, "out of memory in Domain 0");
}

uint64_t restore_plain_frame(const struct restorer *r, uint64_t pfn)
{
    return restore_type(r, pfn) == XEN_DOMCTL_PFINFO_NOTAB ? restore_frame(r, pfn) : IMAGE_NO_FRAME;
}

/* @return BYTES of zeros that cost memory only where they are written */
static void *big_alloc(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

/* Keeps BODY as BLOB, in place of an earlier one. */
static void keep(struct blob *blob, uint8_t **body, size_t len)
{
    free(blob->data);
    *blob = (struct blob){ *body, len };
    *body = NULL;
}

/* ---- records ---- */

static int take_pv_info(struct restorer *r, const uint8_t *body, size_t len)
{
    const struct rec_pv_info *info = (const void *)body;

    if (len < sizeof(*info))
        return restore_bad(r, "its PV info is too short");
    if (info->width != 8 || info->levels != 4)
        return build_fail(r->err, -EBADMSG, "the image is that of a 32-bit guest");
    return 0;
}

static int take_policy(struct restorer *r, const uint8_t *body, size_t len)
{
    int rc;

    if (len % sizeof(xen_cpuid_leaf_t))
        return restore_bad(r, "its CPU features are cut off");
    rc = hv_domain_set_cpu_policy(r->hv, r->p->domid, (const xen_cpuid_leaf_t *)body,
                                  (unsigned int)(len / sizeof(xen_cpuid_leaf_t)));
    return rc ? build_fail(
                    r->err, rc,
                    "this machine cannot give the guest the CPU features that it was started with")
              : 0;
}

/* The list's length, and its pages. It may come again, but not of another length. */
static int take_p2m(struct restorer *r, uint8_t **body, size_t len)
{
    const struct rec_p2m_frames *rec = (const void *)*body;
    uint64_t pfns, pages;

    if (len < sizeof(*rec) || rec->start != 0)
        return restore_bad(r, "its list of frames does not begin at 0");
    pfns = (uint64_t)rec->end + 1;
    pages = (pfns + 511) / 512;
    if (pfns > IMAGE_MAX_PFNS || len != sizeof(*rec) + pages * sizeof(uint64_t) ||
        (r->pfns && r->pfns != pfns))
        return restore_bad(r, "its list of frames has a wrong length");
    if (!r->pfns) {
        r->pfns = pfns;
        r->not_mfn = big_alloc(pfns * sizeof(*r->not_mfn));
        r->type_or_0 = big_alloc(pfns);
        if (!r->not_mfn || !r->type_or_0)
            return no_memory(r);
    }
    keep(&r->p2m, body, len);
    return 0;
}

static int take_tsc(struct restorer *r, const uint8_t *body, size_t len)
{
    const struct rec_tsc *rec = (const void *)body;
    struct xen_domctl_tsc_info tsc = { .pad = 0 };
    int rc;

    if (len < sizeof(*rec))
        return restore_bad(r, "its time-stamp counter is cut off");
    tsc.tsc_mode = rec->mode;
    tsc.gtsc_khz = rec->khz;
    tsc.elapsed_nsec = rec->nsec;
    tsc.incarnation = rec->incarnation;
    rc = hv_domain_set_tsc(r->hv, r->p->domid, &tsc);
    return rc ? build_fail(r->err, rc, "cannot set its time-stamp counter: %s", strerror(-rc)) : 0;
}

static int take_shared_info(struct restorer *r, uint8_t **body, size_t len)
{
    if (len != HV_PAGE_SIZE)
        return restore_bad(r, "its shared info is not a page");
    keep(&r->shared, body, len);
    return 0;
}

static int take_vcpu(struct restorer *r, uint32_t type, uint8_t **body, size_t len)
{
    const struct rec_vcpu *rec = (const void *)*body;
    struct restored_vcpu *v;

    if (len < sizeof(*rec) || rec->vcpu >= IMAGE_MAX_VCPUS)
        return restore_bad(r, "a virtual CPU has no number");
    v = &r->vcpu[rec->vcpu];
    if (len == sizeof(*rec)) /* erratum 1 of the format: an empty record says nothing */
        return 0;
    keep(type == REC_PV_VCPU_BASIC      ? &v->basic
         : type == REC_PV_VCPU_EXTENDED ? &v->extended
         : type == REC_PV_VCPU_XSAVE    ? &v->xsave
                                        : &v->msrs,
         body, len);
    return 0;
}

/* ---- memory ---- */

/* Gives the guest the COUNT frames of r->extents. */
static int populate(struct restorer *r, unsigned int count)
{
    uint64_t pfn[IMAGE_MAX_BATCH];
    long done;

    if (!count)
        return 0;
    if (r->populated + count > r->p->nr_pages)
        return build_fail(r->err, -ENOMEM,
                          "the image has more than the %llu MiB of memory=: raise memory=",
                          (unsigned long long)(r->p->nr_pages >> 8));
    memcpy(pfn, r->extents, count * sizeof(*pfn));
    done = hv_populate(r->hv, r->p->domid, r->extents, count, 0);
    if (done != (long)count)
        return build_fail(r->err, -ENOMEM, "the hypervisor has no more memory: destroy a guest");
    for (unsigned int i = 0; i < count; i++)
        r->not_mfn[pfn[i]] = ~r->extents[i];
    r->populated += count;
    return 0;
}

/* Notes PFN in r->extents if it has no frame yet and is not noted. */
static void want(struct restorer *r, uint64_t pfn, unsigned int *count)
{
    if (r->not_mfn[pfn])
        return;
    r->not_mfn[pfn] = UINT64_MAX; /* noted; populate() fills it in, or the restore ends */
    r->extents[(*count)++] = pfn;
}

static uint64_t to_mfn(void *arg, uint64_t pfn)
{
    return restore_frame(arg, pfn);
}

/* The frames that a page table names and that have not come yet. */
struct wanted {
    struct restorer *r;
    unsigned int count;
};

static uint64_t note_pfn(void *arg, uint64_t pfn)
{
    struct wanted *w = arg;

    if (pfn >= w->r->pfns)
        return IMAGE_NO_FRAME;
    want(w->r, pfn, &w->count);
    return 0;
}

/* Writes the page table FROM of PFN; frames that come later in the image are given now. */
static int write_table(struct restorer *r, unsigned int level, const uint8_t *from, uint8_t *to)
{
    struct wanted wanted = { r, 0 };
    uint64_t scratch[512];
    int rc;

    if (image_convert_table(level, (const uint64_t *)from, scratch, note_pfn, &wanted) >= 0)
        return restore_bad(r, "a page table names a frame that the guest does not have");
    rc = populate(r, wanted.count);
    if (!rc)
        image_convert_table(level, (const uint64_t *)from, (uint64_t *)to, to_mfn, r);
    return rc;
}

static int write_pages(struct restorer *r, const struct rec_page_data *rec, const uint8_t *data,
                       unsigned int pages)
{
    xen_pfn_t frames[IMAGE_MAX_BATCH];
    uint32_t types[IMAGE_MAX_BATCH];
    unsigned int n = 0;
    void *map;
    int rc;

    if (!pages)
        return 0;
    for (unsigned int i = 0; i < rec->count; i++) {
        uint32_t type = (uint32_t)(rec->pfn[i] >> 32) & XEN_DOMCTL_PFINFO_LTAB_MASK;

        if (!image_has_contents(type))
            continue;
        types[n] = type;
        frames[n++] = restore_frame(r, rec->pfn[i] & IMAGE_PFN_MASK);
    }
    rc = hv_map_foreign(r->hv, r->p->domid, frames, pages, PROT_READ | PROT_WRITE, &map);
    if (rc)
        return build_fail(r->err, rc, "cannot map the guest's memory: %s", strerror(-rc));
    for (unsigned int i = 0; !rc && i < pages; i++) {
        const uint8_t *from = data + i * HV_PAGE_SIZE;
        uint8_t *to = (uint8_t *)map + i * HV_PAGE_SIZE;
        unsigned int level = image_table_level(types[i]);

        if (level)
            rc = write_table(r, level, from, to);
        else
            memcpy(to, from, HV_PAGE_SIZE);
    }
    hv_unmap(map, pages);
    return rc;
}

static int take_pages(struct restorer *r, const uint8_t *body, size_t len)
{
    const struct rec_page_data *rec = (const void *)body;
    unsigned int pages = 0, missing = 0;
    size_t head;
    int rc;

    if (!r->pfns)
        return restore_bad(r, "memory comes before the list of frames");
    if (len < sizeof(*rec) || !rec->count || rec->count > IMAGE_MAX_BATCH ||
        len < (head = sizeof(*rec) + rec->count * sizeof(rec->pfn[0])))
        return restore_bad(r, "a record of memory has a wrong length");
    for (unsigned int i = 0; i < rec->count; i++) {
        uint64_t pfn = rec->pfn[i] & IMAGE_PFN_MASK;
        uint32_t type = (uint32_t)(rec->pfn[i] >> 32);

        if (pfn >= r->pfns || !image_type_known(type & ~0x0ff00000u))
            return restore_bad(r, "a frame has an unknown type or number");
        type &= XEN_DOMCTL_PFINFO_LTAB_MASK;
        r->type_or_0[pfn] = (uint8_t)((type >> XEN_DOMCTL_PFINFO_LTAB_SHIFT) + 1);
        pages += image_has_contents(type);
        if (image_has_contents(type) || type == XEN_DOMCTL_PFINFO_XALLOC)
            want(r, pfn, &missing);
    }
    if (len != head + pages * HV_PAGE_SIZE)
        return restore_bad(r, "a record of memory has a wrong length");
    rc = populate(r, missing);
    return rc ? rc : write_pages(r, rec, body + head, pages);
}

/* ---- the end ---- */

/* Fills the guest's list of frames anew. */
static int write_p2m(struct restorer *r)
{
    const struct rec_p2m_frames *rec = (const void *)r->p2m.data;
    size_t pages = (r->p2m.len - sizeof(*rec)) / sizeof(rec->pfn[0]);

    for (size_t i = 0; i < pages; i++) {
        xen_pfn_t frame = restore_plain_frame(r, rec->pfn[i]);
        uint64_t first = i * 512, n = r->pfns - first < 512 ? r->pfns - first : 512;
        void *map;
        int rc;

        if (frame == IMAGE_NO_FRAME)
            return restore_bad(r, "the list of frames is not in the guest's memory");
        rc = hv_map_foreign(r->hv, r->p->domid, &frame, 1, PROT_READ | PROT_WRITE, &map);
        if (rc)
            return build_fail(r->err, rc, "cannot map the guest's list of frames: %s",
                              strerror(-rc));
        for (uint64_t j = 0; j < n; j++)
            ((uint64_t *)map)[j] = restore_frame(r, first + j);
        hv_unmap(map, 1);
    }
    return 0;
}

/* The guest's part of the page; no event is pending and all are masked: it binds them anew. */
static int write_shared_info(struct restorer *r)
{
    const shared_info_t *old = (const void *)r->shared.data;
    xen_pfn_t frame = r->shared_info_mfn;
    shared_info_t *shared;
    void *map;
    int rc = hv_map_foreign(r->hv, r->p->domid, &frame, 1, PROT_READ | PROT_WRITE, &map);

    if (rc)
        return build_fail(r->err, rc, "cannot map the shared info page: %s", strerror(-rc));
    shared = map;
    memcpy(shared->vcpu_info, old->vcpu_info, sizeof(shared->vcpu_info));
    shared->arch = old->arch;
    shared->arch.pfn_to_mfn_frame_list_list = 0;
    memset(shared->evtchn_pending, 0, sizeof(shared->evtchn_pending));
    memset(shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        shared->vcpu_info[i].evtchn_pending_sel = 0;
    hv_unmap(map, 1);
    return 0;
}

static int flush_pins(struct restorer *r, struct mmuext_op *ops, unsigned int *n)
{
    int rc = *n ? hv_mmuext_ops(r->hv, r->p->domid, ops, *n) : 0;

    *n = 0;
    return rc ? build_fail(r->err, rc, "the hypervisor refused the page tables: %s", strerror(-rc))
              : 0;
}

static int pin_tables(struct restorer *r)
{
    size_t bytes = PIN_BATCH * sizeof(struct mmuext_op);
    struct mmuext_op *ops = hv_buf_get(r->hv, bytes);
    unsigned int n = 0;
    int rc = 0;

    if (!ops)
        return no_memory(r);
    for (uint64_t pfn = 0; !rc && pfn < r->pfns; pfn++) {
        uint32_t type = restore_type(r, pfn);

        if (!(type & XEN_DOMCTL_PFINFO_LPINTAB) || !image_table_level(type))
            continue;
        ops[n].cmd = MMUEXT_PIN_L1_TABLE + image_table_level(type) - 1;
        ops[n++].arg1.mfn = restore_frame(r, pfn);
        if (n == PIN_BATCH)
            rc = flush_pins(r, ops, &n);
    }
    if (!rc)
        rc = flush_pins(r, ops, &n);
    hv_buf_put(r->hv, ops, bytes);
    return rc;
}

static int complete(struct restorer *r)
{
    int rc;

    if (!r->pfns || !r->shared.data)
        return restore_bad(r, "memory or the shared info is missing");
    rc = write_p2m(r);
    if (!rc)
        rc = write_shared_info(r);
    if (!rc)
        rc = pin_tables(r);
    if (!rc)
        rc = restore_vcpus(r);
    return rc ? rc : pv_seed_grants(r->hv, r->p, r->res, r->err);
}

static int take(struct restorer *r, const struct image_record *rec, uint8_t **body)
{
    switch (rec->type) {
    case REC_PAGE_DATA:
        return take_pages(r, *body, rec->length);
    case REC_PV_INFO:
        return take_pv_info(r, *body, rec->length);
    case REC_PV_P2M_FRAMES:
        return take_p2m(r, body, rec->length);
    case REC_CPUID_POLICY:
        return take_policy(r, *body, rec->length);
    case REC_TSC_INFO:
        return take_tsc(r, *body, rec->length);
    case REC_SHARED_INFO:
        return take_shared_info(r, body, rec->length);
    case REC_PV_VCPU_BASIC:
    case REC_PV_VCPU_EXTENDED:
    case REC_PV_VCPU_XSAVE:
    case REC_PV_VCPU_MSRS:
        return take_vcpu(r, rec->type, body, rec->length);
    case REC_STATIC_DATA_END:
    case REC_MSR_POLICY: /* MSRs that a guest may see are the hypervisor's business here */
    case REC_VERIFY:     /* pages follow that are the same once more */
        return 0;
    }
    if (rec->type & IMAGE_OPTIONAL)
        return 0;
    return build_fail(r->err, -EBADMSG, "the image has a record of type %#x, which is not known",
                      rec->type);
}

static int take_records(struct restorer *r)
{
    struct image_record rec = { .type = ~0u };
    int rc = 0;

    while (!rc) {
        uint8_t *body;

        rc = image_get(r->fd, &rec, &body, r->err);
        if (!rc && rec.type == REC_END) {
            free(body);
            break;
        }
        if (!rc)
            rc = take(r, &rec, &body);
        free(body);
    }
    return rc;
}

/* What follows libxc's part. */
static int take_tail(struct restorer *r)
{
    struct image_record rec;
    uint8_t *body;
    int rc;

    do {
        rc = image_get(r->fd, &rec, &body, r->err);
        free(body);
    } while (!rc && rec.type & IMAGE_OPTIONAL);
    if (!rc && rec.type != LIBXL_END)
        rc = build_fail(r->err, -EBADMSG, "the image has a record of type %#x for a device model",
                        rec.type);
    return rc;
}

static void release(struct restorer *r)
{
    for (unsigned int i = 0; i < IMAGE_MAX_VCPUS; i++) {
        free(r->vcpu[i].basic.data);
        free(r->vcpu[i].extended.data);
        free(r->vcpu[i].xsave.data);
        free(r->vcpu[i].msrs.data);
    }
    free(r->p2m.data);
    free(r->shared.data);
    if (r->not_mfn)
        munmap(r->not_mfn, r->pfns * sizeof(*r->not_mfn));
    if (r->type_or_0)
        munmap(r->type_or_0, r->pfns);
    hv_buf_put(r->hv, r->extents, IMAGE_MAX_BATCH * sizeof(*r->extents));
    free(r);
}

int pv_restore(struct hv *hv, int fd, const struct pv_params *p, struct pv_result *res,
               struct build_error *err)
{
    struct restorer *r = calloc(1, sizeof(*r));
    int rc;

    if (!r)
        return build_fail(err, -ENOMEM, "out of memory in Domain 0");
    *r = (struct restorer){ .hv = hv, .fd = fd, .p = p, .res = res, .err = err };
    r->extents = hv_buf_get(hv, IMAGE_MAX_BATCH * sizeof(*r->extents));
    rc = r->extents ? image_get_headers(fd, err) : no_memory(r);
    if (!rc)
        rc = pv_prepare(hv, p, res, &r->shared_info_mfn, err);
    if (!rc)
        rc = take_records(r);
    if (!rc)
        rc = take_tail(r);
    if (!rc)
        rc = complete(r);
    release(r);
    return rc;
}
