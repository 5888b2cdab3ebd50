/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a PV guest's first things lie in its virtual region and in its pseudo-physical memory. The
 * order and the padding follow "Start-of-day memory layout" in public/xen.h: kernel, ramdisk, list
 * of frames, start info, store page, console page, page tables, stack, then at least 512 KiB of
 * mapped padding up to a multiple of 4 MiB. Pure arithmetic; called by pv.c and, before a domain is
 * created, by xl.
 */
#include <errno.h>
#include <string.h>

#include "build.h"

#define PAGE        4096ULL
#define PADDING     (512ULL << 10)
#define REGION_UNIT (4ULL << 20)
#define LEVEL_SHIFT(level) (12 + 9 * (level))  /* bytes that one table of LEVEL maps, as a shift */

static uint64_t pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE;
}

uint64_t pv_tables_for(unsigned int level, uint64_t from, uint64_t to)
{
    return (to >> LEVEL_SHIFT(level)) - (from >> LEVEL_SHIFT(level)) + 1;
}

/* Tables, the root among them, for the initial region [base, end). */
static uint64_t main_tables(uint64_t base, uint64_t end)
{
    return 1 + pv_tables_for(3, base, end - 1) + pv_tables_for(2, base, end - 1) +
           pv_tables_for(1, base, end - 1);
}

/* The end of the region depends on the number of tables, which depends on the end. */
static void place_tables(struct pv_layout *l, uint64_t next)
{
    uint64_t n = 1, need;

    l->pt_pfn = next;
    for (;;) {
        uint64_t end = l->virt_base + (next + n + 1) * PAGE + PADDING;

        l->virt_end = (end + REGION_UNIT - 1) & ~(REGION_UNIT - 1);
        need = main_tables(l->virt_base, l->virt_end);
        if (need <= n)
            break;
        n = need;
    }
    l->pt_pages = n;
    l->stack_pfn = next + n;
}

/*
 * The list of frames outside the initial region: its own tables come first, then the list. It may
 * share a top-level slot with nothing (checked), so all its tables are its own.
 */
static int place_p2m(struct pv_layout *l, uint64_t virt, uint64_t next, struct build_error *err)
{
    uint64_t last = virt + l->p2m_pages * PAGE - 1;

    if ((virt >> LEVEL_SHIFT(3)) <= (l->virt_end - 1) >> LEVEL_SHIFT(3) &&
        last >> LEVEL_SHIFT(3) >= l->virt_base >> LEVEL_SHIFT(3))
        return build_fail(err, -ENOEXEC, "its list of frames lies in the same 512 GiB as the "
                          "kernel, which is not supported");
    l->p2m_virt = virt;
    l->p2m_pt_pfn = next;
    l->p2m_pt_pages = pv_tables_for(3, virt, last) + pv_tables_for(2, virt, last) +
                      pv_tables_for(1, virt, last);
    l->p2m_pfn = next + l->p2m_pt_pages;
    l->end_pfn = l->p2m_pfn + l->p2m_pages;
    return 0;
}

int pv_layout(const struct kernel_image *k, const struct pv_params *p, struct pv_layout *l,
              struct build_error *err)
{
    const struct kernel_notes *n = &k->notes;
    int unmapped_ramdisk = n->mod_start_pfn == 1;
    uint64_t next, needed;
    int rc = 0;

    memset(l, 0, sizeof(*l));
    l->virt_base = n->virt_base;
    l->kernel_pfn = (k->virt_start - l->virt_base) / PAGE;
    l->kernel_pages = pages(k->virt_end - (l->virt_base + l->kernel_pfn * PAGE));
    next = l->kernel_pfn + l->kernel_pages;
    l->ramdisk_pages = pages(p->ramdisk_size);
    if (!unmapped_ramdisk) {
        l->ramdisk_pfn = next;
        next += l->ramdisk_pages;
    }
    l->p2m_pages = pages(p->nr_pages * sizeof(uint64_t));
    if (n->init_p2m == NOTE_UNSET) {
        l->p2m_pfn = next;
        l->p2m_virt = l->virt_base + next * PAGE;
        next += l->p2m_pages;
    }
    l->start_info_pfn = next++;
    l->store_pfn = next++;
    l->console_pfn = next++;
    place_tables(l, next);
    next = l->stack_pfn + 1;
    if (unmapped_ramdisk) {
        l->ramdisk_pfn = next;
        next += l->ramdisk_pages;
    }
    l->end_pfn = next;
    if (n->init_p2m != NOTE_UNSET)
        rc = place_p2m(l, n->init_p2m, next, err);
    if (rc)
        return rc;
    needed = (l->virt_end - l->virt_base) / PAGE;
    if (needed < l->end_pfn)
        needed = l->end_pfn;
    if (needed > p->nr_pages)
        return build_fail(err, -ENOMEM,
                          "memory is too small for kernel and ramdisk: they need %llu "
                          "MiB, the guest has %llu: raise memory=",
                          (unsigned long long)((needed + 255) >> 8),
                          (unsigned long long)(p->nr_pages >> 8));
    return 0;
}
