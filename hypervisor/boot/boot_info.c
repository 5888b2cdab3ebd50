/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is common to the boot protocols: bounds-checked access to the loader's
 * memory and the places where the copies go. The parsers are in
 * boot/multiboot1.c, multiboot2.c and pvh.c, called by boot/loader.c. Runs once, before the console
 * is
 * there, so it reports by return value only. No locks.
 */
#include "boot/boot_info.h"

#include "errno.h"
#include "lib/string.h"
#include "machine/layout.h"

#define EARLY_MAPPED GB(4)

struct boot_info boot_info;

static char strings[BOOT_STRINGS_SIZE];
static size_t strings_used;

const void *loader_data(u64 pa, u64 len)
{
    u64 end;

    if (!pa || __builtin_add_overflow(pa, len, &end) || end > EARLY_MAPPED)
        return NULL;
    return paddr_to_virt(pa);
}

const char *loader_string(u64 pa)
{
    const char *s = loader_data(pa, 1);
    char *copy = strings + strings_used;
    size_t len;

    if (!s || strings_used >= BOOT_STRINGS_SIZE)
        return "";
    len = strnlen(s, MIN(BOOT_STRINGS_SIZE - strings_used - 1, EARLY_MAPPED - pa));
    memcpy(copy, s, len);
    copy[len] = 0;
    strings_used += len + 1;
    return copy;
}

/*
 * GRUB 2 ("GRUB 2.06") passes arguments only; GRUB Legacy ("GNU GRUB 0.97") and all others put the
 * file first.
 */
static bool loader_omits_name(void)
{
    return !strncmp(boot_info.loader, "GRUB ", 5) && boot_info.loader[5] != '0';
}

const char *loader_cmdline(u64 pa)
{
    const char *s = loader_string(pa);

    if (loader_omits_name())
        return s;
    while (*s == ' ')
        s++;
    while (*s && *s != ' ')
        s++;
    while (*s == ' ')
        s++;
    return s;
}

void boot_info_add_module(u64 start, u64 size, const char *cmdline)
{
    if (boot_info.module_count < BOOT_MODULES_MAX)
        boot_info.modules[boot_info.module_count++] = (struct boot_module){ start, size, cmdline };
}

void boot_info_add_range(u64 start, u64 size, u32 type)
{
    if (memory_map_add(&boot_info.map, start, size, type) == -ENOSPC)
        boot_info.map_is_short = true;
}
