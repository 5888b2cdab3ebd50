/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that act on one running domain: pause, unpause, destroy, shutdown, reboot, rename,
 * domid, domname, trigger, sysrq, button-press.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xl.h"

#define WAIT_SLICE_MS 1000

int cmd_pause(struct xl *xl, int argc, char **argv)
{
    uint32_t domid;
    int rc = xl_need_args("pause", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &domid))
        return EXIT_FAILURE;
    rc = xl->dry_run ? 0 : hv_domain_pause(&xl->hv, domid);
    return rc ? xl_error("cannot pause domain %s: %s", argv[1], strerror(-rc)) : 0;
}

int cmd_unpause(struct xl *xl, int argc, char **argv)
{
    uint32_t domid;
    int rc = xl_need_args("unpause", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &domid))
        return EXIT_FAILURE;
    rc = xl->dry_run ? 0 : hv_domain_unpause(&xl->hv, domid);
    return rc ? xl_error("cannot unpause domain %s: %s", argv[1], strerror(-rc)) : 0;
}

int cmd_destroy(struct xl *xl, int argc, char **argv)
{
    bool force = false;
    uint32_t domid;
    int c, rc;

    while ((c = xl_getopt(argc, argv, "fh")) != -1) {
        if (c != 'f')
            return xl_usage("destroy");
        force = true;
    }
    rc = xl_need_args("destroy", argc, optind, 1);
    if (rc)
        return rc;
    if (xl_need_all(xl))
        return EXIT_FAILURE;
    journal_recover(xl);
    if (!xl->dry_run && xl_lookup(xl, argv[optind], &domid) && !again_forget(argv[optind]))
        return EXIT_SUCCESS;
    if (xl_find_domain(xl, argv[optind], &domid))
        return EXIT_FAILURE;
    if (domid == 0 && !force)
        return xl_error("cannot destroy Domain 0 without -f: it runs all other domains");
    rc = xl->dry_run ? 0 : guest_destroy(xl, domid);
    return rc ? xl_error("cannot destroy domain %s: %s", argv[optind], strerror(-rc)) : 0;
}

static int ask_guest(struct xl *xl, uint32_t domid, const char *what)
{
    if (!guest_can(xl, domid, what))
        xl_note(xl, "domain %u does not say that it can %s: asking all the same", domid, what);
    return guest_ask(xl, domid, what);
}

/* DEAD: wait until the domain is gone; otherwise its shutdown is enough. */
static void wait_for_domain(struct xl *xl, uint32_t domid, bool dead)
{
    dominfo_t info;

    xs_watch(xl->xs, "@releaseDomain", "end");
    while (!hv_domain_info(&xl->hv, domid, &info)) {
        char *path, *token;

        if (!dead && info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying))
            break;
        if (!xs_next_event(xl->xs, WAIT_SLICE_MS, &path, &token))
            free(path);
    }
}

static int shut_down(struct xl *xl, uint32_t domid, const char *what)
{
    int rc = xl->dry_run ? 0 : ask_guest(xl, domid, what);

    if (!rc)
        fprintf(stderr, "%s domain %u\n",
                !strcmp(what, "reboot") ? "Rebooting" : "Shutting down", domid);
    return rc ? xl_error("cannot ask domain %u: %s", domid, strerror(-rc)) : 0;
}

static int shut_down_all(struct xl *xl, const char *what, int waits)
{
    dominfo_t *list;
    int n, rc = 0;

    if (xl_need_all(xl) || (n = xl_domains(xl, &list)) < 0)
        return EXIT_FAILURE;
    for (int i = 0; i < n; i++)
        if (list[i].domain)
            rc |= shut_down(xl, list[i].domain, what);
    for (int i = 0; waits && i < n; i++)
        if (list[i].domain)
            wait_for_domain(xl, list[i].domain, waits > 1);
    free(list);
    return rc;
}

static int shutdown_or_reboot(struct xl *xl, int argc, char **argv, const char *what)
{
    static const struct option longs[] = {
        { "all", no_argument, NULL, 'a' }, { "wait", no_argument, NULL, 'w' }, { NULL, 0, NULL, 0 },
    };
    bool all = false;
    int c, waits = 0;
    uint32_t domid;

    while ((c = getopt_long(argc, argv, "awFh", longs, NULL)) != -1) {
        switch (c) {
        case 'a': all = true; break;
        case 'w': waits++; break;
        case 'F': break;
        default: return xl_usage(argv[0]);
        }
    }
    if (all)
        return shut_down_all(xl, what, waits);
    if (optind >= argc) {
        fprintf(stderr, "You must specify -a or a domain id.\n\n");
        return xl_usage(argv[0]);
    }
    if (xl_find_domain(xl, argv[optind], &domid) || shut_down(xl, domid, what))
        return EXIT_FAILURE;
    if (waits)
        wait_for_domain(xl, domid, waits > 1);
    return EXIT_SUCCESS;
}

int cmd_shutdown(struct xl *xl, int argc, char **argv)
{
    return shutdown_or_reboot(xl, argc, argv, "poweroff");
}

int cmd_reboot(struct xl *xl, int argc, char **argv)
{
    return shutdown_or_reboot(xl, argc, argv, "reboot");
}

int cmd_rename(struct xl *xl, int argc, char **argv)
{
    uint32_t domid, other;
    int rc = xl_need_args("rename", argc, 1, 2), lock;

    if (rc)
        return rc;
    if (xl_need_all(xl))
        return EXIT_FAILURE;
    if (!*argv[2] || strlen(argv[2]) > GUEST_NAME_MAX || strpbrk(argv[2], "/ \t\n") ||
        strspn(argv[2], "0123456789") == strlen(argv[2]))
        return xl_error("'%s' cannot be a domain's name: use letters and digits", argv[2]);
    lock = xl_lock();
    if (lock < 0)
        return xl_error("cannot take the lock of all xl: %s", strerror(-lock));
    if (xl_find_domain(xl, argv[1], &domid))
        rc = EXIT_FAILURE;
    else if (xl_lookup(xl, argv[2], &other) == 0 && other != domid)
        rc = xl_error("domain %u already has the name '%s'", other, argv[2]);
    else if (!xl->dry_run && (rc = store_rename(xl, domid, argv[2])))
        rc = xl_error("cannot rename domain %s: %s", argv[1], strerror(-rc));
    xl_unlock(lock);
    return rc;
}

int cmd_domid(struct xl *xl, int argc, char **argv)
{
    uint32_t domid;
    int rc = xl_need_args("domid", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_need_all(xl))
        return EXIT_FAILURE;
    if (xl_lookup(xl, argv[1], &domid))
        return xl_error("Can't get domid of domain name '%s', maybe this domain does not exist.",
                        argv[1]);
    printf("%u\n", domid);
    return EXIT_SUCCESS;
}

int cmd_domname(struct xl *xl, int argc, char **argv)
{
    unsigned long domid;
    char name[256];
    dominfo_t info;
    int rc = xl_need_args("domname", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_need_all(xl))
        return EXIT_FAILURE;
    if (xl_parse_uint(argv[1], DOMID_FIRST_RESERVED - 1, &domid))
        return xl_error("Invalid domain id: '%s'", argv[1]);
    if (hv_domain_info(&xl->hv, (uint32_t)domid, &info))
        return xl_error("Can't get domain name of domain id '%s', maybe this domain does not "
                        "exist.", argv[1]);
    xl_domain_name(xl, (uint32_t)domid, name, sizeof(name));
    printf("%s\n", name);
    return EXIT_SUCCESS;
}

static int send_trigger(struct xl *xl, const char *domain, const char *name, unsigned long vcpu)
{
    static const struct {
        const char *name;
        uint32_t trigger;
    } triggers[] = {
        { "nmi", XEN_DOMCTL_SENDTRIGGER_NMI },     { "reset", XEN_DOMCTL_SENDTRIGGER_RESET },
        { "init", XEN_DOMCTL_SENDTRIGGER_INIT },   { "power", XEN_DOMCTL_SENDTRIGGER_POWER },
        { "sleep", XEN_DOMCTL_SENDTRIGGER_SLEEP },
    };
    uint32_t domid;
    int rc;

    if (xl_find_domain(xl, domain, &domid))
        return EXIT_FAILURE;
    for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
        if (strcmp(name, triggers[i].name))
            continue;
        rc = xl->dry_run ? 0
                         : hv_domain_trigger(&xl->hv, domid, triggers[i].trigger, (uint32_t)vcpu);
        return rc ? xl_error("domain %s does not take the trigger '%s': %s", domain, name,
                             strerror(-rc))
                  : 0;
    }
    return xl_error("Invalid trigger '%s': use nmi, reset, init, power or sleep", name);
}

int cmd_trigger(struct xl *xl, int argc, char **argv)
{
    unsigned long vcpu = 0;
    int rc = xl_need_args("trigger", argc, 1, 2);

    if (rc)
        return rc;
    if (argc > 3 && xl_parse_uint(argv[3], GUEST_MAX_VCPUS, &vcpu))
        return xl_error("'%s' is no virtual CPU", argv[3]);
    return send_trigger(xl, argv[1], argv[2], vcpu);
}

int cmd_button_press(struct xl *xl, int argc, char **argv)
{
    int rc = xl_need_args("button-press", argc, 1, 2);

    if (rc)
        return rc;
    fprintf(stderr, "WARNING: \"button-press\" is deprecated. Please use \"trigger\"\n");
    if (strcmp(argv[2], "power") && strcmp(argv[2], "sleep"))
        return xl_error("'%s' is an invalid button identifier", argv[2]);
    return send_trigger(xl, argv[1], argv[2], 0);
}

int cmd_sysrq(struct xl *xl, int argc, char **argv)
{
    uint32_t domid;
    int rc = xl_need_args("sysrq", argc, 1, 2);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &domid))
        return EXIT_FAILURE;
    if (!argv[2][0] || argv[2][1])
        return xl_error("Invalid sysrq '%s': one letter is expected", argv[2]);
    rc = xl->dry_run ? 0 : store_set_guest(xl, domid, "control/sysrq", argv[2]);
    return rc ? xl_error("cannot ask domain %s: %s", argv[1], strerror(-rc)) : 0;
}
