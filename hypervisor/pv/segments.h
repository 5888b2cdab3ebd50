/* SPDX-License-Identifier: GPL-2.0-only */
/* Segments of PV guests: descriptor tables, the windows that show them to a CPU, segment registers and bases. */
#ifndef HV_PV_SEGMENTS_H
#define HV_PV_SEGMENTS_H

#include "pv/pv.h"

#define DESCRIPTORS_PER_FRAME 512

/*
 * True when a guest may have descriptor *@desc; privilege levels below 3 are
 * raised to 3, so *@desc may change. Also used to validate descriptor-table frames.
 */
bool pv_descriptor_ok(u64 *desc);

/* Whether all 512 descriptors of a frame are allowed; adjusts them. Called for FRAME_SEGDESC (pv/mmu_validate.c). */
bool pv_descriptor_frame_ok(mfn_t mfn);

/* True when @addr lies in this CPU's LDT window; *@offset is then the offset in the LDT. */
bool pv_in_ldt_window(vaddr_t addr, unsigned *offset);

/* Takes the page of the running vCPU's LDT that @offset is in. @return false when it is not a valid LDT page */
bool pv_map_ldt_page(struct vcpu *v, unsigned offset);

/* A fault in the LDT window by a selector that we load: registered as host_fault_handler. @return true: try again */
bool pv_host_fault(struct regs *regs, u64 cr2);

/* Takes the GDT @frames for @v (held by a SEGDESC reference each) in place of its present ones. -EINVAL */
int pv_set_gdt(struct vcpu *v, const u64 *frames, unsigned entries);
void pv_drop_gdt(struct vcpu *v);

bool pv_ldt_ok(vaddr_t base, u64 entries); /* page aligned, all of it at addresses that a guest may use */
/* MMUEXT_SET_LDT, with what is pv_ldt_ok(); the pages are taken when they are used first, those of the old one are dropped. */
void pv_set_ldt(struct vcpu *v, vaddr_t base, unsigned entries);
/* Drops the LDT pages of @v; they are found anew, through its page tables, when they are used. */
void pv_drop_ldt(struct vcpu *v);

/* ---- the window and LDTR of this CPU: pv/windows.c ---- */

/* Part of a context switch, interrupts disabled; a load of CR3 must follow, which flushes. */
void pv_windows_load(const struct vcpu *v);
void pv_windows_clear(void); /* no PV vCPU comes next */
/*
 * The lists of @v, which runs here or nowhere, are new: if here, the window follows and is flushed. References of frames that
 * are no longer in a list are dropped afterwards.
 */
void pv_gdt_changed(const struct vcpu *v);
void pv_ldt_changed(const struct vcpu *v);

/* Part of a context switch, on the CPU of @v, interrupts disabled. */
void pv_segments_save(struct vcpu *v);
void pv_segments_load(struct vcpu *v); /* selectors and bases */

long do_set_gdt(vaddr_t frames, u32 entries);
long do_update_descriptor(u64 ma, u64 desc);
long do_set_segment_base(u32 which, u64 base);

#endif
