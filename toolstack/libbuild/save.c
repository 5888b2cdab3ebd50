/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes the image of a PV domain that has suspended itself (SHUTDOWN_suspend): memory by the
 * guest's own list of frames, page tables with frame numbers of the guest in place of the
 * machine's, virtual CPUs. Formats: image.h; which numbers a suspended guest leaves as machine
 * frames: public/sched.h (SHUTDOWN_suspend), public/xen.h. Called by xl. The domain does not run
 * meanwhile and is not changed. Everything read from it may be wrong: frames are looked up in
 * tables made from its list and belong to it, or the save fails.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "image.h"

#define MAX_LEAVES 256u
#define MAX_MSRS   64u
#define MAX_XSTATE 16384u

struct saver {
    struct hv *hv;
    uint32_t domid;
    int fd;
    const shared_info_t *shared; /* mapped */
    struct guest_p2m p2m;
    uint32_t *pfn_of; /* [max_frame] frame of the guest + 1; 0: not the guest's */
    uint64_t max_frame;
    uint8_t *out; /* room for the pages of one record */
    struct build_error *err;
};

static int put(struct saver *s, uint32_t type, const void *a, size_t a_len, const void *b,
               size_t b_len)
{
    return image_put(s->fd, type, a, a_len, b, b_len, s->err);
}

static uint64_t to_pfn(void *arg, uint64_t mfn)
{
    const struct saver *s = arg;

    return mfn < s->max_frame && s->pfn_of[mfn] ? s->pfn_of[mfn] - 1u : IMAGE_NO_FRAME;
}

/* Replaces *FRAME; WHAT names it if it is not the guest's. */
static int replace_frame(struct saver *s, uint64_t *frame, const char *what)
{
    uint64_t pfn = to_pfn(s, *frame);

    if (pfn == IMAGE_NO_FRAME)
        return build_fail(s->err, -EINVAL, "the guest's %s is not in its own memory", what);
    *frame = pfn;
    return 0;
}

/*
 * The way back from machine frames. A frame that the list names twice counts where it stands first.
 */
static int index_frames(struct saver *s)
{
    int64_t max = hv_max_frame(s->hv);

    if (max < 0)
        return build_fail(s->err, (int)max, "the hypervisor does not tell the size of memory");
    s->max_frame = (uint64_t)max;
    s->pfn_of = mmap(NULL, s->max_frame * sizeof(*s->pfn_of), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->pfn_of == MAP_FAILED) {
        s->pfn_of = NULL;
        return build_fail(s->err, -ENOMEM, "out of memory in Domain 0");
    }
    for (uint64_t pfn = 0; pfn < s->p2m.pfns; pfn++) {
        uint64_t mfn = s->p2m.mfn[pfn];

        if (mfn < s->max_frame && !s->pfn_of[mfn])
            s->pfn_of[mfn] = (uint32_t)pfn + 1;
    }
    return 0;
}

static int put_policy(struct saver *s)
{
    xen_cpuid_leaf_t *leaves = calloc(MAX_LEAVES, sizeof(*leaves));
    int n, rc;

    if (!leaves)
        return build_fail(s->err, -ENOMEM, "out of memory in Domain 0");
    n = hv_domain_get_cpu_policy(s->hv, s->domid, leaves, MAX_LEAVES);
    if (n < 0)
        rc = build_fail(s->err, n, "cannot read its CPU features: %s", strerror(-n));
    else
        rc = put(s, REC_CPUID_POLICY, leaves, (size_t)n * sizeof(*leaves), NULL, 0);
    free(leaves);
    return rc;
}

/* What does not change while a guest runs. */
static int put_static(struct saver *s)
{
    struct rec_pv_info info = { .width = 8, .levels = 4 };
    int rc = put(s, REC_PV_INFO, &info, sizeof(info), NULL, 0);

    if (!rc)
        rc = put_policy(s);
    return rc ? rc : put(s, REC_STATIC_DATA_END, NULL, 0, NULL, 0);
}

static int put_p2m(struct saver *s)
{
    struct rec_p2m_frames rec = { .start = 0, .end = (uint32_t)s->p2m.pfns - 1 };
    uint64_t *pfns = malloc(s->p2m.pages * sizeof(*pfns));
    int rc = 0;

    if (!pfns)
        return build_fail(s->err, -ENOMEM, "out of memory in Domain 0");
    for (size_t i = 0; !rc && i < s->p2m.pages; i++) {
        pfns[i] = s->p2m.frames[i];
        rc = replace_frame(s, &pfns[i], "list of frames");
    }
    if (!rc)
        rc = put(s, REC_PV_P2M_FRAMES, &rec, sizeof(rec), pfns, s->p2m.pages * sizeof(*pfns));
    free(pfns);
    return rc;
}

/* Copies the mapped page FROM into the record, tables converted. */
static int copy_page(struct saver *s, uint64_t pfn, uint32_t type, const uint8_t *from, uint8_t *to)
{
    unsigned int level = image_table_level(type);
    int bad;

    if (!level) {
        memcpy(to, from, HV_PAGE_SIZE);
        return 0;
    }
    bad = image_convert_table(level, (const uint64_t *)from, (uint64_t *)to, to_pfn, s);
    if (bad < 0)
        return 0;
    return build_fail(s->err, -EINVAL,
                      "entry %d of the guest's page table %#llx names a frame that is not its own",
                      bad, (unsigned long long)pfn);
}

/* One record: COUNT frames PFN[], at MFN[]. TYPES, of hv_buf_get, holds their types. */
static int put_pages(struct saver *s, const uint64_t *pfn, const xen_pfn_t *mfn,
                     const xen_pfn_t *types, unsigned int count)
{
    struct {
        struct rec_page_data head;
        uint64_t pfn[IMAGE_BATCH];
    } rec = { .head.count = count };
    xen_pfn_t frames[IMAGE_BATCH];
    unsigned int pages = 0, done = 0;
    void *map = NULL;
    int rc = 0;

    for (unsigned int i = 0; i < count; i++) {
        rec.pfn[i] = pfn[i] | (uint64_t)types[i] << 32;
        if (image_has_contents((uint32_t)types[i]))
            frames[pages++] = mfn[i];
    }
    if (pages)
        rc = hv_map_foreign(s->hv, s->domid, frames, pages, PROT_READ, &map);
    if (rc)
        return build_fail(s->err, rc, "cannot map the guest's memory: %s", strerror(-rc));
    for (unsigned int i = 0; !rc && i < count; i++)
        if (image_has_contents((uint32_t)types[i])) {
            rc = copy_page(s, pfn[i], (uint32_t)types[i], (uint8_t *)map + done * HV_PAGE_SIZE,
                           s->out + done * HV_PAGE_SIZE);
            done++;
        }
    hv_unmap(map, pages);
    if (rc)
        return rc;
    return put(s, REC_PAGE_DATA, &rec, sizeof(rec.head) + count * sizeof(rec.pfn[0]), s->out,
               pages * HV_PAGE_SIZE);
}

/*
 * Asks for the types of COUNT frames, leaves out those that are not the guest's, writes the others.
 */
static int put_batch(struct saver *s, uint64_t *pfn, xen_pfn_t *mfn, unsigned int count,
                     xen_pfn_t *types)
{
    unsigned int kept = 0;
    int rc;

    memcpy(types, mfn, count * sizeof(*types));
    rc = hv_frame_types(s->hv, s->domid, types, count);
    if (rc)
        return build_fail(s->err, rc,
                          "the hypervisor does not tell what the guest's frames are: %s",
                          strerror(-rc));
    for (unsigned int i = 0; i < count; i++) {
        if (types[i] == XEN_DOMCTL_PFINFO_XTAB)
            continue;
        pfn[kept] = pfn[i];
        mfn[kept] = mfn[i];
        types[kept++] = types[i];
    }
    return kept ? put_pages(s, pfn, mfn, types, kept) : 0;
}

static int put_memory(struct saver *s)
{
    size_t bytes = IMAGE_BATCH * sizeof(xen_pfn_t);
    xen_pfn_t *types = hv_buf_get(s->hv, bytes), mfn[IMAGE_BATCH];
    uint64_t pfn[IMAGE_BATCH];
    unsigned int n = 0;
    int rc = 0;

    if (!types)
        return build_fail(s->err, -ENOMEM, "out of memory in Domain 0");
    for (uint64_t i = 0; !rc && i < s->p2m.pfns; i++) {
        if (to_pfn(s, s->p2m.mfn[i]) == i) {
            pfn[n] = i;
            mfn[n++] = s->p2m.mfn[i];
        }
        if (n == IMAGE_BATCH || (n && i + 1 == s->p2m.pfns)) {
            rc = put_batch(s, pfn, mfn, n, types);
            n = 0;
        }
    }
    hv_buf_put(s->hv, types, bytes);
    return rc;
}

static int put_tsc(struct saver *s)
{
    struct xen_domctl_tsc_info tsc;
    struct rec_tsc rec = { .reserved = 0 };
    int rc = hv_domain_get_tsc(s->hv, s->domid, &tsc);

    if (rc)
        return build_fail(s->err, rc, "cannot read its time-stamp counter: %s", strerror(-rc));
    rec.mode = tsc.tsc_mode;
    rec.khz = tsc.gtsc_khz;
    rec.nsec = tsc.elapsed_nsec;
    rec.incarnation = tsc.incarnation;
    return put(s, REC_TSC_INFO, &rec, sizeof(rec), NULL, 0);
}

/* The registers with the guest's frame numbers: the root tables, the descriptor table, on the first
 * CPU the start info. */
static int put_basic(struct saver *s, struct rec_vcpu *rec, vcpu_guest_context_t *c)
{
    uint64_t root, user;
    int rc = hv_vcpu_get_context(s->hv, s->domid, rec->vcpu, c);

    if (rc)
        return build_fail(s->err, rc, "cannot read virtual CPU %u: %s", rec->vcpu, strerror(-rc));
    if (rec->vcpu == 0)
        rc = replace_frame(s, &c->user_regs.rdx, "start info page");
    if (c->gdt_ents > FIRST_RESERVED_GDT_ENTRY)
        return build_fail(s->err, -EINVAL, "virtual CPU %u has %lu descriptors", rec->vcpu,
                          c->gdt_ents);
    for (uint64_t i = 0; !rc && i * 512 < c->gdt_ents; i++)
        rc = replace_frame(s, &c->gdt_frames[i], "descriptor table");
    root = xen_cr3_to_pfn(c->ctrlreg[3]);
    user = xen_cr3_to_pfn(c->ctrlreg[1]);
    if (!rc)
        rc = replace_frame(s, &root, "page table");
    c->ctrlreg[3] = xen_pfn_to_cr3(root);
    if (!rc && c->ctrlreg[1]) {
        rc = replace_frame(s, &user, "page table of user space");
        c->ctrlreg[1] = 1 | xen_pfn_to_cr3(user); /* bit 0: there is one */
    }
    return rc ? rc : put(s, REC_PV_VCPU_BASIC, rec, sizeof(*rec), c, sizeof(*c));
}

static int put_vcpu(struct saver *s, uint32_t vcpu, uint8_t *room)
{
    struct rec_vcpu rec = { .vcpu = vcpu };
    struct xen_domctl_ext_vcpucontext ext;
    int n, rc = put_basic(s, &rec, (vcpu_guest_context_t *)room);

    if (rc)
        return rc;
    rc = hv_vcpu_get_ext(s->hv, s->domid, vcpu, &ext);
    if (!rc)
        rc = put(s, REC_PV_VCPU_EXTENDED, &rec, sizeof(rec), &ext, sizeof(ext));
    else
        build_fail(s->err, rc, "cannot read virtual CPU %u: %s", vcpu, strerror(-rc));
    if (rc)
        return rc;
    n = hv_vcpu_get_xstate(s->hv, s->domid, vcpu, room, MAX_XSTATE);
    if (n < 0)
        return build_fail(s->err, n, "cannot read the vector state of virtual CPU %u: %s", vcpu,
                          strerror(-n));
    if (n)
        rc = put(s, REC_PV_VCPU_XSAVE, &rec, sizeof(rec), room, (size_t)n);
    if (rc)
        return rc;
    n = hv_vcpu_get_msrs(s->hv, s->domid, vcpu, (xen_domctl_vcpu_msr_t *)room, MAX_MSRS);
    if (n < 0)
        return build_fail(s->err, n, "cannot read the MSRs of virtual CPU %u: %s", vcpu,
                          strerror(-n));
    return n ? put(s, REC_PV_VCPU_MSRS, &rec, sizeof(rec), room,
                   (size_t)n * sizeof(xen_domctl_vcpu_msr_t))
             : 0;
}

static int put_vcpus(struct saver *s, uint32_t max)
{
    uint8_t *room = malloc(MAX_XSTATE);
    int rc = 0;

    if (!room)
        return build_fail(s->err, -ENOMEM, "out of memory in Domain 0");
    for (uint32_t i = 0; !rc && i <= max; i++) {
        struct xen_domctl_getvcpuinfo info;

        if (!hv_vcpu_info(s->hv, s->domid, i, &info) && info.online)
            rc = put_vcpu(s, i, room);
    }
    free(room);
    return rc;
}

static int put_image(struct saver *s, const struct xen_domctl_getdomaininfo *info)
{
    long version = hv_version(s->hv, XENVER_version, NULL, 0);
    int rc = image_put_headers(s->fd, (unsigned int)version >> 16, (unsigned int)version & 0xffff,
                               s->err);

    if (!rc)
        rc = put_static(s);
    if (!rc)
        rc = index_frames(s);
    if (!rc)
        rc = put_p2m(s);
    if (!rc)
        rc = put_memory(s);
    if (!rc)
        rc = put_tsc(s);
    if (!rc)
        rc = put(s, REC_SHARED_INFO, s->shared, HV_PAGE_SIZE, NULL, 0);
    if (!rc)
        rc = put_vcpus(s, info->max_vcpu_id);
    if (!rc)
        rc = put(s, REC_END, NULL, 0, NULL, 0);
    return rc ? rc : put(s, LIBXL_END, NULL, 0, NULL, 0);
}

int pv_save(struct hv *hv, uint32_t domid, int fd, struct build_error *err)
{
    struct saver s = { .hv = hv, .domid = domid, .fd = fd, .err = err };
    struct xen_domctl_getdomaininfo info;
    xen_pfn_t frame;
    void *map;
    int rc = hv_domain_info(hv, domid, &info);

    if (rc)
        return build_fail(err, rc, "the domain is gone: %s", strerror(-rc));
    if (hv_domain_address_size(hv, domid) != 64)
        return build_fail(err, -EOPNOTSUPP, "a 32-bit guest cannot be saved");
    frame = info.shared_info_frame;
    rc = hv_map_foreign(hv, domid, &frame, 1, PROT_READ, &map);
    if (rc)
        return build_fail(err, rc, "cannot map the guest's shared info page: %s", strerror(-rc));
    s.shared = map;
    s.out = malloc(IMAGE_BATCH * HV_PAGE_SIZE);
    rc = s.out ? guest_p2m_map(hv, domid, s.shared, &s.p2m, err)
               : build_fail(err, -ENOMEM, "out of memory in Domain 0");
    if (!rc)
        rc = put_image(&s, &info);
    guest_p2m_unmap(&s.p2m);
    if (s.pfn_of)
        munmap(s.pfn_of, s.max_frame * sizeof(*s.pfn_of));
    free(s.out);
    hv_unmap(map, 1);
    return rc;
}
