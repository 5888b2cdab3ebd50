/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xz container and its LZMA2 and x86 filters, as far as kernels use them (xz-file-format.txt).
 * What is valid but unusual is left to liblzma. Called by unpack.c. No locks.
 */
#include <errno.h>
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

#include "lzma.h"
#include "unpack.h"

#define HEADER_SIZE  12u
#define FILTER_X86   0x04u
#define FILTER_LZMA2 0x21u
#define CHUNK_IN_MAX (64u << 10)

struct reader {
    const uint8_t *src;
    size_t len, pos;
};

/* A number of up to nine bytes with seven bits each. */
static int read_number(struct reader *r, size_t end, uint64_t *v)
{
    *v = 0;
    for (unsigned int shift = 0; shift < 63 && r->pos < end; shift += 7) {
        uint8_t b = r->src[r->pos++];

        *v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            return 0;
    }
    return -EBADMSG;
}

/* Reads a block's header. *X86: whether that filter comes after LZMA2. */
static int block_header(struct reader *r, int *x86)
{
    size_t start = r->pos, end = start + (r->src[start] + 1u) * 4 - 4;
    uint64_t id, props, ignored;
    unsigned int filters;
    uint8_t flags;
    int rc = 0;

    if (end + 4 > r->len || end < start + 2)
        return -EBADMSG;
    flags = r->src[start + 1];
    filters = (flags & 3) + 1u;
    r->pos = start + 2;
    if (flags & 0x3c || filters > 2)
        return -EOPNOTSUPP;
    if (flags & 0x40)
        rc = read_number(r, end, &ignored);
    if (!rc && flags & 0x80)
        rc = read_number(r, end, &ignored);
    *x86 = filters == 2;
    for (unsigned int i = 0; !rc && i < filters; i++) {
        rc = read_number(r, end, &id);
        if (!rc)
            rc = read_number(r, end, &props);
        if (!rc && (props > end - r->pos || (i + 1 < filters ? id != FILTER_X86 || props
                                                             : id != FILTER_LZMA2 || props != 1)))
            rc = -EOPNOTSUPP;
        if (!rc)
            r->pos += props;
    }
    r->pos = end + 4;
    return rc;
}

struct lzma2 {
    struct lzma lzma;
    size_t dict;              /* where the dictionary begins in the output */
    int need_dict, need_props, need_state;
    uint8_t in[CHUNK_IN_MAX + LZMA_IN_PAD];
};

static int stored_chunk(struct reader *r, struct lzma2 *s, uint8_t control, struct sink *out)
{
    size_t n;
    int rc;

    if (r->len - r->pos < 2 || control > 2)
        return -EBADMSG;
    n = (r->src[r->pos] << 8 | r->src[r->pos + 1]) + 1u;
    r->pos += 2;
    if (r->len - r->pos < n)
        return -EBADMSG;
    if (control == 1) {
        /* Distances of before would go back behind the new dictionary: the next packed chunk brings a new state. */
        s->dict = out->size;
        s->need_dict = 0;
        s->need_props = 1;
    }
    rc = s->need_dict ? -EBADMSG : sink_room(out, n + LZMA_OUT_PAD);
    if (rc)
        return rc;
    memcpy(out->buf + out->size, r->src + r->pos, n);
    out->size += n;
    r->pos += n;
    return 0;
}

/* Bits 5 and 6 of the control byte say what is reset: state, properties, dictionary. */
static int chunk_resets(struct reader *r, struct lzma2 *s, uint8_t control, const struct sink *out)
{
    unsigned int resets = control >> 5 & 3;

    if (resets == 3) {
        s->dict = out->size;
        s->need_dict = 0;
    }
    if (s->need_dict)
        return -EBADMSG;
    if (resets >= 2) {
        if (r->pos >= r->len || lzma_set_props(&s->lzma, r->src[r->pos++]))
            return -EBADMSG;
        s->need_props = 0;
    }
    if (s->need_props || (!resets && s->need_state))
        return -EBADMSG;
    if (resets)
        lzma_reset(&s->lzma);
    s->need_state = 0;
    return 0;
}

static int packed_chunk(struct reader *r, struct lzma2 *s, uint8_t control, struct sink *out)
{
    size_t n_out, n_in;
    int rc;

    if (r->len - r->pos < 4)
        return -EBADMSG;
    n_out = ((control & 0x1fu) << 16 | r->src[r->pos] << 8 | r->src[r->pos + 1]) + 1u;
    n_in = (r->src[r->pos + 2] << 8 | r->src[r->pos + 3]) + 1u;
    r->pos += 4;
    rc = chunk_resets(r, s, control, out);
    if (rc)
        return rc;
    if (r->len - r->pos < n_in)
        return -EBADMSG;
    rc = sink_room(out, n_out + LZMA_OUT_PAD);
    if (rc)
        return rc;
    memcpy(s->in, r->src + r->pos, n_in);
    memset(s->in + n_in, 0, LZMA_IN_PAD);
    rc = lzma_chunk(&s->lzma, s->in, n_in, out->buf, s->dict, out->size, out->size + n_out);
    out->size += n_out;
    r->pos += n_in;
    return rc;
}

static int lzma2_block(struct reader *r, struct lzma2 *s, struct sink *out)
{
    s->need_dict = s->need_props = s->need_state = 1;
    for (;;) {
        uint8_t control;
        int rc;

        if (r->pos >= r->len)
            return -EBADMSG;
        control = r->src[r->pos++];
        if (!control)
            return 0;
        rc = control < 0x80 ? stored_chunk(r, s, control, out) : packed_chunk(r, s, control, out);
        if (rc)
            return rc;
    }
}

/* The next byte E8 or E9 (call, jump) from I on, or LIMIT. */
static size_t next_branch(const uint8_t *buf, size_t i, size_t limit)
{
    const __m128i mask = _mm_set1_epi8((char)0xfe), branch = _mm_set1_epi8((char)0xe8);

    while (i + 16 <= limit) {
        __m128i v = _mm_loadu_si128((const __m128i *)(buf + i));
        int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_and_si128(v, mask), branch));

        if (hits)
            return i + (size_t)__builtin_ctz((unsigned int)hits);
        i += 16;
    }
    while (i < limit && (buf[i] & 0xfe) != 0xe8)
        i++;
    return i;
}

static int sign_byte(uint8_t b)
{
    return b == 0x00 || b == 0xff;
}

/*
 * The x86 filter: targets of calls and jumps were made absolute by the packer and become relative
 * again. HISTORY has a bit for each of the last three bytes that looked like a branch but was left
 * alone; the packer skipped or re-coded targets that overlap those.
 */
static void unfilter_x86(uint8_t *buf, size_t size)
{
    static const uint8_t distance_of[8] = { 0, 1, 2, 2, 3, 3, 3, 3 };
    size_t limit = size > 4 ? size - 4 : 0, last = (size_t)-1;
    uint32_t history = 0;

    for (size_t i = next_branch(buf, 0, limit); i < limit; i = next_branch(buf, i + 1, limit)) {
        size_t gap = i - last;
        uint32_t value, target;

        last = i;
        history = gap > 3 ? 0 : (history << (gap - 1)) & 7;
        if (history && (history == 3 || history > 4 ||
                        sign_byte(buf[i + 4 - distance_of[history]]))) {
            history = history << 1 | 1;
            continue;
        }
        if (!sign_byte(buf[i + 4])) {
            history = history << 1 | 1;
            continue;
        }
        memcpy(&value, buf + i + 1, sizeof(value));
        for (;;) {
            unsigned int shift = distance_of[history] * 8u;

            target = value - (uint32_t)(i + 5);
            if (!history || !sign_byte((uint8_t)(target >> (24 - shift))))
                break;
            value = target ^ ((1u << (32 - shift)) - 1);
        }
        target &= 0x01ffffff;
        target |= 0u - (target & 0x01000000);
        memcpy(buf + i + 1, &target, sizeof(target));
        i += 4;
    }
}

/* Skips padding and checksum of a block, whose BYTES were unpacked to DATA. */
static int block_end(struct reader *r, unsigned int check, const uint8_t *data, size_t bytes)
{
    static const uint8_t sizes[16] = { 0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64 };

    size_t sum = (r->pos + 3) & ~(size_t)3;

    r->pos = sum + sizes[check & 15];
    return r->pos < r->len && unpack_check(check & 15, data, bytes, r->src + sum) ? 0 : -EBADMSG;
}

int xz_unpack(const uint8_t *src, size_t len, struct sink *out)
{
    struct reader r = { .src = src, .len = len, .pos = HEADER_SIZE };
    struct lzma2 *s;
    int rc = 0;

    if (len < HEADER_SIZE + 1)
        return -EBADMSG;
    s = malloc(sizeof(*s));
    if (!s)
        return -ENOMEM;
    /* A zero where a block's header would be begins the index. */
    while (!rc && r.src[r.pos]) {
        size_t start = out->size;
        int x86;

        rc = block_header(&r, &x86);
        if (rc == -EOPNOTSUPP && start)
            rc = -EBADMSG;
        if (!rc)
            rc = lzma2_block(&r, s, out);
        if (!rc && x86)
            unfilter_x86(out->buf + start, out->size - start);
        if (!rc)
            rc = block_end(&r, src[7], out->buf + start, out->size - start);
    }
    free(s);
    return rc;
}
