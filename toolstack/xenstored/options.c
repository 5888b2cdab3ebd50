/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line of xenstored. See options.h.
 */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: xenstored [options]\n"
    "  -D, --no-domain-init     do not connect Domain 0 and the hypervisor (for tests)\n"
    "  -F, --pid-file FILE      write the process number to FILE and keep it locked\n"
    "  -N, --no-fork            stay in the foreground\n"
    "  -P, --output-pid         print the process number\n"
    "  -T, --trace-file FILE    log every request to FILE\n"
    "      --run-dir DIR        socket and state (default $XENSTORED_RUNDIR or /run/xenstored)\n"
    "      --fresh              start empty, whatever a former xenstored has left\n"
    "  -E, --entry-nb N         quota: nodes of a domain\n"
    "  -S, --entry-size N       quota: octets of a node\n"
    "  -W, --watch-nb N         quota: watches of a domain\n"
    "  -t, --transaction N      quota: transactions of a domain\n"
    "  -A, --perm-nb N          quota: permission entries of a node\n"
    "  -M, --path-max N         quota: length of a path\n"
    "  -Q, --quota WHAT=N       quota: transaction-nodes, memory or any of the above by name\n"
    "  -q, --quota-soft memory=N  octets from which a domain is reported\n"
    "Accepted for compatibility and without effect: -I, -K, -R, -V, -w.\n";

enum { OPT_RUN_DIR = 256, OPT_FRESH, OPT_LIVE };

static const struct option long_options[] = {
    { "no-domain-init", no_argument, NULL, 'D' },
    { "pid-file", required_argument, NULL, 'F' },
    { "help", no_argument, NULL, 'H' },
    { "no-fork", no_argument, NULL, 'N' },
    { "output-pid", no_argument, NULL, 'P' },
    { "trace-file", required_argument, NULL, 'T' },
    { "entry-nb", required_argument, NULL, 'E' },
    { "entry-size", required_argument, NULL, 'S' },
    { "watch-nb", required_argument, NULL, 'W' },
    { "transaction", required_argument, NULL, 't' },
    { "perm-nb", required_argument, NULL, 'A' },
    { "path-max", required_argument, NULL, 'M' },
    { "quota", required_argument, NULL, 'Q' },
    { "quota-soft", required_argument, NULL, 'q' },
    { "timeout", required_argument, NULL, 'w' },
    { "no-recovery", no_argument, NULL, 'R' },
    { "internal-db", optional_argument, NULL, 'I' },
    { "keep-orphans", no_argument, NULL, 'K' },
    { "verbose", no_argument, NULL, 'V' },
    { "run-dir", required_argument, NULL, OPT_RUN_DIR },
    { "fresh", no_argument, NULL, OPT_FRESH },
    { "live-update", required_argument, NULL, OPT_LIVE },
    { NULL, 0, NULL, 0 },
};

static int number(const char *text, unsigned int *value)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*end || !*text || n > INT32_MAX) {
        fprintf(stderr, "xenstored: \"%s\" is not a number that a quota can have\n", text);
        return 2;
    }
    *value = (unsigned int)n;
    return 0;
}

/* Reads WHAT=N. */
static int named_quota(const char *text, bool soft, struct options *opt)
{
    const char *eq = strchr(text, '=');

    for (int q = 0; eq && q < QUOTA_COUNT; q++) {
        const char *name = q == QUOTA_SOFT_MEMORY ? "memory" : quota_defs[q].name;

        if ((q == QUOTA_SOFT_MEMORY) == soft && strlen(name) == (size_t)(eq - text) &&
            !strncmp(text, name, (size_t)(eq - text))) {
            return number(eq + 1, &opt->quota[q]);
        }
    }
    fprintf(stderr, "xenstored: unknown quota \"%s\": it is WHAT=N\n", text);
    return 2;
}

static int quota_option(int c, const char *arg, struct options *opt)
{
    switch (c) {
    case 'E':
        return number(arg, &opt->quota[QUOTA_NODES]);
    case 'S':
        return number(arg, &opt->quota[QUOTA_NODE_SIZE]);
    case 'W':
        return number(arg, &opt->quota[QUOTA_WATCHES]);
    case 't':
        return number(arg, &opt->quota[QUOTA_TRANSACTIONS]);
    case 'A':
        return number(arg, &opt->quota[QUOTA_PERMS]);
    case 'M':
        return number(arg, &opt->quota[QUOTA_PATH_MAX]);
    case 'Q':
        return named_quota(arg, false, opt);
    case 'q':
        return named_quota(arg, true, opt);
    default:
        return 0;    /* -I -K -R -V -w */
    }
}

static int one_option(int c, char *arg, struct options *opt)
{
    switch (c) {
    case 'D':
        opt->use_hypervisor = false;
        return 0;
    case 'F':
        opt->pid_file = arg;
        return 0;
    case 'H':
        fputs(usage, stdout);
        return -1;
    case 'N':
        opt->fork = false;
        return 0;
    case 'P':
        opt->print_pid = true;
        return 0;
    case 'T':
        opt->trace_file = arg;
        return 0;
    case OPT_RUN_DIR:
        opt->dir = arg;
        return 0;
    case OPT_FRESH:
        opt->fresh = true;
        return 0;
    case OPT_LIVE:
        opt->live_fd = atoi(arg);
        return 0;
    case '?':
        fputs("Try xenstored --help.\n", stderr);
        return 2;
    default:
        return quota_option(c, arg, opt);
    }
}

int parse_options(int argc, char **argv, struct options *opt)
{
    const char *dir = getenv("XENSTORED_RUNDIR");
    int c, rc = 0;

    *opt = (struct options){ .dir = dir ? dir : "/run/xenstored", .use_hypervisor = true,
                             .fork = true,
                             .live_fd = -1 };
    for (int q = 0; q < QUOTA_COUNT; q++) {
        opt->quota[q] = quota_defs[q].value;
    }
    while (!rc &&
           (c = getopt_long(argc, argv, "DE:F:HI::KM:NPQ:q:RS:t:T:A:VW:w:", long_options,
                            NULL)) != -1) {
        rc = one_option(c, optarg, opt);
    }
    if (!rc && optind < argc) {
        fprintf(stderr, "xenstored: what is \"%s\"? Try --help.\n", argv[optind]);
        rc = 2;
    }
    return rc;
}
