/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU state that a PV kernel changes by hypercall or by an emulated
 * instruction: kernel stack, task-switched bit, control, debug and
 * model-specific registers. All act on the current vCPU. Locks: none.
 */
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu_features.h"
#include "machine/msr_policy.h"
#include "machine/x86.h"
#include "pv/callbacks.h"

/* CR4 bits that a guest sets for itself, those of them that the hardware follows, and ours that it is shown. */
#define CR4_GUEST (CR4_TSD | CR4_DE | CR4_FSGSBASE | CR4_OSXSAVE)
#define CR4_GUEST_HARDWARE (CR4_TSD | CR4_DE)
#define CR4_SHOWN (CR4_PAE | CR4_PSE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_UMIP)

long do_stack_switch(u64 ss, u64 sp)
{
    struct pv_vcpu *p = current->pv;

    p->kernel_ss = ss | 3;
    p->kernel_sp = sp;
    return 0;
}

long do_fpu_taskswitch(u64 set)
{
    struct pv_vcpu *p = current->pv;

    if (set) {
        p->ctrlreg0 |= CR0_TS;
        stts();
    } else {
        p->ctrlreg0 &= ~(u64)CR0_TS;
        clts();
    }
    return 0;
}

u64 pv_guest_cr4(const struct pv_vcpu *p)
{
    return (cpu_cr4 & CR4_SHOWN) | (p->ctrlreg4 & CR4_GUEST);
}

void pv_load_cr4(const struct vcpu *v)
{
    u64 want = (cpu_cr4 & ~(u64)CR4_GUEST_HARDWARE) | (v->pv->ctrlreg4 & CR4_GUEST_HARDWARE) |
               (v->domain->tsc.emulated ? CR4_TSD : 0);

    if (want != read_cr4())
        write_cr4(want);
}

void pv_set_cr4(struct vcpu *v, u64 value)
{
    u64 allowed = CR4_TSD | CR4_DE | (cpu_cr4 & (CR4_FSGSBASE | CR4_OSXSAVE));

    v->pv->ctrlreg4 = value & allowed;
    if (v == current)
        pv_load_cr4(v);
}

/* Control bits of DR7 that are reserved or would trap our own accesses (SDM Vol 3 17.2.4). */
#define DR7_RESERVED_ZERO (0xffffffff0000d800UL | DR7_GD)
#define DR7_FIELD_BITS 4
#define DR7_FIELDS_SHIFT 16
#define DR7_RW_IO 2

/* Breakpoints that are enabled must lie in the guest's half and be no I/O breakpoints. */
static bool dr7_ok(u64 value)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned enable = value >> i * 2 & 3;
        unsigned rw = value >> (DR7_FIELDS_SHIFT + i * DR7_FIELD_BITS) & 3;

        if (enable && rw == DR7_RW_IO)
            return false;
    }
    return true;
}

void pv_debug_reset(struct pv_vcpu *p)
{
    memset(p->debugreg, 0, sizeof(p->debugreg));
    p->debugreg[6] = DR6_DEFAULT;
    p->debugreg[7] = DR7_DEFAULT;
}

long pv_set_debugreg(struct vcpu *v, u64 reg, u64 value)
{
    u64 *dr = v->pv->debugreg;

    if (reg >= 4 && reg <= 7 && value >> 32)
        return -EINVAL;
    switch (reg) {
    case 0 ... 3:
        if (!guest_address_ok(value))
            return -EPERM;
        dr[reg] = value;
        break;
    case 4: /* aliases of 6 and 7 with CR4.DE clear */
    case 6:
        dr[6] = (value & 0xe00f) | DR6_DEFAULT;
        break;
    case 5:
    case 7:
        value &= ~DR7_RESERVED_ZERO;
        value |= DR7_DEFAULT;
        if (!dr7_ok(value))
            return -EPERM;
        dr[7] = value;
        break;
    default:
        return -ENODEV;
    }
    if (v == current)
        pv_debug_load(v);
    return 0;
}

long do_set_debugreg(u64 reg, u64 value)
{
    return pv_set_debugreg(current, reg, value);
}

u64 do_get_debugreg(u64 reg)
{
    const u64 *dr = current->pv->debugreg;

    switch (reg) {
    case 0 ... 3:
    case 6:
        return dr[reg];
    case 7:
        return dr[7] | DR7_DEFAULT;
    case 4:
        return dr[6];
    case 5:
        return dr[7] | DR7_DEFAULT;
    default:
        return -ENODEV;
    }
}

void pv_debug_save(struct vcpu *v)
{
    if (v->pv->debugreg[7] & DR7_ENABLE_MASK)
        write_dr7(DR7_DEFAULT);
}

void pv_debug_load(struct vcpu *v)
{
    const u64 *dr = v->pv->debugreg;

    if (!(dr[7] & DR7_ENABLE_MASK)) {
        if (read_dr7() & DR7_ENABLE_MASK)
            write_dr7(DR7_DEFAULT);
        return;
    }
    guest_dr_masks_load(&v->pv->msrs);
    write_dr0(dr[0]);
    write_dr1(dr[1]);
    write_dr2(dr[2]);
    write_dr3(dr[3]);
    write_dr6(dr[6] | DR6_DEFAULT);
    write_dr7(dr[7]);
}
