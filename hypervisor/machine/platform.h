/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The platform as a whole: what this floor needs from the floors above (mapped
 * memory and options, which boot/ fills in), and the order in which boot/
 * brings it up:
 *
 *   cpu_features_init()      boot CPU: what it can do; CR4, EFER, PAT
 *   platform_memory = ...    once mappings and pages can be had
 *   microcode_load(...)      when a container was found
 *   acpi_init(rsdp)          tables; rsdp 0: search low memory
 *   interrupts_init()        8259, local APIC, IO-APICs, irq descriptors
 *   time_init()              calibration; from here on system_time() counts
 *   fpu_init()               save areas
 *   pci_init(), msi_init()   passthrough/
 *   smp_start_others()       every CPU of the MADT
 *   time_refine()            just before Domain 0 starts: the long calibration
 */
#ifndef HV_MACHINE_PLATFORM_H
#define HV_MACHINE_PLATFORM_H

#include "types.h"

/* Registered by boot/ (from mm/paging.h and mm/buddy.h); all of it may be called while booting only. */
struct platform_memory {
    void *(*map_device)(paddr_t pa, size_t len);   /* registers: read-write, uncached; NULL: no space */
    void *(*map_firmware)(paddr_t pa, size_t len); /* tables: read-only, cached */
    void (*unmap)(void *va, size_t len);           /* of either */
    void *(*alloc_pages)(unsigned order);          /* zeroed, in the direct map */
    void (*free_pages)(void *pages, unsigned order);
    /* Page @page of the CPU's window (machine/layout.h) = @content, in the direct map or the image, read-write or executable. */
    void (*map_cpu_window)(unsigned cpu, unsigned page, const void *content, bool executable);
};
extern struct platform_memory platform_memory;

enum option_auto { OPTION_OFF, OPTION_ON, OPTION_AUTO };

/* Command-line options of this floor; the defaults are in machine/platform.c. */
struct platform_options {
    bool acpi;             /* acpi= */
    bool smep;             /* smep= */
    enum option_auto smap; /* smap= */
    enum option_auto x2apic; /* x2apic=; auto: when firmware has it on, or in a virtual machine */
    bool tsc_deadline;     /* tdt= */
    bool ioapic;           /* noapic clears it */
    enum option_auto xpti; /* xpti= */
    unsigned maxcpus;      /* maxcpus=, 0: no limit */
    char reboot;           /* reboot=: 'a' ACPI, 'k' keyboard controller, 'p' port 0xcf9, 't' triple fault, 'n' not at all, 0: try all */
    char clocksource[8];   /* clocksource=: "hpet", "acpi", "pit" to calibrate against, "" automatic */
};
extern struct platform_options platform_options;

/*
 * A free page-aligned area below 1 MiB for starting CPUs; boot/ moves it where the memory map calls it something else than RAM,
 * before smp_start_others(). 0: there is none, and no other CPU is started.
 */
#define SMP_TRAMPOLINE_BYTES (4 * PAGE_SIZE)
extern paddr_t smp_trampoline_area;

#endif
