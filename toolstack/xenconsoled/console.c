/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One guest's console. See console.h.
 */
#include "console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int circle_init(struct circle *c, uint32_t size)
{
    *c = (struct circle){ .data = malloc(size), .size = size };
    return c->data ? 0 : -ENOMEM;
}

void circle_free(struct circle *c)
{
    free(c->data);
    c->data = NULL;
}

size_t circle_push(struct circle *c, const void *data, size_t len)
{
    const char *p = data;
    size_t lost = 0, first;
    uint32_t at;

    if (len > c->size) {
        lost = len - c->size;
        p += lost;
        len = c->size;
    }
    if (len > c->size - circle_used(c)) {
        size_t over = len - (c->size - circle_used(c));

        circle_drop(c, over);
        lost += over;
    }
    at = c->tail & (c->size - 1);
    first = c->size - at < len ? c->size - at : len;
    memcpy(c->data + at, p, first);
    memcpy(c->data, p + first, len - first);
    c->tail += (uint32_t)len;
    return lost;
}

size_t circle_peek(const struct circle *c, const char **data)
{
    uint32_t at = c->head & (c->size - 1), used = circle_used(c);

    *data = c->data + at;
    return used < c->size - at ? used : c->size - at;
}

void circle_drop(struct circle *c, size_t len)
{
    c->head += (uint32_t)len;
}

int console_init(struct console *c)
{
    memset(c, 0, sizeof(*c));
    if (circle_init(&c->history, HISTORY_BYTES) || circle_init(&c->to_pty, TO_PTY_BYTES) ||
        circle_init(&c->to_guest, TO_GUEST_BYTES)) {
        console_free(c);
        return -ENOMEM;
    }
    return 0;
}

void console_free(struct console *c)
{
    circle_free(&c->history);
    circle_free(&c->to_pty);
    circle_free(&c->to_guest);
}

void console_attach(struct console *c, struct xencons_interface *ring)
{
    c->ring = ring;
    c->out_cons = ring->out_cons;
    c->in_prod = ring->in_prod;
}

size_t console_take(struct console *c, char *buf, size_t max)
{
    uint32_t prod = __atomic_load_n(&c->ring->out_prod, __ATOMIC_ACQUIRE);
    uint32_t n = prod - c->out_cons;

    if (n > sizeof(c->ring->out)) {
        /* The guest starts anew, or plays: from here on. */
        c->out_cons = prod;
        n = 0;
    }
    if (n > max) {
        n = (uint32_t)max;
    }
    for (uint32_t i = 0; i < n; i++) {
        buf[i] = c->ring->out[MASK_XENCONS_IDX(c->out_cons + i, c->ring->out)];
    }
    c->out_cons += n;
    __atomic_store_n(&c->ring->out_cons, c->out_cons, __ATOMIC_RELEASE);
    return n;
}

void console_keep(struct console *c, const char *data, size_t len)
{
    circle_push(&c->history, data, len);
    if (c->client) {
        circle_push(&c->to_pty, data, len);
    }
}

bool console_feed(struct console *c)
{
    uint32_t used = c->in_prod - __atomic_load_n(&c->ring->in_cons, __ATOMIC_ACQUIRE);
    size_t room = used > sizeof(c->ring->in) ? 0 : sizeof(c->ring->in) - used;
    bool moved = false;

    while (room && circle_used(&c->to_guest)) {
        const char *data;

        circle_peek(&c->to_guest, &data);
        c->ring->in[MASK_XENCONS_IDX(c->in_prod, c->ring->in)] = *data;
        circle_drop(&c->to_guest, 1);
        c->in_prod++;
        room--;
        moved = true;
    }
    if (moved) {
        __atomic_store_n(&c->ring->in_prod, c->in_prod, __ATOMIC_RELEASE);
    }
    return moved;
}

void console_client_came(struct console *c)
{
    const struct circle *h = &c->history;
    uint32_t at = h->head;

    if (circle_used(h) == h->size) {
        /* The oldest line is cut: begin with the next one. */
        while (at != h->tail && h->data[at & (h->size - 1)] != '\n') {
            at++;
        }
        at += at != h->tail;
    }
    c->client = true;
    circle_drop(&c->to_pty, circle_used(&c->to_pty));
    for (; at != h->tail; at++) {
        circle_push(&c->to_pty, &h->data[at & (h->size - 1)], 1);
    }
}

void console_client_left(struct console *c)
{
    c->client = false;
    circle_drop(&c->to_pty, circle_used(&c->to_pty));
}
