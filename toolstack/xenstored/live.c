/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The planned restart, and the start after a crash. See live.h; the format is record.h's.
 */
#include "live.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conn.h"

#define MAX_ARGS 64
#define LIVE_OPTION "--live-update="

static void set_inherited(int fd, bool inherited)
{
    if (fd >= 0) {
        fcntl(fd, F_SETFD, inherited ? 0 : FD_CLOEXEC);
    }
}

static void set_all_inherited(struct xsd *x, int listen_fd, int evtchn_fd, bool inherited)
{
    set_inherited(listen_fd, inherited);
    set_inherited(evtchn_fd, inherited);
    list_for(it, &x->conns) {
        set_inherited(list_entry(it, struct conn, link)->fd, inherited);
    }
}

/*
 * Returns a descriptor, which the new process inherits, of a file with the stream in it; or -errno.
 */
static int write_stream(struct xsd *x, int listen_fd, int evtchn_fd)
{
    struct buf b = { 0 };
    int fd = memfd_create("xenstored", 0);

    if (fd < 0) {
        return -errno;
    }
    save_state(x, &b, true, listen_fd, evtchn_fd);
    if (b.failed || write(fd, b.data, b.len) != (ssize_t)b.len) {
        close(fd);
        fd = -ENOMEM;
    }
    buf_free(&b);
    return fd;
}

int live_exec(struct xsd *x, const char *binary, const char *args, char **argv, int listen_fd,
              int evtchn_fd)
{
    char *list[MAX_ARGS + 3], option[40], *copy = args ? strdup(args) : NULL, *save = NULL;
    int fd, n = 1, err;

    if (args && !copy) {
        return -ENOMEM;
    }
    list[0] = argv[0];
    for (char *a = copy ? strtok_r(copy, " ", &save) : NULL; a &&
         n < MAX_ARGS; a = strtok_r(NULL, " ", &save)) {
        list[n++] = a;
    }
    for (int i = 1; !args && argv[i] && n < MAX_ARGS; i++) {
        if (strncmp(argv[i], LIVE_OPTION, strlen(LIVE_OPTION))) {
            list[n++] = argv[i];
        }
    }
    fd = write_stream(x, listen_fd, evtchn_fd);
    if (fd < 0) {
        free(copy);
        return fd;
    }
    snprintf(option, sizeof(option), LIVE_OPTION "%d", fd);
    list[n++] = option;
    list[n] = NULL;
    xsd_note(x, "live update to %s", binary);
    set_all_inherited(x, listen_fd, evtchn_fd, true);
    execv(binary, list);
    err = errno;
    set_all_inherited(x, listen_fd, evtchn_fd, false);
    close(fd);
    free(copy);
    return -err;
}

int live_resume(struct xsd *x, int fd, struct restored *out)
{
    const char *what;
    struct stat st;
    void *map;
    int rc;

    if (fstat(fd, &st) < 0 || !st.st_size) {
        return -EINVAL;
    }
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        return -errno;
    }
    rc = restore_stream(x, map, (size_t)st.st_size, true, 0, 0, out, &what);
    munmap(map, (size_t)st.st_size);
    close(fd);
    if (rc) {
        xsd_note(x, "the state of the former xenstored cannot be read: bad %s", what);
        return rc;
    }
    set_all_inherited(x, out->socket_fd, out->evtchn_fd, false);
    return 0;
}

int crash_resume(struct xsd *x, const char *dir, struct ringfile *rings)
{
    const struct journal_header *hdr;
    struct restored none;
    const char *data, *what = "file of message buffers";
    size_t len;
    int rc = journal_open(&x->journal, dir, &data, &len);

    if (rc) {
        return rc;
    }
    hdr = x->journal.map;
    rc = rings_open(rings, dir, (uint32_t)hdr->rings);
    if (!rc) {
        x->rings = rings;
        rc = restore_stream(x, data, len, false, hdr->base, hdr->snapshot_len, &none, &what);
    }
    if (rc) {
        xsd_note(x, "the state that a former xenstored has left cannot be used: bad %s", what);
        if (x->rings) {
            rings_close(rings);
        }
    }
    return rc;
}
