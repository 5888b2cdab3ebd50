/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One guest's console: the ring, what was said last, and what is on its way to and from the person.
 *
 * The ring (xen/io/console.h) is the guest's memory: its indices are read once each time and
 * checked. Nothing of a guest's output waits for anybody: it goes to the log and the history at
 * once, and to the pty as far as a client reads it. Pure logic; the pty, the log and the event
 * channel are behind it (pty.c, log.c, guests.c).
 */
#ifndef XENCONSOLED_CONSOLE_H
#define XENCONSOLED_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/io/console.h>

#define HISTORY_BYTES 16384u     /* shown to whom comes later */
#define TO_PTY_BYTES 65536u      /* waiting for a slow client; then the oldest goes */
#define TO_GUEST_BYTES 4096u     /* typed and not yet taken by the guest */

/* Octets in a circle; free-running indices. size is a power of two. */
struct circle {
    char *data;
    uint32_t size, head, tail;   /* tail - head octets are in it */
};
int circle_init(struct circle *c, uint32_t size);
void circle_free(struct circle *c);
static inline uint32_t circle_used(const struct circle *c)
{
    return c->tail - c->head;
}
/* Adds all of it; the oldest octets make room. Returns how many were lost. */
size_t circle_push(struct circle *c, const void *data, size_t len);
/* The longest run of octets at the head. */
size_t circle_peek(const struct circle *c, const char **data);
void circle_drop(struct circle *c, size_t len);

struct console {
    volatile struct xencons_interface *ring;    /* NULL: not mapped */
    uint32_t out_cons, in_prod;                 /* ours; shown in the ring */
    struct circle history, to_pty, to_guest;
    bool client;                                /* somebody has the pty open */
};

int console_init(struct console *c);
void console_free(struct console *c);
/* Starts with a mapped ring, where its indices stand: that is all the state there is. */
void console_attach(struct console *c, struct xencons_interface *ring);

/*
 * Takes up to max octets of the guest's output into buf (2048 are enough for all) and shows the
 * guest that they are taken. Returns how many; 0 when there is nothing. Indices that make no sense
 * count as nothing to take.
 */
size_t console_take(struct console *c, char *buf, size_t max);
/* Keeps output for the history and, if there is a client, for the pty. */
void console_keep(struct console *c, const char *data, size_t len);
/*
 * Gives the guest what was typed, as far as there is room in the ring. Returns whether it moved
 * something.
 */
bool console_feed(struct console *c);
/* A client has come: it gets the last lines first. */
void console_client_came(struct console *c);
void console_client_left(struct console *c);

#endif
