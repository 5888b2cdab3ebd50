/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Headers of bzImage and ELF64 files. Pure functions over a file in memory;
 * the meaning of the notes is in elf_xen.c. Called by control/dom0_kernel.c.
 */
#include "lib/elf.h"

#include "errno.h"
#include "lib/decompress.h"
#include "lib/elf_file.h"
#include "lib/string.h"

/* Linux boot protocol: offsets in the setup header. */
#define BZ_SETUP_SECTS 0x1f1
#define BZ_MAGIC 0x202
#define BZ_VERSION 0x206
#define BZ_PAYLOAD_OFFSET 0x248
#define BZ_PAYLOAD_LENGTH 0x24c
#define BZ_HEADER_END 0x250
#define BZ_VERSION_PAYLOAD 0x208
#define BZ_SECTOR 512

/* ELF64 header, offsets and values (System V ABI, chapter 4). */
#define EH_SIZE 64
#define EH_CLASS 4
#define EH_DATA 5
#define EH_TYPE 16
#define EH_MACHINE 18
#define EH_ENTRY 24
#define EH_PHOFF 32
#define EH_SHOFF 40
#define EH_PHENTSIZE 54
#define EH_PHNUM 56
#define EH_SHENTSIZE 58
#define EH_SHNUM 60
#define EH_SHSTRNDX 62
#define EH_CLASS_64 2
#define EH_DATA_LSB 1
#define EH_TYPE_EXEC 2
#define EH_TYPE_DYN 3
#define EH_MACHINE_X86_64 62
#define PH_SIZE 56
#define SH_SIZE 64

static const u8 elf_magic[4] = { 0x7f, 'E', 'L', 'F' };

int bzimage_open(struct bzimage *b, const void *data, size_t len, const char **why)
{
    const u8 *p = data;
    u64 start, size;
    unsigned sects;

    if (len < BZ_HEADER_END || memcmp(p + BZ_MAGIC, "HdrS", 4))
        return -ENOENT;
    *why = "its bzImage header is too old (Linux 2.6.26 or later is needed)";
    if (elf_le(p + BZ_VERSION, 2) < BZ_VERSION_PAYLOAD)
        return -EINVAL;
    sects = p[BZ_SETUP_SECTS] ? p[BZ_SETUP_SECTS] : 4;
    start = (sects + 1) * BZ_SECTOR + elf_le(p + BZ_PAYLOAD_OFFSET, 4);
    size = elf_le(p + BZ_PAYLOAD_LENGTH, 4);
    *why = "the file is cut off";
    if (start > len || size > len - start || size < 8)
        return -EINVAL;
    b->payload = p + start;
    b->payload_len = size;
    b->unpacked_len = (u32)elf_le(p + start + size - 4, 4);
    if (decompress_recognise(b->payload, size) != DECOMPRESS_GZIP && !elf_is_elf(b->payload, size))
        b->payload_len -= 4;
    return 0;
}

bool elf_is_elf(const void *data, size_t len)
{
    return len >= sizeof(elf_magic) && !memcmp(data, elf_magic, sizeof(elf_magic));
}

static bool tables_ok(const struct elf *e, const u8 *p)
{
    if (e->ph_count && (elf_le(p + EH_PHENTSIZE, 2) != PH_SIZE || !elf_at(e, e->ph_off, e->ph_count * PH_SIZE)))
        return false;
    return !e->sh_count || (elf_le(p + EH_SHENTSIZE, 2) == SH_SIZE && elf_at(e, e->sh_off, e->sh_count * SH_SIZE));
}

int elf_open(struct elf *e, const void *data, size_t len, const char **why)
{
    const u8 *p = data;

    *why = "it is not an ELF file";
    if (len < EH_SIZE || !elf_is_elf(data, len))
        return -EINVAL;
    *why = "it is not a 64-bit x86 kernel";
    if (p[EH_CLASS] != EH_CLASS_64 || p[EH_DATA] != EH_DATA_LSB || elf_le(p + EH_MACHINE, 2) != EH_MACHINE_X86_64)
        return -EINVAL;
    *why = "it is not an executable";
    if (elf_le(p + EH_TYPE, 2) != EH_TYPE_EXEC && elf_le(p + EH_TYPE, 2) != EH_TYPE_DYN)
        return -EINVAL;
    *e = (struct elf){
        .data = data,
        .len = len,
        .entry = elf_le(p + EH_ENTRY, 8),
        .ph_off = elf_le(p + EH_PHOFF, 8),
        .sh_off = elf_le(p + EH_SHOFF, 8),
        .ph_count = (unsigned)elf_le(p + EH_PHNUM, 2),
        .sh_count = (unsigned)elf_le(p + EH_SHNUM, 2),
        .sh_names = (unsigned)elf_le(p + EH_SHSTRNDX, 2),
    };
    *why = "the file is cut off or damaged";
    return tables_ok(e, p) ? 0 : -EINVAL;
}

int elf_segment(const struct elf *e, unsigned i, struct elf_segment *s)
{
    const u8 *p = i < e->ph_count ? elf_at(e, e->ph_off + (u64)i * PH_SIZE, PH_SIZE) : NULL;
    u64 end;

    if (!p)
        return -EINVAL;
    *s = (struct elf_segment){
        .type = (u32)elf_le(p, 4),
        .flags = (u32)elf_le(p + 4, 4),
        .vaddr = elf_le(p + 16, 8),
        .paddr = elf_le(p + 24, 8),
        .file_size = elf_le(p + 32, 8),
        .mem_size = elf_le(p + 40, 8),
        .data = elf_at(e, elf_le(p + 8, 8), elf_le(p + 32, 8)),
    };
    if (s->type != ELF_PT_LOAD)
        return s->data || s->type != ELF_PT_NOTE ? 0 : -EINVAL;
    if (!s->data || s->mem_size < s->file_size || __builtin_add_overflow(s->paddr, s->mem_size, &end))
        return -EINVAL;
    return 0;
}

int elf_section(const struct elf *e, unsigned i, struct elf_section *s)
{
    const u8 *p = i < e->sh_count ? elf_at(e, e->sh_off + (u64)i * SH_SIZE, SH_SIZE) : NULL;

    if (!p)
        return -EINVAL;
    s->name = (u32)elf_le(p, 4);
    s->type = (u32)elf_le(p + 4, 4);
    s->off = elf_le(p + 24, 8);
    s->size = elf_le(p + 32, 8);
    return 0;
}

const char *elf_section_name(const struct elf *e, const struct elf_section *s)
{
    struct elf_section names;
    const u8 *table;

    if (elf_section(e, e->sh_names, &names) || s->name >= names.size)
        return NULL;
    table = elf_at(e, names.off, names.size);
    if (!table || !memchr(table + s->name, 0, names.size - s->name))
        return NULL;
    return (const char *)table + s->name;
}
