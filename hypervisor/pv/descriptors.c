/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptor tables of PV guests: taking and dropping the frames of GDT and LDT. A frame in use as a table has type
 * FRAME_SEGDESC, so the guest has no writable mapping of it; changes go through update_descriptor. How a CPU comes to
 * see them is in pv/windows.c.
 */
#include "errno.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/trap.h"
#include "machine/uaccess.h"
#include "mm/guest_access.h"
#include "pv/mmu.h"
#include "pv/segments.h"

/* Gives back frames that have left their list. */
static void put_frames(const mfn_t *frames, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        frame_put_and_type(mfn_to_frame(frames[i]));
}

/* @frames, each with its reference, take the place of the present ones. */
static void replace_gdt(struct vcpu *v, const mfn_t *frames, unsigned entries)
{
    struct pv_vcpu *p = v->pv;
    unsigned n = DIV_ROUND_UP(entries, DESCRIPTORS_PER_FRAME);
    unsigned old_n = DIV_ROUND_UP(p->gdt_entries, DESCRIPTORS_PER_FRAME);
    mfn_t old[GDT_GUEST_FRAMES];

    memcpy(old, p->gdt_frames, sizeof(old));
    for (unsigned i = 0; i < GDT_GUEST_FRAMES; i++)
        p->gdt_frames[i] = i < n ? frames[i] : INVALID_MFN;
    p->gdt_entries = entries;
    pv_gdt_changed(v);
    put_frames(old, old_n);
}

void pv_drop_gdt(struct vcpu *v)
{
    if (v->pv->gdt_entries)
        replace_gdt(v, NULL, 0);
}

int pv_set_gdt(struct vcpu *v, const u64 *list, unsigned entries)
{
    unsigned n = DIV_ROUND_UP(entries, DESCRIPTORS_PER_FRAME), i;
    mfn_t frames[GDT_GUEST_FRAMES];

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    for (i = 0; i < n; i++) {
        frames[i] = MFN(list[i]);
        if (!mfn_valid(frames[i]) || frame_get_and_type(mfn_to_frame(frames[i]), v->domain->id, FRAME_SEGDESC)) {
            put_frames(frames, i);
            return -EINVAL;
        }
    }
    replace_gdt(v, frames, entries);
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
    irq_disable(); /* the selectors mean other descriptors now */
    pv_segments_save(v);
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

void pv_drop_ldt(struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;
    u32 pages = p->ldt_pages;

    if (!pages)
        return;
    p->ldt_pages = 0;
    pv_ldt_changed(v);
    for (; pages; pages &= pages - 1)
        put_frames(&p->ldt_frames[__builtin_ctz(pages)], 1);
}

bool pv_ldt_ok(vaddr_t base, u64 entries)
{
    return !(base & ~PAGE_MASK) && entries <= 8192 && guest_address_ok(base) && guest_range_ok(base, entries * 8);
}

void pv_set_ldt(struct vcpu *v, vaddr_t base, unsigned entries)
{
    struct pv_vcpu *p = v->pv;

    pv_drop_ldt(v); /* the same table too: who names it again may have mapped other pages there */
    p->ldt_base = base;
    p->ldt_entries = entries;
    pv_ldt_changed(v);
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

    if (offset / 8 >= p->ldt_entries || (p->ldt_pages >> page & 1))
        return false;
    mfn = pv_translate(v, p->ldt_base + offset);
    if (!mfn_valid(mfn) || frame_get_and_type(mfn_to_frame(mfn), v->domain->id, FRAME_SEGDESC))
        return false;
    p->ldt_frames[page] = mfn;
    p->ldt_pages |= (u32)BIT(page);
    pv_ldt_changed(v);
    return true;
}

bool pv_host_fault(struct regs *regs, u64 cr2)
{
    struct vcpu *v = current;
    unsigned offset;

    return regs->vector == TRAP_PF && !vcpu_is_idle(v) && pv_in_ldt_window(cr2, &offset) && pv_map_ldt_page(v, offset);
}
