/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small objects: slabs of one page each, whose header at the start of the page
 * has the list of free objects, so that no object is ever page-aligned; what
 * does not fit comes as whole pages, whose order is in the frame record. Lock: heap_lock
 * (LOCK_HEAP). Callers: everything that is not in an interrupt handler.
 */
#include "mm/heap.h"

#include "bug.h"
#include "lib/string.h"
#include "list.h"
#include "machine/spinlock.h"
#include "mm/buddy.h"

#define SLAB_MAGIC 0x51ab0b1eu
#define LARGEST_ORDER 4 /* 64 KiB */

struct slab {
    struct list list; /* of its class, while an object is free */
    void *free;       /* first free object; each holds the address of the next */
    u32 magic;
    u16 used;
    u16 class;
} __aligned(64);

/* Multiples of 64 from 64 on, chosen so that little of the 4032 bytes behind the header is lost. */
static const u16 class_size[] = { 16, 32, 48, 64, 128, 192, 256, 384, 576, 768, 960, 1344, 1984 };

static struct spinlock heap_lock = SPINLOCK_INIT(LOCK_HEAP);
static struct list partial_slabs[ARRAY_SIZE(class_size)];

static unsigned class_of(size_t size)
{
    unsigned c = 0;

    while (class_size[c] < size)
        c++;
    return c;
}

static unsigned objects_per_slab(unsigned class)
{
    return (PAGE_SIZE - sizeof(struct slab)) / class_size[class];
}

static struct slab *slab_of(void *p)
{
    return (struct slab *)((uintptr_t)p & PAGE_MASK);
}

static void slab_init(struct slab *s, unsigned class)
{
    char *first = (char *)(s + 1);

    s->magic = SLAB_MAGIC;
    s->class = class;
    for (unsigned i = objects_per_slab(class); i-- > 0;) {
        void **object = (void **)(first + (size_t)i * class_size[class]);

        *object = s->free;
        s->free = object;
    }
}

/* @return a free object of @class out of a slab that has one; NULL: there is no such slab. Lock held. */
static void *take_object(unsigned class)
{
    struct list *head = &partial_slabs[class];
    struct slab *s;
    void **object;

    if (!head->next)
        list_init(head);
    if (list_empty(head))
        return NULL;
    s = list_first(head, struct slab, list);
    object = s->free;
    s->free = *object;
    s->used++;
    if (!s->free)
        list_del(&s->list);
    return object;
}

static void *small_alloc(unsigned class)
{
    struct slab *s;
    void *p;

    spin_lock(&heap_lock);
    p = take_object(class);
    spin_unlock(&heap_lock);
    if (p)
        return p;

    s = page_alloc();
    if (!s)
        return NULL;
    slab_init(s, class);
    spin_lock(&heap_lock);
    list_add(&s->list, &partial_slabs[class]);
    p = take_object(class);
    spin_unlock(&heap_lock);
    return p;
}

void *heap_alloc(size_t size)
{
    unsigned order = 0, class;
    void *p;

    if (size > class_size[ARRAY_SIZE(class_size) - 1]) {
        while (order <= LARGEST_ORDER && (PAGE_SIZE << order) < size)
            order++;
        return order > LARGEST_ORDER ? NULL : pages_alloc(order);
    }
    class = class_of(size);
    p = small_alloc(class);
    if (p)
        memset(p, 0, class_size[class]);
    return p;
}

static void small_free(void *p)
{
    struct slab *s = slab_of(p);
    bool empty = false;

    BUG_ON(s->magic != SLAB_MAGIC || ((char *)p - (char *)(s + 1)) % class_size[s->class]);
    spin_lock(&heap_lock);
    BUG_ON(!s->used);
    if (!s->free)
        list_add(&s->list, &partial_slabs[s->class]);
    *(void **)p = s->free;
    s->free = p;
    if (!--s->used && s->list.next != s->list.prev) { /* keeps one slab of the class at hand */
        list_del(&s->list);
        s->magic = 0;
        empty = true;
    }
    spin_unlock(&heap_lock);
    if (empty)
        page_free(s);
}

void heap_free(void *p)
{
    if (!p)
        return;
    if ((uintptr_t)p & ~PAGE_MASK)
        small_free(p);
    else
        pages_free(p, mfn_to_frame(virt_to_mfn(p))->order);
}

void *heap_array(size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return heap_alloc(bytes);
}
