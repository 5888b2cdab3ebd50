/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel tells a Xen-compatible builder: the ELF notes of the name "Xen"
 * (xen/elfnote.h), or the KEY=VALUE string of the old section __xen_guest.
 * Pure functions over a file in memory; called by control/dom0_kernel.c.
 */
#include "errno.h"
#include "lib/elf.h"
#include "lib/elf_file.h"
#include "lib/parse.h"
#include "lib/string.h"

#include <xen/elfnote.h>
#include <xen/features.h>

#define NOTE_HEADER 12

static const struct feature {
    const char *name;
    unsigned bit;
} features[] = {
    { "writable_page_tables", XENFEAT_writable_page_tables },
    { "writable_descriptor_tables", XENFEAT_writable_descriptor_tables },
    { "auto_translated_physmap", XENFEAT_auto_translated_physmap },
    { "supervisor_mode_kernel", XENFEAT_supervisor_mode_kernel },
    { "pae_pgdir_above_4gb", XENFEAT_pae_pgdir_above_4gb },
    { "hvm_callback_vector", XENFEAT_hvm_callback_vector },
    { "dom0", XENFEAT_dom0 },
};

/* One word of a feature list: "name" is supported, "!name" required. */
static int parse_feature(struct elf_xen *x, const char *word, size_t len)
{
    bool required = len && *word == '!';

    word += required;
    len -= required;
    for (unsigned i = 0; i < ARRAY_SIZE(features); i++) {
        if (strlen(features[i].name) != len || memcmp(features[i].name, word, len))
            continue;
        x->supported |= 1u << features[i].bit;
        if (required)
            x->required |= 1u << features[i].bit;
        return 0;
    }
    return required ? -EINVAL : 0; /* unknown ones may be ignored unless required */
}

static int parse_features(struct elf_xen *x, const char *s, size_t len)
{
    size_t start = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i < len && s[i] != '|')
            continue;
        if (i > start && parse_feature(x, s + start, i - start))
            return -EINVAL;
        start = i + 1;
    }
    return 0;
}

/* Text of a note, which may or may not be terminated, into a field of its own. */
static void copy_text(char *dst, size_t size, const u8 *text, size_t len)
{
    size_t n = strnlen((const char *)text, MIN(len, size - 1));

    memcpy(dst, text, n);
    dst[n] = '\0';
}

static u64 note_number(const u8 *desc, size_t size)
{
    return size == 1 || size == 2 || size == 4 || size == 8 ? elf_le(desc, (unsigned)size) : 0;
}

static int parse_note(struct elf_xen *x, u32 type, const u8 *desc, size_t size)
{
    u64 v = note_number(desc, size);

    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        x->entry = v;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        x->hypercall_page = v;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        x->virt_base = v;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        x->paddr_offset = v;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        x->init_p2m = v;
        break;
    case XEN_ELFNOTE_HV_START_LOW:
        x->hv_start_low = v;
        break;
    case XEN_ELFNOTE_PHYS32_ENTRY:
        x->phys32_entry = v;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        x->mod_start_pfn = v != 0;
        break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        x->has_supported = true;
        x->supported |= (u32)v;
        break;
    case XEN_ELFNOTE_FEATURES:
        return parse_features(x, (const char *)desc, strnlen((const char *)desc, size));
    case XEN_ELFNOTE_GUEST_OS:
        copy_text(x->os, sizeof(x->os), desc, size);
        break;
    case XEN_ELFNOTE_GUEST_VERSION:
        copy_text(x->version, sizeof(x->version), desc, size);
        break;
    case XEN_ELFNOTE_LOADER:
        copy_text(x->loader, sizeof(x->loader), desc, size);
        break;
    }
    return 0;
}

/* @return number of Xen's notes among the @len bytes at @p, or -EINVAL for a note that cannot be satisfied. */
static int parse_notes(struct elf_xen *x, const u8 *p, u64 len)
{
    int found = 0;

    while (len >= NOTE_HEADER) {
        u64 name_size = elf_le(p, 4), desc_size = elf_le(p + 4, 4);
        u64 name_room = ROUND_UP(name_size, 4), desc_room = ROUND_UP(desc_size, 4);
        const u8 *name = p + NOTE_HEADER;

        len -= NOTE_HEADER;
        if (name_room > len || desc_size > len - name_room)
            break;
        if (name_size == 4 && !memcmp(name, "Xen", 4)) {
            found++;
            if (parse_note(x, (u32)elf_le(p + 8, 4), name + name_room, desc_size))
                return -EINVAL;
        }
        p = name + name_room + MIN(desc_room, len - name_room);
        len -= name_room + MIN(desc_room, len - name_room);
    }
    return found;
}

static int notes_of_segments(const struct elf *e, struct elf_xen *x)
{
    struct elf_segment s;
    int found = 0;

    for (unsigned i = 0; i < e->ph_count; i++) {
        int n;

        if (elf_segment(e, i, &s) || s.type != ELF_PT_NOTE)
            continue;
        n = parse_notes(x, s.data, s.file_size);
        if (n < 0)
            return n;
        found += n;
    }
    return found;
}

static int notes_of_sections(const struct elf *e, struct elf_xen *x)
{
    struct elf_section s;
    int found = 0;

    for (unsigned i = 0; i < e->sh_count; i++) {
        const u8 *p;
        int n;

        if (elf_section(e, i, &s) || s.type != ELF_SHT_NOTE || !(p = elf_at(e, s.off, s.size)))
            continue;
        n = parse_notes(x, p, s.size);
        if (n < 0)
            return n;
        found += n;
    }
    return found;
}

/* One KEY=VALUE of the old string. */
static int parse_pair(struct elf_xen *x, const char *key, const char *value, size_t len)
{
    static const struct {
        const char *key;
        size_t field;
    } numbers[] = {
        { "VIRT_BASE=", offsetof(struct elf_xen, virt_base) },
        { "VIRT_ENTRY=", offsetof(struct elf_xen, entry) },
        { "ELF_PADDR_OFFSET=", offsetof(struct elf_xen, paddr_offset) },
        { "INIT_P2M=", offsetof(struct elf_xen, init_p2m) },
        { "HYPERCALL_PAGE=", offsetof(struct elf_xen, hypercall_page) },
    };
    size_t key_len = (size_t)(value - key);
    u64 v;

    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (strlen(numbers[i].key) != key_len || memcmp(numbers[i].key, key, key_len))
            continue;
        if (parse_u64(&value, 0, &v))
            return -EINVAL;
        /* The hypercall page is given as a frame number there. */
        *(u64 *)((u8 *)x + numbers[i].field) = numbers[i].field == offsetof(struct elf_xen, hypercall_page) ? v << PAGE_SHIFT : v;
        return 0;
    }
    if (!strncmp(key, "FEATURES=", key_len))
        return parse_features(x, value, len);
    if (!strncmp(key, "LOADER=", key_len))
        copy_text(x->loader, sizeof(x->loader), (const u8 *)value, len);
    if (!strncmp(key, "GUEST_OS=", key_len))
        copy_text(x->os, sizeof(x->os), (const u8 *)value, len);
    return 0;
}

/* The old string: pairs with commas between them, terminated. */
static int parse_old_string(struct elf_xen *x, const char *s)
{
    while (*s) {
        const char *end = strchr(s, ','), *eq = strchr(s, '=');

        if (!end)
            end = s + strlen(s);
        if (eq && eq < end && parse_pair(x, s, eq + 1, (size_t)(end - eq - 1)))
            return -EINVAL;
        s = *end ? end + 1 : end;
    }
    /* A relative hypercall page, and physical addresses that count from the base, are what this format means. */
    if (x->hypercall_page != ELF_UNSET && x->virt_base != ELF_UNSET)
        x->hypercall_page += x->virt_base;
    if (x->paddr_offset == ELF_UNSET)
        x->paddr_offset = x->virt_base;
    return 1;
}

static int old_section(const struct elf *e, struct elf_xen *x)
{
    struct elf_section s;

    for (unsigned i = 0; i < e->sh_count; i++) {
        const char *name;
        const u8 *p;

        if (elf_section(e, i, &s) || !(name = elf_section_name(e, &s)) || strcmp(name, "__xen_guest"))
            continue;
        p = elf_at(e, s.off, s.size);
        if (p && memchr(p, 0, s.size))
            return parse_old_string(x, (const char *)p);
    }
    return 0;
}

static int physical_range(const struct elf *e, struct elf_xen *x)
{
    struct elf_segment s;

    x->phys_start = ~0UL;
    x->phys_end = 0;
    for (unsigned i = 0; i < e->ph_count; i++) {
        if (elf_segment(e, i, &s))
            return -EINVAL;
        if (s.type != ELF_PT_LOAD || !s.mem_size)
            continue;
        x->phys_start = MIN(x->phys_start, s.paddr);
        x->phys_end = MAX(x->phys_end, s.paddr + s.mem_size);
    }
    return x->phys_start < x->phys_end ? 0 : -EINVAL;
}

u64 elf_xen_vaddr(const struct elf_xen *x, const struct elf_segment *s)
{
    return s->paddr - x->paddr_offset + x->virt_base;
}

static int find_notes(const struct elf *e, struct elf_xen *x)
{
    int n = notes_of_segments(e, x);

    if (!n)
        n = notes_of_sections(e, x);
    if (!n)
        n = old_section(e, x);
    return n;
}

int elf_xen_parse(const struct elf *e, struct elf_xen *x, const char **why)
{
    int n;

    memset(x, 0, sizeof(*x));
    x->virt_base = x->paddr_offset = x->entry = x->hypercall_page = ELF_UNSET;
    x->init_p2m = x->hv_start_low = x->phys32_entry = ELF_UNSET;
    *why = "it requires a feature that is not known here";
    n = find_notes(e, x);
    if (n < 0)
        return n;
    *why = "it has no Xen notes: it is not a kernel for Xen (Linux: CONFIG_XEN_PV, for Domain 0 CONFIG_XEN_DOM0)";
    if (!n)
        return -EINVAL;
    if (x->virt_base == ELF_UNSET)
        x->virt_base = 0;
    if (x->paddr_offset == ELF_UNSET)
        x->paddr_offset = 0;
    if (x->entry == ELF_UNSET)
        x->entry = e->entry;
    *why = "its program headers are damaged";
    if (physical_range(e, x))
        return -EINVAL;
    x->virt_start = x->phys_start - x->paddr_offset + x->virt_base;
    x->virt_end = x->phys_end - x->paddr_offset + x->virt_base;
    *why = "its entry point or its hypercall page lies outside of the kernel";
    if (x->virt_end <= x->virt_start || x->entry < x->virt_start || x->entry >= x->virt_end)
        return -EINVAL;
    if (x->hypercall_page != ELF_UNSET &&
        (x->hypercall_page < x->virt_start || x->hypercall_page > x->virt_end - PAGE_SIZE ||
         x->hypercall_page % PAGE_SIZE))
        return -EINVAL;
    *why = NULL;
    return 0;
}
