/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The LZMA decoder of lzma.c: one LZMA2 chunk at a time, straight into the output, which is its own
 * dictionary. Called by xz.c.
 */
#ifndef HOSPES_LIBBUILD_LZMA_H
#define HOSPES_LIBBUILD_LZMA_H

#include <stddef.h>
#include <stdint.h>

#define LZMA_STATES     12
#define LZMA_POS_STATES 16
#define LZMA_IN_PAD     64     /* bytes that must be readable behind a chunk */
#define LZMA_OUT_PAD    16     /* bytes that may be overwritten behind the output */

typedef uint16_t lzma_prob;

struct lzma_len {
    lzma_prob choice, choice2;
    lzma_prob low[LZMA_POS_STATES][8], mid[LZMA_POS_STATES][8], high[256];
};

/*
 * What depends on the state, and the states that follow: the state of the decoder is a pointer to one of these, so that
 * a probability is one addition away and a transition is one load.
 */
struct lzma_state {
    lzma_prob is_match[LZMA_POS_STATES], is_rep0_long[LZMA_POS_STATES];
    lzma_prob is_rep, is_rep0, is_rep1, is_rep2;
    const struct lzma_state *after_literal, *after_match, *after_rep, *after_short_rep;
};

struct lzma {
    uint32_t state;              /* between chunks: index of the state */
    uint32_t rep[4];
    uint32_t lc, lp_mask, pb_mask;
    struct lzma_state states[LZMA_STATES];
    lzma_prob slot[4][64], special[128], align[16];
    struct lzma_len match_len, rep_len;
    lzma_prob literal[0x300 << 4];
};

/* Sets literal and position bits from a properties byte. Non-zero: not allowed in LZMA2. */
int lzma_set_props(struct lzma *s, uint8_t props);
void lzma_reset(struct lzma *s);
/*
 * Decodes a chunk of IN_LEN bytes at IN to OUT[POS..END). DICT is where the dictionary begins. Input
 * and output have the paddings above. Returns 0 or -EBADMSG.
 */
int lzma_chunk(struct lzma *s, const uint8_t *in, size_t in_len, uint8_t *out, size_t dict,
               size_t pos, size_t end);

#endif
