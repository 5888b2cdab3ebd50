/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot options, declared beside the variable that they set. They end up in one
 * table (section .options) that boot/cmdline.c searches; an option is known
 * exactly when the file that uses it is part of the image.
 *
 *     static bool noreboot;
 *     OPTION_FLAG("noreboot", noreboot);       noreboot, noreboot=yes, no-noreboot
 *     OPTION_NUMBER("maxcpus", max_cpus);      an unsigned int
 *     OPTION_SIZE("conring_size", bytes, KB(1));  a u64; suffix B K M G T, else in KiB
 *     OPTION_TEXT("sched", buf);               a char array; too long: refused
 *     OPTION_FUNCTION("dom0_mem", parse_it);   int parse_it(const char *value): 0, -EINVAL
 *     OPTION_IGNORED("placeholder");           accepted for compatibility, without effect
 *
 * Options of the same name are all set. Values arrive before console_init.
 */
#ifndef HV_OPTION_H
#define HV_OPTION_H

#include "types.h"

enum option_kind { OPT_FLAG, OPT_NUMBER, OPT_SIZE, OPT_TEXT, OPT_FUNCTION, OPT_IGNORED };

struct option {
    const char *name;
    enum option_kind kind;
    u32 size;                        /* OPT_TEXT: bytes of the array */
    u64 unit;                        /* OPT_SIZE: bytes that a number without suffix counts in */
    void *target;
    int (*parse)(const char *value); /* OPT_FUNCTION; a flag without value passes "" , no-NAME passes "no" */
};

#define OPTION_PASTE(a, b) a##b
#define OPTION_VAR(line) OPTION_PASTE(option_, line)
#define OPTION_ENTRY(...)                                                                   \
    static const struct option OPTION_VAR(__LINE__)                                         \
        __attribute__((used, section(".options"), aligned(8))) = { __VA_ARGS__ }

#define OPTION_FLAG(n, var) \
    OPTION_ENTRY(.name = n, .kind = OPT_FLAG, .target = 1 ? &(var) : (bool *)0)
#define OPTION_NUMBER(n, var) \
    OPTION_ENTRY(.name = n, .kind = OPT_NUMBER, .target = 1 ? &(var) : (unsigned *)0)
#define OPTION_SIZE(n, var, u) \
    OPTION_ENTRY(.name = n, .kind = OPT_SIZE, .unit = (u), .target = 1 ? &(var) : (u64 *)0)
#define OPTION_TEXT(n, buf) \
    OPTION_ENTRY(.name = n, .kind = OPT_TEXT, .size = sizeof(buf), .target = (buf))
#define OPTION_FUNCTION(n, fn) OPTION_ENTRY(.name = n, .kind = OPT_FUNCTION, .parse = (fn))
#define OPTION_IGNORED(n) OPTION_ENTRY(.name = n, .kind = OPT_IGNORED)

#endif
