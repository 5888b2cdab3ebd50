/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenstore-ls: shows a tree, indented or with full paths, as Xen's command does.
 *
 * A value is shown as NAME = "VALUE"; with -p its permissions follow as " (n0,r3)". On a terminal a
 * line is cut to its width with "..."; -f and a pipe show all. Without recursion: the way down is a
 * stack of lists.
 */
#include "xenstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PERM_COLUMN 60
#define MAX_DEPTH (XENSTORE_ABS_PATH_MAX / 2 + 1)

struct level {
    char **names;
    unsigned int count, next;
    size_t path_len;
};

struct lister {
    struct xs *xs;
    xs_tx_t tx;
    const struct options *opt;
    unsigned int width;      /* 0: do not cut */
    char path[XENSTORE_ABS_PATH_MAX + 1];
    unsigned int depth;
    struct level level[MAX_DEPTH];
};

static unsigned int terminal_width(void)
{
    struct winsize ws;

    return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ,
                                           &ws) && ws.ws_col > 3 ? ws.ws_col - 2u : 0;
}

/* Lists path in a new level; a node that has gone meanwhile is an empty one. */
static int descend(struct lister *l, size_t path_len)
{
    struct level *lv = &l->level[l->depth];
    int rc = xs_list(l->xs, l->tx, l->path, &lv->names, &lv->count);

    if (rc) {
        lv->names = NULL;
        lv->count = 0;
        if (l->depth && (rc == -ENOENT || rc == -EACCES)) {
            rc = 0;
        }
    }
    lv->next = 0;
    lv->path_len = path_len;
    l->depth++;
    return rc;
}

/* Shows the permissions, with -f behind three blanks, else in one column behind a row of dots. */
static void print_perms(struct lister *l, unsigned int used)
{
    struct xs_perm *perms;
    unsigned int n;

    if (xs_get_perms(l->xs, l->tx, l->path, &perms, &n)) {
        return;
    }
    if (l->opt->full) {
        fputs("   (", stdout);
    } else {
        putchar(' ');
        for (used++; used < PERM_COLUMN; used++) {
            putchar(used & 1 ? '.' : ' ');
        }
        fputs("  (", stdout);
    }
    for (unsigned int i = 0; i < n; i++) {
        char text[XS_PERM_STRLEN];

        xs_perm_format(&perms[i], text);
        printf("%s%s", i ? "," : "", text);
    }
    fputc(')', stdout);
    free(perms);
}

static void print_node(struct lister *l, const char *name)
{
    char *value = NULL, *text;
    size_t len = 0;
    int used, rc = xs_read(l->xs, l->tx, l->path, &value, &len);

    used = l->opt->full ? printf("%s", l->path) : printf("%*s%s", (int)l->depth - 1, "", name);
    text = rc ? NULL : escape(value, len);
    if (text && !l->opt->full && l->width && used + strlen(text) + 5 > l->width) {
        int room = (int)l->width - used - 8;

        used += printf(" = \"%.*s...\"", room > 0 ? room : 0, text);
    } else if (text) {
        used += printf(" = \"%s\"", text);
    } else {
        used += printf(": %s", strerror(-rc));
    }
    if (l->opt->prefix) {
        print_perms(l, (unsigned int)used);
    }
    putchar('\n');
    free(text);
    free(value);
}

static int list_tree(struct lister *l, const char *top)
{
    size_t len = strlen(top);
    int rc;

    if (len >= sizeof(l->path)) {
        return -ENAMETOOLONG;
    }
    strcpy(l->path, top);
    l->depth = 0;
    rc = descend(l, len == 1 ? 0 : len);
    while (l->depth && !rc) {
        struct level *lv = &l->level[l->depth - 1];
        const char *name;
        size_t n;

        if (lv->next == lv->count) {
            free(lv->names);
            lv->names = NULL;
            l->depth--;
            continue;
        }
        name = lv->names[lv->next++];
        n = strlen(name);
        if (lv->path_len + n + 1 >= sizeof(l->path) || l->depth == MAX_DEPTH) {
            continue;
        }
        l->path[lv->path_len] = '/';
        strcpy(l->path + lv->path_len + 1, name);
        print_node(l, name);
        rc = descend(l, lv->path_len + 1 + n);
    }
    while (l->depth) {
        free(l->level[--l->depth].names);
    }
    return rc;
}

int cmd_ls(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count)
{
    struct lister *l = calloc(1, sizeof(*l));
    char *root[] = { "/" };
    int rc = l ? 0 : -ENOMEM;

    if (!count) {
        args = root;
        count = 1;
    }
    for (int i = 0; i < count && !rc; i++) {
        *l = (struct lister){ .xs = xs, .tx = tx, .opt = opt, .width = terminal_width() };
        rc = list_tree(l, args[i]);
        if (rc) {
            rc = complain(opt, "cannot list", args[i], rc);
        }
    }
    free(l);
    return rc;
}
