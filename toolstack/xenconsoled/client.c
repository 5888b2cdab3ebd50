/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The client of a guest's console. See client.h.
 */
#include "client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 100
#define DRAIN_MS 200    /* standard input has ended: let the answer come */

/*
 * The xenstore path that names the tty. which: 0 first choice, 1 second choice. Returns false at
 * the end.
 */
static bool tty_path(unsigned int domid, const struct console_options *opt, int which, char *path,
                     size_t size)
{
    enum console_type type = opt->type;

    if (type == CONSOLE_ANY) {
        type = which ? CONSOLE_SERIAL : CONSOLE_PV;
    } else if (which) {
        return false;
    }
    if (type == CONSOLE_SERIAL) {
        snprintf(path, size, "/local/domain/%u/serial/%u/tty", domid, opt->number);
    } else if (type == CONSOLE_VUART) {
        snprintf(path, size, "/local/domain/%u/vuart/%u/tty", domid, opt->number);
    } else if (opt->number) {
        snprintf(path, size, "/local/domain/%u/device/console/%u/tty", domid, opt->number);
    } else {
        snprintf(path, size, "/local/domain/%u/console/tty", domid);
    }
    return which < 2;
}

static bool domain_is_there(struct xs *xs, unsigned int domid)
{
    bool introduced = false;

    return !xs_is_introduced(xs, domid, &introduced) && introduced;
}

/*
 * Opens the console's tty, if there is one and it can be opened. Returns the descriptor or -errno.
 */
static int try_open(struct xs *xs, unsigned int domid, const struct console_options *opt)
{
    char path[96], *tty;
    int fd = -ENOENT;

    for (int which = 0; tty_path(domid, opt, which, path, sizeof(path)) && which < 2; which++) {
        if (xs_read(xs, XS_NO_TX, path, &tty, NULL)) {
            continue;
        }
        fd = *tty ? open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK) : -1;
        fd = fd < 0 ? (*tty ? -errno : -ENOENT) : fd;
        free(tty);
        if (fd >= 0) {
            break;
        }
    }
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return -EBUSY;
    }
    return fd;
}

/* Whether one of the signals that are held back has come. */
static bool signal_waits(void)
{
    sigset_t set;

    return !sigpending(&set) && (sigismember(&set, SIGTERM) || sigismember(&set, SIGHUP) ||
                                 sigismember(&set, SIGINT) || sigismember(&set, SIGQUIT));
}

static void nap(void)
{
    struct timespec ts = { .tv_nsec = RETRY_MS * 1000000l };

    nanosleep(&ts, NULL);
}

/* Waits until there is a console to open. Returns its descriptor or -errno. */
static int wait_open(struct xs *xs, unsigned int domid, const struct console_options *opt)
{
    int fd = -ENOENT;

    for (unsigned int waited = 0; waited <= opt->wait_ms && !signal_waits(); waited += RETRY_MS) {
        fd = try_open(xs, domid, opt);
        if (fd >= 0 || fd == -EBUSY) {
            return fd;
        }
        if (!domain_is_there(xs, domid) && waited > 1000) {
            return -ENOENT;
        }
        nap();
    }
    return fd;
}

/*
 * The tty was lost: the guest has ended, or xenconsoled or xenstored is being restarted. Asks over
 * connections of its own, since the caller's may be broken too.
 */
static int open_again(unsigned int domid, const struct console_options *opt)
{
    struct xs *xs;
    int fd;

    for (unsigned int waited = 0; waited <= opt->wait_ms && !signal_waits(); waited += RETRY_MS) {
        if (xs_open(&xs)) {
            nap();
            continue;
        }
        fd = domain_is_there(xs, domid) ? wait_open(xs, domid, opt) : -ENOENT;
        xs_close(xs);
        return fd;
    }
    return -ENOENT;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EAGAIN) {
            struct pollfd pfd = { .fd = fd, .events = POLLOUT };

            poll(&pfd, 1, -1);
            continue;
        }
        if (n <= 0) {
            return -EIO;
        }
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

enum outcome { LEFT, LOST };

/* What was typed and the guest has not taken yet. */
struct typed {
    char buf[4096];
    size_t len;
};

/* A signal that ends the program: the terminal is set back first. */
static volatile sig_atomic_t ended;

static void on_end(int number)
{
    ended = number;
}

/*
 * Takes what was typed, even if the guest takes nothing, so that the person can always leave; what finds no room is lost
 * with a bell, as on any terminal. LEFT: the escape character; the end of input closes *FD.
 */
static bool read_typed(struct typed *t, int *fd, char escape)
{
    char buf[1024], *esc;
    ssize_t n = read(*fd, buf, sizeof(buf));
    size_t len;

    if (n <= 0) {
        *fd = n < 0 && errno == EINTR ? *fd : -1;
        return true;
    }
    esc = memchr(buf, escape, (size_t)n);
    len = esc ? (size_t)(esc - buf) : (size_t)n;
    if (len > sizeof(t->buf) - t->len) {
        len = sizeof(t->buf) - t->len;
        write_all(STDOUT_FILENO, "\a", 1);
    }
    memcpy(t->buf + t->len, buf, len);
    t->len += len;
    return !esc;
}

/* Gives the guest what it takes now. */
static int write_typed(struct typed *t, int tty)
{
    ssize_t n = t->len ? write(tty, t->buf, t->len) : 0;

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -EIO;
    }
    t->len -= (size_t)n;
    memmove(t->buf, t->buf + n, t->len);
    return 0;
}

/* Shows what the guest printed. */
static int show(int tty, enum outcome *how)
{
    char buf[4096];
    ssize_t n = read(tty, buf, sizeof(buf));

    *how = LOST;
    if (n <= 0) {
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -EIO;
    }
    *how = LEFT;
    return write_all(STDOUT_FILENO, buf, (size_t)n);
}

/* Copies both ways until the person leaves or the tty is lost. SIGNALS are let in only while it waits. */
static enum outcome talk(int tty, bool read_input, char escape, const sigset_t *signals)
{
    struct timespec drain = { .tv_nsec = DRAIN_MS * 1000000l };
    int input = read_input ? STDIN_FILENO : -1;
    struct typed typed = { .len = 0 };
    enum outcome how;

    while (!ended) {
        struct pollfd set[2] = { { .fd = tty, .events = (short)(POLLIN | (typed.len ? POLLOUT : 0)) },
                                 { .fd = input, .events = POLLIN } };
        int rc = ppoll(set, 2, input < 0 && read_input && !typed.len ? &drain : NULL, signals);

        if (rc == 0) {
            return LEFT;
        }
        if (rc < 0) {
            continue;
        }
        if (set[0].revents & ~POLLOUT && show(tty, &how)) {
            return how;
        }
        if (set[1].revents && !read_typed(&typed, &input, escape)) {
            write_typed(&typed, tty);
            return LEFT;
        }
        if (write_typed(&typed, tty)) {
            return LOST;
        }
    }
    return LEFT;
}

static void banner(struct xs *xs, unsigned int domid, char escape)
{
    char *name = NULL;

    if (xs_readf(xs, XS_NO_TX, &name, "/local/domain/%u/name", domid)) {
        name = NULL;
    }
    fprintf(stderr, "Console of %s (domain %u). Ctrl-%c leaves.\r\n", name ? name : "the guest",
            domid,
            escape + '@');
    free(name);
}

static int explain(unsigned int domid, int rc)
{
    if (rc == -EBUSY) {
        fprintf(stderr, "Somebody else is on the console of domain %u.\n", domid);
    } else if (rc == -ENOENT) {
        fprintf(stderr,
                "Domain %u has no console: is it there, and does xenconsoled run?\n", domid);
    } else {
        fprintf(stderr, "The console of domain %u cannot be opened: %s\n", domid, strerror(-rc));
    }
    return rc;
}

/* The terminal passes everything on, as the guest's own. Returns whether there was one to set. */
static bool make_raw(struct termios *old)
{
    struct termios raw;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, old) < 0) {
        return false;
    }
    raw = *old;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    return true;
}

/* Signals that would leave the terminal raw wait until it is looked for them. *BEFORE: what was let in. */
static void hold_signals(sigset_t *before)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
    struct sigaction sa = { .sa_handler = on_end };
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &sa, NULL);
        sigaddset(&set, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &set, before);
}

/* The terminal is as it was: now the signal may do what it does. */
static void take_signal(const sigset_t *before)
{
    int number;

    sigprocmask(SIG_SETMASK, before, NULL);
    number = ended;
    if (number) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

int console_run(struct xs *xs, unsigned int domid, const struct console_options *opt)
{
    struct termios old;
    sigset_t before;
    bool raw, again = false;
    int tty = wait_open(xs, domid, opt);

    if (tty < 0) {
        return explain(domid, tty);
    }
    if (opt->notify_fd >= 0 && write(opt->notify_fd, "", 1) != 1) {
        fputs("nobody waits for the console\n", stderr);
    }
    hold_signals(&before);
    raw = make_raw(&old);
    while (tty >= 0) {
        if (!again && !opt->quiet && raw) {
            banner(xs, domid, opt->escape);
        }
        if (talk(tty, raw || opt->interactive, opt->escape, &before) == LEFT) {
            close(tty);
            break;
        }
        close(tty);
        again = true;
        tty = open_again(domid, opt);
        if (tty < 0 && raw) {
            fprintf(stderr, "\r\nDomain %u has ended.\r\n", domid);
        }
    }
    if (raw) {
        tcsetattr(STDIN_FILENO, TCSANOW, &old);
        fputc('\n', stderr);
    }
    take_signal(&before);
    return 0;
}
