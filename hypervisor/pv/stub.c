/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where SYSCALL and SYSENTER of PV guests land. SYSCALL does not switch the
 * stack and leaves no register free, so each CPU has a stub with the address of
 * its own stack in it: save rax in its place, switch, go to the common entry.
 */
#include "lib/string.h"
#include "machine/cpu_features.h"
#include "machine/percpu.h"
#include "machine/tables.h"
#include "machine/x86.h"
#include "pv/asm.h"
#include "pv/callbacks.h"
#include "pv/xpti.h"

#define STUB_BYTES 64

/* Appends @n bytes, or a 64-bit immediate. @return the place behind it */
static u8 *emit(u8 *p, const void *bytes, size_t n)
{
    memcpy(p, bytes, n);
    return p + n;
}

static u8 *emit64(u8 *p, u64 value)
{
    return emit(p, &value, sizeof(value));
}

/* Writes the stub that ends in @entry at @p, for the stack whose frame is @frame. */
static void write_stub(u8 *p, struct regs *frame, void (*entry)(void))
{
    p = emit(p, "\x48\xa3", 2); /* movabs %rax, frame->rax */
    p = emit64(p, (u64)&frame->rax);
    p = emit(p, "\x48\x89\xe0", 3); /* mov %rsp, %rax */
    p = emit(p, "\x48\xbc", 2);     /* movabs $end of frame, %rsp */
    p = emit64(p, (u64)(frame + 1));
    p = emit(p, "\x68\x2b\xe0\0\0", 5); /* push $FLAT_RING3_SS */
    p = emit(p, "\x50", 1);             /* push %rax */
    p = emit(p, "\x48\xb8", 2);         /* movabs $entry, %rax */
    p = emit64(p, (u64)entry);
    emit(p, "\xff\xe0", 2); /* jmp *%rax */
}

/* Flags that are clear while an entry runs: traps, direction, alignment, nesting, interrupts (SDM Vol 3 5.8.8). */
#define SYSCALL_CLEARS (RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC)

#define HYPERVISOR_CS 0xe008UL
#define SYSRET_BASE 0xe023UL /* CS = base + 16 = FLAT_RING3_CS64, SS = base + 8 = FLAT_RING3_SS64 */

void pv_cpu_start(void)
{
    struct regs *frame = guest_regs();
    struct cpu_stub stub = cpu_stub_page(cpu_id());

    xpti_cpu_start();
    write_stub(stub.writable, frame, pv_syscall_entry);
    write_stub((u8 *)stub.writable + STUB_BYTES, frame, pv_syscall32_entry);
    wrmsr(MSR_STAR, SYSRET_BASE << 48 | HYPERVISOR_CS << 32);
    wrmsr(MSR_LSTAR, stub.address);
    wrmsr(MSR_CSTAR, stub.address + STUB_BYTES);
    wrmsr(MSR_SYSCALL_MASK, SYSCALL_CLEARS);
    if (!cpu_is_amd_like()) {
        wrmsr(MSR_SYSENTER_CS, HYPERVISOR_CS);
        wrmsr(MSR_SYSENTER_ESP, (u64)(frame + 1));
        wrmsr(MSR_SYSENTER_EIP, (u64)pv_sysenter_entry);
    }
}
