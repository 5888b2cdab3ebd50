/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenstore: one program for the commands xenstore-ls, -read, -write, -list, -rm, -exists, -chmod,
 * -watch and -control, told apart by the name it is called by ("xenstore read" works too).
 *
 * Options and output are those of Xen's commands; scripts depend on them. A command that changes
 * something runs in one transaction, which is done again as often as another change comes between.
 */
#include "xenstore.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum mode { PLAIN, READS, WRITES };

static const struct command {
    const char *name;
    int (*run)(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);
    enum mode mode;
    int min_args, multiple;
    const char *letters, *usage;
} commands[] = {
    { "chmod", cmd_chmod, WRITES, 2, 1, "hsur", "[-h] [-u] [-r] [-s] key <mode [modes...]>" },
    { "control", cmd_control, PLAIN, 1, 1, "hs", "[-h] [-s] command [arguments...]" },
    { "exists", cmd_exists, READS, 1, 1, "hps", "[-h] [-p] [-s] key [...]" },
    { "list", cmd_list, READS, 1, 1, "hps", "[-h] [-p] [-s] key [...]" },
    { "ls", cmd_ls, READS, 0, 1, "hfps", "[-h] [-f] [-p] [-s] [path]" },
    { "read", cmd_read, READS, 1, 1, "hpsR", "[-h] [-p] [-s] [-R] key [...]" },
    { "rm", cmd_rm, WRITES, 1, 1, "hst", "[-h] [-s] [-t] key [...]" },
    { "watch", cmd_watch, PLAIN, 1, 1, "hsn:", "[-h] [-n NR] key" },
    { "write", cmd_write, WRITES, 2, 2, "hsR", "[-h] [-s] [-R] key value [...]" },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

int complain(const struct options *opt, const char *what, const char *path, int rc)
{
    fprintf(stderr, "xenstore-%s: %s %s: %s\n", opt->command, what, path, strerror(-rc));
    return 1;
}

char *escape(const char *value, size_t len)
{
    char *text = malloc(len * 4 + 1), *p = text;

    for (size_t i = 0; text && i < len; i++) {
        unsigned char c = (unsigned char)value[i];

        if (c >= ' ' && c <= '~' && c != '\\') {
            *p++ = (char)c;
        } else if (c == '\n' || c == '\t' || c == '\r' || c == '\\') {
            *p++ = '\\';
            *p++ = c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : '\\';
        } else {
            p += sprintf(p, "\\x%02x", c);
        }
    }
    if (text) {
        *p = 0;
    }
    return text;
}

size_t unescape(char *text)
{
    char *in = text, *out = text;

    while (*in) {
        unsigned int value;
        int used = 0;

        if (*in != '\\' || !in[1]) {
            *out++ = *in++;
            continue;
        }
        switch (in[1]) {
        case 'n':
            *out++ = '\n';
            break;
        case 't':
            *out++ = '\t';
            break;
        case 'r':
            *out++ = '\r';
            break;
        case 'x':
            if (sscanf(in + 2, "%2x%n", &value, &used) == 1) {
                *out++ = (char)value;
            }
            break;
        default:
            *out++ = in[1];
        }
        in += 2 + used;
    }
    *out = 0;
    return (size_t)(out - text);
}

static int usage(const struct command *cmd, int rc)
{
    fprintf(rc ? stderr : stdout, "Usage: xenstore-%s %s\n", cmd->name, cmd->usage);
    return rc;
}

static const struct command *find_command(int *argc, char ***argv)
{
    const char *name = strrchr((*argv)[0], '/');

    name = name ? name + 1 : (*argv)[0];
    if (!strncmp(name, "xenstore-", 9)) {
        name += 9;
    } else if (*argc > 1) {
        name = (*argv)[1];
        ++*argv;
        --*argc;
    }
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (!strcmp(name, commands[i].name)) {
            return &commands[i];
        }
    }
    return NULL;
}

static int set_option(struct options *opt, int c)
{
    switch (c) {
    case 'f':
        opt->full = true;
        return 0;
    case 'n':
        opt->count = atol(optarg);
        return 0;
    case 'p':
        opt->prefix = true;
        return 0;
    case 'r':
        opt->recurse = true;
        return 0;
    case 'R':
        opt->raw = true;
        return 0;
    case 's':
        return 0;    /* socket only: that is what is tried first anyway */
    case 't':
        opt->tidy = true;
        return 0;
    case 'u':
        opt->upto = true;
        return 0;
    default:
        return -EINVAL;
    }
}

static int run(const struct command *cmd, struct xs *xs, const struct options *opt, char **args,
               int count)
{
    xs_tx_t tx = XS_NO_TX;
    int rc, end;

    if (cmd->mode != WRITES) {
        return cmd->run(xs, tx, opt, args, count);
    }
    do {
        rc = xs_tx_start(xs, &tx);
        if (rc) {
            return complain(opt, "transaction", "", rc);
        }
        rc = cmd->run(xs, tx, opt, args, count);
        end = xs_tx_end(xs, tx, !rc);
    } while (!rc && end == -EAGAIN);
    return rc || !end ? rc : complain(opt, "transaction", "", end);
}

static const struct option long_options[] = {
    { "help", no_argument, NULL, 'h' }, { "flat", no_argument, NULL, 'f' },
    { "prefix", no_argument, NULL, 'p' }, { "socket", no_argument, NULL, 's' },
    { "tidy", no_argument, NULL, 't' }, { "upto", no_argument, NULL, 'u' },
    { "recurse", no_argument, NULL, 'r' }, { "raw", no_argument, NULL, 'R' },
    { "number", required_argument, NULL, 'n' }, { NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
    const struct command *cmd = find_command(&argc, &argv);
    struct options opt = { .count = -1 };
    struct xs *xs;
    int c, rc;

    if (!cmd) {
        fputs("Usage: xenstore COMMAND ..., COMMAND being one of", stderr);
        for (size_t i = 0; i < N_COMMANDS; i++) {
            fprintf(stderr, " %s", commands[i].name);
        }
        fputc('\n', stderr);
        return 2;
    }
    opt.command = cmd->name;
    while ((c = getopt_long(argc, argv, cmd->letters, long_options, NULL)) != -1) {
        if (c == 'h') {
            return usage(cmd, 0);
        }
        if (set_option(&opt, c)) {
            return usage(cmd, 2);
        }
    }
    argc -= optind;
    argv += optind;
    if (argc < cmd->min_args || (cmd->multiple == 2 && argc % 2)) {
        return usage(cmd, 2);
    }
    rc = xs_open(&xs);
    if (rc) {
        fprintf(stderr,
                "xenstore-%s: cannot reach xenstored: %s (does it run, are you root?)\n", cmd->name,
                strerror(-rc));
        return 1;
    }
    rc = run(cmd, xs, &opt, argv, argc);
    xs_close(xs);
    return rc ? 1 : 0;
}
