/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's own page tables. The level-3 tables of slots 256..271 that
 * are needed at all are made while booting and shared by every root, so later
 * changes are seen everywhere. Nothing is writable and executable at once; the
 * image's text is read-only in the direct map too. Page tables come from
 * early_alloc until page_alloc works. The vmap area and the windows of devices are
 * in mm/vmap.c.
 *
 * Called by boot/main.c, then by mm/vmap.c under LOCK_VMAP and, for the CPU
 * windows, by the CPU that owns the window.
 */
#include "mm/paging.h"

#include "bug.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu_features.h"
#include "machine/panic.h"
#include "machine/tables.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/frame.h"
#include "mm/paging_internal.h"


#define L1_SHIFT 12
#define L2_SHIFT 21
#define L3_SHIFT 30
#define L4_SHIFT 39
#define EARLY_MAPPED GB(4) /* what the tables of boot/head.S map */
#define SECTIONS_PER_EXTENT (M2P_EXTENT_BYTES / FRAME_SECTION_M2P_BYTES)
#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_A)

extern char image_start[], text_end[], rodata_end[], image_end[];
u64 image_paddr; /* where the image was loaded; written by boot/head.S */

static u64 host_root[PTES_PER_TABLE] __attribute__((section(".bss.page_aligned"), aligned(PAGE_SIZE)));
u64 *host_l4; /* its address in the direct map */

static enum { TABLES_EARLY, TABLES_DIRECT_MAP, TABLES_BUDDY } stage;
static u64 global_flag;                                        /* PTE_G unless guests' tables are isolated */
static u64 *window_tables[DIV_ROUND_UP(MAX_CPUS * CPU_WINDOW_SIZE, 1UL << L2_SHIFT)]; /* level 1 */

paddr_t image_to_paddr(const void *p)
{
    return (u64)p - IMAGE_START + image_paddr;
}

static void out_of_memory(const char *what)
{
    panic_configuration("not enough memory for %s: this machine has too little RAM for Hospes", what);
}

/* A zeroed page for a table; NULL only when the buddy allocator has none. */
static u64 *table_alloc(void)
{
    paddr_t pa;
    u64 *t;

    if (stage == TABLES_BUDDY)
        return page_alloc();
    pa = early_alloc(PAGE_SIZE, PAGE_SIZE, stage == TABLES_EARLY ? EARLY_MAPPED : 0);
    if (!pa)
        out_of_memory("page tables");
    t = paddr_to_virt(pa);
    memset(t, 0, PAGE_SIZE);
    return t;
}

static u64 table_paddr(const u64 *t)
{
    return mfn_to_paddr(virt_to_mfn(t));
}

/*
 * The entry that maps @va with pages of 2^@shift bytes; makes the tables above it. User access is decided by the
 * last level except in slot 256, which guests read. @return NULL: no memory
 */
static u64 *make_entry(vaddr_t va, unsigned shift)
{
    u64 *table = host_root;
    u64 flags = va < RO_M2P_END ? TABLE_FLAGS | PTE_US : TABLE_FLAGS;

    for (unsigned s = L4_SHIFT; s > shift; s -= 9) {
        u64 *e = &table[(va >> s) % PTES_PER_TABLE];

        if (!(*e & PTE_P)) {
            u64 *next = table_alloc();

            if (!next)
                return NULL;
            *e = table_paddr(next) | flags;
        }
        BUG_ON(*e & PTE_PSE);
        table = paddr_to_virt(*e & PTE_ADDR);
    }
    return &table[(va >> shift) % PTES_PER_TABLE];
}

/* The last-level entry of a 4 KiB page that has been mapped, NULL if its tables are missing. */
static u64 *find_entry(vaddr_t va)
{
    u64 *table = host_root;

    for (unsigned s = L4_SHIFT; s > L1_SHIFT; s -= 9) {
        u64 e = table[(va >> s) % PTES_PER_TABLE];

        if (!(e & PTE_P) || (e & PTE_PSE && s < L4_SHIFT))
            return NULL;
        table = paddr_to_virt(e & PTE_ADDR);
    }
    return &table[(va >> L1_SHIFT) % PTES_PER_TABLE];
}

static int map_one(vaddr_t va, paddr_t pa, unsigned shift, u64 flags)
{
    u64 *e = make_entry(va, shift);

    if (!e)
        return -ENOMEM;
    WRITE_ONCE(*e, pa | flags | global_flag | (shift > L1_SHIFT ? PTE_PSE : 0));
    return 0;
}

int paging_map(vaddr_t va, mfn_t mfn, u64 frames, u64 flags)
{
    for (u64 i = 0; i < frames; i++) {
        int rc = map_one(va + (i << PAGE_SHIFT), mfn_to_paddr(mfn_add(mfn, i)), L1_SHIFT, flags);

        if (rc) {
            paging_unmap(va, i);
            return rc;
        }
    }
    return 0;
}

/* Clears the entries; flushing the TLBs of all CPUs is the caller's (mm/vmap.c). */
void paging_unmap(vaddr_t va, u64 frames)
{
    for (u64 i = 0; i < frames; i++) {
        u64 *e = find_entry(va + (i << PAGE_SHIFT));

        if (e)
            WRITE_ONCE(*e, 0);
    }
}

/* ---- booting ---- */

/* Maps with the largest pages that fit and that the CPU has. */
static void map_direct(paddr_t pa, paddr_t end, u64 flags)
{
    bool huge = cpu_has(XEN_X86_FEATURE_PAGE1GB);

    while (pa < end) {
        unsigned shift = L1_SHIFT;

        if (huge && !(pa & (BIT(L3_SHIFT) - 1)) && end - pa >= BIT(L3_SHIFT))
            shift = L3_SHIFT;
        else if (!(pa & (BIT(L2_SHIFT) - 1)) && end - pa >= BIT(L2_SHIFT))
            shift = L2_SHIFT;
        map_one(DIRECT_MAP_START + pa, pa, shift, flags);
        pa += BIT(shift);
    }
}

/* One RAM range, the read-only part of the image apart. */
static void map_ram(const struct ram_range *r)
{
    paddr_t start = image_paddr, end = image_to_paddr(rodata_end);

    if (r->end <= start || r->start >= end) {
        map_direct(r->start, r->end, MAP_RW);
        return;
    }
    map_direct(r->start, MAX(r->start, start), MAP_RW);
    map_direct(MAX(r->start, start), MIN(r->end, end), MAP_RO);
    map_direct(MIN(r->end, end), r->end, MAP_RW);
}

static void map_image(const char *start, const char *end, u64 flags)
{
    for (const char *p = start; p < end; p += PAGE_SIZE)
        map_one((vaddr_t)p, image_to_paddr(p), L1_SHIFT, flags);
}

/* Backs [@va, @va + @size) with fresh memory filled with @fill; @alias: also read-only for guests there. */
static void map_fresh(vaddr_t va, u64 size, int fill, vaddr_t alias)
{
    while (size) {
        unsigned shift = !(va & (BIT(L2_SHIFT) - 1)) && size >= BIT(L2_SHIFT) ? L2_SHIFT : L1_SHIFT;
        paddr_t pa = early_alloc(BIT(shift), BIT(shift), 0);

        if (!pa && shift == L2_SHIFT) {
            shift = L1_SHIFT;
            pa = early_alloc(PAGE_SIZE, PAGE_SIZE, 0);
        }
        if (!pa)
            out_of_memory("the frame table");
        memset(paddr_to_virt(pa), fill, BIT(shift));
        map_one(va, pa, shift, MAP_RW);
        if (alias) {
            map_one(alias, pa, shift, MAP_RO | PTE_US);
            alias += BIT(shift);
        }
        va += BIT(shift);
        size -= BIT(shift);
    }
}

static u64 m2p_mapped; /* sections below have their part of the M2P */

/*
 * Frame records and M2P of the sections [@from, @to). The M2P comes in pieces of 2 MiB, as XENMEM_machphys_mfn_list tells it to
 * those who map it; what belongs to no section stays "invalid".
 */
static void map_sections(u64 from, u64 to)
{
    u64 n = to - from, start = MAX(from & ~(SECTIONS_PER_EXTENT - 1), m2p_mapped);
    u64 end = ROUND_UP(to, SECTIONS_PER_EXTENT);

    map_fresh(FRAME_TABLE_START + from * FRAME_SECTION_RECORD_BYTES, n * FRAME_SECTION_RECORD_BYTES, 0, 0);
    if (start >= end)
        return;
    map_fresh(RW_M2P_START + start * FRAME_SECTION_M2P_BYTES, (end - start) * FRAME_SECTION_M2P_BYTES, 0xff,
              RO_M2P_START + start * FRAME_SECTION_M2P_BYTES);
    m2p_mapped = end;
}

mfn_t paging_m2p_extent(u64 index)
{
    vaddr_t va = RW_M2P_START + index * M2P_EXTENT_BYTES;
    const u64 *table = host_root;

    for (unsigned s = L4_SHIFT; s > L2_SHIFT; s -= 9) {
        u64 e = table[(va >> s) % PTES_PER_TABLE];

        if (!(e & PTE_P))
            return INVALID_MFN;
        table = paddr_to_virt(e & PTE_ADDR);
    }
    table += (va >> L2_SHIFT) % PTES_PER_TABLE;
    return (*table & (PTE_P | PTE_PSE)) == (PTE_P | PTE_PSE) ? paddr_to_mfn(*table & PTE_ADDR) : INVALID_MFN;
}

/* Sections that touch RAM, neighbouring ones together so that large pages are used. */
static void map_frame_table(const struct ram_range *ram, unsigned count)
{
    const unsigned shift = FRAME_SECTION_SHIFT + PAGE_SHIFT;
    u64 from = 0, to = 0;

    for (unsigned i = 0; i < count; i++) {
        u64 first = ram[i].start >> shift, last = ((ram[i].end - 1) >> shift) + 1;

        if (first > to) {
            map_sections(from, to);
            from = first;
        }
        to = MAX(to, last);
    }
    map_sections(from, to);
}

/* The tables that every root shares must exist before the first root is copied. */
static void make_shared_tables(void)
{
    make_entry(RO_M2P_START, L3_SHIFT);
    make_entry(VMAP_START, L3_SHIFT);
    make_entry(CPU_WINDOW_START, L3_SHIFT);
}

void paging_init(const struct ram_range *ram, unsigned count)
{
    host_l4 = paddr_to_virt(image_to_paddr(host_root));
    global_flag = cpu_uses_xpti ? 0 : PTE_G;
    for (unsigned i = 0; i < count; i++)
        map_ram(&ram[i]);
    map_image(image_start, text_end, MAP_RX);
    map_image(text_end, rodata_end, MAP_RO);
    map_image(rodata_end, image_end, MAP_RW);
    for (unsigned i = 0; i < STACK_SIZE / PAGE_SIZE; i++)
        if (!stack_page_used(i))
            paging_unmap((vaddr_t)boot_stack + i * PAGE_SIZE, 1);
    make_shared_tables();
    tlb_host_root = image_to_paddr(host_root);
    load_cr3(tlb_host_root);
    tlb_flush_local(); /* entries of the early tables may be marked global */
    stage = TABLES_DIRECT_MAP;
    map_frame_table(ram, count);
}

void paging_use_buddy(void)
{
    stage = TABLES_BUDDY;
}

void paging_fill_host_slots(u64 *l4)
{
    memcpy(&l4[HV_FIRST_SLOT], &host_root[HV_FIRST_SLOT], (HV_LAST_SLOT - HV_FIRST_SLOT + 1) * sizeof(*l4));
}

/* ---- CPU windows ---- */

static u64 *window_entry(unsigned cpu, unsigned page)
{
    u64 at = cpu * CPU_WINDOW_SIZE + ((u64)page << PAGE_SHIFT);

    return &window_tables[at >> L2_SHIFT][(at >> L1_SHIFT) % PTES_PER_TABLE];
}

void cpu_window_prepare(unsigned cpu, unsigned page, const void *content, bool executable)
{
    vaddr_t va = GDT_WINDOW(cpu) + ((u64)page << PAGE_SHIFT);
    u64 *e = make_entry(va, L1_SHIFT);
    paddr_t pa;

    if (!e)
        panic_configuration("not enough memory for CPU %u", cpu);
    window_tables[(va - CPU_WINDOW_START) >> L2_SHIFT] = (u64 *)((u64)e & PAGE_MASK);
    pa = (const char *)content >= image_start && (const char *)content < image_end ? image_to_paddr(content)
                                                                                   : mfn_to_paddr(virt_to_mfn(content));
    WRITE_ONCE(*e, pa | (executable ? MAP_RX : MAP_RW) | global_flag);
}

void cpu_window_set(unsigned cpu, unsigned page, mfn_t mfn, u64 flags)
{
    WRITE_ONCE(*window_entry(cpu, page), mfn_eq(mfn, INVALID_MFN) ? 0 : mfn_to_paddr(mfn) | flags);
}

mfn_t cpu_window_get(unsigned cpu, unsigned page)
{
    u64 e = READ_ONCE(*window_entry(cpu, page));

    return e & PTE_P ? paddr_to_mfn(e & PTE_ADDR) : INVALID_MFN;
}
