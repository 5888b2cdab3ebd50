/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The head of a file of `xl save`, the same as that of Xen's xl: a magic, flags, and the guest's
 * configuration; libxl's stream follows (libbuild/image.h). We write the configuration as xl.cfg
 * text, which both read. Xen's xl writes libxl's JSON, which is not read here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libbuild/image.h"
#include "xl.h"

#define MAGIC_SIZE      32
#define BYTE_ORDER_MARK 0x01020304u
#define FLAG_JSON       (1u << 0) /* the configuration is libxl's JSON */
#define FLAG_STREAM     (1u << 1) /* a libxl stream of version 2 follows */
#define MAX_CONFIG      (1u << 20)

static const char magic[MAGIC_SIZE] = "Xen saved domain, xl format\n \0 \r";

struct savefile_header {
    char magic[MAGIC_SIZE];
    uint32_t byte_order;
    uint32_t mandatory; /* flags that a reader must know */
    uint32_t optional;
    uint32_t
        optional_len; /* octets that follow: uint32_t length of the configuration, configuration */
};

int savefile_write(int fd, const char *config, struct build_error *err)
{
    uint32_t len = (uint32_t)strlen(config);
    struct savefile_header h = {
        .byte_order = BYTE_ORDER_MARK,
        .mandatory = FLAG_STREAM,
        .optional_len = (uint32_t)sizeof(len) + len,
    };
    int rc;

    memcpy(h.magic, magic, sizeof(magic));
    rc = image_write(fd, &h, sizeof(h), err);
    if (!rc)
        rc = image_write(fd, &len, sizeof(len), err);
    return rc ? rc : image_write(fd, config, len, err);
}

int savefile_read(int fd, char **config, struct build_error *err)
{
    struct savefile_header h;
    uint32_t len;
    char *text;
    int rc = image_read(fd, &h, sizeof(h), err);

    *config = NULL;
    if (rc)
        return rc;
    if (memcmp(h.magic, magic, sizeof(magic)) || h.byte_order != BYTE_ORDER_MARK)
        return build_fail(err, -EBADMSG, "the file is not the image of a saved guest");
    if (!(h.mandatory & FLAG_STREAM) || h.mandatory & ~(FLAG_STREAM | FLAG_JSON) ||
        h.optional_len < sizeof(len) || h.optional_len > MAX_CONFIG)
        return build_fail(err, -EBADMSG, "the image has a format that is not known (flags %#x)",
                          h.mandatory);
    text = calloc(1, h.optional_len + 1);
    if (!text)
        return build_fail(err, -ENOMEM, "out of memory");
    rc = image_read(fd, text, h.optional_len, err);
    memcpy(&len, text, sizeof(len));
    if (!rc && len > h.optional_len - sizeof(len))
        rc = build_fail(err, -EBADMSG, "the image is damaged: its configuration is cut off");
    if (rc || h.mandatory & FLAG_JSON) {
        free(text);
        return rc;
    }
    memmove(text, text + sizeof(len), len);
    text[len] = '\0';
    *config = text;
    return 0;
}
