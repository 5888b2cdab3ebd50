/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables that a CPU works with: GDT, TSS, IDT, exception stacks and the
 * page for its SYSCALL trampoline.
 *
 * The stack of a CPU (STACK_SIZE, aligned to it, so that cpu_top() works on all
 * of its parts):
 *
 *   page 0  #DF    page 1  NMI    page 2  #MC    page 3  #DB
 *   pages 4..7: everything else, struct cpu_top at the very top
 *
 * #DB has its own since a breakpoint that a guest sets on a MOV SS before
 * SYSCALL is delivered on the first instruction of our entry, where the stack
 * pointer is still the guest's.
 *
 * In the CPU window (machine/layout.h) page 14 of the GDT holds our descriptors
 * and the TSS, page 15 (outside the limit) the trampoline page, mapped executable.
 */
#ifndef HV_MACHINE_TABLES_H
#define HV_MACHINE_TABLES_H

#include "machine/layout.h"
#include "machine/regs.h"
#include "machine/selectors.h"

enum ist { IST_NONE, IST_DF, IST_NMI, IST_MC, IST_DB };

#define GDT_WINDOW_TABLES 14 /* page of the window: descriptors and TSS */
#define GDT_WINDOW_STUB 15   /* trampoline page */

/* SDM Vol 3 8.7 */
struct tss {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3, iomap;
} __packed;

/* What is in page 14 of a GDT window. */
struct cpu_tables {
    u64 gdt[(HV_GDT_LIMIT - HV_GDT_OFFSET + 1) / 8];
    u8 pad[0x400 - (HV_GDT_LIMIT - HV_GDT_OFFSET + 1)];
    struct tss tss __attribute__((aligned(128)));
} __attribute__((aligned(PAGE_SIZE)));

/* The entry of each vector, machine/entry.S. */
typedef void (*entry_point)(void);
extern const entry_point exception_stubs[256];

/*
 * Very early on CPU 0: tables inside the image, enough for exceptions; IDT entries point to @stubs.
 */
void cpu_tables_early(const entry_point stubs[256]);

/*
 * On the CPU itself, with its window mapped: loads GDT, IDT, TSS and segment registers. @cpu: the
 * one we run on.
 */
void cpu_tables_load(unsigned cpu);

/*
 * Points an IDT entry (the same IDT serves all CPUs) to @handler.
 * @dpl: 3 lets guests raise it by INT. @ist: IST_NONE or a stack from above.
 */
void idt_set_gate(unsigned vector, void (*handler)(void), unsigned dpl, enum ist ist);

/* The page of the IDT, which isolated guest roots must map too. */
const void *idt_page(void);

/* The running guest's LDT: the first @entries descriptors of this CPU's LDT window, 0: none. */
void cpu_load_ldt(unsigned entries);

/* The page of a CPU for its SYSCALL trampoline: where to write it and where it runs. */
struct cpu_stub {
    void *writable;
    vaddr_t address;
};
struct cpu_stub cpu_stub_page(unsigned cpu);

/*
 * Makes the table and trampoline pages of a CPU and maps them into its window; its stack is known.
 * @return 0, -ENOMEM
 */
int cpu_tables_create(unsigned cpu);

extern void *cpu_stack[MAX_CPUS]; /* lowest address of the stack */

static inline struct cpu_top *cpu_top_of(unsigned cpu)
{
    return (struct cpu_top *)((char *)cpu_stack[cpu] + STACK_SIZE) - 1;
}

#endif
