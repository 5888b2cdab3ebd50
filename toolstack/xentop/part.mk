# SPDX-License-Identifier: GPL-2.0-only
PROGS += xentop
xentop_SRC := main.c collect.c print.c
xentop_LIBS := libjson libhv libxs
xentop_SBIN := y
