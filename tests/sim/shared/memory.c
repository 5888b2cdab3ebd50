/* SPDX-License-Identifier: GPL-2.0-only */
/* Machine memory as an arena, the heap as the host's malloc so that ASan sees its objects, and access to guests. */
#include "shared/host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "atomic.h"
#include "machine/uaccess.h"
#include "mm/frame.h"
#include "mm/heap.h"
#include "mm/paging.h"

u8 *sim_arena;
u64 sim_arena_frames;
void *sim_frame_table;
u64 *sim_m2p;
u64 *host_l4;

void sim_memory_init(u64 frames)
{
    u64 sections = DIV_ROUND_UP(frames, FRAMES_PER_SECTION);

    sim_arena_frames = frames;
    sim_arena = mmap(NULL, frames << PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sim_frame_table = calloc(sections, FRAME_SECTION_RECORD_BYTES);
    sim_m2p = calloc(sections, FRAME_SECTION_M2P_BYTES);
    if (sim_arena == MAP_FAILED || !sim_frame_table || !sim_m2p)
        sim_fail("the host has no memory");
    frame_table_init(frames << PAGE_SHIFT);
    host_l4 = mfn_to_virt(MFN(1));
}

/* ---- heap ---- */

__thread bool sim_fail_allocations;
__thread unsigned sim_fail_nth;
long sim_heap_objects;

void *heap_alloc(size_t size)
{
    size_t rounded = ROUND_UP(size ? size : 1, 64);
    void *p;

    if (size > KB(64) || (sim_fail_allocations && sim_rnd(24) == 0) || (sim_fail_nth && --sim_fail_nth == 0))
        return NULL;
    p = aligned_alloc(64, rounded);
    if (!p)
        sim_fail("the host has no memory");
    atomic_add_return(&sim_heap_objects, 1);
    return memset(p, 0, rounded);
}

void heap_free(void *p)
{
    if (p)
        atomic_sub_return(&sim_heap_objects, 1);
    free(p);
}

void *heap_array(size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : heap_alloc(bytes);
}

/* ---- access to guest memory ---- */

size_t uaccess_read(void *dst, vaddr_t src, size_t len)
{
    u8 *d = dst, *p;

    for (; len && (p = sim_guest_byte(src++, false)) != NULL; len--)
        *d++ = *p;
    return len;
}

size_t uaccess_write(vaddr_t dst, const void *src, size_t len)
{
    const u8 *s = src;
    u8 *p;

    for (; len && (p = sim_guest_byte(dst++, true)) != NULL; len--)
        *p = *s++;
    return len;
}
