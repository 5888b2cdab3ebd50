/* SPDX-License-Identifier: GPL-2.0-only */
/* lib/string.c, string_x86.S, bitmap.c and parse.c against simple references. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

int hv_memcmp(const void *, const void *, size_t);
void *hv_memcpy(void *, const void *, size_t);
void *hv_memmove(void *, const void *, size_t);
void *hv_memset(void *, int, size_t);

#define memcmp hv_memcmp
#define memchr hv_memchr
#define strlen hv_strlen
#define strnlen hv_strnlen
#define strcmp hv_strcmp
#define strncmp hv_strncmp
#define strchr hv_strchr
#define strrchr hv_strrchr
#define strstr hv_strstr
#define strlcpy hv_strlcpy
#include "lib/string.c"
#include "lib/strlcpy.c"
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr
#undef strlcpy
#include "lib/bitmap.c"
#define HV_ERRNO_H /* the host's numbers will do */
#include "lib/parse.c"

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void test_strings(void)
{
    static const char *const words[] = { "", "a", "b", "ab", "abc", "abd", "xyzxyz", "zxy", "\xff", "aaaaaaaaaaaaaaaaab" };
    char buf[8];

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        const char *a = words[i];
        CHECK(hv_strlen(a) == strlen(a));
        CHECK(hv_strnlen(a, 2) == strnlen(a, 2));
        CHECK(hv_strchr(a, 'z') == strchr(a, 'z'));
        CHECK(hv_strchr(a, 0) == strchr(a, 0));
        CHECK(hv_strrchr(a, 'x') == strrchr(a, 'x'));
        CHECK(hv_memchr(a, 'b', strlen(a)) == memchr(a, 'b', strlen(a)));
        for (size_t j = 0; j < ARRAY_SIZE(words); j++) {
            const char *b = words[j];
            CHECK(sign(hv_strcmp(a, b)) == sign(strcmp(a, b)));
            CHECK(sign(hv_strncmp(a, b, 2)) == sign(strncmp(a, b, 2)));
            CHECK(hv_strstr(a, b) == strstr(a, b));
        }
    }
    CHECK(hv_strlcpy(buf, "1234567", sizeof(buf)) == 7 && !strcmp(buf, "1234567"));
    CHECK(hv_strlcpy(buf, "12345678", sizeof(buf)) == 8 && !strcmp(buf, "1234567"));
    CHECK(hv_strlcpy(buf, "", 1) == 0 && !buf[0]);
}

static void test_memcmp(void)
{
    for (size_t n = 0; n < 40; n++) {
        for (size_t d = 0; d < n; d++) {
            unsigned char *a = malloc(n), *b = malloc(n);
            memset(a, 5, n);
            memset(b, 5, n);
            CHECK(hv_memcmp(a, b, n) == 0);
            b[d] = 200;
            CHECK(hv_memcmp(a, b, n) < 0 && hv_memcmp(b, a, n) > 0);
            free(a);
            free(b);
        }
    }
}

/* Every length, offset and overlap of a small buffer, with the bytes around it watched. */
static void test_block_functions(void)
{
    unsigned char want[96], got[96], init[96];

    for (int i = 0; i < 96; i++)
        init[i] = (unsigned char)(i * 7 + 1);
    for (size_t n = 0; n <= 33; n++)
        for (size_t s = 16; s < 48; s++)
            for (size_t d = 16; d < 48; d++) {
                memcpy(want, init, 96);
                memcpy(got, init, 96);
                memmove(want + d, want + s, n);
                CHECK(hv_memmove(got + d, got + s, n) == got + d);
                CHECK(!memcmp(want, got, 96));
            }
    for (size_t n = 0; n <= 40; n++) {
        memcpy(want, init, 96);
        memcpy(got, init, 96);
        memset(want + 9, 0x1a5, n);
        CHECK(hv_memset(got + 9, 0x1a5, n) == got + 9);
        CHECK(!memcmp(want, got, 96));
        memcpy(want + 3, init + 50, n);
        CHECK(hv_memcpy(got + 3, init + 50, n) == got + 3);
        CHECK(!memcmp(want, got, 96));
    }
}

static void test_bitmap(void)
{
    unsigned long map[4] = { 0 };

    CHECK(find_next_bit(map, 200, 0) == 200);
    CHECK(find_next_zero_bit(map, 200, 199) == 199);
    CHECK(find_next_bit(map, 0, 0) == 0);
    for (unsigned a = 0; a < 256; a += 5) {
        set_bit(a, map);
        CHECK(find_next_bit(map, 256, 0) == a);
        CHECK(find_next_bit(map, 256, a + 1) == 256);
        CHECK(find_next_bit(map, a, 0) == a); /* beyond the size */
        CHECK(find_next_zero_bit(map, 256, a) == (a == 255 ? 256 : a + 1));
        clear_bit(a, map);
    }
    memset(map, 0xff, sizeof(map));
    CHECK(find_next_zero_bit(map, 256, 3) == 256);
    CHECK(find_next_zero_bit(map, 130, 0) == 130);
}

static int size_of(const char *s, u64 unit, u64 *v, const char **end)
{
    *end = s;
    return parse_size(end, unit, v);
}

static void test_parse(void)
{
    const char *end, *s;
    u64 v = 0;

    CHECK(!size_of("512M,max", 1024, &v, &end) && v == MB(512) && *end == ',');
    CHECK(!size_of("512", 1024, &v, &end) && v == 512 * 1024 && !*end);
    CHECK(!size_of("0x10k", 1, &v, &end) && v == 16384);
    CHECK(!size_of("1t", 1, &v, &end) && v == GB(1024));
    CHECK(!size_of("7b", 1024, &v, &end) && v == 7);
    CHECK(size_of("M", 1, &v, &end) == -EINVAL && *end == 'M');
    CHECK(size_of("", 1, &v, &end) == -EINVAL);
    CHECK(size_of("99999999999999999999", 1, &v, &end) == -EOVERFLOW);
    CHECK(size_of("18446744073709551615k", 1, &v, &end) == -EOVERFLOW);
    CHECK(!size_of("0", 1, &v, &end) && v == 0 && !*end);
    s = "0755x";
    CHECK(!parse_u64(&s, 0, &v) && v == 0755 && *s == 'x');
    s = "ffff";
    CHECK(!parse_u64(&s, 16, &v) && v == 0xffff);
    s = "0x";
    CHECK(!parse_u64(&s, 0, &v) && v == 0 && *s == 'x');
    CHECK(parse_bool("yes", 3) == 1 && parse_bool("off,", 3) == 0 && parse_bool("of", 2) == -EINVAL);
}

int main(void)
{
    TEST(test_strings);
    TEST(test_memcmp);
    TEST(test_block_functions);
    TEST(test_bitmap);
    TEST(test_parse);
    return TEST_RESULT();
}
