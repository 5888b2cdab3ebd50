/* SPDX-License-Identifier: GPL-2.0-only */
/* Between mm/paging.c, mm/vmap.c and boot/main.c. */
#ifndef HV_MM_PAGING_INTERNAL_H
#define HV_MM_PAGING_INTERNAL_H

/* From now on page tables come from page_alloc(). */
void paging_use_buddy(void);

#endif
