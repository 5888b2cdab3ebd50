/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the list of frames (P2M) of a PV domain that does not run: through the page tables that its
 * shared info page names (p2m_cr3, p2m_vaddr), or through the older tree of frame lists. All of it
 * is the guest's and may lie: frames are mapped on behalf of the domain, so that only its own can
 * be, and every count is bounded first. Formats: struct arch_shared_info of public/arch-x86/xen.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "image.h"

#define PER_PAGE       512u
#define VA_BITS        48
#define PTE_PRESENT    (1ULL << 0)
#define PTE_LARGE      (1ULL << 7)
#define PTE_FRAME_MASK 0x000ffffffffff000ULL
#define PAGES(n)       (((n) + PER_PAGE - 1) / PER_PAGE)

struct walk {
    struct hv *hv;
    uint32_t domid;
    struct build_error *err;
};

static int bad_list(const struct walk *w, const char *what)
{
    return build_fail(w->err, -EINVAL, "the guest's list of frames cannot be read: %s", what);
}

static int map_pages(const struct walk *w, const xen_pfn_t *frames, size_t count,
                     const uint64_t **to)
{
    void *map;
    int rc = hv_map_foreign(w->hv, w->domid, frames, count, PROT_READ, &map);

    if (rc)
        return bad_list(w, "it names frames that are not the guest's");
    *to = map;
    return 0;
}

/*
 * One step down from tables of LEVEL (the pages FRAMES, of which the first holds the entry of
 * address FROM): the frames that their entries for [FROM, LAST] name, into *OUT, malloc'd.
 */
static int step_down(const struct walk *w, unsigned int level, uint64_t from, uint64_t last,
                     const xen_pfn_t *frames, xen_pfn_t **out, size_t *count)
{
    unsigned int shift = HV_PAGE_SHIFT + 9 * (level - 1);
    uint64_t first = from >> shift, n = (last >> shift) - first + 1;
    size_t tables = (size_t)((last >> (shift + 9)) - (from >> (shift + 9)) + 1);
    const uint64_t *entry = NULL;
    int rc = map_pages(w, frames, tables, &entry);

    if (rc)
        return rc;
    *out = calloc(n, sizeof(**out));
    *count = (size_t)n;
    if (!*out)
        rc = build_fail(w->err, -ENOMEM, "out of memory in Domain 0");
    for (uint64_t i = 0; !rc && i < n; i++) {
        uint64_t pte = entry[(first & (PER_PAGE - 1)) + i];

        if (!(pte & PTE_PRESENT) || (level > 1 && (pte & PTE_LARGE)))
            rc = bad_list(w, "its page tables have a hole");
        (*out)[i] = (pte & PTE_FRAME_MASK) >> HV_PAGE_SHIFT;
    }
    hv_unmap((void *)(uintptr_t)entry, tables);
    return rc;
}

/* The list at an address of the guest. */
static int find_by_tables(const struct walk *w, const struct arch_shared_info *arch,
                          struct guest_p2m *p2m)
{
    uint64_t from = arch->p2m_vaddr & ((1ULL << VA_BITS) - 1);
    uint64_t last = from + p2m->pages * HV_PAGE_SIZE - 1;
    xen_pfn_t *tables = malloc(sizeof(*tables)), *next = NULL;
    size_t count;
    int rc = 0;

    if (!tables)
        return build_fail(w->err, -ENOMEM, "out of memory in Domain 0");
    tables[0] = xen_cr3_to_pfn(arch->p2m_cr3);
    if (from & (HV_PAGE_SIZE - 1) || last >> VA_BITS)
        rc = bad_list(w, "its address is wrong");
    for (unsigned int level = 4; !rc && level >= 1; level--) {
        rc = step_down(w, level, from, last, tables, &next, &count);
        free(tables);
        tables = next;
        next = NULL;
    }
    if (rc)
        free(tables);
    else
        p2m->frames = tables;
    return rc;
}

/* Reads COUNT frame numbers from the pages FRAMES into *OUT, malloc'd. */
static int read_list(const struct walk *w, const xen_pfn_t *frames, size_t count, xen_pfn_t **out)
{
    const uint64_t *list = NULL;
    int rc = map_pages(w, frames, PAGES(count), &list);

    if (rc)
        return rc;
    *out = malloc(count * sizeof(**out));
    if (*out)
        memcpy(*out, list, count * sizeof(**out));
    else
        rc = build_fail(w->err, -ENOMEM, "out of memory in Domain 0");
    hv_unmap((void *)(uintptr_t)list, PAGES(count));
    return rc;
}

/* The older way: a page of frames of pages of frames of the list's pages. */
static int find_by_lists(const struct walk *w, const struct arch_shared_info *arch,
                         struct guest_p2m *p2m)
{
    xen_pfn_t top = arch->pfn_to_mfn_frame_list_list, *middle = NULL;
    int rc;

    if (!top || top == ~0UL || PAGES(p2m->pages) > PER_PAGE)
        return bad_list(w, "the guest does not tell where it is");
    rc = read_list(w, &top, PAGES(p2m->pages), &middle);
    if (!rc)
        rc = read_list(w, middle, p2m->pages, &p2m->frames);
    free(middle);
    return rc;
}

int guest_p2m_map(struct hv *hv, uint32_t domid, const void *shared_info, struct guest_p2m *p2m,
                  struct build_error *err)
{
    const struct arch_shared_info *arch = &((const shared_info_t *)shared_info)->arch;
    struct walk w = { hv, domid, err };
    int rc;

    memset(p2m, 0, sizeof(*p2m));
    p2m->pfns = arch->max_pfn;
    if (!p2m->pfns || p2m->pfns > IMAGE_MAX_PFNS)
        return bad_list(&w, "its length is wrong");
    p2m->pages = PAGES(p2m->pfns);
    rc = arch->p2m_cr3 ? find_by_tables(&w, arch, p2m) : find_by_lists(&w, arch, p2m);
    if (!rc)
        rc = map_pages(&w, p2m->frames, p2m->pages, &p2m->mfn);
    if (rc) {
        free(p2m->frames);
        p2m->frames = NULL;
    }
    return rc;
}

void guest_p2m_unmap(struct guest_p2m *p2m)
{
    hv_unmap((void *)(uintptr_t)p2m->mfn, p2m->pages);
    free(p2m->frames);
    p2m->mfn = NULL;
    p2m->frames = NULL;
}
