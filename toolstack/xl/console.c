/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl console: connects the terminal to the pseudo terminal that xenconsoled made for the guest. Says
 * how to leave, shows the end of the console's log first, and follows a guest whose pseudo terminal
 * is made a little later (docs/misc/console.txt).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "xl.h"

#define ESCAPE_CHARACTER 0x1d   /* Ctrl-] */
#define TTY_WAIT_MS      10000
#define LOG_TAIL         4096

/* Where xenconsoled puts the name of the pseudo terminal. */
static void tty_path(uint32_t domid, int number, char *out, size_t size)
{
    if (number == 0)
        snprintf(out, size, "/local/domain/%u/console/tty", domid);
    else
        snprintf(out, size, "/local/domain/%u/device/console/%d/tty", domid, number);
}

/* Waits until the name of a pseudo terminal appears. */
static char *wait_for_tty(struct xl *xl, const char *path)
{
    char *tty = NULL;

    if (xs_watch(xl->xs, path, "tty"))
        return NULL;
    for (int waited = 0; waited <= TTY_WAIT_MS; waited += 500) {
        char *event, *token;

        free(tty);
        if (!xs_read(xl->xs, XS_NO_TX, path, &tty, NULL) && *tty)
            break;
        if (!xs_next_event(xl->xs, 500, &event, &token))
            free(event);
    }
    xs_unwatch(xl->xs, path, "tty");
    if (tty && !*tty) {
        free(tty);
        tty = NULL;
    }
    return tty;
}

/* The last lines that the guest printed, from xenconsoled's log. */
static void show_log(struct xl *xl, uint32_t domid)
{
    char path[PATH_MAX], name[256], buf[LOG_TAIL + 1];
    struct stat st;
    ssize_t n;
    int fd;

    xl_domain_name(xl, domid, name, sizeof(name));
    snprintf(path, sizeof(path), XL_LOG_DIR "/console/guest-%s.log", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (!fstat(fd, &st) && st.st_size > LOG_TAIL)
        lseek(fd, st.st_size - LOG_TAIL, SEEK_SET);
    n = read(fd, buf, LOG_TAIL);
    close(fd);
    if (n <= 0)
        return;
    buf[n] = '\0';
    /* Begin with a whole line. */
    const char *from = st.st_size > LOG_TAIL ? strchr(buf, '\n') : NULL;
    fputs(from ? from + 1 : buf, stdout);
    fflush(stdout);
}

static int write_all(int fd, const char *buf, ssize_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, buf, (size_t)n);

        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        if (done > 0) {
            buf += done;
            n -= done;
        }
    }
    return 0;
}

/* Copies what was typed; 1: the escape character came. */
static int forward_input(int tty)
{
    char buf[512], *escape;
    ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

    if (n <= 0)
        return n == 0 ? 1 : errno != EINTR;
    escape = memchr(buf, ESCAPE_CHARACTER, (size_t)n);
    if (write_all(tty, buf, escape ? escape - buf : n))
        return 1;
    return escape != NULL;
}

static void copy_both_ways(int tty)
{
    struct pollfd fds[2] = {
        { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = tty, .events = POLLIN },
    };
    char buf[4096];

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents) {
            ssize_t n = read(tty, buf, sizeof(buf));

            /* EIO: xenconsoled closed its side, the guest is gone. */
            if (n <= 0 && !(n < 0 && errno == EINTR))
                return;
            if (n > 0 && write_all(STDOUT_FILENO, buf, n))
                return;
        }
        if (fds[0].revents && forward_input(tty))
            return;
    }
}

static void set_raw(int fd, struct termios *saved, bool *was_set)
{
    struct termios raw;

    *was_set = isatty(fd) && !tcgetattr(fd, saved);
    if (!*was_set)
        return;
    raw = *saved;
    cfmakeraw(&raw);
    tcsetattr(fd, TCSANOW, &raw);
}

int console_attach(struct xl *xl, uint32_t domid, const char *type, int number)
{
    struct termios saved, ignored;
    bool was_set, unused;
    char path[128], *name;
    int tty;

    if (strcmp(type, "pv"))
        return xl_error("a PV guest has no %s console: leave out -t", type);
    tty_path(domid, number, path, sizeof(path));
    name = wait_for_tty(xl, path);
    if (!name)
        return xl_error("domain %u has no console %d: is xenconsoled running?", domid, number);
    tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (tty < 0) {
        xl_error("cannot open console %s: %s", name, strerror(errno));
        free(name);
        return EXIT_FAILURE;
    }
    free(name);
    if (isatty(STDIN_FILENO)) {
        show_log(xl, domid);
        fprintf(stderr, "[console of domain %u: press Ctrl-] to leave]\n", domid);
    }
    set_raw(tty, &ignored, &unused);
    set_raw(STDIN_FILENO, &saved, &was_set);
    copy_both_ways(tty);
    if (was_set)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    close(tty);
    return EXIT_SUCCESS;
}

int cmd_console(struct xl *xl, int argc, char **argv)
{
    const char *type = "pv";
    unsigned long number = 0;
    uint32_t domid;
    int c, rc;

    while ((c = getopt(argc, argv, "hn:t:e:")) != -1) {
        switch (c) {
        case 't': type = optarg; break;
        case 'n':
            if (xl_parse_uint(optarg, 255, &number))
                return xl_error("'%s' is no console number", optarg);
            break;
        case 'e': break;
        default: return xl_usage("console");
        }
    }
    rc = xl_need_args("console", argc, optind, 1);
    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[optind], &domid))
        return EXIT_FAILURE;
    return console_attach(xl, domid, type, (int)number);
}
