/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's log: printk writes one line to the log ring and, by level,
 * to every console (serial, VGA text, framebuffer). Safe in any context.
 */
#ifndef HV_MACHINE_CONSOLE_H
#define HV_MACHINE_CONSOLE_H

#include "types.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/*
 * Prints one message; the newline is part of @fmt. Lines of the hypervisor
 * are marked "(XEN) " as administrators' scripts expect, guests' lines are
 * subject to guest_loglvl=.
 */
void printk(enum log_level level, const char *fmt, ...) __printf(2, 3);
void guest_printk(enum log_level level, const char *fmt, ...) __printf(2, 3);

#define pr_error(...) printk(LOG_ERROR, __VA_ARGS__)
#define pr_warning(...) printk(LOG_WARNING, __VA_ARGS__)
#define pr_info(...) printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...) printk(LOG_DEBUG, __VA_ARGS__)

/*
 * Stops the machine with a message that says what to do; registers and backtrace follow.
 * machine/panic.c
 */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

/*
 * Raw output of Domain 0's console (CONSOLEIO_write): @len bytes from @s to
 * the serial line and the screen, no marks, no level, not into the log ring.
 */
void console_write_guest(const char *s, size_t len);

/* Takes up to @len received bytes that are meant for Domain 0. @return bytes taken. */
size_t console_read(char *buf, size_t len);

/*
 * Reads the log ring for XEN_SYSCTL_readconsole: copies from *@index on (an
 * ever growing byte count; older bytes that are gone are skipped), advances it.
 * @return bytes copied.
 */
size_t log_read(char *buf, size_t len, u32 *index);
void log_clear(void);

/*
 * Set by the domain floor: called in interrupt context when input for Domain 0 is there (sends
 * VIRQ_CONSOLE).
 */
extern void (*console_input_handler)(void);

/*
 * A key for the hypervisor itself (three times Ctrl-A switches the input), handled by
 * control/keyhandler.c.
 */
extern void (*console_key_handler)(char key);

#endif
