/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PV domain builder: populates memory (claimed first), copies kernel and ramdisk through
 * foreign mappings, writes the list of frames, page tables and start info, sets the first virtual
 * CPU and seeds the grant table. Steps and formats: public/xen.h (start_info), public/memory.h,
 * public/grant_table.h. Called by xl for a domain that exists and is paused; on any error the
 * caller destroys the domain, so nothing is undone here but host memory and mappings.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image.h"

#define ORDER_2M   9u
#define BATCH      2048u              /* extents in one populate call */
#define RFLAGS_IF  (1UL << 9)

struct builder {
    struct hv *hv;
    const struct kernel_image *k;
    const struct pv_params *p;
    struct pv_layout l;
    struct pv_result *res;
    xen_pfn_t *mfn;                   /* the list of frames: p->nr_pages entries */
    size_t mfn_bytes;
    uint64_t shared_info_mfn;
    struct build_error *err;
};

/* Maps COUNT guest frames from PFN on, writable. */
static int map_frames(struct builder *b, uint64_t pfn, uint64_t count, void **addr)
{
    int rc = hv_map_foreign(b->hv, b->p->domid, b->mfn + pfn, count, PROT_READ | PROT_WRITE, addr);

    if (rc)
        build_fail(b->err, rc, "cannot map %llu pages of the new guest: %s",
                   (unsigned long long)count, strerror(-rc));
    return rc;
}

/* One batch of extents of 2^ORDER pages from PFN on. Returns how many extents were filled. */
static long populate_batch(struct builder *b, xen_pfn_t *extents, uint64_t pfn, unsigned long n,
                           unsigned int order)
{
    long done;

    for (unsigned long i = 0; i < n; i++)
        extents[i] = pfn + (i << order);
    done = hv_populate(b->hv, b->p->domid, extents, n, order);
    for (long i = 0; i < done; i++)
        for (uint64_t j = 0; j < 1ULL << order; j++)
            b->mfn[pfn + ((uint64_t)i << order) + j] = extents[i] + j;
    return done;
}

/* Fills [0, nr_pages) with 2 MiB extents as long as there are any, then with single pages. */
static int populate(struct builder *b)
{
    size_t bytes = BATCH * sizeof(xen_pfn_t);
    xen_pfn_t *extents = hv_buf_get(b->hv, bytes);
    unsigned int order = ORDER_2M;
    uint64_t pfn = 0;
    int rc = 0;

    if (!extents)
        return build_fail(b->err, -ENOMEM, "out of memory in Domain 0");
    while (pfn < b->p->nr_pages) {
        uint64_t left = (b->p->nr_pages - pfn) >> order;
        unsigned long n = left < BATCH ? (unsigned long)left : BATCH;
        long done = n ? populate_batch(b, extents, pfn, n, order) : 0;

        if (done > 0)
            pfn += (uint64_t)done << order;
        if (done == (long)n && n)
            continue;
        if (order == 0) {
            rc = done < 0 ? (int)done : -ENOMEM;
            break;
        }
        order = 0;
    }
    hv_buf_put(b->hv, extents, bytes);
    if (rc)
        build_fail(b->err, rc, "the hypervisor has no more memory: %llu of %llu MiB were given: "
                   "lower memory= or destroy a guest", (unsigned long long)(pfn >> 8),
                   (unsigned long long)(b->p->nr_pages >> 8));
    return rc;
}

static int claim_and_populate(struct builder *b)
{
    int rc = hv_claim_pages(b->hv, b->p->domid, b->p->nr_pages);

    /* A hypervisor without claims refuses the call; population then fails by itself if need be. */
    if (rc == -ENOMEM)
        return build_fail(b->err, rc, "needs %llu MiB, %lld MiB free: lower memory= or destroy a "
                          "guest", (unsigned long long)(b->p->nr_pages >> 8),
                          (long long)(hv_free_pages(b->hv) >> 8));
    rc = populate(b);
    hv_claim_pages(b->hv, b->p->domid, 0);
    return rc;
}

/* Copies one segment and clears what follows its file part. */
static void copy_segment(const struct kernel_segment *s, uint8_t *kernel, uint64_t kernel_virt)
{
    uint8_t *to = kernel + (s->vaddr - kernel_virt);

    memcpy(to, s->data, s->filesz);
    memset(to + s->filesz, 0, s->memsz - s->filesz);
}

static int load_kernel(struct builder *b)
{
    const struct kernel_image *k = b->k;
    void *kernel;
    int rc = map_frames(b, b->l.kernel_pfn, b->l.kernel_pages, &kernel);

    if (rc)
        return rc;
    for (unsigned int i = 0; i < k->segments; i++)
        copy_segment(&k->segment[i], kernel, b->l.virt_base + b->l.kernel_pfn * HV_PAGE_SIZE);
    hv_unmap(kernel, b->l.kernel_pages);
    if (k->notes.hypercall_page == NOTE_UNSET)
        return 0;
    rc = hv_domain_set_hypercall_page(b->hv, b->p->domid,
                                      b->mfn[(k->notes.hypercall_page - b->l.virt_base) >>
                                             HV_PAGE_SHIFT]);
    if (rc)
        return build_fail(b->err, rc, "cannot set the hypercall page: %s", strerror(-rc));
    return 0;
}

/* Reads the ramdisk straight into the guest. */
static int load_ramdisk(struct builder *b)
{
    uint64_t got = 0;
    uint8_t *to;
    void *map;
    int rc;

    if (!b->l.ramdisk_pages)
        return 0;
    rc = map_frames(b, b->l.ramdisk_pfn, b->l.ramdisk_pages, &map);
    if (rc)
        return rc;
    to = map;
    while (got < b->p->ramdisk_size) {
        ssize_t n = pread(b->p->ramdisk_fd, to + got, b->p->ramdisk_size - got, (off_t)got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            rc = build_fail(b->err, -EIO, "cannot read the ramdisk: %s",
                            n ? strerror(errno) : "it became shorter");
            break;
        }
        got += (uint64_t)n;
    }
    memset(to + got, 0, b->l.ramdisk_pages * HV_PAGE_SIZE - got);
    hv_unmap(map, b->l.ramdisk_pages);
    return rc;
}

static int write_p2m(struct builder *b)
{
    void *list;
    int rc = map_frames(b, b->l.p2m_pfn, b->l.p2m_pages, &list);

    if (rc)
        return rc;
    memcpy(list, b->mfn, b->p->nr_pages * sizeof(xen_pfn_t));
    hv_unmap(list, b->l.p2m_pages);
    return 0;
}

/* Writes the page tables, drops the writable mapping, then has the root validated and pinned. */
static int write_page_tables(struct builder *b)
{
    void *main_tables, *p2m_tables = NULL;
    int rc = map_frames(b, b->l.pt_pfn, b->l.pt_pages, &main_tables);

    if (rc)
        return rc;
    if (b->l.p2m_pt_pages)
        rc = map_frames(b, b->l.p2m_pt_pfn, b->l.p2m_pt_pages, &p2m_tables);
    if (!rc)
        pv_write_tables(&b->l, b->mfn, main_tables, p2m_tables);
    hv_unmap(p2m_tables, b->l.p2m_pt_pages);
    hv_unmap(main_tables, b->l.pt_pages);
    if (rc)
        return rc;
    rc = hv_pin_table(b->hv, b->p->domid, 4, b->mfn[b->l.pt_pfn]);
    if (rc)
        return build_fail(b->err, rc, "the hypervisor refused the page tables: %s",
                          strerror(-rc));
    return 0;
}

static void fill_start_info(struct builder *b, start_info_t *si)
{
    const struct pv_layout *l = &b->l;

    memset(si, 0, HV_PAGE_SIZE);
    snprintf(si->magic, sizeof(si->magic), "xen-3.0-x86_64");
    pv_start_info(si, b->p->nr_pages, b->shared_info_mfn, b->res);
    si->pt_base = l->virt_base + l->pt_pfn * HV_PAGE_SIZE;
    si->nr_pt_frames = l->pt_pages;
    si->mfn_list = l->p2m_virt;
    if (l->p2m_pt_pages) {
        si->first_p2m_pfn = l->p2m_pt_pfn;
        si->nr_p2m_frames = l->p2m_pt_pages + l->p2m_pages;
    }
    if (l->ramdisk_pages) {
        si->mod_len = b->p->ramdisk_size;
        if (b->k->notes.mod_start_pfn == 1) {
            si->mod_start = l->ramdisk_pfn;
            si->flags |= SIF_MOD_START_PFN;
        } else {
            si->mod_start = l->virt_base + l->ramdisk_pfn * HV_PAGE_SIZE;
        }
    }
    snprintf((char *)si->cmd_line, sizeof(si->cmd_line), "%s", b->p->cmdline);
}

/* Start info, store page, console page: three frames in a row; the rings start empty. */
static int write_start_info(struct builder *b)
{
    void *map;
    int rc = map_frames(b, b->l.start_info_pfn, 3, &map);

    if (rc)
        return rc;
    fill_start_info(b, map);
    memset((uint8_t *)map + HV_PAGE_SIZE, 0, 2 * HV_PAGE_SIZE);
    hv_unmap(map, 3);
    return 0;
}

static int write_shared_info(struct builder *b)
{
    xen_pfn_t frame = b->shared_info_mfn;
    shared_info_t *shared;
    void *map;
    int rc = hv_map_foreign(b->hv, b->p->domid, &frame, 1, PROT_READ | PROT_WRITE, &map);

    if (rc)
        return build_fail(b->err, rc, "cannot map the shared info page: %s", strerror(-rc));
    shared = map;
    memset(shared, 0, HV_PAGE_SIZE);
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        shared->vcpu_info[i].evtchn_upcall_mask = 1;
    hv_unmap(map, 1);
    return 0;
}

static int start_vcpu(struct builder *b)
{
    vcpu_guest_context_t *c = calloc(1, sizeof(*c));
    int rc;

    if (!c)
        return build_fail(b->err, -ENOMEM, "out of memory in Domain 0");
    c->flags = VGCF_IN_KERNEL | VGCF_online;
    c->user_regs.rip = b->k->entry;
    c->user_regs.rsp = b->l.virt_base + (b->l.stack_pfn + 1) * HV_PAGE_SIZE;
    c->user_regs.rsi = b->l.virt_base + b->l.start_info_pfn * HV_PAGE_SIZE;
    c->user_regs.rflags = RFLAGS_IF;
    c->user_regs.cs = FLAT_KERNEL_CS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    c->user_regs.ds = FLAT_KERNEL_DS;
    c->user_regs.es = FLAT_KERNEL_DS;
    c->user_regs.fs = FLAT_KERNEL_DS;
    c->user_regs.gs = FLAT_KERNEL_DS;
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = c->user_regs.rsp;
    c->ctrlreg[3] = xen_pfn_to_cr3(b->mfn[b->l.pt_pfn]);
    rc = hv_vcpu_set_context(b->hv, b->p->domid, 0, c);
    free(c);
    if (rc)
        return build_fail(b->err, rc, "cannot start the first virtual CPU: %s", strerror(-rc));
    return 0;
}

static int build_steps(struct builder *b)
{
    static int (*const steps[])(struct builder *) = {
        load_kernel, load_ramdisk, write_p2m, write_start_info, write_page_tables,
        write_shared_info, start_vcpu,
    };
    int rc = pv_prepare(b->hv, b->p, b->res, &b->shared_info_mfn, b->err);

    if (!rc)
        rc = claim_and_populate(b);
    if (rc)
        return rc;
    b->res->store_mfn = b->mfn[b->l.store_pfn];
    b->res->console_mfn = b->mfn[b->l.console_pfn];
    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
        rc = steps[i](b);
    return rc ? rc : pv_seed_grants(b->hv, b->p, b->res, b->err);
}

int pv_build(struct hv *hv, const struct kernel_image *k, const struct pv_params *p,
             struct pv_result *res, struct build_error *err)
{
    struct builder b = { .hv = hv, .k = k, .p = p, .res = res, .err = err };
    int rc;

    if (strlen(p->cmdline) >= MAX_GUEST_CMDLINE)
        return build_fail(err, -E2BIG, "the kernel's command line has %zu characters, at most %d "
                          "fit", strlen(p->cmdline), MAX_GUEST_CMDLINE - 1);
    rc = pv_layout(k, p, &b.l, err);
    if (rc)
        return rc;
    b.mfn_bytes = p->nr_pages * sizeof(*b.mfn);
    b.mfn = mmap(NULL, b.mfn_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b.mfn == MAP_FAILED)
        return build_fail(err, -ENOMEM, "out of memory in Domain 0");
    rc = build_steps(&b);
    munmap(b.mfn, b.mfn_bytes);
    return rc;
}
