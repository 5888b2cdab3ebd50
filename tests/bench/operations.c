/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /init of the benchmark. Stops the machine at once by a write to QEMU's
 * pvpanic device, so that the clock can be read at that instruction; resumed,
 * it measures operations of the kernel and of the hypervisor, prints one line
 * `OP name: instructions` for each, and stops the machine again.
 *
 * Under -icount shift=0 one nanosecond of CLOCK_MONOTONIC is one instruction.
 * Each figure is the smallest of several batches, so that timer ticks do not
 * count, less what an empty batch costs. What the kernel does not offer (the
 * nodes of /dev/xen, on bare Linux) is left out. An argument (`-- WORD` on the
 * kernel's command line) measures only the operations whose names contain it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/version.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntalloc.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#define PVPANIC_PORT 0x505
#define PVPANIC_PANICKED 1
#define BATCHES 7
#define PAGE 4096UL

struct operation {
    const char *name;
    unsigned rounds;
    bool (*prepare)(void); /* false: not here; may be NULL */
    void (*run)(void);
};

static int zero_fd, privcmd_fd = -1, evtchn_fd = -1, gntdev_fd = -1, gntalloc_fd = -1;
static int to_child[2], to_parent[2];
static unsigned local_port, remote_port;
static char buffer[65536];
static void *area;
static uint32_t grant;

/* The right to ports is given back at once: with it every return to user space costs a PV kernel a hypercall. */
static void stop_machine(void)
{
    if (iopl(3))
        return;
    outb(PVPANIC_PANICKED, PVPANIC_PORT);
    iopl(0);
}

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    printf("FAILED %s\n", what);
    fflush(stdout);
    stop_machine();
    for (;;)
        pause();
}

/* ---- Linux ---- */

static void op_nothing(void)
{
}

static void op_getppid(void)
{
    syscall(SYS_getppid);
}

static void op_clock(void)
{
    now();
}

static void op_read_1(void)
{
    read(zero_fd, buffer, 1);
}

static void op_read_64k(void)
{
    read(zero_fd, buffer, sizeof(buffer));
}

static void map_touch(size_t size, bool touch)
{
    volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    need(p != MAP_FAILED, "mmap");
    for (size_t i = 0; touch && i < size; i += PAGE)
        p[i] = 1;
    munmap((void *)p, size);
}

static void op_map(void)
{
    map_touch(PAGE, false);
}

static void op_map_touch(void)
{
    map_touch(PAGE, true);
}

static void op_map_touch_256k(void)
{
    map_touch(64 * PAGE, true);
}

static bool prepare_area(void)
{
    area = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return area != MAP_FAILED;
}

static void op_mprotect(void)
{
    mprotect(area, 16 * PAGE, PROT_READ);
    mprotect(area, 16 * PAGE, PROT_READ | PROT_WRITE);
}

static void on_segv(int sig)
{
    mprotect(area, PAGE, PROT_READ | PROT_WRITE);
}

static bool prepare_segv(void)
{
    signal(SIGSEGV, on_segv);
    return prepare_area();
}

static void op_segv(void)
{
    mprotect(area, PAGE, PROT_READ);
    *(volatile char *)area = 1;
}

static bool prepare_pipes(void)
{
    need(pipe(to_child) == 0 && pipe(to_parent) == 0, "pipe");
    if (fork() == 0) {
        char c;

        close(to_child[1]);
        while (read(to_child[0], &c, 1) == 1)
            write(to_parent[1], &c, 1);
        _exit(0);
    }
    return true;
}

static void op_ping_pong(void)
{
    char c = 0;

    write(to_child[1], &c, 1);
    need(read(to_parent[0], &c, 1) == 1, "ping-pong");
}

static void op_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    need(waitpid(pid, NULL, 0) == pid, "fork");
}

static void op_exec(void)
{
    char *const argv[] = { "true", "true", NULL };
    pid_t pid = vfork();
    int status = 1;

    if (pid == 0) {
        execv("/init", argv);
        _exit(1);
    }
    need(waitpid(pid, &status, 0) == pid && status == 0, "exec");
}

static void op_yield(void)
{
    sched_yield();
}

/* ---- hypercalls from user space ---- */

static long hypercall(unsigned op, unsigned long a, unsigned long b, unsigned long c)
{
    struct privcmd_hypercall call = { .op = op, .arg = { a, b, c } };

    return ioctl(privcmd_fd, IOCTL_PRIVCMD_HYPERCALL, &call);
}

static bool have_privcmd(void)
{
    return privcmd_fd >= 0;
}

static void op_ioctl_bad(void)
{
    ioctl(privcmd_fd, 0);
}

static void op_version(void)
{
    hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0);
}

static void op_sched_yield(void)
{
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
}

static void op_multicall(void)
{
    static struct multicall_entry calls[16];

    for (unsigned i = 0; i < 16; i++) {
        calls[i].op = __HYPERVISOR_xen_version;
        calls[i].args[0] = XENVER_version;
    }
    need(hypercall(__HYPERVISOR_multicall, (unsigned long)calls, 16, 0) == 0, "multicall");
}

/* ---- event channels ---- */

static bool prepare_events(void)
{
    struct ioctl_evtchn_bind_unbound_port unbound = { .remote_domain = 0 };
    struct ioctl_evtchn_bind_interdomain inter = { .remote_domain = 0 };

    if (evtchn_fd < 0)
        return false;
    local_port = ioctl(evtchn_fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &unbound);
    inter.remote_port = local_port;
    remote_port = ioctl(evtchn_fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &inter);
    need((int)local_port > 0 && (int)remote_port > 0, "event channel");
    return true;
}

static void notify(void)
{
    struct ioctl_evtchn_notify n = { .port = remote_port };

    need(ioctl(evtchn_fd, IOCTL_EVTCHN_NOTIFY, &n) == 0, "notify");
}

static void receive(void)
{
    struct pollfd fd = { .fd = evtchn_fd, .events = POLLIN };
    unsigned port = 0;

    need(poll(&fd, 1, 5000) == 1 && read(evtchn_fd, &port, sizeof(port)) == sizeof(port), "event");
    need(write(evtchn_fd, &port, sizeof(port)) == sizeof(port), "unmask");
}

/* One event is left unreceived: Linux keeps the channel masked until then. */
static bool prepare_masked(void)
{
    if (evtchn_fd < 0)
        return false;
    notify();
    return true;
}

static void op_notify_receive(void)
{
    notify();
    receive();
}

static void op_alloc_unbound(void)
{
    struct ioctl_evtchn_bind_unbound_port bind = { .remote_domain = 0 };
    struct ioctl_evtchn_unbind unbind;

    unbind.port = ioctl(evtchn_fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &bind);
    need((int)unbind.port > 0 && ioctl(evtchn_fd, IOCTL_EVTCHN_UNBIND, &unbind) == 0, "alloc_unbound");
}

static bool have_evtchn(void)
{
    return evtchn_fd >= 0;
}

/* ---- grants ---- */

static bool prepare_grant(void)
{
    struct ioctl_gntalloc_alloc_gref alloc = { .domid = 0, .flags = GNTALLOC_FLAG_WRITABLE, .count = 1 };

    if (gntdev_fd < 0 || gntalloc_fd < 0 || ioctl(gntalloc_fd, IOCTL_GNTALLOC_ALLOC_GREF, &alloc))
        return false;
    grant = alloc.gref_ids[0];
    return true;
}

static void map_grant(bool map)
{
    struct ioctl_gntdev_map_grant_ref m = { .count = 1, .refs = { { .domid = 0, .ref = grant } } };
    struct ioctl_gntdev_unmap_grant_ref u = { .count = 1 };
    void *p;

    need(ioctl(gntdev_fd, IOCTL_GNTDEV_MAP_GRANT_REF, &m) == 0, "gntdev map");
    if (map) {
        p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, gntdev_fd, m.index);
        need(p != MAP_FAILED, "gntdev mmap");
        munmap(p, PAGE);
    }
    u.index = m.index;
    need(ioctl(gntdev_fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &u) == 0, "gntdev unmap");
}

static void op_gntdev(void)
{
    map_grant(false);
}

static void op_gntdev_map(void)
{
    map_grant(true);
}

static void op_gntalloc(void)
{
    struct ioctl_gntalloc_alloc_gref alloc = { .domid = 0, .flags = GNTALLOC_FLAG_WRITABLE, .count = 1 };
    struct ioctl_gntalloc_dealloc_gref free = { .count = 1 };

    need(ioctl(gntalloc_fd, IOCTL_GNTALLOC_ALLOC_GREF, &alloc) == 0, "gntalloc");
    free.index = alloc.index;
    need(ioctl(gntalloc_fd, IOCTL_GNTALLOC_DEALLOC_GREF, &free) == 0, "gntalloc dealloc");
}

static const struct operation operations[] = {
    { "system call (getppid)", 2000, NULL, op_getppid },
    { "clock_gettime", 1000, NULL, op_clock },
    { "read 1 byte of /dev/zero", 1000, NULL, op_read_1 },
    { "read 64 KiB of /dev/zero", 200, NULL, op_read_64k },
    { "sched_yield", 1000, NULL, op_yield },
    { "mmap + munmap 4 KiB", 200, NULL, op_map },
    { "mmap + touch + munmap 4 KiB", 50, NULL, op_map_touch },
    { "mmap + touch + munmap 256 KiB", 10, NULL, op_map_touch_256k },
    { "mprotect 64 KiB there and back", 100, prepare_area, op_mprotect },
    { "write fault, signal, mprotect", 100, prepare_segv, op_segv },
    { "pipe ping-pong, two processes", 100, prepare_pipes, op_ping_pong },
    { "fork + exit + wait", 10, NULL, op_fork },
    { "vfork + exec + wait", 10, NULL, op_exec },
    { "privcmd ioctl that fails (floor)", 1000, have_privcmd, op_ioctl_bad },
    { "xen_version through privcmd", 1000, have_privcmd, op_version },
    { "sched_op yield through privcmd", 1000, have_privcmd, op_sched_yield },
    { "multicall of 16 xen_version", 500, have_privcmd, op_multicall },
    { "evtchn notify + poll + read + unmask", 200, prepare_events, op_notify_receive },
    { "evtchn alloc_unbound + close", 50, have_evtchn, op_alloc_unbound },
    { "evtchn notify, masked", 1000, prepare_masked, notify },
    { "gntdev map + unmap", 200, prepare_grant, op_gntdev },
    { "gntdev map + mmap + munmap + unmap", 50, prepare_grant, op_gntdev_map },
    { "gntalloc alloc + dealloc", 100, prepare_grant, op_gntalloc },
};

static uint64_t measure(unsigned rounds, void (*run)(void))
{
    uint64_t best = UINT64_MAX;

    for (unsigned i = 0; i < BATCHES; i++) {
        uint64_t start = now(), time;

        for (unsigned j = 0; j < rounds; j++)
            run();
        time = now() - start;
        if (time < best)
            best = time;
    }
    return best;
}

static void set_up(void)
{
    int trace;

    mount("proc", "/proc", "proc", 0, NULL);
    trace = open("/proc/sys/debug/exception-trace", O_WRONLY);
    need(trace >= 0 && write(trace, "0", 1) == 1, "exception-trace"); /* no message for each SIGSEGV */
    close(trace);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    dup2(dup2(open("/dev/console", O_RDWR), 1), 2);
    zero_fd = open("/dev/zero", O_RDONLY);
    privcmd_fd = open("/dev/xen/privcmd", O_RDWR);
    evtchn_fd = open("/dev/xen/evtchn", O_RDWR);
    gntdev_fd = open("/dev/xen/gntdev", O_RDWR);
    gntalloc_fd = open("/dev/xen/gntalloc", O_RDWR);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "true") == 0)
        return 0;
    stop_machine();
    set_up();
    for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        const struct operation *op = &operations[i];
        uint64_t empty, all;

        if ((argc > 1 && !strstr(op->name, argv[1])) || (op->prepare && !op->prepare()))
            continue;
        empty = measure(op->rounds, op_nothing);
        all = measure(op->rounds, op->run);
        printf("OP %s: %lu\n", op->name, (unsigned long)((all - empty + op->rounds / 2) / op->rounds));
        fflush(stdout);
    }
    tcdrain(1);
    stop_machine();
    for (;;)
        pause();
}
