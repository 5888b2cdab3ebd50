/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page tables that a CPU uses while it runs a vCPU of a domain in log-dirty mode: a root for the guest's kernel, one for
 * its user mode, and a pool of tables below them. They start empty; a page fault copies one translation from the
 * guest's tables, writable only when it is being written to, which notes the frame as dirty. The guest sees its own
 * tables alone, with accessed and dirty bits as the processor would set them.
 *
 * What makes this small and right: these tables are a large TLB. A CPU may use what it has copied until it is
 * told to flush, and whoever relies on a flush (the guest, changes of frame types, memory that is given to another)
 * flushes the CPUs that run the domain; tlb.c passes each flush on to here. So nothing here holds references, and nobody
 * who changes a guest's table need know of it. A walk and its copy are made with interrupts disabled: a CPU
 * answers a request to flush before or after, as a real page walk does.
 *
 * Another root than that of the other mode counts as a flush of all. No locks: each CPU has its own.
 */
#include "pv/mmu_shadow.h"

#include "lib/string.h"
#include "machine/percpu.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "pv/mmu_private.h"

#define TABLES 126 /* of a CPU, below the roots: an instruction needs a few dozen at most */
#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)
#define LEAF_KEPT (PTE_ADDR | PTE_CACHE | PTE_NX)

enum mode { USER, KERNEL, MODES };

struct shadow {
    u64 *root[MODES];
    u64 source[MODES];    /* the guest's root that root[] stands for, 0: none */
    struct vcpu *vcpu;    /* whose they are */
    enum mode loaded;
    u64 *table[TABLES];
    unsigned used;
};

static DEFINE_PERCPU(struct shadow *, shadow); /* NULL: no domain is in log-dirty mode */
void (*pv_root_loaded)(struct vcpu *v, u64 root);
void (*pv_shadow_traps)(bool on);
static void (*plain_loader)(struct vcpu *v, u64 root);

static unsigned index_of(vaddr_t va, unsigned level)
{
    return va >> (PAGE_SHIFT + 9 * (level - 1)) & (PTES_PER_TABLE - 1);
}

static paddr_t table_paddr(const u64 *table)
{
    return mfn_to_paddr(virt_to_mfn(table));
}

static void set_root_entry(struct shadow *s, enum mode m, unsigned slot, u64 entry)
{
    WRITE_ONCE(s->root[m][slot], entry);
    if (pv_root_changed)
        pv_root_changed(NULL, virt_to_mfn(s->root[m]), slot);
}

/* Forgets all translations; the CPU's TLB is flushed by the caller. Interrupts disabled. */
static void forget(struct shadow *s)
{
    if (!s->used)
        return;
    for (enum mode m = USER; m < MODES; m++)
        for (unsigned i = 0; i < PTES_PER_TABLE; i++)
            if (s->root[m][i] && !l4_slot_is_host(i))
                set_root_entry(s, m, i, 0);
    s->used = 0;
}

/* ---- flushes (machine/tlb.h) ---- */

static void flush(void)
{
    bool was = irq_save();
    struct shadow *s = this_cpu(shadow);

    if (s)
        forget(s);
    irq_restore(was);
}

/* The level-1 entry for @va, NULL: there is no table for it. */
static u64 *leaf_of(u64 *table, vaddr_t va)
{
    for (unsigned level = 4; level > 1; level--) {
        u64 e = table[index_of(va, level)];

        if (!(e & PTE_P))
            return NULL;
        table = paddr_to_virt(e & PTE_ADDR);
    }
    return &table[index_of(va, 1)];
}

static void flush_page(vaddr_t va)
{
    bool was = irq_save();
    struct shadow *s = this_cpu(shadow);

    for (enum mode m = USER; s && m < MODES; m++) {
        u64 *leaf = guest_address_ok(va) ? leaf_of(s->root[m], va) : NULL;

        if (leaf)
            WRITE_ONCE(*leaf, 0);
    }
    irq_restore(was);
}

static const struct tlb_software flushes = { .flush = flush, .flush_page = flush_page };

/* ---- roots ---- */

/* @return true: @v only goes from its kernel to its user mode or back, on roots that are known */
static bool is_toggle(const struct shadow *s, const struct vcpu *v, u64 root)
{
    enum mode m = v->pv->kernel_mode ? KERNEL : USER;

    return s->vcpu == v && m != s->loaded && s->source[m] == root &&
           tlb_loaded_root() == table_paddr(s->root[s->loaded]);
}

/* pv_root_loader while a domain is in log-dirty mode. */
static void load_root(struct vcpu *v, u64 root)
{
    enum mode m = v->pv->kernel_mode ? KERNEL : USER;
    bool was = irq_save();
    struct shadow *s = this_cpu(shadow);
    paddr_t own;

    if (!v->domain->pv->log_dirty) {
        if (plain_loader)
            plain_loader(v, root);
        else
            load_cr3(root);
        goto out;
    }
    own = table_paddr(s->root[m]);
    if (is_toggle(s, v, root)) {
        tlb_switch_root(own);
    } else {
        forget(s);
        s->vcpu = v;
        s->source[KERNEL] = v->pv->kernel_cr3;
        s->source[USER] = v->pv->user_cr3;
        load_cr3(own);
    }
    s->loaded = m;
    if (pv_root_loaded)
        pv_root_loaded(v, own);
out:
    irq_restore(was);
}

void pv_forget_user_shadow(struct vcpu *v)
{
    struct shadow *s = this_cpu(shadow);

    if (unlikely(s) && s->vcpu == v)
        s->source[USER] = 0;
}

/* ---- translations ---- */

struct walk {
    u64 *slot[5];     /* by level */
    u64 entry[5];
    bool writable, executable;
};

/* Reads the guest's tables from the top. @return false: @va is not mapped */
static bool walk(struct walk *w, u64 root, vaddr_t va)
{
    u64 *table = paddr_to_virt(root);

    w->writable = w->executable = true;
    for (unsigned level = 4; level >= 1; level--) {
        u64 e = READ_ONCE(table[index_of(va, level)]);

        w->slot[level] = &table[index_of(va, level)];
        w->entry[level] = e;
        if (!(e & PTE_P) || (level > 1 && !mfn_valid(pte_mfn(e))))
            return false;
        w->writable &= !!(e & PTE_RW);
        w->executable &= !(e & PTE_NX);
        if (level > 1)
            table = mfn_to_virt(pte_mfn(e));
    }
    return true;
}

/* Accessed and dirty bits, as the processor sets them. @return false: an entry has changed since it was read */
static bool set_bits(struct walk *w, bool write)
{
    for (unsigned level = 4; level >= 1; level--) {
        u64 e = w->entry[level], n = e | PTE_A | (level == 1 && write ? PTE_D : 0);

        if (n == e)
            continue;
        if (!atomic_cmpxchg(w->slot[level], &e, n))
            return false;
        w->entry[level] = n;
        frame_mark_dirty(mfn_to_frame(virt_to_mfn(w->slot[level])));
    }
    return true;
}

/* The level-1 entry for @va in root @m, with the tables that lead there. NULL: the pool is used up */
static u64 *make_leaf(struct shadow *s, enum mode m, vaddr_t va)
{
    u64 *table = s->root[m];

    for (unsigned level = 4; level > 1; level--) {
        unsigned i = index_of(va, level);

        if (!(table[i] & PTE_P)) {
            u64 *next, e;

            if (s->used == TABLES)
                return NULL;
            next = s->table[s->used++];
            memset(next, 0, PAGE_SIZE);
            e = table_paddr(next) | TABLE_FLAGS;
            if (level == 4)
                set_root_entry(s, m, i, e);
            else
                WRITE_ONCE(table[i], e);
        }
        table = paddr_to_virt(table[i] & PTE_ADDR);
    }
    return &table[index_of(va, 1)];
}

/* What the CPU is to see of the guest's entry: writable if it is written to now, or has been since the log was cleaned. */
static u64 leaf_entry(struct domain *d, const struct walk *w, bool write)
{
    u64 e = w->entry[1];
    struct frame *f = mfn_valid(pte_mfn(e)) ? mfn_to_frame(pte_mfn(e)) : NULL;
    bool was_dirty = f && (READ_ONCE(f->refs) & FRAME_DIRTY);

    if (write && f && !was_dirty) {
        frame_mark_dirty(f);
        atomic_add_return(&d->pv->log_faults, 1);
    }
    e = (e & LEAF_KEPT) | PTE_P | PTE_US | PTE_A | (e & PTE_D);
    if (w->writable && (e & PTE_D) && (write || was_dirty))
        e |= PTE_RW;
    return w->executable ? e : e | PTE_NX;
}

static enum shadow_result fill(struct shadow *s, struct vcpu *v, vaddr_t va, bool write, bool fetch)
{
    struct walk w;
    u64 *leaf;

    if (!walk(&w, pv_current_cr3(v->pv), va))
        return SHADOW_ABSENT;
    if ((write && !w.writable) || (fetch && !w.executable))
        return SHADOW_DENIED;
    if (!set_bits(&w, write))
        return SHADOW_FILLED; /* it faults again, and finds what is there now */
    leaf = make_leaf(s, s->loaded, va);
    if (!leaf) {
        tlb_flush_local(); /* comes back to flush() */
        leaf = make_leaf(s, s->loaded, va);
    }
    WRITE_ONCE(*leaf, leaf_entry(v->domain, &w, write));
    return SHADOW_FILLED;
}

enum shadow_result pv_shadow_fill(struct vcpu *v, vaddr_t va, bool write, bool fetch)
{
    bool was = irq_save();
    enum shadow_result result = fill(this_cpu(shadow), v, va, write, fetch);

    irq_restore(was);
    return result;
}

/* ---- begin and end ---- */

static void shadow_free(struct shadow *s)
{
    if (!s)
        return;
    for (enum mode m = USER; m < MODES; m++)
        if (s->root[m])
            page_free(s->root[m]);
    for (unsigned i = 0; i < TABLES; i++)
        if (s->table[i])
            page_free(s->table[i]);
    page_free(s);
}

static struct shadow *shadow_new(void)
{
    struct shadow *s = page_alloc();
    bool ok = s;

    _Static_assert(sizeof(*s) <= PAGE_SIZE, "it is allocated as a page");
    for (enum mode m = USER; ok && m < MODES; m++) {
        s->root[m] = page_alloc();
        ok = s->root[m];
        if (ok)
            paging_fill_host_slots(s->root[m]);
    }
    for (unsigned i = 0; ok && i < TABLES; i++) {
        s->table[i] = page_alloc();
        ok = s->table[i];
    }
    if (ok)
        return s;
    shadow_free(s);
    return NULL;
}

static void free_all(void)
{
    unsigned cpu;

    for_each_online_cpu(cpu) {
        shadow_free(per_cpu(shadow, cpu));
        per_cpu(shadow, cpu) = NULL;
    }
}

int pv_shadow_start(void)
{
    unsigned cpu;

    if (dirty_logging) {
        WRITE_ONCE(dirty_logging, dirty_logging + 1);
        return 0;
    }
    for_each_online_cpu(cpu) {
        struct shadow *s = shadow_new();

        if (!s) {
            free_all();
            return -ENOMEM;
        }
        per_cpu(shadow, cpu) = s;
    }
    plain_loader = pv_root_loader;
    WRITE_ONCE(dirty_logging, 1);
    WRITE_ONCE(tlb_software, &flushes);
    WRITE_ONCE(pv_root_loader, load_root);
    if (pv_shadow_traps)
        pv_shadow_traps(true);
    tlb_flush_mask(&cpu_online_mask); /* every CPU has seen it */
    return 0;
}

void pv_shadow_stop(void)
{
    WRITE_ONCE(dirty_logging, dirty_logging - 1);
    if (dirty_logging)
        return;
    if (pv_shadow_traps)
        pv_shadow_traps(false);
    WRITE_ONCE(pv_root_loader, plain_loader);
    WRITE_ONCE(tlb_software, NULL);
    tlb_flush_mask(&cpu_online_mask); /* nobody is in one of our functions any more */
    free_all();
}
