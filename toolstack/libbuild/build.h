/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libbuild: turns a kernel file into a paused domain that is ready to run.
 *
 * kernel_open() reads and unpacks a kernel and judges whether it can start; it touches no
 * hypervisor, so everything about the file is known before a domain exists. pv_build() then fills
 * a freshly created domain. Errors are one English sentence in struct build_error, ready to be
 * printed, beside a negative errno.
 */
#ifndef HOSPES_LIBBUILD_BUILD_H
#define HOSPES_LIBBUILD_BUILD_H

#include <stddef.h>
#include <stdint.h>

struct hv;

struct build_error {
    char text[320];
};

#define NOTE_UNSET UINT64_MAX

/* What a kernel says about itself in its ELF notes (public/elfnote.h). */
struct kernel_notes {
    uint64_t entry;
    uint64_t hypercall_page;
    uint64_t virt_base;
    uint64_t paddr_offset;
    uint64_t init_p2m;       /* NOTE_UNSET: the list of frames lies in the initial region */
    uint64_t phys32_entry;
    uint64_t mod_start_pfn;  /* 1: the ramdisk need not be mapped */
    char guest_os[32];
    char loader[32];
    char features[128];
    int found;               /* number of notes with the name "Xen" */
};

#define KERNEL_MAX_SEGMENTS 32

/* One loadable piece of the kernel: FILESZ bytes at DATA go to virtual address VADDR. */
struct kernel_segment {
    uint64_t vaddr;
    uint64_t memsz;
    uint64_t filesz;
    const uint8_t *data;
};

struct kernel_image {
    const uint8_t *elf;      /* the unpacked ELF image */
    size_t elf_size;
    void *file;              /* the mapped file */
    size_t file_size;
    void *unpacked;          /* memory of the unpacked image, if it had to be unpacked */
    size_t unpacked_size;
    const char *packing;     /* "none", "gzip", "xz", ... */
    struct kernel_notes notes;
    struct kernel_segment segment[KERNEL_MAX_SEGMENTS];
    unsigned int segments;
    uint64_t virt_start, virt_end;  /* the kernel's part of the virtual region */
    uint64_t entry;
};

/*
 * Opens PATH, an ELF file or a bzImage, either compressed with gzip, bzip2, lzma, xz, lzo, lz4 or
 * zstd. -ENOENT and friends from open; -ENOEXEC: not a kernel that can start as a 64-bit PV guest.
 */
int kernel_open(const char *path, struct kernel_image *k, struct build_error *err);
/*
 * Opens PATH and keeps it for the next kernel_open of the same file in this process or in a child:
 * several guests with one kernel are then started with one unpacking, and one copy in memory.
 */
int kernel_preload(const char *path, struct build_error *err);
/* As kernel_open, from memory that stays valid until kernel_close. */
int kernel_parse(const uint8_t *file, size_t size, struct kernel_image *k,
                 struct build_error *err);
void kernel_close(struct kernel_image *k);

/* Unpacks SIZE bytes at SRC. HINT: expected size, 0 if unknown. *NAME: the format. */
int unpack_detect(const uint8_t *src, size_t size, const char **name);
int unpack_image(const uint8_t *src, size_t size, size_t hint, void **out, size_t *out_size,
                 const char **name, struct build_error *err);

/* ELF parsing (elf.c): fills segments, notes, range and entry of K from K->elf. */
int elf_parse(struct kernel_image *k, struct build_error *err);

/* ---- the builder (pv.c) ---- */

struct pv_params {
    uint32_t domid;
    uint64_t nr_pages;       /* memory the guest starts with */
    uint64_t map_bytes;      /* end of the memory map, for later growth; 0: no map */
    const char *cmdline;
    int ramdisk_fd;          /* -1: none */
    uint64_t ramdisk_size;   /* bytes */
    uint32_t backend_domid;  /* the domain that serves store and console */
};

struct pv_result {
    uint64_t store_mfn, console_mfn;
    uint32_t store_port, console_port;
};

/* Where everything goes: virtual addresses, and frames counted from VIRT_BASE. */
struct pv_layout {
    uint64_t virt_base, virt_end;            /* the initial mapping, 4 MiB aligned at its end */
    uint64_t kernel_pfn, kernel_pages;
    uint64_t ramdisk_pfn, ramdisk_pages;
    uint64_t p2m_pfn, p2m_pages, p2m_virt;
    uint64_t p2m_pt_pfn, p2m_pt_pages;       /* extra page tables for a relocated list */
    uint64_t start_info_pfn, store_pfn, console_pfn, stack_pfn;
    uint64_t pt_pfn, pt_pages;
    uint64_t end_pfn;                        /* first frame that holds nothing */
};

/* Computes the layout; -ENOMEM with the memory needed in the message if it does not fit. */
int pv_layout(const struct kernel_image *k, const struct pv_params *p, struct pv_layout *l,
              struct build_error *err);
/* Tables of LEVEL (1..3) that map [from, to]. */
uint64_t pv_tables_for(unsigned int level, uint64_t from, uint64_t to);

/*
 * Fills domain P->domid: memory, kernel, ramdisk, tables, first virtual CPU. The domain must have
 * its limits and virtual CPUs and no memory. On an error the caller destroys the domain.
 */
int pv_build(struct hv *hv, const struct kernel_image *k, const struct pv_params *p,
             struct pv_result *res, struct build_error *err);

/* ---- saving and restoring (save.c, restore.c) ---- */

/*
 * Writes the image of domain DOMID, which has suspended itself and does not run, to FD. The domain is not changed.
 * -EINVAL: the guest's own tables are wrong; -errno of writing.
 */
int pv_save(struct hv *hv, uint32_t domid, int fd, struct build_error *err);
/*
 * As pv_build, with the image at FD in place of a kernel; cmdline and ramdisk of P do not count, nr_pages is the most that
 * the image may fill. Reads to the end of the image and not beyond. -EBADMSG: the image is damaged or of another kind.
 */
int pv_restore(struct hv *hv, int fd, const struct pv_params *p, struct pv_result *res, struct build_error *err);

/* Writes P->page tables for L into MAPPED tables (ptab.c); mfn[] is the frame list. */
void pv_write_tables(const struct pv_layout *l, const uint64_t *mfn, uint64_t *main_tables,
                     uint64_t *p2m_tables);

int build_fail(struct build_error *err, int rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
