/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The variables of machine/platform.h: hooks into the floors above and the
 * options of the command line with their defaults. Written before anything
 * else of the platform runs; read-only afterwards, no lock.
 */
#include "machine/platform.h"

#include "errno.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "option.h"

struct platform_memory platform_memory;

struct platform_options platform_options = {
    .acpi = true,
    .smep = true,
    .smap = OPTION_AUTO,
    .x2apic = OPTION_AUTO,
    .tsc_deadline = true,
    .ioapic = true,
    .xpti = OPTION_AUTO,
};

/* 0x8000..0xbfff: conventional memory on nearly every PC, and not where firmware keeps what is still needed. */
paddr_t smp_trampoline_area = 0x8000;

static int parse_auto(const char *value, enum option_auto *option)
{
    int on = *value ? parse_bool(value, strlen(value)) : 1;

    if (on >= 0)
        *option = on ? OPTION_ON : OPTION_OFF;
    else if (!strcmp(value, "default"))
        *option = OPTION_AUTO;
    else
        return -EINVAL;
    return 0;
}

static int parse_xpti(const char *value)
{
    return parse_auto(value, &platform_options.xpti);
}

static int parse_x2apic(const char *value)
{
    return parse_auto(value, &platform_options.x2apic);
}

static int parse_smap(const char *value)
{
    return parse_auto(value, &platform_options.smap);
}

/* Xen's words for how to reboot; only the first letter counts, as there. */
static int parse_reboot(const char *value)
{
    if (!strchr("akptn", *value) || !*value)
        return -EINVAL;
    platform_options.reboot = *value;
    return 0;
}

static int parse_noapic(const char *value)
{
    platform_options.ioapic = *value && !parse_bool(value, strlen(value));
    return 0;
}

OPTION_FLAG("acpi", platform_options.acpi);
OPTION_FLAG("smep", platform_options.smep);
OPTION_FUNCTION("x2apic", parse_x2apic);
OPTION_FLAG("tdt", platform_options.tsc_deadline);
OPTION_FUNCTION("noapic", parse_noapic);
OPTION_FUNCTION("xpti", parse_xpti);
OPTION_FUNCTION("smap", parse_smap);
OPTION_FUNCTION("reboot", parse_reboot);
OPTION_NUMBER("maxcpus", platform_options.maxcpus);
OPTION_TEXT("clocksource", platform_options.clocksource);
