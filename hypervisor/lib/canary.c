/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The canary that compiled code puts between a function's arrays and its return
 * address (-fstack-protector-strong) and compares before it returns. boot/main.c chooses
 * it at each boot, before any function that has one is entered; it is the same for all CPUs.
 */
#include "canary.h"

#include "bug.h"

unsigned long __stack_chk_guard; /* the name that the compiler uses, like the next */

void __stack_chk_fail(void)
{
    bug(__FILE__, __LINE__, "a function has written behind an array on its stack");
}
