/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LZMA in the old .lzma container: properties (1 byte), dictionary size (4),
 * unpacked length (8, all ones: until the end mark), then one range-coded
 * stream. Linux' decoder trusts its input, so this one is ours, after the
 * published LZMA specification. The output buffer is the dictionary.
 */
#include "errno.h"
#include "lib/decompress/unpack.h"
#include "lib/string.h"

#define HEADER 13
#define PROB_BITS 11
#define PROB_INIT (1u << (PROB_BITS - 1))
#define ADAPT_SHIFT 5
#define TOP (1u << 24)

#define STATES 12
#define POS_STATES 16
#define LEN_STATES 4
#define LITERAL_PROBS 0x300
#define LC_LP_MAX 4 /* what scratch memory is for; xz and lzma-utils write no more */
#define END_MARK 0xffffffffu

typedef u16 prob;

struct length_coder {
    prob choice, choice2;
    prob low[POS_STATES][8], mid[POS_STATES][8], high[256];
};

struct lzma {
    const u8 *in, *end;
    u32 range, code;
    bool starved;   /* read beyond the input */
    u8 *out;
    size_t pos, limit;
    unsigned lc, lp_mask, pb_mask, state;
    u32 rep[4];     /* the last four distances, less one */
    prob is_match[STATES][POS_STATES], is_rep[STATES], is_rep0_long[STATES][POS_STATES];
    prob is_rep_gt0[STATES], is_rep_gt1[STATES], is_rep_gt2[STATES];
    prob slot[LEN_STATES][64], special[115], align[16];
    struct length_coder len, rep_len;
    prob literal[LITERAL_PROBS << LC_LP_MAX];
};

static inline void normalise(struct lzma *z)
{
    if (z->range >= TOP)
        return;
    z->range <<= 8;
    z->code <<= 8;
    if (z->in < z->end)
        z->code |= *z->in++;
    else
        z->starved = true;
}

static inline unsigned bit(struct lzma *z, prob *p)
{
    u32 bound;

    normalise(z);
    bound = (z->range >> PROB_BITS) * *p;
    if (z->code < bound) {
        z->range = bound;
        *p += ((1u << PROB_BITS) - *p) >> ADAPT_SHIFT;
        return 0;
    }
    z->range -= bound;
    z->code -= bound;
    *p -= *p >> ADAPT_SHIFT;
    return 1;
}

static unsigned tree(struct lzma *z, prob *p, unsigned bits)
{
    unsigned m = 1;

    for (unsigned i = 0; i < bits; i++)
        m = m << 1 | bit(z, &p[m]);
    return m - (1u << bits);
}

static unsigned reverse_tree(struct lzma *z, prob *p, unsigned bits)
{
    unsigned m = 1, v = 0;

    for (unsigned i = 0; i < bits; i++) {
        unsigned b = bit(z, &p[m]);

        m = m << 1 | b;
        v |= b << i;
    }
    return v;
}

static u32 direct_bits(struct lzma *z, unsigned n)
{
    u32 v = 0;

    while (n--) {
        normalise(z);
        z->range >>= 1;
        v <<= 1;
        if (z->code >= z->range) {
            z->code -= z->range;
            v |= 1;
        }
    }
    return v;
}

static unsigned length(struct lzma *z, struct length_coder *l, unsigned pos_state)
{
    if (!bit(z, &l->choice))
        return 2 + tree(z, l->low[pos_state], 3);
    if (!bit(z, &l->choice2))
        return 10 + tree(z, l->mid[pos_state], 3);
    return 18 + tree(z, l->high, 8);
}

static u32 distance(struct lzma *z, unsigned len)
{
    unsigned slot = tree(z, z->slot[MIN(len - 2, LEN_STATES - 1u)], 6);
    unsigned bits = (slot >> 1) - 1;
    u32 dist;

    if (slot < 4)
        return slot;
    dist = (2 | (slot & 1)) << bits;
    if (slot < 14)
        return dist + reverse_tree(z, &z->special[dist - slot], bits);
    dist += direct_bits(z, bits - 4) << 4;
    return dist + reverse_tree(z, z->align, 4);
}

static void literal(struct lzma *z)
{
    unsigned prev = z->pos ? z->out[z->pos - 1] : 0;
    prob *p = &z->literal[LITERAL_PROBS * (((z->pos & z->lp_mask) << z->lc) + (prev >> (8 - z->lc)))];
    unsigned m = 1;

    if (z->state >= 7) {
        unsigned match = z->out[z->pos - z->rep[0] - 1];

        while (m < 0x100) {
            unsigned mb = match >> 7 & 1, b;

            match <<= 1;
            b = bit(z, &p[((1 + mb) << 8) + m]);
            m = m << 1 | b;
            if (b != mb)
                break;
        }
    }
    while (m < 0x100)
        m = m << 1 | bit(z, &p[m]);
    z->out[z->pos++] = (u8)m;
    z->state = z->state < 4 ? 0 : z->state < 10 ? z->state - 3 : z->state - 6;
}

/* The distance of a repeated match moves to the front. @return its length, 1 for a single byte. */
static unsigned repeated_match(struct lzma *z, unsigned pos_state)
{
    unsigned which = 0;
    u32 dist;

    if (!bit(z, &z->is_rep_gt0[z->state])) {
        if (!bit(z, &z->is_rep0_long[z->state][pos_state])) {
            z->state = z->state < 7 ? 9 : 11;
            return 1;
        }
    } else {
        which = !bit(z, &z->is_rep_gt1[z->state]) ? 1 : 2 + bit(z, &z->is_rep_gt2[z->state]);
    }
    dist = z->rep[which];
    for (; which; which--)
        z->rep[which] = z->rep[which - 1];
    z->rep[0] = dist;
    z->state = z->state < 7 ? 8 : 11;
    return length(z, &z->rep_len, pos_state);
}

static unsigned simple_match(struct lzma *z, unsigned pos_state)
{
    unsigned len = length(z, &z->len, pos_state);

    z->rep[3] = z->rep[2];
    z->rep[2] = z->rep[1];
    z->rep[1] = z->rep[0];
    z->rep[0] = distance(z, len);
    z->state = z->state < 7 ? 7 : 10;
    return len;
}

/* @return 0, 1: end mark, -EINVAL */
static int match(struct lzma *z, unsigned pos_state)
{
    unsigned len = bit(z, &z->is_rep[z->state]) ? repeated_match(z, pos_state) : simple_match(z, pos_state);
    size_t dist = (size_t)z->rep[0] + 1;

    if (z->rep[0] == END_MARK)
        return 1;
    if (dist > z->pos || len > z->limit - z->pos)
        return -EINVAL;
    if (dist >= len) {
        memcpy(z->out + z->pos, z->out + z->pos - dist, len);
        z->pos += len;
        return 0;
    }
    for (; len; len--, z->pos++)
        z->out[z->pos] = z->out[z->pos - dist];
    return 0;
}

/* @return 0: @limit reached, 1: end mark, -EINVAL */
static int run(struct lzma *z)
{
    while (z->pos < z->limit && !z->starved) {
        unsigned pos_state = z->pos & z->pb_mask;
        int rc;

        if (!bit(z, &z->is_match[z->state][pos_state])) {
            literal(z);
            continue;
        }
        rc = match(z, pos_state);
        if (rc)
            return rc;
    }
    return 0;
}

/* True when the stream ends where the output buffer does. */
static bool end_mark_follows(struct lzma *z)
{
    unsigned pos_state = z->pos & z->pb_mask;

    return bit(z, &z->is_match[z->state][pos_state]) && match(z, pos_state) == 1;
}

static int start(struct lzma *z, const struct decompress_job *job)
{
    unsigned props = job->in[0];
    prob *p = (prob *)((u8 *)z + offsetof(struct lzma, is_match));

    if (job->in_len < HEADER + 5 || props >= 9 * 5 * 5)
        return -EINVAL;
    memset(z, 0, offsetof(struct lzma, is_match));
    for (size_t i = 0; i < (sizeof(*z) - offsetof(struct lzma, is_match)) / sizeof(prob); i++)
        p[i] = PROB_INIT;
    z->lc = props % 9;
    z->lp_mask = (1u << (props / 9 % 5)) - 1;
    z->pb_mask = (1u << (props / 45)) - 1;
    if (z->lc + props / 9 % 5 > LC_LP_MAX)
        return -EINVAL;
    z->in = job->in + HEADER + 5;
    z->end = job->in + job->in_len;
    z->range = UINT32_MAX;
    z->code = unpack_be32(job->in + HEADER + 1);
    z->out = job->out;
    return 0;
}

int unpack_lzma(struct decompress_job *job)
{
    struct lzma *z = unpack_alloc(sizeof(*z));
    u64 size;
    int rc;

    if (!z)
        return unpack_fail(job, -ENOMEM, "not enough working memory");
    if (start(z, job))
        return unpack_fail(job, -EINVAL, "its header is wrong or cut off");
    size = unpack_le32(job->in + 5) | (u64)unpack_le32(job->in + 9) << 32;
    if (size != UINT64_MAX && size > job->out_len)
        return unpack_fail(job, -ENOSPC, "it is larger than it claims");
    z->limit = MIN(size, job->out_len);
    rc = run(z);
    job->produced = z->pos;
    if (!rc && size == UINT64_MAX && !end_mark_follows(z))
        return unpack_fail(job, -ENOSPC, "it is larger than it claims");
    if (rc >= 0 && z->starved)
        return unpack_fail(job, -EINVAL, "it is cut off");
    if (rc < 0 || (size != UINT64_MAX && z->pos != size))
        return unpack_fail(job, -EINVAL, "its data is corrupt");
    return 0;
}
