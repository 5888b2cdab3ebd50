/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What keeps two xl apart. The lock of all xl runs, /run/lock/xl, is held from looking whether
 * something is free (a name, a disk, an address, a device number, the saved configuration) until
 * it is taken, and for nothing that takes long: docs/locking.md. Records are small locked files
 * that say what a process is about; the kernel drops the lock when the process dies, however it
 * dies, and whoever finds a record without a lock cleans up (journal.c, retry.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xl.h"

#ifndef XL_LOCK_DIR
#define XL_LOCK_DIR "/run/lock"
#endif
#define TELL_AFTER_S 5   /* a wait that is longer gets a word */

static void wake(int number)
{
    (void)number;
}

/* Waits for the lock; says so, with what it waits for, when that takes long. */
static int wait_locked(int fd, const char *path, const char *for_what)
{
    struct sigaction alarm_now = { .sa_handler = wake }, before;
    bool told = false;
    int rc = 0;

    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    sigaction(SIGALRM, &alarm_now, &before);
    alarm(TELL_AFTER_S);
    while (flock(fd, LOCK_EX)) {
        if (errno != EINTR) {
            rc = -errno;
            break;
        }
        if (!told && for_what)
            fprintf(stderr, "xl: note: waiting for %s (%s)\n", for_what, path);
        told = true;
    }
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
    return rc;
}

int xl_lock_file(const char *name, const char *for_what)
{
    char path[PATH_MAX];
    int fd, rc;

    mkdir(XL_LOCK_DIR, 0755);
    snprintf(path, sizeof(path), XL_LOCK_DIR "/%s", name);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    rc = wait_locked(fd, path, for_what);
    if (rc)
        close(fd);
    return rc ? rc : fd;
}

int xl_lock(void)
{
    return xl_lock_file("xl", "another xl to take or give back its devices");
}

void xl_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Whether PATH still names the file that is open as FD. */
static bool still_there(int fd, const char *path)
{
    struct stat open_file, named;

    return !fstat(fd, &open_file) && !stat(path, &named) && open_file.st_dev == named.st_dev &&
           open_file.st_ino == named.st_ino;
}

int record_lock(const char *dir, const char *name, enum record_mode mode)
{
    char path[PATH_MAX];

    if (mode == RECORD_MAKE) {
        mkdir(XL_RUN_DIR, 0755);
        mkdir(dir, 0700);
    }
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    for (;;) {
        int fd = open(path, O_RDWR | O_CLOEXEC | (mode == RECORD_MAKE ? O_CREAT : 0), 0600), rc = 0;

        if (fd < 0)
            return -errno;
        if (mode == RECORD_MAKE)
            rc = wait_locked(fd, path, "another xl that is busy with this guest");
        else if (flock(fd, LOCK_EX | LOCK_NB))
            rc = -errno;
        if (!rc && still_there(fd, path))
            return fd;
        close(fd);
        if (rc)
            return rc;
        /* Its owner was done, and removed it, between our open and our lock. */
    }
}

void record_drop(int fd, const char *dir, const char *name)
{
    char path[PATH_MAX];

    if (fd < 0)
        return;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    unlink(path);
    close(fd);
}

int record_write(int fd, const char *text)
{
    size_t len = strlen(text);

    if (ftruncate(fd, 0) || pwrite(fd, text, len, 0) != (ssize_t)len)
        return errno ? -errno : -EIO;
    return 0;
}

int record_read(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return n < 0 ? -errno : 0;
}
