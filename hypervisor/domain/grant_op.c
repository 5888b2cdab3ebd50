/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HYPERVISOR_grant_table_op: dispatch, preemption of long lists, and the
 * operations on the table as a whole. Version 2 is not offered, as on Xen with
 * gnttab=max-ver:1; swap_grant_ref and cache_flush neither.
 */
#include "domain/grant_internal.h"
#include "domain/hypercalls.h"
#include "domain/privilege.h"
#include "errno.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"

/* DOMID_SELF, or a domain whose device model the caller is, or any for Domain 0. GNTST_* */
static int table_owner(domid_t id, struct domain **d)
{
    int rc = domain_find_for(id, PRIV_SELF, d);

    return !rc ? GNTST_okay : rc == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
}

/* Grows the table and writes the list of frames. @return 0, -EFAULT; GNTST_* in op->status */
static int setup_frames(struct domain *d, struct gnttab_setup_table *op)
{
    mfn_t mfn;

    if (op->nr_frames > grant_max_frames(d)) {
        guest_printk(LOG_INFO, "d%d: %u grant frames asked for, the limit is %u\n", d->id,
                     op->nr_frames, grant_max_frames(d));
        op->status = GNTST_general_error;
        return 0;
    }
    /* All of them at once: a table that cannot grow so far does not grow. */
    if (op->nr_frames && grant_table_frame(d, op->nr_frames - 1, &mfn)) {
        op->status = GNTST_general_error;
        return 0;
    }
    for (u32 i = 0; i < op->nr_frames; i++) {
        u64 gfn;

        if (grant_table_frame(d, i, &mfn)) { /* it has begun to die */
            op->status = GNTST_general_error;
            return 0;
        }
        gfn = mfn.n;
        if (copy_to_guest_at(op->frame_list, i, &gfn))
            return -EFAULT;
    }
    op->status = GNTST_okay;
    return 0;
}

static long setup_table(vaddr_t uop, u32 count)
{
    struct gnttab_setup_table op;
    struct domain *d;
    int rc = 0;

    if (count != 1)
        return -EINVAL;
    if (read_guest_struct(&op, uop) || !guest_address_ok((vaddr_t)op.frame_list.p))
        return -EFAULT;
    op.status = (int16_t)table_owner(op.dom, &d);
    if (op.status == GNTST_okay) {
        rc = setup_frames(d, &op);
        domain_put(d);
    }
    if (!rc && write_guest_struct(uop, &op))
        rc = -EFAULT;
    return rc;
}

static long query_size(vaddr_t uop, u32 count)
{
    struct gnttab_query_size op;
    struct domain *d;

    if (count != 1)
        return -EINVAL;
    if (read_guest_struct(&op, uop))
        return -EFAULT;
    op.status = (int16_t)table_owner(op.dom, &d);
    if (op.status == GNTST_okay) {
        op.nr_frames = READ_ONCE(d->grant->frames);
        op.max_nr_frames = grant_max_frames(d);
        domain_put(d);
    }
    return write_guest_struct(uop, &op);
}

static long set_version(vaddr_t uop, u32 count)
{
    struct gnttab_set_version op;
    u32 asked;

    (void)count; /* not looked at by Xen either */
    if (read_guest_struct(&op, uop))
        return -EFAULT;
    asked = op.version;
    op.version = 1;
    if (write_guest_struct(uop, &op))
        return -EFAULT;
    if (asked == 1)
        return 0;
    return asked == 2 ? -ENOSYS : -EINVAL;
}

static long get_version(vaddr_t uop, u32 count)
{
    struct gnttab_get_version op;
    struct domain *d;

    (void)count; /* not looked at by Xen either */
    if (read_guest_struct(&op, uop))
        return -EFAULT;
    switch (table_owner(op.dom, &d)) {
    case GNTST_okay:
        break;
    case GNTST_permission_denied:
        return -EPERM;
    default:
        return -ESRCH;
    }
    domain_put(d);
    op.version = 1;
    return guest_write(uop + offsetof(struct gnttab_get_version, version), &op.version,
                       sizeof(op.version));
}

/* There are none in version 1. */
static long get_status_frames(vaddr_t uop, u32 count)
{
    struct gnttab_get_status_frames op;

    if (count != 1)
        return -EINVAL;
    if (read_guest_struct(&op, uop) || !guest_address_ok((vaddr_t)op.frame_list.p))
        return -EFAULT;
    op.status = GNTST_general_error;
    return write_guest_struct(uop, &op);
}

static const struct {
    long (*fn)(vaddr_t uop, u32 count);
    u8 size;   /* of one element */
    bool list; /* may be preempted: returns how many elements are done */
} ops[] = {
    [GNTTABOP_map_grant_ref] = {grant_do_map, sizeof(struct gnttab_map_grant_ref), true},
    [GNTTABOP_unmap_grant_ref] = {grant_do_unmap, sizeof(struct gnttab_unmap_grant_ref), true},
    [GNTTABOP_setup_table] = {setup_table, sizeof(struct gnttab_setup_table), false},
    [GNTTABOP_transfer] = {grant_do_transfer, sizeof(struct gnttab_transfer), true},
    [GNTTABOP_copy] = {grant_do_copy, sizeof(struct gnttab_copy), true},
    [GNTTABOP_query_size] = {query_size, sizeof(struct gnttab_query_size), false},
    [GNTTABOP_unmap_and_replace] = {grant_do_unmap_and_replace,
                                    sizeof(struct gnttab_unmap_and_replace), true},
    [GNTTABOP_set_version] = {set_version, sizeof(struct gnttab_set_version), false},
    [GNTTABOP_get_status_frames] = {get_status_frames, sizeof(struct gnttab_get_status_frames),
                                    false},
    [GNTTABOP_get_version] = {get_version, sizeof(struct gnttab_get_version), false},
};

long do_grant_table_op(u64 cmd, vaddr_t uop, u64 count)
{
    long rc;

    if (count > 0x7fffffff)
        return -EINVAL;
    if (cmd >= ARRAY_SIZE(ops) || !ops[cmd].fn)
        return -ENOSYS;
    if (!guest_range_ok(uop, count * ops[cmd].size))
        return -EFAULT;
    rc = ops[cmd].fn(uop, (u32)count);
    if (rc < 0 || !ops[cmd].list)
        return rc;
    if ((u64)rc == count)
        return 0;
    return hypercall_continue(__HYPERVISOR_grant_table_op, cmd, uop + (u64)rc * ops[cmd].size,
                              count - (u64)rc, 0, 0);
}
