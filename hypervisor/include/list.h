/* SPDX-License-Identifier: GPL-2.0-only */
/* A doubly linked circular list whose links are embedded in its elements. The caller locks. */
#ifndef HV_LIST_H
#define HV_LIST_H

#include "types.h"

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *head)
{
    head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}

/* Puts @item directly behind @pos (behind the head: first). */
static inline void list_add(struct list *item, struct list *pos)
{
    item->next = pos->next;
    item->prev = pos;
    pos->next->prev = item;
    pos->next = item;
}

/* Puts @item directly before @pos (before the head: last). */
static inline void list_add_tail(struct list *item, struct list *pos)
{
    list_add(item, pos->prev);
}

/* Takes @item out; it is an empty list afterwards, so that a second call does no harm. */
static inline void list_del(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    list_init(item);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)

#define list_for_each(it, head, member)                                       \
    for (it = list_entry((head)->next, __typeof__(*it), member);              \
         &it->member != (head);                                               \
         it = list_entry(it->member.next, __typeof__(*it), member))

/* As list_for_each; @it may be taken out in the body. */
#define list_for_each_safe(it, nx, head, member)                              \
    for (it = list_entry((head)->next, __typeof__(*it), member),              \
        nx = list_entry(it->member.next, __typeof__(*it), member);            \
         &it->member != (head);                                               \
         it = nx, nx = list_entry(it->member.next, __typeof__(*it), member))

#endif
