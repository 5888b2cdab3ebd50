/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is half done: builds, saves, ends. The first two hold each a record (lock.c) named after the guest's UUID; a
 * record without a lock is that of a process that was killed. The next `xl create`, `destroy`,
 * `save`, `restore` or `autostart` ends the domain of such a build, and lets a guest whose save was
 * cut off go on; so does the guest's monitor, at once. Commands that only look change nothing.
 * Nothing here depends on process numbers.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"
#include <xen/sched.h>

#define BUILD_DIR XL_RUN_DIR "/xl-build"
#define SAVE_DIR  XL_RUN_DIR "/xl-save"
#define ANSWER_S  60  /* a guest that was asked to suspend itself may do it so much later */
#define OWNED     "from here on a domain with this UUID is ours\n"

int starting_open(const uint8_t uuid[16])
{
    char text[37];
    int fd;

    uuid_print(uuid, text);
    fd = record_lock(BUILD_DIR, text, RECORD_MAKE);
    if (fd >= 0)
        record_write(fd, "");
    return fd;
}

int starting_own(int fd)
{
    return fd > 0 ? record_write(fd, OWNED) : 0;
}

void starting_close(int fd, const uint8_t uuid[16])
{
    char text[37];

    if (fd <= 0)
        return;
    uuid_print(uuid, text);
    record_drop(fd, BUILD_DIR, text);
}

/* Ends the domain whose UUID is written TEXT. */
static void end_domain(struct xl *xl, const char *text)
{
    dominfo_t *list;
    int n = xl_domains(xl, &list);

    for (int i = 0; i < n; i++) {
        char uuid[37];

        uuid_print(list[i].handle, uuid);
        if (list[i].domain && !(list[i].flags & XEN_DOMINF_dying) && !strcmp(uuid, text)) {
            guest_destroy(xl, list[i].domain);
            xl_error("removed domain %u, whose start was interrupted", list[i].domain);
        }
    }
    if (n >= 0)
        free(list);
}

static void recover_build(struct xl *xl, const char *name)
{
    char text[sizeof(OWNED)];
    int fd = record_lock(BUILD_DIR, name, RECORD_ABANDONED);

    if (fd < 0)
        return;
    /* Without the note it had no domain yet: one with this UUID is another's. */
    if (!record_read(fd, text, sizeof(text)) && *text)
        end_domain(xl, name);
    record_drop(fd, BUILD_DIR, name);
}

/* ---- saves ---- */

/* "DOMID KEEPS TEMP NAME", a line each; TEMP may be empty. KEEPS: 0, or 1 once the image is whole and stands for the guest. */
struct save_note {
    uint32_t domid;
    bool whole;
    char temp[PATH_MAX], name[PATH_MAX];
};

int save_open(struct xl *xl, const uint8_t uuid[16], uint32_t domid, const char *temp,
              const char *name)
{
    char text[37];
    int fd, rc;

    uuid_print(uuid, text);
    recover_save(xl, text);
    fd = record_lock(SAVE_DIR, text, RECORD_MAKE);
    if (fd < 0)
        return fd;
    rc = save_note(fd, domid, false, temp, name);
    if (!rc)
        return fd;
    record_drop(fd, SAVE_DIR, text);
    return rc;
}

int save_note(int fd, uint32_t domid, bool whole, const char *temp, const char *name)
{
    char text[2 * PATH_MAX + 32];

    snprintf(text, sizeof(text), "%u\n%d\n%s\n%s\n", domid, whole, temp, name);
    return record_write(fd, text);
}

void save_close(int fd, const uint8_t uuid[16])
{
    char text[37];

    uuid_print(uuid, text);
    record_drop(fd, SAVE_DIR, text);
}

/* One line of TEXT; returns what follows it. */
static char *take_line(char *text, char *out, size_t size)
{
    size_t len = strcspn(text, "\n");

    snprintf(out, size, "%.*s", (int)len, text);
    return text + len + (text[len] == '\n');
}

static int read_save(int fd, struct save_note *n)
{
    char text[2 * PATH_MAX + 32], number[16], whole[16], *rest;
    unsigned long domid;
    int rc = record_read(fd, text, sizeof(text));

    if (rc)
        return rc;
    rest = take_line(take_line(text, number, sizeof(number)), whole, sizeof(whole));
    take_line(take_line(rest, n->temp, sizeof(n->temp)), n->name, sizeof(n->name));
    if (xl_parse_uint(number, DOMID_FIRST_RESERVED - 1, &domid))
        return -EINVAL;
    n->domid = (uint32_t)domid;
    n->whole = *whole == '1';
    return 0;
}

/* The guest of a save that was cut off. Returns whether nothing is left to do for it. */
static bool settle_guest(struct xl *xl, const char *uuid, const struct save_note *n, int fd)
{
    char theirs[37];
    dominfo_t info;
    struct stat st;

    if (hv_domain_info(&xl->hv, n->domid, &info))
        return true;
    uuid_print(info.handle, theirs);
    if (strcmp(theirs, uuid))
        return true;
    if (n->whole) {
        guest_destroy(xl, n->domid);
        xl_error("domain %u is saved as %s, though its `xl save` was killed", n->domid, n->name);
        return true;
    }
    if (info.flags & XEN_DOMINF_shutdown) {
        if ((info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == SHUTDOWN_suspend) {
            guest_resume(xl, n->domid);
            xl_error("domain %u goes on: its `xl save` was killed", n->domid);
        }
        return true;
    }
    /* It may be on its way to rest, and would then be left there. */
    guest_ask(xl, n->domid, "");
    return fstat(fd, &st) || time(NULL) - st.st_mtime > ANSWER_S;
}

void recover_save(struct xl *xl, const char *uuid)
{
    int fd = record_lock(SAVE_DIR, uuid, RECORD_ABANDONED);
    struct save_note n;

    if (fd < 0)
        return;
    if (!read_save(fd, &n)) {
        if (*n.temp && n.whole)
            rename(n.temp, n.name);
        else if (*n.temp)
            unlink(n.temp);
        if (!settle_guest(xl, uuid, &n, fd)) {
            close(fd);
            return;
        }
    }
    record_drop(fd, SAVE_DIR, uuid);
}

/* ---- ends ---- */

static bool parse_uuid(const char *text, uint8_t uuid[16])
{
    for (int i = 0; i < 16; i++, text += 2) {
        unsigned int v;

        text += *text == '-';
        if (sscanf(text, "%2x", &v) != 1)
            return false;
        uuid[i] = (uint8_t)v;
    }
    return true;
}

/* Domains that are gone, whose destruction was killed before it had cleared everything away. */
static void finish_ends(struct xl *xl)
{
    char **ids;
    unsigned int n;

    if (xs_list(xl->xs, XS_NO_TX, "/libxl", &ids, &n))
        return;
    for (unsigned int i = 0; i < n; i++) {
        char *text = xs_string(xl->xs, "/libxl/%s/ending", ids[i]);
        unsigned long domid;
        uint8_t uuid[16];
        dominfo_t info;

        if (text && !xl_parse_uint(ids[i], DOMID_FIRST_RESERVED - 1, &domid) &&
            hv_domain_info(&xl->hv, (uint32_t)domid, &info) == -ESRCH && parse_uuid(text, uuid)) {
            store_remove(xl, (uint32_t)domid, uuid);
            userdata_remove((uint32_t)domid, uuid);
        }
        free(text);
    }
    free(ids);
}

static void each_record(struct xl *xl, const char *path, void (*recover)(struct xl *, const char *))
{
    DIR *dir = opendir(path);
    struct dirent *d;

    if (!dir)
        return;
    while ((d = readdir(dir)))
        if (d->d_name[0] != '.')
            recover(xl, d->d_name);
    closedir(dir);
}

void journal_recover(struct xl *xl)
{
    each_record(xl, BUILD_DIR, recover_build);
    each_record(xl, SAVE_DIR, recover_save);
    finish_ends(xl);
}
