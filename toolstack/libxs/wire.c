/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xenstore wire format: error names and permission strings. See wire.h. No state, no locks.
 */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_ERRORS (sizeof(xsd_errors) / sizeof(xsd_errors[0]))

const char *xs_errno_name(int err)
{
    for (size_t i = 0; i < N_ERRORS; i++) {
        if (xsd_errors[i].errnum == err) {
            return xsd_errors[i].errstring;
        }
    }
    return "EINVAL";
}

int xs_errno_value(const char *name)
{
    for (size_t i = 0; i < N_ERRORS; i++) {
        if (!strcmp(xsd_errors[i].errstring, name)) {
            return xsd_errors[i].errnum;
        }
    }
    return EIO;
}

char xs_perm_letter(unsigned int access)
{
    return "nrwb"[access & (XS_PERM_READ | XS_PERM_WRITE)];
}

int xs_perm_parse(const char *text, struct xs_perm *perm)
{
    static const char letters[] = "nrwb";
    const char *letter = text[0] ? strchr(letters, text[0]) : NULL;
    unsigned long domid = 0;
    const char *p = text + 1;

    if (!letter || !*p) {
        return -EINVAL;
    }
    for (; *p; p++) {
        if (*p < '0' || *p > '9') {
            return -EINVAL;
        }
        domid = domid * 10 + (unsigned long)(*p - '0');
        if (domid > UINT16_MAX) {
            return -EINVAL;
        }
    }
    perm->domid = (uint16_t)domid;
    perm->access = (uint8_t)(letter - letters);
    perm->flags = 0;
    return 0;
}

size_t xs_perm_format(const struct xs_perm *perm, char *text)
{
    return (size_t)snprintf(text, XS_PERM_STRLEN, "%c%u", xs_perm_letter(perm->access),
                            (unsigned int)perm->domid);
}
