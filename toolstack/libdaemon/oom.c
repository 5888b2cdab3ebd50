/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel may kill when memory runs out. See oom.h; proc(5), oom_score_adj.
 */
#include "oom.h"

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#define SCORE "-1000\n"    /* never */

void oom_kill_last(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, SCORE, sizeof(SCORE) - 1) < 0) {
        syslog(LOG_WARNING, "cannot ask not to be killed for memory");
    }
    if (fd >= 0) {
        close(fd);
    }
}
