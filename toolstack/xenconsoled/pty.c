/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pseudo terminals. See pty.h.
 */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int set_up(struct pty *p)
{
    struct termios term;
    int slave;

    if (grantpt(p->master) || unlockpt(p->master) ||
        ptsname_r(p->master, p->name, sizeof(p->name))) {
        return -errno;
    }
    /* Opened and closed once, so that the master reports the hang-up from the start. */
    slave = open(p->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || tcgetattr(slave, &term) < 0) {
        return -errno;
    }
    cfmakeraw(&term);
    tcsetattr(slave, TCSANOW, &term);
    close(slave);
    return 0;
}

int pty_open(struct pty *p, int inotify)
{
    int rc;

    p->watch = -1;
    p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (p->master < 0) {
        return -errno;
    }
    rc = set_up(p);
    if (rc) {
        close(p->master);
        p->master = -1;
        return rc;
    }
    if (inotify >= 0) {
        p->watch = inotify_add_watch(inotify, p->name, IN_OPEN);
    }
    return 0;
}

void pty_unwatch(struct pty *p, int inotify)
{
    if (p->watch >= 0) {
        inotify_rm_watch(inotify, p->watch);
    }
    p->watch = -1;
}

bool pty_drained(const struct pty *p)
{
    int slave = open(p->name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), unread = 0;

    if (slave >= 0) {
        ioctl(slave, FIONREAD, &unread);
        close(slave);
    }
    return !unread;
}

void pty_close(struct pty *p, int inotify)
{
    pty_unwatch(p, inotify);
    if (p->master >= 0) {
        close(p->master);
    }
    p->master = -1;
}

bool pty_in_use(const struct pty *p)
{
    struct pollfd pfd = { .fd = p->master };

    return p->master >= 0 && poll(&pfd, 1, 0) >= 0 && !(pfd.revents & POLLHUP);
}
