/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds Domain 0 from the boot modules (docs/dom0.md): kernel unpacked, memory
 * chosen and laid out, contents and page tables written, first vCPU set. Runs
 * once on the boot CPU; everything that an administrator can mend ends in one line.
 */
#include "control/dom0_internal.h"

#include "control/machine_info.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/panic.h"
#include "machine/x86.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "pv/callbacks.h"

#include <xen/arch-x86/xen.h>
#include <xen/platform.h>
#include <xen/vcpu.h>

#define START_MAGIC "xen-3.0-x86_64"
#define TO_MIB(pages) ((pages) >> (20 - PAGE_SHIFT))

struct machine_info machine_info;

static u64 pages_of(u64 bytes)
{
    return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

static struct domain *create(void)
{
    struct domain_config cfg = { .privileged = true, .max_vcpus = dom0_choose_vcpus() };
    struct domain *d;
    int rc = domain_create(0, &cfg, &d);

    if (rc)
        panic("Domain 0 cannot be created (%d)\n", rc);
    for (unsigned i = 0; i < cfg.max_vcpus; i++) {
        rc = vcpu_create(d, i);
        if (rc)
            panic_configuration("vCPU %u of Domain 0 cannot be created (%d): lower dom0_max_vcpus=\n", i, rc);
    }
    return d;
}

/*
 * How many pages, and where they go. The list of pages is itself part of what is needed, so a first guess of the
 * layout gives the least that will do.
 */
static struct dom0_size choose(struct dom0_layout *l, const struct dom0_kernel *k, const struct dom0_boot *b)
{
    u64 available = buddy_free_frames();
    struct dom0_size size;

    available += pages_of(b->kernel_size) + (k->unpacked ? BIT(k->order) : 0); /* free when the kernel is in place */
    available += pages_of(b->initrd_size);
    dom0_layout_make(l, &k->xen, b->initrd_size, available);
    size = dom0_choose_size(available, l->pages);
    dom0_layout_make(l, &k->xen, b->initrd_size, size.pages);
    return size;
}

static void load_kernel(const struct dom0_memory *m, const struct dom0_layout *l, const struct dom0_kernel *k)
{
    struct elf_segment s;

    for (unsigned i = 0; i < k->elf.ph_count; i++) {
        u64 gpa;

        if (elf_segment(&k->elf, i, &s) || s.type != ELF_PT_LOAD || !s.mem_size)
            continue;
        gpa = elf_xen_vaddr(&k->xen, &s) - l->virt_start;
        dom0_copy(m, gpa, s.data, s.file_size);
        dom0_copy(m, gpa + s.file_size, NULL, s.mem_size - s.file_size);
    }
    if (k->xen.hypercall_page != ELF_UNSET)
        pv_fill_hypercall_page(dom0_page(m, (k->xen.hypercall_page - l->virt_start) >> PAGE_SHIFT));
}

/* Gives a module's frames back. */
static void free_module(paddr_t start, u64 size)
{
    buddy_add(paddr_to_mfn(start), pages_of(size));
}

/* The module's frames become Domain 0's where they are. */
static void load_initrd(struct dom0_memory *m, const struct dom0_layout *l, const struct dom0_boot *b)
{
    u64 tail = b->initrd_size % PAGE_SIZE;

    if (!b->initrd_size)
        return;
    if (tail)
        memset((u8 *)paddr_to_virt(b->initrd) + b->initrd_size, 0, PAGE_SIZE - tail);
    dom0_memory_take(m, l->initrd, paddr_to_mfn(b->initrd));
}

static void fill_start_info(const struct dom0_memory *m, const struct dom0_layout *l, const struct dom0_boot *b,
                            u64 nr_pages)
{
    struct start_info *si = dom0_page(m, l->start_info.start);

    memset(si, 0, PAGE_SIZE);
    strlcpy(si->magic, START_MAGIC, sizeof(si->magic));
    si->nr_pages = nr_pages;
    si->shared_info = mfn_to_paddr(virt_to_mfn(m->d->shared_info));
    si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN | XEN_PROCESSOR_PM_PX << 8;
    si->pt_base = dom0_virt(l, l->tables.start);
    si->nr_pt_frames = l->tables.end - l->tables.start;
    si->mfn_list = l->p2m_virt;
    if (l->p2m_tables.end > l->p2m_tables.start) {
        si->first_p2m_pfn = l->p2m_tables.start;
        si->nr_p2m_frames = l->p2m.end - l->p2m_tables.start;
    }
    if (b->initrd_size) {
        si->flags |= l->initrd_mapped ? 0 : SIF_MOD_START_PFN;
        si->mod_start = l->initrd_mapped ? dom0_virt(l, l->initrd.start) : l->initrd.start;
        si->mod_len = b->initrd_size;
    }
    if (strlcpy((char *)si->cmd_line, b->command_line, sizeof(si->cmd_line)) >= sizeof(si->cmd_line))
        pr_warning("Domain 0 command line is longer than %zu bytes: the rest is ignored\n", sizeof(si->cmd_line) - 1);
    if (machine_info.has_vga) {
        si->console.dom0.info_off = sizeof(*si);
        si->console.dom0.info_size = sizeof(machine_info.vga);
        memcpy(si + 1, &machine_info.vga, sizeof(machine_info.vga));
    }
}

static void set_first_vcpu(struct domain *d, const struct dom0_layout *l, const struct elf_xen *x, mfn_t root)
{
    struct vcpu_guest_context *c = heap_new(struct vcpu_guest_context);
    struct cpu_user_regs *r;
    int rc;

    if (!c)
        panic("Domain 0: no memory for its first context\n");
    r = &c->user_regs;
    r->rip = x->entry;
    r->rsp = dom0_virt(l, l->stack.end);
    r->rsi = dom0_virt(l, l->start_info.start);
    r->rflags = RFLAGS_IF;
    r->cs = FLAT_KERNEL_CS;
    r->ss = FLAT_KERNEL_SS;
    r->ds = r->es = r->fs = r->gs = FLAT_KERNEL_DS;
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = r->rsp;
    c->flags = VGCF_in_kernel | VGCF_online;
    c->ctrlreg[3] = xen_pfn_to_cr3(root.n);
    spin_lock(&d->lock);
    rc = vcpu_set_context(d->vcpus[0], c); /* its page tables are pinned: nothing that could take long */
    spin_unlock(&d->lock);
    if (!rc)
        rc = vcpu_up(d->vcpus[0]);
    if (rc)
        panic("Domain 0: its first context is not valid (%d)\n", rc);
    heap_free(c);
}

static void report(const struct domain *d, const struct dom0_layout *l, const struct dom0_boot *b)
{
    pr_info("Dom0: %lu MiB, %u vCPUs, initrd %lu KiB%s\n", TO_MIB(d->tot_pages), d->max_vcpus, b->initrd_size >> 10,
            b->initrd_size ? " in place" : "");
    pr_debug("Dom0: pfn 0 at 0x%lx, region %lu pages, start_info 0x%lx, page tables 0x%lx, P2M 0x%lx\n", l->virt_start,
             l->region, dom0_virt(l, l->start_info.start), dom0_virt(l, l->tables.start), l->p2m_virt);
    pr_info("Dom0 leaves %lu MiB for guests\n", TO_MIB(buddy_free_frames()));
}

void dom0_build(const struct dom0_boot *b)
{
    struct dom0_kernel kernel;
    struct dom0_layout l;
    struct dom0_memory m;
    struct dom0_size size;
    struct domain *d;
    mfn_t root;

    dom0_kernel_open(&kernel, paddr_to_virt(b->kernel), b->kernel_size);
    d = create();
    size = choose(&l, &kernel, b);
    d->max_pages = size.max_pages;
    dom0_memory_start(&m, d, size.pages, l.p2m);
    load_initrd(&m, &l, b);
    dom0_memory_fill(&m, (struct dom0_range){ 0, l.region });
    load_kernel(&m, &l, &kernel);
    dom0_kernel_close(&kernel);
    free_module(b->kernel, b->kernel_size);
    dom0_memory_fill(&m, (struct dom0_range){ l.region, size.pages });
    root = dom0_pagetables(&m, &l);
    fill_start_info(&m, &l, b, size.pages);
    set_first_vcpu(d, &l, &kernel.xen, root);
    dom0_permissions(d);
    d->console_emergency = true;
    report(d, &l, b);
}

void dom0_start(void)
{
    domain_unpause_by_controller(dom0);
}
