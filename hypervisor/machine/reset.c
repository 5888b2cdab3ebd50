/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reboot and power-off. Called from any context, also by a panic; takes no
 * locks. Rebooting tries the ACPI reset register, the keyboard controller, the
 * chip set's reset port and in the end a triple fault.
 */
#include "machine/reset.h"

#include "machine/acpi.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "machine/platform.h"
#include "machine/smp.h"
#include "machine/time.h"
#include "machine/x86.h"

#define KEYBOARD_STATUS 0x64
#define KEYBOARD_INPUT_FULL 0x02
#define KEYBOARD_RESET 0xfe
#define KEYBOARD_WAIT_ROUNDS 10000
#define RESET_PORT 0xcf9 /* of Intel's chip sets and their many relatives */
#define RESET_COLD 0x02
#define RESET_GO 0x04
#define RESET_WAIT_US 50000
#define SOFT_OFF 5
#define SLEEP_ENABLE 0x2000
#define SLEEP_CONTROL_ENABLE 0x20
#define SLEEP_WAIT_US 500000

static bool wanted(char method)
{
    return !platform_options.reboot || platform_options.reboot == method;
}

static void reset_by_acpi(void)
{
    const struct acpi_address *a = &acpi.fadt.reset;

    if (acpi.fadt.reset_supported && a->space == ACPI_IO && a->address <= 0xffff)
        outb((u16)a->address, acpi.fadt.reset_value);
    udelay(RESET_WAIT_US);
}

static void reset_by_keyboard(void)
{
    for (unsigned i = 0; i < KEYBOARD_WAIT_ROUNDS && (inb(KEYBOARD_STATUS) & KEYBOARD_INPUT_FULL); i++)
        cpu_relax();
    outb(KEYBOARD_STATUS, KEYBOARD_RESET);
    udelay(RESET_WAIT_US);
}

static void reset_by_port(void)
{
    u8 v = (u8)(inb(RESET_PORT) & ~(RESET_COLD | RESET_GO));

    outb(RESET_PORT, v | RESET_COLD);
    udelay(50);
    outb(RESET_PORT, v | RESET_COLD | RESET_GO);
    udelay(RESET_WAIT_US);
}

static void reset_by_triple_fault(void)
{
    struct {
        u16 limit;
        u64 base;
    } __packed none = { 0, 0 };

    __asm__ __volatile__("lidt %0; int3" : : "m"(none));
}

void machine_halt(void)
{
    smp_stop_others();
    for (;;)
        __asm__ __volatile__("cli; hlt");
}

void machine_restart(void)
{
    smp_stop_others();
    if (platform_options.reboot == 'n')
        machine_halt();
    if (wanted('a'))
        reset_by_acpi();
    if (wanted('k'))
        reset_by_keyboard();
    if (wanted('p'))
        reset_by_port();
    reset_by_triple_fault();
    machine_halt();
}

static bool usable(const struct acpi_address *a)
{
    return a->address && a->space == ACPI_IO && a->address <= 0xfffe;
}

static void write_control(const struct acpi_address *a, u16 value)
{
    if (usable(a))
        outw((u16)a->address, value);
}

int machine_enter_sleep(unsigned state, u16 a, u16 b, bool extended)
{
    const struct acpi_fadt *f = &acpi.fadt;

    if (state != SOFT_OFF)
        return -EOPNOTSUPP;
    if (!usable(extended ? &f->sleep_control : &f->pm1a_control))
        return -ENODEV;
    smp_stop_others();
    wbinvd();
    if (extended) {
        outb((u16)f->sleep_control.address, (u8)a | SLEEP_CONTROL_ENABLE);
    } else {
        write_control(&f->pm1a_control, a & (u16)~SLEEP_ENABLE);
        write_control(&f->pm1b_control, b & (u16)~SLEEP_ENABLE);
        write_control(&f->pm1a_control, a | SLEEP_ENABLE);
        write_control(&f->pm1b_control, b | SLEEP_ENABLE);
    }
    udelay(SLEEP_WAIT_US);
    pr_error("The machine did not power off (PM1 control %#x); switch it off by hand\n", a);
    return -EIO;
}
