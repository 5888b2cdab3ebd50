/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_THREADS_RIVALS_H
#define SIM_THREADS_RIVALS_H

void rivals_run(void); /* on a machine that has no domains, and has none afterwards */

#endif
