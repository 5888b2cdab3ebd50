/* SPDX-License-Identifier: GPL-2.0-only */
/* Checked reads for the files that parse kernels: lib/elf.c, lib/elf_xen.c. */
#ifndef HV_LIB_ELF_FILE_H
#define HV_LIB_ELF_FILE_H

#include "lib/elf.h"

/* @return the @size bytes at @off, or NULL when they are not all in the file. */
static inline const u8 *elf_at(const struct elf *e, u64 off, u64 size)
{
    return off <= e->len && size <= e->len - off ? e->data + off : NULL;
}

static inline u64 elf_le(const u8 *p, unsigned bytes)
{
    u64 v = 0;

    for (unsigned i = 0; i < bytes; i++)
        v |= (u64)p[i] << 8 * i;
    return v;
}

struct elf_section {
    u32 name, type;
    u64 off, size;
};
#define ELF_SHT_NOTE 7

/* Section header @i < sh_count. @return 0, -EINVAL */
int elf_section(const struct elf *e, unsigned i, struct elf_section *s);
/* Name of a section, NULL when it is not a terminated string within the file. */
const char *elf_section_name(const struct elf *e, const struct elf_section *s);

#endif
