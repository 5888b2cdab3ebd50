/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console_io: Domain 0's console on the machine's own (raw), and the emergency
 * console of other guests: their text becomes lines of our log, marked with the
 * domain and limited by guest_loglvl=. Lock: d->page_lock for a guest's line.
 */
#include "control/hypercall.h"
#include "domain/domain.h"
#include "domain/privilege.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"
#include "sched/softirq.h"

#include <xen/xen.h>

#define CHUNK 128

/*
 * Adds a printable character to the domain's line. When that is complete it goes to @line and begins anew, all in one
 * hold of the lock: several vCPUs may write at once. @return true: there is a line to print
 */
static bool add_char(struct domain *d, char c, char line[sizeof(d->console_line)])
{
    bool full;

    if (c != '\n' && c != '\t' && ((u8)c < ' ' || (u8)c > '~'))
        return false;
    spin_lock(&d->page_lock);
    if (c != '\n')
        d->console_line[d->console_len++] = c;
    full = c == '\n' || d->console_len == sizeof(d->console_line) - 1;
    if (full) {
        memcpy(line, d->console_line, d->console_len);
        line[d->console_len] = '\0';
        d->console_len = 0;
    }
    spin_unlock(&d->page_lock);
    return full;
}

static void write_chunk(struct domain *d, const char *text, size_t len)
{
    char line[sizeof(d->console_line)];

    if (d->privileged) {
        console_write_guest(text, len);
        return;
    }
    for (size_t i = 0; i < len; i++)
        if (add_char(d, text[i], line))
            guest_printk(LOG_WARNING, "(d%u) %s\n", d->id, line);
}

static long console_write(struct domain *d, vaddr_t buffer, u32 count)
{
    char chunk[CHUNK];

    for (u32 done = 0; done < count;) {
        u32 n = MIN(count - done, (u32)sizeof(chunk));

        if (done && preempt_needed())
            return hypercall_continue(__HYPERVISOR_console_io, CONSOLEIO_write, count - done, buffer + done, 0, 0);
        if (guest_read(chunk, buffer + done, n))
            return -EFAULT;
        write_chunk(d, chunk, n);
        done += n;
    }
    return 0;
}

static long console_input(struct domain *d, vaddr_t buffer, u32 count)
{
    char chunk[CHUNK];
    u32 done = 0;
    size_t n;

    while (done < count && (n = console_read(chunk, MIN(count - done, (u32)sizeof(chunk)))) != 0) {
        if (guest_write(buffer + done, chunk, n))
            return -EFAULT;
        done += n;
    }
    return done;
}

/* Beside Domain 0 a domain that was given the emergency console may write. Nothing said is PRIV_CONTROL. No row: -ENOSYS. */
static const struct {
    long (*fn)(struct domain *d, vaddr_t buffer, u32 count);
    u8 who; /* enum privilege */
    bool emergency;
} ops[] = {
    [CONSOLEIO_write] = { console_write, .emergency = true },
    [CONSOLEIO_read] = { console_input },
};

static bool may(u64 cmd, const struct domain *d)
{
    bool known = cmd < ARRAY_SIZE(ops);

    return domain_may(known ? (enum privilege)ops[cmd].who : PRIV_CONTROL, NULL) ||
           (d->console_emergency && (!known || ops[cmd].emergency));
}

/* @cmd: CONSOLEIO_write, CONSOLEIO_read of @count bytes. @return 0 or the bytes read; -EPERM, -EFAULT, -ENOSYS */
long do_console_io(u64 cmd, u64 count, vaddr_t buffer)
{
    struct domain *d = current_domain();

    if (cmd < ARRAY_SIZE(ops) && (s32)count < 0)
        return -EINVAL;
    if (!may(cmd, d))
        return -EPERM;
    return cmd < ARRAY_SIZE(ops) ? ops[cmd].fn(d, buffer, (u32)count) : -ENOSYS;
}
