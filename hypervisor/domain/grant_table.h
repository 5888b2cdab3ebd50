/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grant tables, version 1: pages that a domain lets others map, copy from and
 * to, or take. Files: grant_table.c (tables, death), grant_pin.c (one entry in
 * use), grant_map.c, grant_copy.c, grant_transfer.c, grant_op.c (hypercall).
 */
#ifndef HV_DOMAIN_GRANT_TABLE_H
#define HV_DOMAIN_GRANT_TABLE_H

#include "types.h"

struct domain;

/* Limits 0: the defaults (64 frames, 1024 maptrack frames). -ENOMEM */
int grant_table_init(struct domain *d, unsigned max_frames, unsigned max_maptrack);
void grant_table_destroy(struct domain *d);  /* after the last reference */
void grant_table_share(struct domain *d);    /* the domain is published: its first frame becomes visible to it */
void grant_table_unshare(struct domain *d);  /* the domain dies */
void grant_table_barrier(struct domain *d);  /* after d->dying was set: nobody uses its grants anew */

/* What a dying domain has mapped of others: pins and references go. 0, -ERESTART */
int grant_release_mappings(struct domain *d);

/*
 * XENMEM_acquire_resource, XENMEM_resource_grant_table: @nr frames from @frame on; the table grows as needed.
 * @return 0, -EINVAL (beyond the limit, or status frames), -ENOMEM
 */
int grant_acquire_resource(struct domain *d, unsigned id, unsigned frame, unsigned nr, mfn_t *out);
unsigned grant_max_frames(const struct domain *d);
/* For the operator: how many of @d's entries others use, how many mappings of others' entries @d has. */
void grant_table_count(struct domain *d, unsigned long *entries, unsigned long *mappings);

/* Frame @index of the table for XENMAPSPACE_grant_table; grows it. -EINVAL, -ENOMEM */
int grant_table_frame(struct domain *d, unsigned index, mfn_t *out);

/*
 * For the builder: entry @ref allows @to to map @frame of @d (console and xenstore ring). -EINVAL
 */
int grant_set_entry(struct domain *d, unsigned ref, unsigned to, u32 frame);

/* Log-dirty mode: frames that others have mapped writable are noted as written to. */
void grant_mark_dirty(struct domain *d);

#endif
