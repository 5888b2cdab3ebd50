/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often something may happen that a guest can cause: some at once, then one each interval.
 * What was refused is counted, so that the next message can tell.
 */
#ifndef LIBDAEMON_LIMIT_H
#define LIBDAEMON_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct limit {
    bool begun;             /* all zero is a limit that nothing has been taken from */
    unsigned int left;      /* may happen at once */
    unsigned int refused;   /* since the last that was allowed; the caller clears it */
    int64_t at;             /* ms: left is counted up to here */
};

/* Whether it may happen now: at most burst at once, and one more each interval (ms). */
static inline bool limit_take(struct limit *l, int64_t now, unsigned int burst, int64_t interval)
{
    int64_t earned;

    if (!l->begun) {
        *l = (struct limit){ .begun = true, .left = burst, .at = now };
    }
    earned = (now - l->at) / interval;
    if (earned > 0) {
        l->at += earned * interval;
        l->left = earned < (int64_t)(burst - l->left) ? l->left + (unsigned int)earned : burst;
    }
    if (!l->left) {
        l->refused++;
        return false;
    }
    l->left--;
    return true;
}

#endif
