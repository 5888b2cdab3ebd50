/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Local APIC driver. x2APIC mode is used when firmware has left it on or when we
 * are ourselves a guest; on bare hardware it would need interrupt remapping
 * (SDM Vol 3 10.12.7). Called with interrupts in any state; no locks: each CPU
 * touches its own APIC only.
 */
#include "machine/apic.h"

#include "machine/acpi.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "machine/cpu_features.h"
#include "machine/interrupt.h"
#include "machine/platform.h"
#include "machine/x86.h"

/* Register offsets in xAPIC mode; in x2APIC mode MSR 0x800 + offset / 16. SDM Vol 3 table 10-1 */
enum apic_register {
    APIC_ID = 0x20,
    APIC_VERSION = 0x30,
    APIC_TPR = 0x80,
    APIC_EOI = 0xb0,
    APIC_LDR = 0xd0,
    APIC_SVR = 0xf0,
    APIC_ISR = 0x100, /* eight words, one every 16 octets */
    APIC_ISR_LAST = 0x170,
    APIC_ESR = 0x280,
    APIC_LVT_CMCI = 0x2f0,
    APIC_ICR = 0x300,
    APIC_ICR_HIGH = 0x310,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_THERMAL = 0x330,
    APIC_LVT_PERF = 0x340,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,
};

#define SVR_ENABLE 0x100
#define LVT_MASKED 0x10000
#define LVT_DELIVERY 0x700
#define LVT_SMI 0x200
#define LVT_NMI 0x400
#define LVT_EXTINT 0x700
#define LVT_TIMER_DEADLINE 0x40000
#define DIVIDE_BY_1 0xb
#define ICR_FIXED 0x000
#define ICR_NMI 0x400
#define ICR_INIT 0x500
#define ICR_STARTUP 0x600
#define ICR_PENDING 0x1000
#define ICR_ASSERT 0x4000
#define ICR_IGNORED 0x100000 /* a reserved bit, which the emulator keeps */
#define XAPIC_MAX_ID 254
#define ICR_WAIT_ROUNDS 100000
#define LOST_WRITE_ROUNDS 16
#define VERSION_MAX_LVT(v) ((v) >> 16 & 0xff)

static volatile u8 *registers; /* xAPIC mode */
static bool x2;
static u32 error_bits;

static u32 read_register(enum apic_register reg)
{
    if (x2)
        return (u32)rdmsr(MSR_X2APIC_FIRST + reg / 16);
    return mmio_read32(registers + reg);
}

static void write_register(enum apic_register reg, u32 v)
{
    if (x2)
        wrmsr(MSR_X2APIC_FIRST + reg / 16, v);
    else
        mmio_write32(registers + reg, v);
}

/*
 * QEMU's emulation with a thread for each CPU (seen in 7.2) sends what a CPU writes to device memory astray while another CPU
 * changes the memory map, as Linux does when it sizes the BARs of PCI devices: one CPU has a new map already and old places in it.
 * A timer that was not set, or an interrupt without its EOI, would stop a CPU for ever, so there we look whether it was heard.
 * What is written differs from what is there, or nobody could tell. tests/system/test_domain0.py: test_timers_while_device_memory_moves
 */
static bool writes_get_lost;

static void write_again(enum apic_register reg, u32 v)
{
    cpu_relax(); /* the emulator takes the new map in */
    write_register(reg, v);
    pr_debug("CPU %u: a write to APIC register %#x was lost\n", cpu_id(), reg);
}

/* Writes a register that can be read back, the bits of @ignored apart. */
static void write_surely(enum apic_register reg, u32 v, u32 ignored)
{
    write_register(reg, v);
    if (likely(!writes_get_lost))
        return;
    for (unsigned i = 0; i < LOST_WRITE_ROUNDS && (read_register(reg) ^ v) & ~ignored; i++)
        write_again(reg, v);
}

/* EOI clears the highest bit in service. Interrupts disabled, so none comes meanwhile. */
static void eoi_surely(void)
{
    unsigned reg = APIC_ISR_LAST;
    u32 before;

    while (!(before = read_register(reg)) && reg > APIC_ISR)
        reg -= 16;
    write_register(APIC_EOI, 0);
    for (unsigned i = 0; i < LOST_WRITE_ROUNDS && before && read_register(reg) == before; i++)
        write_again(APIC_EOI, 0);
}

bool apic_is_x2(void)
{
    return x2;
}

u32 apic_own_id(void)
{
    u32 id = read_register(APIC_ID);

    return x2 ? id : id >> 24;
}

void apic_eoi(void)
{
    if (unlikely(writes_get_lost))
        eoi_surely();
    else
        write_register(APIC_EOI, 0);
}

bool apic_can_address(u32 apic_id)
{
    return x2 || apic_id <= XAPIC_MAX_ID;
}

/* Sends an IPI. The two halves of the xAPIC's command register must not be torn by an interrupt that sends too. */
static void send(u32 apic_id, u32 command)
{
    bool was;

    if (x2) {
        /* Not serializing in this mode: stores before it must be seen by the receiver. SDM Vol 3 10.12.3 */
        __asm__ __volatile__("mfence; lfence" : : : "memory");
        wrmsr(MSR_X2APIC_FIRST + APIC_ICR / 16, (u64)apic_id << 32 | command);
        return;
    }
    was = irq_save();
    for (unsigned i = 0; i < ICR_WAIT_ROUNDS && (read_register(APIC_ICR) & ICR_PENDING); i++)
        cpu_relax();
    if (unlikely(writes_get_lost) && !((read_register(APIC_ICR) ^ command) & ~ICR_PENDING))
        command |= ICR_IGNORED;
    write_surely(APIC_ICR_HIGH, apic_id << 24, 0);
    write_surely(APIC_ICR, command, ICR_PENDING);
    irq_restore(was);
}

void apic_send(u32 apic_id, u8 vector)
{
    send(apic_id, ICR_FIXED | ICR_ASSERT | vector);
}

void apic_send_nmi(u32 apic_id)
{
    send(apic_id, ICR_NMI | ICR_ASSERT);
}

void apic_send_init(u32 apic_id)
{
    send(apic_id, ICR_INIT | ICR_ASSERT);
}

void apic_send_startup(u32 apic_id, u8 page)
{
    send(apic_id, ICR_STARTUP | ICR_ASSERT | page);
}

void apic_timer_mode(bool deadline)
{
    write_register(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    write_register(APIC_LVT_TIMER, VECTOR_TIMER | (deadline ? LVT_TIMER_DEADLINE : 0));
    __asm__ __volatile__("mfence" : : : "memory"); /* before the first deadline, SDM Vol 3 10.5.4.1 */
}

void apic_timer_oneshot(u32 count)
{
    if (unlikely(writes_get_lost) && count && read_register(APIC_TIMER_INITIAL) == count)
        count += count < ~0u ? 1 : -1u;
    write_surely(APIC_TIMER_INITIAL, count, 0);
}

void apic_timer_deadline(u64 tsc)
{
    wrmsr(MSR_TSC_DEADLINE, tsc);
}

u32 apic_timer_current(void)
{
    return read_register(APIC_TIMER_CURRENT);
}

void apic_enable_extint(void)
{
    write_register(APIC_LVT_LINT0, LVT_EXTINT);
}

u32 apic_error_bits(void)
{
    return error_bits;
}

static void error_interrupt(void)
{
    u32 esr;

    write_register(APIC_ESR, 0);
    esr = read_register(APIC_ESR);
    if (esr & ~error_bits)
        pr_warning("APIC of CPU %u: error status %#x\n", cpu_id(), esr);
    error_bits |= esr;
}

static void switch_mode(void)
{
    u64 base = rdmsr(MSR_APIC_BASE);

    if (!x2 && (base & APIC_BASE_X2APIC)) { /* firmware switched this CPU over, but not the boot CPU: the way leads over off */
        wrmsr(MSR_APIC_BASE, base & ~(u64)(APIC_BASE_ENABLE | APIC_BASE_X2APIC));
        wrmsr(MSR_APIC_BASE, (base & ~(u64)APIC_BASE_X2APIC) | APIC_BASE_ENABLE);
    } else if (x2 && !(base & APIC_BASE_X2APIC)) {
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
    } else if (!(base & APIC_BASE_ENABLE)) {
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    }
}

void apic_cpu_init(void)
{
    u32 lvts;

    switch_mode();
    writes_get_lost = cpu_is_tcg && !x2 && cpu_id() > 0; /* from the second CPU on */
    lvts = VERSION_MAX_LVT(read_register(APIC_VERSION));
    write_register(APIC_TPR, 0);
    write_register(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
    write_register(APIC_LVT_LINT0, LVT_MASKED);
    write_register(APIC_LVT_LINT1, cpu_id() == 0 ? LVT_NMI : LVT_MASKED);
    write_register(APIC_LVT_TIMER, LVT_MASKED);
    write_register(APIC_TIMER_INITIAL, 0);
    if (lvts >= 4)
        write_register(APIC_LVT_PERF, LVT_MASKED);
    if (lvts >= 5 && (read_register(APIC_LVT_THERMAL) & LVT_DELIVERY) != LVT_SMI) /* then firmware cools the machine */
        write_register(APIC_LVT_THERMAL, LVT_MASKED);
    if (lvts >= 6)
        write_register(APIC_LVT_CMCI, LVT_MASKED);
    write_register(APIC_ESR, 0);
    write_register(APIC_LVT_ERROR, VECTOR_APIC_ERROR);
}

/* There is no way back from x2APIC mode but through a switched-off APIC, so firmware's choice stays. */
static bool choose_x2(void)
{
    if (!cpu_has(XEN_X86_FEATURE_X2APIC))
        return false;
    if (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC)
        return true;
    return platform_options.x2apic == OPTION_AUTO ? cpu_has(XEN_X86_FEATURE_HYPERVISOR)
                                                  : platform_options.x2apic == OPTION_ON;
}

void apic_init(void)
{
    if (!cpu_has(XEN_X86_FEATURE_APIC))
        panic("This processor has no local APIC, or firmware has switched it off: enable it there");
    x2 = choose_x2();
    if (!x2) {
        registers = platform_memory.map_device(acpi.madt.lapic_base, PAGE_SIZE);
        if (!registers)
            panic("No memory to map the local APIC at %#lx", acpi.madt.lapic_base);
    }
    interrupt_set_handler(VECTOR_APIC_ERROR, error_interrupt);
    apic_cpu_init();
    pr_info("APIC: %s mode, boot CPU has id %u\n", x2 ? "x2APIC" : "xAPIC", apic_own_id());
}
