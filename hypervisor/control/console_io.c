/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console_io: Domain 0's console on the machine's own (raw), and the emergency
 * console of other guests: their text becomes lines of our log, marked with the
 * domain and limited by guest_loglvl=. Lock: d->page_lock for a guest's line.
 */
#include "control/hypercall.h"
#include "domain/domain.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"
#include "sched/softirq.h"

#include <xen/xen.h>

#define CHUNK 128

/* Prints the domain's line so far. */
static void flush_line(struct domain *d)
{
    char line[sizeof(d->console_line)];
    unsigned len;

    spin_lock(&d->page_lock);
    len = d->console_len;
    memcpy(line, d->console_line, len);
    d->console_len = 0;
    spin_unlock(&d->page_lock);
    line[len] = '\0';
    guest_printk(LOG_WARNING, "(d%u) %s\n", d->id, line);
}

/* Collects printable characters; a newline or a full line prints it. */
static void put_guest_char(struct domain *d, char c)
{
    bool full;

    if (c != '\n' && c != '\t' && ((u8)c < ' ' || (u8)c > '~'))
        return;
    spin_lock(&d->page_lock);
    if (c != '\n')
        d->console_line[d->console_len++] = c;
    full = c == '\n' || d->console_len == sizeof(d->console_line) - 1;
    spin_unlock(&d->page_lock);
    if (full)
        flush_line(d);
}

static void write_chunk(struct domain *d, const char *text, size_t len)
{
    if (d->privileged) {
        console_write_guest(text, len);
        return;
    }
    for (size_t i = 0; i < len; i++)
        put_guest_char(d, text[i]);
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

static long console_input(vaddr_t buffer, u32 count)
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

/* @cmd: CONSOLEIO_write, CONSOLEIO_read of @count bytes. @return 0 or the bytes read; -EPERM, -EFAULT, -ENOSYS */
long do_console_io(u64 cmd, u64 count, vaddr_t buffer)
{
    struct domain *d = current_domain();

    switch (cmd) {
    case CONSOLEIO_write:
        if ((s32)count < 0)
            return -EINVAL;
        if (!d->privileged && !d->console_emergency)
            return -EPERM;
        return console_write(d, buffer, (u32)count);
    case CONSOLEIO_read:
        if ((s32)count < 0)
            return -EINVAL;
        return d->privileged ? console_input(buffer, (u32)count) : -EPERM;
    }
    return d->privileged || d->console_emergency ? -ENOSYS : -EPERM;
}
