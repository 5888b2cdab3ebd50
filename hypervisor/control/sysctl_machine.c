/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysctl about the machine: log, memory, CPUs, topology, debug keys. The host is
 * one NUMA node to its tools. Called by sysctl.c; no locks of its own.
 */
#include "control/machine_info.h"
#include "control/sysctl_ops.h"
#include "domain/domain.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/cpu_features.h"
#include "machine/smp.h"
#include "machine/topology.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "sched/softirq.h"

#define E820_RAM 1
#define KEYS_MAX 32
#define LOCAL_DISTANCE 10 /* ACPI 6.4 5.2.17 */

long sysctl_readconsole(struct xen_sysctl_readconsole *r)
{
    u32 index = r->incremental ? r->index : 0, done = 0;
    char chunk[256];
    size_t n;

    while (done < r->count && (n = log_read(chunk, MIN(r->count - done, (u32)sizeof(chunk)), &index)) != 0) {
        if (guest_write((vaddr_t)r->buffer.p + done, chunk, n))
            return -EFAULT;
        done += (u32)n;
    }
    r->count = done;
    r->index = index;
    if (r->clear)
        log_clear();
    return 0;
}

static u64 ram_pages(void)
{
    u64 pages = 0;

    for (unsigned i = 0; i < machine_info.e820_count; i++)
        if (machine_info.e820[i].type == E820_RAM)
            pages += machine_info.e820[i].size >> PAGE_SHIFT;
    return pages;
}

long sysctl_physinfo(struct xen_sysctl_physinfo *p)
{
    struct cpu_topology t = cpu_topology();

    memset(p, 0, sizeof(*p));
    p->threads_per_core = t.threads_per_core;
    p->cores_per_socket = t.cores_per_socket;
    p->nr_cpus = cpu_count;
    p->max_cpu_id = cpu_count - 1;
    p->nr_nodes = 1;
    p->cpu_khz = (u32)tsc_khz();
    p->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1;
    p->total_pages = ram_pages();
    p->free_pages = buddy_free_frames();
    p->outstanding_pages = buddy_claimed();
    p->max_mfn = max_frame - 1;
    memcpy(p->hw_cap, boot_cpu.words, MIN(sizeof(p->hw_cap), sizeof(boot_cpu.words)));
    return 0;
}

long sysctl_cputopoinfo(struct xen_sysctl_cputopoinfo *t)
{
    unsigned n = cpu_count;

    if (handle_is_null(t->cputopo)) {
        t->num_cpus = n;
        return 0;
    }
    n = MIN(n, t->num_cpus);
    for (unsigned cpu = 0; cpu < n; cpu++) {
        xen_sysctl_cputopo_t topo = { .core = cpu_core(cpu), .socket = cpu_socket(cpu) };

        if (copy_to_guest_at(t->cputopo, cpu, &topo))
            return -EFAULT;
    }
    t->num_cpus = n;
    return 0;
}

long sysctl_numainfo(struct xen_sysctl_numainfo *n)
{
    xen_sysctl_meminfo_t mem = { ram_pages() << PAGE_SHIFT, buddy_free_frames() << PAGE_SHIFT };
    u32 distance = LOCAL_DISTANCE;
    bool room = n->num_nodes >= 1;

    n->num_nodes = 1;
    if (room && !handle_is_null(n->meminfo) && copy_to_guest(n->meminfo, &mem))
        return -EFAULT;
    if (room && !handle_is_null(n->distance) && copy_to_guest(n->distance, &distance))
        return -EFAULT;
    return 0;
}

long sysctl_pcitopoinfo(struct xen_sysctl_pcitopoinfo *t)
{
    u32 node = XEN_INVALID_NODE_ID;
    physdev_pci_device_t dev;
    u32 i;

    if (handle_is_null(t->devs) || handle_is_null(t->nodes))
        return -EINVAL;
    for (i = 0; i < t->num_devs; i++) {
        if (i > UINT16_MAX) /* more than there can be */
            return -EINVAL;
        if (i && preempt_needed())
            break; /* the caller is told how many are done */
        if (copy_from_guest_at(&dev, t->devs, i) || copy_to_guest_at(t->nodes, i, &node))
            return -EFAULT;
    }
    t->num_devs = i;
    return 0;
}

long sysctl_getcpuinfo(struct xen_sysctl_getcpuinfo *g)
{
    unsigned n = MIN(cpu_count, g->max_cpus);

    for (unsigned cpu = 0; cpu < n; cpu++) {
        xen_sysctl_cpuinfo_t info = { .idletime = sched_idle_time(cpu) };

        if (copy_to_guest_at(g->info, cpu, &info))
            return -EFAULT;
    }
    g->nr_cpus = n;
    return 0;
}

/* Only the border at 4 GiB is known to the allocator. */
long sysctl_availheap(struct xen_sysctl_availheap *a)
{
    u64 frames = buddy_free_frames();

    if (a->node > 0) { /* there is none, and nothing in it */
        a->avail_bytes = 0;
        return 0;
    }
    if (a->max_bitwidth && a->max_bitwidth <= 32)
        frames = buddy_free_frames_below_4g();
    else if (a->min_bitwidth > 32)
        frames -= buddy_free_frames_below_4g();
    a->avail_bytes = frames << PAGE_SHIFT;
    return 0;
}

long sysctl_debug_keys(const struct xen_sysctl_debug_keys *k)
{
    char keys[KEYS_MAX];
    u32 n = MIN(k->nr_keys, (u32)sizeof(keys));

    if (guest_read(keys, (vaddr_t)k->keys.p, n))
        return -EFAULT;
    for (u32 i = 0; i < n; i++)
        if (console_key_handler)
            console_key_handler(keys[i]);
    return 0;
}
