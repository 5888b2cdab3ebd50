/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels as files: Linux' bzImage around a payload, ELF64 images, and the
 * notes by which a kernel tells a Xen-compatible builder where it wants things
 * (xen/elfnote.h). Nothing in a file is trusted: every offset is checked.
 */
#ifndef HV_LIB_ELF_H
#define HV_LIB_ELF_H

#include "types.h"

/* The payload of a bzImage (Linux boot protocol 2.08, Documentation/x86/boot.rst). */
struct bzimage {
    const u8 *payload;
    size_t payload_len;
    u32 unpacked_len; /* from the payload's last four bytes, which are not part of the compressed stream but for gzip */
};

/* @return 0; -ENOENT: not a bzImage at all; -EINVAL and *@why: one that cannot be used */
int bzimage_open(struct bzimage *b, const void *data, size_t len, const char **why);

struct elf {
    const u8 *data;
    size_t len;
    u64 entry;
    u64 ph_off, sh_off;
    unsigned ph_count, sh_count, sh_names;
};

struct elf_segment {
    u64 vaddr, paddr;
    u64 file_size, mem_size;
    const u8 *data; /* file_size bytes, within the file */
    u32 type, flags;
};
#define ELF_PT_LOAD 1
#define ELF_PT_NOTE 4

bool elf_is_elf(const void *data, size_t len);

/* Checks the header: little-endian x86-64 executable. @return 0, -EINVAL and *@why */
int elf_open(struct elf *e, const void *data, size_t len, const char **why);
/* Program header @i < ph_count. @return 0, -EINVAL: it points outside of the file or its size overflows */
int elf_segment(const struct elf *e, unsigned i, struct elf_segment *s);

#define ELF_UNSET (~0UL)

/* What the notes say; addresses are linear ones of the guest, ELF_UNSET where there is no note. */
struct elf_xen {
    u64 virt_base, paddr_offset;
    u64 entry;
    u64 hypercall_page;
    u64 init_p2m;
    u64 hv_start_low;
    u64 phys32_entry;
    bool mod_start_pfn;       /* the initrd need not be mapped: start_info has its first pfn */
    bool has_supported;       /* the note with the bits of xen/features.h is there */
    u32 required, supported;  /* bits XENFEAT_* < 32 */
    char os[16], version[16], loader[16];
    u64 phys_start, phys_end; /* of all loaded segments */
    u64 virt_start, virt_end;
};

/*
 * Finds notes (program headers first, then note sections, then the old section
 * __xen_guest) and derives the addresses. @return 0, -EINVAL and *@why
 */
int elf_xen_parse(const struct elf *e, struct elf_xen *x, const char **why);

/* Linear address at which @s of @e is loaded. */
u64 elf_xen_vaddr(const struct elf_xen *x, const struct elf_segment *s);

#endif
