/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Broken kernels of every kind: each must be refused with its reason, and thousands of random mutations must neither crash
 * nor leave a mapping behind.
 */
#include "build_host.h"

static void expect(struct kernel_file *k, const char *what)
{
    struct kernel_image image;
    struct build_error err;
    int rc = parse(k, &image, &err);

    CHECK(rc == -ENOEXEC);
    CHECK(strstr(err.text, what) != NULL);
    if (!strstr(err.text, what))
        printf("  want '%s', got %d '%s'\n", what, rc, err.text);
    kernel_close(&image);
}

static void broken_headers(void)
{
    struct kernel_file k;
    Elf64_Ehdr *eh = (Elf64_Ehdr *)k.bytes;

    make_kernel(&k, 0);
    eh->e_ident[EI_CLASS] = ELFCLASS32;
    expect(&k, "not a 64-bit x86 kernel");
    make_kernel(&k, 0);
    eh->e_machine = EM_AARCH64;
    expect(&k, "not a 64-bit x86 kernel");
    make_kernel(&k, 0);
    eh->e_type = ET_REL;
    expect(&k, "not an executable");
    make_kernel(&k, 0);
    eh->e_phoff = UINT64_MAX - 8;
    expect(&k, "program headers lie outside");
    make_kernel(&k, 0);
    eh->e_phnum = 65000;
    expect(&k, "program headers lie outside");
    make_kernel(&k, 0);
    eh->e_phentsize = 8;
    expect(&k, "program headers lie outside");
    make_kernel(&k, 0);
    memcpy(k.bytes, "GARBAGE", 7);
    expect(&k, "not a kernel");
}

static void broken_segments(void)
{
    struct kernel_file k;

    make_kernel(&k, 0);
    phdr(&k, 0)->p_filesz = 0x100000;
    phdr(&k, 0)->p_memsz = 0x100000;
    expect(&k, "segment lies outside the file");
    make_kernel(&k, 0);
    phdr(&k, 0)->p_offset = UINT64_MAX - 0xfff;
    expect(&k, "segment lies outside the file");
    make_kernel(&k, 0);
    phdr(&k, 0)->p_memsz = 0x1000;
    expect(&k, "segment lies outside the file");
    make_kernel(&k, 0);
    phdr(&k, 1)->p_memsz = 1ULL << 50;
    expect(&k, "absurd size");
    make_kernel(&k, 0);
    phdr(&k, 1)->p_paddr = UINT64_MAX - 0x1000;
    expect(&k, "absurd size");
    make_kernel(&k, 0);
    phdr(&k, 1)->p_paddr = 1ULL << 45;
    expect(&k, "");
    make_kernel(&k, 0);
    phdr(&k, 0)->p_type = phdr(&k, 1)->p_type = PT_NULL;
    expect(&k, "nothing to load");
}

static void broken_notes(void)
{
    struct kernel_file k;

    make_kernel(&k, 0);
    phdr(&k, 2)->p_type = PT_NULL;
    expect(&k, "no Xen notes");
    make_kernel(&k, 0);
    phdr(&k, 2)->p_filesz = 8;
    expect(&k, "no Xen notes");
    make_kernel(&k, 0);
    ((Elf64_Nhdr *)(k.bytes + 0x800))->n_descsz = UINT32_MAX;
    expect(&k, "no Xen notes");
    make_kernel(&k, 0x8000000001ULL);
    expect(&k, "list of frames is absurd");
    make_kernel(&k, 0);
    add_number(&k, XEN_ELFNOTE_ENTRY, 0x1000);
    phdr(&k, 2)->p_filesz = k.note_end - 0x800;
    expect(&k, "entry point lies outside");
    make_kernel(&k, 0);
    add_number(&k, XEN_ELFNOTE_HYPERCALL_PAGE, VIRT_BASE);
    phdr(&k, 2)->p_filesz = k.note_end - 0x800;
    expect(&k, "hypercall page lies outside");
    make_kernel(&k, 0);
    add_note(&k, XEN_ELFNOTE_LOADER, "special", 8);
    phdr(&k, 2)->p_filesz = k.note_end - 0x800;
    expect(&k, "wants the loader 'special'");
    /* A kernel for PVH only. */
    make_kernel(&k, 0);
    k.note_end = 0x800;
    add_number(&k, XEN_ELFNOTE_PHYS32_ENTRY, 0x1000010);
    phdr(&k, 2)->p_filesz = k.note_end - 0x800;
    expect(&k, "only start as PVH");
}

static void broken_bzimage(void)
{
    uint8_t file[0x2000] = { 0 };
    struct kernel_image image = { .elf = NULL };
    struct build_error err;

    memcpy(file + BZ_MAGIC, "HdrS", 4);
    file[BZ_VERSION] = 5;
    file[BZ_VERSION + 1] = 2;
    CHECK(kernel_parse(file, sizeof(file), &image, &err) == -ENOEXEC);
    CHECK(strstr(err.text, "boot protocol 2.05 is too old") != NULL);
    file[BZ_VERSION] = 12;
    file[BZ_PAYLOAD_LENGTH + 3] = 0x7f;
    CHECK(kernel_parse(file, sizeof(file), &image, &err) == -ENOEXEC);
    CHECK(strstr(err.text, "truncated") != NULL);
    /* A payload of nothing known. */
    memset(file + BZ_PAYLOAD_LENGTH, 0, 4);
    file[BZ_PAYLOAD_LENGTH + 1] = 1;
    CHECK(kernel_parse(file, sizeof(file), &image, &err) == -ENOEXEC);
    CHECK(strstr(err.text, "not a kernel") != NULL);
}

/* Random damage: refused or built, never a crash. */
static void mutations(void)
{
    unsigned int seed = 7;

    for (int round = 0; round < 3000; round++) {
        struct kernel_file k;
        struct build_error err;
        struct pv_result res;
        int n = 1 + rand_r(&seed) % 6;

        make_kernel(&k, round & 1 ? 0x8000000000ULL : 0);
        while (n--) {
            size_t limit = rand_r(&seed) % 2 ? 0x100 : 0x900;

            k.bytes[rand_r(&seed) % limit] = (uint8_t)rand_r(&seed);
        }
        calls = fail_at = 0;
        populated = 0;
        build(&k, -1, 0, &res, &err);
    }
    CHECK(mappings == 0);
}

int main(void)
{
    memory = malloc(PAGES * 4096ul);
    TEST(broken_headers);
    TEST(broken_segments);
    TEST(broken_notes);
    TEST(broken_bzimage);
    TEST(mutations);
    free(memory);
    return TEST_RESULT();
}
