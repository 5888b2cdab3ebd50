/* SPDX-License-Identifier: GPL-2.0-only */
/* Segments of PV guests: descriptor tables, segment registers and bases. */
#ifndef HV_PV_SEGMENTS_H
#define HV_PV_SEGMENTS_H

#include "pv/pv.h"

/*
 * True when a guest may have descriptor *@desc; privilege levels below 3 are
 * raised to 3, so *@desc may change. Also used to validate descriptor-table frames.
 */
bool pv_descriptor_ok(u64 *desc);

/* Whether all 512 descriptors of a frame are allowed; adjusts them. Called for FRAME_SEGDESC (pv/mmu_validate.c). */
bool pv_descriptor_frame_ok(mfn_t mfn);

/* True when @addr lies in this CPU's LDT window; *@offset is then the offset in the LDT. */
bool pv_in_ldt_window(vaddr_t addr, unsigned *offset);

/* Maps the page of the running vCPU's LDT that @offset is in. @return false when it is not a valid LDT page */
bool pv_map_ldt_page(struct vcpu *v, unsigned offset);

/* A fault in the LDT window by a selector that we load: registered as host_fault_handler. @return true: try again */
bool pv_host_fault(struct regs *regs, u64 cr2);

/* Takes the GDT @frames for @v (held by a SEGDESC reference each) in place of its present ones. -EINVAL */
int pv_set_gdt(struct vcpu *v, const u64 *frames, unsigned entries);
void pv_drop_gdt(struct vcpu *v);

/* MMUEXT_SET_LDT: linear @base (page aligned), @entries; drops the mapped pages of the old one. -EINVAL */
int pv_set_ldt(struct vcpu *v, vaddr_t base, unsigned entries);

/* Unmaps the LDT pages of @v and drops their references. @return whether there were any */
bool pv_drop_ldt(struct vcpu *v);

/* Part of a context switch, on the CPU of @v, interrupts disabled. */
void pv_segments_save(struct vcpu *v);
void pv_windows_load(struct vcpu *v);  /* its GDT and LDT; to be followed by pv_load_root(), which flushes */
void pv_segments_load(struct vcpu *v); /* selectors and bases */

long do_set_gdt(vaddr_t frames, u32 entries);
long do_update_descriptor(u64 ma, u64 desc);
long do_set_segment_base(u32 which, u64 base);

#endif
