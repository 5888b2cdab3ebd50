/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths of xenstore. See path.h and the introduction of xenstore.txt.
 */
#include "path.h"

#include <stdio.h>
#include <string.h>

#define PATH_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_@"
#define DOMAIN_PREFIX "/local/domain/"

/* Length of "/local/domain/N/" at the start of path, or 0. */
static size_t local_prefix(const char *path)
{
    size_t n = sizeof(DOMAIN_PREFIX) - 1, digits;

    if (strncmp(path, DOMAIN_PREFIX, n)) {
        return 0;
    }
    digits = strspn(path + n, "0123456789");
    return digits >= 1 && digits <= 5 && path[n + digits] == '/' ? n + digits + 1 : 0;
}

bool path_valid(const char *path, size_t max, bool special)
{
    size_t len = strlen(path);

    if (path[0] != '/' && !(special && path[0] == '@')) {
        return false;
    }
    if (len > XENSTORE_ABS_PATH_MAX || len > local_prefix(path) + max) {
        return false;
    }
    if ((len > 1 && path[len - 1] == '/') || strstr(path, "//")) {
        return false;
    }
    return strspn(path, PATH_CHARS) == len;
}

int path_complete(const char *given, const char *base, path_t out)
{
    size_t room = sizeof(path_t);
    int n;

    if (given[0] == '/' || given[0] == '@') {
        n = snprintf(out, room, "%s", given);
    } else {
        n = snprintf(out, room, "%s/%s", base, given);
    }
    return n < 0 || (size_t)n >= room ? -EINVAL : 0;
}

size_t path_parent_len(const char *path)
{
    return (size_t)(strrchr(path, '/') - path);
}

bool path_is_child(const char *path, const char *top)
{
    size_t len = strlen(top);

    if (len == 1 && top[0] == '/') {
        return path[0] == '/';
    }
    return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

unsigned int path_levels_below(const char *path, const char *top)
{
    unsigned int levels = 0;

    path += strlen(top);
    if (top[0] == '/' && !top[1] && path[0]) {
        levels = 1;
    }
    for (; *path; path++) {
        levels += *path == '/';
    }
    return levels;
}
