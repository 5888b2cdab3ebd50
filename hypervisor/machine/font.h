/* SPDX-License-Identifier: GPL-2.0-only */
/* The letters 32..126, 16 rows of 8 pixels each, leftmost pixel in bit 7. Made by boot/tools/mkfont.c. */
#ifndef HV_MACHINE_FONT_H
#define HV_MACHINE_FONT_H

#include "types.h"

#define FONT_FIRST 32
#define FONT_LETTERS 95

extern const u8 font_8x16[FONT_LETTERS][16];

#endif
