/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel may kill when memory runs out.
 */
#ifndef LIBDAEMON_OOM_H
#define LIBDAEMON_OOM_H

/*
 * The calling process is among the last to be killed for memory: every guest needs it. It is not
 * exempt, so that a leak of its own ends it (it is started again) and not the machine. Without the
 * right to (not root) nothing happens.
 */
void oom_kill_last(void);

#endif
