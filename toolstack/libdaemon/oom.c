/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel may kill when memory runs out. See oom.h; proc(5), oom_score_adj.
 */
#include "oom.h"

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

/* As if it used nine tenths of all memory less than it does; -1000 would be "never". */
#define SCORE "-900\n"

void oom_kill_last(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, SCORE, sizeof(SCORE) - 1) < 0) {
        syslog(LOG_WARNING, "cannot ask to be the last that is killed for memory");
    }
    if (fd >= 0) {
        close(fd);
    }
}
