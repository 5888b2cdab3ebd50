/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host tool: wraps the linked ELF64 hypervisor into the 32-bit ELF that boot
 * loaders take: one loadable segment at 2 MiB (Multiboot 1 and 2, GRUB and QEMU),
 * and the note by which PVH loaders find their entry (XEN_ELFNOTE_PHYS32_ENTRY).
 *
 *     mkimage hospes.elf hospes
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <xen/elfnote.h>

#define LOAD_ADDRESS 0x200000u
#define SEGMENT_OFFSET 0x1000u /* in the file; the Multiboot headers must be in the first 8 KiB */

struct note {
    Elf32_Nhdr head;
    char name[4];
    uint32_t entry;
};

struct header {
    Elf32_Ehdr ehdr;
    Elf32_Phdr phdr[2];
    struct note note;
};

static void fail(const char *what)
{
    fprintf(stderr, "mkimage: %s\n", what);
    exit(1);
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data;

    if (!f)
        fail("cannot open the input");
    fseek(f, 0, SEEK_END);
    *size = ftell(f);
    rewind(f);
    data = malloc(*size);
    if (!data || fread(data, 1, *size, f) != *size)
        fail("cannot read the input");
    fclose(f);
    return data;
}

/* Address of a symbol, relative to @base. */
static uint32_t symbol(const uint8_t *elf, const char *name, uint64_t base)
{
    const Elf64_Ehdr *eh = (const void *)elf;
    const Elf64_Shdr *sh = (const void *)(elf + eh->e_shoff);

    for (int i = 0; i < eh->e_shnum; i++) {
        const Elf64_Sym *sym = (const void *)(elf + sh[i].sh_offset);
        const char *names = (const char *)elf + sh[sh[i].sh_link].sh_offset;

        if (sh[i].sh_type != SHT_SYMTAB)
            continue;
        for (size_t n = sh[i].sh_size / sizeof(*sym), k = 0; k < n; k++)
            if (!strcmp(names + sym[k].st_name, name))
                return sym[k].st_value - base;
    }
    fail("an entry symbol is missing");
    return 0;
}

/*
 * Copies the loadable segments to their places; @return the image, *@filled bytes of which have
 * contents.
 */
static uint8_t *flatten(const uint8_t *elf, uint64_t base, size_t *filled, size_t *total)
{
    const Elf64_Ehdr *eh = (const void *)elf;
    const Elf64_Phdr *ph = (const void *)(elf + eh->e_phoff);
    uint8_t *image = calloc(1, 16 << 20);

    if (!image)
        fail("no memory");
    for (int i = 0; i < eh->e_phnum; i++) {
        size_t at = ph[i].p_vaddr - base;

        if (ph[i].p_type != PT_LOAD || !ph[i].p_memsz)
            continue;
        if (at + ph[i].p_memsz > 16 << 20)
            fail("the image is larger than 16 MiB");
        memcpy(image + at, elf + ph[i].p_offset, ph[i].p_filesz);
        if (ph[i].p_filesz && at + ph[i].p_filesz > *filled)
            *filled = at + ph[i].p_filesz;
        if (at + ph[i].p_memsz > *total)
            *total = at + ph[i].p_memsz;
    }
    return image;
}

static void fill_header(struct header *h, uint32_t entry, uint32_t pvh, size_t filled, size_t total)
{
    static const unsigned char ident[EI_NIDENT] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32,
                                                    ELFDATA2LSB, EV_CURRENT };

    memcpy(h->ehdr.e_ident, ident, sizeof(ident));
    h->ehdr.e_type = ET_EXEC;
    h->ehdr.e_machine = EM_386;
    h->ehdr.e_version = EV_CURRENT;
    h->ehdr.e_entry = LOAD_ADDRESS + entry;
    h->ehdr.e_phoff = offsetof(struct header, phdr);
    h->ehdr.e_ehsize = sizeof(h->ehdr);
    h->ehdr.e_phentsize = sizeof(h->phdr[0]);
    h->ehdr.e_phnum = 2;
    h->phdr[0] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset = SEGMENT_OFFSET,
                               .p_vaddr = LOAD_ADDRESS,
                               .p_paddr = LOAD_ADDRESS, .p_filesz = filled, .p_memsz = total,
                               .p_flags = PF_R | PF_W | PF_X, .p_align = 0x1000 };
    h->phdr[1] = (Elf32_Phdr){ .p_type = PT_NOTE, .p_offset = offsetof(struct header, note),
                               .p_filesz = sizeof(h->note), .p_memsz = sizeof(h->note), .p_flags = PF_R, .p_align = 4 };
    h->note = (struct note){ .head = { 4, 4, XEN_ELFNOTE_PHYS32_ENTRY }, .name = "Xen",
                             .entry = LOAD_ADDRESS + pvh };
}

int main(int argc, char **argv)
{
    static union {
        struct header h;
        uint8_t bytes[SEGMENT_OFFSET];
    } head;
    size_t size, filled = 0, total = 0;
    FILE *out;

    if (argc != 3)
        fail("usage: mkimage INPUT OUTPUT");
    uint8_t *elf = read_file(argv[1], &size);
    const Elf64_Phdr *ph = (const void *)(elf + ((const Elf64_Ehdr *)(const void *)elf)->e_phoff);
    uint64_t base = ph[0].p_vaddr;
    uint8_t *image = flatten(elf, base, &filled, &total);

    fill_header(&head.h, symbol(elf, "boot_start", base), symbol(elf, "pvh_start", base), filled,
                total);
    out = fopen(argv[2], "wb");
    if (!out || fwrite(&head, sizeof(head), 1, out) != 1 || fwrite(image, filled, 1, out) != 1 ||
        fclose(out))
        fail("cannot write the output");
    return 0;
}
