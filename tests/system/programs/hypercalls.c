/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wrong hypercalls and wild instructions from Domain 0's user space: each must
 * give the error or fault that Xen 4.17 gives, and nothing else may happen.
 * Prints "ok NAME" or "FAIL NAME: got N, want N" for each; exits 1 after a FAIL.
 */
#define _GNU_SOURCE
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sys/privcmd.h>
#include <xen/memory.h>
#include <xen/event_channel.h>
#include <xen/version.h>
#include <xen/vcpu.h>
#include <xen/sched.h>
#include <xen/platform.h>

static int privcmd, failures;

static long hypercall(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct privcmd_hypercall call = { .op = op, .arg = { a, b, c, d } };
    long rc = ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);

    return rc < 0 ? -errno : rc;
}

static void check(const char *name, long got, long want)
{
    if (got == want) {
        printf("ok %s\n", name);
        return;
    }
    printf("FAIL %s: got %ld, want %ld\n", name, got, want);
    failures++;
}

static sigjmp_buf back;

static void on_fault(int sig)
{
    siglongjmp(back, sig);
}

/* The signal that @instruction raises; 0: none. */
#define FAULT(instruction)                  \
    ({                                      \
        int sig_ = sigsetjmp(back, 1);      \
        if (sig_ == 0) {                    \
            instruction;                    \
        }                                   \
        sig_;                               \
    })

static void page_tables(void)
{
    static uint64_t update[2] __attribute__((aligned(16)));
    static struct mmuext_op ext;
    static uint32_t done;

    update[0] = 0x1000000000000 | MMU_NORMAL_PT_UPDATE; /* no such frame */
    check("mmu_update of a frame that does not exist", hypercall(__HYPERVISOR_mmu_update, (uintptr_t)update, 1, (uintptr_t)&done, DOMID_SELF), -EINVAL);
    update[0] = 3;
    check("mmu_update with an unknown command", hypercall(__HYPERVISOR_mmu_update, (uintptr_t)update, 1, (uintptr_t)&done, DOMID_SELF), -EINVAL);
    check("mmu_update from an unmapped address", hypercall(__HYPERVISOR_mmu_update, 0x1000, 1, 0, DOMID_SELF), -EFAULT);
    check("mmu_update of a domain that does not exist", hypercall(__HYPERVISOR_mmu_update, (uintptr_t)update, 1, 0, 4321), -ESRCH);
    ext.cmd = MMUEXT_PIN_L4_TABLE;
    ext.arg1.mfn = 1ull << 40;
    check("pin of a frame that does not exist", hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&ext, 1, 0, DOMID_SELF), -EINVAL);
    ext.cmd = MMUEXT_UNPIN_TABLE;
    check("unpin of a frame that does not exist", hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&ext, 1, 0, DOMID_SELF), -EINVAL);
    ext.cmd = 99;
    check("unknown mmuext_op", hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&ext, 1, 0, DOMID_SELF), -ENOSYS);
    check("update_va_mapping of a hypervisor address", hypercall(__HYPERVISOR_update_va_mapping, 0xffff830000000000, 0, 0, 0), -EINVAL);
}

static void others(void)
{
    /* Written here and not initialised: a page that was never touched is not there for the hypervisor. */
    static struct evtchn_close close_port;
    static struct evtchn_send send;
    static struct sched_remote_shutdown remote;
    static struct evtchn_op old;

    close_port.port = 77777777;
    send.port = 4000;
    remote.domain_id = 999;
    old.cmd = EVTCHNOP_close;
    old.u.close.port = 77777777;

    check("unknown hypercall number", hypercall(46, 0, 0, 0, 0), -ENOSYS);
    check("hypercall number out of range", hypercall(4096, 0, 0, 0, 0), -ENOSYS);
    check("xen_version", hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0), 4 << 16 | 17);
    check("unknown xen_version command", hypercall(__HYPERVISOR_xen_version, 99, 0, 0, 0), -ENOSYS);
    check("close of a port that does not exist", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_close, (uintptr_t)&close_port, 0, 0), -EINVAL);
    check("send to a free port", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uintptr_t)&send, 0, 0), -EINVAL);
    check("close by the old hypercall", hypercall(__HYPERVISOR_event_channel_op_compat, (uintptr_t)&old, 0, 0, 0), -EINVAL);
    check("unknown event channel operation", hypercall(__HYPERVISOR_event_channel_op, 99, (uintptr_t)&send, 0, 0), -ENOSYS);
    check("event channel operation from an unmapped address", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_close, 0x1000, 0, 0), -EFAULT);
    check("vcpu_op of a vCPU that does not exist", hypercall(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 4000, 0, 0), -ENOENT);
    check("remote shutdown of a domain that does not exist", hypercall(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, (uintptr_t)&remote, 0, 0), -ESRCH);
    check("unknown sched_op", hypercall(__HYPERVISOR_sched_op, 99, 0, 0, 0), -ENOSYS);
    check("unknown memory_op", hypercall(__HYPERVISOR_memory_op, 63, 0, 0, 0), -ENOSYS);
    check("memory_op from hypervisor memory", hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, 0xffff830000000000, 0, 0), 0);
    check("xsm_op", hypercall(__HYPERVISOR_xsm_op, 0, 0, 0, 0), -ENOSYS);
    check("multicall from an unmapped address", hypercall(__HYPERVISOR_multicall, 0x1000, 1, 0, 0), -EFAULT);
}

static void wild(void)
{
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    signal(SIGILL, on_fault);
    signal(SIGTRAP, on_fault);
    check("read of hypervisor memory", FAULT((void)*(volatile uint64_t *)0xffff830000000000), SIGSEGV);
    check("write of the machine-to-physical table", FAULT(*(volatile uint64_t *)0xffff800000000000 = 0), SIGSEGV);
    check("HLT", FAULT(__asm__ volatile("hlt")), SIGSEGV);
    check("CLI", FAULT(__asm__ volatile("cli")), SIGSEGV);
    check("MOV from CR3", FAULT(__asm__ volatile("mov %%cr3, %%rax" ::: "rax")), SIGSEGV);
    check("RDMSR", FAULT(__asm__ volatile("rdmsr" ::"c"(0xc0000080) : "rax", "rdx")), SIGSEGV);
    check("UD2", FAULT(__asm__ volatile("ud2")), SIGILL);
    check("INT3", FAULT(__asm__ volatile("int3")), SIGTRAP);
    check("IN from a port", FAULT(__asm__ volatile("in %%dx, %%al" ::"d"(0x60) : "rax")), SIGSEGV);
    check("a jump to a non-canonical address", FAULT(((void (*)(void))0x1234567800000000)()), SIGSEGV);
}

/* The firmware's memory types: register after register, until there is none. */
static void memory_types(void)
{
    static struct xen_platform_op op;
    struct xenpf_read_memtype *m = &op.u.read_memtype;
    unsigned used = 0, wrong = 0;
    long rc;

    for (unsigned reg = 0;; reg++) {
        op = (struct xen_platform_op){ .cmd = XENPF_read_memtype, .interface_version = XENPF_INTERFACE_VERSION };
        m->reg = reg;
        rc = hypercall(__HYPERVISOR_platform_op, (uintptr_t)&op, 0, 0, 0);
        if (rc) {
            break;
        }
        if (m->nr_mfns) {
            printf("memory type %u: frames %#lx + %#lx\n", m->type, (long)m->mfn, (long)m->nr_mfns);
            used++;
            wrong += m->type > 6 || (m->nr_mfns & (m->nr_mfns - 1)) || (m->mfn & (m->nr_mfns - 1));
        }
    }
    check("memory types end", rc, -EINVAL);
    check("firmware has set memory types", used > 0, 1);
    check("they are aligned and have a type", wrong, 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (privcmd < 0) {
        perror("hypercalls: /dev/xen/privcmd");
        return 2;
    }
    page_tables();
    others();
    memory_types();
    wild();
    printf("hypercalls: %s\n", failures ? "FAILED" : "passed");
    return failures != 0;
}
