/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lib/decompress.c with every format: what the usual packers write is unpacked
 * to the same bytes; an output buffer that is too small, every kind of cut and
 * thousands of damaged streams end in an error (or, where the format has no
 * checksum, in other bytes), within both buffers: the sanitizer watches.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#include "lib/crc32.c"
#include "lib/decompress.c"

#define SIZE 300000
#define DAMAGED 400

static u8 plain[SIZE];

struct sample {
    const char *name, *command;
    enum decompress_format format;
    bool has_checksum;
    u8 *data;
    size_t len;
};

static struct sample samples[] = {
    { "gzip", "gzip -9", DECOMPRESS_GZIP, true, NULL, 0 },
    { "bzip2", "bzip2 -9", DECOMPRESS_BZIP2, true, NULL, 0 },
    { "lzma", "xz --format=lzma", DECOMPRESS_LZMA, false, NULL, 0 },
    { "lzma with size", NULL, DECOMPRESS_LZMA, false, NULL, 0 },
    { "xz", "xz --check=crc32 --x86 --lzma2=dict=1MiB", DECOMPRESS_XZ, true, NULL, 0 },
    { "lz4", "lz4 -l -9", DECOMPRESS_LZ4, false, NULL, 0 },
    { "lzo", "lzop -9", DECOMPRESS_LZO, false, NULL, 0 },
    { "lzo, more checksums", "lzop -1 -C", DECOMPRESS_LZO, false, NULL, 0 },
    { "zstd", "zstd --check -19 -q", DECOMPRESS_ZSTD, true, NULL, 0 },
    { "zstd without checksum", "zstd --no-check -3 -q", DECOMPRESS_ZSTD, false, NULL, 0 },
};

static void make_plain(void)
{
    static const char *const words[] = { "page ", "frame ", "domain ", "event ", "\x90\x90\xe8", "grant\n", "0123456789" };

    srand(1);
    for (size_t n = 0; n < SIZE;) {
        const char *w = words[rand() % 7];
        for (; *w && n < SIZE; w++)
            plain[n++] = (u8)*w;
        if (n < SIZE && rand() % 4 == 0)
            plain[n++] = (u8)rand();
    }
}

/* Runs the packer on the plain data through files. */
static void pack(struct sample *s)
{
    char in[] = "/tmp/test-plain-XXXXXX", command[256];
    int fd = mkstemp(in);
    FILE *p;

    CHECK(fd >= 0 && write(fd, plain, SIZE) == SIZE);
    close(fd);
    snprintf(command, sizeof(command), "%s < %s", s->command, in);
    p = popen(command, "r");
    s->data = malloc(2 * SIZE);
    s->len = fread(s->data, 1, 2 * SIZE, p);
    CHECK(pclose(p) == 0);
    unlink(in);
}

static int unpack(const u8 *in, size_t in_len, u8 *out, size_t out_len, size_t *produced, const char **why)
{
    /* Exact copies on the heap, so that one byte too far is seen. */
    struct decompress_job job = { .in_len = in_len, .out_len = out_len };
    u8 *copy = malloc(in_len ? in_len : 1), *room = malloc(out_len ? out_len : 1);
    int rc;

    memcpy(copy, in, in_len);
    job.in = copy;
    job.out = room;
    job.scratch_len = decompress_scratch_size(decompress_recognise(in, in_len));
    job.scratch = malloc(job.scratch_len + 1);
    rc = decompress(&job);
    CHECK(job.produced <= out_len);
    CHECK(!rc == !job.why);
    memcpy(out, room, out_len);
    *produced = job.produced;
    *why = job.why;
    free(copy);
    free(room);
    free(job.scratch);
    return rc;
}

static u8 out[SIZE + 4096];

static void test_good(void)
{
    size_t n;
    const char *why;

    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        struct sample *s = &samples[i];
        int rc;

        CHECK(decompress_recognise(s->data, s->len) == s->format);
        rc = unpack(s->data, s->len, out, SIZE, &n, &why);
        if (rc || n != SIZE || memcmp(out, plain, SIZE))
            printf("%s: %d, %zu bytes, %s\n", s->name, rc, n, why ? why : "");
        CHECK(!rc && n == SIZE && !memcmp(out, plain, SIZE));
        CHECK(!unpack(s->data, s->len, out, sizeof(out), &n, &why) && n == SIZE);
    }
}

static void test_output_too_small(void)
{
    static const size_t sizes[] = { 0, 1, 1000, SIZE / 2, SIZE - 1 };
    size_t n;
    const char *why;

    for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
        for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
            if (!unpack(samples[i].data, samples[i].len, out, sizes[k], &n, &why)) {
                printf("%s unpacked into %zu bytes\n", samples[i].name, sizes[k]);
                check_failures++;
            }
}

static void test_cut(void)
{
    size_t n;
    const char *why;

    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        struct sample *s = &samples[i];
        for (size_t len = 0; len < s->len; len += len < 64 ? 1 : s->len / 50)
            if (!unpack(s->data, len, out, SIZE, &n, &why) && n == SIZE) {
                printf("%s: complete after %zu of %zu bytes\n", s->name, len, s->len);
                check_failures++;
            }
    }
}

static void test_damaged(void)
{
    size_t n;
    const char *why;

    srand(7);
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        struct sample *s = &samples[i];
        for (int k = 0; k < DAMAGED; k++) {
            size_t at = (size_t)rand() % (k % 4 ? s->len : 64);
            u8 old = s->data[at];

            s->data[at] ^= (u8)(1 << rand() % 8);
            if (!unpack(s->data, s->len, out, SIZE, &n, &why) && s->has_checksum)
                CHECK(n == SIZE && !memcmp(out, plain, SIZE)); /* a bit that means nothing */
            s->data[at] = old;
        }
    }
}

/* Real packed kernels have other data, or nothing, behind the stream. */
static void test_trailing_bytes(void)
{
    size_t n;
    const char *why;

    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        struct sample *s = &samples[i];
        u8 *more = malloc(s->len + 4);

        memcpy(more, s->data, s->len);
        memcpy(more + s->len, "\xe0\x93\x04\x00", 4);
        CHECK(!unpack(more, s->len + 4, out, SIZE, &n, &why) && n == SIZE && !memcmp(out, plain, SIZE));
        free(more);
    }
}

static void test_crc32(void)
{
    CHECK(~crc32_update(~0u, "123456789", 9) == 0xcbf43926);
    CHECK(crc32_update(crc32_update(~0u, plain, 1001), plain + 1001, 999) == crc32_update(~0u, plain, 2000));
}

int main(void)
{
    make_plain();
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        if (samples[i].command)
            pack(&samples[i]);
    }
    samples[3].data = malloc(samples[2].len);
    samples[3].len = samples[2].len;
    memcpy(samples[3].data, samples[2].data, samples[2].len);
    for (int i = 0; i < 8; i++)
        samples[3].data[5 + i] = (u8)((u64)SIZE >> 8 * i);
    TEST(test_good);
    TEST(test_output_too_small);
    TEST(test_cut);
    TEST(test_damaged);
    TEST(test_trailing_bytes);
    TEST(test_crc32);
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
        free(samples[i].data);
    return TEST_RESULT();
}
