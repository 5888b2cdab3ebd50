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

long memory_map_get(vaddr_t arg)
{
    struct domain *d = current_domain();
    struct machine_e820 *copy = NULL;
    struct xen_memory_map m;
    unsigned count = 0;
    long rc;

    if (read_guest_struct(&m, arg))
        return -EFAULT;
    copy = heap_array(MACHINE_E820_MAX, ENTRY_SIZE);
    if (!copy)
        return -ENOMEM;
    spin_lock(&d->lock);
    if (d->pv->e820_count) {
        count = d->pv->e820_count;
        memcpy(copy, d->pv->e820, count * ENTRY_SIZE);
    }
    spin_unlock(&d->lock);
    rc = count ? put_map(arg, &m, copy, count) : -ENOSYS;
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

long memory_map_set(vaddr_t arg)
{
    struct xen_foreign_memory_map f;
    struct domain *d;
    long rc;

    if (read_guest_struct(&f, arg))
        return -EFAULT;
    if (f.map.nr_entries > MACHINE_E820_MAX)
        return -EINVAL;
    d = domain_find_any(f.domid);
    if (!d)
        return -ESRCH;
    rc = !current_domain()->privileged ? -EPERM : d->is_hvm ? -EPERM : set_map(d, &f.map);
    domain_put(d);
    return rc;
}

long memory_map_machine(vaddr_t arg)
{
    struct xen_memory_map m;

    if (!current_domain()->privileged)
        return -EPERM;
    if (read_guest_struct(&m, arg))
        return -EFAULT;
    if (handle_is_null(m.buffer)) {
        m.nr_entries = machine_info.e820_count;
        return write_guest_struct(arg, &m);
    }
    if (m.nr_entries < machine_info.e820_count)
        return -EINVAL;
    return put_map(arg, &m, machine_info.e820, machine_info.e820_count);
}
