/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domain 0's stopwatch for tests/bench/create: virtual time and the idle time of CPU 0, by the hypervisor's account, so
 * that waiting can be told from work. Works on Hospes and on Xen; linked with libhv.
 *
 *     stopwatch            prints "NS IDLE-NS"
 *     stopwatch FILE TEXT  first sleeps until FILE, which another process may yet create, holds TEXT
 */
#define _GNU_SOURCE
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "libhv/hv.h"

static int holds(const char *path, const char *text)
{
    static char buffer[1 << 20];
    FILE *f = fopen(path, "re");
    size_t n;

    if (!f)
        return 0;
    n = fread(buffer, 1, sizeof(buffer) - 1, f);
    fclose(f);
    return memmem(buffer, n, text, strlen(text)) != NULL;
}

/* Sleeps between the changes in the file's folder: looking again and again would be counted too. */
static int wait_for(const char *path, const char *text)
{
    char folder[PATH_MAX], events[4096];
    int fd = inotify_init1(IN_CLOEXEC);

    snprintf(folder, sizeof(folder), "%s", path);
    if (fd < 0 || inotify_add_watch(fd, dirname(folder), IN_MODIFY | IN_CREATE) < 0)
        return -1;
    while (!holds(path, text))
        if (read(fd, events, sizeof(events)) <= 0)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    struct xen_sysctl_cpuinfo *info;
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_getcpuinfo };
    struct timespec now;
    struct hv hv;

    if (hv_open(&hv) || (argc == 3 && wait_for(argv[1], argv[2])))
        return EXIT_FAILURE;
    clock_gettime(CLOCK_MONOTONIC, &now);
    info = hv_buf_get(&hv, sizeof(*info));
    if (!info)
        return EXIT_FAILURE;
    op.u.getcpuinfo.max_cpus = 1;
    set_xen_guest_handle(op.u.getcpuinfo.info, info);
    if (hv_sysctl(&hv, &op))
        return EXIT_FAILURE;
    printf("%lld %llu\n", now.tv_sec * 1000000000LL + now.tv_nsec, (unsigned long long)info->idletime);
    return EXIT_SUCCESS;
}
