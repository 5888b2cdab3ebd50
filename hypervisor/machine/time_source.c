/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of known rate: HPET (IA-PC HPET 1.0a), ACPI PM timer (ACPI 6.4,
 * 4.8.3.3) and the PIT's channel 2 (Intel 8254). One of them tells how fast the
 * TSC runs. Used by time.c on the boot CPU while booting only; no locks.
 */
#include "lib/string.h"
#include "machine/acpi.h"
#include "machine/platform.h"
#include "machine/time_internal.h"
#include "machine/x86.h"

#define FS_PER_SECOND 1000000000000000UL
#define HPET_CAPABILITIES 0x00
#define HPET_CONFIG 0x10
#define HPET_COUNTER 0xf0
#define HPET_ENABLE 1
#define HPET_MAX_PERIOD 0x05f5e100 /* femtoseconds */
#define PM_TIMER_HZ 3579545
#define PIT_HZ 1193182
#define COUNT_TRIES 4096 /* reads of a slow device each: some milliseconds at most */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2_RATE 0xb4  /* channel 2, both bytes, mode 2, binary */
#define PIT_CHANNEL2_LATCH 0x80
#define PORT_B 0x61
#define PORT_B_GATE2 0x01
#define PORT_B_SPEAKER 0x02

static volatile u8 *hpet;

static u64 hpet_read(void)
{
    return mmio_read32(hpet + HPET_COUNTER);
}

static u64 pm_timer_read(void)
{
    return inl((u16)acpi.fadt.pm_timer.address);
}

static u64 pit_read(void)
{
    u16 v;

    outb(PIT_COMMAND, PIT_CHANNEL2_LATCH);
    v = inb(PIT_CHANNEL2);
    v |= (u16)(inb(PIT_CHANNEL2) << 8);
    return (u16)-v; /* it counts down */
}

static struct time_source hpet_source = { .name = "HPET", .mask = 0xffffffff, .read = hpet_read };
static struct time_source pm_source = { .name = "ACPI PM timer", .hz = PM_TIMER_HZ, .mask = 0xffffff,
                                        .read = pm_timer_read };
static struct time_source pit_source = { .name = "PIT", .hz = PIT_HZ, .mask = 0xffff, .read = pit_read };

static const struct time_source *find_hpet(void)
{
    u32 period;

    if (!acpi.hpet || !(hpet = platform_memory.map_device(acpi.hpet, PAGE_SIZE)))
        return NULL;
    period = mmio_read32(hpet + HPET_CAPABILITIES + 4);
    if (!period || period > HPET_MAX_PERIOD || mmio_read32(hpet + HPET_CAPABILITIES) == ~0u) {
        platform_memory.unmap((void *)hpet, PAGE_SIZE);
        return NULL;
    }
    mmio_write32(hpet + HPET_CONFIG, mmio_read32(hpet + HPET_CONFIG) | HPET_ENABLE);
    hpet_source.hz = FS_PER_SECOND / period;
    return &hpet_source;
}

static const struct time_source *find_pm_timer(void)
{
    const struct acpi_address *a = &acpi.fadt.pm_timer;

    return a->address && a->space == ACPI_IO && a->address <= 0xfffc ? &pm_source : NULL;
}

static const struct time_source *start_pit(void)
{
    outb(PORT_B, (u8)((inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2));
    outb(PIT_COMMAND, PIT_CHANNEL2_RATE);
    outb(PIT_CHANNEL2, 0); /* 65536 */
    outb(PIT_CHANNEL2, 0);
    return &pit_source;
}

/* Some firmware names a place where nothing is, and some machines switch the old counters off. */
static bool counts(const struct time_source *s)
{
    u64 first = s->read();

    for (unsigned i = 0; i < COUNT_TRIES; i++)
        if (s->read() != first)
            return true;
    return false;
}

const struct time_source *time_source_find(void)
{
    static const struct {
        const char *name;
        const struct time_source *(*find)(void);
    } known[] = { { "hpet", find_hpet }, { "acpi", find_pm_timer }, { "pit", start_pit } };
    unsigned first = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
        if (!strcmp(platform_options.clocksource, known[i].name))
            first = i;
    for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
        const struct time_source *s = known[(first + i) % ARRAY_SIZE(known)].find();

        if (s && counts(s))
            return s;
    }
    return NULL;
}
