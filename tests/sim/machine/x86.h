/* SPDX-License-Identifier: GPL-2.0-only */
/* The real machine/x86.h, with instructions that only a kernel may execute done by hardware.c. */
#include_next "machine/x86.h" /* which for files of this folder is this one a second time, then the real one */

#ifndef SIM_X86_H
#define SIM_X86_H

u64 sim_rdmsr(u32 msr);
void sim_wrmsr(u32 msr, u64 value);
u64 *sim_register(unsigned n); /* of the CPU we run on: 0 CR4, 1 DR6, 2 DR7, 3 TS */

#define rdmsr(msr) sim_rdmsr(msr)
#define wrmsr(msr, value) sim_wrmsr(msr, value)
#define read_cr4() (*sim_register(0))
#define write_cr4(value) (*sim_register(0) = (value))
#define read_dr6() (*sim_register(1))
#define write_dr6(value) (*sim_register(1) = (value))
#define read_dr7() (*sim_register(2))
#define write_dr7(value) (*sim_register(2) = (value))
#define write_dr0(value) ((void)(value))
#define write_dr1(value) ((void)(value))
#define write_dr2(value) ((void)(value))
#define write_dr3(value) ((void)(value))
#define clts() (*sim_register(3) = 0)
#define stts() (*sim_register(3) = 1)

#endif
