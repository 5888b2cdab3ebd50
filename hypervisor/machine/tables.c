/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GDT, TSS, IDT and stacks (see tables.h). CPU 0 starts with those inside the
 * image and moves to its window when paging is up; the others load theirs at
 * once. Memory comes through platform_memory. No locks: each CPU's own, the IDT is
 * written while booting only.
 */
#include "machine/tables.h"

#include "errno.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "machine/platform.h"
#include "machine/trap.h"
#include "machine/x86.h"

/* Descriptors, SDM Vol 3 3.4.5: present, accessed, granularity 4 KiB, limit 4 GiB */
#define DESC_CODE64_RING0 0x00af9b000000ffff
#define DESC_DATA_RING0 0x00cf93000000ffff
#define DESC_CODE32_RING3 0x00cffb000000ffff
#define DESC_DATA_RING3 0x00cff3000000ffff
#define DESC_CODE64_RING3 0x00affb000000ffff
#define DESC_TYPE_TSS 0x89UL /* present, available 64-bit TSS */
#define DESC_TYPE_LDT 0x82UL
#define GATE_INTERRUPT 0x8e  /* present, interrupts off */

struct gate {
    u16 offset0, selector;
    u8 ist, type;
    u16 offset1;
    u32 offset2, reserved;
};

struct table_register {
    u16 limit;
    u64 base;
} __packed;

static struct gate idt[256] __attribute__((section(".data.page_aligned"), aligned(PAGE_SIZE)));

/* Loaded by head.S before any C code runs: must hold the descriptors from the start. */
extern struct cpu_tables boot_table_page;
struct cpu_tables boot_table_page __attribute__((section(".data.page_aligned"))) = {
    .gdt = { [(SEL_HV_CS - HV_GDT_OFFSET) / 8] = DESC_CODE64_RING0,
             [(SEL_HV_DS - HV_GDT_OFFSET) / 8] = DESC_DATA_RING0 },
};

char boot_stack[STACK_SIZE] __attribute__((section(".bss.page_aligned"), aligned(STACK_SIZE)));

void *cpu_stack[MAX_CPUS];
static struct cpu_tables *table_page[MAX_CPUS]; /* in the direct map */

extern const char syscall_stub[], syscall32_stub[]; /* machine/stub.S */

_Static_assert(sizeof(struct gate) == 16, "SDM Vol 3 6.14.1");
_Static_assert(sizeof(struct tss) == 104, "SDM Vol 3 8.7");
_Static_assert(sizeof(struct cpu_top) <= 224 && sizeof(struct cpu_top) > 208, "CPU_TOP_BYTES");

/* A 16-byte system descriptor. SDM Vol 3 3.5 */
static void set_system_descriptor(u64 *d, u64 base, u32 limit, u64 type)
{
    d[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | type << 40 | (u64)(limit >> 16 & 15) << 48 |
           (base >> 24 & 0xff) << 56;
    d[1] = base >> 32;
}

/* Fills the table page @t of a CPU whose stack starts at @stack; it will be seen at @va. */
static void fill_tables(struct cpu_tables *t, vaddr_t va, const void *stack)
{
    u64 *gdt = t->gdt - HV_GDT_OFFSET / 8;

    memset(t, 0, sizeof(*t));
    gdt[SEL_HV_CS / 8] = DESC_CODE64_RING0;
    gdt[SEL_HV_DS / 8] = DESC_DATA_RING0;
    gdt[SEL_RING3_CS32 / 8] = DESC_CODE32_RING3;
    gdt[SEL_RING3_DS / 8] = DESC_DATA_RING3;
    gdt[SEL_RING3_CS64 / 8] = DESC_CODE64_RING3;
    set_system_descriptor(&gdt[SEL_TSS / 8], va + offsetof(struct cpu_tables, tss),
                          sizeof(t->tss) - 1, DESC_TYPE_TSS);

    t->tss.rsp[0] = (u64)stack + STACK_SIZE - sizeof(struct cpu_top) + sizeof(struct regs);
    for (unsigned i = IST_DF; i <= IST_DB; i++)
        t->tss.ist[i - 1] = (u64)stack + (EXCEPTION_STACK_PAGE(i) + 1) * PAGE_SIZE;
    t->tss.iomap = sizeof(t->tss); /* behind the limit: no port is open to ring 3 */
}

static void load_tables(vaddr_t gdt_base)
{
    struct table_register gdtr = { HV_GDT_LIMIT, gdt_base };
    struct table_register idtr = { sizeof(idt) - 1, (u64)idt };
    u16 none = 0;

    __asm__ __volatile__("lgdt %0" : : "m"(gdtr));
    __asm__ __volatile__("lidt %0" : : "m"(idtr));
    __asm__ __volatile__("lldt %0" : : "m"(none));
    __asm__ __volatile__("mov %0, %%ss" : : "r"((u32)SEL_HV_DS));
    __asm__ __volatile__("mov %0, %%ds; mov %0, %%es; mov %1, %%fs; mov %1, %%gs" : : "r"((u32)SEL_HV_DS), "r"(0));
    __asm__ __volatile__("pushq %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:" : : "i"(SEL_HV_CS) : "rax", "memory");
    __asm__ __volatile__("ltr %0" : : "r"((u16)SEL_TSS));
}

const void *idt_page(void)
{
    return idt;
}

static void idt_init(const entry_point stubs[256])
{
    for (unsigned v = 0; v < 256; v++)
        idt_set_gate(v, stubs[v], 0, IST_NONE);
    idt_set_gate(TRAP_BP, stubs[TRAP_BP], 3, IST_NONE);
    idt_set_gate(TRAP_OF, stubs[TRAP_OF], 3, IST_NONE);
    idt_set_gate(TRAP_DF, stubs[TRAP_DF], 0, IST_DF);
    idt_set_gate(TRAP_NMI, stubs[TRAP_NMI], 0, IST_NMI);
    idt_set_gate(TRAP_MC, stubs[TRAP_MC], 0, IST_MC);
    idt_set_gate(TRAP_DB, stubs[TRAP_DB], 0, IST_DB);
}

void cpu_tables_early(const entry_point stubs[256])
{
    cpu_stack[0] = boot_stack;
    table_page[0] = &boot_table_page;
    idt_init(stubs);
    fill_tables(&boot_table_page, (u64)&boot_table_page, boot_stack);
    load_tables((u64)&boot_table_page - HV_GDT_OFFSET);
}

/* Pages for the stacks of @cpu; CPU 0 has them. @return -ENOMEM: what there is belongs to the caller */
static int stack_pages(unsigned cpu, void *pages[STACK_SIZE / PAGE_SIZE])
{
    for (unsigned i = 0; i < STACK_SIZE / PAGE_SIZE; i++) {
        if (!stack_page_used(i))
            continue;
        pages[i] = cpu ? platform_memory.alloc_pages(0) : boot_stack + i * PAGE_SIZE;
        if (!pages[i])
            return -ENOMEM;
    }
    return 0;
}

int cpu_tables_create(unsigned cpu)
{
    void *pages[STACK_SIZE / PAGE_SIZE] = { NULL };
    struct cpu_tables *tables = platform_memory.alloc_pages(0);

    if (!tables || stack_pages(cpu, pages))
        goto fail;
    cpu_stack[cpu] = (void *)STACK_WINDOW(cpu);
    fill_tables(tables, GDT_WINDOW(cpu) + GDT_WINDOW_TABLES * PAGE_SIZE, cpu_stack[cpu]);
    platform_memory.map_cpu_window(cpu, GDT_WINDOW_TABLES, tables, false);
    platform_memory.map_cpu_window(cpu, GDT_WINDOW_STUB, syscall_stub, true);
    for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
        if (pages[i])
            platform_memory.map_cpu_window(cpu, STACK_WINDOW_PAGE + i, pages[i], false);
    table_page[cpu] = tables;
    return 0;

fail:
    for (unsigned i = 0; cpu && i < ARRAY_SIZE(pages); i++)
        if (pages[i])
            platform_memory.free_pages(pages[i], 0);
    if (tables)
        platform_memory.free_pages(tables, 0);
    return -ENOMEM;
}

void cpu_leave_boot_stack(void (*next)(void))
{
    __asm__ __volatile__("mov %0, %%rsp; xor %%ebp, %%ebp; push %%rbp; jmp *%1"
                         : : "r"(cpu_top_of(0)), "r"(next) : "memory");
    __builtin_unreachable();
}

void cpu_tables_load(unsigned cpu)
{
    load_tables(GDT_WINDOW(cpu));
}

void idt_set_gate(unsigned vector, void (*handler)(void), unsigned dpl, enum ist ist)
{
    u64 offset = (u64)handler;
    struct gate g = {
        .offset0 = (u16)offset,
        .selector = SEL_HV_CS,
        .ist = ist,
        .type = (u8)(GATE_INTERRUPT | dpl << 5),
        .offset1 = (u16)(offset >> 16),
        .offset2 = (u32)(offset >> 32),
    };

    idt[vector] = g;
}

void cpu_load_ldt(unsigned entries)
{
    u64 *gdt = table_page[cpu_id()]->gdt - HV_GDT_OFFSET / 8;
    u16 selector = 0;

    if (entries) {
        set_system_descriptor(&gdt[SEL_LDT / 8], LDT_WINDOW(cpu_id()), entries * 8 - 1,
                              DESC_TYPE_LDT);
        selector = SEL_LDT;
    }
    __asm__ __volatile__("lldt %0" : : "r"(selector));
}

unsigned cpu_ldt_entries(void)
{
    const u64 *gdt = table_page[cpu_id()]->gdt - HV_GDT_OFFSET / 8;
    u16 selector;

    __asm__ __volatile__("sldt %0" : "=m"(selector));
    return selector ? (unsigned)((gdt[SEL_LDT / 8] & 0xffff) + 1) / 8 : 0; /* the limit has 16 bits: 8192 entries */
}

vaddr_t cpu_set_syscall(void (*entry)(void), void (*entry32)(void))
{
    unsigned cpu = cpu_id();
    vaddr_t stub = GDT_WINDOW(cpu) + GDT_WINDOW_STUB * PAGE_SIZE;

    table_page[cpu]->syscall_entry = (u64)entry;
    table_page[cpu]->syscall32_entry = (u64)entry32;
    wrmsr(MSR_LSTAR, stub);
    wrmsr(MSR_CSTAR, stub + (vaddr_t)(syscall32_stub - syscall_stub));
    return table_page[cpu]->tss.rsp[0];
}
