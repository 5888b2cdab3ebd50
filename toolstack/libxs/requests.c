/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xenstore client: one function for each request of xenstore.txt. See xs.h; the transport is
 * xs.c.
 */
#include "xs_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct iovec str(const char *s)
{
    return (struct iovec){ .iov_base = (void *)(uintptr_t)s, .iov_len = strlen(s) + 1 };
}

static int path_request(struct xs *xs, uint32_t type, xs_tx_t tx, const char *path)
{
    struct iovec v = str(path);

    return xs_request(xs, type, tx, &v, 1);
}

/* Copies the reply, with a nul. */
static int take_reply(struct xs *xs, char **value, size_t *len)
{
    *value = malloc((size_t)xs->hdr.len + 1);
    if (!*value) {
        return -ENOMEM;
    }
    memcpy(*value, xs->in, (size_t)xs->hdr.len + 1);
    if (len) {
        *len = xs->hdr.len;
    }
    return 0;
}

int xs_read(struct xs *xs, xs_tx_t tx, const char *path, char **value, size_t *len)
{
    int rc = path_request(xs, XS_READ, tx, path);

    return rc ? rc : take_reply(xs, value, len);
}

int xs_readf(struct xs *xs, xs_tx_t tx, char **value, const char *path_fmt, ...)
{
    char path[XENSTORE_ABS_PATH_MAX + 1];
    va_list ap;
    int n;

    va_start(ap, path_fmt);
    n = vsnprintf(path, sizeof(path), path_fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        return -ENAMETOOLONG;
    }
    return xs_read(xs, tx, path, value, NULL);
}

int xs_write(struct xs *xs, xs_tx_t tx, const char *path, const void *value, size_t len)
{
    struct iovec v[2] = { str(path), { .iov_base = (void *)(uintptr_t)value, .iov_len = len } };

    return xs_request(xs, XS_WRITE, tx, v, 2);
}

int xs_writef(struct xs *xs, xs_tx_t tx, const char *path, const char *value_fmt, ...)
{
    char value[XENSTORE_PAYLOAD_MAX];
    va_list ap;
    int n;

    va_start(ap, value_fmt);
    n = vsnprintf(value, sizeof(value), value_fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(value)) {
        return -E2BIG;
    }
    return xs_write(xs, tx, path, value, (size_t)n);
}

int xs_mkdir(struct xs *xs, xs_tx_t tx, const char *path)
{
    return path_request(xs, XS_MKDIR, tx, path);
}

int xs_rm(struct xs *xs, xs_tx_t tx, const char *path)
{
    return path_request(xs, XS_RM, tx, path);
}

/* Makes the array of a child list: len octets of nul-ended names. */
static int split_names(const char *list, size_t len, char ***names, unsigned int *count)
{
    unsigned int n = 0, i = 0;
    char **array, *text;

    for (size_t p = 0; p < len; p++) {
        n += !list[p];
    }
    array = malloc((n + 1) * sizeof(*array) + len + 1);
    if (!array) {
        return -ENOMEM;
    }
    text = (char *)(array + n + 1);
    memcpy(text, list, len);
    for (size_t p = 0; i < n; p += strlen(text + p) + 1) {
        array[i++] = text + p;
    }
    array[n] = NULL;
    *names = array;
    *count = n;
    return 0;
}

/*
 * Reads one part of a long list: reply is <gencnt>|<names from offset>, and an empty name closes
 * the whole. Returns 1 for more to come, 0 at the end, -EAGAIN if the node changed since the first
 * part.
 */
static int list_part(struct xs *xs, xs_tx_t tx, const char *path, char *gen, char **list,
                     size_t *used)
{
    char offset[24];
    struct iovec v[2];
    size_t gen_len, len;
    char *grown;
    bool last;
    int rc;

    snprintf(offset, sizeof(offset), "%zu", *used);
    v[0] = str(path);
    v[1] = str(offset);
    rc = xs_request(xs, XS_DIRECTORY_PART, tx, v, 2);
    if (rc) {
        return rc;
    }
    gen_len = strlen(xs->in) + 1;
    if (gen_len > 24 || gen_len >= xs->hdr.len) {
        return -EIO;
    }
    if (*used && strcmp(gen, xs->in)) {
        return -EAGAIN;
    }
    strcpy(gen, xs->in);
    len = xs->hdr.len - gen_len;
    last = len == 1 || (!xs->in[xs->hdr.len - 1] && !xs->in[xs->hdr.len - 2]);
    len -= last;
    grown = realloc(*list, *used + len + 1);
    if (!grown) {
        return -ENOMEM;
    }
    memcpy(grown + *used, xs->in + gen_len, len);
    *list = grown;
    *used += len;
    return !last;
}

static int list_in_parts(struct xs *xs, xs_tx_t tx, const char *path, char ***names,
                         unsigned int *count)
{
    char gen[32] = "", *list = NULL;
    size_t used = 0;
    int rc;

    do {
        rc = list_part(xs, tx, path, gen, &list, &used);
        if (rc == -EAGAIN) {
            used = 0;
            rc = 1;
        }
    } while (rc > 0);
    if (!rc) {
        rc = split_names(list, used, names, count);
    }
    free(list);
    return rc;
}

int xs_list(struct xs *xs, xs_tx_t tx, const char *path, char ***names, unsigned int *count)
{
    int rc = path_request(xs, XS_DIRECTORY, tx, path);

    if (rc == -E2BIG) {
        return list_in_parts(xs, tx, path, names, count);
    }
    return rc ? rc : split_names(xs->in, xs->hdr.len, names, count);
}

int xs_get_perms(struct xs *xs, xs_tx_t tx, const char *path, struct xs_perm **perms,
                 unsigned int *count)
{
    int rc = path_request(xs, XS_GET_PERMS, tx, path);
    unsigned int n = 0;
    struct xs_perm *array;

    if (rc) {
        return rc;
    }
    for (uint32_t p = 0; p < xs->hdr.len; p++) {
        n += !xs->in[p];
    }
    array = calloc(n + 1, sizeof(*array));
    if (!array) {
        return -ENOMEM;
    }
    for (unsigned int i = 0, p = 0; i < n; i++) {
        if (xs_perm_parse(xs->in + p, &array[i])) {
            free(array);
            return -EIO;
        }
        p += (unsigned int)strlen(xs->in + p) + 1;
    }
    *perms = array;
    *count = n;
    return 0;
}

int xs_set_perms(struct xs *xs, xs_tx_t tx, const char *path, const struct xs_perm *perms,
                 unsigned int count)
{
    char text[XENSTORE_PAYLOAD_MAX];
    struct iovec v[2] = { str(path), { .iov_base = text } };
    size_t len = 0;

    for (unsigned int i = 0; i < count; i++) {
        if (len + XS_PERM_STRLEN > sizeof(text)) {
            return -E2BIG;
        }
        len += xs_perm_format(&perms[i], text + len) + 1;
    }
    v[1].iov_len = len;
    return xs_request(xs, XS_SET_PERMS, tx, v, 2);
}

int xs_tx_start(struct xs *xs, xs_tx_t *tx)
{
    int rc = path_request(xs, XS_TRANSACTION_START, XS_NO_TX, "");

    if (!rc) {
        *tx = (xs_tx_t)strtoul(xs->in, NULL, 10);
    }
    return rc;
}

int xs_tx_end(struct xs *xs, xs_tx_t tx, bool commit)
{
    return path_request(xs, XS_TRANSACTION_END, tx, commit ? "T" : "F");
}

static int watch_request(struct xs *xs, uint32_t type, const char *path, const char *token)
{
    struct iovec v[2] = { str(path), str(token) };

    return xs_request(xs, type, XS_NO_TX, v, 2);
}

int xs_watch(struct xs *xs, const char *path, const char *token)
{
    return watch_request(xs, XS_WATCH, path, token);
}

int xs_unwatch(struct xs *xs, const char *path, const char *token)
{
    return watch_request(xs, XS_UNWATCH, path, token);
}

static int domid_request(struct xs *xs, uint32_t type, unsigned int domid)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", domid);
    return path_request(xs, type, XS_NO_TX, text);
}

int xs_introduce(struct xs *xs, unsigned int domid, uint64_t gfn, unsigned int port)
{
    char a[16], b[24], c[16];
    struct iovec v[3];

    snprintf(a, sizeof(a), "%u", domid);
    snprintf(b, sizeof(b), "%lld", (long long)gfn);    /* signed by the protocol */
    snprintf(c, sizeof(c), "%u", port);
    v[0] = str(a);
    v[1] = str(b);
    v[2] = str(c);
    return xs_request(xs, XS_INTRODUCE, XS_NO_TX, v, 3);
}

int xs_resume(struct xs *xs, unsigned int domid)
{
    return domid_request(xs, XS_RESUME, domid);
}

int xs_is_introduced(struct xs *xs, unsigned int domid, bool *introduced)
{
    int rc = domid_request(xs, XS_IS_DOMAIN_INTRODUCED, domid);

    if (!rc) {
        *introduced = xs->in[0] == 'T';
    }
    return rc;
}

int xs_control(struct xs *xs, const char *const *args, unsigned int count, char **reply)
{
    struct iovec v[16];
    int rc;

    if (count > sizeof(v) / sizeof(v[0])) {
        return -E2BIG;
    }
    for (unsigned int i = 0; i < count; i++) {
        v[i] = str(args[i]);
    }
    rc = xs_request(xs, XS_CONTROL, XS_NO_TX, v, count);
    return rc ? rc : take_reply(xs, reply, NULL);
}
