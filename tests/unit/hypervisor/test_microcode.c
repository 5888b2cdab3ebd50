/* SPDX-License-Identifier: GPL-2.0-only */
/* machine/microcode_parse.c on archives and containers made here, cut at every length and damaged, under ASan. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#include "machine/microcode_parse.c"

static u8 buf[8192];

static size_t add_file(size_t at, const char *name, const void *data, size_t size)
{
    char head[111];

    snprintf(head, sizeof(head), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, 0100644, 0, 0, 1, 0,
             (unsigned)size, 0, 0, 0, 0, (unsigned)strlen(name) + 1, 0);
    memcpy(buf + at, head, 110);
    strcpy((char *)buf + at + 110, name);
    at = ROUND_UP(at + 110 + strlen(name) + 1, 4UL);
    memcpy(buf + at, data, size);
    return ROUND_UP(at + size, 4UL);
}

static size_t make_archive(void)
{
    size_t at;

    memset(buf, 0, sizeof(buf));
    at = add_file(0, "kernel", "", 0);
    at = add_file(at, "kernel/x86/microcode/x", "hello", 5);
    return add_file(at, "TRAILER!!!", "", 0);
}

static const void *find_in_copy(size_t len, const char *path, size_t *size, u8 **copy)
{
    *copy = malloc(len ? len : 1);
    memcpy(*copy, buf, len);
    return cpio_find(*copy, len, path, size);
}

static void test_cpio(void)
{
    size_t len = make_archive(), size = 99;
    const void *f;
    u8 *copy;

    f = find_in_copy(len, "kernel/x86/microcode/x", &size, &copy);
    CHECK(f && size == 5 && !memcmp(f, "hello", 5));
    free(copy);
    CHECK(!find_in_copy(len, "kernel/x86/microcode", &size, &copy));
    free(copy);
    for (size_t cut = 0; cut < len; cut++) {
        f = find_in_copy(cut, "kernel/x86/microcode/x", &size, &copy);
        CHECK(!f || (size == 5 && !memcmp(f, "hello", 5)));
        free(copy);
    }
    for (size_t at = 0; at < len; at++) {
        make_archive();
        buf[at] = (u8)random();
        f = find_in_copy(len, "kernel/x86/microcode/x", &size, &copy);
        CHECK(!f || size <= len);
        free(copy);
    }
}

/* One Intel update of @total bytes; @extended: names its processor behind the data only. */
static size_t add_intel(size_t at, u32 revision, u32 signature, bool extended)
{
    struct intel_header h = { .version = 1, .revision = revision, .signature = extended ? 1 : signature, .platforms = 4,
                              .loader = 1, .data_size = 16, .total_size = 48 + 16 + (extended ? 32 : 0) };
    u32 ext[8] = { 1, 0, 0, 0, 0, signature, 4, 0 }, sum = 0, v;

    memcpy(buf + at, &h, 48);
    memset(buf + at + 48, 0x55, 16);
    if (extended)
        memcpy(buf + at + 64, ext, sizeof(ext));
    for (u32 i = 0; i < h.total_size; i += 4) {
        memcpy(&v, buf + at + i, 4);
        sum += v;
    }
    h.checksum = -sum;
    memcpy(buf + at, &h, 48);
    return at + h.total_size;
}

static void test_intel(void)
{
    struct microcode_patch p = { 0 };
    size_t len;

    memset(buf, 0, sizeof(buf));
    len = add_intel(0, 5, 0x506e3, false);
    len = add_intel(len, 9, 0x306c3, false);
    len = add_intel(len, 7, 0x506e3, false);
    len = add_intel(len, 3, 0x406e3, true);
    CHECK(microcode_find_intel(buf, len, 0x506e3, 2, &p) && p.revision == 7 && p.size == 64);
    CHECK(microcode_find_intel(buf, len, 0x406e3, 2, &p) && p.revision == 3);
    CHECK(!microcode_find_intel(buf, len, 0x506e3, 1, &p));
    CHECK(!microcode_find_intel(buf, len, 0x12345, 2, &p));
    buf[50] ^= 1; /* a wrong checksum ends the search */
    CHECK(!microcode_find_intel(buf, len, 0x506e3, 2, &p));
    buf[50] ^= 1;
    for (size_t cut = 0; cut < len; cut++) {
        u8 *copy = malloc(cut ? cut : 1);

        memcpy(copy, buf, cut);
        microcode_find_intel(copy, cut, 0x506e3, 2, &p);
        free(copy);
    }
}

static size_t add_amd_patch(size_t at, u32 revision, u16 processor, u32 size)
{
    u32 head[2] = { AMD_PATCH, size };

    memcpy(buf + at, head, 8);
    memcpy(buf + at + 8 + AMD_PATCH_REVISION, &revision, 4);
    memcpy(buf + at + 8 + AMD_PATCH_PROCESSOR, &processor, 2);
    return at + 8 + size;
}

static void test_amd(void)
{
    struct amd_equivalence table[] = { { 0x800f12, 0, 0, 0x8012, 0 }, { 0, 0, 0, 0, 0 } };
    u32 head[3] = { AMD_MAGIC, AMD_EQUIVALENCE_TABLE, sizeof(table) };
    struct microcode_patch p = { 0 };
    size_t len;

    memset(buf, 0, sizeof(buf));
    memcpy(buf, head, 12);
    memcpy(buf + 12, table, sizeof(table));
    len = add_amd_patch(12 + sizeof(table), 0x100, 0x8012, 128);
    len = add_amd_patch(len, 0x200, 0x9999, 100);
    len = add_amd_patch(len, 0x180, 0x8012, 64);
    CHECK(microcode_find_amd(buf, len, 0x800f12, &p) && p.revision == 0x180 && p.size == 64);
    CHECK(!microcode_find_amd(buf, len, 0x800f11, &p));
    for (size_t cut = 0; cut < len; cut++) {
        u8 *copy = malloc(cut ? cut : 1);

        memcpy(copy, buf, cut);
        microcode_find_amd(copy, cut, 0x800f12, &p);
        free(copy);
    }
    for (unsigned i = 0; i < 2000; i++) {
        u8 *copy = malloc(len);

        memcpy(copy, buf, len);
        copy[(size_t)random() % len] = (u8)random();
        microcode_find_amd(copy, len, 0x800f12, &p);
        free(copy);
    }
}

int main(void)
{
    TEST(test_cpio);
    TEST(test_intel);
    TEST(test_amd);
    return TEST_RESULT();
}
