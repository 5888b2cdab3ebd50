/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptor tables of PV guests: which descriptors are allowed, taking and
 * dropping the frames of GDT and LDT. A frame in use as a table has type
 * FRAME_SEGDESC, so the guest has no writable mapping of it; changes go through
 * update_descriptor.
 */
#include "errno.h"
#include "machine/console.h"
#include "machine/tables.h"
#include "machine/trap.h"
#include "machine/uaccess.h"
#include "mm/guest_access.h"
#include "mm/paging.h"
#include "pv/mmu.h"
#include "pv/segments.h"

#define DESCRIPTORS_PER_FRAME 512

void pv_drop_gdt(struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;
    unsigned frames = DIV_ROUND_UP(p->gdt_entries, DESCRIPTORS_PER_FRAME);

    p->gdt_entries = 0;
    for (unsigned i = 0; i < frames; i++) {
        frame_put_and_type(mfn_to_frame(p->gdt_frames[i]));
        p->gdt_frames[i] = INVALID_MFN;
    }
}

int pv_set_gdt(struct vcpu *v, const u64 *frames, unsigned entries)
{
    struct pv_vcpu *p = v->pv;
    unsigned n = DIV_ROUND_UP(entries, DESCRIPTORS_PER_FRAME), i;

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    for (i = 0; i < n; i++) {
        mfn_t mfn = MFN(frames[i]);

        if (!mfn_valid(mfn) || frame_get_and_type(mfn_to_frame(mfn), v->domain->id, FRAME_SEGDESC)) {
            while (i-- > 0)
                frame_put_and_type(mfn_to_frame(MFN(frames[i])));
            return -EINVAL;
        }
    }
    pv_drop_gdt(v);
    for (i = 0; i < n; i++)
        p->gdt_frames[i] = MFN(frames[i]);
    p->gdt_entries = entries;
    return 0;
}

long do_set_gdt(vaddr_t list, u32 entries)
{
    u64 frames[GDT_GUEST_FRAMES];
    unsigned n = DIV_ROUND_UP(entries, DESCRIPTORS_PER_FRAME);
    struct vcpu *v = current;
    int rc;

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    if (guest_read(frames, list, n * sizeof(u64)))
        return -EFAULT;
    rc = pv_set_gdt(v, frames, entries);
    if (rc)
        return rc;
    irq_disable();
    pv_segments_save(v);
    pv_windows_load(v);
    pv_load_root(v); /* flushes the windows */
    pv_segments_load(v);
    irq_enable();
    return 0;
}

long do_update_descriptor(u64 ma, u64 desc)
{
    struct domain *d = current_domain();
    mfn_t mfn = paddr_to_mfn(ma);
    struct frame *f;
    u64 *slot;
    long rc = -EINVAL;

    if ((ma & 7) || !mfn_valid(mfn) || !pv_descriptor_ok(&desc))
        return -EINVAL;
    f = mfn_to_frame(mfn);
    if (!frame_get(f, d->id))
        return -EINVAL;
    /* A table stays one while we write; any other frame must be one that the guest could write itself. */
    if (frame_get_type(f, frame_type(f) == FRAME_SEGDESC ? FRAME_SEGDESC : FRAME_WRITABLE))
        goto out;
    slot = (u64 *)((char *)mfn_to_virt(mfn) + (ma & ~PAGE_MASK));
    WRITE_ONCE(*slot, desc);
    frame_note_write(f);
    frame_put_type(f);
    rc = 0;
out:
    frame_put(f);
    return rc;
}

bool pv_drop_ldt(struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;
    bool any = false;

    for (unsigned i = 0; i < LDT_FRAMES; i++) {
        mfn_t mfn = p->ldt_frames[i];

        if (mfn_eq(mfn, INVALID_MFN))
            continue;
        p->ldt_frames[i] = INVALID_MFN;
        if (v == current)
            cpu_window_set(cpu_id(), GDT_WINDOW_PAGES + i, INVALID_MFN, 0);
        frame_put_and_type(mfn_to_frame(mfn));
        any = true;
    }
    if (any && v == current)
        pv_load_root(v); /* flushes the window */
    return any;
}

int pv_set_ldt(struct vcpu *v, vaddr_t base, unsigned entries)
{
    struct pv_vcpu *p = v->pv;

    if ((base & ~PAGE_MASK) || entries > 8192 || !guest_range_ok(base, entries * 8UL))
        return -EINVAL;
    if (p->ldt_base == base && p->ldt_entries == entries)
        return 0;
    pv_drop_ldt(v);
    p->ldt_base = base;
    p->ldt_entries = entries;
    if (v == current) {
        irq_disable();
        cpu_load_ldt(entries);
        irq_enable();
    }
    return 0;
}

bool pv_in_ldt_window(vaddr_t addr, unsigned *offset)
{
    vaddr_t window = LDT_WINDOW(cpu_id());

    *offset = addr - window;
    return addr >= window && addr < window + LDT_FRAMES * PAGE_SIZE;
}

bool pv_map_ldt_page(struct vcpu *v, unsigned offset)
{
    struct pv_vcpu *p = v->pv;
    unsigned page = offset >> PAGE_SHIFT;
    mfn_t mfn;

    if (offset / 8 >= p->ldt_entries || !mfn_eq(p->ldt_frames[page], INVALID_MFN))
        return false;
    mfn = pv_translate(v, p->ldt_base + offset);
    if (!mfn_valid(mfn) || frame_get_and_type(mfn_to_frame(mfn), v->domain->id, FRAME_SEGDESC))
        return false;
    p->ldt_frames[page] = mfn;
    cpu_window_set(cpu_id(), GDT_WINDOW_PAGES + page, mfn, MAP_RW);
    return true;
}

bool pv_host_fault(struct regs *regs, u64 cr2)
{
    struct vcpu *v = current;
    unsigned offset;

    return regs->vector == TRAP_PF && !vcpu_is_idle(v) && pv_in_ldt_window(cr2, &offset) && pv_map_ldt_page(v, offset);
}
