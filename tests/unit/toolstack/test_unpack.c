/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unpacking of kernels: every format against its own packer; our xz reader against liblzma, with damaged streams.
 */
#include "build_kernel.h"

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

static unsigned int agreed;

/* What liblzma makes of a damaged stream: if it accepts it, we do, and the bytes are the same. */
static void same_as_liblzma(const uint8_t *packed, size_t len, const struct sink *out, int rc)
{
    static uint8_t want[400000];
    size_t in_pos = 0, out_pos = 0;
    uint64_t limit = UINT64_MAX;

    if (lzma_stream_buffer_decode(&limit, 0, NULL, packed, &in_pos, len, want, &out_pos,
                                  sizeof(want)) == LZMA_OK) {
        CHECK(rc == 0);
        CHECK(out->size == out_pos && !memcmp(out->buf, want, out_pos));
        agreed++;
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
        /* Noise is stored, not packed: damage to it passes, and must pass the filter as liblzma's does. */
        for (size_t i = 0; round % 5 == 4 && i < size; i++)
            data[i] = (uint8_t)(rand_r(&seed) >> 8);
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
            int rc;

            packed[at] = (uint8_t)rand_r(&seed);
            memcpy(exact, packed, cut);
            CHECK(sink_open(&out, 4096) == 0);
            rc = xz_unpack(exact, cut, &out);
            refused += rc != 0;
            same_as_liblzma(exact, cut, &out, rc);
            munmap(out.buf, out.capacity);
            free(exact);
            packed[at] = was;
        }
    }
    CHECK(refused > 1200);
    printf("  %u damaged streams refused, %u accepted as liblzma does\n", refused, agreed);
}

int main(void)
{
    TEST(compressions);
    TEST(xz_against_packer);
    return TEST_RESULT();
}
