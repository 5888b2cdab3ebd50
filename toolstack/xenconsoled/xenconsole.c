/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenconsole: connects the terminal to a guest's console. Options are those of Xen's program, which
 * Xen's xl executes; ours calls console_run() itself.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static const char usage[] =
    "Usage: xenconsole [options] DOMID\n"
    "  -t, --type pv|serial|vuart   which kind of console (PV, else serial)\n"
    "  -n, --num N                  which of them (0)\n"
    "  -i, --interactive            read standard input though it is no terminal\n"
    "  -e, --escape C               Ctrl-C leaves (])\n"
    "  -s, --start-notify-fd FD     write a zero octet there when connected\n";

static const struct option options[] = {
    { "type", required_argument, NULL, 't' }, { "num", required_argument, NULL, 'n' },
    { "interactive", no_argument, NULL, 'i' }, { "escape", required_argument, NULL, 'e' },
    { "start-notify-fd", required_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int set_type(struct console_options *opt, const char *word)
{
    if (!strcmp(word, "pv")) {
        opt->type = CONSOLE_PV;
    } else if (!strcmp(word, "serial")) {
        opt->type = CONSOLE_SERIAL;
    } else if (!strcmp(word, "vuart")) {
        opt->type = CONSOLE_VUART;
    } else {
        return -EINVAL;
    }
    return 0;
}

static int set_option(struct console_options *opt, int c)
{
    switch (c) {
    case 't':
        return set_type(opt, optarg);
    case 'n':
        opt->number = (unsigned int)strtoul(optarg, NULL, 10);
        return 0;
    case 'i':
        opt->interactive = true;
        return 0;
    case 'e':
        opt->escape = (char)((optarg[0] == '^' && optarg[1] ? optarg[1] : optarg[0]) & 0x1f);
        return 0;
    case 's':
        opt->notify_fd = atoi(optarg);
        return 0;
    default:
        return -EINVAL;
    }
}

int main(int argc, char **argv)
{
    struct console_options opt = CONSOLE_OPTIONS_DEFAULT;
    unsigned long domid;
    struct xs *xs;
    char *end;
    int c, rc;

    while ((c = getopt_long(argc, argv, "t:n:ie:s:h", options, NULL)) != -1) {
        if (set_option(&opt, c)) {
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    domid = optind < argc ? strtoul(argv[optind], &end, 10) : 0;
    if (optind + 1 != argc || *end || domid > UINT16_MAX) {
        fputs(usage, stderr);
        return 2;
    }
    rc = xs_open(&xs);
    if (rc) {
        fprintf(stderr, "xenconsole: cannot reach xenstored: %s\n", strerror(-rc));
        return 1;
    }
    rc = console_run(xs, (unsigned int)domid, &opt);
    xs_close(xs);
    return rc ? 1 : 0;
}
