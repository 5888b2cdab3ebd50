/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log files of bounded size. See log.h. A write that fails (no space) is given up silently: a
 * console must go on.
 */
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int open_file(struct logfile *l)
{
    struct stat st;

    l->fd = open(l->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (l->fd < 0) {
        return -errno;
    }
    l->size = fstat(l->fd, &st) ? 0 : (size_t)st.st_size;
    return 0;
}

int log_open(struct logfile *l, const char *dir, const char *name, size_t limit, bool stamp,
             bool replace_escape)
{
    *l = (struct logfile){ .fd = -1, .limit = limit, .stamp = stamp, .line_start = true,
                           .replace_escape = replace_escape };
    if (asprintf(&l->path, "%s/%s", dir, name) < 0) {
        l->path = NULL;
        return -ENOMEM;
    }
    for (char *p = l->path + strlen(dir) + 1; *p; p++) {
        *p = *p == '/' ? '_' : *p;
    }
    return open_file(l);
}

void log_close(struct logfile *l)
{
    if (l->fd >= 0) {
        close(l->fd);
    }
    free(l->path);
    *l = (struct logfile){ .fd = -1 };
}

void log_reopen(struct logfile *l)
{
    if (l->path) {
        if (l->fd >= 0) {
            close(l->fd);
        }
        open_file(l);
    }
}

static void rotate(struct logfile *l)
{
    char *old;

    if (asprintf(&old, "%s.1", l->path) < 0) {
        return;
    }
    rename(l->path, old);
    free(old);
    log_reopen(l);
}

/* Leaves the last max octets of a file. */
static void cut(const char *path, size_t max)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    char *tail;

    if (fd < 0) {
        return;
    }
    if (!fstat(fd, &st) && (size_t)st.st_size > max && (tail = malloc(max))) {
        ssize_t n = pread(fd, tail, max, st.st_size - (off_t)max);

        if (n < 0 || ftruncate(fd, 0) || pwrite(fd, tail, (size_t)n, 0) != n) {
            unlink(path);    /* bounded comes before kept */
        }
        free(tail);
    }
    close(fd);
}

void log_set_limit(struct logfile *l, size_t limit)
{
    char *old;

    if (l->path && limit < l->limit && asprintf(&old, "%s.1", l->path) >= 0) {
        cut(l->path, limit);
        cut(old, limit);
        free(old);
        log_reopen(l);
    }
    l->limit = limit;
}

/* Finds the oldest file that may go; *total is what all of them have. */
static bool oldest(DIR *dir, bool (*in_use)(void *arg, const char *name), void *arg,
                   char name[256], size_t *total)
{
    struct timespec first = { 0 };
    struct dirent *e;
    struct stat st;
    bool found = false;

    *total = 0;
    rewinddir(dir);
    while ((e = readdir(dir))) {
        if (strncmp(e->d_name, "guest-", 6) || in_use(arg, e->d_name) ||
            fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode)) {
            continue;
        }
        *total += (size_t)st.st_size;
        if (!found || st.st_mtim.tv_sec < first.tv_sec ||
            (st.st_mtim.tv_sec == first.tv_sec && st.st_mtim.tv_nsec < first.tv_nsec)) {
            snprintf(name, 256, "%s", e->d_name);
            first = st.st_mtim;
            found = true;
        }
    }
    return found;
}

void log_prune(const char *dir, size_t total, bool (*in_use)(void *arg, const char *name),
               void *arg)
{
    DIR *d = opendir(dir);
    char name[256];
    size_t sum;

    while (d && oldest(d, in_use, arg, name, &sum) && sum > total) {
        if (unlinkat(dirfd(d), name, 0)) {
            break;
        }
    }
    if (d) {
        closedir(d);
    }
}

static void put(struct logfile *l, const char *data, size_t len)
{
    ssize_t n;

    if (l->fd >= 0 && l->size + len > l->limit) {
        rotate(l);
    }
    n = l->fd >= 0 ? write(l->fd, data, len) : 0;
    l->size += n > 0 ? (size_t)n : 0;
}

static void put_stamp(struct logfile *l)
{
    char text[32];
    time_t now = time(NULL);
    struct tm tm;

    localtime_r(&now, &tm);
    put(l, text, strftime(text, sizeof(text), "[%Y-%m-%d %H:%M:%S] ", &tm));
}

void log_write(struct logfile *l, const char *data, size_t len)
{
    char copy[2048];

    if (l->fd < 0) {
        return;
    }
    while (len) {
        const char *nl = l->stamp ? memchr(data, '\n', len) : NULL;
        size_t n = nl ? (size_t)(nl - data) + 1 : len;

        n = n > sizeof(copy) ? sizeof(copy) : n;
        if (l->stamp && l->line_start) {
            put_stamp(l);
        }
        memcpy(copy, data, n);
        for (size_t i = 0; l->replace_escape && i < n; i++) {
            copy[i] = copy[i] == '\033' ? '.' : copy[i];
        }
        put(l, copy, n);
        l->line_start = copy[n - 1] == '\n';
        data += n;
        len -= n;
    }
}

size_t log_tail(const struct logfile *l, char *buf, size_t max)
{
    size_t want = l->size < max ? l->size : max;
    ssize_t n = l->fd < 0 ? 0 : pread(l->fd, buf, want, (off_t)(l->size - want));

    return n > 0 ? (size_t)n : 0;
}
