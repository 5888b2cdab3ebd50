/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies between the hypervisor and the memory of the running guest. Every
 * pointer that a guest passes goes through here, exactly once: range check,
 * fault fix-up, all or -EFAULT. A handle is the XEN_GUEST_HANDLE of the ABI.
 */
#ifndef HV_MM_GUEST_ACCESS_H
#define HV_MM_GUEST_ACCESS_H

#include "types.h"
#include <xen/xen.h>

/* @return 0 or -EFAULT; on failure *@dst may be partly written (guest_write: guest memory may be). */
int guest_read(void *dst, vaddr_t src, size_t len);
int guest_write(vaddr_t dst, const void *src, size_t len);
int guest_clear(vaddr_t dst, size_t len);

/* Overflow-checked address of element @index of an array of @size-byte elements; ~0UL (never valid) on overflow. */
vaddr_t guest_element(vaddr_t base, u64 index, size_t size);

/* One object or @n of them through a typed handle, from element @off on. */
#define copy_from_guest(dst, handle) guest_read((dst), (vaddr_t)(handle).p, sizeof(*(dst)))
#define copy_to_guest(handle, src) guest_write((vaddr_t)(handle).p, (src), sizeof(*(src)))
#define copy_from_guest_at(dst, handle, off) \
    guest_read((dst), guest_element((vaddr_t)(handle).p, (off), sizeof(*(dst))), sizeof(*(dst)))
#define copy_to_guest_at(handle, off, src) \
    guest_write(guest_element((vaddr_t)(handle).p, (off), sizeof(*(src))), (src), sizeof(*(src)))
/* The same by plain address, as hypercall arguments come. */
#define read_guest_struct(dst, addr) guest_read((dst), (addr), sizeof(*(dst)))
#define write_guest_struct(addr, src) guest_write((addr), (src), sizeof(*(src)))
#define handle_is_null(handle) ((handle).p == NULL)

#endif
