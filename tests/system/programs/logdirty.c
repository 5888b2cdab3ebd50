/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log-dirty mode of a domain, by hand: logdirty DOMAIN OPERATION...
 *
 *     on, off              XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, _OFF
 *     clean, peek          the dirty bitmap: prints "clean 0 dirty N set M faults F" (N by the hypervisor, M bits counted here)
 *     raw OP MODE PAGES    any operation: prints "raw OP MODE PAGES = CODE mb MB pages PAGES"
 *     wait SECONDS
 *
 * A failed operation prints the error's number in place of 0 and does not end the program.
 */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define __XEN_TOOLS__ 1
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sys/privcmd.h>
#include <xen/domctl.h>

#define PAGES  (1u << 20) /* of the bitmap: guests of up to 4 GiB */

static int privcmd;
static domid_t domain;
static unsigned char *bitmap;
static struct xen_domctl op;

static int shadow_op(unsigned command, unsigned mode, unsigned long pages)
{
    struct privcmd_hypercall call = { .op = __HYPERVISOR_domctl, .arg = { (uintptr_t)&op } };

    op = (struct xen_domctl){ .cmd = XEN_DOMCTL_shadow_op, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
                              .domain = domain };
    op.u.shadow_op.op = command;
    op.u.shadow_op.mode = mode;
    op.u.shadow_op.mb = mode;
    op.u.shadow_op.pages = pages;
    if (pages) {
        set_xen_guest_handle_raw(op.u.shadow_op.dirty_bitmap, bitmap);
    }
    return ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0 ? errno : 0;
}

static void show(const char *name, unsigned command)
{
    unsigned long set = 0;
    int rc;

    memset(bitmap, 0, PAGES / 8);
    rc = shadow_op(command, 0, PAGES);
    for (unsigned i = 0; i < PAGES / 8; i++) {
        set += __builtin_popcount(bitmap[i]);
    }
    printf("%s %d dirty %u set %lu faults %u\n", name, rc, op.u.shadow_op.stats.dirty_count, set,
           op.u.shadow_op.stats.fault_count);
}

static char **run(char **arg)
{
    if (!strcmp(*arg, "on")) {
        printf("on %d\n", shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, 0));
    } else if (!strcmp(*arg, "off")) {
        printf("off %d\n", shadow_op(XEN_DOMCTL_SHADOW_OP_OFF, 0, 0));
    } else if (!strcmp(*arg, "clean")) {
        show(*arg, XEN_DOMCTL_SHADOW_OP_CLEAN);
    } else if (!strcmp(*arg, "peek")) {
        show(*arg, XEN_DOMCTL_SHADOW_OP_PEEK);
    } else if (!strcmp(*arg, "wait") && arg[1]) {
        sleep(atoi(*++arg));
    } else if (!strcmp(*arg, "raw") && arg[1] && arg[2] && arg[3]) {
        int rc = shadow_op(strtoul(arg[1], NULL, 0), strtoul(arg[2], NULL, 0), strtoul(arg[3], NULL, 0));

        printf("raw %s %s %s = %d mb %u pages %lu\n", arg[1], arg[2], arg[3], rc, op.u.shadow_op.mb,
               (unsigned long)op.u.shadow_op.pages);
        arg += 3;
    } else {
        fprintf(stderr, "logdirty: what is %s?\n", *arg);
        exit(2);
    }
    fflush(stdout);
    return arg + 1;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: logdirty DOMAIN on|off|clean|peek|wait SECONDS|raw OP MODE PAGES ...\n");
        return 2;
    }
    domain = atoi(argv[1]);
    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    bitmap = mmap(NULL, PAGES / 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);
    if (privcmd < 0 || bitmap == MAP_FAILED) {
        perror("logdirty");
        return 2;
    }
    for (char **arg = argv + 2; *arg;) {
        arg = run(arg);
    }
    return 0;
}
