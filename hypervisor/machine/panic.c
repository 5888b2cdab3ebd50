/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end: says on every console what happened, with registers and a
 * symbolised backtrace, stops the other CPUs and restarts the machine after a
 * countdown (noreboot: stays). Works with any lock held: the console is
 * switched to a mode that takes none. A second panic on the way is short.
 */
#include "machine/panic.h"

#include "atomic.h"
#include "bug.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/console_internal.h"
#include "machine/cpu.h"
#include "machine/spinlock_debug.h"
#include "machine/time.h"
#include "machine/trap.h"
#include "option.h"

#define COUNTDOWN_SECONDS 60

static bool noreboot;
OPTION_FLAG("noreboot", noreboot);

struct panic_hooks panic_hooks;

static u32 panicking; /* number of the CPU + 1 */

bool panic_in_progress(void)
{
    return atomic_load(&panicking) != 0;
}

/* Restarts after the countdown, or at once when somebody types R on the serial line. */
static void __noreturn countdown(void)
{
    nsec_t end;

    if (noreboot || !panic_hooks.restart || !panic_hooks.delay) {
        printk(LOG_ERROR, "The machine is stopped (%s). Switch it off or press its reset button.\n",
               noreboot ? "noreboot" : "no way to restart yet");
        for (;;)
            __asm__ __volatile__("cli; hlt");
    }
    printk(LOG_ERROR, "Restarting in %u seconds; R restarts at once. Boot with \"noreboot\" to keep this on the screen.\n",
           COUNTDOWN_SECONDS);
    end = system_time() + COUNTDOWN_SECONDS * 1000000000ULL;
    while (system_time() < end) {
        int c = console_poll_char();

        if (c == 'R' || c == 'r')
            break;
        panic_hooks.delay(1000);
    }
    panic_hooks.restart();
    for (;;)
        __asm__ __volatile__("cli; hlt");
}

/* The first CPU goes on, a second one stops, a panic within the panic stops with one line. */
static void enter_panic(void)
{
    u32 none = 0;

    irq_disable();
    if (!atomic_cmpxchg(&panicking, &none, cpu_id() + 1)) {
        if (none == cpu_id() + 1)
            printk(LOG_ERROR, "A further error while reporting. The machine is stopped.\n");
        for (;;)
            __asm__ __volatile__("cli; hlt");
    }
    console_enter_panic();
    if (panic_hooks.stop_others)
        panic_hooks.stop_others();
}

static void report(const struct regs *regs, bool details, const char *fmt, va_list args)
{
    char text[256];

    vsnprintf(text, sizeof(text), fmt, args);
    if (strlen(text) && text[strlen(text) - 1] == '\n')
        text[strlen(text) - 1] = 0;
    printk(LOG_ERROR, "\n");
    printk(LOG_ERROR, "****************************************\n");
    printk(LOG_ERROR, "%s%s\n", details ? "Panic: " : "Hospes stops: ", text);
    printk(LOG_ERROR, "****************************************\n");
    if (!details)
        return;
    if (regs)
        regs_print(regs);
    backtrace_print(regs);
    if (panic_hooks.guest_state)
        panic_hooks.guest_state();
    printk(LOG_ERROR, "This is an error of Hospes or of the hardware. Please report the lines above.\n");
}

void panic(const char *fmt, ...)
{
    va_list args;

    enter_panic();
    va_start(args, fmt);
    report(NULL, true, fmt, args);
    va_end(args);
    countdown();
}

void panic_regs(const struct regs *regs, const char *fmt, ...)
{
    va_list args;

    enter_panic();
    va_start(args, fmt);
    report(regs, true, fmt, args);
    va_end(args);
    countdown();
}

void panic_configuration(const char *fmt, ...)
{
    va_list args;

    enter_panic();
    va_start(args, fmt);
    report(NULL, false, fmt, args);
    va_end(args);
    countdown();
}

static void report_bug(const char *file, int line, const char *what)
{
    const char *name = file;

    for (const char *p = file; *p; p++)
        if (p[0] == '/' && p[1])
            name = p + 1;
    panic("bug at %s:%d: %s", name, line, what);
}

static void report_lock(const char *what, const struct spinlock *l, struct spinlock *const *held,
                        unsigned count)
{
    printk(LOG_ERROR, "lock %p of rank %u: %s\n", l, l->rank, what);
    for (unsigned i = 0; i < count; i++)
        printk(LOG_ERROR, "  while holding %p of rank %u\n", held[i], held[i]->rank);
}

void panic_init(void)
{
    spin_debug_set_reporter(report_lock);
    bug_handler = report_bug;
}
