/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of the machine when Domain 0 ends, as Xen does it: poweroff halts
 * it (Domain 0 has switched it off through ACPI before, if it can), everything
 * else restarts it; noreboot keeps a crash on the screen. Registered with the
 * domain floor by boot/main.c; takes no locks.
 */
#include "boot/shutdown.h"

#include <xen/sched.h>

#include "control/guest_state.h"
#include "machine/console.h"
#include "machine/panic.h"
#include "machine/reset.h"

void shutdown_machine(u8 reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff:
        printk(LOG_ERROR, "Hardware Dom0 halted: halting machine\n");
        machine_halt();
    case SHUTDOWN_reboot:
        printk(LOG_ERROR, "Hardware Dom0 shutdown: rebooting machine\n");
        machine_restart();
    case SHUTDOWN_crash:
        guest_state_print();
        panic_configuration("Domain 0 crashed: see its messages above. Start it with other options or another kernel");
    case SHUTDOWN_watchdog:
        printk(LOG_ERROR, "Hardware Dom0 shutdown: watchdog rebooting machine\n");
        machine_restart();
    default:
        printk(LOG_ERROR, "Hardware Dom0 shutdown (reason %u): rebooting machine\n", reason);
        machine_restart();
    }
}
