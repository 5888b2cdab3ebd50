/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain builder against a fake hypervisor: a made-up kernel is built whole and the result is walked as the guest would
 * see it; every hypercall that fails must end the build with a reason.
 */
#include "build_host.h"

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

int main(void)
{
    memory = malloc(PAGES * 4096ul);
    TEST(builds_list_inside);
    TEST(builds_list_outside);
    TEST(every_failure);
    TEST(too_small);
    TEST(long_command_line);
    free(memory);
    return TEST_RESULT();
}
