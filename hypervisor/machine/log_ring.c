/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log ring that `xl dmesg` reads: the last bytes printed, at an ever growing
 * index. log_append is called under the console's lock; readers take a copy
 * under the same lock through console.c.
 */
#include "atomic.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/console_internal.h"
#include "machine/spinlock.h"
#include "option.h"

#define FIRST_SIZE 16384 /* until log_set_buffer */

static char first_buffer[FIRST_SIZE];
static char *ring = first_buffer;
static size_t ring_size = FIRST_SIZE;
static u32 produced, cleared; /* bytes ever written; log_clear(): none before this one is shown */

static u64 wanted_size = KB(64);
OPTION_SIZE("conring_size", wanted_size, KB(1));

static struct spinlock log_lock = SPINLOCK_INIT(LOCK_SERIAL);

u64 log_wanted_size(void)
{
    u64 size = FIRST_SIZE;

    while (size < wanted_size && size < MB(1))
        size *= 2;
    return size;
}

void log_append(const char *s, size_t len)
{
    bool was = spin_lock_irqsave(&log_lock);

    for (; len; len--)
        ring[produced++ & (ring_size - 1)] = *s++;
    spin_unlock_irqrestore(&log_lock, was);
}

void log_set_buffer(char *buf, size_t size)
{
    bool was = spin_lock_irqsave(&log_lock);
    u32 from = produced > ring_size ? produced - (u32)ring_size : 0;

    for (u32 i = from; i != produced; i++)
        buf[i & (size - 1)] = ring[i & (ring_size - 1)];
    ring = buf;
    ring_size = size;
    spin_unlock_irqrestore(&log_lock, was);
}

size_t log_read(char *buf, size_t len, u32 *index)
{
    bool was = spin_lock_irqsave(&log_lock);
    size_t n = 0;

    if ((s32)(*index - cleared) < 0)
        *index = cleared;
    if ((s32)(produced - *index) < 0)
        *index = produced;
    if (produced - *index > ring_size)
        *index = produced - (u32)ring_size;
    while (n < len && *index != produced)
        buf[n++] = ring[(*index)++ & (ring_size - 1)];
    spin_unlock_irqrestore(&log_lock, was);
    return n;
}

void log_clear(void)
{
    bool was = spin_lock_irqsave(&log_lock);

    cleared = produced;
    spin_unlock_irqrestore(&log_lock, was);
}
