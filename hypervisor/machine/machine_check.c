/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Machine checks and the board's NMIs, see the header. #MC and NMI interrupt anything, with any lock held: what they note goes into
 * slots that are claimed and published by single atomic words. Each CPU reads its own banks; of banks that CPUs share, the first one
 * that comes takes the error.
 */
#include "machine/machine_check.h"

#include "atomic.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "machine/cpu_features.h"
#include "machine/panic.h"
#include "machine/x86.h"
#include "option.h"

#include <xen/nmi.h>

/* SDM Vol 3 16.3.1 and 16.3.2; those of AMD are the same but for DEFERRED, APM Vol 2 9.3 */
#define MCG_CAP_BANKS 0xff
#define MCG_CAP_CTL BIT(8)     /* MCG_CTL exists */
#define MCG_CAP_RECOVERY BIT(24)
#define MCG_STATUS_RESTART BIT(0) /* the interrupted program can go on */
#define BANK_CTL(i) (MSR_MC0_CTL + 4 * (i))
#define BANK_STATUS(i) (BANK_CTL(i) + 1)
#define BANK_ADDRESS(i) (BANK_CTL(i) + 2)
#define STATUS_VALID BIT(63)
#define STATUS_UNCORRECTED BIT(61)
#define STATUS_ENABLED BIT(60)
#define STATUS_HAS_ADDRESS BIT(58)
#define STATUS_STATE_LOST BIT(57)
#define STATUS_SIGNALLED BIT(56)
#define STATUS_ACTION BIT(55)
#define STATUS_AMD_DEFERRED BIT(44)
#define AMD_NORTHBRIDGE 4
#define AMD_GART_WALK BIT(10) /* of that bank: reports harmless look-ahead, BIOS guide of the families 0Fh and 10h */

#define PORT_B 0x61
#define PORT_B_SERR 0x80        /* read: PCI SERR or memory parity */
#define PORT_B_IO_CHECK 0x40
#define PORT_B_SERR_OFF 0x04    /* write: clear and switch off */
#define PORT_B_IO_CHECK_OFF 0x08

#define NOTES 32
enum note_state { NOTE_FREE, NOTE_CLAIMED, NOTE_READY };

static struct {
    u32 state;
    unsigned cpu, bank;
    u64 status, address;
} notes[NOTES];
static u32 notes_lost, nmi_reasons;

static enum nmi_policy { NMI_DOM0, NMI_FATAL, NMI_IGNORE } nmi_policy;

static int parse_nmi(const char *value)
{
    static const char *const words[] = { [NMI_DOM0] = "dom0", [NMI_FATAL] = "fatal", [NMI_IGNORE] = "ignore" };

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (!strcmp(value, words[i])) {
            nmi_policy = i;
            return 0;
        }
    return -EINVAL;
}
OPTION_FUNCTION("nmi", parse_nmi);

enum machine_check_grade machine_check_grade(u64 status, u64 capabilities)
{
    if (!(status & STATUS_VALID))
        return MC_NOTHING;
    if (status & STATUS_STATE_LOST)
        return MC_FATAL;
    if (!(status & STATUS_UNCORRECTED) || status & STATUS_AMD_DEFERRED || !(status & STATUS_ENABLED))
        return MC_NOTE;
    if (!(capabilities & MCG_CAP_RECOVERY))
        return MC_FATAL;
    return (status & STATUS_SIGNALLED) && (status & STATUS_ACTION) ? MC_FATAL : MC_NOTE;
}

static unsigned bank_count(void)
{
    u64 capabilities;

    if (!cpu_has(XEN_X86_FEATURE_MCE) || !cpu_has(XEN_X86_FEATURE_MCA) || rdmsr_safe(MSR_MCG_CAP, &capabilities))
        return 0;
    return capabilities & MCG_CAP_BANKS;
}

static u64 address_of(unsigned bank, u64 status)
{
    return status & STATUS_HAS_ADDRESS ? rdmsr(BANK_ADDRESS(bank)) : 0;
}

static void print_error(enum log_level level, unsigned cpu, unsigned bank, u64 status, u64 address, const char *what)
{
    printk(level, "CPU %u, machine-check bank %u: status %#lx address %#lx: %s\n", cpu, bank, status, address, what);
}

/* Some registers must be left alone: SDM Vol 3 16.5 (bank 0 of the first processors of family 6), BIOS guides of AMD. */
static void enable_bank(unsigned bank)
{
    u64 events = ~0UL;

    if (bank == 0 && boot_cpu.vendor == CPU_INTEL && boot_cpu.family == 6 && boot_cpu.model < 0x1a)
        return;
    if (bank == AMD_NORTHBRIDGE && boot_cpu.vendor == CPU_AMD && boot_cpu.family <= 0x10)
        events &= ~AMD_GART_WALK;
    wrmsr_safe(BANK_CTL(bank), events);
}

void machine_check_cpu_init(void)
{
    unsigned banks = bank_count();

    for (unsigned i = 0; i < banks; i++) {
        u64 status = 0;

        rdmsr_safe(BANK_STATUS(i), &status);
        if (status & STATUS_VALID)
            print_error(LOG_WARNING, cpu_id(), i, status, address_of(i, status), "from before the start");
        enable_bank(i);
        wrmsr_safe(BANK_STATUS(i), 0);
    }
    if (banks && rdmsr(MSR_MCG_CAP) & MCG_CAP_CTL)
        wrmsr_safe(MSR_MCG_CTL, ~0UL);
}

static void note(unsigned bank, u64 status, u64 address)
{
    for (unsigned i = 0; i < NOTES; i++) {
        u32 expected = NOTE_FREE;

        if (!atomic_cmpxchg(&notes[i].state, &expected, NOTE_CLAIMED))
            continue;
        notes[i].cpu = cpu_id();
        notes[i].bank = bank;
        notes[i].status = status;
        notes[i].address = address;
        atomic_store(&notes[i].state, NOTE_READY);
        return;
    }
    atomic_store(&notes_lost, 1);
}

void machine_check_exception(struct regs *regs)
{
    u64 capabilities = rdmsr(MSR_MCG_CAP), state = rdmsr(MSR_MCG_STATUS);
    bool fatal = !(state & MCG_STATUS_RESTART);

    for (unsigned i = 0; i < (capabilities & MCG_CAP_BANKS); i++) {
        u64 status = rdmsr(BANK_STATUS(i)), address = address_of(i, status);
        enum machine_check_grade grade = machine_check_grade(status, capabilities);

        if (grade == MC_NOTHING)
            continue;
        if (grade == MC_FATAL)
            fatal = true;
        if (fatal) {
            print_error(LOG_ERROR, cpu_id(), i, status, address, "cannot go on");
            continue; /* what stays in the banks is said after the restart too */
        }
        note(i, status, address);
        wrmsr(BANK_STATUS(i), 0);
    }
    if (fatal)
        panic_regs(regs, "machine check: the processor or memory reported a hardware error");
    wrmsr(MSR_MCG_STATUS, 0); /* a second one meanwhile would be a shutdown */
}

bool board_error_line(void)
{
    return inb(PORT_B) & (PORT_B_SERR | PORT_B_IO_CHECK);
}

/* The latches stay off once they have fired, or a broken card would interrupt for ever. */
void board_nmi(struct regs *regs)
{
    u8 port = inb(PORT_B);
    u32 reasons = (port & PORT_B_SERR ? XEN_NMIREASON_pci_serr : 0) | (port & PORT_B_IO_CHECK ? XEN_NMIREASON_io_error : 0);

    if (nmi_policy == NMI_FATAL && port & PORT_B_SERR)
        panic_regs(regs, "NMI: memory parity or PCI system error reported by the board. Test the memory and the cards");
    if (nmi_policy == NMI_FATAL && port & PORT_B_IO_CHECK)
        panic_regs(regs, "NMI: I/O check: an expansion card reported an error");
    if (nmi_policy == NMI_FATAL)
        panic_regs(regs, "NMI of unknown reason");
    if (reasons)
        outb(PORT_B, (u8)((port & 0x0f) | (port & PORT_B_SERR ? PORT_B_SERR_OFF : 0) |
                          (port & PORT_B_IO_CHECK ? PORT_B_IO_CHECK_OFF : 0)));
    atomic_or(&nmi_reasons, reasons ? reasons : XEN_NMIREASON_unknown);
}

u32 hardware_errors_report(void)
{
    u32 reasons = atomic_xchg(&nmi_reasons, 0);

    for (unsigned i = 0; i < NOTES; i++) {
        if (atomic_load(&notes[i].state) != NOTE_READY)
            continue;
        print_error(LOG_WARNING, notes[i].cpu, notes[i].bank, notes[i].status, notes[i].address, "goes on");
        atomic_store(&notes[i].state, NOTE_FREE);
    }
    if (atomic_xchg(&notes_lost, 0))
        pr_warning("More machine checks came than could be noted\n");
    if (reasons)
        pr_warning("NMI from the board:%s%s%s\n", reasons & XEN_NMIREASON_pci_serr ? " memory parity or PCI system error" : "",
                   reasons & XEN_NMIREASON_io_error ? " I/O check" : "", reasons & XEN_NMIREASON_unknown ? " unknown reason" : "");
    return nmi_policy == NMI_DOM0 ? reasons : 0;
}
