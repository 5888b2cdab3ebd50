/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lib/elf.c and lib/elf_xen.c with a kernel made here: what its notes say is
 * found by all three ways, each broken field is refused, and tens of thousands
 * of damaged and cut files are read within their bounds (the sanitizer watches).
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#undef ELF_UNSET
#define HV_ERRNO_H
#include <errno.h>
#include "lib/crc32.c"
#include "lib/decompress.c"
#include "lib/decompress/arena.c"
#include "lib/elf.c"
#include "lib/elf_xen.c"
#include "lib/parse.c"

/* Not needed here: the recognition by magic is. */
#define NO_UNPACK(n) int unpack_##n(struct decompress_job *job) { return -EINVAL; }
NO_UNPACK(gzip)
NO_UNPACK(bzip2)
NO_UNPACK(lzma)
NO_UNPACK(xz)
NO_UNPACK(lzo)
NO_UNPACK(lz4)
NO_UNPACK(zstd)

#define BASE 0xffffffff80000000ul
#define FILE_SIZE 0x3000

static u8 *kernel;

static void add_note(u8 **p, u32 type, const void *desc, u32 size)
{
    u32 head[3] = { 4, size, type };

    memcpy(*p, head, 12);
    memcpy(*p + 12, "Xen", 4);
    memcpy(*p + 16, desc, size);
    *p += 16 + ROUND_UP(size, 4u);
}

static void add_number(u8 **p, u32 type, u64 v)
{
    add_note(p, type, &v, 8);
}

enum where { IN_SEGMENT, IN_SECTION, OLD_STRING };

/* 0x0 headers, 0x200 notes, 0x800 section headers, 0xc00 names, 0x1000.. the one segment. */
static void make_kernel(enum where where)
{
    static const char old[] = "GUEST_OS=old,VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0x0,HYPERCALL_PAGE=0x1001,"
                              "VIRT_ENTRY=0xffffffff81000040,FEATURES=pae_pgdir_above_4gb|!writable_page_tables,LOADER=generic";
    Elf64_Ehdr *eh;
    Elf64_Phdr *ph;
    Elf64_Shdr *sh;
    u8 *p;
    u32 bits = 1u << XENFEAT_dom0;

    free(kernel);
    kernel = calloc(1, FILE_SIZE);
    eh = (void *)kernel;
    memcpy(eh->e_ident, ELFMAG, 4);
    eh->e_ident[EI_CLASS] = ELFCLASS64;
    eh->e_ident[EI_DATA] = ELFDATA2LSB;
    eh->e_type = ET_EXEC;
    eh->e_machine = EM_X86_64;
    eh->e_entry = 0x1000000;
    eh->e_phoff = 0x40;
    eh->e_phentsize = sizeof(*ph);
    eh->e_phnum = where == IN_SEGMENT ? 2 : 1;
    eh->e_shoff = 0x800;
    eh->e_shentsize = sizeof(*sh);
    eh->e_shnum = 3;
    eh->e_shstrndx = 2;
    ph = (void *)(kernel + 0x40);
    ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x1000, .p_vaddr = BASE + 0x1000000, .p_paddr = 0x1000000,
                          .p_filesz = 0x2000, .p_memsz = 0x5000 };
    ph[1] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = 0x200 };
    p = kernel + 0x200;
    if (where == OLD_STRING) {
        memcpy(p, old, sizeof(old));
        p += sizeof(old);
    } else {
        add_note(&p, XEN_ELFNOTE_GUEST_OS, "linux", 6);
        add_number(&p, XEN_ELFNOTE_VIRT_BASE, BASE);
        add_number(&p, XEN_ELFNOTE_ENTRY, BASE + 0x1000040);
        add_number(&p, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x1001000);
        add_number(&p, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
        add_note(&p, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb", 41);
        add_note(&p, XEN_ELFNOTE_SUPPORTED_FEATURES, &bits, 4);
        add_number(&p, XEN_ELFNOTE_MOD_START_PFN, 1);
    }
    ph[1].p_filesz = (u64)(p - kernel) - 0x200;
    sh = (void *)(kernel + 0x800);
    sh[1] = (Elf64_Shdr){ .sh_name = 1, .sh_type = where == IN_SECTION ? SHT_NOTE : SHT_PROGBITS, .sh_offset = 0x200,
                          .sh_size = (u64)(p - kernel) - 0x200 };
    sh[2] = (Elf64_Shdr){ .sh_name = 13, .sh_type = SHT_STRTAB, .sh_offset = 0xc00, .sh_size = 23 };
    memcpy(kernel + 0xc00, "\0__xen_guest\0.shstrtab", 23);
}

static int parse(const void *data, size_t len, struct elf *e, struct elf_xen *x, const char **why)
{
    int rc;

    *why = NULL;
    rc = elf_open(e, data, len, why);
    if (!rc)
        rc = elf_xen_parse(e, x, why);
    CHECK(!rc || *why);
    return rc;
}

static void test_notes(void)
{
    struct elf e;
    struct elf_xen x;
    struct elf_segment s;
    const char *why;

    for (enum where w = IN_SEGMENT; w <= OLD_STRING; w++) {
        make_kernel(w);
        CHECK(!parse(kernel, FILE_SIZE, &e, &x, &why));
        CHECK(x.virt_base == BASE && x.paddr_offset == 0);
        CHECK(x.entry == BASE + 0x1000040);
        CHECK(x.hypercall_page == BASE + 0x1001000);
        CHECK(x.required == 1u << XENFEAT_writable_page_tables);
        CHECK(x.supported & 1u << XENFEAT_pae_pgdir_above_4gb);
        CHECK(x.virt_start == BASE + 0x1000000 && x.virt_end == BASE + 0x1005000);
        CHECK(!elf_segment(&e, 0, &s) && elf_xen_vaddr(&x, &s) == BASE + 0x1000000);
        CHECK(s.data == kernel + 0x1000 && s.file_size == 0x2000);
        CHECK(!strcmp(x.os, w == OLD_STRING ? "old" : "linux"));
        CHECK(x.mod_start_pfn == (w != OLD_STRING) && x.has_supported == (w != OLD_STRING));
        CHECK(x.init_p2m == (w == OLD_STRING ? ELF_UNSET : 0x8000000000));
    }
}

/* Each change makes the good kernel a bad one. */
static void test_refused(void)
{
    struct elf e;
    struct elf_xen x;
    const char *why;

#define BAD(change, text)                                                             \
    do {                                                                              \
        make_kernel(IN_SEGMENT);                                                      \
        Elf64_Ehdr *eh = (void *)kernel;                                              \
        Elf64_Phdr *ph = (void *)(kernel + 0x40);                                     \
        (void)eh, (void)ph;                                                           \
        change;                                                                       \
        CHECK(parse(kernel, FILE_SIZE, &e, &x, &why) == -EINVAL && strstr(why, text)); \
    } while (0)
    BAD(kernel[0] = 0, "not an ELF");
    BAD(eh->e_ident[EI_CLASS] = ELFCLASS32, "64-bit");
    BAD(eh->e_machine = EM_386, "64-bit");
    BAD(eh->e_type = ET_REL, "executable");
    BAD(eh->e_phnum = 0xffff, "cut off");
    BAD(eh->e_phoff = ~0ul - 8, "cut off");
    BAD(eh->e_phentsize = 32, "cut off");
    BAD(eh->e_shoff = FILE_SIZE - 10, "cut off");
    BAD(ph[0].p_filesz = 0x2001, "program headers");
    BAD(ph[0].p_memsz = 0x1000, "program headers");
    BAD(ph[0].p_paddr = ~0ul - 0x1000, "program headers");
    BAD(ph[0].p_offset = ~0ul, "program headers");
    BAD(ph[0].p_type = 0, "program headers");
    BAD((ph[1].p_type = 0, eh->e_shnum = 0), "no Xen notes");
    BAD(ph[0].p_paddr = 0x2000000, "outside");
    BAD(kernel[0x200 + 24 * 3 + 22] = 7, "outside"); /* the hypercall page's address */
#undef BAD
}

static void test_required_feature(void)
{
    struct elf e;
    struct elf_xen x;
    const char *why;

    make_kernel(IN_SEGMENT);
    for (u8 *p = kernel + 0x200; p < kernel + 0x400; p++)
        if (!memcmp(p, "!writable", 9))
            p[5] = 'X';
    CHECK(parse(kernel, FILE_SIZE, &e, &x, &why) == -EINVAL && strstr(why, "requires a feature"));
}

static void test_damaged(void)
{
    struct elf e;
    struct elf_xen x;
    const char *why;

    srand(3);
    for (int i = 0; i < 30000; i++) {
        size_t len = i % 3 ? FILE_SIZE : (size_t)rand() % FILE_SIZE;
        u8 *copy;

        make_kernel((enum where)(i % 3));
        for (int k = rand() % 4; k >= 0; k--)
            kernel[rand() % (i % 2 ? 0x100 : 0xd00)] = rand() % 2 ? 0xff : (u8)rand();
        copy = malloc(len);
        memcpy(copy, kernel, len);
        parse(copy, len, &e, &x, &why);
        free(copy);
    }
}

static void test_bzimage(void)
{
    struct bzimage b;
    const char *why;
    u8 *p = calloc(1, 8192);

    CHECK(bzimage_open(&b, p, 8192, &why) == -ENOENT);
    memcpy(p + BZ_MAGIC, "HdrS", 4);
    p[BZ_VERSION] = 7, p[BZ_VERSION + 1] = 2;
    CHECK(bzimage_open(&b, p, 8192, &why) == -EINVAL && strstr(why, "too old"));
    p[BZ_VERSION] = 0xf;
    p[BZ_SETUP_SECTS] = 2;
    p[BZ_PAYLOAD_OFFSET] = 16;
    p[BZ_PAYLOAD_LENGTH + 1] = 0x10; /* 4096 */
    memcpy(p + 1536 + 16, "\xfd\x37zXZ", 5);
    p[1536 + 16 + 4092] = 0x80;
    CHECK(!bzimage_open(&b, p, 8192, &why) && b.payload == p + 1552 && b.payload_len == 4092 && b.unpacked_len == 0x80);
    memcpy(p + 1536 + 16, "\x1f\x8b\x08", 3);
    CHECK(!bzimage_open(&b, p, 8192, &why) && b.payload_len == 4096);
    CHECK(bzimage_open(&b, p, 5000, &why) == -EINVAL && strstr(why, "cut off"));
    CHECK(bzimage_open(&b, p, 0x24f, &why) == -ENOENT);
    memset(p + BZ_PAYLOAD_OFFSET, 0xff, 8);
    CHECK(bzimage_open(&b, p, 8192, &why) == -EINVAL);
    memset(p + BZ_PAYLOAD_OFFSET, 0, 8);
    CHECK(bzimage_open(&b, p, 8192, &why) == -EINVAL);
    free(p);
}

int main(void)
{
    TEST(test_notes);
    TEST(test_refused);
    TEST(test_required_feature);
    TEST(test_damaged);
    TEST(test_bzimage);
    free(kernel);
    return TEST_RESULT();
}
