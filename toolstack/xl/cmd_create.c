/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl create and xl config-update. A child of its own session builds the guest and then stays as its
 * monitor; the command only waits for its word. If the command is killed, the child notices that
 * nobody reads its word and removes the guest; if the child is killed, the command cleans up; if
 * both are, the next xl does (journal.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "create_options.h"
#include "xl.h"

/* The settings from the file and from KEY=VALUE arguments. */
static int read_settings(const struct create_options *o, int argc, char **argv, struct cfg *tree,
                         struct cfg_log *log)
{
    char path[PATH_MAX];
    int rc;

    if (!o->file)
        rc = cfg_parse(tree, "command line", "", 0, log);
    else if (!realpath(o->file, path))
        return cfg_fail(log, o->file, 0, "cannot open the configuration file: %s",
                        strerror(errno));
    else
        rc = cfg_load(tree, path, log);
    for (int i = 0; !rc && i < argc; i++)
        rc = cfg_add(tree, argv[i], log);
    return rc;
}

static int read_guest(const struct create_options *o, int argc, char **argv, struct guest *g)
{
    struct cfg_log log = { .warn = o->quiet ? NULL : xl_warn };
    int rc = read_settings(o, argc, argv, &g->tree, &log);

    if (!rc)
        rc = guest_config_read(&g->tree, &g->cfg, &log);
    if (rc) {
        xl_error("%s", log.error);
        return rc;
    }
    return rc;
}

/* Says which bridge was chosen where the configuration does not. */
static void tell_defaults(const struct guest *g)
{
    const struct cfg_entry *e = cfg_find(&g->tree, "vif");

    for (unsigned int i = 0; e && i < g->cfg.vifs && i < e->value->items; i++)
        if (!strstr(e->value->item[i]->text, "bridge=") && g->cfg.vif[i].bridge &&
            !g->cfg.vif[i].script)
            printf("vif %d: bridge %s\n", g->cfg.vif[i].devid, g->cfg.vif[i].bridge);
    fflush(stdout);
}

/* Checks, builds and starts; prints the reason of a failure. */
static int start_guest(struct xl *xl, struct guest *g, const struct create_options *o)
{
    struct xl_conf conf;
    int rc;

    if (xl_need_all(xl))
        return -EIO;
    if (g->cfg.has_uuid)
        memcpy(g->uuid, g->cfg.uuid, sizeof(g->uuid));
    else if (uuid_random(g->uuid))
        return xl_error("there are no random numbers for a UUID");
    if (!o->dry_run) {
        journal_recover(xl);
        unlink(XL_STOPPING);
    }
    xl_conf_read(&conf);
    xl_note(xl, "guest '%s': checking", g->cfg.name);
    rc = guest_check(xl, g, &conf, DOMID_INVALID);
    xl_note(xl, "guest '%s': checked", g->cfg.name);
    xl_conf_free(&conf);
    if (!rc && !o->quiet)
        tell_defaults(g);
    if (rc || o->dry_run) {
        if (rc)
            xl_error("%s", g->why);
        return rc;
    }
    rc = guest_start(xl, g, !o->paused);
    if (rc)
        xl_error("%s", g->why);
    return rc;
}

/* The child: builds, reports through FD, stays as monitor. */
static int run_worker(struct xl *xl, struct guest *g, const struct create_options *o, int fd)
{
    setsid();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (start_guest(xl, g, o))
        return EXIT_FAILURE;
    if (!o->dry_run && !o->no_monitor)
        monitor_detach(g->cfg.name);
    if (write(fd, &g->domid, sizeof(g->domid)) != sizeof(g->domid)) {
        /* The command was killed: it is as if it had not been given. */
        if (!o->dry_run)
            guest_destroy(xl, g->domid);
        return EXIT_FAILURE;
    }
    close(fd);
    if (o->dry_run || o->no_monitor)
        return EXIT_SUCCESS;
    return monitor_run(xl, g);
}

/* The parent's side: waits for the domain's number or the child's end. */
static int await_worker(struct xl *xl, pid_t child, int fd, uint32_t *domid)
{
    ssize_t n;
    int status;

    do {
        n = read(fd, domid, sizeof(*domid));
    } while (n < 0 && errno == EINTR);
    if (n == sizeof(*domid))
        return EXIT_SUCCESS;
    if (waitpid(child, &status, 0) == child && WIFSIGNALED(status)) {
        xl_error("the build was ended by signal %d: removing what it left", WTERMSIG(status));
        if (!xl_need_all(xl))
            journal_recover(xl);
    }
    return EXIT_FAILURE;
}

static int create_in_background(struct xl *xl, struct guest *g, const struct create_options *o)
{
    uint32_t domid = 0;
    int fds[2], rc;
    pid_t child;

    fflush(stdout);
    if (pipe2(fds, O_CLOEXEC))
        return xl_error("cannot make a pipe: %s", strerror(errno));
    child = fork();
    if (child < 0)
        return xl_error("cannot start a process: %s", strerror(errno));
    if (child == 0) {
        close(fds[0]);
        _exit(run_worker(xl, g, o, fds[1]));
    }
    close(fds[1]);
    rc = await_worker(xl, child, fds[0], &domid);
    close(fds[0]);
    if (rc || !o->console || o->dry_run)
        return rc;
    return xl_need_all(xl) || console_attach(xl, domid, "pv", 0);
}

int create_guest(struct xl *xl, struct guest *g, const struct create_options *o)
{
    int rc;

    if (!o->foreground)
        return create_in_background(xl, g, o);
    rc = start_guest(xl, g, o) ? EXIT_FAILURE : EXIT_SUCCESS;
    return rc || o->dry_run ? rc : monitor_run(xl, g);
}

static int parse_options(struct create_options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "quiet", no_argument, NULL, 'q' },
        { "defconfig", required_argument, NULL, 'f' },
        { "paused", no_argument, NULL, 'p' },
        { "dryrun", no_argument, NULL, 'n' },
        { "vncviewer", no_argument, NULL, 'V' },
        { "vncviewer-autopass", no_argument, NULL, 'A' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "FVAcef:inpqdh", longs, NULL)) != -1) {
        switch (c) {
        case 'f': o->file = optarg; break;
        case 'p': o->paused = true; break;
        case 'n': o->dry_run = true; break;
        case 'c': o->console = true; break;
        case 'e': o->no_monitor = true; break;
        case 'F': o->foreground = true; break;
        case 'q': o->quiet = true; break;
        case 'd': case 'i': break;
        case 'V': case 'A':
            fputs("xl: warning: there is no VNC viewer here, -V and -A are ignored\n", stderr);
            break;
        default: return xl_usage("create");
        }
    }
    /* The first argument without '=' is the file. */
    if (!o->file && optind < argc && !strchr(argv[optind], '='))
        o->file = argv[optind++];
    return 0;
}

int cmd_create(struct xl *xl, int argc, char **argv)
{
    struct create_options o = { .dry_run = xl->dry_run };
    struct guest g = { .domid = 0 };
    int rc = parse_options(&o, argc, argv);

    if (rc)
        return rc;
    if (o.file && !o.quiet)
        printf("Parsing config from %s\n", o.file);
    if (read_guest(&o, argc - optind, argv + optind, &g)) {
        guest_free(&g);
        return EXIT_FAILURE;
    }
    rc = create_guest(xl, &g, &o);
    guest_free(&g);
    return rc;
}

/* Replaces the saved settings of a running guest; its identity stays. */
static int update_config(struct xl *xl, uint32_t domid, struct guest *g)
{
    struct cfg_log log = { .warn = NULL };
    char uuid[37], text[64];
    dominfo_t info;
    int lock, rc = hv_domain_info(&xl->hv, domid, &info);

    if (rc)
        return rc;
    uuid_print(info.handle, uuid);
    snprintf(text, sizeof(text), "uuid = \"%s\"", uuid);
    rc = cfg_add(&g->tree, text, &log);
    lock = rc ? rc : xl_lock();
    if (lock < 0)
        return lock;
    rc = guest_stays(xl, domid) ? userdata_store(domid, info.handle, &g->tree) : -ESRCH;
    xl_unlock(lock);
    return rc;
}

int cmd_config_update(struct xl *xl, int argc, char **argv)
{
    struct create_options o = { .quiet = false };
    struct guest g = { .domid = 0 };
    const char *domain;
    uint32_t domid;
    int rc;

    if (argc < 2)
        return xl_usage("config-update");
    domain = argv[1];
    rc = parse_options(&o, argc - 1, argv + 1);
    if (rc)
        return rc;
    if (xl_find_domain(xl, domain, &domid))
        return EXIT_FAILURE;
    if (!o.file)
        return xl_error("config-update needs a configuration file");
    if (read_guest(&o, argc - 1 - optind, argv + 1 + optind, &g))
        rc = EXIT_FAILURE;
    else if (xl->dry_run)
        rc = EXIT_SUCCESS;
    else if (update_config(xl, domid, &g))
        rc = xl_error("cannot save the configuration of domain %u", domid);
    guest_free(&g);
    return rc;
}
