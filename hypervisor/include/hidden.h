/* SPDX-License-Identifier: GPL-2.0-only */
/* Included first everywhere: all symbols are local to the image, so that position-independent code needs no GOT. */
#pragma GCC visibility push(hidden)
