/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel module of Domain 0: a bzImage, an ELF file, or a compressed one of
 * either payload; unpacked into a buffer of its own when it has to be, checked
 * and its notes read. What is wrong with it ends the machine with one line.
 */
#include "control/dom0_internal.h"
#include "errno.h"
#include "lib/decompress.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/panic.h"
#include "machine/time.h"
#include "mm/buddy.h"

#include <xen/features.h>

/* What PV Domain 0 is offered; a kernel that requires more cannot run. */
#define OFFERED (1u << XENFEAT_writable_page_tables | 1u << XENFEAT_writable_descriptor_tables | \
                 1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_dom0)

#define PACKED_MAX MB(512)

static void unusable(const char *why)
{
    panic_configuration("Domain 0 kernel: %s\n"
                        "The first boot module must be a 64-bit Linux kernel (bzImage or ELF) with Xen PV Domain 0 support.\n",
                        why);
}

static unsigned order_of(u64 bytes)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < bytes)
        order++;
    return order;
}

/* Room for @bytes; not cleared. */
static u8 *buffer(u64 bytes, unsigned *order)
{
    mfn_t mfn;

    *order = order_of(bytes);
    mfn = buddy_alloc(*order, 0, BUDDY_NO_SCRUB);
    if (mfn_eq(mfn, INVALID_MFN))
        panic_configuration("Domain 0 kernel: %lu MiB of contiguous memory are needed to unpack it: "
                            "add memory, or use a smaller kernel\n", (bytes >> 20) + 1);
    return mfn_to_virt(mfn);
}

/* @size: of the unpacked file, as its producer says. */
static void unpack(struct dom0_kernel *k, const u8 *in, size_t len, u64 size)
{
    enum decompress_format format = decompress_recognise(in, len);
    struct decompress_job job = { .in = in, .in_len = len };
    nsec_t start = system_time();
    unsigned scratch_order;

    if (format == DECOMPRESS_NONE)
        unusable("its payload is neither ELF nor in a compression format that is known here");
    if (size < PAGE_SIZE || size > PACKED_MAX)
        unusable("the file is damaged: its unpacked size cannot be right");
    k->unpacked = buffer(size, &k->order);
    job.out = k->unpacked;
    job.out_len = size;
    job.scratch_len = MAX(decompress_scratch_size(format), PAGE_SIZE);
    job.scratch = buffer(job.scratch_len, &scratch_order);
    if (decompress(&job))
        panic_configuration("Domain 0 kernel: cannot unpack its %s data: %s. Replace the file.\n",
                            decompress_name(format), job.why);
    buddy_free(virt_to_mfn(job.scratch), scratch_order);
    pr_info("Dom0 kernel: %s, %lu KiB unpacked to %lu KiB in %lu ms\n", decompress_name(format), len >> 10,
            job.produced >> 10, (system_time() - start) / 1000000);
    if (!elf_is_elf(k->unpacked, job.produced))
        unusable("what its payload unpacks to is not an ELF file");
}

/* The ELF file inside of @file; k->unpacked when it had to be unpacked. */
static const u8 *find_elf(struct dom0_kernel *k, const u8 *file, size_t *len)
{
    struct bzimage bz = { .payload = file, .payload_len = *len };
    const char *why;
    int rc = bzimage_open(&bz, file, *len, &why);

    if (rc == -EINVAL)
        unusable(why);
    if (elf_is_elf(bz.payload, bz.payload_len)) {
        *len = bz.payload_len;
        return bz.payload;
    }
    if (rc == -ENOENT) {
        /* A bare compressed file tells its unpacked size only when it is gzip's. */
        if (decompress_recognise(file, *len) != DECOMPRESS_GZIP || *len < 20)
            unusable("it is neither a bzImage nor an ELF file");
        memcpy(&bz.unpacked_len, file + *len - 4, 4);
    }
    unpack(k, bz.payload, bz.payload_len, bz.unpacked_len);
    *len = bz.unpacked_len;
    return k->unpacked;
}

void dom0_kernel_open(struct dom0_kernel *k, const void *file, size_t len)
{
    const struct elf_xen *x = &k->xen;
    const char *why;
    const u8 *elf;

    k->unpacked = NULL;
    elf = find_elf(k, file, &len);
    if (elf_open(&k->elf, elf, len, &why) || elf_xen_parse(&k->elf, &k->xen, &why))
        unusable(why);
    if (x->required & ~OFFERED)
        unusable("it requires features that PV Domain 0 does not have");
    if (x->has_supported && !(x->supported & 1u << XENFEAT_dom0))
        unusable("it cannot be Domain 0 (Linux: CONFIG_XEN_DOM0 is off)");
    pr_info("Dom0 kernel: %s %s, 0x%lx-0x%lx, entry 0x%lx\n", x->os, x->version, x->virt_start, x->virt_end, x->entry);
}

void dom0_kernel_close(struct dom0_kernel *k)
{
    if (k->unpacked)
        buddy_free(virt_to_mfn(k->unpacked), k->order);
    k->unpacked = NULL;
}
