/* SPDX-License-Identifier: GPL-2.0-only */
/* What a new and a restored PV domain have in common: channels of store and console, memory map,
 * the first grants. */
#include <errno.h>
#include <string.h>

#include "image.h"
#include <xen/grant_table.h>

int pv_prepare(struct hv *hv, const struct pv_params *p, struct pv_result *res,
               uint64_t *shared_info, struct build_error *err)
{
    struct xen_domctl_getdomaininfo info;
    int rc = hv_domain_info(hv, p->domid, &info);

    if (rc)
        return build_fail(err, rc, "the new domain is gone: %s", strerror(-rc));
    *shared_info = info.shared_info_frame;
    rc = hv_evtchn_alloc_unbound(hv, p->domid, p->backend_domid);
    if (rc < 0)
        return build_fail(err, rc, "cannot allocate the store's event channel: %s", strerror(-rc));
    res->store_port = (uint32_t)rc;
    rc = hv_evtchn_alloc_unbound(hv, p->domid, p->backend_domid);
    if (rc < 0)
        return build_fail(err, rc, "cannot allocate the console's event channel: %s",
                          strerror(-rc));
    res->console_port = (uint32_t)rc;
    if (!p->map_bytes)
        return 0;
    rc = hv_set_memory_map(hv, p->domid, p->map_bytes);
    if (rc)
        return build_fail(err, rc, "cannot set the memory map: %s", strerror(-rc));
    return 0;
}

void pv_start_info(start_info_t *si, uint64_t nr_pages, uint64_t shared_info,
                   const struct pv_result *res)
{
    si->nr_pages = nr_pages;
    si->shared_info = shared_info << HV_PAGE_SHIFT;
    si->flags = SIF_VIRT_P2M_4TOOLS;
    si->store_mfn = res->store_mfn;
    si->store_evtchn = res->store_port;
    si->console.domU.mfn = res->console_mfn;
    si->console.domU.evtchn = res->console_port;
}

int pv_seed_grants(struct hv *hv, const struct pv_params *p, const struct pv_result *res,
                   struct build_error *err)
{
    grant_entry_v1_t *table;
    void *map;
    int rc = hv_map_grant_table(hv, p->domid, 0, 1, &map);

    if (rc)
        return build_fail(err, rc, "cannot map the grant table: %s", strerror(-rc));
    table = map;
    table[GNTTAB_RESERVED_CONSOLE].domid = (domid_t)p->backend_domid;
    table[GNTTAB_RESERVED_CONSOLE].frame = (uint32_t)res->console_mfn;
    table[GNTTAB_RESERVED_XENSTORE].domid = (domid_t)p->backend_domid;
    table[GNTTAB_RESERVED_XENSTORE].frame = (uint32_t)res->store_mfn;
    /* The flags make an entry valid: they are written last (public/grant_table.h). */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    table[GNTTAB_RESERVED_CONSOLE].flags = GTF_permit_access;
    table[GNTTAB_RESERVED_XENSTORE].flags = GTF_permit_access;
    hv_unmap(map, 1);
    return 0;
}
