/* SPDX-License-Identifier: GPL-2.0-only */
/* Log-dirty mode of PV domains; see pv/mmu_logdirty.c. The domain is not the caller's own, and has vCPUs. */
#ifndef HV_PV_MMU_LOGDIRTY_H
#define HV_PV_MMU_LOGDIRTY_H

#include "pv/pv.h"

struct log_request {
    bool clean;     /* forget what has been told */
    vaddr_t bitmap; /* the caller's, a bit for each page of the guest, 0: none */
    u64 pages;      /* that it has room for; only these are cleaned */
    u32 dirty;      /* out: frames found dirty, whatever the room */
    u32 faults;     /* out: first writes of the guest since the log was cleaned */
};

/* Nothing is dirty yet. @return 0, -EINVAL: it is in that mode, -ENOMEM, -EBUSY, -ERESTART: call again */
int pv_log_dirty_enable(struct domain *d);
/* Also without that mode: then nothing is dirty but by chance. @return 0, -EFAULT, -EBUSY: another call is under way, -ERESTART */
int pv_log_dirty_read(struct domain *d, struct log_request *r);
void pv_log_dirty_disable(struct domain *d);

#endif
