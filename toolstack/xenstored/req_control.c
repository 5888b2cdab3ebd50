/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CONTROL request: logging, checks, quotas, live update. Commands and syntax are those of
 * xenstore.txt, so that xenstore-control of either toolstack works. The answer is a text for
 * people; errors of the command itself are errno names.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "domain.h"
#include "record.h"
#include "request.h"
#include "store.h"

#define MAX_ARGS 8

static void answerf(struct request *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds text without a nul; what does not fit is left out. */
static void answerf(struct request *r, const char *fmt, ...)
{
    char line[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (r->out_len + strlen(line) < XENSTORE_PAYLOAD_MAX) {
        answer_add(r, line, strlen(line));
    }
}

static int ctl_check(struct request *r, unsigned int argc, const char **argv)
{
    unsigned int faults = store_check(r->x);

    (void)argc;
    (void)argv;
    if (!faults) {
        return 0;
    }
    answerf(r, "%u faults, see the log", faults);
    return answer_add(r, "", 1);
}

static int open_log(struct xsd *x, const char *name)
{
    FILE *f = fopen(name, "ae");
    char *kept = strdup(name);

    if (!f || !kept) {
        int err = f ? ENOMEM : errno;

        if (f) {
            fclose(f);
        }
        free(kept);
        return -err;
    }
    if (x->log) {
        fclose(x->log);
    }
    free(x->log_name);
    x->log = f;
    x->log_name = kept;
    x->log_on = true;
    return 0;
}

static int ctl_log(struct request *r, unsigned int argc, const char **argv)
{
    if (argc != 1 || (strcmp(argv[0], "on") && strcmp(argv[0], "off"))) {
        return -EINVAL;
    }
    if (!strcmp(argv[0], "on") && !r->x->log) {
        return open_log(r->x, "/var/log/xen/xenstored-trace.log");
    }
    r->x->log_on = !strcmp(argv[0], "on");
    return 0;
}

static int ctl_logfile(struct request *r, unsigned int argc, const char **argv)
{
    return argc == 1 ? open_log(r->x, argv[0]) : -EINVAL;
}

static void report_memory(struct xsd *x, FILE *f)
{
    fprintf(f, "nodes: %zu octets, of which %zu in the store and the rest kept by transactions\n",
            node_bytes_total, x->main_bytes);
    list_for(it, &x->domains) {
        struct domain *d = list_entry(it, struct domain, link);

        fprintf(f, "domain %u: nodes %u watches %u transactions %u octets %zu events %zu\n",
                d->domid,
                d->nodes, d->watches, d->txs, d->mem, d->conn ? d->conn->event_count : 0);
    }
    fflush(f);
}

static int ctl_memreport(struct request *r, unsigned int argc, const char **argv)
{
    FILE *f;

    if (argc > 1) {
        return -EINVAL;
    }
    if (!argc) {
        if (!r->x->log) {
            return -EBADF;
        }
        report_memory(r->x, r->x->log);
        return 0;
    }
    f = fopen(argv[0], "ae");
    if (!f) {
        return -errno;
    }
    report_memory(r->x, f);
    fclose(f);
    return 0;
}

static int ctl_print(struct request *r, unsigned int argc, const char **argv)
{
    if (argc != 1) {
        return -EINVAL;
    }
    xsd_note(r->x, "control: %s", argv[0]);
    return 0;
}

static int set_quota(struct request *r, const char *name, const char *text, unsigned int from,
                     unsigned int to)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*end || !*text || value > INT32_MAX) {
        return -EINVAL;
    }
    for (unsigned int q = from; q < to; q++) {
        if (!strcmp(name, quota_defs[q].name)) {
            r->x->quota[q] = (unsigned int)value;
            record_quotas(&r->x->journal, r->x);
            return 0;
        }
    }
    return -EINVAL;
}

static int show_domain(struct request *r, const char *arg)
{
    struct domain *d;
    uint16_t domid;

    if (parse_domid(arg, &domid)) {
        return -EINVAL;
    }
    d = domain_find(r->x, domid);
    if (!d) {
        return -ENOENT;
    }
    answerf(r, "Domain %u:\n%-18s: %8u\n%-18s: %8u\n%-18s: %8u\n", domid, "nodes", d->nodes,
            "watches",
            d->watches, "transactions", d->txs);
    answerf(r, "%-18s: %8zu\n%-18s: %8zu\n", "memory", d->mem, "queued events",
            d->conn ? d->conn->event_count : 0);
    return answer_add(r, "", 1);
}

static int quota_command(struct request *r, unsigned int argc, const char **argv, unsigned int from,
                         unsigned int to)
{
    if (argc == 3 && !strcmp(argv[0], "set")) {
        return set_quota(r, argv[1], argv[2], from, to);
    }
    if (argc) {
        return argc == 1 && from == 0 ? show_domain(r, argv[0]) : -EINVAL;
    }
    answerf(r, "Quota settings:\n");
    for (unsigned int q = from; q < to; q++) {
        answerf(r, "%-17s: %8u %s\n", quota_defs[q].name, r->x->quota[q], quota_defs[q].text);
    }
    return answer_add(r, "", 1);
}

static int ctl_quota(struct request *r, unsigned int argc, const char **argv)
{
    return quota_command(r, argc, argv, 0, QUOTA_SOFT_MEMORY);
}

static int ctl_quota_soft(struct request *r, unsigned int argc, const char **argv)
{
    /* There is one soft quota and it is called memory. */
    if (argc == 3 && !strcmp(argv[1], "memory")) {
        argv[1] = quota_defs[QUOTA_SOFT_MEMORY].name;
    }
    return quota_command(r, argc, argv, QUOTA_SOFT_MEMORY, QUOTA_COUNT);
}

/* ------------------------------------------------------------------ live update */

static void lu_forget(struct xsd *x)
{
    free(x->lu_binary);
    free(x->lu_args);
    x->lu_binary = x->lu_args = NULL;
}

static int lu_keep(char **slot, const char *text)
{
    char *copy = strdup(text);

    if (!copy) {
        return -ENOMEM;
    }
    free(*slot);
    *slot = copy;
    return 0;
}

static int lu_start(struct request *r)
{
    struct xsd *x = r->x;
    struct xsd_sockmsg hdr, reply;
    int rc;

    if (!x->lu_binary) {
        answer_str(r, "No new binary given (-f).");
        return 0;
    }
    if (!x->ops->live_update) {
        return -ENOSYS;
    }
    /* The new process answers: it finds this reply among what is still to be sent. */
    memcpy(&hdr, r->c->area->in, sizeof(hdr));
    reply = (struct xsd_sockmsg){ .type = XS_CONTROL, .req_id = hdr.req_id, .tx_id = hdr.tx_id,
                                  .len = 3 };
    memcpy(r->c->area->out, &reply, sizeof(reply));
    memcpy(r->c->area->out + sizeof(reply), "OK", 3);
    conn_send(x, r->c, sizeof(reply) + 3, true);
    rc = x->ops->live_update(x->ops_arg, x->lu_binary, x->lu_args);
    /* Still here: it failed, and the message is again this request's. */
    r->c->area->state = area_state(area_in_start(r->c->area), 0);
    lu_forget(x);
    answerf(r, "Live update failed: %s.", strerror(-rc));
    return answer_add(r, "", 1);
}

static int ctl_live_update(struct request *r, unsigned int argc, const char **argv)
{
    if (argc >= 2 && !strcmp(argv[0], "-f")) {
        if (access(argv[1], X_OK)) {
            return answer_str(r, "File not executable.");
        }
        return lu_keep(&r->x->lu_binary, argv[1]);
    }
    if (argc >= 2 && !strcmp(argv[0], "-c")) {
        return lu_keep(&r->x->lu_args, argv[1]);
    }
    if (argc == 1 && !strcmp(argv[0], "-a")) {
        lu_forget(r->x);
        return 0;
    }
    if (argc >= 1 && !strcmp(argv[0], "-s")) {
        /* -t and -F do not matter: transactions are carried over, to end with EAGAIN */
        return lu_start(r);
    }
    return -EINVAL;
}

static int ctl_help(struct request *r, unsigned int argc, const char **argv);

static const struct {
    const char *name;
    int (*run)(struct request *r, unsigned int argc, const char **argv);
    const char *args;
} commands[] = {
    { "check", ctl_check, "" },
    { "help", ctl_help, "" },
    { "live-update", ctl_live_update, "-f <binary> | -c <cmdline> | -s [-t <sec>] [-F] | -a" },
    { "log", ctl_log, "on|off" },
    { "logfile", ctl_logfile, "<file>" },
    { "memreport", ctl_memreport, "[<file>]" },
    { "print", ctl_print, "<string>" },
    { "quota", ctl_quota, "[set <name> <val>|<domid>]" },
    { "quota-soft", ctl_quota_soft, "[set <name> <val>]" },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int ctl_help(struct request *r, unsigned int argc, const char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        answerf(r, "%s\t%s\n", commands[i].name, commands[i].args);
    }
    return answer_add(r, "", 1);
}

int req_control(struct request *r)
{
    const char *argv[MAX_ARGS];
    unsigned int argc = request_args(r, argv, MAX_ARGS);

    if (argc < 1 || argc > MAX_ARGS) {
        return -EINVAL;
    }
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (!strcmp(commands[i].name, argv[0])) {
            return commands[i].run(r, argc - 1, argv + 1);
        }
    }
    return -EINVAL;
}
