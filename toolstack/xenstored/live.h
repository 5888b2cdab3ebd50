/* SPDX-License-Identifier: GPL-2.0-only */
/* The planned restart: hands everything over to a new binary in the same process. */
#ifndef XENSTORED_LIVE_H
#define XENSTORED_LIVE_H

#include "record.h"
#include "rings.h"

/*
 * Writes the state to a memory file and executes binary with the arguments of argv, or of args if
 * given, and --live-update=FD. Returns only on failure, with -errno and everything as before.
 */
int live_exec(struct xsd *x, const char *binary, const char *args, char **argv, int listen_fd,
              int evtchn_fd);

/*
 * Reads the stream from the descriptor of --live-update. Returns 0 or -errno, after noting the
 * reason.
 */
int live_resume(struct xsd *x, int fd, struct restored *out);

/*
 * Looks in dir for the journal of a daemon that died, and opens rings, the buffers that go with it.
 * Returns 0: resumed; -ENOENT: there is none; -errno: there is one that cannot be used.
 */
int crash_resume(struct xsd *x, const char *dir, struct ringfile *rings);

#endif
