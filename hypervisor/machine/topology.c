/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packages, cores and threads from CPUID: leaf 0xb where there is one, else the
 * older ways (SDM Vol 3 9.9.3, APM Vol 3 E.5.1: CPUID 0x80000008 ECX). Asked for
 * listings only; no locks.
 */
#include "machine/topology.h"

#include "machine/cpu_features.h"
#include "machine/smp.h"
#include "machine/x86.h"

#define LEVEL_THREAD 1 /* CPUID 0xb ECX[15:8] */
#define LEVEL_CORE 2

static unsigned bits_for(unsigned count)
{
    unsigned bits = 0;

    while (1u << bits < count)
        bits++;
    return bits;
}

/* Leaf 0xb: EAX[4:0] is the number of APIC id bits up to and with this level. @return false: there is none */
static bool from_leaf_b(struct cpu_topology *t)
{
    unsigned all_bits = 0;

    if (boot_cpu.max_leaf < 0xb)
        return false;
    for (unsigned level = 0; level < 4; level++) {
        struct cpuid_regs r = cpuid_count(0xb, level);
        unsigned type = r.c >> 8 & 0xff;

        if (type == LEVEL_THREAD)
            t->thread_bits = r.a & 31;
        else if (type == LEVEL_CORE)
            all_bits = r.a & 31;
        else
            break;
    }
    if (!all_bits || all_bits < t->thread_bits)
        return false;
    t->core_bits = all_bits - t->thread_bits;
    return true;
}

static void from_old_leaves(struct cpu_topology *t)
{
    unsigned logical = cpu_has(XEN_X86_FEATURE_HTT) ? cpuid(1).b >> 16 & 0xff : 1;
    unsigned cores = 1;

    if (cpu_is_amd_like() && boot_cpu.max_ext_leaf >= 0x80000008)
        cores = (cpuid(0x80000008).c & 0xff) + 1;
    else if (boot_cpu.vendor == CPU_INTEL && boot_cpu.max_leaf >= 4)
        cores = (cpuid_count(4, 0).a >> 26 & 0x3f) + 1;
    t->core_bits = bits_for(cores);
    t->thread_bits = logical > cores ? bits_for(logical / cores) : 0;
}

struct cpu_topology cpu_topology(void)
{
    struct cpu_topology t = { 0 };
    unsigned threads = 0, cores = 0;

    if (!from_leaf_b(&t)) {
        t.thread_bits = 0;
        from_old_leaves(&t);
    }
    /* What is really there, in the package and core of the boot CPU. */
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        u32 differ = cpu_apic_id(cpu) ^ cpu_apic_id(0);

        threads += differ >> t.thread_bits == 0;
        cores += differ >> (t.thread_bits + t.core_bits) == 0;
    }
    t.threads_per_core = threads ? threads : 1;
    t.cores_per_socket = cores > t.threads_per_core ? cores / t.threads_per_core : 1;
    return t;
}

unsigned cpu_core(unsigned cpu)
{
    struct cpu_topology t = cpu_topology();

    return cpu_apic_id(cpu) >> t.thread_bits & ((1u << t.core_bits) - 1);
}

unsigned cpu_socket(unsigned cpu)
{
    struct cpu_topology t = cpu_topology();

    return cpu_apic_id(cpu) >> (t.thread_bits + t.core_bits);
}
