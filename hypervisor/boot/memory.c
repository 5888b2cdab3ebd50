/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decides what of the machine's memory is ours to use. Kept out: everything
 * below 1 MiB (firmware's data, the start of other CPUs), the image, the
 * modules. Runs on the boot CPU before there is an allocator; the logic of
 * ranges is in boot/memory_map.c.
 */
#include "boot/memory.h"

#include "boot/boot_info.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/layout.h"
#include "machine/panic.h"
#include "machine/platform.h"
#include "mm/buddy.h"
#include "mm/paging.h"
#include "mm/paging_internal.h"
#include "option.h"

#define LOW_MEMORY MB(1)
#define EARLY_MAPPED GB(4)
#define DIRECT_MAP_BYTES (DIRECT_MAP_END - DIRECT_MAP_START)
#define MINIMUM MB(32)

extern char image_end[];

static u64 mem_limit;
OPTION_SIZE("mem", mem_limit, KB(1));

static struct memory_map free_map;
static struct ram_range ram[MEMORY_MAP_MAX];
static unsigned ram_count;

static void print_map(const struct memory_map *m)
{
    pr_info("Memory map (%s):\n", boot_info.efi_map_size ? "UEFI" : "e820");
    for (unsigned i = 0; i < m->count; i++)
        pr_info("  %016lx - %016lx  %s\n", m->ranges[i].start, m->ranges[i].end - 1,
                memory_type_name(m->ranges[i].type));
}

static void tidy_map(struct memory_map *m)
{
    u64 limit = DIRECT_MAP_BYTES, lost;

    if (memory_map_sanitise(m) || boot_info.map_is_short)
        pr_warning("The memory map has more than %u ranges: the rest is not used\n",
                   MEMORY_MAP_MAX);
    if (boot_info.efi_map_is_long)
        pr_warning("The UEFI memory map is longer than %u bytes: Domain 0 will not be told of it\n", BOOT_EFI_MAP_SIZE);
    if (mem_limit)
        limit = MIN(limit, ROUND_DOWN(mem_limit, PAGE_SIZE));
    lost = memory_map_clip(m, limit);
    if (lost)
        pr_warning("%lu MiB of memory above %lu MiB are not used (%s)\n", lost >> 20, limit >> 20,
                   limit == DIRECT_MAP_BYTES ? "Hospes can map 5 TiB" : "mem=");
    print_map(m);
    if (memory_map_bytes(m, MEMORY_RAM) < MINIMUM)
        panic_configuration("the boot loader reports %lu MiB of memory: too little, or it passed no memory map",
                            memory_map_bytes(m, MEMORY_RAM) >> 20);
}

static const char *module_text(const struct boot_module *m)
{
    return *m->cmdline ? m->cmdline : "no arguments";
}

/* Takes the pages of each module out of the free memory, having checked where they are. */
static void reserve_modules(void)
{
    paddr_t image_limit = image_to_paddr(image_end);

    for (unsigned i = 0; i < boot_info.module_count; i++) {
        struct boot_module *m = &boot_info.modules[i];
        u64 first = ROUND_DOWN(m->start, PAGE_SIZE), last = ROUND_UP(m->start + m->size, PAGE_SIZE);

        if (m->size && (last > EARLY_MAPPED ||
                        !memory_map_covers(&boot_info.map, first, last, MEMORY_RAM)))
            panic_configuration("boot module %u (%s) at %#lx, %lu bytes, is not in usable memory below 4 GiB: it does not "
                                "fit this machine, or the boot loader is broken", i + 1,
                                module_text(m), m->start, m->size);
        if (first < image_limit && last > image_paddr && m->size)
            panic_configuration("boot module %u (%s) overwrites the hypervisor: the boot loader is broken", i + 1,
                                module_text(m));
        memory_map_remove(&free_map, first, last);
    }
}

/* Modules shall start on a page of their own above the low memory: moves those that do not. */
static void move_modules(void)
{
    for (unsigned i = 0; i < boot_info.module_count; i++) {
        struct boot_module *m = &boot_info.modules[i];
        u64 size = ROUND_UP(m->size, PAGE_SIZE), to;

        if (!m->size || (m->start >= LOW_MEMORY && m->start % PAGE_SIZE == 0))
            continue;
        to = memory_map_find(&free_map, size, PAGE_SIZE, LOW_MEMORY, EARLY_MAPPED);
        if (!to)
            panic_configuration("no room to move boot module %u (%s), %lu bytes: it is too large for this machine", i + 1,
                                module_text(m), m->size);
        memory_map_remove(&free_map, to, to + size);
        memcpy(paddr_to_virt(to), paddr_to_virt(m->start), m->size);
        m->start = to;
    }
}

/* Where other CPUs start has to be RAM that firmware has given up: nothing else is mapped, and nothing of firmware's is overwritten. */
static void place_trampoline(const struct memory_map *m)
{
    if (!memory_map_covers(m, smp_trampoline_area, smp_trampoline_area + SMP_TRAMPOLINE_BYTES, MEMORY_RAM))
        smp_trampoline_area = memory_map_find(m, SMP_TRAMPOLINE_BYTES, PAGE_SIZE, PAGE_SIZE, LOW_MEMORY);
}

void boot_memory_init(void)
{
    struct memory_map *m = &boot_info.map;
    paddr_t image_limit = image_to_paddr(image_end);

    tidy_map(m);
    if (!memory_map_covers(m, image_paddr, image_limit, MEMORY_RAM))
        panic_configuration("the boot loader put the hypervisor at %#lx, which the memory map does not call usable",
                            image_paddr);
    for (unsigned i = 0; i < m->count; i++)
        if (m->ranges[i].type == MEMORY_RAM) {
            ram[ram_count++] = (struct ram_range){ m->ranges[i].start, m->ranges[i].end };
            memory_map_add(&free_map, m->ranges[i].start, m->ranges[i].end - m->ranges[i].start,
                           MEMORY_RAM);
        }
    place_trampoline(m);
    memory_map_remove(&free_map, 0, LOW_MEMORY);
    memory_map_remove(&free_map, image_paddr, image_limit);
    reserve_modules();
    move_modules();
    for (unsigned i = 0; i < free_map.count; i++)
        early_add(free_map.ranges[i].start, free_map.ranges[i].end);
    pr_info("Hypervisor at %#lx, %lu KiB; %u boot module%s\n", image_paddr,
            (image_limit - image_paddr) >> 10,
            boot_info.module_count, boot_info.module_count == 1 ? "" : "s");
}

void boot_memory_start(void)
{
    struct ram_range r;
    u64 total = memory_map_bytes(&boot_info.map, MEMORY_RAM);

    paging_init(ram, ram_count);
    frame_table_init(memory_map_top(&boot_info.map, MEMORY_RAM));
    for (unsigned i = 0; i < ram_count; i++)
        frame_table_add(paddr_to_mfn(ram[i].start), (ram[i].end - ram[i].start) >> PAGE_SHIFT);
    while (early_next(&r))
        buddy_add(paddr_to_mfn(r.start), (r.end - r.start) >> PAGE_SHIFT);
    paging_use_buddy();
    pr_info("Memory: %lu MiB usable (%lu KiB), of it %lu KiB for page tables, frame records and machine-to-physical table\n",
            total >> 20, total >> 10, early_allocated >> 10);
}
