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
#define TOP_BITS    24u
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

/* What a probability becomes after a 0 and after a 1: a look-up is shorter than the arithmetic. */
static lzma_prob after_0[PROB_ONE], after_1[PROB_ONE];

static void fill_tables(void)
{
    for (uint32_t p = 0; p < PROB_ONE; p++) {
        after_0[p] = (lzma_prob)(p + ((PROB_ONE - p) >> PROB_SHIFT));
        after_1[p] = (lzma_prob)(p - (p >> PROB_SHIFT));
    }
}

INLINE void normalize(struct coder *c)
{
    if (c->range < TOP) {
        c->range <<= 8;
        c->code = c->code << 8 | *c->in++;
    }
}

/* Callers branch on the result, so that each outcome has code of its own and no 0 or 1 is ever made. */
INLINE int bit(struct coder *c, lzma_prob *p)
{
    uint32_t bound, prob = *p;

    normalize(c);
    bound = (c->range >> PROB_BITS) * prob;
    if (c->code < bound) {
        c->range = bound;
        *p = after_0[prob];
        return 0;
    }
    c->range -= bound;
    c->code -= bound;
    *p = after_1[prob];
    return 1;
}

/* One step down a tree from node M. */
INLINE uint64_t descend(struct coder *c, lzma_prob *probs, uint64_t m)
{
    return bit(c, &probs[m]) ? m + m + 1 : m + m;
}

/* N bits from a tree, the highest first. */
INLINE uint32_t tree(struct coder *c, lzma_prob *probs, unsigned int n)
{
    uint64_t m = 1;

#pragma GCC unroll 8
    for (unsigned int i = 0; i < n; i++)
        m = descend(c, probs, m);
    return (uint32_t)m - (1u << n);
}

/* The four lowest bits of a large distance, the lowest first. */
INLINE uint32_t align_bits(struct coder *c, lzma_prob *probs)
{
    uint64_t m = 1;
    uint32_t v = 0;

#pragma GCC unroll 4
    for (unsigned int i = 0; i < 4; i++) {
        if (bit(c, &probs[m])) {
            m += m + 1;
            v += 1u << i;
        } else {
            m += m;
        }
    }
    return v;
}

/* Adds N bits from a tree to D, the lowest first. */
INLINE uint32_t special_bits(struct coder *c, lzma_prob *probs, unsigned int n, uint32_t d)
{
    uint64_t m = 1;
    uint32_t value = 1;

    do {
        if (bit(c, &probs[m])) {
            m += m + 1;
            d += value;
        } else {
            m += m;
        }
        value += value;
    } while (--n);
    return d;
}

/* N bits of equal probability behind those of V. */
INLINE uint32_t direct(struct coder *c, unsigned int n, uint32_t v)
{
    do {
        unsigned int now;

        normalize(c);
        /* Each halves the range: so many until it is below TOP. */
        now = 31 - (unsigned int)__builtin_clz(c->range) - (TOP_BITS - 1);
        now = now < n ? now : n;
        n -= now;
        do {
            uint32_t mask;

            c->range >>= 1;
            c->code -= c->range;
            mask = (uint32_t)((int32_t)c->code >> 31);
            v = v * 2 + 1 + mask;
            c->code += c->range & mask;
        } while (--now);
    } while (n);
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
    d = 2 | (slot & 1);
    if (slot < 14) {
        d <<= bits;
        return special_bits(c, s->special + d - slot, bits, d);
    }
    d = direct(c, bits - 4, d) << 4;
    return d + align_bits(c, s->align);
}

/*
 * After a match, the byte that would have followed it selects the probabilities, until the first bit that differs; the
 * others are those of a plain literal.
 */
INLINE uint8_t matched_literal(struct coder *c, lzma_prob *probs, uint32_t match)
{
    uint64_t m = 1, expected;

#define MATCHED(n)                                  \
    expected = (match << (n)) & 0x100;              \
    if (bit(c, &probs[0x100 + expected + m])) {     \
        m += m + 1;                                 \
        if (!expected)                              \
            goto differs_##n;                       \
    } else {                                        \
        m += m;                                     \
        if (expected)                               \
            goto differs_##n;                       \
    }
    MATCHED(1) MATCHED(2) MATCHED(3) MATCHED(4) MATCHED(5) MATCHED(6) MATCHED(7) MATCHED(8)
#undef MATCHED
    return (uint8_t)m;
differs_1: m = descend(c, probs, m);
differs_2: m = descend(c, probs, m);
differs_3: m = descend(c, probs, m);
differs_4: m = descend(c, probs, m);
differs_5: m = descend(c, probs, m);
differs_6: m = descend(c, probs, m);
differs_7: m = descend(c, probs, m);
differs_8: return (uint8_t)m;
}

/* Copies LEN bytes from DIST back, in whole words: up to LZMA_OUT_PAD bytes too many. */
INLINE void copy_match(uint8_t *to, size_t dist, uint32_t len)
{
    /* How far back to read once eight bytes are written: a multiple of the distance that is at least eight. */
    static const uint8_t back[8] = { 0, 8, 8, 9, 8, 10, 12, 14 };
    const uint8_t *from = to - dist, *end = to + len;

    if (dist >= 16) {
        do {
            memcpy(to, from, 16);
            to += 16;
            from += 16;
        } while (to < end);
        return;
    }
    if (dist < 8) {
#pragma GCC unroll 8
        for (unsigned int i = 0; i < 8; i++)
            to[i] = from[i];
        to += 8;
        from = to - back[dist];
    }
    while (to < end) {
        memcpy(to, from, 8);
        to += 8;
        from += 8;
    }
}

/* Where a chunk is decoded from and to; lives in registers. */
struct run {
    struct coder c;
    const struct lzma_state *state;
    uint8_t *to, *end;
    const uint8_t *dict;
    uint32_t rep0;
};

/* A repeated distance: moves it to the front. Returns the length, 1 for a single byte. */
INLINE uint32_t repeated(struct run *r, struct lzma *s, struct lzma_state *st, uint32_t pos_state)
{
    uint32_t d;

    if (!bit(&r->c, &st->is_rep0)) {
        if (!bit(&r->c, &st->is_rep0_long[pos_state])) {
            r->state = st->after_short_rep;
            return 1;
        }
    } else {
        if (!bit(&r->c, &st->is_rep1)) {
            d = s->rep[1];
        } else {
            if (!bit(&r->c, &st->is_rep2)) {
                d = s->rep[2];
            } else {
                d = s->rep[3];
                s->rep[3] = s->rep[2];
            }
            s->rep[2] = s->rep[1];
        }
        s->rep[1] = r->rep0;
        r->rep0 = d;
    }
    r->state = st->after_rep;
    return length(&r->c, &s->rep_len, pos_state);
}

/* A new distance. Returns the length; 0 if the distance goes back behind the dictionary. */
INLINE uint32_t fresh(struct run *r, struct lzma *s, struct lzma_state *st, uint32_t pos_state)
{
    uint32_t len;

    s->rep[3] = s->rep[2];
    s->rep[2] = s->rep[1];
    s->rep[1] = r->rep0;
    len = length(&r->c, &s->match_len, pos_state);
    r->rep0 = distance(&r->c, s, len);
    r->state = st->after_match;
    return r->rep0 < (size_t)(r->to - r->dict) ? len : 0;
}

/*
 * Decodes to the end of the output. A distance is checked when it is new: afterwards the output has only grown. The
 * first symbol of a dictionary must be a literal, as there is nothing to repeat; so the initial distances of 0 are good.
 */
INLINE int run(struct run *r, struct lzma *s, const uint8_t *in_end)
{
    uint32_t last = r->to > r->dict ? r->to[-1] : 0;

    while (r->to < r->end) {
        uint32_t pos = (uint32_t)(r->to - r->dict), pos_state = pos & s->pb_mask, len;
        struct lzma_state *st = (struct lzma_state *)r->state;

        if (r->c.in > in_end)
            return -EBADMSG;
        if (!bit(&r->c, &st->is_match[pos_state])) {
            uint32_t context = (pos & s->lp_mask) << s->lc | last >> (8 - s->lc);
            lzma_prob *probs = s->literal + (size_t)0x300 * context;

            if (st < &s->states[FIRST_LIT_MATCH])
                last = tree(&r->c, probs, 8);
            else
                last = matched_literal(&r->c, probs, r->to[-(ptrdiff_t)r->rep0 - 1]);
            *r->to++ = (uint8_t)last;
            r->state = st->after_literal;
            continue;
        }
        if (!bit(&r->c, &st->is_rep))
            len = fresh(r, s, st, pos_state);
        else
            len = pos ? repeated(r, s, st, pos_state) : 0;
        if (len - 1 >= (size_t)(r->end - r->to))
            return -EBADMSG;
        copy_match(r->to, (size_t)r->rep0 + 1, len);
        r->to += len;
        last = r->to[-1];
    }
    return 0;
}

int lzma_chunk(struct lzma *s, const uint8_t *in, size_t in_len, uint8_t *out, size_t dict,
               size_t pos, size_t end)
{
    struct run r = { .c = { .range = UINT32_MAX, .in = in + 5 }, .state = &s->states[s->state],
                     .to = out + pos, .end = out + end, .dict = out + dict, .rep0 = s->rep[0] };
    int rc;

    if (in_len < 5 || in[0])
        return -EBADMSG;
    r.c.code = (uint32_t)in[1] << 24 | in[2] << 16 | in[3] << 8 | in[4];
    rc = run(&r, s, in + in_len);
    if (rc)
        return rc;
    s->state = (uint32_t)(r.state - s->states);
    s->rep[0] = r.rep0;
    normalize(&r.c);
    return r.c.in == in + in_len && !r.c.code ? 0 : -EBADMSG;
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

static void reset_probs(lzma_prob *p, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(*p); i++)
        p[i] = PROB_ONE / 2;
}

void lzma_reset(struct lzma *s)
{
    static const uint8_t after_literal[LZMA_STATES] = { 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5 };

    if (!after_0[0])
        fill_tables();
    s->state = 0;
    memset(s->rep, 0, sizeof(s->rep));
    for (unsigned int i = 0; i < LZMA_STATES; i++) {
        struct lzma_state *st = &s->states[i];

        reset_probs(st->is_match, offsetof(struct lzma_state, after_literal));
        st->after_literal = &s->states[after_literal[i]];
        st->after_match = &s->states[i < FIRST_LIT_MATCH ? 7 : 10];
        st->after_rep = &s->states[i < FIRST_LIT_MATCH ? 8 : 11];
        st->after_short_rep = &s->states[i < FIRST_LIT_MATCH ? 9 : 11];
    }
    reset_probs(s->slot[0], sizeof(*s) - offsetof(struct lzma, slot));
}
