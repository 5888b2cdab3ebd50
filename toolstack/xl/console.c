/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl console: connects the terminal to a guest's console. The client itself (banner, Ctrl-], last
 * lines first, a restart of xenconsoled) is libconsole's, which xenconsole uses too.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "xenconsoled/client.h"
#include "xl.h"

int console_attach(struct xl *xl, uint32_t domid, const char *type, int number)
{
    struct console_options opt = CONSOLE_OPTIONS_DEFAULT;

    if (strcmp(type, "pv"))
        return xl_error("a PV guest has no %s console: leave out -t", type);
    opt.type = CONSOLE_PV;
    opt.number = (unsigned int)number;
    return console_run(xl->xs, domid, &opt) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_console(struct xl *xl, int argc, char **argv)
{
    const char *type = "pv";
    unsigned long number = 0;
    uint32_t domid;
    int c, rc;

    while ((c = xl_getopt(argc, argv, "hn:t:e:")) != -1) {
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
