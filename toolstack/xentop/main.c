/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xentop: shows what the domains use, again and again. Options as xentop 4.17, and --json for
 * programs. On a terminal it redraws the screen and ends with q.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "xentop.h"

static struct termios saved;
static bool changed;

static void restore_terminal(void)
{
    if (changed)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    changed = false;
}

static void set_terminal(void)
{
    struct termios t;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved))
        return;
    t = saved;
    t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    changed = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
    atexit(restore_terminal);
}

/* Waits for the next reading; true if the user wants to leave. */
static bool wait_or_quit(const struct options *o)
{
    struct pollfd in = { .fd = o->batch ? -1 : STDIN_FILENO, .events = POLLIN };
    char c;

    if (poll(&in, 1, (int)o->delay * 1000) <= 0)
        return false;
    return read(STDIN_FILENO, &c, 1) != 1 || c == 'q' || c == 'Q';
}

static int run(struct hv *hv, struct xs *xs, const struct options *o)
{
    struct reading last = { .domain = NULL };

    for (unsigned int i = 0; !o->iterations || i < o->iterations; i++) {
        struct reading r = { .domain = NULL };
        int rc;

        if (i && wait_or_quit(o))
            break;
        rc = collect(hv, xs, i ? &last : NULL, &r);
        if (rc) {
            fprintf(stderr, "xentop: cannot read the domains' figures: %s\n", strerror(-rc));
            reading_free(&last);
            return EXIT_FAILURE;
        }
        if (o->json)
            print_json(&r);
        else
            print_reading(hv, &r, o, true);
        reading_free(&last);
        last = r;
    }
    reading_free(&last);
    return EXIT_SUCCESS;
}

static int usage(FILE *f, int status)
{
    fputs("Usage: xentop [OPTION]\n"
          "-h, --help           display this help\n"
          "-V, --version        show the version\n"
          "-b, --batch          no screen control, for files and pipes\n"
          "-d, --delay=SECONDS  between two readings (3)\n"
          "-i, --iterations=N   stop after N readings\n"
          "-f, --full-name      do not cut names\n"
          "-v, --vcpus          show the time of each virtual CPU\n"
          "-n, -x, -r, -z       accepted for compatibility\n"
          "    --json           one JSON object for each reading\n",
          f);
    return status;
}

static int parse_options(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { "batch", no_argument, NULL, 'b' },
        { "delay", required_argument, NULL, 'd' },
        { "iterations", required_argument, NULL, 'i' },
        { "full-name", no_argument, NULL, 'f' },
        { "vcpus", no_argument, NULL, 'v' },
        { "networks", no_argument, NULL, 'n' },
        { "vbds", no_argument, NULL, 'x' },
        { "repeat-header", no_argument, NULL, 'r' },
        { "json", no_argument, NULL, 'j' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "hVbd:i:fvnxrz", longs, NULL)) != -1) {
        switch (c) {
        case 'b': o->batch = true; break;
        case 'd': o->delay = (unsigned int)strtoul(optarg, NULL, 10); break;
        case 'i': o->iterations = (unsigned int)strtoul(optarg, NULL, 10); break;
        case 'f': o->full_names = true; break;
        case 'v': o->vcpus = true; break;
        case 'j': o->json = o->batch = true; break;
        case 'n': case 'x': case 'r': case 'z': break;
        case 'V': puts("xentop 1.0"); exit(EXIT_SUCCESS);
        case 'h': exit(usage(stdout, EXIT_SUCCESS));
        default: return usage(stderr, EXIT_FAILURE);
        }
    }
    if (!o->delay)
        o->delay = 1;
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = { .delay = 3, .batch = !isatty(STDOUT_FILENO) };
    struct xs *xs = NULL;
    struct hv hv;
    int rc = parse_options(&o, argc, argv);

    if (rc)
        return rc;
    rc = hv_open(&hv);
    if (rc) {
        fprintf(stderr, "xentop: cannot reach the hypervisor: %s\n", strerror(-rc));
        return EXIT_FAILURE;
    }
    rc = xs_open(&xs);
    if (rc) {
        fprintf(stderr, "xentop: cannot reach the store (%s): start xenstored\n", strerror(-rc));
        hv_close(&hv);
        return EXIT_FAILURE;
    }
    if (!o.batch)
        set_terminal();
    rc = run(&hv, xs, &o);
    xs_close(xs);
    hv_close(&hv);
    return rc;
}
