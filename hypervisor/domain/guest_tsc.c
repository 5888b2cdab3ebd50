/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's time-stamp counter. Emulated it is exact integer arithmetic on
 * system time, so that it never runs backwards on any CPU; that its RDTSC traps
 * is up to the domain's kind. Called by domctl with the domain paused, by the
 * kinds' instruction emulation and by vcpu_time.c. No locks.
 */
#include "domain/guest_tsc.h"

#include "errno.h"
#include "machine/time.h"

#define NS_PER_MS 1000000

int domain_set_tsc(struct domain *d, u32 mode, u32 khz, nsec_t elapsed, u32 incarnation)
{
    struct domain_tsc *t = &d->tsc;

    if (mode > TSC_MODE_NEVER_EMULATE)
        return -EINVAL;
    if (d->privileged)
        return 0;
    if (!khz || mode == TSC_MODE_NEVER_EMULATE)
        khz = (u32)tsc_khz();
    t->mode = (u8)mode;
    t->khz = khz;
    t->incarnation = incarnation;
    t->start = system_time() - elapsed;
    t->emulated = mode == TSC_MODE_ALWAYS_EMULATE || khz != (u32)tsc_khz();
    time_scale_set_frequency(&t->scale, (u64)khz * 1000);
    return 0;
}

/* Before its start it is negative, modulo 2^64 as readers calculate. */
u64 guest_tsc_at(const struct domain *d, nsec_t t)
{
    u64 elapsed = t - d->tsc.start;
    bool before = (s64)elapsed < 0;
    u64 ticks = (u64)((unsigned __int128)(before ? -elapsed : elapsed) * d->tsc.khz / NS_PER_MS);

    return before ? -ticks : ticks;
}

u64 guest_tsc(const struct domain *d)
{
    return d->tsc.emulated ? guest_tsc_at(d, system_time()) : rdtsc();
}
