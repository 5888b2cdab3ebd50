/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Privileged instructions of PV guests. The kernel runs in ring 3, where they
 * raise #GP; the few that kernels still execute are done here: port I/O,
 * CPUID (when it faults), RDMSR, WRMSR, RDTSC, control and debug registers,
 * CLTS, WBINVD, INVLPG, XSETBV, HLT. Everything else stays the guest's #GP.
 * The bytes are fetched once; no instruction with a memory operand but INS,
 * OUTS and INVLPG is decoded. Called from pv/traps.c. Locks: none.
 */
#include "pv/emulate.h"

#include "domain/guest_tsc.h"
#include "domain/hypercalls.h"
#include "domain/privilege.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu_features.h"
#include "machine/cpuid_policy.h"
#include "machine/fpu.h"
#include "machine/msr_policy.h"
#include "machine/perfc.h"
#include "machine/tlb.h"
#include "machine/trap.h"
#include "machine/x86.h"
#include "mm/guest_access.h"
#include "pv/bounce.h"
#include "pv/callbacks.h"
#include "pv/mmu.h"
#include <xen/sched.h>

static void write_pair(struct regs *regs, u64 value)
{
    regs->rax = (u32)value;
    regs->rdx = value >> 32;
}

static void emulate_cpuid(struct regs *regs)
{
    const struct vcpu *v = current;
    struct cpuid_view view = {
        .control_domain = v->domain->privileged,
        .kernel = v->pv->kernel_mode,
        .osxsave = v->pv->ctrlreg4 & CR4_OSXSAVE,
        .machine_bits = (u8)(64 - __builtin_clzl(max_frame) + PAGE_SHIFT),
        .xcr0 = v->xcr0,
        .tsc_emulated = v->domain->tsc.emulated,
        .incarnation = v->domain->tsc.incarnation,
        .tsc_khz = v->domain->tsc.emulated ? v->domain->tsc.khz : 0,
        .limit = v->domain->cpuid_limit,
    };
    u32 out[4];

    guest_cpuid(&view, regs->rax, regs->rcx, out);
    regs->rax = out[0];
    regs->rbx = out[1];
    regs->rcx = out[2];
    regs->rdx = out[3];
}

static bool emulate_mov_from_cr(unsigned cr, u64 *reg)
{
    const struct pv_vcpu *p = current->pv;

    switch (cr) {
    case 0:
        *reg = (read_cr0() & ~(u64)CR0_TS) | (p->ctrlreg0 & CR0_TS);
        return true;
    case 2:
        *reg = current->info->arch.cr2;
        return true;
    case 3:
        *reg = pv_current_cr3(p);
        return true;
    case 4:
        *reg = pv_guest_cr4(p);
        return true;
    default:
        return false;
    }
}

static bool emulate_mov_to_cr(unsigned cr, u64 value)
{
    switch (cr) {
    case 0:
        if ((value ^ read_cr0()) & ~(u64)CR0_TS)
            return true; /* other bits stay as they are: the guest cannot have them */
        do_fpu_taskswitch(!!(value & CR0_TS));
        return true;
    case 2:
        current->info->arch.cr2 = value;
        return true;
    case 4:
        pv_set_cr4(current, value);
        return true;
    default:
        return false; /* CR3 goes through MMUEXT_NEW_BASEPTR */
    }
}

/* 0F 20..23: register moves only, ModRM.mod is ignored by hardware. */
static bool emulate_mov_special(struct regs *regs, struct insn *i, u8 op)
{
    unsigned special, reg;
    u64 *gpr;
    u8 modrm;

    if (!insn_next(i, &modrm))
        return false;
    special = (modrm >> 3 & 7) | (i->rex & REX_R ? 8 : 0);
    reg = (modrm & 7) | (i->rex & REX_B ? 8 : 0);
    gpr = regs_gpr(regs, reg);
    switch (op) {
    case 0x20:
        return emulate_mov_from_cr(special, gpr);
    case 0x22:
        return emulate_mov_to_cr(special, *gpr);
    case 0x21:
        *gpr = do_get_debugreg(special);
        return special < 8;
    default:
        return do_set_debugreg(special, *gpr) == 0;
    }
}

static bool emulate_xsetbv(const struct regs *regs)
{
    u64 value = (u32)regs->rax | regs->rdx << 32;

    if ((u32)regs->rcx != 0 || !(current->pv->ctrlreg4 & CR4_OSXSAVE) || fpu_set_xcr0(value))
        return false;
    current->xcr0 = value;
    return true;
}

static bool emulate_invlpg(struct regs *regs, struct insn *i, u8 modrm)
{
    vaddr_t addr;

    if (!insn_memory_operand(i, regs, modrm, &addr))
        return false;
    if (guest_address_ok(addr)) /* of ours there is nothing to be flushed on a guest's behalf */
        tlb_flush_page_local(addr);
    return true;
}

/* Traps where the guest's own CR4.TSD forbids it to user mode, and everywhere where the counter is emulated. */
static bool emulate_rdtsc(struct regs *regs)
{
    if (!current->pv->kernel_mode && (current->pv->ctrlreg4 & CR4_TSD))
        return false;
    write_pair(regs, guest_tsc(current_domain()));
    return true;
}

/* 0F 01: INVLPG (/7 with memory), XSETBV (D1), RDTSCP (F9). */
static bool emulate_group7(struct regs *regs, struct insn *i)
{
    u8 modrm;

    if (!insn_next(i, &modrm))
        return false;
    if (modrm == 0xd1)
        return current->pv->kernel_mode && emulate_xsetbv(regs);
    if (modrm == 0xf9) {
        regs->rcx = current->pv->msrs.tsc_aux;
        return emulate_rdtsc(regs);
    }
    return current->pv->kernel_mode && (modrm >> 3 & 7) == 7 && emulate_invlpg(regs, i, modrm);
}

static bool emulate_rdmsr(struct regs *regs)
{
    u64 value;

    if (pv_rdmsr(current, (u32)regs->rcx, &value))
        return false;
    write_pair(regs, value);
    return true;
}

static bool emulate_two_byte(struct regs *regs, struct insn *i)
{
    u8 op;

    if (!insn_next(i, &op))
        return false;
    if (op == 0xa2) { /* CPUID, which faults for user mode too */
        emulate_cpuid(regs);
        return true;
    }
    if (op == 0x31)
        return emulate_rdtsc(regs);
    if (op == 0x01)
        return emulate_group7(regs, i);
    if (!current->pv->kernel_mode)
        return false;
    switch (op) {
    case 0x06: /* CLTS */
        do_fpu_taskswitch(0);
        return true;
    case 0x08: /* INVD: contents must not be lost, so write back */
    case 0x09: /* WBINVD */
        if (domain_may(PRIV_CONTROL, NULL))
            wbinvd();
        return true;
    case 0x20 ... 0x23:
        return emulate_mov_special(regs, i, op);
    case 0x30:
        return pv_wrmsr(current, (u32)regs->rcx, (u32)regs->rax | regs->rdx << 32) == 0;
    case 0x32:
        return emulate_rdmsr(regs);
    default:
        return false;
    }
}

static enum emulation done_if(bool done)
{
    return done ? EMULATION_DONE : EMULATION_REFUSED;
}

static enum emulation emulate_opcode(struct regs *regs, struct insn *i, u8 op)
{
    switch (op) {
    case 0x0f:
        return done_if(emulate_two_byte(regs, i));
    case 0x6c ... 0x6f:
    case 0xe4 ... 0xe7:
    case 0xec ... 0xef:
        return pv_emulate_io(regs, i, op);
    case 0xf4: /* HLT */
        if (!current->pv->kernel_mode)
            return EMULATION_REFUSED;
        return done_if(do_sched_op(SCHEDOP_block, 0) == 0); /* as on Xen: with events enabled, which may have come already */
    case 0xfa: /* CLI, STI: without effect, as in Xen: a POPF that sets IF again would not trap */
    case 0xfb:
        return done_if(current->pv->kernel_mode);
    default:
        return EMULATION_REFUSED;
    }
}

bool pv_emulate_privileged(struct regs *regs)
{
    vaddr_t rip = regs->rip;
    struct insn i;
    u8 op;

    insn_fetch(&i, rip);
    if (!insn_prefixes(&i, &op))
        return false;
    switch (emulate_opcode(regs, &i, op)) {
    case EMULATION_REFUSED:
        return false;
    case EMULATION_DONE:
        perfc_incr(PERFC_PRIVILEGED_EMULATED);
        regs->rip = rip + i.pos;
        regs->rflags &= ~(u64)RFLAGS_RF;
        return true;
    case EMULATION_RESTART:
        return true;
    }
    return false;
}

bool pv_emulate_forced(struct regs *regs)
{
    static const u8 forced_cpuid[7] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
    u8 bytes[sizeof(forced_cpuid)];

    if (guest_read(bytes, regs->rip, sizeof(bytes)) || memcmp(bytes, forced_cpuid, sizeof(bytes)) != 0)
        return false;
    emulate_cpuid(regs);
    regs->rip += sizeof(bytes);
    return true;
}
