/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A list of hypercalls in one (struct multicall_entry). An entry that is
 * preempted is rewritten in guest memory to what remains of it, and the whole
 * call continues there. Once an entry has left guest kernel mode the rest is not
 * run on the kernel's behalf (XSA-213).
 */
#include "control/hypercall.h"
#include "domain/domain.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"
#include "pv/hypercall.h"
#include "pv/pv.h"
#include "sched/softirq.h"

#include <xen/xen.h>

enum verdict {
    GO_ON,
    GO_ON_LATER, /* the guest changed its mode: not at once */
    END,         /* iret: the result is the call's */
};

/* Runs one entry; the result is in entry->result. */
static enum verdict run_entry(struct vcpu *v, hypercall_call dispatch, struct multicall_entry *e)
{
    v->hcall_preempted = false;
    e->result = (xen_ulong_t)dispatch(e->op, e->args[0], e->args[1], e->args[2], e->args[3], e->args[4]);
    if (e->op == __HYPERVISOR_iret)
        return END;
    return v->pv->kernel_mode ? GO_ON : GO_ON_LATER;
}

/* Puts what is left of a preempted entry in its place. */
static int rewrite_entry(struct vcpu *v, vaddr_t addr, struct multicall_entry *e)
{
    e->op = v->multicall_next.op;
    for (unsigned i = 0; i < ARRAY_SIZE(v->multicall_next.args); i++)
        e->args[i] = v->multicall_next.args[i];
    return write_guest_struct(addr, e);
}

static long continue_at(struct vcpu *v, vaddr_t list, u64 count)
{
    v->in_multicall = false;
    return hypercall_continue(__HYPERVISOR_multicall, list, count, 0, 0, 0);
}

static long run(struct vcpu *v, hypercall_call dispatch, vaddr_t list, u32 count)
{
    struct multicall_entry e;
    enum verdict verdict = GO_ON;

    for (u32 i = 0; i < count; i++) {
        vaddr_t addr = guest_element(list, i, sizeof(e));

        if (i && (preempt_needed() || verdict == GO_ON_LATER))
            return continue_at(v, addr, count - i);
        if (read_guest_struct(&e, addr))
            return -EFAULT;
        verdict = run_entry(v, dispatch, &e);
        if (v->hcall_preempted) {
            v->hcall_preempted = false;
            if (rewrite_entry(v, addr, &e))
                return -EFAULT;
            return continue_at(v, addr, count - i);
        }
        if (guest_write(addr + offsetof(struct multicall_entry, result), &e.result, sizeof(e.result)) &&
            verdict != END)
            return -EFAULT;
        if (verdict == END)
            return (long)e.result;
    }
    return 0;
}

/* @list: linear address of @count entries, each made by @dispatch. @return 0, -EFAULT, -EINVAL (nested), -ERESTART; result of an iret */
long do_multicall(vaddr_t list, u64 count, hypercall_call dispatch)
{
    struct vcpu *v = current;
    long rc;

    if (v->in_multicall)
        return -EINVAL;
    if (!guest_address_ok(list)) /* the rest when it is read */
        return -EFAULT;
    v->in_multicall = true;
    rc = run(v, dispatch, list, (u32)count);
    v->in_multicall = false;
    return rc;
}
