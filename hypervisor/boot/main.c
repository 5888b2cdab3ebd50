/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the first C instruction to the running Domain 0: brings up the floors from
 * below, on the boot CPU, each step relying on those before it. The other
 * CPUs come in at cpu_main(). Knows no locks; everything it calls is documented in
 * the header of its part.
 */
#include "boot/boot_info.h"
#include "boot/cmdline.h"
#include "boot/memory.h"
#include "boot/platform_info.h"
#include "boot/shutdown.h"
#include "canary.h"
#include "control/command_line.h"
#include "control/dom0.h"
#include "control/firmware.h"
#include "control/guest_state.h"
#include "control/hardware_errors.h"
#include "control/hypercall.h"
#include "control/keyhandler.h"
#include "control/watchdog.h"
#include "domain/cpu_loop.h"
#include "domain/domain.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "machine/acpi.h"
#include "machine/console.h"
#include "machine/console_internal.h"
#include "machine/cpu_features.h"
#include "machine/fpu.h"
#include "machine/interrupt.h"
#include "machine/machine_check.h"
#include "machine/microcode.h"
#include "machine/panic.h"
#include "machine/percpu.h"
#include "machine/platform.h"
#include "machine/reset.h"
#include "machine/smap.h"
#include "machine/smp.h"
#include "machine/tables.h"
#include "machine/time.h"
#include "machine/x86.h"
#include "mm/buddy.h"
#include "mm/paging.h"
#include "passthrough/msi.h"
#include "passthrough/pci.h"
#include "pv/callbacks.h"
#include "pv/domain.h"
#include "pv/hypercall.h"
#include "sched/sched.h"
#include "sched/timer.h"

#define POLL_PERIOD 20000000UL /* of a serial line without interrupt, nanoseconds */
#define COMPLAINTS_MAX 8

extern const struct option options_start[], options_end[];

static char scheduler[16];
OPTION_TEXT("sched", scheduler);
OPTION_IGNORED("placeholder");
OPTION_IGNORED("no-real-mode");

static char complaints[COMPLAINTS_MAX][128]; /* about the command line, until there is a console */
static unsigned complaint_count;
static const char *kernel_arguments = "";   /* behind "--" on our own command line */

void boot_main(u32 magic, paddr_t info) __noreturn;

/* For lib/canary.c. The lowest byte stays zero: no string that runs over contains it. */
static inline void choose_canary(void)
{
    u64 random = rdtsc() * 0x9e3779b97f4a7c15, more = 0;

    if (cpuid(1).c >> (XEN_X86_FEATURE_RDRAND % 32) & 1)
        __asm__ __volatile__("rdrand %0" : "=r"(more) : : "cc"); /* none to be had: 0 */
    __stack_chk_guard = ((random ^ more) | 1UL << 55) << 8;
}

static void note_complaint(const char *word, const char *why)
{
    if (complaint_count < COMPLAINTS_MAX)
        snprintf(complaints[complaint_count++], sizeof(complaints[0]), "option \"%s\" %s", word,
                 why);
}

static void read_command_line(void)
{
    strlcpy(command_line, boot_info.cmdline, sizeof(command_line));
    kernel_arguments = cmdline_parse(boot_info.cmdline, options_start, options_end, note_complaint);
}

static void print_banner(int info_error)
{
    pr_info("Hospes %s: Xen version %u.%u%s\n", HOSPES_VERSION, XEN_MAJOR, XEN_MINOR, XEN_EXTRA);
    pr_info("Boot loader: %s\n", boot_info.loader);
    pr_info("Command line: %s\n", boot_info.cmdline);
    for (unsigned i = 0; i < complaint_count; i++)
        pr_warning("%s\n", complaints[i]);
    if (info_error)
        panic_configuration("the boot loader's information is broken (error %d): use GRUB 2, PXELINUX or QEMU -kernel",
                            -info_error);
}

/* ---- what the machine floor needs from above it ---- */

static void *map_device(paddr_t pa, size_t len)
{
    return ioremap(pa, len, MAP_UC);
}

static void *map_firmware(paddr_t pa, size_t len)
{
    return ioremap(pa, len, MAP_RO);
}

static void connect_floors(void)
{
    platform_memory = (struct platform_memory){
        .map_device = map_device,
        .map_firmware = map_firmware,
        .unmap = iounmap,
        .alloc_pages = pages_alloc,
        .free_pages = pages_free,
        .map_cpu_window = cpu_window_prepare,
    };
}

static void poll_serial(void *data)
{
    struct timer *t = data;

    serial_poll();
    timer_set(t, system_time() + POLL_PERIOD);
}

static void start_console_input(void)
{
    static struct timer timer;

    if (serial_start_interrupts())
        return;
    timer_init(&timer, poll_serial, &timer, 0);
    timer_set(&timer, system_time() + POLL_PERIOD);
}

static void enlarge_log(void)
{
    u64 size = log_wanted_size();
    unsigned order = 0;
    char *buf;

    while (PAGE_SIZE << order < size)
        order++;
    buf = pages_alloc(order);
    if (buf)
        log_set_buffer(buf, PAGE_SIZE << order);
}

/* ---- each CPU ---- */

/* The scheduler and the doors for guests on the CPU we run on; from here on it has an idle vCPU. */
static void start_cpu(unsigned cpu)
{
    struct vcpu *idle = idle_vcpu_create(cpu);

    if (!idle)
        panic_configuration("not enough memory for CPU %u", cpu);
    current = idle;
    timers_cpu_start();
    sched_cpu_start(cpu, idle);
    pv_cpu_start();
    watchdog_cpu_start();
}

static void __noreturn cpu_main(unsigned cpu)
{
    start_cpu(cpu);
    cpu_loop();
}

/* ---- the steps ---- */

/* Memory, from the loader's map to a working allocator. */
static void start_memory(void)
{
    boot_memory_init();
    cpu_features_init();
    spin_unfair = cpu_has(XEN_X86_FEATURE_HYPERVISOR);
    if (cpu_uses_smap)
        smap_patch();
    screen_map();
    boot_memory_start();
    connect_floors();
    if (cpu_tables_create(0))
        panic_configuration("not enough memory for the tables of CPU 0");
    cpu_tables_load(0);
    machine_check_cpu_init();
    enlarge_log();
}

/* Interrupt controllers, clocks, processors' state. @return address of the ACPI root pointer */
static paddr_t start_platform(void)
{
    paddr_t rsdp = find_rsdp();

    for (unsigned i = 1; i < boot_info.module_count; i++) /* first, for its revision decides on other things */
        microcode_load(paddr_to_virt(boot_info.modules[i].start), boot_info.modules[i].size);
    acpi_init(rsdp);
    interrupts_init();
    time_init();
    console_clock = system_time;
    panic_hooks = (struct panic_hooks){
        .stop_others = smp_stop_others, .restart = machine_restart, .delay = udelay,
        .guest_state = guest_state_print,
    };
    fpu_init();
    pci_init();
    msi_init();
    return rsdp ? rsdp : acpi.rsdp;
}

/* Timers, scheduler, the kinds of guests, all CPUs. */
static void start_cpus(void)
{
    timers_start();
    tasklets_start();
    sched_init(scheduler);
    domains_init();
    domains_share_m2p();
    pv_init();
    pv_hypercall_handler = hypercall_entry();
    machine_shutdown = shutdown_machine;
    start_cpu(0);
    irq_enable();
    smp_cpu_main = cpu_main;
    smp_start_others();
    keyhandler_init();
    hardware_errors_start();
    start_console_input();
}

static void build_dom0(paddr_t rsdp)
{
    const struct boot_module *m = boot_info.modules;
    struct dom0_boot boot = { 0 };
    static char kernel_line[4096];

    if (!boot_info.module_count)
        panic_configuration("no Domain 0 kernel: the boot loader passed no module. Add one: \"module2 /boot/vmlinuz ...\" in "
                            "GRUB, \"--- vmlinuz ...\" for mboot.c32, -initrd \"vmlinuz ...,initrd\" in QEMU");
    firmware_init(boot_info.efi_system_table, boot_info.efi_map_size ? boot_info.efi_map : NULL,
                  boot_info.efi_map_size, boot_info.efi_descriptor_size);
    fill_machine_info(rsdp);
    snprintf(kernel_line, sizeof(kernel_line), "%s%s%s", m[0].cmdline,
             *kernel_arguments && *m[0].cmdline ? " " : "", kernel_arguments);
    boot.kernel = m[0].start;
    boot.kernel_size = m[0].size;
    boot.command_line = kernel_line;
    if (boot_info.module_count > 1) {
        boot.initrd = m[1].start;
        boot.initrd_size = m[1].size;
    }
    dom0_build(&boot);
    time_refine();
}

/*
 * Called by boot/head.S on the boot stack, interrupts off: @magic and @info as the loader passed
 * them.
 */
void boot_main(u32 magic, paddr_t info)
{
    int rc;

    choose_canary();
    /* Exceptions are reported from the first moment on. */
    cpu_tables_early(exception_stubs);
    panic_init();
    /* What the boot loader knows, copied; then our options. */
    rc = boot_info_init(magic, info);
    read_command_line();
    /* Consoles: from here on everything is said aloud. */
    console_init(&boot_info.screen, screen_map_early());
    print_banner(rc);
    /* From below to above. */
    start_memory();
    paddr_t rsdp = start_platform();
    start_cpus();
    /* Domain 0, and this CPU becomes one like the others. */
    build_dom0(rsdp);
    console_release_screen();
    watchdog_start();
    dom0_start();
    cpu_leave_boot_stack(cpu_loop);
}
