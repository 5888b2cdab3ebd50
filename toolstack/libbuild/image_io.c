/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading and writing the streams of a saved domain: exact lengths, headers, padded records
 * (image.h). */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "image.h"

#define PAD(len) (-(len)&7u)

int image_write(int fd, const void *data, size_t len, struct build_error *err)
{
    const uint8_t *p = data;

    while (len) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return build_fail(err, -errno, "cannot write the image: %s", strerror(errno));
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int image_read(int fd, void *data, size_t len, struct build_error *err)
{
    uint8_t *p = data;

    while (len) {
        ssize_t n = read(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return build_fail(err, -errno, "cannot read the image: %s", strerror(errno));
        if (n == 0)
            return build_fail(err, -EBADMSG, "the image is cut off: save the guest again");
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int image_put(int fd, uint32_t type, const void *a, size_t a_len, const void *b, size_t b_len,
              struct build_error *err)
{
    static const uint8_t zeros[8];
    struct image_record rec = { .type = type, .length = (uint32_t)(a_len + b_len) };
    int rc = image_write(fd, &rec, sizeof(rec), err);

    if (!rc)
        rc = image_write(fd, a, a_len, err);
    if (!rc)
        rc = image_write(fd, b, b_len, err);
    return rc ? rc : image_write(fd, zeros, PAD(rec.length), err);
}

int image_get(int fd, struct image_record *rec, uint8_t **body, struct build_error *err)
{
    int rc = image_read(fd, rec, sizeof(*rec), err);

    *body = NULL;
    if (rc)
        return rc;
    if (rec->length > IMAGE_MAX_BODY)
        return build_fail(err, -EBADMSG, "the image is damaged: a record of %u octets",
                          rec->length);
    *body = malloc(rec->length + 8u);
    if (!*body)
        return build_fail(err, -ENOMEM, "out of memory in Domain 0");
    rc = image_read(fd, *body, rec->length + PAD(rec->length), err);
    if (rc) {
        free(*body);
        *body = NULL;
    }
    return rc;
}

int image_put_headers(int fd, unsigned int xen_major, unsigned int xen_minor,
                      struct build_error *err)
{
    struct libxl_header outer = { htobe64(LIBXL_IDENT), htobe32(LIBXL_VERSION), 0 };
    struct image_header header = {
        IMAGE_MARKER, htobe32(IMAGE_ID), htobe32(IMAGE_VERSION), 0, { 0 }
    };
    struct image_domain_header domain = { IMAGE_TYPE_PV, 12, 0, xen_major, xen_minor };
    int rc = image_write(fd, &outer, sizeof(outer), err);

    if (!rc)
        rc = image_put(fd, LIBXL_LIBXC_CONTEXT, NULL, 0, NULL, 0, err);
    if (!rc)
        rc = image_write(fd, &header, sizeof(header), err);
    return rc ? rc : image_write(fd, &domain, sizeof(domain), err);
}

static int get_outer_header(int fd, struct build_error *err)
{
    struct libxl_header outer;
    struct image_record rec;
    int rc = image_read(fd, &outer, sizeof(outer), err);

    if (rc)
        return rc;
    if (be64toh(outer.ident) != LIBXL_IDENT)
        return build_fail(err, -EBADMSG, "the file is not the image of a saved guest");
    if (be32toh(outer.version) != LIBXL_VERSION || outer.options)
        return build_fail(err, -EBADMSG,
                          "the image has version %u of libxl's format, only 2 is read",
                          be32toh(outer.version));
    rc = image_read(fd, &rec, sizeof(rec), err);
    if (!rc && (rec.type != LIBXL_LIBXC_CONTEXT || rec.length))
        return build_fail(err, -EBADMSG, "the image is damaged: it begins with record %u",
                          rec.type);
    return rc;
}

int image_get_headers(int fd, struct build_error *err)
{
    struct image_domain_header domain;
    struct image_header header;
    uint32_t version;
    int rc = get_outer_header(fd, err);

    if (!rc)
        rc = image_read(fd, &header, sizeof(header), err);
    if (!rc)
        rc = image_read(fd, &domain, sizeof(domain), err);
    if (rc)
        return rc;
    version = be32toh(header.version);
    if (header.marker != IMAGE_MARKER || be32toh(header.id) != IMAGE_ID || header.options)
        return build_fail(err, -EBADMSG, "the image is damaged: it has no domain in it");
    if (version != IMAGE_VERSION && version != IMAGE_VERSION - 1)
        return build_fail(err, -EBADMSG,
                          "the image has version %u of libxc's format, 2 and 3 are read", version);
    if (domain.type != IMAGE_TYPE_PV || domain.page_shift != 12)
        return build_fail(err, -EBADMSG, "the image is not that of a PV guest");
    return 0;
}
