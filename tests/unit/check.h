/* SPDX-License-Identifier: GPL-2.0-only */
/* The few macros of the unit tests: each CHECK counts, each TEST prints one verdict line. */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <stdio.h>

static int check_failures, check_failures_before;

#define CHECK(cond)                                                        \
    do {                                                                   \
        if (!(cond)) {                                                     \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #cond);              \
            check_failures++;                                              \
        }                                                                  \
    } while (0)

/* Runs one test function and prints its verdict. */
#define TEST(fn)                                                           \
    do {                                                                   \
        check_failures_before = check_failures;                            \
        fn();                                                              \
        printf("%s %s\n", check_failures == check_failures_before ? "ok" : "FAIL", #fn); \
        fflush(stdout);                                                    \
    } while (0)

#define TEST_RESULT() (check_failures ? 1 : 0)

#endif
