/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables that a CPU works with: GDT, TSS, IDT, its stacks and the page
 * where SYSCALL lands.
 *
 * The stacks of a CPU (STACK_SIZE, aligned to it, so that cpu_top() works on all
 * of its parts) stand in its window. Nothing is mapped below each of them, so one that
 * overflows faults, which ends in a double fault and a panic:
 *
 *   page 1  #DF    page 3  NMI    page 5  #MC    page 7  #DB
 *   pages 12..15: everything else, struct cpu_top at the very top
 *
 * CPU 0 starts on boot_stack in the image. The same pages are its window's stacks, to which
 * boot/ moves when it is done (cpu_leave_boot_stack).
 *
 * #DB has its own since a breakpoint that a guest sets on a MOV SS before
 * SYSCALL is delivered on the first instruction of our entry, where the stack
 * pointer is still the guest's.
 *
 * In the CPU window (machine/layout.h) page 14 of the GDT holds our descriptors
 * and the TSS, page 15 (outside the limit) the code of machine/stub.S, which finds its data in page 14.
 */
#ifndef HV_MACHINE_TABLES_H
#define HV_MACHINE_TABLES_H

#include "machine/layout.h"
#include "machine/regs.h"
#include "machine/selectors.h"

enum ist { IST_NONE, IST_DF, IST_NMI, IST_MC, IST_DB };

#define GDT_WINDOW_TABLES 14 /* page of the window: descriptors and TSS */
#define GDT_WINDOW_STUB 15   /* machine/stub.S */

#define MAIN_STACK_PAGES 4
#define EXCEPTION_STACK_PAGE(ist) (2 * (ist) - 1) /* of the stack area; one page each */
#define EXCEPTION_STACKS_SIZE (STACK_SIZE - MAIN_STACK_PAGES * PAGE_SIZE) /* all that is not the main stack */

/* Whether @page of the stack area is one of a stack. */
static inline bool stack_page_used(unsigned page)
{
    return page >= EXCEPTION_STACKS_SIZE / PAGE_SIZE || (page % 2 && page <= EXCEPTION_STACK_PAGE(IST_DB));
}

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
    u64 guest_rsp;                       /* machine/stub.S: where it keeps the guest's for a moment, */
    u64 syscall_entry, syscall32_entry;  /* and where it goes */
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
unsigned cpu_ldt_entries(void); /* what is loaded */

/*
 * SYSCALL on the CPU we run on leads to @entry, that of 32-bit code to @entry32: with rsp behind ss and rsp of the guest's
 * frame. @return the end of that frame in the CPU's window
 */
vaddr_t cpu_set_syscall(void (*entry)(void), void (*entry32)(void));

/*
 * Makes the stacks and the table page of a CPU and maps them into its window.
 * @return 0, -ENOMEM
 */
int cpu_tables_create(unsigned cpu);

/* Goes on at @next on the window's stack of CPU 0, on which we run. */
void cpu_leave_boot_stack(void (*next)(void)) __noreturn;

extern char boot_stack[STACK_SIZE]; /* of CPU 0, from boot/head.S on */
extern void *cpu_stack[MAX_CPUS]; /* lowest address of the stack area */

static inline struct cpu_top *cpu_top_of(unsigned cpu)
{
    return (struct cpu_top *)((char *)cpu_stack[cpu] + STACK_SIZE) - 1;
}

#endif
