/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual CPUs of a restored PV domain: registers with machine frames in place of the guest's,
 * and the start info page, which the first CPU gets anew as it would from the builder. Formats:
 * public/arch-x86/xen.h (vcpu_guest_context), public/xen.h (start_info), public/sched.h
 * (SHUTDOWN_suspend: RDX of the first CPU is the start info page).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "restore.h"

#define L4 4u

/* Puts the machine frame of the root table *FRAME in its place. */
static int root_frame(const struct restorer *r, uint64_t *frame)
{
    uint64_t pfn = *frame;

    *frame = restore_frame(r, pfn);
    if (*frame == IMAGE_NO_FRAME || image_table_level(restore_type(r, pfn)) != L4)
        return restore_bad(r, "the page table of a virtual CPU is none");
    return 0;
}

static int plain_frame(const struct restorer *r, uint64_t *frame, const char *what)
{
    uint64_t mfn = restore_plain_frame(r, *frame);

    if (mfn == IMAGE_NO_FRAME)
        return restore_bad(r, what);
    *frame = mfn;
    return 0;
}

static void fill_start_info(struct restorer *r, start_info_t *si)
{
    uint64_t store = si->store_mfn, console = si->console.domU.mfn;

    r->res->store_mfn = restore_plain_frame(r, store);
    r->res->console_mfn = restore_plain_frame(r, console);
    pv_start_info(si, r->pfns, r->shared_info_mfn, r->res);
}

/* RDX of the first CPU; the suspended kernel left the guest's numbers for store and console in the
 * page. */
static int write_start_info(struct restorer *r, vcpu_guest_context_t *c)
{
    xen_pfn_t frame;
    void *map;
    int rc = plain_frame(r, &c->user_regs.rdx, "the start info page is not in the guest's memory");

    if (rc)
        return rc;
    frame = c->user_regs.rdx;
    rc = hv_map_foreign(r->hv, r->p->domid, &frame, 1, PROT_READ | PROT_WRITE, &map);
    if (rc)
        return build_fail(r->err, rc, "cannot map the start info page: %s", strerror(-rc));
    fill_start_info(r, map);
    hv_unmap(map, 1);
    if (r->res->store_mfn == IMAGE_NO_FRAME || r->res->console_mfn == IMAGE_NO_FRAME)
        return restore_bad(r, "the pages of store and console are not in the guest's memory");
    return 0;
}

static int set_basic(struct restorer *r, uint32_t vcpu, const uint8_t *context)
{
    vcpu_guest_context_t *c = malloc(sizeof(*c));
    uint64_t root, user;
    int rc = 0;

    if (!c)
        return build_fail(r->err, -ENOMEM, "out of memory in Domain 0");
    memcpy(c, context, sizeof(*c));
    c->flags |= VGCF_online;
    root = xen_cr3_to_pfn(c->ctrlreg[3]);
    user = xen_cr3_to_pfn(c->ctrlreg[1]);
    if (c->gdt_ents > FIRST_RESERVED_GDT_ENTRY)
        rc = restore_bad(r, "a virtual CPU has too many descriptors");
    if (!rc && vcpu == 0)
        rc = write_start_info(r, c);
    for (uint64_t i = 0; !rc && i * 512 < c->gdt_ents; i++)
        rc = plain_frame(r, &c->gdt_frames[i], "a descriptor table is not in the guest's memory");
    if (!rc)
        rc = root_frame(r, &root);
    c->ctrlreg[3] = xen_pfn_to_cr3(root);
    if (!rc && c->ctrlreg[1] & 1)
        rc = root_frame(r, &user);
    c->ctrlreg[1] = c->ctrlreg[1] & 1 ? xen_pfn_to_cr3(user) : 0;
    if (!rc) {
        rc = hv_vcpu_set_context(r->hv, r->p->domid, vcpu, c);
        if (rc)
            build_fail(r->err, rc, "the hypervisor refused virtual CPU %u: %s", vcpu,
                       strerror(-rc));
    }
    free(c);
    return rc;
}

static int set_extended(struct restorer *r, uint32_t vcpu, const struct blob *b)
{
    struct xen_domctl_ext_vcpucontext ext = { .vcpu = 0 };

    if (b->len - sizeof(struct rec_vcpu) > sizeof(ext))
        return -EBADMSG;
    memcpy(&ext, b->data + sizeof(struct rec_vcpu), b->len - sizeof(struct rec_vcpu));
    return hv_vcpu_set_ext(r->hv, r->p->domid, vcpu, &ext);
}

static int set_vcpu(struct restorer *r, uint32_t vcpu)
{
    struct restored_vcpu *v = &r->vcpu[vcpu];
    size_t head = sizeof(struct rec_vcpu);
    int rc;

    if (v->basic.len != head + sizeof(vcpu_guest_context_t))
        return restore_bad(r, "the registers of a virtual CPU have a wrong length");
    rc = set_basic(r, vcpu, v->basic.data + head);
    if (rc)
        return rc;
    if (v->extended.data)
        rc = set_extended(r, vcpu, &v->extended);
    if (!rc && v->xsave.data)
        rc =
            hv_vcpu_set_xstate(r->hv, r->p->domid, vcpu, v->xsave.data + head, v->xsave.len - head);
    if (!rc && v->msrs.data && (v->msrs.len - head) % sizeof(xen_domctl_vcpu_msr_t))
        rc = -EBADMSG;
    if (!rc && v->msrs.data)
        rc = hv_vcpu_set_msrs(r->hv, r->p->domid, vcpu,
                              (const xen_domctl_vcpu_msr_t *)(v->msrs.data + head),
                              (unsigned int)((v->msrs.len - head) / sizeof(xen_domctl_vcpu_msr_t)));
    return rc ? build_fail(r->err, rc, "the hypervisor refused the state of virtual CPU %u: %s",
                           vcpu, strerror(-rc))
              : 0;
}

int restore_vcpus(struct restorer *r)
{
    int rc = 0;

    if (!r->vcpu[0].basic.data)
        return restore_bad(r, "the first virtual CPU is missing");
    for (uint32_t i = 0; !rc && i < IMAGE_MAX_VCPUS; i++)
        if (r->vcpu[i].basic.data)
            rc = set_vcpu(r, i);
    return rc;
}
