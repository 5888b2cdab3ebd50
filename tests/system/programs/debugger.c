/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A debugger as small as possible, in Domain 0: debugger DOMID. Lets vCPU 0 of a guest execute single instructions of its kernel
 * (EFLAGS.TF), each of which must pause the domain and raise VIRQ_DEBUGGER, then lets it go. Also prints how the guest's
 * time-stamp counter is set up (gettscinfo). Prints "ok NAME" or "FAIL NAME: WHY"; exits 1 after a FAIL.
 */
#define __XEN_TOOLS__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/privcmd.h>

#define RFLAGS_TF 0x100
#define STEPS 20
#define WAIT_MS 20000

static int privcmd, events, failures;
static domid_t domain;

static void check(const char *name, int good, const char *why, long value)
{
    if (good)
        printf("ok %s\n", name);
    else
        printf("FAIL %s: %s %ld\n", name, why, value);
    failures += !good;
}

/* @return 0 or a negative errno */
static int domctl(struct xen_domctl *op)
{
    struct privcmd_hypercall call = { .op = __HYPERVISOR_domctl, .arg = { (uintptr_t)op } };

    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domain;
    return ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0 ? -errno : 0;
}

static int simple(uint32_t cmd)
{
    struct xen_domctl op = { .cmd = cmd };

    return domctl(&op);
}

static int set_debugging(int enable)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setdebugging, .u.setdebugging.enable = enable };

    return domctl(&op);
}

static uint32_t flags(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo };

    return domctl(&op) ? 0 : op.u.getdomaininfo.flags;
}

/* The context of vCPU 0, read or written. */
static int context(uint32_t cmd, vcpu_guest_context_t *c)
{
    struct xen_domctl op = { .cmd = cmd };

    set_xen_guest_handle(op.u.vcpucontext.ctxt, c);
    return domctl(&op);
}

/* Waits for VIRQ_DEBUGGER. @return 1: it came */
static int stopped(void)
{
    struct pollfd p = { .fd = events, .events = POLLIN };
    evtchn_port_t port;

    if (poll(&p, 1, WAIT_MS) != 1 || read(events, &port, sizeof(port)) != sizeof(port))
        return 0;
    return write(events, &port, sizeof(port)) == sizeof(port);
}

static void step(vcpu_guest_context_t *c)
{
    unsigned moved = 0, came = 0, paused = 0;

    check("attach", set_debugging(1) == 0 && (flags() & XEN_DOMINF_debugged), "flags", flags());
    check("pause", simple(XEN_DOMCTL_pausedomain) == 0, "errno", errno);
    for (unsigned i = 0; i < STEPS; i++) {
        uint64_t rip;

        if (context(XEN_DOMCTL_getvcpucontext, c))
            break;
        rip = c->user_regs.rip;
        c->user_regs.rflags |= RFLAGS_TF;
        if (context(XEN_DOMCTL_setvcpucontext, c) || simple(XEN_DOMCTL_unpausedomain))
            break;
        came += stopped();
        paused += (flags() & XEN_DOMINF_paused) != 0;
        context(XEN_DOMCTL_getvcpucontext, c);
        moved += c->user_regs.rip != rip;
    }
    check("every step raises VIRQ_DEBUGGER", came == STEPS, "of 20:", came);
    check("every step leaves it paused", paused == STEPS, "of 20:", paused);
    check("every step moves it on", moved >= STEPS - 2, "of 20:", moved); /* a loop of one instruction may be there */
    c->user_regs.rflags &= ~(uint64_t)RFLAGS_TF;
    check("let go", context(XEN_DOMCTL_setvcpucontext, c) == 0 && set_debugging(0) == 0 && simple(XEN_DOMCTL_unpausedomain) == 0,
          "errno", errno);
    check("neither paused nor debugged", !(flags() & (XEN_DOMINF_paused | XEN_DOMINF_debugged)), "flags", flags());
}

int main(int argc, char **argv)
{
    struct ioctl_evtchn_bind_virq virq = { .virq = VIRQ_DEBUGGER };
    struct xen_domctl tsc = { .cmd = XEN_DOMCTL_gettscinfo };
    vcpu_guest_context_t *c = calloc(1, sizeof(*c));

    domain = (domid_t)(argc == 2 ? atoi(argv[1]) : 0);
    privcmd = open("/dev/xen/privcmd", O_RDWR);
    events = open("/dev/xen/evtchn", O_RDWR);
    if (!domain || privcmd < 0 || events < 0 || !c || mlockall(MCL_CURRENT | MCL_FUTURE)) {
        fprintf(stderr, "debugger: give the number of a guest, as root in Domain 0\n");
        return 2;
    }
    check("gettscinfo", domctl(&tsc) == 0, "errno", errno);
    printf("tsc mode %u khz %u elapsed %llu ms\n", tsc.u.tsc_info.tsc_mode, tsc.u.tsc_info.gtsc_khz,
           (unsigned long long)tsc.u.tsc_info.elapsed_nsec / 1000000);
    check("bind VIRQ_DEBUGGER", ioctl(events, IOCTL_EVTCHN_BIND_VIRQ, &virq) >= 0, "errno", errno);
    step(c);
    return failures != 0;
}
