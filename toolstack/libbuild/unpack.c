/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unpacks kernels: every compression that Linux offers for its image (gzip, bzip2, lzma, xz, lzo,
 * lz4, zstd), through the static libraries of Debian's zlib, bzip2, xz-utils, lzo2, lz4 and
 * libzstd. The input is untrusted; the output is bounded. Data after the end of a stream (Linux
 * appends the unpacked size) is ignored. Called by kernel.c. No locks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "build.h"
#include "unpack.h"

#define UNPACK_LIMIT  (1UL << 30)      /* no kernel is larger than this when unpacked */
#ifndef MEMORY_INFO
#define MEMORY_INFO   "/proc/meminfo"
#endif
#define UNPACK_START  (32UL << 20)
#define LZMA_MEMLIMIT (256UL << 20)
#define LZ4_BLOCK_MAX (8UL << 20)      /* block size of the legacy lz4 format */

/* What a kernel may take when unpacked: three quarters of what Domain 0 has free, since more would end other programs. */
static size_t unpack_limit(void)
{
    unsigned long kib, limit = UNPACK_LIMIT;
    FILE *f = fopen(MEMORY_INFO, "re");
    char line[128];

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "MemAvailable: %lu", &kib) == 1 && kib / 4 * 3 < UNPACK_LIMIT >> 10)
            limit = kib / 4 * 3 << 10;
    if (f)
        fclose(f);
    return limit & ~4095UL;
}

bool unpack_check(unsigned int check, const uint8_t *data, size_t len, const uint8_t *sum)
{
    uint32_t sum32;
    uint64_t sum64;

    memcpy(&sum32, sum, sizeof(sum32));
    if (check == LZMA_CHECK_CRC32)
        return lzma_crc32(data, len, 0) == sum32;
    if (check != LZMA_CHECK_CRC64)
        return true;
    memcpy(&sum64, sum, sizeof(sum64));
    return lzma_crc64(data, len, 0) == sum64;
}

static size_t limit_now = UNPACK_LIMIT;  /* of the kernel that is being unpacked */

static int sink_open(struct sink *s, size_t capacity)
{
    s->size = 0;
    s->capacity = (capacity + 4095) & ~4095UL;
    s->buf = NULL;
    if (s->capacity > limit_now)
        return -ENOMEM;
    s->buf = mmap(NULL, s->capacity, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->buf == MAP_FAILED) {
        s->buf = NULL;
        return -ENOMEM;
    }
    return 0;
}

/* Makes room for at least one more byte. */
static int sink_grow(struct sink *s)
{
    size_t capacity = s->capacity * 2;
    void *p;

    if (s->size < s->capacity)
        return 0;
    if (capacity > limit_now)
        return -ENOMEM;
    p = mremap(s->buf, s->capacity, capacity, MREMAP_MAYMOVE);
    if (p == MAP_FAILED)
        return -ENOMEM;
    s->buf = p;
    s->capacity = capacity;
    return 0;
}

static int unpack_gzip(const uint8_t *src, size_t len, struct sink *out)
{
    z_stream z = { .next_in = (Bytef *)src, .avail_in = (uInt)len };
    int rc = 0, zrc = Z_OK;

    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return -ENOMEM;
    while (!rc && zrc != Z_STREAM_END) {
        rc = sink_grow(out);
        if (rc)
            break;
        z.next_out = out->buf + out->size;
        z.avail_out = (uInt)(out->capacity - out->size);
        zrc = inflate(&z, Z_NO_FLUSH);
        out->size = (size_t)(z.next_out - out->buf);
        if (zrc != Z_OK && zrc != Z_STREAM_END)
            rc = -EBADMSG;
    }
    inflateEnd(&z);
    return rc;
}

static int unpack_bzip2(const uint8_t *src, size_t len, struct sink *out)
{
    bz_stream z = { .next_in = (char *)src, .avail_in = (unsigned int)len };
    int rc = 0, zrc = BZ_OK;

    if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK)
        return -ENOMEM;
    while (!rc && zrc != BZ_STREAM_END) {
        size_t before = out->size;

        rc = sink_grow(out);
        if (rc)
            break;
        z.next_out = (char *)out->buf + out->size;
        z.avail_out = (unsigned int)(out->capacity - out->size);
        zrc = BZ2_bzDecompress(&z);
        out->size = (size_t)((uint8_t *)z.next_out - out->buf);
        if ((zrc != BZ_OK && zrc != BZ_STREAM_END) ||
            (zrc == BZ_OK && !z.avail_in && out->size == before))
            rc = -EBADMSG;
    }
    BZ2_bzDecompressEnd(&z);
    return rc;
}

/* Runs an initialised lzma or xz decoder to the end of its stream. */
static int lzma_run(lzma_stream *z, const uint8_t *src, size_t len, struct sink *out)
{
    lzma_ret zrc = LZMA_OK;
    int rc = 0;

    z->next_in = src;
    z->avail_in = len;
    while (!rc && zrc != LZMA_STREAM_END) {
        rc = sink_grow(out);
        if (rc)
            break;
        z->next_out = out->buf + out->size;
        z->avail_out = out->capacity - out->size;
        zrc = lzma_code(z, LZMA_FINISH);
        out->size = (size_t)(z->next_out - out->buf);
        if (zrc != LZMA_OK && zrc != LZMA_STREAM_END)
            rc = zrc == LZMA_MEM_ERROR || zrc == LZMA_MEMLIMIT_ERROR ? -ENOMEM : -EBADMSG;
    }
    lzma_end(z);
    return rc;
}

static int unpack_xz(const uint8_t *src, size_t len, struct sink *out)
{
    lzma_stream z = LZMA_STREAM_INIT;
    int rc = xz_unpack(src, len, out);

    if (rc != -EOPNOTSUPP)
        return rc;
    /* The checksum is left out: a damaged kernel shows in its headers or does not start. */
    if (lzma_stream_decoder(&z, LZMA_MEMLIMIT, LZMA_IGNORE_CHECK) != LZMA_OK)
        return -ENOMEM;
    return lzma_run(&z, src, len, out);
}

static int unpack_lzma(const uint8_t *src, size_t len, struct sink *out)
{
    lzma_stream z = LZMA_STREAM_INIT;

    if (lzma_alone_decoder(&z, LZMA_MEMLIMIT) != LZMA_OK)
        return -ENOMEM;
    return lzma_run(&z, src, len, out);
}

static int unpack_zstd(const uint8_t *src, size_t len, struct sink *out)
{
    size_t frame = ZSTD_findFrameCompressedSize(src, len);
    unsigned long long content;
    size_t n;

    if (ZSTD_isError(frame))
        return -EBADMSG;
    content = ZSTD_getFrameContentSize(src, len);
    if (content == ZSTD_CONTENTSIZE_ERROR)
        return -EBADMSG;
    if (content == ZSTD_CONTENTSIZE_UNKNOWN)
        content = 0;
    if (content > UNPACK_LIMIT)
        return -EFBIG;
    while (out->capacity < content) {
        out->size = out->capacity;
        if (sink_grow(out))
            return -ENOMEM;
    }
    /* In one piece, without a window to copy from; again with more room if the size was unknown. */
    for (;;) {
        n = ZSTD_decompress(out->buf, out->capacity, src, frame);
        if (ZSTD_getErrorCode(n) != ZSTD_error_dstSize_tooSmall)
            break;
        out->size = out->capacity;
        if (sink_grow(out))
            return -EFBIG;
    }
    if (ZSTD_isError(n))
        return -EBADMSG;
    out->size = n;
    return 0;
}

static uint32_t le32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

int sink_room(struct sink *out, size_t max)
{
    size_t size = out->size;
    int rc = 0;

    while (!rc && out->capacity - size < max) {
        out->size = out->capacity;
        rc = sink_grow(out);
    }
    out->size = size;
    return rc;
}

/* The legacy lz4 format: blocks with a size in front, no end mark. */
static int unpack_lz4(const uint8_t *src, size_t len, struct sink *out)
{
    size_t pos = 4;

    while (len - pos >= 8) {
        size_t block = le32(src + pos), room;
        int n, rc;

        if (block == 0 || block > len - pos - 4)
            return -EBADMSG;
        rc = sink_room(out, LZ4_BLOCK_MAX);
        if (rc)
            return rc;
        room = out->capacity - out->size;
        if (room > LZ4_BLOCK_MAX)
            room = LZ4_BLOCK_MAX;
        n = LZ4_decompress_safe((const char *)src + pos + 4, (char *)out->buf + out->size,
                                (int)block, (int)room);
        if (n < 0)
            return -EBADMSG;
        out->size += (size_t)n;
        pos += 4 + block;
    }
    return 0;
}

/* Flags of the lzop container. */
#define LZOP_ADLER32_D 0x0001u
#define LZOP_ADLER32_C 0x0002u
#define LZOP_CRC32_D   0x0100u
#define LZOP_CRC32_C   0x0200u
#define LZOP_FILTER    0x0800u
#define LZOP_FIXED     34u       /* length of the fixed part of the header */

/* Parses the lzop header; returns its length or a negative errno. */
static long lzop_header(const uint8_t *src, size_t len, uint32_t *flags)
{
    size_t pos = 9, name;

    if (len < LZOP_FIXED + 4)
        return -EBADMSG;
    if ((src[pos] << 8 | src[pos + 1]) < 0x0940)
        return -EBADMSG;
    pos += 2 + 2 + 2 + 1 + 1;    /* version, library, version needed, method, level */
    *flags = be32(src + pos);
    pos += 4 + (*flags & LZOP_FILTER ? 4 : 0) + 4 + 4 + 4;
    name = src[pos++];
    pos += name + 4;             /* name, header checksum */
    return pos <= len ? (long)pos : -EBADMSG;
}

static int unpack_lzo(const uint8_t *src, size_t len, struct sink *out)
{
    uint32_t flags;
    long pos = lzop_header(src, len, &flags);

    if (pos < 0)
        return (int)pos;
    for (;;) {
        size_t left = len - (size_t)pos, dst_len, src_len, skip = 0;
        lzo_uint got;
        int rc;

        if (left < 4)
            return -EBADMSG;
        dst_len = be32(src + pos);
        if (!dst_len)
            return 0;
        if (left < 8)
            return -EBADMSG;
        src_len = be32(src + pos + 4);
        skip += flags & LZOP_ADLER32_D ? 4 : 0;
        skip += flags & LZOP_CRC32_D ? 4 : 0;
        if (src_len < dst_len) {
            skip += flags & LZOP_ADLER32_C ? 4 : 0;
            skip += flags & LZOP_CRC32_C ? 4 : 0;
        }
        if (src_len > dst_len || dst_len > UNPACK_START || left - 8 < skip ||
            src_len > left - 8 - skip)
            return -EBADMSG;
        rc = sink_room(out, dst_len);
        if (rc)
            return rc;
        src += 8 + skip;
        len -= 8 + skip;
        got = dst_len;
        if (src_len == dst_len)
            memcpy(out->buf + out->size, src + pos, dst_len);
        else if (lzo1x_decompress_safe(src + pos, src_len, out->buf + out->size, &got, NULL) ||
                 got != dst_len)
            return -EBADMSG;
        out->size += dst_len;
        pos += (long)src_len;
    }
}

static const struct {
    const char *name;
    const char *magic;
    size_t len;
    int (*unpack)(const uint8_t *src, size_t len, struct sink *out);
} formats[] = {
    { "gzip",  "\x1f\x8b", 2, unpack_gzip },
    { "bzip2", "BZh", 3, unpack_bzip2 },
    { "xz",    "\xfd" "7zXZ\0", 6, unpack_xz },
    { "lzma",  "\x5d\0\0", 3, unpack_lzma },
    { "lzo",   "\x89LZO\0\r\n\x1a\n", 9, unpack_lzo },
    { "lz4",   "\x02\x21\x4c\x18", 4, unpack_lz4 },
    { "zstd",  "\x28\xb5\x2f\xfd", 4, unpack_zstd },
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

static size_t find_format(const uint8_t *src, size_t size)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        if (size > formats[i].len && !memcmp(src, formats[i].magic, formats[i].len))
            return i;
    return N_FORMATS;
}

int unpack_detect(const uint8_t *src, size_t size, const char **name)
{
    size_t i = find_format(src, size);

    if (i == N_FORMATS)
        return 0;
    *name = formats[i].name;
    return 1;
}

int unpack_image(const uint8_t *src, size_t size, size_t hint, void **out, size_t *out_size,
                 const char **name, struct build_error *err)
{
    size_t i = find_format(src, size);
    struct sink s;
    int rc;

    if (i == N_FORMATS)
        return build_fail(err, -ENOEXEC, "unknown compression");
    *name = formats[i].name;
    if (hint > UNPACK_LIMIT)
        return build_fail(err, -ENOEXEC, "claims to be %zu MiB when unpacked", hint >> 20);
    limit_now = unpack_limit();
    /* One page more than announced, so that decoders see the end of the stream. */
    rc = sink_open(&s, hint ? hint + 4096 : UNPACK_START);
    if (!rc)
        rc = formats[i].unpack(src, size, &s);
    if (rc && s.buf)
        munmap(s.buf, s.capacity);
    if (rc == -ENOMEM)
        return build_fail(err, rc, "not enough memory in Domain 0 to unpack it (%s)", *name);
    if (rc)
        return build_fail(err, -ENOEXEC, "damaged or truncated %s data: copy it again", *name);
    *out = s.buf;
    *out_size = s.size;
    mremap(s.buf, s.capacity, (s.size + 4095) & ~4095UL, 0);
    return 0;
}
