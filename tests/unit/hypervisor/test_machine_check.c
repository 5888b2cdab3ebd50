/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine/machine_check.c, timer_errata.c and mtrr.c on registers of our own: which errors a machine goes on with, what is noted and
 * said, banks that are switched on, processors whose timers are not relied on, memory types that are made the same.
 */
#include "../../sim/machine/cpu.h"
#include "../../sim/machine/percpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define rdmsr rdmsr_unused
#define wrmsr wrmsr_unused
#define rdmsr_safe rdmsr_safe_unused
#define wrmsr_safe wrmsr_safe_unused
#define inb inb_unused
#define outb outb_unused
#define wbinvd wbinvd_unused
#define read_cr0 read_cr0_unused
#define write_cr0 write_cr0_unused
#define read_cr4 read_cr4_unused
#define write_cr4 write_cr4_unused
#include "machine/x86.h"
#undef rdmsr
#undef wrmsr
#undef rdmsr_safe
#undef wrmsr_safe
#undef inb
#undef outb
#undef wbinvd
#undef read_cr0
#undef write_cr0
#undef read_cr4
#undef write_cr4

/* The registers of one CPU: some hundred numbers with a value each; what was never set does not exist. */
static struct { u32 number; u64 value; } registers[256];
static unsigned register_count;
static u8 port_b;
static u64 cr0 = CR0_PG, cr4 = CR4_PGE;

static u64 *find(u32 number)
{
    for (unsigned i = 0; i < register_count; i++)
        if (registers[i].number == number)
            return &registers[i].value;
    return NULL;
}

static void set(u32 number, u64 value)
{
    u64 *v = find(number);

    if (!v) {
        registers[register_count].number = number;
        v = &registers[register_count++].value;
    }
    *v = value;
}

static int rdmsr_safe(u32 msr, u64 *val)
{
    u64 *v = find(msr);

    *val = v ? *v : 0;
    return v ? 0 : -EFAULT;
}

static int wrmsr_safe(u32 msr, u64 val)
{
    u64 *v = find(msr);

    if (v)
        *v = val;
    return v ? 0 : -EFAULT;
}

static u64 rdmsr(u32 msr)
{
    if (!find(msr))
        abort(); /* #GP */
    return *find(msr);
}

static void wrmsr(u32 msr, u64 val)
{
    if (wrmsr_safe(msr, val))
        abort();
}

static u8 inb(u16 port) { return port == 0x61 ? port_b : 0xff; }
static void outb(u16 port, u8 v) { if (port == 0x61) port_b = v; }
static u64 read_cr0(void) { return cr0; }
static void write_cr0(u64 v) { cr0 = v; }
static u64 read_cr4(void) { return cr4; }
static void write_cr4(u64 v) { cr4 = v; }
static void wbinvd(void) { }

#include "machine/machine_check.c"
#include "machine/mtrr.c"
#include "machine/timer_errata.c"

struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct cpu_features boot_cpu;
static char said[4096];
static jmp_buf panicked;

void printk(enum log_level l, const char *fmt, ...)
{
    size_t len = strlen(said);
    va_list args;

    va_start(args, fmt);
    vsnprintf(said + len, sizeof(said) - len, fmt, args);
    va_end(args);
}

void panic_regs(const struct regs *regs, const char *fmt, ...)
{
    longjmp(panicked, 1);
}

#define V STATUS_VALID
#define UC STATUS_UNCORRECTED
#define EN STATUS_ENABLED
#define PCC STATUS_STATE_LOST
#define S STATUS_SIGNALLED
#define AR STATUS_ACTION

static void test_grades(void)
{
    static const struct { u64 status, cap; enum machine_check_grade grade; } cases[] = {
        { 0, 0, MC_NOTHING }, { UC | EN | PCC, 0, MC_NOTHING }, /* not valid */
        { V | EN, 0, MC_NOTE }, { V | EN | UC, 0, MC_FATAL }, { V | UC, 0, MC_NOTE }, /* not enabled: says nothing of now */
        { V | EN | UC | PCC, MCG_CAP_RECOVERY, MC_FATAL }, { V | EN | PCC, 0, MC_FATAL },
        { V | EN | UC, MCG_CAP_RECOVERY, MC_NOTE }, { V | EN | UC | S, MCG_CAP_RECOVERY, MC_NOTE },
        { V | EN | UC | S | AR, MCG_CAP_RECOVERY, MC_FATAL }, { V | EN | UC | STATUS_AMD_DEFERRED, 0, MC_NOTE },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
        CHECK(machine_check_grade(cases[i].status, cases[i].cap) == cases[i].grade);
}

static void make_banks(unsigned count, u64 capabilities)
{
    register_count = 0;
    said[0] = 0;
    memset(notes, 0, sizeof(notes));
    set(MSR_MCG_CAP, count | capabilities);
    set(MSR_MCG_STATUS, MCG_STATUS_RESTART | BIT(2));
    set(MSR_MCG_CTL, 0);
    for (unsigned i = 0; i < count; i++) {
        set(BANK_CTL(i), 0);
        set(BANK_STATUS(i), 0);
        set(BANK_ADDRESS(i), 0x1000 * i);
    }
}

static void cpu_is(enum cpu_vendor vendor, u16 family, u16 model, u8 stepping)
{
    memset(&boot_cpu, 0, sizeof(boot_cpu));
    boot_cpu.vendor = vendor;
    boot_cpu.family = family;
    boot_cpu.model = model;
    boot_cpu.stepping = stepping;
    boot_cpu.phys_bits = 36;
    boot_cpu.words[0] = ~0u;
}

static void test_start(void)
{
    cpu_is(CPU_INTEL, 6, 0x3c, 3);
    make_banks(6, MCG_CAP_CTL);
    set(BANK_STATUS(2), V | EN | UC | PCC | STATUS_HAS_ADDRESS);
    machine_check_cpu_init();
    CHECK(strstr(said, "bank 2") && strstr(said, "from before the start") && !strstr(said, "bank 1"));
    for (unsigned i = 0; i < 6; i++)
        CHECK(rdmsr(BANK_CTL(i)) == ~0UL && rdmsr(BANK_STATUS(i)) == 0);
    CHECK(rdmsr(MSR_MCG_CTL) == ~0UL);

    cpu_is(CPU_INTEL, 6, 0x17, 6); /* an old one: bank 0 is not for us */
    make_banks(6, 0);
    machine_check_cpu_init();
    CHECK(rdmsr(BANK_CTL(0)) == 0 && rdmsr(BANK_CTL(1)) == ~0UL && rdmsr(MSR_MCG_CTL) == 0);

    cpu_is(CPU_AMD, 0x10, 4, 2);
    make_banks(6, MCG_CAP_CTL);
    machine_check_cpu_init();
    CHECK(rdmsr(BANK_CTL(4)) == ~AMD_GART_WALK && rdmsr(BANK_CTL(0)) == ~0UL);

    cpu_is(CPU_INTEL, 6, 0x3c, 3); /* none at all: nothing is read, let alone written */
    boot_cpu.words[0] = 0;
    register_count = 0;
    machine_check_cpu_init();
}

static bool check_ends_in_panic(void)
{
    struct regs regs = { 0 };

    if (setjmp(panicked))
        return true;
    machine_check_exception(&regs);
    return false;
}

static void test_exceptions(void)
{
    cpu_is(CPU_INTEL, 6, 0x55, 4);
    make_banks(4, MCG_CAP_RECOVERY);
    CHECK(!check_ends_in_panic()); /* the error is another CPU's: a broadcast */
    CHECK(rdmsr(MSR_MCG_STATUS) == 0);
    CHECK(hardware_errors_report() == 0 && !said[0]);

    set(BANK_STATUS(3), V | EN | UC | S | STATUS_HAS_ADDRESS); /* found by the scrubber, used by nobody */
    set(MSR_MCG_STATUS, MCG_STATUS_RESTART);
    CHECK(!check_ends_in_panic());
    CHECK(rdmsr(BANK_STATUS(3)) == 0 && !said[0]); /* no lock is taken here */
    CHECK(hardware_errors_report() == 0 && strstr(said, "bank 3") && strstr(said, "0x3000"));
    said[0] = 0;
    hardware_errors_report();
    CHECK(!said[0]);

    for (unsigned i = 0; i < NOTES + 3; i++) { /* more than can be kept: said, and nothing is overwritten */
        set(BANK_STATUS(1), V | EN);
        CHECK(!check_ends_in_panic() || rdmsr(MSR_MCG_STATUS) == 0);
        set(MSR_MCG_STATUS, MCG_STATUS_RESTART);
    }
    hardware_errors_report();
    CHECK(strstr(said, "More machine checks"));

    set(BANK_STATUS(1), V | EN | UC | S | AR);
    CHECK(check_ends_in_panic());
    CHECK(rdmsr(BANK_STATUS(1)) != 0); /* for those who look after the restart */
    set(BANK_STATUS(1), 0);
    set(MSR_MCG_STATUS, 0); /* the interrupted program is lost */
    CHECK(check_ends_in_panic());
}

static bool nmi_ends_in_panic(u8 port)
{
    struct regs regs = { 0 };

    port_b = port;
    if (setjmp(panicked))
        return true;
    board_nmi(&regs);
    return false;
}

static void test_board(void)
{
    said[0] = 0;
    CHECK(!nmi_ends_in_panic(0x81) && port_b == (1 | PORT_B_SERR_OFF));
    CHECK(!nmi_ends_in_panic(0x40) && port_b == PORT_B_IO_CHECK_OFF);
    CHECK(hardware_errors_report() == (XEN_NMIREASON_pci_serr | XEN_NMIREASON_io_error));
    CHECK(strstr(said, "PCI system error") && strstr(said, "I/O check") && !strstr(said, "unknown"));
    CHECK(!nmi_ends_in_panic(0x01) && port_b == 0x01);
    CHECK(hardware_errors_report() == XEN_NMIREASON_unknown && hardware_errors_report() == 0);
    CHECK(parse_nmi("dom") == -EINVAL && parse_nmi("ignore") == 0);
    CHECK(!nmi_ends_in_panic(0x80) && hardware_errors_report() == 0);
    CHECK(parse_nmi("fatal") == 0 && nmi_ends_in_panic(0x80) && nmi_ends_in_panic(0x40) && nmi_ends_in_panic(0));
    CHECK(parse_nmi("dom0") == 0);
}

static void test_timer_errata(void)
{
    cpu_is(CPU_INTEL, 6, 0x3c, 3);
    boot_cpu.words[XEN_X86_FEATURE_HYPERVISOR / 32] = 0;
    CHECK(deadline_timer_unreliable(&boot_cpu, 0x21) && !deadline_timer_unreliable(&boot_cpu, 0x22));
    boot_cpu.words[XEN_X86_FEATURE_HYPERVISOR / 32] = 1u << XEN_X86_FEATURE_HYPERVISOR % 32;
    CHECK(!deadline_timer_unreliable(&boot_cpu, 0)); /* the machine's owner sees to it */
    cpu_is(CPU_INTEL, 6, 0x55, 4);
    CHECK(deadline_timer_unreliable(&boot_cpu, 0x02000013) && !deadline_timer_unreliable(&boot_cpu, 0x02000014));
    boot_cpu.stepping = 7;
    CHECK(!deadline_timer_unreliable(&boot_cpu, 0));
    cpu_is(CPU_INTEL, 6, 0x2a, 7);
    CHECK(!deadline_timer_unreliable(&boot_cpu, 0));
    cpu_is(CPU_AMD, 6, 0x3c, 3);
    CHECK(!deadline_timer_unreliable(&boot_cpu, 0));

    static const struct { u16 family, model; bool stops; } amd[] = {
        { 0xf, 0x23, false }, { 0xf, 0x6b, true }, { 0x10, 2, true }, { 0x11, 3, true }, { 0x12, 1, false }, { 0x17, 1, false },
    };
    for (unsigned i = 0; i < ARRAY_SIZE(amd); i++) {
        cpu_is(CPU_AMD, amd[i].family, amd[i].model, 0);
        CHECK(apic_timer_stops_in_c1e(&boot_cpu) == amd[i].stops);
    }
    register_count = 0;
    c1e_disable(); /* no such register */
    set(MSR_AMD_INT_PENDING, 0x19000000);
    c1e_disable();
    CHECK(rdmsr(MSR_AMD_INT_PENDING) == 0x01000000);
}

static void make_mtrrs(u64 def, u64 fixed, u64 base)
{
    register_count = 0;
    set(MSR_MTRRCAP, MTRRCAP_FIXED | 3);
    set(MSR_MTRR_DEF_TYPE, def);
    for (unsigned i = 0; i < ARRAY_SIZE(fixed_registers); i++)
        set(fixed_registers[i], fixed + i);
    for (unsigned i = 0; i < 6; i++)
        set(MSR_MTRR_PHYSBASE0 + i, base + i);
}

static void test_mtrrs(void)
{
    cpu_is(CPU_INTEL, 6, 0x3c, 3);
    make_mtrrs(0xc06, 0x0606060606060600, 0xc0000000);
    mtrr_save_boot_cpu();
    said[0] = 0;
    mtrr_like_boot_cpu();
    CHECK(!said[0]);
    make_mtrrs(0, 0, 0); /* as after INIT under emulation, or forgotten by firmware */
    mtrr_like_boot_cpu();
    CHECK(strstr(said, "made the same"));
    CHECK(rdmsr(MSR_MTRR_DEF_TYPE) == 0xc06 && rdmsr(0x26f) == 0x060606060606060a && rdmsr(MSR_MTRR_PHYSBASE0 + 5) == 0xc0000005);
    CHECK(cr0 == CR0_PG && cr4 == CR4_PGE);
    said[0] = 0;
    mtrr_like_boot_cpu();
    CHECK(!said[0]);
    boot_cpu.words[0] = 0; /* a CPU without */
    register_count = 0;
    mtrr_like_boot_cpu();
}

int main(void)
{
    TEST(test_grades);
    TEST(test_start);
    TEST(test_exceptions);
    TEST(test_board);
    TEST(test_timer_errata);
    TEST(test_mtrrs);
    return TEST_RESULT();
}
