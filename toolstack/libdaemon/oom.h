/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel may kill when memory runs out.
 */
#ifndef LIBDAEMON_OOM_H
#define LIBDAEMON_OOM_H

/*
 * The calling process is never killed for memory, whoever started it: every guest needs it, and
 * what guests can make it hold is bounded. Without the right to (not root) nothing happens.
 */
void oom_kill_last(void);

#endif
