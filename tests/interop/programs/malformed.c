/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls of malformed.h from Domain 0's user space through privcmd; test_malformed.py compares what two hypervisors answer. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define __XEN_TOOLS__ 1
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sys/privcmd.h>

static int privcmd;

static long hypercall(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct privcmd_hypercall call = { .op = op, .arg = { a, b, c, d } };
    long rc = ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);

    return rc < 0 ? -errno : rc;
}

#include "malformed.h"

int main(void)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (privcmd < 0) {
        perror("malformed: /dev/xen/privcmd");
        return 2;
    }
    malformed_calls();
    printf("malformed: %d calls\n", number);
    return 0;
}
