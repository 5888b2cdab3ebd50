/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Core dumps of PV guests in the format of docs/misc/dump-core-format.txt: an ELF file with the
 * notes of the hypervisor's version, the registers of every virtual CPU, the guest's frames with
 * their machine frames, and the pages. The frames come from the guest's own linear list of frames
 * through the shared info page; a frame that cannot be mapped is left out. Nothing that the guest
 * wrote is trusted for more than the choice of frames to dump.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xl.h"

#define BATCH          256u
#define FRAMES_PER     512u               /* frame numbers in one page */
#define MAX_DUMP_PAGES (1ULL << 30)
#define PTE_SHIFT      12
#define PTE_PRESENT    1ULL
#define PTE_FRAME      0x000ffffffffff000ULL   /* SDM vol. 3, 4.5: bits 51:12 of an entry */
#define NOTE_NAME      "Xen"
#define SECTIONS       6

/* Note types of dump-core-format.txt. */
enum { NOTE_NONE = 0x2000000, NOTE_HEADER, NOTE_XEN_VERSION, NOTE_FORMAT_VERSION };

struct p2m_entry {
    uint64_t pfn, gmfn;
};

struct dump {
    struct xl *xl;
    uint32_t domid;
    dominfo_t info;
    struct p2m_entry *p2m;
    uint64_t pages;
    uint64_t max_pfn, list_of_lists, p2m_cr3, p2m_vaddr;
    int fd;
    char *why;
    size_t why_size;
};

static int fail(struct dump *d, int rc, const char *what)
{
    snprintf(d->why, d->why_size, "%s: %s", what, strerror(-rc));
    return rc;
}

static int map_one(struct dump *d, uint64_t mfn, void **addr)
{
    xen_pfn_t frame = mfn;

    return hv_map_foreign(&d->xl->hv, d->domid, &frame, 1, PROT_READ, addr);
}

static int read_shared_info(struct dump *d)
{
    shared_info_t *shared;
    void *map;
    int rc = map_one(d, d->info.shared_info_frame, &map);

    if (rc)
        return fail(d, rc, "cannot map the shared info page");
    shared = map;
    d->max_pfn = *(volatile unsigned long *)&shared->arch.max_pfn;
    d->list_of_lists = *(volatile unsigned long *)&shared->arch.pfn_to_mfn_frame_list_list;
    d->p2m_cr3 = *(volatile unsigned long *)&shared->arch.p2m_cr3;
    d->p2m_vaddr = *(volatile unsigned long *)&shared->arch.p2m_vaddr;
    hv_unmap(map, 1);
    if (d->max_pfn > MAX_DUMP_PAGES || d->p2m_vaddr & (HV_PAGE_SIZE - 1))
        return fail(d, -EINVAL, "the guest's list of frames is absurd");
    if (!d->max_pfn || (!d->p2m_cr3 && (!d->list_of_lists || d->list_of_lists == ~0UL)))
        return fail(d, -ENODATA, "the guest has not set up its list of frames yet");
    return 0;
}

/* Takes the frame numbers of one page of the list, for frames from PFN on. */
static void take_frames(struct dump *d, const uint64_t *list, uint64_t pfn)
{
    for (unsigned int i = 0; i < FRAMES_PER && pfn + i < d->max_pfn; i++) {
        uint64_t mfn = ((const volatile uint64_t *)list)[i];

        /* The top bits mark frames that are not the guest's own. */
        if (mfn >> 62 || mfn == ~0ULL || d->pages >= d->info.tot_pages)
            continue;
        d->p2m[d->pages++] = (struct p2m_entry){ .pfn = pfn + i, .gmfn = mfn };
    }
}

/* A list as a tree: a frame of frames of frames of the list. */
static void walk_tree(struct dump *d, const uint64_t *lists)
{
    uint64_t pfn = 0;

    for (unsigned int i = 0; i < FRAMES_PER && pfn < d->max_pfn; i++) {
        void *level2, *level1;

        if (map_one(d, ((const volatile uint64_t *)lists)[i], &level2))
            return;
        for (unsigned int j = 0; j < FRAMES_PER && pfn < d->max_pfn; j++, pfn += FRAMES_PER) {
            if (map_one(d, ((volatile uint64_t *)level2)[j], &level1))
                continue;
            take_frames(d, level1, pfn);
            hv_unmap(level1, 1);
        }
        hv_unmap(level2, 1);
    }
}

/* Maps the lowest page table for address VA of the guest. */
static int map_l1(struct dump *d, uint64_t va, void **table)
{
    uint64_t mfn = xen_cr3_to_pfn(d->p2m_cr3);

    for (unsigned int level = 4;; level--) {
        unsigned int index = va >> (PTE_SHIFT + 9 * (level - 1)) & (FRAMES_PER - 1);
        uint64_t entry;
        void *map;
        int rc = map_one(d, mfn, &map);

        if (rc)
            return rc;
        if (level == 1) {
            *table = map;
            return 0;
        }
        entry = ((volatile uint64_t *)map)[index];
        hv_unmap(map, 1);
        if (!(entry & PTE_PRESENT))
            return -ENOENT;
        mfn = (entry & PTE_FRAME) >> PTE_SHIFT;
    }
}

/* A list at an address of the guest: one page table at a time. */
static void walk_linear(struct dump *d)
{
    uint64_t pages = (d->max_pfn + FRAMES_PER - 1) / FRAMES_PER, done = 0;

    while (done < pages) {
        uint64_t va = d->p2m_vaddr + (done << HV_PAGE_SHIFT);
        unsigned int slot = va >> PTE_SHIFT & (FRAMES_PER - 1);
        uint64_t step = FRAMES_PER - slot;
        void *table, *list;

        if (map_l1(d, va, &table)) {
            done += step;
            continue;
        }
        for (uint64_t i = 0; i < step && done + i < pages; i++) {
            uint64_t entry = ((volatile uint64_t *)table)[slot + i];

            if (!(entry & PTE_PRESENT) || map_one(d, (entry & PTE_FRAME) >> PTE_SHIFT, &list))
                continue;
            take_frames(d, list, (done + i) * FRAMES_PER);
            hv_unmap(list, 1);
        }
        hv_unmap(table, 1);
        done += step;
    }
}

static int find_pages(struct dump *d)
{
    void *lists;
    int rc = read_shared_info(d);

    if (rc)
        return rc;
    d->p2m = calloc(d->info.tot_pages + 1, sizeof(*d->p2m));
    if (!d->p2m)
        return fail(d, -ENOMEM, "out of memory");
    if (d->p2m_cr3) {
        walk_linear(d);
    } else {
        rc = map_one(d, d->list_of_lists, &lists);
        if (rc)
            return fail(d, rc, "cannot map the list of frames");
        walk_tree(d, lists);
        hv_unmap(lists, 1);
    }
    return d->pages ? 0 : fail(d, -ENODATA, "no frame of the guest could be found");
}

static int put(struct dump *d, const void *data, size_t size)
{
    const char *p = data;

    while (size) {
        ssize_t n = write(d->fd, p, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(d, n ? -errno : -EIO, "cannot write the dump");
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

/* One note; everything is a multiple of four bytes already. */
static size_t note(char *out, uint32_t type, const void *desc, uint32_t size)
{
    Elf64_Nhdr h = { .n_namesz = sizeof(NOTE_NAME), .n_descsz = size, .n_type = type };

    memcpy(out, &h, sizeof(h));
    memcpy(out + sizeof(h), NOTE_NAME, sizeof(NOTE_NAME));
    if (size)
        memcpy(out + sizeof(h) + sizeof(NOTE_NAME), desc, size);
    return sizeof(h) + sizeof(NOTE_NAME) + size;
}

static size_t make_notes(struct dump *d, char *out)
{
    const uint64_t header[4] = { 0xF00FEBEDu, d->info.max_vcpu_id + 1u, d->pages, HV_PAGE_SIZE };
    const uint64_t format = 1;
    struct {
        uint64_t major, minor;
        char extra[16];
        struct xen_compile_info compile;
        char caps[1024], changeset[64];
        uint64_t virt_start, page_size;
    } version = { 0 };
    struct hv_version_info v;
    size_t n = note(out, NOTE_NONE, NULL, 0);

    if (!hv_version_info(&d->xl->hv, &v)) {
        version.major = v.major;
        version.minor = v.minor;
        memcpy(version.extra, v.extra, sizeof(version.extra));
        version.compile = v.compile;
        memcpy(version.caps, v.caps, sizeof(version.caps));
        memcpy(version.changeset, v.changeset, sizeof(version.changeset));
        version.virt_start = v.virt_start;
        version.page_size = v.page_size;
    }
    n += note(out + n, NOTE_HEADER, header, sizeof(header));
    n += note(out + n, NOTE_XEN_VERSION, &version, sizeof(version));
    n += note(out + n, NOTE_FORMAT_VERSION, &format, sizeof(format));
    return n;
}

static const char section_names[] =
    "\0.shstrtab\0.note.Xen\0.xen_prstatus\0.xen_p2m\0.xen_pages";

static Elf64_Shdr section(uint32_t name, uint32_t type, uint64_t offset, uint64_t size,
                          uint64_t entry)
{
    return (Elf64_Shdr){ .sh_name = name, .sh_type = type, .sh_offset = offset, .sh_size = size,
                         .sh_entsize = entry, .sh_addralign = entry ? 8 : 0 };
}

/* ELF header, section headers, names, notes; the offset of the pages is page aligned. */
static int write_headers(struct dump *d, const char *notes, size_t notes_size, uint64_t vcpus,
                         uint64_t *pages_at)
{
    Elf64_Ehdr eh = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
                     ELFOSABI_SYSV },
        .e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
        .e_ehsize = sizeof(Elf64_Ehdr), .e_shoff = sizeof(Elf64_Ehdr),
        .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = SECTIONS, .e_shstrndx = 1,
    };
    uint64_t names_at = sizeof(eh) + SECTIONS * sizeof(Elf64_Shdr);
    uint64_t notes_at = names_at + ((sizeof(section_names) + 7) & ~7UL);
    uint64_t status_at = notes_at + ((notes_size + 7) & ~7UL);
    uint64_t p2m_at = status_at + vcpus * sizeof(vcpu_guest_context_t);
    Elf64_Shdr sh[SECTIONS] = { { 0 } };
    int rc;

    *pages_at = (p2m_at + d->pages * sizeof(struct p2m_entry) + 4095) & ~4095UL;
    sh[1] = section(1, SHT_STRTAB, names_at, sizeof(section_names), 0);
    sh[2] = section(11, SHT_NOTE, notes_at, notes_size, 0);
    sh[3] = section(21, SHT_PROGBITS, status_at, p2m_at - status_at,
                    sizeof(vcpu_guest_context_t));
    sh[4] = section(35, SHT_PROGBITS, p2m_at, d->pages * sizeof(struct p2m_entry),
                    sizeof(struct p2m_entry));
    sh[5] = section(44, SHT_PROGBITS, *pages_at, d->pages << HV_PAGE_SHIFT, HV_PAGE_SIZE);
    rc = put(d, &eh, sizeof(eh));
    if (!rc)
        rc = put(d, sh, sizeof(sh));
    if (!rc)
        rc = put(d, section_names, sizeof(section_names));
    if (!rc && lseek(d->fd, (off_t)notes_at, SEEK_SET) < 0)
        rc = fail(d, -errno, "cannot write the dump");
    if (!rc)
        rc = put(d, notes, notes_size);
    if (!rc && lseek(d->fd, (off_t)status_at, SEEK_SET) < 0)
        rc = fail(d, -errno, "cannot write the dump");
    return rc;
}

/* The registers of every virtual CPU; one that was never started is all zero. */
static int write_registers(struct dump *d, uint64_t vcpus)
{
    vcpu_guest_context_t *c = malloc(sizeof(*c));
    int rc = c ? 0 : fail(d, -ENOMEM, "out of memory");

    for (uint64_t v = 0; !rc && v < vcpus; v++) {
        memset(c, 0, sizeof(*c));
        if (hv_vcpu_get_context(&d->xl->hv, d->domid, (uint32_t)v, c))
            memset(c, 0, sizeof(*c));
        rc = put(d, c, sizeof(*c));
    }
    free(c);
    return rc;
}

/* Frames that cannot be mapped leave holes, which read as zeros. */
static int write_pages(struct dump *d, uint64_t at)
{
    xen_pfn_t frames[BATCH];
    int err[BATCH], rc = 0;

    for (uint64_t i = 0; !rc && i < d->pages; i += BATCH) {
        size_t n = d->pages - i < BATCH ? d->pages - i : BATCH;
        void *map;

        for (size_t j = 0; j < n; j++)
            frames[j] = d->p2m[i + j].gmfn;
        memset(err, 0, sizeof(err));
        if (hv_map_foreign_some(&d->xl->hv, d->domid, frames, n, PROT_READ, err, &map))
            continue;
        for (size_t j = 0; !rc && j < n; j++) {
            if (err[j])
                continue;
            if (pwrite(d->fd, (char *)map + j * HV_PAGE_SIZE, HV_PAGE_SIZE,
                       (off_t)(at + (i + j) * HV_PAGE_SIZE)) != (ssize_t)HV_PAGE_SIZE)
                rc = fail(d, -errno, "cannot write the dump");
        }
        hv_unmap(map, n);
    }
    if (!rc && ftruncate(d->fd, (off_t)(at + d->pages * HV_PAGE_SIZE)))
        rc = fail(d, -errno, "cannot write the dump");
    return rc;
}

static int write_dump(struct dump *d)
{
    uint64_t vcpus = d->info.max_vcpu_id + 1u, pages_at;
    size_t size;
    char *notes = calloc(1, 4096);
    int rc;

    if (!notes)
        return fail(d, -ENOMEM, "out of memory");
    size = make_notes(d, notes);
    rc = write_headers(d, notes, size, vcpus, &pages_at);
    free(notes);
    if (!rc)
        rc = write_registers(d, vcpus);
    if (!rc)
        rc = put(d, d->p2m, d->pages * sizeof(*d->p2m));
    return rc ? rc : write_pages(d, pages_at);
}

int dump_core(struct xl *xl, uint32_t domid, const char *path, char *why, size_t why_size)
{
    struct dump d = { .xl = xl, .domid = domid, .fd = -1, .why = why, .why_size = why_size };
    int rc = hv_domain_info(&xl->hv, domid, &d.info);

    if (rc)
        return fail(&d, rc, "no such domain");
    rc = find_pages(&d);
    if (rc)
        goto out;
    d.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (d.fd < 0) {
        rc = fail(&d, -errno, path);
        goto out;
    }
    rc = write_dump(&d);
    close(d.fd);
    if (rc)
        unlink(path);
out:
    free(d.p2m);
    return rc;
}

int cmd_dump_core(struct xl *xl, int argc, char **argv)
{
    uint32_t domid;
    char why[256];
    int rc = xl_need_args("dump-core", argc, 1, 2);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &domid))
        return EXIT_FAILURE;
    if (xl->dry_run)
        return EXIT_SUCCESS;
    if (dump_core(xl, domid, argv[2], why, sizeof(why)))
        return xl_error("core dump failed: %s", why);
    return EXIT_SUCCESS;
}
