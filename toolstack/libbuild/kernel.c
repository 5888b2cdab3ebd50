/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opening a kernel: maps the file, finds the payload of a bzImage (Linux Documentation/x86/
 * boot.rst), unpacks it and hands the ELF image to elf.c. The file is read once, through its
 * mapping. Called by xl before anything is created, and by the unit tests. No locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"

/* Offsets in the Linux boot header. */
#define BZ_SETUP_SECTS    0x1f1
#define BZ_MAGIC          0x202
#define BZ_VERSION        0x206
#define BZ_PAYLOAD_OFFSET 0x248
#define BZ_PAYLOAD_LENGTH 0x24c
#define BZ_HEADER_END     0x250
#define BZ_VERSION_2_08   0x0208  /* first with payload fields */
#define BZ_SECTOR         512u

#define MAX_PRELOADED 4

int build_fail(struct build_error *err, int rc, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    return rc;
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}

/* Finds the payload of a bzImage. 0: not a bzImage; 1: found; negative: broken. */
static int bzimage_payload(const uint8_t *file, size_t size, const uint8_t **payload,
                           size_t *length, struct build_error *err)
{
    size_t start, setup_sects;

    if (size < BZ_HEADER_END || memcmp(file + BZ_MAGIC, "HdrS", 4))
        return 0;
    if (get16(file + BZ_VERSION) < BZ_VERSION_2_08)
        return build_fail(err, -ENOEXEC, "boot protocol %u.%02u is too old: a PV guest needs "
                          "Linux 2.6.26 or later", file[BZ_VERSION + 1], file[BZ_VERSION]);
    setup_sects = file[BZ_SETUP_SECTS] ? file[BZ_SETUP_SECTS] : 4;
    start = (setup_sects + 1) * BZ_SECTOR + get32(file + BZ_PAYLOAD_OFFSET);
    *length = get32(file + BZ_PAYLOAD_LENGTH);
    if (start > size || *length > size - start || *length < 4)
        return build_fail(err, -ENOEXEC, "the bzImage is truncated: its payload ends at byte "
                          "%zu, the file has %zu: copy it again", start + *length, size);
    *payload = file + start;
    return 1;
}

int kernel_parse(const uint8_t *file, size_t size, struct kernel_image *k,
                 struct build_error *err)
{
    const uint8_t *payload = file;
    size_t length = size, hint = 0;
    int rc = bzimage_payload(file, size, &payload, &length, err);

    if (rc < 0)
        return rc;
    /* Linux appends the unpacked size to every payload. */
    if (rc == 1)
        hint = get32(payload + length - 4);
    k->packing = "none";
    k->elf = payload;
    k->elf_size = length;
    if (unpack_detect(payload, length, &k->packing)) {
        rc = unpack_image(payload, length, hint, &k->unpacked, &k->unpacked_size, &k->packing,
                          err);
        if (rc)
            return rc;
        k->elf = k->unpacked;
        k->elf_size = k->unpacked_size;
    }
    return elf_parse(k, err);
}

/* A kernel that was unpacked ahead of its use, known by the identity of its file. */
static struct preloaded {
    struct kernel_image k;
    struct stat st;
    int used;
} preloaded[MAX_PRELOADED];

static int same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Hands over a preloaded kernel; it belongs to the caller from then on. */
static int take_preloaded(const struct stat *st, struct kernel_image *k)
{
    for (size_t i = 0; i < MAX_PRELOADED; i++) {
        if (preloaded[i].used && same_file(&preloaded[i].st, st)) {
            *k = preloaded[i].k;
            preloaded[i].used = 0;
            return 1;
        }
    }
    return 0;
}

static int open_file(const char *path, struct kernel_image *k, struct stat *st,
                     struct build_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    memset(k, 0, sizeof(*k));
    if (fd < 0)
        return build_fail(err, -errno, "cannot open kernel '%s': %s", path, strerror(errno));
    if (fstat(fd, st) || !S_ISREG(st->st_mode) || st->st_size <= 0) {
        close(fd);
        return build_fail(err, -EINVAL, "kernel '%s' is not a regular, non-empty file", path);
    }
    if (take_preloaded(st, k)) {
        close(fd);
        return 0;
    }
    k->file_size = (size_t)st->st_size;
    k->file = mmap(NULL, k->file_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    if (k->file == MAP_FAILED) {
        k->file = NULL;
        return build_fail(err, -ENOMEM, "cannot map kernel '%s': %s", path, strerror(errno));
    }
    return 0;
}

static int open_kernel(const char *path, struct kernel_image *k, struct stat *st,
                       struct build_error *err)
{
    int rc = open_file(path, k, st, err);

    if (rc || k->elf)
        return rc;
    rc = kernel_parse(k->file, k->file_size, k, err);
    if (rc) {
        struct build_error why = *err;

        kernel_close(k);
        build_fail(err, rc, "kernel '%.120s': %s", path, why.text);
    }
    return rc;
}

int kernel_open(const char *path, struct kernel_image *k, struct build_error *err)
{
    struct stat st;

    return open_kernel(path, k, &st, err);
}

int kernel_preload(const char *path, struct build_error *err)
{
    for (size_t i = 0; i < MAX_PRELOADED; i++) {
        if (!preloaded[i].used) {
            int rc = open_kernel(path, &preloaded[i].k, &preloaded[i].st, err);

            preloaded[i].used = rc == 0;
            return rc;
        }
    }
    return -ENOSPC;
}

void kernel_close(struct kernel_image *k)
{
    if (k->unpacked)
        munmap(k->unpacked, k->unpacked_size);
    if (k->file)
        munmap(k->file, k->file_size);
    k->unpacked = NULL;
    k->file = NULL;
}
