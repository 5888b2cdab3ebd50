/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypercall page of 64-bit PV guests: a stub of 32 bytes for each number.
 * SYSCALL destroys rcx and r11, so the stubs keep them; iret never returns
 * and so only passes them on the stack, with rax, as struct iret_context says.
 */
#include "lib/string.h"
#include "pv/callbacks.h"

#define STUB_BYTES 32

void pv_fill_hypercall_page(void *page)
{
    /* push %rcx; push %r11; mov $nr, %eax; syscall; pop %r11; pop %rcx; ret */
    static const u8 call[] = { 0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3 };
    /* push %rcx; push %r11; push %rax; mov $__HYPERVISOR_iret, %eax; syscall */
    static const u8 iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret, 0, 0, 0, 0x0f, 0x05 };

    memset(page, 0xcc, PAGE_SIZE); /* int3 */
    for (unsigned nr = 0; nr < PAGE_SIZE / STUB_BYTES; nr++) {
        u8 *stub = (u8 *)page + nr * STUB_BYTES;

        memcpy(stub, call, sizeof(call));
        stub[4] = nr;
    }
    memcpy((u8 *)page + __HYPERVISOR_iret * STUB_BYTES, iret, sizeof(iret));
}
