/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starts the CPUs of the MADT one after the other: INIT, STARTUP, wait until it
 * answers. A CPU that does not is left out with a warning. Runs once on the boot
 * CPU with interrupts enabled; smp_ap_main() is the first C code of the others.
 */
#include "lib/string.h"
#include "machine/acpi.h"
#include "machine/apic.h"
#include "machine/console.h"
#include "machine/cpu_features.h"
#include "machine/fpu.h"
#include "machine/layout.h"
#include "machine/machine_check.h"
#include "machine/microcode.h"
#include "machine/mtrr.h"
#include "machine/percpu.h"
#include "machine/platform.h"
#include "machine/smp.h"
#include "machine/smp_internal.h"
#include "machine/tables.h"
#include "machine/time_internal.h"
#include "machine/x86.h"

#define PTE_PRESENT_RW 3
#define PTE_LARGE 0x80
#define SELECTOR_CODE32 8
#define SELECTOR_CODE64 16
#define INIT_TO_STARTUP_US 20   /* 64-bit processors need none of the 10 ms of the MP specification */
#define STARTUP_RETRY_US 300
#define STARTUP_TIMEOUT_US 1000000

enum ap_state { AP_NONE, AP_ARRIVED, AP_SYNC, AP_ONLINE, AP_REFUSED };

void (*smp_cpu_main)(unsigned cpu) __noreturn;
static u32 ap_state; /* of the one that is being started */
static paddr_t host_root;

static void set_state(enum ap_state s)
{
    atomic_store(&ap_state, s);
}

/* @return true once the state is at least @s, false after @us microseconds */
static bool wait_state(enum ap_state s, unsigned us)
{
    u64 end = rdtsc() + us * (tsc_khz() / 1000 + 1);

    while (atomic_load(&ap_state) < s)
        if ((s64)(rdtsc() - end) > 0)
            return false;
        else
            cpu_relax();
    return true;
}

/* All CPUs must do what the boot CPU can: guests move between them. */
static bool features_suffice(void)
{
    struct cpu_features mine;

    cpu_features_read(&mine);
    for (unsigned i = 0; i < 16; i++)
        if (boot_cpu.words[i] & ~mine.words[i] & ~(i == 1 ? 1u << (XEN_X86_FEATURE_OSXSAVE % 32) : 0))
            return false;
    return mine.vendor == boot_cpu.vendor;
}

void smp_ap_main(void) __noreturn;
void smp_ap_main(void)
{
    unsigned cpu = cpu_id();

    write_cr3(host_root);
    cpu_tables_load(cpu);
    cpu_setup_features();
    microcode_cpu_load();
    if (!features_suffice()) {
        set_state(AP_REFUSED);
        for (;;)
            __asm__ __volatile__("cli; hlt");
    }
    mtrr_like_boot_cpu();
    machine_check_cpu_init();
    apic_cpu_init();
    set_state(AP_ARRIVED);
    while (atomic_load(&ap_state) != AP_SYNC)
        cpu_relax();
    time_cpu_init();
    clock_event_cpu_init();
    fpu_cpu_init();
    cpumask_set(&cpu_online_mask, cpu);
    set_state(AP_ONLINE);
    smp_cpu_main(cpu);
}

/* Page tables in the three pages behind the code: the first 2 MiB one to one, and the hypervisor. */
static void fill_page_tables(u8 *area, paddr_t pa)
{
    u64 *l4 = (u64 *)(area + PAGE_SIZE);
    u64 *l3 = (u64 *)(area + 2 * PAGE_SIZE);
    u64 *l2 = (u64 *)(area + 3 * PAGE_SIZE);

    memcpy(l4, paddr_to_virt(host_root), PAGE_SIZE);
    memset(l3, 0, 2 * PAGE_SIZE);
    l4[0] = (pa + 2 * PAGE_SIZE) | PTE_PRESENT_RW;
    l3[0] = (pa + 3 * PAGE_SIZE) | PTE_PRESENT_RW;
    l2[0] = PTE_PRESENT_RW | PTE_LARGE;
}

/* Copies the trampoline to its place. @return its parameter block */
static struct trampoline_data *install_trampoline(void)
{
    paddr_t pa = smp_trampoline_area;
    u8 *area = paddr_to_virt(pa);
    struct trampoline_data *data = (void *)(area + (trampoline_data_offset - trampoline_start));

    host_root = read_cr3() & ~(u64)(PAGE_SIZE - 1);
    memcpy(area, trampoline_start, (size_t)(trampoline_end - trampoline_start));
    fill_page_tables(area, pa);
    data->code32[0] = (u32)(pa + (u64)(trampoline_code32 - trampoline_start));
    data->code32[1] = SELECTOR_CODE32;
    data->code64[0] = (u32)(pa + (u64)(trampoline_code64 - trampoline_start));
    data->code64[1] = SELECTOR_CODE64;
    data->gdt_limit = (u16)(trampoline_gdt_end - trampoline_gdt - 1);
    data->gdt_base = (u32)(pa + (u64)(trampoline_gdt - trampoline_start));
    data->cr3 = (u32)(pa + PAGE_SIZE);
    data->efer = (u32)(EFER_SCE | EFER_LME | EFER_NX);
    data->entry = (u64)smp_ap_main;
    return data;
}

/* INIT and STARTUP, SDM Vol 3 8.4.4.1. @return true: it runs and waits in smp_ap_main() */
static bool wake(u32 apic_id)
{
    u8 page = (u8)(smp_trampoline_area >> PAGE_SHIFT);

    set_state(AP_NONE);
    apic_send_init(apic_id);
    udelay(INIT_TO_STARTUP_US);
    apic_send_startup(apic_id, page);
    if (wait_state(AP_ARRIVED, STARTUP_RETRY_US))
        return true;
    apic_send_startup(apic_id, page);
    return wait_state(AP_ARRIVED, STARTUP_TIMEOUT_US);
}

static void start_one(struct smp_id id, struct trampoline_data *data)
{
    unsigned cpu = cpu_count;
    struct cpu_top *top = percpu_create(cpu);

    if (!top) {
        pr_warning("CPU %u: no memory to start it\n", cpu);
        return;
    }
    smp_set_id(cpu, id);
    data->stack = ((u64)top & ~15UL) - 8; /* as after a call, System V ABI 3.2.2 */
    if (!wake(id.apic_id) || atomic_load(&ap_state) == AP_REFUSED) {
        pr_warning("CPU with APIC id %u %s, left out\n", id.apic_id,
                   atomic_load(&ap_state) == AP_REFUSED ? "lacks features of the boot CPU" : "does not start");
        apic_send_init(id.apic_id);
        return;
    }
    set_state(AP_SYNC);
    time_sync_serve(&ap_state, AP_ONLINE);
    cpu_count++;
}

void smp_start_others(void)
{
    unsigned limit = platform_options.maxcpus ? platform_options.maxcpus : MAX_CPUS;
    struct trampoline_data *data;
    u32 self = apic_own_id();

    if (!smp_trampoline_area) {
        pr_warning("No %lu KiB of memory below 1 MiB to start other CPUs with: one CPU is used\n", SMP_TRAMPOLINE_BYTES >> 10);
        return;
    }
    data = install_trampoline();
    mtrr_save_boot_cpu();
    for (unsigned i = 0; i < acpi.madt.cpu_count && cpu_count < MIN(limit, MAX_CPUS); i++) {
        struct smp_id id = { acpi.madt.cpus[i].apic_id, acpi.madt.cpus[i].acpi_id };

        if (id.apic_id == self)
            continue;
        if (apic_can_address(id.apic_id))
            start_one(id, data);
        else
            pr_warning("CPU with APIC id %u cannot be addressed without x2APIC, left out\n", id.apic_id);
    }
    pr_info("%u of %u CPUs run\n", cpu_count, MAX(acpi.madt.cpu_count, 1u));
}
