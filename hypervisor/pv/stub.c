/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The doors of PV guests on the CPU we run on: where SYSCALL and SYSENTER lead
 * (pv/entry.S), and what flags they leave.
 */
#include "machine/cpu_features.h"
#include "machine/tables.h"
#include "machine/x86.h"
#include "pv/asm.h"
#include "pv/callbacks.h"
#include "pv/xpti.h"

/*
 * Flags that are clear while an entry runs: traps, direction, alignment, nesting, interrupts (SDM Vol 3 5.8.8). What
 * CLEAN_FLAGS does in the other doors.
 */
#define SYSCALL_CLEARS (RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC)

#define SYSRET_BASE 0xe023UL /* CS = base + 16 = FLAT_RING3_CS64, SS = base + 8 = FLAT_RING3_SS64 */

void pv_cpu_start(void)
{
    vaddr_t frame_end = cpu_set_syscall(pv_syscall_entry, pv_syscall32_entry);

    xpti_cpu_start();
    wrmsr(MSR_STAR, SYSRET_BASE << 48 | (u64)SEL_HV_CS << 32);
    wrmsr(MSR_SYSCALL_MASK, SYSCALL_CLEARS);
    if (!cpu_is_amd_like()) {
        wrmsr(MSR_SYSENTER_CS, SEL_HV_CS);
        wrmsr(MSR_SYSENTER_ESP, frame_end);
        wrmsr(MSR_SYSENTER_EIP, (u64)pv_sysenter_entry);
    }
}
