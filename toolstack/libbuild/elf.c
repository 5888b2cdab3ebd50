/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's ELF image: loadable segments and Xen notes (public/elfnote.h). Every offset and
 * length comes from an untrusted file and is checked against the image before use. Pure
 * functions on memory; called by kernel.c and the unit tests.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "build.h"
#include <xen/elfnote.h>

#define MAX_PHDRS 64
#define MAX_SHDRS 512
#define PAGE_ROUND(x) (((x) + 4095) & ~4095ULL)

/* True if [off, off + len) lies inside SIZE bytes. */
static int inside(uint64_t off, uint64_t len, uint64_t size)
{
    return off <= size && len <= size - off;
}

static void note_string(char *out, size_t size, const uint8_t *desc, uint32_t len)
{
    size_t n = len < size - 1 ? len : size - 1;

    memcpy(out, desc, n);
    out[n] = '\0';
}

/* Numeric notes are four or eight bytes wide. */
static uint64_t note_number(const uint8_t *desc, uint32_t len)
{
    uint64_t v64;
    uint32_t v32;

    if (len == sizeof(v64)) {
        memcpy(&v64, desc, sizeof(v64));
        return v64;
    }
    if (len == sizeof(v32)) {
        memcpy(&v32, desc, sizeof(v32));
        return v32;
    }
    return NOTE_UNSET;
}

static void take_note(struct kernel_notes *n, uint32_t type, const uint8_t *desc, uint32_t len)
{
    n->found++;
    switch (type) {
    case XEN_ELFNOTE_ENTRY:          n->entry = note_number(desc, len); break;
    case XEN_ELFNOTE_HYPERCALL_PAGE: n->hypercall_page = note_number(desc, len); break;
    case XEN_ELFNOTE_VIRT_BASE:      n->virt_base = note_number(desc, len); break;
    case XEN_ELFNOTE_PADDR_OFFSET:   n->paddr_offset = note_number(desc, len); break;
    case XEN_ELFNOTE_INIT_P2M:       n->init_p2m = note_number(desc, len); break;
    case XEN_ELFNOTE_PHYS32_ENTRY:   n->phys32_entry = note_number(desc, len); break;
    case XEN_ELFNOTE_MOD_START_PFN:  n->mod_start_pfn = note_number(desc, len); break;
    case XEN_ELFNOTE_GUEST_OS:
        note_string(n->guest_os, sizeof(n->guest_os), desc, len);
        break;
    case XEN_ELFNOTE_LOADER:
        note_string(n->loader, sizeof(n->loader), desc, len);
        break;
    case XEN_ELFNOTE_FEATURES:
        note_string(n->features, sizeof(n->features), desc, len);
        break;
    default:
        break;
    }
}

/* Walks one area of notes; name and descriptor are padded to four bytes. */
static void walk_notes(struct kernel_notes *n, const uint8_t *p, uint64_t size)
{
    Elf64_Nhdr h;

    while (size >= sizeof(h)) {
        uint64_t name_len, desc_len, total;

        memcpy(&h, p, sizeof(h));
        name_len = ((uint64_t)h.n_namesz + 3) & ~3ULL;
        desc_len = ((uint64_t)h.n_descsz + 3) & ~3ULL;
        total = sizeof(h) + name_len + desc_len;
        if (total > size)
            return;
        if (h.n_namesz == 4 && !memcmp(p + sizeof(h), "Xen", 4))
            take_note(n, h.n_type, p + sizeof(h) + name_len, h.n_descsz);
        p += total;
        size -= total;
    }
}

/* Kernels without a note segment may still have note sections. */
static void walk_note_sections(struct kernel_image *k, const Elf64_Ehdr *eh)
{
    if (eh->e_shentsize != sizeof(Elf64_Shdr) || eh->e_shnum > MAX_SHDRS ||
        !inside(eh->e_shoff, (uint64_t)eh->e_shnum * sizeof(Elf64_Shdr), k->elf_size))
        return;
    for (unsigned int i = 0; i < eh->e_shnum; i++) {
        Elf64_Shdr sh;

        memcpy(&sh, k->elf + eh->e_shoff + i * sizeof(sh), sizeof(sh));
        if (sh.sh_type == SHT_NOTE && inside(sh.sh_offset, sh.sh_size, k->elf_size))
            walk_notes(&k->notes, k->elf + sh.sh_offset, sh.sh_size);
    }
}

static int check_header(const struct kernel_image *k, Elf64_Ehdr *eh, struct build_error *err)
{
    if (k->elf_size < sizeof(*eh) || memcmp(k->elf, ELFMAG, SELFMAG))
        return build_fail(err, -ENOEXEC, "not a kernel: neither bzImage nor ELF, and not in a "
                          "known compression");
    memcpy(eh, k->elf, sizeof(*eh));
    if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_X86_64)
        return build_fail(err, -ENOEXEC, "not a 64-bit x86 kernel: 32-bit PV guests are not "
                          "supported, use a 64-bit kernel");
    if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
        return build_fail(err, -ENOEXEC, "the ELF file is not an executable");
    if (eh->e_phentsize != sizeof(Elf64_Phdr) || !eh->e_phnum || eh->e_phnum > MAX_PHDRS ||
        !inside(eh->e_phoff, (uint64_t)eh->e_phnum * sizeof(Elf64_Phdr), k->elf_size))
        return build_fail(err, -ENOEXEC, "the ELF program headers lie outside the file: it is "
                          "truncated or damaged");
    return 0;
}

/* Remembers one PT_LOAD; addresses are still physical here. */
static int take_segment(struct kernel_image *k, const Elf64_Phdr *ph, struct build_error *err)
{
    struct kernel_segment *s;

    if (!ph->p_memsz)
        return 0;
    if (k->segments == KERNEL_MAX_SEGMENTS)
        return build_fail(err, -ENOEXEC, "more than %d loadable segments", KERNEL_MAX_SEGMENTS);
    if (ph->p_filesz > ph->p_memsz || !inside(ph->p_offset, ph->p_filesz, k->elf_size))
        return build_fail(err, -ENOEXEC, "a loadable segment lies outside the file: it is "
                          "truncated or damaged");
    if (ph->p_memsz > (1ULL << 40) || ph->p_paddr > UINT64_MAX - ph->p_memsz)
        return build_fail(err, -ENOEXEC, "a loadable segment has an absurd size");
    s = &k->segment[k->segments++];
    s->vaddr = ph->p_paddr;
    s->memsz = ph->p_memsz;
    s->filesz = ph->p_filesz;
    s->data = k->elf + ph->p_offset;
    return 0;
}

/* Turns physical into virtual addresses: vaddr = paddr - PADDR_OFFSET + VIRT_BASE. */
static int place(struct kernel_image *k, const Elf64_Ehdr *eh, struct build_error *err)
{
    struct kernel_notes *n = &k->notes;
    uint64_t offset;

    if (n->virt_base == NOTE_UNSET)
        n->virt_base = 0;
    if (n->paddr_offset == NOTE_UNSET)
        n->paddr_offset = 0;
    offset = n->virt_base - n->paddr_offset;
    k->virt_start = UINT64_MAX;
    k->virt_end = 0;
    for (unsigned int i = 0; i < k->segments; i++) {
        struct kernel_segment *s = &k->segment[i];

        s->vaddr += offset;
        if (s->vaddr < n->virt_base || s->vaddr > UINT64_MAX - s->memsz - 4096)
            return build_fail(err, -ENOEXEC, "a segment lies outside the virtual region that "
                              "the kernel asks for");
        if (s->vaddr < k->virt_start)
            k->virt_start = s->vaddr;
        if (s->vaddr + s->memsz > k->virt_end)
            k->virt_end = s->vaddr + s->memsz;
    }
    k->virt_end = PAGE_ROUND(k->virt_end);
    k->entry = n->entry != NOTE_UNSET ? n->entry : eh->e_entry + offset;
    if (k->entry < k->virt_start || k->entry >= k->virt_end)
        return build_fail(err, -ENOEXEC, "its entry point lies outside the kernel");
    if (n->virt_base & 4095 || k->virt_end - n->virt_base > (1ULL << 40))
        return build_fail(err, -ENOEXEC, "its virtual base address is absurd");
    return 0;
}

static int check_notes(const struct kernel_image *k, struct build_error *err)
{
    const struct kernel_notes *n = &k->notes;

    if (n->loader[0] && strcmp(n->loader, "generic"))
        return build_fail(err, -ENOEXEC, "it wants the loader '%s', only 'generic' is known",
                          n->loader);
    if (n->hypercall_page != NOTE_UNSET &&
        (n->hypercall_page & 4095 || n->hypercall_page < k->virt_start ||
         n->hypercall_page >= k->virt_end))
        return build_fail(err, -ENOEXEC, "its hypercall page lies outside the kernel");
    if (n->init_p2m != NOTE_UNSET &&
        (n->init_p2m & ((1ULL << 21) - 1) ||
         (n->init_p2m >= (1ULL << 46) && n->init_p2m < 0xffff880000000000ULL)))
        return build_fail(err, -ENOEXEC, "the address for its list of frames is absurd");
    return 0;
}

int elf_parse(struct kernel_image *k, struct build_error *err)
{
    struct kernel_notes *n = &k->notes;
    Elf64_Ehdr eh;
    int rc = check_header(k, &eh, err);

    if (rc)
        return rc;
    n->entry = n->hypercall_page = n->virt_base = n->paddr_offset = NOTE_UNSET;
    n->init_p2m = n->phys32_entry = NOTE_UNSET;
    k->segments = 0;
    for (unsigned int i = 0; i < eh.e_phnum && !rc; i++) {
        Elf64_Phdr ph;

        memcpy(&ph, k->elf + eh.e_phoff + i * sizeof(ph), sizeof(ph));
        if (ph.p_type == PT_LOAD)
            rc = take_segment(k, &ph, err);
        else if (ph.p_type == PT_NOTE && inside(ph.p_offset, ph.p_filesz, k->elf_size))
            walk_notes(n, k->elf + ph.p_offset, ph.p_filesz);
    }
    if (rc)
        return rc;
    if (!n->found)
        walk_note_sections(k, &eh);
    if (!n->found)
        return build_fail(err, -ENOEXEC, "it has no Xen notes: not built for Xen (Linux: "
                          "CONFIG_XEN_PV=y)");
    if (n->entry == NOTE_UNSET && n->hypercall_page == NOTE_UNSET &&
        n->phys32_entry != NOTE_UNSET)
        return build_fail(err, -ENOEXEC, "it can only start as PVH: use type=\"pvh\", or a kernel "
                          "with CONFIG_XEN_PV=y");
    if (!k->segments)
        return build_fail(err, -ENOEXEC, "the ELF file has nothing to load");
    rc = place(k, &eh, err);
    return rc ? rc : check_notes(k, err);
}
