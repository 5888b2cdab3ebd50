/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File formats of microcode: cpio(5) "newc", Intel's updates (SDM Vol 3 9.11.1)
 * and AMD's container (equivalence table, then patches). Pure; every length is
 * checked against what is there. tests/unit/hypervisor/test_microcode.c.
 */
#include "lib/string.h"
#include "machine/microcode.h"

#define CPIO_MAGIC "070701"
#define CPIO_HEADER 110
#define CPIO_FILESIZE 54 /* offsets of eight hexadecimal digits */
#define CPIO_NAMESIZE 94
#define CPIO_MAX_FILES 64

/* Eight hexadecimal digits; ~0UL when one is not. */
static u64 hex_field(const char *s)
{
    u64 v = 0;

    for (unsigned i = 0; i < 8; i++) {
        char c = s[i];

        if (c >= '0' && c <= '9')
            v = v << 4 | (u64)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            v = v << 4 | (u64)((c | 32) - 'a' + 10);
        else
            return ~0UL;
    }
    return v;
}

const void *cpio_find(const void *data, size_t len, const char *path, size_t *size)
{
    const char *p = data;
    size_t at = 0;

    for (unsigned i = 0; i < CPIO_MAX_FILES && at + CPIO_HEADER <= len; i++) {
        u64 name_size, file_size, file;

        if (memcmp(p + at, CPIO_MAGIC, 6))
            return NULL;
        name_size = hex_field(p + at + CPIO_NAMESIZE);
        file_size = hex_field(p + at + CPIO_FILESIZE);
        if (name_size == 0 || name_size > len || file_size > len)
            return NULL;
        file = ROUND_UP(at + CPIO_HEADER + name_size, 4UL);
        if (file > len || file_size > len - file)
            return NULL;
        if (name_size == strlen(path) + 1 && !memcmp(p + at + CPIO_HEADER, path, name_size)) {
            *size = file_size;
            return p + file;
        }
        at = ROUND_UP(file + file_size, 4UL);
    }
    return NULL;
}

struct intel_header {
    u32 version, revision, date, signature, checksum, loader, platforms, data_size, total_size, reserved[3];
};

struct intel_extended { /* behind the data: count, checksum, reserved[3], then entries */
    u32 signature, platforms, checksum;
};

#define INTEL_DEFAULT_DATA 2000
#define INTEL_EXTENDED_HEADER 20

static bool intel_checksum_ok(const u8 *p, size_t len)
{
    u32 sum = 0, v;

    for (size_t i = 0; i + 4 <= len; i += 4) {
        memcpy(&v, p + i, 4);
        sum += v;
    }
    return sum == 0;
}

/* Does one of the further signatures behind the data fit? */
static bool intel_extended_fits(const u8 *p, size_t data_end, size_t total, u32 signature, unsigned platform)
{
    struct intel_extended e;
    u32 count;

    if (data_end + INTEL_EXTENDED_HEADER > total)
        return false;
    memcpy(&count, p + data_end, 4);
    for (size_t i = 0, at = data_end + INTEL_EXTENDED_HEADER; i < count && at + sizeof(e) <= total;
         i++, at += sizeof(e)) {
        memcpy(&e, p + at, sizeof(e));
        if (e.signature == signature && e.platforms >> platform & 1)
            return true;
    }
    return false;
}

bool microcode_find_intel(const void *file, size_t len, u32 signature, unsigned platform, struct microcode_patch *best)
{
    const u8 *p = file;
    struct intel_header h;
    bool found = false;

    for (size_t at = 0, total; at + sizeof(h) <= len; at += total) {
        size_t data;

        memcpy(&h, p + at, sizeof(h));
        data = h.data_size ? h.data_size : INTEL_DEFAULT_DATA;
        total = h.data_size ? h.total_size : INTEL_DEFAULT_DATA + sizeof(h);
        if (h.version != 1 || total & 3 || total < sizeof(h) + data || total > len - at ||
            !intel_checksum_ok(p + at, total))
            break;
        if (!(h.signature == signature && h.platforms >> platform & 1) &&
            !intel_extended_fits(p + at, sizeof(h) + data, total, signature, platform))
            continue;
        if (found && h.revision <= best->revision)
            continue;
        *best = (struct microcode_patch){ .data = p + at, .size = total, .revision = h.revision };
        found = true;
    }
    return found;
}

#define AMD_MAGIC 0x00414d44
#define AMD_SECTION_HEADER 8
#define AMD_EQUIVALENCE_TABLE 0
#define AMD_PATCH 1
#define AMD_PATCH_HEADER 64
#define AMD_PATCH_REVISION 4  /* offsets */
#define AMD_PATCH_PROCESSOR 24

struct amd_equivalence {
    u32 signature, errata_mask, errata_compare;
    u16 id, reserved;
};

/* Name under which the patches for @signature go, 0: not in the table. */
static u16 amd_equivalent(const u8 *table, size_t len, u32 signature)
{
    struct amd_equivalence e;

    for (size_t at = 0; at + sizeof(e) <= len; at += sizeof(e)) {
        memcpy(&e, table + at, sizeof(e));
        if (e.signature == signature)
            return e.id;
    }
    return 0;
}

/* Type and length of the section at @at. @return false: it is not wholly there */
static bool amd_section(const u8 *p, size_t len, size_t at, u32 *type, u32 *size)
{
    if (at + AMD_SECTION_HEADER > len)
        return false;
    memcpy(type, p + at, 4);
    memcpy(size, p + at + 4, 4);
    return *size <= len - at - AMD_SECTION_HEADER;
}

bool microcode_find_amd(const void *file, size_t len, u32 signature, struct microcode_patch *best)
{
    const u8 *p = file;
    u32 magic, type, size, revision;
    size_t at = 4;
    bool found = false;
    u16 id, processor;

    if (len < 4 || (memcpy(&magic, p, 4), magic != AMD_MAGIC))
        return false;
    if (!amd_section(p, len, at, &type, &size) || type != AMD_EQUIVALENCE_TABLE)
        return false;
    id = amd_equivalent(p + at + AMD_SECTION_HEADER, size, signature);
    for (at += AMD_SECTION_HEADER + size; id && amd_section(p, len, at, &type, &size) && type == AMD_PATCH;
         at += AMD_SECTION_HEADER + size) {
        const u8 *patch = p + at + AMD_SECTION_HEADER;

        if (size < AMD_PATCH_HEADER)
            break;
        memcpy(&revision, patch + AMD_PATCH_REVISION, 4);
        memcpy(&processor, patch + AMD_PATCH_PROCESSOR, 2);
        if (processor != id || (found && revision <= best->revision))
            continue;
        *best = (struct microcode_patch){ .data = patch, .size = size, .revision = revision };
        found = true;
    }
    return found;
}
