/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xenstore-* commands, but for xenstore-ls, which is in list.c. See xenstore.h.
 */
#include "xenstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cmd_read(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count)
{
    for (int i = 0; i < count; i++) {
        char *value, *text;
        size_t len;
        int rc = xs_read(xs, tx, args[i], &value, &len);

        if (rc) {
            return complain(opt, "cannot read", args[i], rc);
        }
        if (opt->prefix) {
            printf("%s: ", args[i]);
        }
        if (opt->raw) {
            fwrite(value, len, 1, stdout);
        } else {
            text = escape(value, len);
            puts(text ? text : "");
            free(text);
        }
        free(value);
    }
    return 0;
}

int cmd_write(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count)
{
    for (int i = 0; i < count; i += 2) {
        char *value = strdup(args[i + 1]);
        size_t len;
        int rc;

        if (!value) {
            return complain(opt, "cannot write", args[i], -ENOMEM);
        }
        len = opt->raw ? strlen(value) : unescape(value);
        rc = xs_write(xs, tx, args[i], value, len);
        free(value);
        if (rc) {
            return complain(opt, "cannot write", args[i], rc);
        }
    }
    return 0;
}

int cmd_list(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count)
{
    for (int i = 0; i < count; i++) {
        unsigned int n;
        char **names;
        int rc = xs_list(xs, tx, args[i], &names, &n);

        if (rc) {
            return complain(opt, "cannot list", args[i], rc);
        }
        for (unsigned int k = 0; k < n; k++) {
            if (opt->prefix) {
                printf("%s/", strcmp(args[i], "/") ? args[i] : "");
            }
            puts(names[k]);
        }
        free(names);
    }
    return 0;
}

/* Removes the parents that are empty and have no value, upwards. */
static int tidy_up(struct xs *xs, xs_tx_t tx, char *path)
{
    char *slash;

    while ((slash = strrchr(path, '/')) && slash != path) {
        unsigned int n;
        char **names, *value;
        size_t len;
        int rc;

        *slash = 0;
        rc = xs_read(xs, tx, path, &value, &len);
        if (rc) {
            return rc;
        }
        free(value);
        rc = len ? 0 : xs_list(xs, tx, path, &names, &n);
        if (rc || len) {
            return rc;
        }
        free(names);
        if (n) {
            return 0;
        }
        rc = xs_rm(xs, tx, path);
        if (rc) {
            return rc;
        }
    }
    return 0;
}

int cmd_rm(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count)
{
    for (int i = 0; i < count; i++) {
        char *path = strdup(args[i]);
        int rc = path ? xs_rm(xs, tx, path) : -ENOMEM;

        if (!rc && opt->tidy) {
            rc = tidy_up(xs, tx, path);
        }
        free(path);
        if (rc) {
            return complain(opt, "cannot remove", args[i], rc);
        }
    }
    return 0;
}

int cmd_exists(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count)
{
    (void)opt;
    for (int i = 0; i < count; i++) {
        char *value;

        if (xs_read(xs, tx, args[i], &value, NULL)) {
            return 1;
        }
        free(value);
    }
    return 0;
}

/* ------------------------------------------------------------------ chmod */

static int chmod_below(struct xs *xs, xs_tx_t tx, const char *path, const struct xs_perm *perms,
                       unsigned int count)
{
    char **todo = malloc(sizeof(*todo));
    size_t n = 1;
    int rc = 0;

    if (!todo || !(todo[0] = strdup(path))) {
        free(todo);
        return -ENOMEM;
    }
    while (n && !rc) {
        char *dir = todo[--n], **names = NULL, **grown;
        unsigned int k = 0;

        rc = xs_set_perms(xs, tx, dir, perms, count);
        if (!rc) {
            rc = xs_list(xs, tx, dir, &names, &k);
        }
        grown = rc ? NULL : realloc(todo, (n + k + 1) * sizeof(*todo));
        if (!rc && !grown) {
            rc = -ENOMEM;
        }
        todo = grown ? grown : todo;
        for (unsigned int i = 0; !rc && i < k; i++) {
            if (asprintf(&todo[n], "%s/%s", strcmp(dir, "/") ? dir : "", names[i]) < 0) {
                rc = -ENOMEM;
            } else {
                n++;
            }
        }
        free(names);
        free(dir);
    }
    while (n) {
        free(todo[--n]);
    }
    free(todo);
    return rc;
}

static int chmod_above(struct xs *xs, xs_tx_t tx, const char *path, const struct xs_perm *perms,
                       unsigned int count)
{
    char *dir = strdup(path), *slash;
    int rc = dir ? 0 : -ENOMEM;

    while (!rc && (slash = strrchr(dir, '/')) && slash != dir) {
        *slash = 0;
        rc = xs_set_perms(xs, tx, dir, perms, count);
    }
    free(dir);
    return rc;
}

int cmd_chmod(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count)
{
    struct xs_perm perms[64];
    unsigned int n = (unsigned int)count - 1;
    int rc = 0;

    if (n > sizeof(perms) / sizeof(perms[0])) {
        return complain(opt, "too many modes for", args[0], -E2BIG);
    }
    for (unsigned int i = 0; i < n; i++) {
        if (xs_perm_parse(args[i + 1], &perms[i])) {
            fprintf(stderr,
                    "xenstore-chmod: \"%s\" is no mode: one of n r w b, then a domain number\n",
                    args[i + 1]);
            return 1;
        }
    }
    rc = opt->recurse ? chmod_below(xs, tx, args[0], perms, n) : xs_set_perms(xs, tx, args[0],
                                                                              perms, n);
    if (!rc && opt->upto) {
        rc = chmod_above(xs, tx, args[0], perms, n);
    }
    return rc ? complain(opt, "cannot set the permissions of", args[0], rc) : 0;
}

/* ------------------------------------------------------------------ watch, control */

int cmd_watch(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count)
{
    (void)tx;
    for (int i = 0; i < count; i++) {
        int rc = xs_watch(xs, args[i], args[i]);

        if (rc) {
            return complain(opt, "cannot watch", args[i], rc);
        }
    }
    for (long left = opt->count; left; left -= left > 0) {
        char *path, *token;
        int rc = xs_next_event(xs, -1, &path, &token);

        if (rc) {
            return complain(opt, "while waiting for", args[0], rc);
        }
        puts(path);
        fflush(stdout);
        free(path);
    }
    return 0;
}

static int control(struct xs *xs, const struct options *opt, const char *const *args,
                   unsigned int count)
{
    char *reply;
    int rc = xs_control(xs, args, count, &reply);

    if (rc) {
        return complain(opt, "failed:", args[0], rc);
    }
    rc = strcmp(reply, "OK") && (!strcmp(args[0], "live-update") || !strcmp(args[0], "check"));
    fputs(reply, rc ? stderr : stdout);
    if (*reply && reply[strlen(reply) - 1] != '\n') {
        fputc('\n', rc ? stderr : stdout);
    }
    free(reply);
    return rc;
}

/* live-update [-c <cmdline>] [-F] [-t <sec>] <file>: the steps of xenstore.txt in a row. */
static int live_update(struct xs *xs, const struct options *opt, char **args, int count)
{
    const char *file = NULL, *cmdline = NULL, *step[3] = { "live-update" };

    for (int i = 0; i < count; i++) {
        if (!strcmp(args[i], "-c") && i + 1 < count) {
            cmdline = args[++i];
        } else if (!strcmp(args[i], "-t")) {
            i++;
        } else if (strcmp(args[i], "-F")) {
            file = args[i];
        }
    }
    if (!file) {
        fputs("Usage: xenstore-control live-update [-c <cmdline>] [-F] [-t <seconds>] <file>\n",
              stderr);
        return 2;
    }
    step[1] = "-f";
    step[2] = file;
    if (control(xs, opt, step, 3)) {
        return 1;
    }
    step[1] = "-c";
    step[2] = cmdline;
    if (cmdline && control(xs, opt, step, 3)) {
        return 1;
    }
    step[1] = "-s";
    return control(xs, opt, step, 2);
}

int cmd_control(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count)
{
    (void)tx;
    if (!strcmp(args[0], "live-update") && count > 1) {
        return live_update(xs, opt, args + 1, count - 1);
    }
    return control(xs, opt, (const char *const *)args, (unsigned int)count);
}
