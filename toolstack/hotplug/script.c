/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a hotplug script (docs/misc/block-scripts.txt): in a process group of its own, with a time
 * limit, its output in /var/log/xen/xen-hotplug.log. Called by xl for script= of disk and vif.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hotplug.h"

#define HOTPLUG_LOG "/var/log/xen/xen-hotplug.log"
#define POLL_MS     10

void script_path(const char *name, char *out, size_t size)
{
    if (strchr(name, '/'))
        snprintf(out, size, "%s", name);
    else
        snprintf(out, size, HOTPLUG_SCRIPT_DIR "/%s", name);
}

/* The child: never returns. */
static void exec_script(const char *const argv[], const char *const env[])
{
    int log = open(HOTPLUG_LOG, O_WRONLY | O_CREAT | O_APPEND, 0644);
    int null = open("/dev/null", O_RDWR);

    setpgid(0, 0);
    dup2(null, 0);
    dup2(log >= 0 ? log : null, 1);
    dup2(log >= 0 ? log : null, 2);
    for (int i = 0; env[i]; i++)
        putenv((char *)env[i]);
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

int script_run(const char *const argv[], const char *const env[], int timeout_ms)
{
    struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
    pid_t pid = fork();
    int status;

    if (pid < 0)
        return -errno;
    if (pid == 0)
        exec_script(argv, env);
    for (int waited = 0; waitpid(pid, &status, WNOHANG) != pid; waited += POLL_MS) {
        if (waited >= timeout_ms) {
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -ETIMEDOUT;
        }
        nanosleep(&pause, NULL);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
