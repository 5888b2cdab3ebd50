/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory and string functions, each as the C standard (strlcpy: BSD) has it.
 * The block functions are in string_x86.S, the rest in string.c and strlcpy.c;
 * the sim build takes the host's C library instead of the first two.
 */
#ifndef HV_LIB_STRING_H
#define HV_LIB_STRING_H

#include "types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);

/* Copies @src to @dst of @size bytes, cut and always terminated (size > 0). @return strlen(@src); >= @size: it was cut. */
size_t strlcpy(char *dst, const char *src, size_t size);

#endif
