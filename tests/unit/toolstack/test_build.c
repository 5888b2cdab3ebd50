/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain builder against a fake hypervisor: guest memory is an array, machine frames are in
 * reverse order. A made-up kernel is built whole and the result is walked as the guest would see it;
 * broken kernels of every kind must be refused without a crash, and every hypercall that fails must
 * end the build with a reason.
 */
#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "libbuild/elf.c"
#undef PAGE_ROUND
#include "libbuild/kernel.c"
#include "libbuild/layout.c"
#include "libbuild/ptab.c"
#include "libbuild/pv.c"
#include "libbuild/unpack.c"
#include "libbuild/xz.c"
#include "libbuild/lzma.c"

#include "../hypervisor/check.h"

#define PAGES      8192u                 /* 32 MiB of guest memory */
#define MFN_TOP    0x90000u              /* frame n of the guest is machine frame MFN_TOP - n */
#define VIRT_BASE  0xffffffff80000000ULL
#define SHARED_MFN 0x1234u

/* ---- the fake hypervisor ---- */

static uint8_t *memory;                  /* PAGES pages */
static uint8_t shared_page[4096], grant_page[4096];
static unsigned int calls, fail_at;      /* the call that fails; 0: none */
static uint64_t claimed, populated, pinned, hypercall_mfn, map_end;
static int mappings;
static vcpu_guest_context_t context;

static int step(void)
{
    return ++calls == fail_at ? -EIO : 0;
}

void *hv_buf_get(struct hv *hv, size_t bytes)
{
    return calloc(1, bytes);
}

void hv_buf_put(struct hv *hv, void *buf, size_t bytes)
{
    free(buf);
}

int hv_claim_pages(struct hv *hv, uint32_t domid, uint64_t pages)
{
    int rc = step();

    claimed = pages;
    return rc ? -ENOMEM : 0;
}

/* Gives only half of the 2 MiB extents, so that the builder must go on with single pages. */
long hv_populate(struct hv *hv, uint32_t domid, xen_pfn_t *extents, unsigned long count,
                 unsigned int order)
{
    unsigned long done = order && count > 2 ? count / 2 : count;

    if (step())
        return 0;
    for (unsigned long i = 0; i < done; i++) {
        CHECK(extents[i] + (1UL << order) <= PAGES);
        /* Frames of an extent lie in a row, extents do not. */
        extents[i] = order ? MFN_TOP - 32768 - (extents[i] & ~511UL) * 2 : MFN_TOP - extents[i];
    }
    populated += done << order;
    return (long)done;
}

static uint64_t mfn_to_pfn(uint64_t mfn)
{
    if (mfn > MFN_TOP - 16384)
        return MFN_TOP - mfn;
    for (uint64_t base = 0; base < PAGES; base += 512) {
        uint64_t first = MFN_TOP - 32768 - base * 2;

        if (mfn >= first && mfn < first + 512)
            return base + (mfn - first);
    }
    return UINT64_MAX;
}

/* Copies pages in and out, because the fake memory is not mapped twice: see hv_unmap. */
static struct {
    void *addr;
    xen_pfn_t *frames;
    size_t count;
} maps[8];

int hv_map_foreign(struct hv *hv, uint32_t domid, const xen_pfn_t *frames, size_t count, int prot,
                   void **addr)
{
    size_t i = 0;

    if (step())
        return -EIO;
    if (count == 1 && frames[0] == SHARED_MFN) {
        *addr = shared_page;
        return 0;
    }
    while (maps[i].addr)
        i++;
    maps[i].addr = malloc(count * 4096);
    maps[i].frames = malloc(count * sizeof(*frames));
    maps[i].count = count;
    memcpy(maps[i].frames, frames, count * sizeof(*frames));
    for (size_t j = 0; j < count; j++) {
        uint64_t pfn = mfn_to_pfn(frames[j]);

        CHECK(pfn < PAGES);
        memcpy((char *)maps[i].addr + j * 4096, memory + pfn * 4096, 4096);
    }
    *addr = maps[i].addr;
    mappings++;
    return 0;
}

void hv_unmap(void *addr, size_t count)
{
    for (size_t i = 0; i < 8; i++) {
        if (!addr || maps[i].addr != addr)
            continue;
        CHECK(maps[i].count == count);
        for (size_t j = 0; j < count; j++)
            memcpy(memory + mfn_to_pfn(maps[i].frames[j]) * 4096, (char *)addr + j * 4096, 4096);
        free(maps[i].frames);
        free(addr);
        maps[i].addr = NULL;
        mappings--;
    }
}

int hv_map_grant_table(struct hv *hv, uint32_t domid, uint32_t first, size_t count, void **addr)
{
    *addr = grant_page;
    return step();
}

int hv_pin_table(struct hv *hv, uint32_t domid, unsigned int level, xen_pfn_t mfn)
{
    /* A table that is still mapped for writing cannot become a page table. */
    CHECK(mappings == 0 && level == 4);
    pinned = mfn;
    return step();
}

int hv_evtchn_alloc_unbound(struct hv *hv, uint32_t domid, uint32_t remote)
{
    return step() ? -EIO : (int)calls;
}

int hv_set_memory_map(struct hv *hv, uint32_t domid, uint64_t bytes)
{
    map_end = bytes;
    return step();
}

int hv_domain_info(struct hv *hv, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    info->shared_info_frame = SHARED_MFN;
    return step();
}

int hv_domain_set_hypercall_page(struct hv *hv, uint32_t domid, uint64_t gmfn)
{
    hypercall_mfn = gmfn;
    return step();
}

int hv_vcpu_set_context(struct hv *hv, uint32_t domid, uint32_t vcpu,
                        const vcpu_guest_context_t *c)
{
    context = *c;
    return step();
}

int64_t hv_free_pages(struct hv *hv)
{
    return 100;
}

/* ---- a kernel ---- */

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

static void reset(void)
{
    memset(memory, 0x5a, PAGES * 4096ul);
    memset(shared_page, 0x5a, sizeof(shared_page));
    memset(grant_page, 0, sizeof(grant_page));
    calls = fail_at = 0;
    populated = 0;
}

/* What the guest reads at virtual address VA, by walking its tables; NULL if not mapped. */
static uint8_t *walk(uint64_t va, bool *writable)
{
    uint64_t mfn = pinned;

    for (int level = 4; level >= 1; level--) {
        uint64_t *table = (uint64_t *)(memory + mfn_to_pfn(mfn) * 4096);
        uint64_t entry = table[va >> (12 + 9 * (level - 1)) & 511];

        if (!(entry & 1))
            return NULL;
        mfn = entry >> 12 & 0xffffffffffULL;
        *writable = entry & 2;
    }
    return memory + mfn_to_pfn(mfn) * 4096 + (va & 4095);
}

static int build(struct kernel_file *file, int ramdisk, uint64_t ramdisk_size,
                 struct pv_result *res, struct build_error *err)
{
    struct kernel_image k;
    struct pv_params p = {
        .domid = 7, .nr_pages = PAGES, .map_bytes = 64 << 20, .cmdline = "hello world",
        .ramdisk_fd = ramdisk, .ramdisk_size = ramdisk_size,
    };
    struct hv hv;

    if (parse(file, &k, err))
        return -1;
    return pv_build(&hv, &k, &p, res, err);
}

static int make_ramdisk(size_t size)
{
    int fd = memfd_create("ramdisk", 0);
    char byte = 0x77;

    for (size_t i = 0; i < size; i++)
        if (write(fd, &byte, 1) != 1)
            abort();
    return fd;
}

static void check_running(bool moved_list)
{
    struct kernel_file k;
    struct build_error err;
    struct pv_result res;
    start_info_t *si;
    uint64_t *list;
    int fd = make_ramdisk(5000);
    bool w;

    reset();
    make_kernel(&k, moved_list ? 0x8000000000ULL : 0);
    CHECK(build(&k, fd, 5000, &res, &err) == 0);
    CHECK(mappings == 0 && claimed == 0 && populated == PAGES);
    CHECK(context.user_regs.rip == VIRT_BASE + TEXT_PADDR + 0x10);
    CHECK(xen_cr3_to_pfn(context.ctrlreg[3]) == pinned);
    CHECK(*walk(VIRT_BASE + TEXT_PADDR, &w) == 0xaa && w);
    CHECK(*walk(VIRT_BASE + TEXT_PADDR + 0x3000, &w) == 0xbb);
    CHECK(*walk(VIRT_BASE + TEXT_PADDR + 0x3800, &w) == 0);     /* bss */
    CHECK(*walk(VIRT_BASE + TEXT_PADDR + 0x57ff, &w) == 0);
    CHECK(mfn_to_pfn(hypercall_mfn) == (TEXT_PADDR + 0x1000) >> 12);
    si = (start_info_t *)walk(context.user_regs.rsi, &w);
    CHECK(!strcmp(si->magic, "xen-3.0-x86_64") && si->nr_pages == PAGES);
    CHECK(!strcmp((char *)si->cmd_line, "hello world"));
    CHECK(si->shared_info == (uint64_t)SHARED_MFN << 12 && map_end == 64 << 20);
    CHECK(si->store_mfn == res.store_mfn && si->store_evtchn == res.store_port);
    CHECK(si->console.domU.mfn == res.console_mfn);
    /* Every table is mapped read-only, all else writable. */
    CHECK(mfn_to_pfn(pinned) == (si->pt_base - VIRT_BASE) >> 12);
    for (uint64_t i = 0; i < si->nr_pt_frames; i++)
        CHECK(walk(si->pt_base + i * 4096, &w) && !w);
    list = (uint64_t *)walk(si->mfn_list, &w);
    CHECK(list && w);
    for (uint64_t pfn = 0; pfn < PAGES; pfn++) {
        uint64_t *slot = (uint64_t *)walk(si->mfn_list + pfn * 8, &w);

        CHECK(slot && mfn_to_pfn(*slot) == pfn);
        if (!slot || mfn_to_pfn(*slot) != pfn)
            break;
    }
    CHECK(si->mod_len == 5000);
    if (moved_list) {
        CHECK(si->flags & SIF_MOD_START_PFN && si->mfn_list == 0x8000000000ULL);
        CHECK(memory[si->mod_start * 4096] == 0x77 && memory[si->mod_start * 4096 + 4999] == 0x77);
        CHECK(memory[si->mod_start * 4096 + 5000] == 0);
        CHECK(si->nr_p2m_frames == PAGES * 8 / 4096 + 3);
        for (uint64_t i = 0; i < 3; i++) {
            uint64_t va = VIRT_BASE + (si->first_p2m_pfn + i) * 4096;

            CHECK(!walk(va, &w) || !w);
        }
    } else {
        CHECK(!(si->flags & SIF_MOD_START_PFN) && si->first_p2m_pfn == 0);
        CHECK(*walk(si->mod_start, &w) == 0x77 && *walk(si->mod_start + 4999, &w) == 0x77);
    }
    /* At least 512 KiB are mapped behind the stack, and the region ends on 4 MiB. */
    CHECK(walk(context.user_regs.rsp + (512 << 10) - 1, &w) && w);
    CHECK(((shared_info_t *)shared_page)->vcpu_info[0].evtchn_upcall_mask == 1);
    CHECK(((grant_entry_v1_t *)grant_page)[1].frame == res.store_mfn);
    CHECK(((grant_entry_v1_t *)grant_page)[0].flags == GTF_permit_access);
    close(fd);
}

static void builds_list_inside(void)
{
    check_running(false);
}

static void builds_list_outside(void)
{
    check_running(true);
}

/* Whatever call fails, the build ends with a reason, and nothing stays mapped. */
static void every_failure(void)
{
    struct kernel_file k;
    struct build_error err;
    struct pv_result res;
    unsigned int last;
    int fd = make_ramdisk(100);

    make_kernel(&k, 0x8000000000ULL);
    reset();
    CHECK(build(&k, fd, 100, &res, &err) == 0);
    last = calls;
    CHECK(last > 15);
    for (unsigned int i = 1; i <= last; i++) {
        int rc;

        reset();
        fail_at = i;
        err.text[0] = '\0';
        rc = build(&k, fd, 100, &res, &err);
        /* A populate call that fails is made up for by the next one; giving back a claim may fail. */
        CHECK(rc != 0 || populated == PAGES);
        CHECK(rc == 0 || *err.text);
        CHECK(mappings == 0);
    }
    close(fd);
}

static void too_small(void)
{
    struct kernel_file k;
    struct kernel_image image;
    struct pv_params p = { .nr_pages = 4096, .ramdisk_fd = -1, .cmdline = "" };
    struct build_error err;
    struct pv_layout l;

    make_kernel(&k, 0);
    CHECK(parse(&k, &image, &err) == 0);
    CHECK(pv_layout(&image, &p, &l, &err) == -ENOMEM);
    CHECK(!strcmp(err.text, "memory is too small for kernel and ramdisk: they need 20 MiB, the guest "
                  "has 16: raise memory="));
    p.nr_pages = PAGES;
    CHECK(pv_layout(&image, &p, &l, &err) == 0);
    p.ramdisk_size = 64 << 20;
    CHECK(pv_layout(&image, &p, &l, &err) == -ENOMEM);
}

static void long_command_line(void)
{
    struct kernel_file k;
    struct kernel_image image;
    char line[MAX_GUEST_CMDLINE + 1];
    struct pv_params p = { .nr_pages = PAGES, .ramdisk_fd = -1, .cmdline = line };
    struct build_error err;
    struct pv_result res;
    struct hv hv;

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    make_kernel(&k, 0);
    CHECK(parse(&k, &image, &err) == 0);
    CHECK(pv_build(&hv, &image, &p, &res, &err) == -E2BIG);
}

/* ---- broken kernels ---- */

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

/* ---- compressions ---- */

/* Packs the kernel with COMMAND and checks that it is unpacked to the same. */
static void one_format(const char *name, const char *command)
{
    char path[] = "/tmp/hospes-kernel-XXXXXX", line[256];
    struct kernel_file k;
    struct kernel_image image;
    struct build_error err = { "" };
    int fd = mkstemp(path);

    make_kernel(&k, 0);
    CHECK(write(fd, k.bytes, sizeof(k.bytes)) == (ssize_t)sizeof(k.bytes));
    close(fd);
    snprintf(line, sizeof(line), "%s < %s > %s.packed 2>/dev/null", command, path, path);
    if (system(line)) {
        printf("  %s: not packed, '%s' is missing\n", name, command);
        CHECK(!strcmp(name, "lzo"));    /* the one packer that may be absent */
    } else {
        snprintf(line, sizeof(line), "%s.packed", path);
        CHECK(kernel_open(line, &image, &err) == 0);
        CHECK(!strcmp(image.packing, name));
        CHECK(image.elf_size == sizeof(k.bytes) && !memcmp(image.elf, k.bytes, sizeof(k.bytes)));
        if (*err.text)
            printf("  %s: %s\n", name, err.text);
        kernel_close(&image);
        /* Cut short, it must be refused. */
        CHECK(truncate(line, 100) == 0);
        CHECK(kernel_open(line, &image, &err) == -ENOEXEC);
        unlink(line);
    }
    unlink(path);
}

static void compressions(void)
{
    one_format("gzip", "gzip -9");
    one_format("bzip2", "bzip2 -9");
    one_format("xz", "xz --check=crc32 --x86 --lzma2=dict=32MiB");
    one_format("lzma", "xz --format=lzma -9");
    one_format("lz4", "lz4 -l -9");
    one_format("zstd", "zstd -19");
    one_format("lzo", "lzop -9");
}

/* Text with repetitions of every distance, zeros, noise, and bytes that look like branches. */
static void make_data(uint8_t *data, size_t size, unsigned int seed)
{
    for (size_t i = 0; i < size;) {
        unsigned int kind = (unsigned int)rand_r(&seed) % 6, n = (unsigned int)rand_r(&seed) % 700;

        for (; n && i < size; n--, i++) {
            size_t back = 1 + (size_t)rand_r(&seed) % (kind == 1 ? 12 : 4000);

            if (kind == 0)
                data[i] = 0;
            else if (kind == 1)
                data[i] = i > 12 ? data[i - 1 - kind % 12] : 1;
            else if (kind == 2)
                data[i] = (uint8_t)rand_r(&seed);
            else if (kind == 3)
                data[i] = i >= back ? data[i - back] : 7;
            else if (kind == 4)
                data[i] = (uint8_t)("\xe8\xe9\x00\xff\xe8\x12"[rand_r(&seed) % 6]);
            else
                data[i] = i % 5 == 0 ? 0xe8 : i % 5 == 4 ? 0xff * (i / 5 % 2) : (uint8_t)(i / 64);
        }
    }
}

/* Our xz reader against xz's packer: every filter, many kinds of data; then damage of every kind. */
static void xz_against_packer(void)
{
    static uint8_t data[300000], packed[400000];
    unsigned int seed = 3, refused = 0;

    for (int round = 0; round < 60; round++) {
        size_t size = 1 + (size_t)rand_r(&seed) % sizeof(data), out_pos = 0;
        lzma_options_lzma options;
        lzma_filter filters[3] = { { LZMA_FILTER_X86, NULL }, { LZMA_FILTER_LZMA2, &options },
                                   { LZMA_VLI_UNKNOWN, NULL } };
        struct sink out;

        lzma_lzma_preset(&options, (uint32_t)(round % 10));
        options.lc = (uint32_t)round % 4;
        options.lp = (uint32_t)round / 4 % (5 - options.lc);
        options.pb = (uint32_t)round / 8 % 5;
        make_data(data, size, seed);
        CHECK(lzma_stream_buffer_encode(filters + (round & 1), (lzma_check)(round % 3 ? 1 : 4), NULL,
                                        data, size, packed, &out_pos, sizeof(packed)) == LZMA_OK);
        CHECK(sink_open(&out, 4096) == 0);
        CHECK(xz_unpack(packed, out_pos, &out) == 0);
        CHECK(out.size == size && !memcmp(out.buf, data, size));
        munmap(out.buf, out.capacity);
        for (int i = 0; i < 40; i++) {
            size_t at = (size_t)rand_r(&seed) % out_pos;
            uint8_t was = packed[at];
            size_t cut = i % 4 ? out_pos : (size_t)rand_r(&seed) % out_pos;
            uint8_t *exact = malloc(cut ? cut : 1);

            packed[at] = (uint8_t)rand_r(&seed);
            memcpy(exact, packed, cut);
            CHECK(sink_open(&out, 4096) == 0);
            refused += xz_unpack(exact, cut, &out) != 0;
            munmap(out.buf, out.capacity);
            free(exact);
            packed[at] = was;
        }
    }
    CHECK(refused > 1200);
}

int main(void)
{
    memory = malloc(PAGES * 4096ul);
    TEST(builds_list_inside);
    TEST(builds_list_outside);
    TEST(every_failure);
    TEST(too_small);
    TEST(long_command_line);
    TEST(broken_headers);
    TEST(broken_segments);
    TEST(broken_notes);
    TEST(broken_bzimage);
    TEST(mutations);
    TEST(compressions);
    TEST(xz_against_packer);
    free(memory);
    return TEST_RESULT();
}
