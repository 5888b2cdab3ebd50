/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fake hypervisor for the domain builder: guest memory is an array, machine frames are in reverse order, any hypercall
 * can be made to fail. Included by test_build.c and test_build_broken.c.
 */
#ifndef HOSPES_TEST_BUILD_HOST_H
#define HOSPES_TEST_BUILD_HOST_H

#include "build_kernel.h"
#include "libbuild/layout.c"
#include "libbuild/ptab.c"
#include "libbuild/pv_common.c"
#include "libbuild/pv.c"

#define PAGES      8192u                 /* 32 MiB of guest memory */
#define MFN_TOP    0x90000u              /* frame n of the guest is machine frame MFN_TOP - n */
#define SHARED_MFN 0x1234u

static uint8_t *memory;                  /* PAGES pages */
static uint8_t shared_page[4096], grant_page[4096];
static unsigned int calls, fail_at;      /* the call that fails; 0: none */
static uint64_t claimed, populated, pinned, hypercall_mfn, map_end;
static int mappings;
static vcpu_guest_context_t context;

static int step(void)
{
    return ++calls == fail_at ? -EIO : 0;
}

void *hv_buf_get(struct hv *hv, size_t bytes)
{
    return calloc(1, bytes);
}

void hv_buf_put(struct hv *hv, void *buf, size_t bytes)
{
    free(buf);
}

int hv_claim_pages(struct hv *hv, uint32_t domid, uint64_t pages)
{
    int rc = step();

    claimed = pages;
    return rc ? -ENOMEM : 0;
}

/* Gives only half of the 2 MiB extents, so that the builder must go on with single pages. */
long hv_populate(struct hv *hv, uint32_t domid, xen_pfn_t *extents, unsigned long count,
                 unsigned int order)
{
    unsigned long done = order && count > 2 ? count / 2 : count;

    if (step())
        return 0;
    for (unsigned long i = 0; i < done; i++) {
        CHECK(extents[i] + (1UL << order) <= PAGES);
        /* Frames of an extent lie in a row, extents do not. */
        extents[i] = order ? MFN_TOP - 32768 - (extents[i] & ~511UL) * 2 : MFN_TOP - extents[i];
    }
    populated += done << order;
    return (long)done;
}

static uint64_t mfn_to_pfn(uint64_t mfn)
{
    if (mfn > MFN_TOP - 16384)
        return MFN_TOP - mfn;
    for (uint64_t base = 0; base < PAGES; base += 512) {
        uint64_t first = MFN_TOP - 32768 - base * 2;

        if (mfn >= first && mfn < first + 512)
            return base + (mfn - first);
    }
    return UINT64_MAX;
}

/* Copies pages in and out, because the fake memory is not mapped twice: see hv_unmap. */
static struct {
    void *addr;
    xen_pfn_t *frames;
    size_t count;
} maps[8];

int hv_map_foreign(struct hv *hv, uint32_t domid, const xen_pfn_t *frames, size_t count, int prot,
                   void **addr)
{
    size_t i = 0;

    if (step())
        return -EIO;
    if (count == 1 && frames[0] == SHARED_MFN) {
        *addr = shared_page;
        return 0;
    }
    while (maps[i].addr)
        i++;
    maps[i].addr = malloc(count * 4096);
    maps[i].frames = malloc(count * sizeof(*frames));
    maps[i].count = count;
    memcpy(maps[i].frames, frames, count * sizeof(*frames));
    for (size_t j = 0; j < count; j++) {
        uint64_t pfn = mfn_to_pfn(frames[j]);

        CHECK(pfn < PAGES);
        memcpy((char *)maps[i].addr + j * 4096, memory + pfn * 4096, 4096);
    }
    *addr = maps[i].addr;
    mappings++;
    return 0;
}

void hv_unmap(void *addr, size_t count)
{
    for (size_t i = 0; i < 8; i++) {
        if (!addr || maps[i].addr != addr)
            continue;
        CHECK(maps[i].count == count);
        for (size_t j = 0; j < count; j++)
            memcpy(memory + mfn_to_pfn(maps[i].frames[j]) * 4096, (char *)addr + j * 4096, 4096);
        free(maps[i].frames);
        free(addr);
        maps[i].addr = NULL;
        mappings--;
    }
}

int hv_map_grant_table(struct hv *hv, uint32_t domid, uint32_t first, size_t count, void **addr)
{
    *addr = grant_page;
    return step();
}

int hv_pin_table(struct hv *hv, uint32_t domid, unsigned int level, xen_pfn_t mfn)
{
    /* A table that is still mapped for writing cannot become a page table. */
    CHECK(mappings == 0 && level == 4);
    pinned = mfn;
    return step();
}

int hv_evtchn_alloc_unbound(struct hv *hv, uint32_t domid, uint32_t remote)
{
    return step() ? -EIO : (int)calls;
}

int hv_set_memory_map(struct hv *hv, uint32_t domid, uint64_t bytes)
{
    map_end = bytes;
    return step();
}

int hv_domain_info(struct hv *hv, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    info->shared_info_frame = SHARED_MFN;
    return step();
}

int hv_domain_set_hypercall_page(struct hv *hv, uint32_t domid, uint64_t gmfn)
{
    hypercall_mfn = gmfn;
    return step();
}

int hv_vcpu_set_context(struct hv *hv, uint32_t domid, uint32_t vcpu,
                        const vcpu_guest_context_t *c)
{
    context = *c;
    return step();
}

int64_t hv_free_pages(struct hv *hv)
{
    return 100;
}

static void reset(void)
{
    memset(memory, 0x5a, PAGES * 4096ul);
    memset(shared_page, 0x5a, sizeof(shared_page));
    memset(grant_page, 0, sizeof(grant_page));
    calls = fail_at = 0;
    populated = 0;
}

/* What the guest reads at virtual address VA, by walking its tables; NULL if not mapped. */
static uint8_t *walk(uint64_t va, bool *writable)
{
    uint64_t mfn = pinned;

    for (int level = 4; level >= 1; level--) {
        uint64_t *table = (uint64_t *)(memory + mfn_to_pfn(mfn) * 4096);
        uint64_t entry = table[va >> (12 + 9 * (level - 1)) & 511];

        if (!(entry & 1))
            return NULL;
        mfn = entry >> 12 & 0xffffffffffULL;
        *writable = entry & 2;
    }
    return memory + mfn_to_pfn(mfn) * 4096 + (va & 4095);
}

static int build(struct kernel_file *file, int ramdisk, uint64_t ramdisk_size,
                 struct pv_result *res, struct build_error *err)
{
    struct kernel_image k;
    struct pv_params p = {
        .domid = 7, .nr_pages = PAGES, .map_bytes = 64 << 20, .cmdline = "hello world",
        .ramdisk_fd = ramdisk, .ramdisk_size = ramdisk_size,
    };
    struct hv hv;

    if (parse(file, &k, err))
        return -1;
    return pv_build(&hv, &k, &p, res, err);
}

static int make_ramdisk(size_t size)
{
    int fd = memfd_create("ramdisk", 0);
    char byte = 0x77;

    for (size_t i = 0; i < size; i++)
        if (write(fd, &byte, 1) != 1)
            abort();
    return fd;
}

#endif
