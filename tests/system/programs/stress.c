/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Load for Domain 0: workers that fork, map memory, send signals, talk through
 * pipes, write files and start programs, each checking what it gets.
 *
 *     stress SECONDS WORKERS
 *
 * Prints one line per kind of load with the rounds done, then "stress: passed";
 * exits 1 with a line that says what was wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t signals;

static void fail(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fprintf(stderr, "stress: FAILED: ");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    va_end(ap);
    _exit(1);
}

static void load_fork(unsigned round)
{
    int status;
    pid_t pid = fork();

    if (pid < 0)
        fail("fork: %s", strerror(errno));
    if (pid == 0)
        _exit(round & 0x7f);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != (int)(round & 0x7f))
        fail("child exited with %#x instead of %u", status, round & 0x7f);
}

/* Touches every page, forks so that it is shared, writes on both sides. */
static void load_memory(unsigned round)
{
    size_t pages = 16 + round % 64, size = pages * 4096;
    unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status;
    pid_t pid;

    if (p == MAP_FAILED)
        fail("mmap: %s", strerror(errno));
    for (size_t i = 0; i < pages; i++)
        p[i * 4096] = i ^ round;
    pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < pages; i++)
            p[i * 4096] = 0;
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        fail("copy-on-write child: %#x", status);
    if (mprotect(p, size, PROT_READ))
        fail("mprotect: %s", strerror(errno));
    for (size_t i = 0; i < pages; i++)
        if (p[i * 4096] != (unsigned char)(i ^ round))
            fail("page %zu of %zu holds %#x", i, pages, p[i * 4096]);
    munmap(p, size);
}

static void on_signal(int sig)
{
    (void)sig;
    signals++;
}

/* One fault caught and one signal sent a round; floating-point state must survive both. */
static void load_signal(unsigned round)
{
    volatile double x = round + 0.5;
    sig_atomic_t before = signals;

    if (kill(getpid(), SIGUSR1))
        fail("kill: %s", strerror(errno));
    if (signals != before + 1)
        fail("signal handler ran %d times", (int)(signals - before));
    if (x * 2 != 2.0 * round + 1)
        fail("floating-point value lost over a signal");
}

static void load_pipe(unsigned round)
{
    int there[2], back[2];
    unsigned value;
    pid_t pid;

    if (pipe(there) || pipe(back))
        fail("pipe: %s", strerror(errno));
    pid = fork();
    if (pid == 0) {
        while (read(there[0], &value, sizeof(value)) == sizeof(value) && value) {
            value++;
            if (write(back[1], &value, sizeof(value)) != sizeof(value))
                _exit(1);
        }
        _exit(0);
    }
    for (unsigned i = 1; i <= 20; i++) {
        value = i + round;
        if (write(there[1], &value, sizeof(value)) != sizeof(value) ||
            read(back[0], &value, sizeof(value)) != sizeof(value) || value != i + round + 1)
            fail("pipe gave %u back for %u", value, i + round);
    }
    value = 0;
    if (write(there[1], &value, sizeof(value)) != sizeof(value))
        fail("pipe: %s", strerror(errno));
    close(there[0]), close(there[1]), close(back[0]), close(back[1]);
    waitpid(pid, NULL, 0);
}

static void load_file(unsigned round)
{
    char path[64], out[8192], in[8192];
    int fd;

    snprintf(path, sizeof(path), "/tmp/stress.%d", (int)getpid());
    memset(out, round, sizeof(out));
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, out, sizeof(out)) != sizeof(out) || pread(fd, in, sizeof(in), 0) != sizeof(in) ||
        memcmp(in, out, sizeof(in)))
        fail("file %s: %s", path, strerror(errno));
    close(fd);
    unlink(path);
}

static void load_exec(unsigned round)
{
    int status;
    pid_t pid = vfork();

    (void)round;
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        fail("/bin/true: %#x", status);
}

static const struct {
    const char *name;
    void (*run)(unsigned round);
} loads[] = {
    { "fork", load_fork }, { "memory", load_memory }, { "signal", load_signal },
    { "pipe", load_pipe }, { "file", load_file },     { "exec", load_exec },
};
#define LOADS (sizeof(loads) / sizeof(loads[0]))

static void worker(unsigned n, time_t end, unsigned long *rounds)
{
    signal(SIGUSR1, on_signal);
    for (unsigned i = 0; time(NULL) < end; i++) {
        unsigned which = (n + i) % LOADS;

        for (unsigned k = 0; k < 8; k++)
            loads[which].run(i * 8 + k);
        __atomic_fetch_add(&rounds[which], 8, __ATOMIC_RELAXED);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? atoi(argv[1]) : 10, workers = argc > 2 ? atoi(argv[2]) : 4, bad = 0;
    time_t end = time(NULL) + seconds;
    unsigned long *rounds = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    for (unsigned n = 0; n < workers; n++)
        if (fork() == 0)
            worker(n, end, rounds);
    for (unsigned n = 0; n < workers; n++) {
        int status;

        wait(&status);
        bad += status != 0;
    }
    for (unsigned i = 0; i < LOADS; i++) {
        printf("stress: %-6s %lu rounds\n", loads[i].name, rounds[i]);
        bad += rounds[i] == 0;
    }
    printf(bad ? "stress: %u workers FAILED\n" : "stress: passed\n", bad);
    return bad != 0;
}
