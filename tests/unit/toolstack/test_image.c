/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saving and restoring a PV domain on a fake hypervisor: what comes out of the image is what went in, with other machine frames;
 * a guest that lies in its own tables is refused or loses only what it lied about; damaged images are refused or restored, and
 * never read or write outside (AddressSanitizer) or leave a mapping behind.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "libbuild/guest_p2m.c"
#include "libbuild/image_io.c"
#include "libbuild/image_tables.c"
#undef PER_PAGE
#undef VA_BITS
#undef PTE_PRESENT
#undef PTE_LARGE
#undef PTE_FRAME_MASK
#undef PAGES
#include "libbuild/pv_common.c"
#include "libbuild/restore.c"
#include "libbuild/restore_vcpus.c"
#include "libbuild/save.c"

#define FRAMES   4096u
#define PFNS     700u
#define PAGE     4096u
#define SHARED_A (FRAMES - 1)
#define SHARED_B (FRAMES - 2)
#define A        7u     /* the domain that is saved */
#define B        8u     /* the one that is restored */
#define OTHER    9u
#define VCPUS    2u
#define P2M_VA   0xffffc90000000000UL
#define PRESENT  1u

/* Frames of the guest. */
enum { P2M = 10, ROOT = 20, L3 = 21, L2 = 22, P2M_L1 = 23, DATA_L1 = 24, USER_ROOT = 25, GDT = 30, START_INFO = 31, STORE = 32,
       CONSOLE = 33, HOLE = 40, TWICE = 50, FOREIGN = 60 };

static uint8_t memory[FRAMES][PAGE];
static uint32_t owner[FRAMES], type_of[FRAMES];
static struct { vcpu_guest_context_t basic; struct xen_domctl_ext_vcpucontext ext; uint8_t x[832]; xen_domctl_vcpu_msr_t msr; }
    state[10][VCPUS];
static bool has_x[10][VCPUS];
static struct xen_domctl_tsc_info tsc_of[10];
static unsigned int next_frame, pinned, mappings, policy_leaves;
static uint8_t grants[PAGE];
static uint64_t a_mfn[PFNS];  /* A's frames */
static struct { uint8_t *at; xen_pfn_t frames[2048]; size_t count; bool writable; } maps[4];

/* ---- the hypervisor ---- */

void *hv_buf_get(struct hv *hv, size_t bytes) { return calloc(1, bytes); }
void hv_buf_put(struct hv *hv, void *buf, size_t bytes) { free(buf); }
long hv_version(struct hv *hv, unsigned int cmd, void *arg, size_t len) { return 4 << 16 | 17; }
int64_t hv_max_frame(struct hv *hv) { return FRAMES; }
int hv_domain_address_size(struct hv *hv, uint32_t domid) { return 64; }
int hv_evtchn_alloc_unbound(struct hv *hv, uint32_t domid, uint32_t remote) { return 5; }
int hv_set_memory_map(struct hv *hv, uint32_t domid, uint64_t bytes) { return 0; }

int hv_domain_info(struct hv *hv, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
    *info = (struct xen_domctl_getdomaininfo){ .shared_info_frame = domid == A ? SHARED_A : SHARED_B, .max_vcpu_id = VCPUS - 1 };
    return 0;
}

int hv_map_foreign(struct hv *hv, uint32_t domid, const xen_pfn_t *frames, size_t count, int prot, void **addr)
{
    size_t m = 0;

    for (size_t i = 0; i < count; i++)
        if (frames[i] >= FRAMES || owner[frames[i]] != domid)
            return -EINVAL;
    while (m < 4 && maps[m].at)
        m++;
    if (m == 4 || count > 2048)
        abort();
    maps[m].at = malloc(count * PAGE);
    maps[m].count = count;
    maps[m].writable = prot & PROT_WRITE;
    for (size_t i = 0; i < count; i++) {
        maps[m].frames[i] = frames[i];
        memcpy(maps[m].at + i * PAGE, memory[frames[i]], PAGE);
    }
    *addr = maps[m].at;
    mappings++;
    return 0;
}

void hv_unmap(void *addr, size_t count)
{
    for (size_t m = 0; addr && m < 4; m++) {
        if (maps[m].at != addr)
            continue;
        CHECK(maps[m].count == count);
        for (size_t i = 0; maps[m].writable && i < count; i++)
            memcpy(memory[maps[m].frames[i]], maps[m].at + i * PAGE, PAGE);
        free(addr);
        maps[m].at = NULL;
        mappings--;
        return;
    }
}

int hv_map_grant_table(struct hv *hv, uint32_t domid, uint32_t first, size_t count, void **addr)
{
    *addr = grants;
    return 0;
}

long hv_populate(struct hv *hv, uint32_t domid, xen_pfn_t *extents, unsigned long count, unsigned int order)
{
    for (unsigned long i = 0; i < count; i++) {
        if (next_frame < PFNS + 100) /* those are A's */
            return (long)i;
        owner[next_frame] = domid;
        extents[i] = next_frame--;
    }
    return (long)count;
}

int hv_frame_types(struct hv *hv, uint32_t domid, xen_pfn_t *frames, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        frames[i] = owner[frames[i]] == domid ? type_of[frames[i]] : XEN_DOMCTL_PFINFO_XTAB;
    return 0;
}

int hv_mmuext_ops(struct hv *hv, uint32_t domid, struct mmuext_op *ops, unsigned int count)
{
    CHECK(mappings == 0); /* a table that is mapped for writing cannot be pinned */
    for (unsigned int i = 0; i < count; i++) {
        if (ops[i].arg1.mfn >= FRAMES || owner[ops[i].arg1.mfn] != domid)
            return -EINVAL;
        type_of[ops[i].arg1.mfn] = XEN_DOMCTL_PFINFO_LPINTAB |
                                   (ops[i].cmd - MMUEXT_PIN_L1_TABLE + 1) << XEN_DOMCTL_PFINFO_LTAB_SHIFT;
        pinned++;
    }
    return 0;
}

int hv_domain_get_cpu_policy(struct hv *hv, uint32_t domid, xen_cpuid_leaf_t *leaves, unsigned int max)
{
    memset(leaves, 0x5a, 3 * sizeof(*leaves));
    return 3;
}

int hv_domain_set_cpu_policy(struct hv *hv, uint32_t domid, const xen_cpuid_leaf_t *leaves, unsigned int count)
{
    policy_leaves = count;
    return 0;
}

int hv_domain_get_tsc(struct hv *hv, uint32_t domid, struct xen_domctl_tsc_info *tsc) { *tsc = tsc_of[domid]; return 0; }
int hv_domain_set_tsc(struct hv *hv, uint32_t domid, const struct xen_domctl_tsc_info *tsc) { tsc_of[domid] = *tsc; return 0; }

int hv_vcpu_info(struct hv *hv, uint32_t domid, uint32_t vcpu, struct xen_domctl_getvcpuinfo *info)
{
    info->online = vcpu < VCPUS;
    return 0;
}

int hv_vcpu_get_context(struct hv *hv, uint32_t domid, uint32_t vcpu, vcpu_guest_context_t *c)
{
    *c = state[domid][vcpu].basic;
    return 0;
}

int hv_vcpu_set_context(struct hv *hv, uint32_t domid, uint32_t vcpu, const vcpu_guest_context_t *c)
{
    if (vcpu >= VCPUS)
        return -EINVAL;
    state[domid][vcpu].basic = *c;
    return 0;
}

int hv_vcpu_get_ext(struct hv *hv, uint32_t domid, uint32_t vcpu, struct xen_domctl_ext_vcpucontext *ext)
{
    *ext = state[domid][vcpu].ext;
    return 0;
}

int hv_vcpu_set_ext(struct hv *hv, uint32_t domid, uint32_t vcpu, const struct xen_domctl_ext_vcpucontext *ext)
{
    if (vcpu >= VCPUS)
        return -EINVAL;
    state[domid][vcpu].ext = *ext;
    return 0;
}

int hv_vcpu_get_xstate(struct hv *hv, uint32_t domid, uint32_t vcpu, void *out, size_t max)
{
    memcpy(out, state[domid][vcpu].x, sizeof(state[0][0].x));
    return sizeof(state[0][0].x);
}

int hv_vcpu_set_xstate(struct hv *hv, uint32_t domid, uint32_t vcpu, const void *x, size_t len)
{
    if (vcpu >= VCPUS || len != sizeof(state[0][0].x))
        return -EINVAL;
    memcpy(state[domid][vcpu].x, x, len);
    has_x[domid][vcpu] = true;
    return 0;
}

int hv_vcpu_get_msrs(struct hv *hv, uint32_t domid, uint32_t vcpu, xen_domctl_vcpu_msr_t *msrs, unsigned int max)
{
    *msrs = state[domid][vcpu].msr;
    return 1;
}

int hv_vcpu_set_msrs(struct hv *hv, uint32_t domid, uint32_t vcpu, const xen_domctl_vcpu_msr_t *msrs, unsigned int count)
{
    if (vcpu >= VCPUS || count != 1)
        return -EINVAL;
    state[domid][vcpu].msr = *msrs;
    return 0;
}

int build_fail(struct build_error *err, int rc, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    CHECK(rc < 0 && err->text[0]);
    return rc;
}

/* ---- the guest ---- */

static uint64_t *table(unsigned int pfn)
{
    return (uint64_t *)memory[a_mfn[pfn]];
}

static uint64_t pte(unsigned int pfn)
{
    return a_mfn[pfn] << 12 | PRESENT | 0x8000000000000060UL;
}

static void fill_registers(void)
{
    for (unsigned int v = 0; v < VCPUS; v++) {
        vcpu_guest_context_t *c = &state[A][v].basic;

        memset(&state[A][v], 0x11 * (int)(v + 1), sizeof(state[A][v]));
        c->gdt_ents = 512;
        c->gdt_frames[0] = a_mfn[GDT];
        c->ctrlreg[3] = a_mfn[ROOT] << 12;
        c->ctrlreg[1] = v ? 0 : a_mfn[USER_ROOT] << 12;
    }
    state[A][0].basic.user_regs.rdx = a_mfn[START_INFO];
}

static void fill_tables(void)
{
    for (unsigned int pfn = ROOT; pfn <= USER_ROOT; pfn++)
        memset(table(pfn), 0, PAGE);
    table(ROOT)[402] = pte(L3);
    table(ROOT)[256] = 0xdead0000 | PRESENT; /* the hypervisor's */
    table(L3)[0] = pte(L2);
    table(L2)[0] = pte(P2M_L1);
    table(L2)[1] = pte(DATA_L1);
    table(P2M_L1)[0] = pte(P2M);
    table(P2M_L1)[1] = pte(P2M + 1);
    for (unsigned int i = 0; i < 512; i += 3)
        table(DATA_L1)[i] = pte(i < HOLE || i > FOREIGN ? i : 1);
    table(DATA_L1)[1] = 0x1234000; /* not present: stays as it is */
    table(USER_ROOT)[0] = pte(L3);
    type_of[a_mfn[ROOT]] = XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB;
    type_of[a_mfn[USER_ROOT]] = XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB;
    type_of[a_mfn[L3]] = XEN_DOMCTL_PFINFO_L3TAB;
    type_of[a_mfn[L2]] = XEN_DOMCTL_PFINFO_L2TAB;
    type_of[a_mfn[P2M_L1]] = type_of[a_mfn[DATA_L1]] = XEN_DOMCTL_PFINFO_L1TAB;
}

static void make_guest(void)
{
    shared_info_t *shared = (void *)memory[SHARED_A];
    start_info_t *si;

    memset(owner, 0, sizeof(owner));
    memset(type_of, 0, sizeof(type_of));
    owner[SHARED_A] = A;
    for (unsigned int pfn = 0; pfn < PFNS; pfn++) {
        a_mfn[pfn] = 1 + (pfn * 37 + 11) % (PFNS + 1);
        owner[a_mfn[pfn]] = A;
        memset(memory[a_mfn[pfn]], (int)pfn * 7 + 1, PAGE);
    }
    fill_tables();
    memcpy(memory[a_mfn[P2M]], a_mfn, PAGE);
    memset(memory[a_mfn[P2M + 1]], 0xff, PAGE);
    memcpy(memory[a_mfn[P2M + 1]], a_mfn + 512, (PFNS - 512) * sizeof(*a_mfn));
    for (unsigned int i = 0; i < 10; i++)
        table(P2M)[HOLE + i] = i & 1 ? ~0UL : 1UL << 62 | i; /* nothing, and an identity */
    table(P2M)[TWICE + 1] = a_mfn[TWICE];
    owner[a_mfn[FOREIGN]] = OTHER;
    si = (void *)memory[a_mfn[START_INFO]];
    memset(si, 0, PAGE);
    snprintf((char *)si->cmd_line, sizeof(si->cmd_line), "root=xvda");
    si->store_mfn = STORE;
    si->console.domU.mfn = CONSOLE;
    memset(shared, 0x33, PAGE);
    shared->arch.max_pfn = PFNS;
    shared->arch.p2m_cr3 = a_mfn[ROOT] << 12;
    shared->arch.p2m_vaddr = P2M_VA;
    fill_registers();
    tsc_of[A] = (struct xen_domctl_tsc_info){ .tsc_mode = 2, .gtsc_khz = 2394000, .elapsed_nsec = 77, .incarnation = 3 };
}

/* A new domain B with nothing in it. */
static void make_room(void)
{
    for (unsigned int i = PFNS + 2; i < FRAMES; i++)
        if (owner[i] == B)
            owner[i] = type_of[i] = 0;
    memset(state[B], 0, sizeof(state[B]));
    memset(has_x[B], 0, sizeof(has_x[B]));
    memset(memory[SHARED_B], 0, PAGE);
    owner[SHARED_B] = B;
    next_frame = FRAMES - 3;
    pinned = policy_leaves = 0;
}

static int save(int *fd, struct build_error *err)
{
    int rc;

    *fd = memfd_create("image", 0);
    rc = pv_save(NULL, A, *fd, err);
    lseek(*fd, 0, SEEK_SET);
    CHECK(mappings == 0);
    return rc;
}

static int restore(int fd, uint64_t pages, struct pv_result *res, struct build_error *err)
{
    struct pv_params p = { .domid = B, .nr_pages = pages, .map_bytes = PFNS * PAGE };
    int rc;

    make_room();
    rc = pv_restore(NULL, fd, &p, res, err);
    CHECK(mappings == 0);
    return rc;
}

static const uint64_t *restored_list(void)
{
    static uint64_t list[1024];
    const uint64_t *root = (void *)memory[state[B][0].basic.ctrlreg[3] >> 12], *l3, *l2, *l1;

    l3 = (void *)memory[root[402] >> 12 & 0xfffff];
    l2 = (void *)memory[l3[0] >> 12 & 0xfffff];
    l1 = (void *)memory[l2[0] >> 12 & 0xfffff];
    memcpy(list, memory[l1[0] >> 12 & 0xfffff], PAGE);
    memcpy(list + 512, memory[l1[1] >> 12 & 0xfffff], PAGE);
    return list;
}

static bool is_table(unsigned int pfn)
{
    return pfn >= ROOT && pfn <= USER_ROOT;
}

static bool is_lost(unsigned int pfn)
{
    return (pfn >= HOLE && pfn < HOLE + 10) || pfn == TWICE + 1 || pfn == FOREIGN;
}

static void check_table(const uint64_t *list, unsigned int pfn)
{
    const uint64_t *was = table(pfn), *is = (void *)memory[list[pfn]];

    for (unsigned int i = 0; i < 512; i++) {
        uint64_t frame = was[i] >> 12 & 0xfffff, there = is[i] >> 12 & 0xfffff;

        if (pfn == ROOT && i == 256)
            CHECK(is[i] == 0);
        else if (!(was[i] & PRESENT))
            CHECK(is[i] == was[i]);
        else {
            unsigned int to = 0;

            while (to < PFNS && a_mfn[to] != frame)
                to++;
            CHECK(to < PFNS && there == list[to] && (was[i] & 0xfff) == (is[i] & 0xfff) && was[i] >> 63 == is[i] >> 63);
        }
    }
}

static void test_what_went_in_comes_out(void)
{
    struct build_error err;
    struct pv_result res;
    const uint64_t *list;
    const start_info_t *si;
    int fd;

    make_guest();
    CHECK(save(&fd, &err) == 0);
    CHECK(restore(fd, PFNS, &res, &err) == 0);
    CHECK(read(fd, &err, 1) == 0); /* all of it has been read */
    close(fd);
    list = restored_list();
    for (unsigned int pfn = 0; pfn < PFNS; pfn++) {
        if (is_lost(pfn))
            CHECK(list[pfn] == ~0UL);
        else if (is_table(pfn))
            check_table(list, pfn);
        else if (pfn != START_INFO && pfn != P2M && pfn != P2M + 1)
            CHECK(owner[list[pfn]] == B && !memcmp(memory[list[pfn]], memory[a_mfn[pfn]], PAGE));
    }
    CHECK(pinned == 2 && type_of[list[ROOT]] == type_of[a_mfn[ROOT]] && type_of[list[USER_ROOT]] == type_of[a_mfn[USER_ROOT]]);
    si = (void *)memory[list[START_INFO]];
    CHECK(si->nr_pages == PFNS && si->shared_info == (uint64_t)SHARED_B << 12 && si->store_mfn == list[STORE]);
    CHECK(si->console.domU.mfn == list[CONSOLE] && si->store_evtchn == 5 && !strcmp((char *)si->cmd_line, "root=xvda"));
    CHECK(res.store_mfn == list[STORE] && res.console_mfn == list[CONSOLE]);
    CHECK(((grant_entry_v1_t *)grants)[GNTTAB_RESERVED_XENSTORE].frame == list[STORE]);
    CHECK(policy_leaves == 3 && !memcmp(&tsc_of[A], &tsc_of[B], sizeof(tsc_of[A])));
}

static void test_registers(void)
{
    const shared_info_t *shared = (void *)memory[SHARED_B], *old = (void *)memory[SHARED_A];
    struct build_error err;
    struct pv_result res;
    const uint64_t *list;
    int fd;

    make_guest();
    CHECK(save(&fd, &err) == 0 && restore(fd, PFNS, &res, &err) == 0);
    close(fd);
    list = restored_list();
    for (unsigned int v = 0; v < VCPUS; v++) {
        vcpu_guest_context_t want = state[A][v].basic;

        want.flags |= VGCF_online;
        want.gdt_frames[0] = list[GDT];
        want.ctrlreg[3] = list[ROOT] << 12;
        want.ctrlreg[1] = v ? 0 : list[USER_ROOT] << 12;
        if (v == 0)
            want.user_regs.rdx = list[START_INFO];
        CHECK(!memcmp(&want, &state[B][v].basic, sizeof(want)));
        CHECK(has_x[B][v] && !memcmp(state[A][v].x, state[B][v].x, sizeof(state[A][v].x)));
        CHECK(!memcmp(&state[A][v].ext, &state[B][v].ext, sizeof(state[A][v].ext)));
        CHECK(!memcmp(&state[A][v].msr, &state[B][v].msr, sizeof(state[A][v].msr)));
    }
    CHECK(shared->vcpu_info[1].arch.cr2 == old->vcpu_info[1].arch.cr2 && shared->vcpu_info[1].evtchn_pending_sel == 0);
    CHECK(shared->evtchn_pending[3] == 0 && shared->evtchn_mask[3] == ~0UL && shared->arch.pfn_to_mfn_frame_list_list == 0);
}

/* A guest of before Linux 3.19 keeps its list in a tree of frames. */
static void test_older_list(void)
{
    shared_info_t *shared = (void *)memory[SHARED_A];
    struct build_error err;
    struct pv_result res;
    int fd;

    make_guest();
    shared->arch.p2m_cr3 = 0;
    shared->arch.pfn_to_mfn_frame_list_list = a_mfn[100];
    table(100)[0] = a_mfn[101];
    table(101)[0] = a_mfn[P2M];
    table(101)[1] = a_mfn[P2M + 1];
    CHECK(save(&fd, &err) == 0 && restore(fd, PFNS, &res, &err) == 0 && res.store_mfn == restored_list()[STORE]);
    close(fd);
}

static void refused(void)
{
    struct build_error err = { .text = "" };
    int fd, rc = save(&fd, &err);

    CHECK(rc == -EINVAL && err.text[0]);
    close(fd);
    make_guest();
}

static void test_guests_that_lie(void)
{
    shared_info_t *shared = (void *)memory[SHARED_A];

    make_guest();
    shared->arch.max_pfn = 0;
    refused();
    shared->arch.max_pfn = ~0UL;
    refused();
    shared->arch.max_pfn = PFNS + 512; /* a page more than its tables have */
    refused();
    shared->arch.p2m_vaddr = P2M_VA + 8;
    refused();
    shared->arch.p2m_vaddr = 0xfffffffffffff000UL; /* goes beyond the end of the address space */
    refused();
    shared->arch.p2m_cr3 = a_mfn[FOREIGN] << 12;
    refused();
    shared->arch.p2m_cr3 = 0x7fffffff000;
    refused();
    shared->arch.p2m_cr3 = 0;
    shared->arch.pfn_to_mfn_frame_list_list = 0;
    refused();
    table(L2)[0] |= 0x80; /* a large page */
    refused();
    table(DATA_L1)[9] = (uint64_t)a_mfn[FOREIGN] << 12 | PRESENT;
    table(P2M)[FOREIGN] = ~0UL;
    refused();
    table(DATA_L1)[9] = 0xfffff000UL | PRESENT;
    refused();
    state[A][0].basic.user_regs.rdx = FRAMES + 7;
    refused();
    state[A][1].basic.gdt_ents = 100000;
    refused();
    state[A][1].basic.gdt_frames[0] = SHARED_A;
    refused();
    state[A][1].basic.ctrlreg[3] = 0;
    refused();
}

static void test_too_little_memory(void)
{
    struct build_error err;
    struct pv_result res;
    int fd;

    make_guest();
    CHECK(save(&fd, &err) == 0);
    CHECK(restore(fd, PFNS - 100, &res, &err) == -ENOMEM && strstr(err.text, "memory="));
    close(fd);
}

static uint64_t rng = 88172645463325252u;

static uint32_t rnd(uint32_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 16) % n;
}

/* Restores an image of which something is wrong; WHERE: it is damaged there, or ends there. */
static int restore_damaged(const uint8_t *image, size_t len, size_t where, bool cut)
{
    struct build_error err = { .text = "" };
    struct pv_result res;
    int fd = memfd_create("damaged", 0), rc;
    uint8_t wrong = image[where] ^ (uint8_t)(1 + rnd(255));

    if (write(fd, image, cut ? where : len) < 0 || (!cut && pwrite(fd, &wrong, 1, (off_t)where) != 1))
        abort();
    lseek(fd, 0, SEEK_SET);
    rc = restore(fd, PFNS, &res, &err);
    CHECK(rc <= 0 && (!rc || err.text[0]));
    close(fd);
    return rc;
}

static void test_damaged_images(void)
{
    struct build_error err;
    size_t len, pos;
    uint8_t *image;
    int fd;

    make_guest();
    CHECK(save(&fd, &err) == 0);
    len = (size_t)lseek(fd, 0, SEEK_END);
    image = malloc(len);
    CHECK(pread(fd, image, len, 0) == (ssize_t)len);
    close(fd);
    /* Headers and what comes before memory, octet by octet; then heads of records, and anywhere. */
    for (pos = 0; pos < 240; pos++)
        restore_damaged(image, len, pos, false);
    for (int i = 0; i < 150; i++) {
        restore_damaged(image, len, rnd(i & 1 ? 6000 : (uint32_t)len), false);
        restore_damaged(image, len, len - 1 - rnd(16384), false);
        CHECK(restore_damaged(image, len, rnd((uint32_t)len), true) < 0);
    }
    free(image);
}

static long resident_pages(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size, resident;

    if (!f || fscanf(f, "%ld %ld", &size, &resident) != 2)
        abort();
    fclose(f);
    return resident;
}

/* Only the image says how many frames the guest has: what it says costs no memory in Domain 0 by itself. */
static void test_long_list_of_frames(void)
{
    struct build_error err;
    struct restorer r = { .err = &err };
    size_t len = sizeof(struct rec_p2m_frames) + IMAGE_MAX_PFNS / 512 * sizeof(uint64_t);
    struct rec_p2m_frames *rec = calloc(1, len);
    long before = resident_pages();
    uint8_t *body = (uint8_t *)rec;

    rec->end = IMAGE_MAX_PFNS - 1;
    CHECK(take_p2m(&r, &body, len) == 0 && r.pfns == IMAGE_MAX_PFNS && !body);
    CHECK(restore_frame(&r, 0) == IMAGE_NO_FRAME && restore_frame(&r, IMAGE_MAX_PFNS - 1) == IMAGE_NO_FRAME);
    CHECK(restore_frame(&r, IMAGE_MAX_PFNS) == IMAGE_NO_FRAME && restore_type(&r, 5) == XEN_DOMCTL_PFINFO_XTAB);
    CHECK(resident_pages() - before < 256);
    munmap(r.not_mfn, r.pfns * sizeof(*r.not_mfn));
    munmap(r.type_or_0, r.pfns);
    free(r.p2m.data);
}

int main(void)
{
    TEST(test_what_went_in_comes_out);
    TEST(test_registers);
    TEST(test_older_list);
    TEST(test_guests_that_lie);
    TEST(test_too_little_memory);
    TEST(test_long_list_of_frames);
    TEST(test_damaged_images);
    return TEST_RESULT();
}
