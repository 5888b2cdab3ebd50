/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine/apic.c on an emulator that loses writes to it: what was written is there in the end, and an EOI ends one interrupt and
 * not two. On a machine that loses nothing, and with one CPU, nothing is read back.
 */
#include "../../sim/machine/cpu.h"
#include "../../sim/machine/percpu.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define mmio_read32 mmio_read32_unused
#define mmio_write32 mmio_write32_unused
#define rdmsr rdmsr_unused
#define wrmsr wrmsr_unused
#include "machine/x86.h"
#undef mmio_read32
#undef mmio_write32
#undef rdmsr
#undef wrmsr

static u32 mmio_read32(const volatile void *p);
static void mmio_write32(volatile void *p, u32 v);

static u64 base = APIC_BASE_ENABLE;
static unsigned modes; /* that the APIC went through */

static u64 rdmsr(u32 msr)
{
    return base;
}

/* #GP for a way that SDM Vol 3 figure 11-9 does not show: from x2APIC mode to xAPIC mode but through off, from off to x2APIC mode. */
static void wrmsr(u32 msr, u64 v)
{
    const u64 both = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
    u64 from = base & both, to = v & both;

    if (to == APIC_BASE_X2APIC || (from == both && to == APIC_BASE_ENABLE) || (!from && to == both))
        abort();
    base = v;
    modes++;
}

#include "machine/apic.c"

struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct platform_options platform_options;
struct platform_memory platform_memory;
struct cpu_features boot_cpu;
struct acpi_info acpi;
bool cpu_is_tcg;

static u8 page[PAGE_SIZE];
static unsigned reads, writes, to_lose, sent;

void cpu_relax(void) { }
void interrupt_set_handler(enum vector vector, void (*fn)(void)) { abort(); }
void printk(enum log_level l, const char *fmt, ...) { }
void panic(const char *fmt, ...) { abort(); }

static u32 *at(unsigned reg)
{
    return (u32 *)(page + reg);
}

static u32 mmio_read32(const volatile void *p)
{
    reads++;
    return *(const volatile u32 *)p;
}

static void mmio_write32(volatile void *p, u32 v)
{
    unsigned reg = (unsigned)((volatile u8 *)p - page);

    writes++;
    if (to_lose) {
        to_lose--;
        return;
    }
    *at(reg) = v;
    sent += reg == APIC_ICR;
    for (unsigned isr = APIC_ISR_LAST; reg == APIC_EOI && isr >= APIC_ISR; isr -= 16) {
        if (!*at(isr))
            continue;
        *at(isr) &= ~(1u << (31 - __builtin_clz(*at(isr))));
        return;
    }
}

static void start(bool tcg, unsigned cpus)
{
    registers = page;
    to_lose = 0;
    cpu_is_tcg = tcg;
    for (sim_this_cpu = 0; sim_this_cpu < cpus; sim_this_cpu++)
        apic_cpu_init();
    memset(page, 0, sizeof(page));
    sim_this_cpu = 0;
    reads = writes = sent = 0;
}

static void test_lost_writes(void)
{
    for (unsigned lost = 0; lost < 6; lost++) {
        start(true, 2);
        to_lose = lost;
        apic_timer_oneshot(1234567);
        CHECK(*at(APIC_TIMER_INITIAL) == 1234567 && writes == lost + 1);
        to_lose = lost; /* the same once more: seen by its being different */
        apic_timer_oneshot(1234567);
        CHECK(*at(APIC_TIMER_INITIAL) == 1234568 && writes == 2 * lost + 2);
        start(true, 2);
        to_lose = lost;
        apic_send(3, 0xfb);
        CHECK(*at(APIC_ICR_HIGH) == 3u << 24 && *at(APIC_ICR) == (ICR_ASSERT | 0xfb) && sent == 1);
        for (unsigned i = 2; i < 5; i++) {
            to_lose = lost;
            apic_send(3, 0xfb);
            CHECK((*at(APIC_ICR) & ~ICR_IGNORED) == (ICR_ASSERT | 0xfb) && sent == i);
        }
    }
}

/* Of two interrupts in service, in the same word and in different ones, the higher ends and the other stays. */
static void test_lost_eoi(void)
{
    for (unsigned lost = 0; lost < 6; lost++) {
        start(true, 2);
        *at(APIC_ISR_LAST) = 1u << 26 | 1u << 3;
        to_lose = lost;
        apic_eoi();
        CHECK(*at(APIC_ISR_LAST) == 1u << 3);
        start(true, 2);
        *at(APIC_ISR + 0x10) = 1;
        *at(APIC_ISR + 0x40) = 1u << 9;
        to_lose = lost;
        apic_eoi();
        CHECK(*at(APIC_ISR + 0x10) == 1 && *at(APIC_ISR + 0x40) == 0);
    }
    start(true, 2);
    apic_eoi(); /* none in service */
    CHECK(writes == 1);
}

static void test_nothing_is_read_back(void)
{
    for (unsigned i = 0; i < 2; i++) {
        start(i, 2 - i);
        apic_eoi();
        apic_timer_oneshot(99);
        CHECK(writes == 2 && reads == 0);
        apic_send(1, 0xfb);
        CHECK(writes == 4 && reads == 1); /* is the last one on its way? */
    }
}

/* An APIC that never keeps what is written does not hold a CPU for ever. */
static void test_bounded(void)
{
    start(true, 2);
    to_lose = ~0u;
    *at(APIC_ISR) = 1;
    apic_timer_oneshot(5);
    apic_eoi();
    CHECK(writes < 3 * LOST_WRITE_ROUNDS);
}

/* Firmware may have switched other CPUs over to x2APIC mode and not the boot CPU, or left them off. */
static void test_modes(void)
{
    static const u64 from[] = { 0, APIC_BASE_ENABLE, APIC_BASE_ENABLE | APIC_BASE_X2APIC };

    for (unsigned i = 0; i < ARRAY_SIZE(from); i++) {
        base = from[i] | 0xfee00000;
        modes = 0;
        start(false, 1);
        CHECK(base == (APIC_BASE_ENABLE | 0xfee00000) && modes <= 2);
    }
}

/* What firmware cools the machine by stays; other interrupts of the APIC are off. */
static void test_local_vectors(void)
{
    for (unsigned smi = 0; smi < 2; smi++) {
        memset(page, 0, sizeof(page));
        registers = page;
        *at(APIC_VERSION) = 6 << 16;
        *at(APIC_LVT_THERMAL) = smi ? LVT_SMI : 0xfa;
        *at(APIC_LVT_CMCI) = 0xf9;
        sim_this_cpu = 0;
        apic_cpu_init();
        CHECK(*at(APIC_LVT_THERMAL) == (smi ? LVT_SMI : LVT_MASKED) && *at(APIC_LVT_CMCI) == LVT_MASKED);
        CHECK(*at(APIC_LVT_PERF) == LVT_MASKED && *at(APIC_LVT_LINT1) == LVT_NMI);
    }
}

int main(void)
{
    TEST(test_lost_writes);
    TEST(test_lost_eoi);
    TEST(test_nothing_is_read_back);
    TEST(test_bounded);
    TEST(test_modes);
    TEST(test_local_vectors);
    return TEST_RESULT();
}
