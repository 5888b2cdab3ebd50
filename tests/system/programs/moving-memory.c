/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * moving-memory CONFIG TIMES: takes a PCI device's memory away and gives it back TIMES times (bit 1 of the command register in
 * CONFIG, its file in sysfs), while eight processes sleep for short times. Then it waits, awake, until each of them has woken once
 * more. Prints how many did not, and exits with 1 when there is one. How fast the machine is does not matter.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SLEEPERS    8
#define COMMAND     4
#define MEMORY      2
#define PATIENCE    120 /* seconds, for who does not wake */

static volatile unsigned long *naps;

static void nap(unsigned int seed, volatile unsigned long *count)
{
    for (;; ++*count) {
        seed = seed * 1103515245 + 12345;
        nanosleep(&(struct timespec){ .tv_nsec = (seed >> 8) % 20000 * 1000L }, NULL);
    }
}

int main(int argc, char **argv)
{
    int fd = argc == 3 ? open(argv[1], O_RDWR) : -1;
    unsigned long times = argc == 3 ? strtoul(argv[2], NULL, 0) : 0, seen[SLEEPERS];
    time_t end;
    pid_t pid[SLEEPERS];
    uint16_t on, off;
    int still = 0;

    if (fd < 0 || pread(fd, &on, sizeof(on), COMMAND) != sizeof(on)) {
        perror("usage: moving-memory CONFIG TIMES");
        return 2;
    }
    off = on & ~MEMORY;
    naps = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < SLEEPERS; i++) {
        pid[i] = fork();
        if (pid[i] == 0)
            nap(i + 1, &naps[i]);
    }
    for (unsigned long n = 0; n < times; n++) {
        if (pwrite(fd, &off, sizeof(off), COMMAND) != sizeof(off) || pwrite(fd, &on, sizeof(on), COMMAND) != sizeof(on)) {
            perror("cannot write the command register");
            return 2;
        }
    }
    for (int i = 0; i < SLEEPERS; i++)
        seen[i] = naps[i];
    end = time(NULL) + PATIENCE;
    do { /* awake: nobody knows yet whether timers work */
        still = 0;
        for (int i = 0; i < SLEEPERS; i++)
            still += naps[i] == seen[i];
    } while (still && time(NULL) < end);
    for (int i = 0; i < SLEEPERS; i++) {
        printf("sleeper %d: %lu naps, %lu of them afterwards\n", i, naps[i], naps[i] - seen[i]);
        kill(pid[i], SIGKILL);
    }
    printf("%lu changes, %d sleepers stand still\n", times, still);
    return still != 0;
}
