/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * steal PID: stops one thread of process PID after the other, chosen at random, for up to six milliseconds each, as if the machine
 * were busy with something else: races between the CPUs of an emulator show up. Until it is killed or PID ends. (ptrace(2))
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 64
#define EVENT(status) ((status) >> 16)

static pid_t threads[THREADS_MAX];
static unsigned int count;

static void add(pid_t thread)
{
    for (unsigned int i = 0; i < count; i++)
        if (threads[i] == thread)
            return;
    if (count < THREADS_MAX)
        threads[count++] = thread;
}

static void forget(pid_t thread)
{
    for (unsigned int i = 0; i < count; i++)
        if (threads[i] == thread)
            threads[i--] = threads[--count];
    if (!count)
        exit(0);
}

static void attach(const char *pid)
{
    char path[64];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%s/task", pid);
    dir = opendir(path);
    while (dir && (entry = readdir(dir)) && count < THREADS_MAX) {
        pid_t thread = atoi(entry->d_name);

        if (thread > 0 && !ptrace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACECLONE))
            add(thread);
    }
    if (dir)
        closedir(dir);
}

/* A thread has begun, has ended, or has stopped for another reason than ours: it goes on, with its signal if it got one. */
static void pass_on(pid_t thread, int status)
{
    if (WIFSTOPPED(status)) {
        add(thread);
        ptrace(PTRACE_CONT, thread, 0, EVENT(status) ? 0 : WSTOPSIG(status));
    } else {
        forget(thread);
    }
}

static void pass_all_on(void)
{
    int status;
    pid_t thread;

    while ((thread = waitpid(-1, &status, __WALL | WNOHANG)) > 0)
        pass_on(thread, status);
}

static void stop(pid_t thread)
{
    int status;
    pid_t seen;

    if (ptrace(PTRACE_INTERRUPT, thread, 0, 0)) {
        forget(thread);
        return;
    }
    /* Of all threads: the first one's end is told when all others' have been. */
    while ((seen = waitpid(-1, &status, __WALL)) != thread || EVENT(status) != PTRACE_EVENT_STOP) {
        if (seen < 0)
            exit(0);
        pass_on(seen, status);
        if (seen == thread && !WIFSTOPPED(status))
            return;
    }
    usleep(rand() % 3 ? rand() % 300 : rand() % 6000);
    ptrace(PTRACE_CONT, thread, 0, 0);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        attach(argv[1]);
    if (!count) {
        fputs("usage: steal PID, of a process that may be traced\n", stderr);
        return 1;
    }
    srand(getpid());
    for (;;) {
        stop(threads[rand() % count]);
        pass_all_on();
        usleep(rand() % 500);
        pass_all_on();
    }
}
