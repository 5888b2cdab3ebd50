/* SPDX-License-Identifier: GPL-2.0-only */
/* What the control interfaces ask of a machine, of its devices and of parts of pv/ that know it: a machine with nothing. */
#include "sim.h"

#include "control/firmware.h"
#include "control/hypercall.h"
#include "control/machine_info.h"
#include "errno.h"
#include "machine/console.h"
#include "machine/cpu_features.h"
#include "machine/cpuid_policy.h"
#include "machine/fpu.h"
#include "machine/ioapic.h"
#include "machine/irq.h"
#include "machine/mtrr.h"
#include "machine/reset.h"
#include "machine/smp.h"
#include "machine/topology.h"
#include "passthrough/msi.h"
#include "pv/callbacks.h"
#include "pv/segments.h"

struct machine_info machine_info;
void (*console_key_handler)(char key);
const u8 build_id_note[1], build_id_note_end[1]; /* none */

void pv_fill_hypercall_page(void *page)
{
}

/* ---- devices ---- */

int pci_device_add(struct pci_address at)
{
    return -ENODEV;
}

int pci_device_remove(struct pci_address at)
{
    return -ENODEV;
}

int pci_mmcfg_reserved(u64 base, u16 segment, u8 first_bus, u8 last_bus)
{
    return -ENODEV;
}

int msi_setup(const struct msi_request *r, unsigned *irq)
{
    return -ENODEV;
}

int msi_restore(struct pci_address at)
{
    return -ENODEV;
}

int msix_prepare(struct pci_address at)
{
    return -ENODEV;
}

int msix_release(struct pci_address at)
{
    return -ENODEV;
}

int irq_setup_gsi(unsigned gsi, bool level, bool active_low)
{
    return 0;
}

unsigned irq_isa_to_gsi(unsigned isa, bool *level, bool *active_low)
{
    *level = *active_low = false;
    return isa;
}

int ioapic_guest_read(paddr_t base, u32 reg, u32 *value)
{
    return -EINVAL;
}

/* ---- the machine ---- */

long firmware_info(struct xenpf_firmware_info *info)
{
    return -EINVAL;
}

int machine_enter_sleep(unsigned state, u16 a, u16 b, bool extended)
{
    return -EINVAL;
}

unsigned mtrr_count(void)
{
    return 0;
}

void mtrr_read(unsigned reg, struct mtrr_range *range)
{
}

struct cpu_topology cpu_topology(void)
{
    return (struct cpu_topology){ .threads_per_core = 1, .cores_per_socket = SIM_CPUS };
}

unsigned cpu_core(unsigned cpu)
{
    return cpu;
}

unsigned cpu_socket(unsigned cpu)
{
    return 0;
}

u32 cpu_acpi_id(unsigned cpu)
{
    return cpu;
}

void guest_cpuid(const struct cpuid_view *view, u32 leaf, u32 subleaf, u32 out[4])
{
    out[0] = out[1] = out[2] = out[3] = 0;
}

void cpuid_policy_pv_features(const struct cpu_features *f, bool control, const u32 *limit, u32 out[FEATURE_WORDS])
{
}

bool fpu_xcr0_valid(u64 xcr0)
{
    return false;
}

size_t fpu_size_for(u64 xcr0)
{
    return 0;
}

bool fpu_area_valid(const void *area, size_t size, u64 xcr0)
{
    return false;
}

nsec_t tsc_to_system(u64 tsc)
{
    return tsc;
}

void wallclock_set(u64 sec, u32 nsec, nsec_t system)
{
}

/* ---- console ---- */

void console_write_guest(const char *s, size_t len)
{
}

size_t console_read(char *buf, size_t len)
{
    return 0;
}

size_t log_read(char *buf, size_t len, u32 *index)
{
    return 0;
}

void log_clear(void)
{
}

/* No processor with AMD's breakpoint masks. */
u32 guest_dr_mask_msr(unsigned i)
{
    return i;
}

int guest_wrmsr(struct guest_msrs *g, u32 msr, u64 value)
{
    return -EPERM;
}
