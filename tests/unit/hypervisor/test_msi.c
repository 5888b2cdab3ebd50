/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSI and MSI-X: passthrough/, machine/irq.c, machine/vector.c and domain/pirq.c on a machine with four CPUs and a fake PCI
 * configuration space. A second CPU comes in the middle of what the first one does (in its allocation of memory): it waits
 * for a lock that is held, or has its way. Freed devices and tables are the host's, so that ASan sees who still uses them.
 */
#include "../../sim/machine/cpu.h"
#include "../../sim/machine/percpu.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#include "domain/domain.h"
#include "domain/event_internal.h"
#include "domain/pirq.h"
#include "errno.h"
#include "machine/acpi.h"
#include "machine/apic.h"
#include "machine/console.h"
#include "machine/ioapic.h"
#include "machine/irq.h"
#include "machine/irq_internal.h"
#include "machine/pic.h"
#include "machine/smp.h"
#include "mm/heap.h"
#include "mm/paging.h"
#include "passthrough/msi.h"
#include "passthrough/pci_internal.h"

#define CPUS 4
#define DEVICES 3
#define ENTRIES 256 /* MSI-X, of each */
#define GSIS 24
#define MSIX_CAP 0x50
#define BAR(n) (0xe0000000u + (n) * 0x10000u)

/* ---- CPUs and their locks ---- */

struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct cpumask cpu_online_mask;
unsigned cpu_count = CPUS;
struct acpi_info acpi;

static void (*meanwhile)(void); /* what another CPU does during the next allocation */
static bool nested, waited;
static jmp_buf waits;

void spin_lock_init(struct spinlock *l, enum lock_rank rank) { *l = (struct spinlock)SPINLOCK_INIT(rank); }

void spin_lock(struct spinlock *l)
{
    if (l->cpu && nested)
        longjmp(waits, 1);
    if (l->cpu)
        abort();
    l->cpu = 1;
}

void spin_unlock(struct spinlock *l)
{
    if (!l->cpu)
        abort();
    l->cpu = 0;
}

bool spin_lock_irqsave(struct spinlock *l) { spin_lock(l); return true; }
void spin_unlock_irqrestore(struct spinlock *l, bool was) { spin_unlock(l); }
void smp_wait(void) { abort(); }
void cpu_relax(void) { abort(); }

static void other_cpu(void)
{
    void (*fn)(void) = meanwhile;

    meanwhile = NULL;
    if (!fn)
        return;
    nested = true;
    waited = setjmp(waits);
    if (!waited)
        fn();
    nested = false;
}

/* ---- memory ---- */

static long objects;

void *heap_alloc(size_t n)
{
    other_cpu();
    objects++;
    return calloc(1, n);
}

void *heap_array(size_t n, size_t size) { return heap_alloc(n * size); }

void heap_free(void *p)
{
    objects -= p != NULL;
    free(p);
}

/* ---- devices ---- */

static u8 config[DEVICES][256];
static u32 table[DEVICES][ENTRIES * 4];

struct spinlock pci_lock = SPINLOCK_INIT(LOCK_PCI);

static u8 *reg_at(struct pci_address at, unsigned reg)
{
    return at.segment || at.bus || at.devfn >= DEVICES || reg >= 256 ? NULL : &config[at.devfn][reg];
}

u32 pci_read(struct pci_address at, unsigned reg, unsigned bytes)
{
    const u8 *p = reg_at(at, reg);
    u32 v = 0;

    if (!p)
        return ~0u;
    memcpy(&v, p, bytes);
    return v;
}

void pci_write(struct pci_address at, unsigned reg, unsigned bytes, u32 value)
{
    u8 *p = reg_at(at, reg);

    if (p)
        memcpy(p, &value, bytes);
}

void pci_map_bus(u16 segment, u8 bus) { }

/* A view of its own for each mapping; what is written arrives in the table when it is unmapped or looked at. */
static u8 *views[DEVICES];

void *ioremap(paddr_t pa, size_t len, u64 flags)
{
    unsigned n = (unsigned)((pa - BAR(0)) / 0x10000);

    objects++;
    views[n] = aligned_alloc(PAGE_SIZE, ROUND_UP(len, PAGE_SIZE));
    memcpy(views[n], table[n], sizeof(table[n]));
    return views[n];
}

void iounmap(void *va, size_t len)
{
    for (unsigned n = 0; n < DEVICES; n++)
        if (views[n] == va)
            memcpy(table[n], va, sizeof(table[n]));
    objects--;
    free(va);
}

static struct pci_address device(unsigned n) { return (struct pci_address){ .devfn = (u8)n }; }

static u32 message_of(unsigned n, unsigned entry, unsigned word)
{
    u32 v;

    memcpy(&v, views[n] + entry * 16 + word * 4, sizeof(v));
    return v;
}

/* ---- the rest of the machine ---- */

u32 cpu_apic_id(unsigned cpu) { return cpu == 3 ? 300 : cpu * 2; } /* CPU 3 cannot be reached by a device */
nsec_t system_time(void) { static nsec_t now; return now += 100000000; }
unsigned ioapic_gsi_count(void) { return GSIS; }
bool ioapic_has_gsi(unsigned gsi) { return true; }
void ioapic_write_route(unsigned gsi, const struct ioapic_route *r) { }
void ioapic_set_mask(unsigned gsi, bool masked) { }
void pic_set_mask(unsigned irq, bool masked) { }
void pic_eoi(unsigned irq) { }
bool pic_is_level(unsigned irq) { return false; }
bool pic_is_spurious(unsigned irq) { return false; }
void apic_eoi(void) { }
void apic_enable_extint(void) { }
void printk(enum log_level level, const char *fmt, ...) { }
void event_send_port(struct domain *d, evtchn_port_t port) { }
struct event_channel *event_channel(const struct domain *d, evtchn_port_t port) { return NULL; }
u8 *sim_arena;
struct frame *frame_table;
unsigned long frame_section_map[1];
u64 max_frame; /* no memory of guests */
bool frame_get(struct frame *f, domid_t owner) { return false; }
int frame_get_and_type(struct frame *f, domid_t owner, enum frame_type type) { return -EINVAL; }
void frame_put_and_type(struct frame *f) { }
void frame_mark_dirty(struct frame *f) { }
void frame_free_last(struct frame *f) { }
void bug(const char *file, int line, const char *what) { abort(); }

/* ---- domains ---- */

static struct vcpu vcpu;
static struct vcpu *vcpus[1] = { &vcpu };

static struct domain *domain_new(bool privileged)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->privileged = privileged;
    d->max_vcpus = 1;
    d->vcpus = vcpus;
    CHECK(pirq_domain_init(d) == 0);
    return d;
}

static void domain_free(struct domain *d)
{
    pirq_domain_destroy(d);
    free(d);
}

static void machine_start(void)
{
    memset(config, 0, sizeof(config));
    memset(table, 0, sizeof(table));
    memset(&cpu_online_mask, 0, sizeof(cpu_online_mask));
    for (unsigned i = 0; i < CPUS; i++)
        cpumask_set(&cpu_online_mask, i);
    irq_init();
    msi_init();
    for (unsigned n = 0; n < DEVICES; n++) {
        u32 msix = 0x11 | (ENTRIES - 1) << 16;

        config[n][PCI_VENDOR] = 0x34;
        config[n][PCI_VENDOR + 2] = (u8)(n + 1);
        config[n][PCI_STATUS] = 0x10;
        config[n][PCI_CAPABILITIES] = MSIX_CAP;
        memcpy(&config[n][MSIX_CAP], &msix, 4);
        memcpy(&config[n][PCI_BAR0], &(u32){ BAR(n) }, 4);
        CHECK(pci_device_add(device(n)) == 0);
    }
}

static void machine_stop(void)
{
    for (unsigned n = 0; n < DEVICES; n++) {
        int rc = pci_device_remove(device(n));

        CHECK(rc == 0 || rc == -ENODEV);
    }
    CHECK(objects == 0);
}

static int set_up(unsigned n, unsigned entry, unsigned *irq)
{
    struct msi_request r = { .at = device(n), .msix = true, .entry = entry, .count = 1 };

    return msi_setup(&r, irq);
}

/* ---- tests ---- */

static int other_result;
static unsigned other_irq;

static void the_same_entry(void)
{
    other_result = set_up(0, 7, &other_irq);
}

static void two_cpus_and_one_entry(void)
{
    unsigned irq;

    machine_start();
    CHECK(msix_prepare(device(0)) == 0);
    meanwhile = the_same_entry;
    CHECK(set_up(0, 7, &irq) == 0);
    CHECK(waited); /* else both have it */
    CHECK(set_up(0, 7, &other_irq) == -EEXIST);
    irq_release(irq);
    machine_stop();
}

static void remove_device(void)
{
    other_result = pci_device_remove(device(1));
}

static void removed_meanwhile(void)
{
    unsigned irq;

    machine_start();
    CHECK(msix_prepare(device(1)) == 0);
    meanwhile = remove_device;
    CHECK(set_up(1, 0, &irq) == 0);
    CHECK(waited); /* else the first works with freed memory */
    CHECK(pci_device_remove(device(1)) == -EBUSY);
    irq_release(irq);
    machine_stop();
}

static void add_device(void)
{
    other_result = pci_device_add(device(2));
}

static void added_twice(void)
{
    machine_start();
    CHECK(pci_device_remove(device(2)) == 0);
    meanwhile = add_device;
    CHECK(pci_device_add(device(2)) == 0);
    CHECK(waited); /* else it is in the list twice */
    CHECK(pci_device_remove(device(2)) == 0);
    CHECK(pci_device_remove(device(2)) == -ENODEV);
    machine_stop();
}

/* The vectors of a domain that dies are free for the next one. */
static void death_gives_back(void)
{
    unsigned irq, again;
    struct domain *d;
    int pirq;

    machine_start();
    d = domain_new(false);
    CHECK(set_up(0, 0, &irq) == 0);
    pirq = pirq_map(d, -1, irq);
    CHECK(pirq >= 0);
    CHECK(pirq_bind(d, (u32)pirq, 5, false) == 0);
    pirq_unbind(d, (u32)pirq);
    d->dying = true;
    pirq_release_all(d);
    domain_free(d);
    CHECK(set_up(0, 0, &again) == 0);
    CHECK(again == irq);
    irq_release(again);
    CHECK(msix_release(device(0)) == 0);
    machine_stop();
}

static void unmap_tells_what_it_unmapped(void)
{
    unsigned irq;
    struct domain *d;
    int pirq, was = 0;

    machine_start();
    d = domain_new(true);
    CHECK(set_up(0, 3, &irq) == 0);
    pirq = pirq_map(d, -1, irq);
    CHECK(pirq_unmap(d, (u32)pirq, &was) == 0 && was == (int)irq);
    CHECK(pirq_unmap(d, (u32)pirq, &was) == -EINVAL);
    pirq = pirq_get_free(d);
    CHECK(pirq_unmap(d, (u32)pirq, &was) == 0 && was == -1);
    irq_release(irq);
    domain_free(d);
    machine_stop();
}

/* More than one CPU has vectors for: they are spread over those that devices reach, and all come back. */
static void vectors_are_spread(void)
{
    static unsigned irqs[DEVICES * ENTRIES];
    unsigned to[256] = { 0 }, n = 0; /* messages by APIC id */

    machine_start();
    for (unsigned round = 0; round < 3; round++) {
        for (n = 0; n < 500; n++) {
            if (set_up(n / ENTRIES, n % ENTRIES, &irqs[n]))
                break;
            if (round == 0)
                to[message_of(n / ENTRIES, n % ENTRIES, 0) >> 12 & 0xff]++;
        }
        CHECK(n == 500);
        while (n--)
            irq_release(irqs[n]);
    }
    for (unsigned cpu = 0; cpu < 3; cpu++)
        CHECK(to[cpu * 2] >= 166 && to[cpu * 2] <= 167);
    machine_stop();
}

/* As on Xen a number that the machine can never have is another error than one that is not in use. */
static void numbers_end_with_the_machine(void)
{
    struct domain *zero, *guest;

    machine_start();
    cpu_count = 1;
    zero = domain_new(true);
    guest = domain_new(false);
    CHECK(pirq_valid(zero, 99) && !pirq_valid(zero, 2000));
    CHECK(!pirq_valid(guest, 99));
    cpu_count = CPUS;
    domain_free(zero);
    domain_free(guest);
    machine_stop();
}

static void restore_writes_messages(void)
{
    unsigned irq;
    u32 data;

    machine_start();
    CHECK(set_up(0, 9, &irq) == 0);
    irq_set_affinity(irq, 2);
    data = message_of(0, 9, 2);
    memset(views[0], 0xff, 16 * 16);
    CHECK(msi_restore(device(0)) == 0);
    CHECK(message_of(0, 9, 0) == 0xfee04000);
    CHECK(message_of(0, 9, 2) == data);
    CHECK(message_of(0, 9, 3) == 1); /* masked, as it was */
    irq_release(irq);
    machine_stop();
}

int main(void)
{
    TEST(two_cpus_and_one_entry);
    TEST(removed_meanwhile);
    TEST(added_twice);
    TEST(death_gives_back);
    TEST(unmap_tells_what_it_unmapped);
    TEST(vectors_are_spread);
    TEST(numbers_end_with_the_machine);
    TEST(restore_writes_messages);
    return TEST_RESULT();
}
