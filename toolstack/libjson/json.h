/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text in JSON output. Called by xl and xentop.
 */
#ifndef HOSPES_LIBJSON_JSON_H
#define HOSPES_LIBJSON_JSON_H

/* Prints S on standard output as a JSON string (RFC 8259, section 7), in quotes; bytes above 127 as they are. */
void json_text(const char *s);

#endif
