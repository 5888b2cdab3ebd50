/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds in progress. A build holds a locked file named after the guest's UUID; the kernel drops
 * the lock when the process dies, however it dies. The next xl that finds a file without a lock
 * ends the domain with that UUID and removes the file. Nothing here depends on process numbers.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xl.h"

#define JOURNAL_DIR XL_RUN_DIR "/xl-build"

static void journal_path(const uint8_t uuid[16], char *out, size_t size)
{
    char text[37];

    uuid_print(uuid, text);
    snprintf(out, size, JOURNAL_DIR "/%s", text);
}

int journal_open(const uint8_t uuid[16])
{
    char path[128];
    int fd;

    mkdir(XL_RUN_DIR, 0755);
    mkdir(JOURNAL_DIR, 0700);
    journal_path(uuid, path, sizeof(path));
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        close(fd);
        return -EBUSY;
    }
    return fd;
}

void journal_close(int fd, const uint8_t uuid[16])
{
    char path[128];

    if (fd < 0)
        return;
    journal_path(uuid, path, sizeof(path));
    unlink(path);
    close(fd);
}

/* Ends the domain whose UUID is written TEXT. */
static void end_domain(struct xl *xl, const char *text)
{
    dominfo_t *list;
    int n = xl_domains(xl, &list);

    for (int i = 0; i < n; i++) {
        char uuid[37];

        uuid_print(list[i].handle, uuid);
        if (list[i].domain && !strcmp(uuid, text)) {
            guest_destroy(xl, list[i].domain);
            xl_error("removed domain %u, whose start was interrupted", list[i].domain);
        }
    }
    if (n >= 0)
        free(list);
}

static void recover_one(struct xl *xl, const char *name)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), JOURNAL_DIR "/%s", name);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        end_domain(xl, name);
        unlink(path);
    }
    close(fd);
}

void journal_recover(struct xl *xl)
{
    DIR *dir = opendir(JOURNAL_DIR);
    struct dirent *d;

    if (!dir)
        return;
    while ((d = readdir(dir)))
        if (d->d_name[0] != '.')
            recover_one(xl, d->d_name);
    closedir(dir);
}
