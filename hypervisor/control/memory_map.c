/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op: memory maps in the format of e820. A guest's own is what the
 * toolstack set (a PV guest usually has none); Domain 0 also gets the machine's.
 * Lock: d->lock guards a guest's map.
 */
#include "control/machine_info.h"
#include "control/memory_ops.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "pv/pv.h"

#define ENTRY_SIZE sizeof(struct machine_e820)

/* Writes @count entries, as many as the guest has room for, and their number. */
static long put_map(vaddr_t arg, struct xen_memory_map *m, const struct machine_e820 *entries, unsigned count)
{
    m->nr_entries = MIN(m->nr_entries, count);
    if (guest_write((vaddr_t)m->buffer.p, entries, m->nr_entries * ENTRY_SIZE))
        return -EFAULT;
    return write_guest_struct(arg, m);
}

long memory_map_get(struct memory_call *c)
{
    struct domain *d = current_domain();
    struct machine_e820 *copy = heap_array(MACHINE_E820_MAX, ENTRY_SIZE);
    unsigned count = 0;
    long rc;

    if (!copy)
        return -ENOMEM;
    spin_lock(&d->lock);
    if (d->pv->e820_count) {
        count = d->pv->e820_count;
        memcpy(copy, d->pv->e820, count * ENTRY_SIZE);
    }
    spin_unlock(&d->lock);
    rc = count ? put_map(c->arg, &c->u.map, copy, count) : -ENOSYS;
    heap_free(copy);
    return rc;
}

/* Replaces the map of @d; the old one is freed. */
static long set_map(struct domain *d, const struct xen_memory_map *m)
{
    struct machine_e820 *entries = heap_array(MAX(m->nr_entries, 1u), ENTRY_SIZE), *old;

    if (!entries)
        return -ENOMEM;
    if (guest_read(entries, (vaddr_t)m->buffer.p, m->nr_entries * ENTRY_SIZE)) {
        heap_free(entries);
        return -EFAULT;
    }
    spin_lock(&d->lock);
    old = d->pv->e820;
    d->pv->e820 = entries;
    d->pv->e820_count = m->nr_entries;
    spin_unlock(&d->lock);
    heap_free(old);
    return 0;
}

int memory_map_check(const struct memory_call *c)
{
    return c->u.foreign_map.map.nr_entries > MACHINE_E820_MAX ? -EINVAL : 0;
}

long memory_map_set(struct memory_call *c)
{
    return c->d->is_hvm ? -EPERM : set_map(c->d, &c->u.foreign_map.map);
}

/* Read only when the caller is known to be Domain 0, as Xen does. */
long memory_map_machine(struct memory_call *c)
{
    struct xen_memory_map m;

    if (read_guest_struct(&m, c->arg))
        return -EFAULT;
    if (handle_is_null(m.buffer)) {
        m.nr_entries = machine_info.e820_count;
        return write_guest_struct(c->arg, &m);
    }
    if (m.nr_entries < machine_info.e820_count)
        return -EINVAL;
    return put_map(c->arg, &m, machine_info.e820, machine_info.e820_count);
}
