/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LZMA, decoded for speed: most of the time of starting a guest goes into unpacking its kernel. The
 * format is that of the LZMA specification and of LZMA2. The range coder lives in registers; input
 * is checked once for each symbol, because a symbol consumes less than LZMA_IN_PAD bytes; matches
 * are copied eight bytes at a time. Damaged input ends in an error, never outside the buffers.
 */
#include <errno.h>
#include <string.h>

#include "lzma.h"

#define TOP         (1u << 24)
#define PROB_BITS   11
#define PROB_ONE    (1u << PROB_BITS)
#define PROB_SHIFT  5
#define MATCH_MIN   2u
#define FIRST_LIT_MATCH 7u      /* states from here on follow a match */
#define INLINE static inline __attribute__((always_inline))

struct coder {
    uint32_t range, code;
    const uint8_t *in;
};

INLINE void normalize(struct coder *c)
{
    if (c->range < TOP) {
        c->range <<= 8;
        c->code = c->code << 8 | *c->in++;
    }
}

INLINE unsigned int bit(struct coder *c, lzma_prob *p)
{
    uint32_t bound;

    normalize(c);
    bound = (c->range >> PROB_BITS) * *p;
    if (c->code < bound) {
        c->range = bound;
        *p = (lzma_prob)(*p + ((PROB_ONE - *p) >> PROB_SHIFT));
        return 0;
    }
    c->range -= bound;
    c->code -= bound;
    *p = (lzma_prob)(*p - (*p >> PROB_SHIFT));
    return 1;
}

/* N bits from a tree, the highest first. */
INLINE uint32_t tree(struct coder *c, lzma_prob *probs, unsigned int n)
{
    uint32_t m = 1;

#pragma GCC unroll 8
    for (unsigned int i = 0; i < n; i++)
        m = m << 1 | bit(c, &probs[m]);
    return m - (1u << n);
}

/* N bits from a tree, the lowest first. */
INLINE uint32_t reverse_tree(struct coder *c, lzma_prob *probs, unsigned int n)
{
    uint32_t m = 1, v = 0;

    for (unsigned int i = 0; i < n; i++) {
        unsigned int b = bit(c, &probs[m]);

        m = m << 1 | b;
        v |= b << i;
    }
    return v;
}

/* N bits of equal probability. */
INLINE uint32_t direct(struct coder *c, unsigned int n)
{
    uint32_t v = 0;

    while (n--) {
        uint32_t mask;

        normalize(c);
        c->range >>= 1;
        c->code -= c->range;
        mask = 0u - (c->code >> 31);
        c->code += c->range & mask;
        v = (v << 1) + (mask + 1);
    }
    return v;
}

INLINE uint32_t length(struct coder *c, struct lzma_len *l, uint32_t pos_state)
{
    if (!bit(c, &l->choice))
        return MATCH_MIN + tree(c, l->low[pos_state], 3);
    if (!bit(c, &l->choice2))
        return MATCH_MIN + 8 + tree(c, l->mid[pos_state], 3);
    return MATCH_MIN + 16 + tree(c, l->high, 8);
}

INLINE uint32_t distance(struct coder *c, struct lzma *s, uint32_t len)
{
    uint32_t slot = tree(c, s->slot[len < 6 ? len - MATCH_MIN : 3], 6), bits, d;

    if (slot < 4)
        return slot;
    bits = (slot >> 1) - 1;
    d = (2 | (slot & 1)) << bits;
    if (slot < 14)
        return d + reverse_tree(c, s->special + d - slot, bits);
    d += direct(c, bits - 4) << 4;
    return d + reverse_tree(c, s->align, 4);
}

INLINE uint8_t plain_literal(struct coder *c, lzma_prob *probs)
{
    return (uint8_t)tree(c, probs, 8);
}

/* After a match, the byte that would have followed it selects the probabilities. */
INLINE uint8_t matched_literal(struct coder *c, lzma_prob *probs, uint32_t match)
{
    uint32_t m = 1, offset = 0x100;

#pragma GCC unroll 8
    for (unsigned int i = 0; i < 8; i++) {
        uint32_t match_bit = (match <<= 1) & offset;
        unsigned int b = bit(c, &probs[offset + match_bit + m]);

        m = m << 1 | b;
        offset &= b ? match_bit : ~match_bit;
    }
    return (uint8_t)m;
}

/* Copies LEN bytes from DIST back. May write up to LZMA_OUT_PAD bytes too many. */
INLINE void copy_match(uint8_t *to, size_t dist, uint32_t len)
{
    const uint8_t *from = to - dist;
    uint8_t *end = to + len;

    if (dist < 8) {
        /* Write one multiple of the distance that is at least eight, then go on from there. */
        size_t step = dist * ((7 + dist) / dist);

        for (size_t i = 0; i < step && to < end; i++)
            *to++ = *from++;
        from = to - step;
    }
    while (to < end) {
        memcpy(to, from, 8);
        to += 8;
        from += 8;
    }
}

static const uint8_t after_literal[LZMA_STATES] = { 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5 };

/* Moves repeated distance N to the front. */
INLINE void use_rep(struct lzma *s, unsigned int n)
{
    uint32_t d = s->rep[n];

    for (; n; n--)
        s->rep[n] = s->rep[n - 1];
    s->rep[0] = d;
}

/* A match with a new or a repeated distance; returns its length, 1 for a single repeated byte. */
INLINE uint32_t match(struct coder *c, struct lzma *s, uint32_t pos_state)
{
    uint32_t st = s->state, len;

    if (!bit(c, &s->is_rep[st])) {
        s->rep[3] = s->rep[2];
        s->rep[2] = s->rep[1];
        s->rep[1] = s->rep[0];
        len = length(c, &s->match_len, pos_state);
        s->rep[0] = distance(c, s, len);
        s->state = st < FIRST_LIT_MATCH ? 7 : 10;
        return len;
    }
    if (!bit(c, &s->is_rep0[st])) {
        if (!bit(c, &s->is_rep0_long[st][pos_state])) {
            s->state = st < FIRST_LIT_MATCH ? 9 : 11;
            return 1;
        }
    } else if (!bit(c, &s->is_rep1[st])) {
        use_rep(s, 1);
    } else {
        use_rep(s, 2 + bit(c, &s->is_rep2[st]));
    }
    s->state = st < FIRST_LIT_MATCH ? 8 : 11;
    return length(c, &s->rep_len, pos_state);
}

int lzma_chunk(struct lzma *s, const uint8_t *in, size_t in_len, uint8_t *out, size_t dict,
               size_t pos, size_t end)
{
    const uint8_t *in_end = in + in_len;
    struct coder c = { .range = UINT32_MAX, .in = in + 5 };

    if (in_len < 5 || in[0])
        return -EBADMSG;
    c.code = (uint32_t)in[1] << 24 | in[2] << 16 | in[3] << 8 | in[4];
    while (pos < end) {
        uint32_t pos_state = (uint32_t)(pos - dict) & s->pb_mask, len;

        if (c.in > in_end)
            return -EBADMSG;
        if (!bit(&c, &s->is_match[s->state][pos_state])) {
            uint32_t last = pos > dict ? out[pos - 1] : 0;
            uint32_t context = ((uint32_t)(pos - dict) & s->lp_mask) << s->lc | last >> (8 - s->lc);
            lzma_prob *probs = s->literal + 0x300 * context;

            if (s->state < FIRST_LIT_MATCH)
                out[pos] = plain_literal(&c, probs);
            else if (s->rep[0] >= pos - dict)
                return -EBADMSG;
            else
                out[pos] = matched_literal(&c, probs, out[pos - s->rep[0] - 1]);
            s->state = after_literal[s->state];
            pos++;
            continue;
        }
        len = match(&c, s, pos_state);
        if (s->rep[0] >= pos - dict || len > end - pos)
            return -EBADMSG;
        copy_match(out + pos, (size_t)s->rep[0] + 1, len);
        pos += len;
    }
    normalize(&c);
    return c.in == in_end && !c.code ? 0 : -EBADMSG;
}

int lzma_set_props(struct lzma *s, uint8_t props)
{
    unsigned int lc = props % 9, lp = props / 9 % 5, pb = props / 45;

    if (props >= 225 || lc + lp > 4)
        return -EBADMSG;
    s->lc = lc;
    s->lp_mask = (1u << lp) - 1;
    s->pb_mask = (1u << pb) - 1;
    return 0;
}

void lzma_reset(struct lzma *s)
{
    lzma_prob *p = &s->is_match[0][0];
    lzma_prob *end = s->literal + sizeof(s->literal) / sizeof(s->literal[0]);

    s->state = 0;
    memset(s->rep, 0, sizeof(s->rep));
    while (p < end)
        *p++ = PROB_ONE / 2;
}
