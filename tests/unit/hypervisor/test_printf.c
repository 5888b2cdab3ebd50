/* SPDX-License-Identifier: GPL-2.0-only */
/* lib/printf.c against the host's snprintf: same text and length for every conversion, at every buffer size. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define snprintf hv_snprintf
#define vsnprintf hv_vsnprintf
#include "lib/printf.c"
#undef snprintf
#undef vsnprintf

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-overflow"

#define SAME(...)                                                          \
    do {                                                                   \
        char want[256], got[256];                                          \
        int w = snprintf(want, sizeof(want), __VA_ARGS__);                 \
        int g = hv_snprintf(got, sizeof(got), __VA_ARGS__);                \
        if (w != g || strcmp(want, got)) {                                 \
            printf("line %d: \"%s\" instead of \"%s\"\n", __LINE__, got, want); \
            check_failures++;                                              \
        }                                                                  \
    } while (0)

static void test_integers(void)
{
    static const long values[] = { 0, 1, -1, 7, 8, 42, 255, 256, -128, 65535, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN };
    static const char *const formats[] = {
        "%ld", "%lu", "%lx", "%lX", "%lo", "%#lx", "%#lo", "%#lX", "%+ld", "% ld", "%08lx", "%-12ldE", "%12ld",
        "%.5ld", "%.0ld", "%12.6lx", "%-12.6lxE", "%012.6ld", "%#012lx", "%+08ld", "%-+8ldE", "%2ld", "%#.0lo",
        "%#5lo", "%lld", "%llx", "%zu", "%zd", "%jd", "%td",
    };
    static const char *const ints[] = { "%d", "%u", "%x", "%i", "%hd", "%hu", "%hhd", "%hhu", "%hhx", "%#hx", "%08x" };

    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        for (size_t f = 0; f < ARRAY_SIZE(formats); f++)
            SAME(formats[f], values[i]);
        for (size_t f = 0; f < ARRAY_SIZE(ints); f++)
            SAME(ints[f], (int)values[i]);
    }
}

static void test_text(void)
{
    SAME("%s|%10s|%-10s|%.2s|%10.2s|", "abc", "abc", "abc", "abc", "abc");
    SAME("%c%5c%-5c|", 'x', 'y', 'z');
    SAME("100%% %s", "");
    SAME("%*d|%-*d|%*d|", 6, 42, 6, 42, -6, 42);
    SAME("%.*s|%.*s|", 2, "hello", -1, "hello");
    SAME("%p", (void *)0x12345678abcul);
    SAME("plain");
    SAME("%.3s", (char[]){ 'a', 'b', 'c' }); /* not terminated: must not be read further */
    CHECK(hv_snprintf(NULL, 0, "%s", (char *)NULL) == 6);
}

static void test_cutting(void)
{
    for (size_t size = 0; size <= 20; size++) {
        char *want = malloc(size + 1), *got = malloc(size + 1);
        memset(want, 'Z', size + 1);
        memset(got, 'Z', size + 1);
        int w = snprintf(want, size, "%s-%08d", "word", 1234);
        int g = hv_snprintf(got, size, "%s-%08d", "word", 1234);
        CHECK(w == g);
        CHECK(!memcmp(want, got, size + 1));
        free(want);
        free(got);
    }
}

static void test_odd_formats(void)
{
    char buf[16];

    CHECK(hv_snprintf(buf, sizeof(buf), "abc%") == 3);
    CHECK(hv_snprintf(buf, sizeof(buf), "%5") == 0);
    CHECK(hv_snprintf(buf, sizeof(buf), "%*d", INT_MIN, 1) == 1);
}

int main(void)
{
    TEST(test_integers);
    TEST(test_text);
    TEST(test_cutting);
    TEST(test_odd_formats);
    return TEST_RESULT();
}
