/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hv-dmesg: prints the hypervisor's log in Domain 0.
 *
 *   hv-dmesg        print the whole log ring        hv-dmesg -c     print it and clear it
 *
 * Uses the sysctl readconsole through /dev/xen/privcmd; needs no library and no daemon, so that the log can be read
 * before (and without) the toolstack. `xl dmesg` does the same with the toolstack's libraries.
 * Called by /etc/hospes/start.d/20-hypervisor-log and by hand. Takes no locks.
 */
#define __XEN_TOOLS__ 1

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/sysctl.h>
#include <xen/sys/privcmd.h>

#define PAGE 4096u
#define TEXT_BYTES (32u * 1024u) /* copied per call; the log ring may be larger */

/* Memory that the hypervisor may write to: it must not be paged out or moved during a call. */
struct bounce {
    struct xen_sysctl op;
    char text[TEXT_BYTES] __attribute__((aligned(4096)));
};

/* Maps memory for hypercall arguments. Linux 4.18 and later offer a node for it; locked memory does before that. */
static struct bounce *map_bounce(void)
{
    size_t bytes = (sizeof(struct bounce) + PAGE - 1) / PAGE * PAGE;
    int fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    void *memory;

    if (fd >= 0) {
        memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    } else {
        memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
    }
    if (memory == MAP_FAILED)
        return NULL;
    memset(memory, 0, bytes);
    return memory;
}

/*
 * Reads up to TEXT_BYTES of the log into b->text, from *index on, and moves *index behind them (xen/sysctl.h,
 * xen_sysctl_readconsole). Returns the number of bytes, 0 at the end, or -1 with errno.
 */
static int read_log(int privcmd, struct bounce *b, uint32_t *index)
{
    struct xen_sysctl_readconsole *rc = &b->op.u.readconsole;
    struct privcmd_hypercall call = {
        .op = __HYPERVISOR_sysctl,
        .arg = {(uintptr_t)&b->op},
    };

    b->op.cmd = XEN_SYSCTL_readconsole;
    b->op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    rc->clear = 0;
    rc->incremental = 1;
    rc->index = *index;
    rc->count = TEXT_BYTES;
    set_xen_guest_handle(rc->buffer, b->text);
    if (ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0)
        return -1;
    *index = rc->index;
    return rc->count <= TEXT_BYTES ? (int)rc->count : -1;
}

/* Empties the log ring. Returns 0 or -1 with errno. */
static int clear_log(int privcmd, struct bounce *b)
{
    struct privcmd_hypercall call = {
        .op = __HYPERVISOR_sysctl,
        .arg = {(uintptr_t)&b->op},
    };

    memset(&b->op, 0, sizeof(b->op));
    b->op.cmd = XEN_SYSCTL_readconsole;
    b->op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    b->op.u.readconsole.clear = 1;
    set_xen_guest_handle(b->op.u.readconsole.buffer, b->text);
    return ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0 ? -1 : 0;
}

static int fail(const char *what, const char *hint)
{
    fprintf(stderr, "hv-dmesg: %s: %s%s\n", what, strerror(errno), hint);
    return 1;
}

int main(int argc, char **argv)
{
    bool clear = argc == 2 && strcmp(argv[1], "-c") == 0;
    struct bounce *b;
    uint32_t index = 0;
    int privcmd, got;

    if (argc > 1 && !clear) {
        fprintf(stderr, "usage: hv-dmesg [-c]\n");
        return 2;
    }
    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (privcmd < 0)
        return fail("/dev/xen/privcmd", " (no hypervisor below this kernel?)");
    b = map_bounce();
    if (!b)
        return fail("cannot map memory for the hypercall", "");
    while ((got = read_log(privcmd, b, &index)) > 0) {
        if (fwrite(b->text, 1, (size_t)got, stdout) != (size_t)got)
            return fail("standard output", "");
    }
    if (got < 0)
        return fail("the hypervisor refused to give its log", " (is this Domain 0?)");
    if (clear && clear_log(privcmd, b) < 0)
        return fail("cannot clear the log", "");
    return fflush(stdout) ? fail("standard output", "") : 0;
}
