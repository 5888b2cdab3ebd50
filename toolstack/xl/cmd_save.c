/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl save, restore, suspend and resume. A guest that cannot be saved goes on, and a file that is
 * not complete is removed. A restored guest is created as any other (cmd_create.c), with the image
 * in place of a kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "create_options.h"
#include "xl.h"
#include <xen/sched.h>

/* A guest that has grown beyond memory= needs as much again. */
static int keep_memory(struct cfg *tree, uint64_t pages, struct cfg_log *log)
{
    struct guest_config c;
    char text[48];
    int rc = guest_config_read(tree, &c, log);

    snprintf(text, sizeof(text), "memory = %llu", (unsigned long long)(pages + 255) >> 8);
    if (!rc && pages * 4 > c.memory_kib)
        rc = cfg_add(tree, text, log);
    guest_config_free(&c);
    return rc;
}

/* The settings of the guest, or those of FILE, as text; malloc'd. */
static char *settings(struct xl *xl, uint32_t domid, const dominfo_t *info, const char *file)
{
    struct cfg_log log = { .warn = NULL };
    struct cfg tree = { .entries = 0 };
    char path[PATH_MAX], *text = NULL;

    if (file && !realpath(file, path))
        xl_error("%s: cannot open the configuration file: %s", file, strerror(errno));
    else if (file ? cfg_load(&tree, path, &log) : userdata_current(xl, domid, &tree, &log))
        xl_error("%s",
                 file ? log.error
                      : "the guest has no saved configuration: name its file behind the image");
    else if (keep_memory(&tree, info->tot_pages, &log))
        xl_error("%s", log.error);
    else
        text = userdata_text(&tree);
    cfg_free(&tree);
    return text;
}

/* Where the image goes. A file of this name is replaced when the image is complete; a device is
 * written to. */
struct target {
    char name[PATH_MAX], temp[PATH_MAX]; /* absolute: another process may have to clean up */
    int fd;
    int record; /* save_open()'s */
    uint32_t domid;
    uint8_t uuid[16];
};

/* NAME in its folder's real path; the file itself need not be there. */
static int absolute(const char *name, char *out, size_t size)
{
    char folder[PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(name, '/');

    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - name) : 1, slash ? name : ".");
    if (!realpath(*folder ? folder : "/", real))
        return xl_error("cannot open %s.part: %s", name, strerror(errno));
    if ((size_t)snprintf(out, size, "%s/%s", strcmp(real, "/") ? real : "", slash ? slash + 1 : name) +
                sizeof(".part") > size || strchr(out, '\n'))
        return xl_error("%s: the name is too long, or has a line end", name);
    return 0;
}

/* The record comes first: from then on somebody cleans up, whatever happens. */
static int open_target(struct xl *xl, struct target *t, const char *name)
{
    struct stat st;
    bool file = stat(name, &st) || S_ISREG(st.st_mode);

    if (absolute(name, t->name, sizeof(t->name)))
        return EXIT_FAILURE;
    t->temp[0] = '\0';
    if (file)
        snprintf(t->temp, sizeof(t->temp), "%.*s.part", (int)sizeof(t->temp) - 6, t->name);
    t->record = save_open(xl, t->uuid, t->domid, t->temp, t->name);
    if (t->record < 0)
        return xl_error("cannot write to " XL_RUN_DIR ": %s", strerror(-t->record));
    t->fd = open(file ? t->temp : t->name, O_WRONLY | O_CLOEXEC | (file ? O_CREAT | O_TRUNC : 0),
                 0600);
    if (t->fd >= 0)
        return 0;
    xl_error("cannot open %s: %s", file ? t->temp : t->name, strerror(errno));
    save_close(t->record, t->uuid);
    return EXIT_FAILURE;
}

/* RC: how the writing went; ENDS: the image stands for the guest from now on. Returns how all went. */
static int close_target(struct target *t, int rc, bool ends, struct build_error *err)
{
    struct stat st;

    if (!rc && !fstat(t->fd, &st) && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) && fsync(t->fd))
        rc = build_fail(err, -errno, "cannot write the image: %s", strerror(errno));
    close(t->fd);
    if (!rc && ends && save_note(t->record, t->domid, true, t->temp, t->name))
        rc = build_fail(err, -EIO, "cannot write to " XL_RUN_DIR);
    if (!rc && t->temp[0] && rename(t->temp, t->name)) {
        rc = build_fail(err, -errno, "cannot rename %s: %s", t->temp, strerror(errno));
        save_note(t->record, t->domid, false, t->temp, t->name);
    }
    if (rc && t->temp[0])
        unlink(t->temp);
    return rc;
}

/* What becomes of the guest behind its image. */
enum afterwards { AFTER_DESTROY, AFTER_PAUSE, AFTER_GO_ON };

static int save_guest(struct xl *xl, uint32_t domid, const char *config, struct target *t,
                      enum afterwards after)
{
    struct build_error err = { .text = "" };
    const char *why;
    int rc = guest_suspend(xl, domid, &why);

    if (rc) {
        close_target(t, rc, false, &err);
        return xl_error("domain %u cannot be suspended: %s", domid, why);
    }
    rc = savefile_write(t->fd, config, &err);
    if (!rc)
        rc = pv_save(&xl->hv, domid, t->fd, &err);
    rc = close_target(t, rc, after == AFTER_DESTROY, &err);
    if (!rc && after == AFTER_DESTROY) {
        rc = guest_destroy(xl, domid);
        return rc ? xl_error("domain %u is saved, but cannot be destroyed: %s", domid,
                             strerror(-rc))
                  : 0;
    }
    if (rc)
        xl_error("domain %u is not saved and goes on: %s", domid, err.text);
    if (!rc && after == AFTER_PAUSE)
        rc = hv_domain_pause(&xl->hv, domid);
    if (guest_resume(xl, domid))
        return xl_error("domain %u cannot go on: `xl destroy` removes it", domid);
    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_save(struct xl *xl, int argc, char **argv)
{
    enum afterwards after = AFTER_DESTROY;
    struct target target;
    dominfo_t info;
    uint32_t domid;
    char *config;
    int c, rc;

    while ((c = xl_getopt(argc, argv, "cph")) != -1) {
        switch (c) {
        case 'c':
            after = AFTER_GO_ON;
            break;
        case 'p':
            after = AFTER_PAUSE;
            break;
        default:
            return xl_usage("save");
        }
    }
    rc = xl_need_args("save", argc, optind, 2);
    if (rc)
        return rc;
    if (xl_need_all(xl) || xl_find_domain(xl, argv[optind], &domid))
        return EXIT_FAILURE;
    if (domid == 0)
        return xl_error("Domain 0 cannot be saved: it runs all other domains");
    if (hv_domain_info(&xl->hv, domid, &info))
        return xl_error("domain %u is gone", domid);
    journal_recover(xl);
    config = settings(xl, domid, &info, optind + 2 < argc ? argv[optind + 2] : NULL);
    if (!config)
        return EXIT_FAILURE;
    if (xl->dry_run) {
        free(config);
        return EXIT_SUCCESS;
    }
    target.domid = domid;
    memcpy(target.uuid, info.handle, sizeof(target.uuid));
    rc = open_target(xl, &target, argv[optind + 1]);
    if (!rc) {
        /* From here to the end the guest rests: only the end brings it back. */
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        rc = save_guest(xl, domid, config, &target, after);
        save_close(target.record, target.uuid);
    }
    free(config);
    return rc;
}

int cmd_suspend(struct xl *xl, int argc, char **argv)
{
    const char *why = "";
    uint32_t domid;
    int rc = xl_need_args("suspend", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_need_all(xl) || xl_find_domain(xl, argv[1], &domid))
        return EXIT_FAILURE;
    rc = xl->dry_run ? 0 : guest_suspend(xl, domid, &why);
    return rc ? xl_error("domain %s cannot be suspended: %s", argv[1], why) : 0;
}

int cmd_resume(struct xl *xl, int argc, char **argv)
{
    dominfo_t info;
    uint32_t domid;
    int rc = xl_need_args("resume", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_need_all(xl) || xl_find_domain(xl, argv[1], &domid))
        return EXIT_FAILURE;
    if (hv_domain_info(&xl->hv, domid, &info) || !(info.flags & XEN_DOMINF_shutdown) ||
        (info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) != SHUTDOWN_suspend)
        return xl_error("domain %s is not suspended", argv[1]);
    rc = xl->dry_run ? 0 : guest_resume(xl, domid);
    return rc ? xl_error("domain %s cannot go on: %s", argv[1], strerror(-rc)) : 0;
}

/* Opens the image and takes the settings from it, or from FILE. */
static int open_image(struct guest *g, const char *image, const char *file, struct cfg_log *log)
{
    struct build_error err;
    char *config;
    int rc;

    g->image_fd = open(image, O_RDONLY | O_CLOEXEC);
    if (g->image_fd < 0) {
        g->image_fd = 0;
        return cfg_fail(log, image, 0, "cannot open the image: %s", strerror(errno));
    }
    rc = savefile_read(g->image_fd, &config, &err);
    if (rc)
        return cfg_fail(log, image, 0, "%s", err.text);
    if (file)
        rc = cfg_load(&g->tree, file, log);
    else if (!config)
        rc = cfg_fail(
            log, image, 0,
            "its configuration is in libxl's form, which is not read: name the guest's file, "
            "`xl restore FILE %s`",
            image);
    else
        rc = userdata_parse(&g->tree, image, config, log);
    free(config);
    return rc;
}

int cmd_restore(struct xl *xl, int argc, char **argv)
{
    struct create_options o = { .dry_run = xl->dry_run, .quiet = true };
    struct cfg_log log = { .warn = NULL };
    struct guest g = { .domid = 0 };
    char path[PATH_MAX];
    const char *file = NULL;
    int c, rc;

    while ((c = xl_getopt(argc, argv, "FVAcpedh")) != -1) {
        switch (c) {
        case 'p':
            o.paused = true;
            break;
        case 'c':
            o.console = true;
            break;
        case 'e':
            o.no_monitor = true;
            break;
        case 'F':
            o.foreground = true;
            break;
        case 'd':
        case 'V':
        case 'A':
            break;
        default:
            return xl_usage("restore");
        }
    }
    rc = xl_need_args("restore", argc, optind, 1);
    if (rc)
        return rc;
    if (optind + 1 < argc) {
        if (!realpath(argv[optind], path))
            return xl_error("%s: cannot open the configuration file: %s", argv[optind],
                            strerror(errno));
        file = path;
        optind++;
    }
    rc = open_image(&g, argv[optind], file, &log);
    if (!rc)
        rc = guest_config_read(&g.tree, &g.cfg, &log);
    if (rc)
        rc = xl_error("%s", log.error);
    else
        rc = create_guest(xl, &g, &o);
    guest_free(&g);
    return rc;
}
