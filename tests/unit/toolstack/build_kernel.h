/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A made-up kernel, and the part of libbuild that opens kernels. Included by test_unpack.c and build_host.h.
 */
#ifndef HOSPES_TEST_BUILD_KERNEL_H
#define HOSPES_TEST_BUILD_KERNEL_H

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "libbuild/elf.c"
#undef PAGE_ROUND
#include "libbuild/kernel.c"
#include "libbuild/unpack.c"
#include "libbuild/xz.c"
#include "libbuild/lzma.c"

#include "check.h"

#pragma GCC diagnostic ignored "-Wunused-function"  /* not every test uses all of it */

#define VIRT_BASE   0xffffffff80000000ULL
#define KERNEL_SIZE 0x6000u
#define TEXT_PADDR  0x1000000u           /* 16 MiB, as Linux */

struct kernel_file {
    uint8_t bytes[KERNEL_SIZE];
    size_t note_end;
};

static void add_note(struct kernel_file *k, uint32_t type, const void *desc, uint32_t len)
{
    Elf64_Nhdr h = { .n_namesz = 4, .n_descsz = len, .n_type = type };

    memcpy(k->bytes + k->note_end, &h, sizeof(h));
    memcpy(k->bytes + k->note_end + sizeof(h), "Xen", 4);
    memcpy(k->bytes + k->note_end + sizeof(h) + 4, desc, len);
    k->note_end += sizeof(h) + 4 + ((len + 3) & ~3u);
}

static void add_number(struct kernel_file *k, uint32_t type, uint64_t v)
{
    add_note(k, type, &v, sizeof(v));
}

static Elf64_Phdr *phdr(struct kernel_file *k, int i)
{
    return (Elf64_Phdr *)(k->bytes + sizeof(Elf64_Ehdr)) + i;
}

/* Text of two pages at offset 0x1000, data with bss at 0x4000, notes at 0x800. */
static void make_kernel(struct kernel_file *k, uint64_t p2m)
{
    Elf64_Ehdr eh = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = sizeof(eh),
        .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3,
    };

    memset(k, 0, sizeof(*k));
    memcpy(k->bytes, &eh, sizeof(eh));
    k->note_end = 0x800;
    add_note(k, XEN_ELFNOTE_GUEST_OS, "test", 5);
    add_note(k, XEN_ELFNOTE_LOADER, "generic", 8);
    add_number(k, XEN_ELFNOTE_VIRT_BASE, VIRT_BASE);
    add_number(k, XEN_ELFNOTE_ENTRY, VIRT_BASE + TEXT_PADDR + 0x10);
    add_number(k, XEN_ELFNOTE_HYPERCALL_PAGE, VIRT_BASE + TEXT_PADDR + 0x1000);
    if (p2m) {
        uint32_t one = 1;

        add_number(k, XEN_ELFNOTE_INIT_P2M, p2m);
        add_note(k, XEN_ELFNOTE_MOD_START_PFN, &one, sizeof(one));
    }
    *phdr(k, 0) = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x1000, .p_paddr = TEXT_PADDR,
                                .p_filesz = 0x2000, .p_memsz = 0x2000 };
    *phdr(k, 1) = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x4000,
                                .p_paddr = TEXT_PADDR + 0x3000, .p_filesz = 0x800,
                                .p_memsz = 0x2800 };
    *phdr(k, 2) = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = 0x800,
                                .p_filesz = k->note_end - 0x800 };
    memset(k->bytes + 0x1000, 0xaa, 0x2000);
    memset(k->bytes + 0x4000, 0xbb, 0x800);
}

static int parse(struct kernel_file *k, struct kernel_image *image, struct build_error *err)
{
    memset(image, 0, sizeof(*image));
    err->text[0] = '\0';
    return kernel_parse(k->bytes, sizeof(k->bytes), image, err);
}

#endif
