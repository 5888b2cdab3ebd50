/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests that are to be started again and could not be. The monitor of such a guest keeps a record
 * (lock.c) with the guest's name, the reason, when it tries again, and the configuration, so that
 * `xl list` can tell and nothing is lost if the monitor dies too. `xl destroy NAME` gives it up.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"

#define AGAIN_DIR XL_RUN_DIR "/xl-again"

struct again_note {
    char name[GUEST_NAME_MAX + 1], why[640];
    long long when;              /* CLOCK_BOOTTIME, seconds */
    bool tried;                  /* its monitor lives */
};

static long long now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec;
}

int again_open(const uint8_t uuid[16])
{
    char text[37];

    uuid_print(uuid, text);
    return record_lock(AGAIN_DIR, text, RECORD_MAKE);
}

int again_note(int fd, const char *name, const char *why, unsigned int seconds, const char *config)
{
    char *text, *line = strdup(why);
    int rc;

    for (char *p = line; p && *p; p++)
        if (*p == '\n')
            *p = ' ';
    if (!line || asprintf(&text, "# %s\n# %s\n# %lld\n%s", name, line, now_s() + seconds, config) < 0)
        rc = -ENOMEM;
    else {
        rc = record_write(fd, text);
        free(text);
    }
    free(line);
    return rc;
}

bool again_wanted(int fd)
{
    struct stat st;

    return !fstat(fd, &st) && st.st_nlink > 0;
}

void again_close(int fd, const uint8_t uuid[16])
{
    char text[37];

    uuid_print(uuid, text);
    if (fd >= 0 && again_wanted(fd))
        record_drop(fd, AGAIN_DIR, text);
    else if (fd >= 0)
        close(fd);
}

static bool read_note(const char *uuid, struct again_note *n)
{
    char path[PATH_MAX], number[32] = "";
    FILE *f;
    bool good;

    snprintf(path, sizeof(path), AGAIN_DIR "/%s", uuid);
    f = fopen(path, "re");
    if (!f)
        return false;
    good = fscanf(f, "# %64[^\n]\n# %639[^\n]\n# %31[0-9]", n->name, n->why, number) == 3;
    n->when = atoll(number);
    n->tried = flock(fileno(f), LOCK_SH | LOCK_NB) != 0;
    fclose(f);
    return good;
}

static void tell(const char *uuid, const struct again_note *n)
{
    long long left = n->when - now_s();

    if (n->tried)
        fprintf(stderr, "xl: guest '%s' is not running: it could not be started again (%s): next try "
                "in %lld s, `xl destroy %s` gives it up\n", n->name, n->why, left > 0 ? left : 0,
                n->name);
    else
        fprintf(stderr, "xl: guest '%s' is not running: it could not be started again (%s), and its "
                "monitor was killed: `xl create " AGAIN_DIR "/%s` starts it\n", n->name, n->why, uuid);
}

void again_tell(void)
{
    DIR *dir = opendir(AGAIN_DIR);
    struct dirent *d;

    if (!dir)
        return;
    while ((d = readdir(dir))) {
        struct again_note n;

        if (d->d_name[0] != '.' && read_note(d->d_name, &n))
            tell(d->d_name, &n);
    }
    closedir(dir);
}

int again_forget(const char *name)
{
    DIR *dir = opendir(AGAIN_DIR);
    int rc = -ESRCH;
    struct dirent *d;

    if (!dir)
        return rc;
    while ((d = readdir(dir))) {
        char path[PATH_MAX];
        struct again_note n;

        if (d->d_name[0] == '.' || !read_note(d->d_name, &n) || strcmp(n.name, name))
            continue;
        snprintf(path, sizeof(path), AGAIN_DIR "/%s", d->d_name);
        rc = unlink(path) ? -errno : 0;
    }
    closedir(dir);
    return rc;
}
