/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The client of a guest's console: what xl console and xenconsole do. Works with any xenconsoled,
 * and with the serial ports of device models, since all publish a tty in xenstore.
 */
#ifndef XENCONSOLED_CLIENT_H
#define XENCONSOLED_CLIENT_H

#include "libxs/xs.h"

enum console_type { CONSOLE_ANY, CONSOLE_PV, CONSOLE_SERIAL, CONSOLE_VUART };

struct console_options {
    enum console_type type;    /* ANY: the PV console, or if there is none the first serial port */
    unsigned int number;       /* of the console of that type */
    bool interactive;          /* read standard input even if it is no terminal */
    int notify_fd;             /* gets one 0 octet when connected (console.txt); -1: none */
    char escape;               /* leaves; 0x1d is Ctrl-] */
    unsigned int wait_ms;      /* how long to wait for the console to come up */
    bool quiet;                /* no banner */
};
#define CONSOLE_OPTIONS_DEFAULT \
    ((struct console_options){ .notify_fd = -1, .escape = 0x1d, .wait_ms = 10000 })

/*
 * Connects standard input and output to the console until the person leaves (returns 0), or the
 * guest ends (0, with a line that says so). When the daemon restarts it connects again. Errors:
 * -ENOENT (no such domain or console), -EBUSY (somebody else is on it), -EIO; the reason is printed
 * to standard error.
 */
int console_run(struct xs *xs, unsigned int domid, const struct console_options *opt);

#endif
