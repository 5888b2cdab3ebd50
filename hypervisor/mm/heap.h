/* SPDX-License-Identifier: GPL-2.0-only */
/* Small objects of the hypervisor's own, 16-byte aligned (64 from 64 bytes on). Lock: LOCK_HEAP. Not in interrupts. */
#ifndef HV_MM_HEAP_H
#define HV_MM_HEAP_H

#include "types.h"

void *heap_alloc(size_t size); /* zeroed; NULL: no memory, or size > 64 KiB */
void heap_free(void *p);       /* NULL does no harm */

/* @n zeroed objects of @size bytes; NULL on overflow too. */
void *heap_array(size_t n, size_t size);

#define heap_new(type) ((type *)heap_alloc(sizeof(type)))

#endif
