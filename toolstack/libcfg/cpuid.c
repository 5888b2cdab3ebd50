/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The key cpuid of xl.cfg.5: the string "host,FEATURE=VALUE,..." and the list of
 * "LEAF[,SUBLEAF]:REG=BITS,...", both to one list of bits that are to be off or on. What the
 * machine has is not known here. Called by guest.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cfg.h"
#include "internal.h"

#define VALUES "01xks"

struct reading {
    struct guest_config *g;
    struct cfg_log *log;
    const char *file;
    int line;
};

static struct cpuid_change *change_of(struct reading *r, const struct cpuid_bit *b)
{
    struct guest_config *g = r->g;
    struct cpuid_change *list;

    for (unsigned int i = 0; i < g->n_cpuid; i++)
        if (g->cpuid[i].leaf == b->leaf && g->cpuid[i].subleaf == b->subleaf)
            return &g->cpuid[i];
    list = realloc(g->cpuid, (g->n_cpuid + 1) * sizeof(*list));
    if (!list)
        return NULL;
    g->cpuid = list;
    list += g->n_cpuid++;
    *list = (struct cpuid_change){ .leaf = b->leaf, .subleaf = b->subleaf };
    return list;
}

/* A later value of a bit replaces an earlier one; x, k and s mean what the bit is anyway. */
static int set(struct reading *r, const struct cpuid_bit *b, char value)
{
    struct cpuid_change *c;
    uint32_t mask = 1u << b->bit;
    char name[40];

    cpuid_bit_name(b, name, sizeof(name));
    if (strchr("01", value) && !cpuid_is_feature(b))
        return cfg_fail(r->log, r->file, r->line, "cpuid: %s is no feature, and only features can "
                        "be taken away: write x", name);
    if (strchr("01", value) && cpuid_is_state(b)) {
        cfg_warn(r->log, r->file, r->line, "cpuid: '%s' shows what the guest does, ignored", name);
        return 0;
    }
    c = change_of(r, b);
    if (!c)
        return -ENOMEM;
    c->off[b->reg] &= ~mask;
    c->on[b->reg] &= ~mask;
    if (value == '0')
        c->off[b->reg] |= mask;
    else if (value == '1')
        c->on[b->reg] |= mask;
    c->line = r->line;
    return 0;
}

static int read_pair(struct reading *r, char *pair)
{
    char *value = strchr(pair, '=');
    struct cpuid_bit bit;

    if (!value)
        return cfg_fail(r->log, r->file, r->line, "cpuid: '%.40s' is not FEATURE=VALUE", pair);
    *value++ = '\0';
    pair = trim(pair);
    value = trim(value);
    if (cpuid_is_number(pair))
        return cfg_fail(r->log, r->file, r->line, "cpuid: '%s' cannot be changed, only features "
                        "can be taken away: remove it", pair);
    if (!cpuid_find(pair, &bit))
        return cfg_fail(r->log, r->file, r->line, "cpuid: unknown feature '%.40s': see xl.cfg(5)",
                        pair);
    if (strlen(value) != 1 || !strchr(VALUES, *value))
        return cfg_fail(r->log, r->file, r->line, "cpuid: %s: '%.20s' is not 0, 1, x, k or s", pair,
                        value);
    return set(r, &bit, *value);
}

/* "host,FEATURE=VALUE,..." */
static int read_features(struct reading *r, char *text)
{
    char *word = strsep(&text, ",");
    int rc = 0;

    if (strcmp(trim(word), "host"))
        return cfg_fail(r->log, r->file, r->line, "cpuid: expected \"host,FEATURE=0,...\" or a "
                        "list of \"LEAF:REG=BITS\"");
    while (!rc && (word = strsep(&text, ",")))
        rc = *trim(word) ? read_pair(r, word) : 0;
    return rc;
}

/* "REG=BITS", bit 31 first; -EBADMSG without a message if it looks otherwise. */
static int read_register(struct reading *r, struct cpuid_bit *b, const char *text)
{
    int rc = 0;

    if (text[0] != 'e' || text[1] < 'a' || text[1] > 'd' || text[2] != 'x' || text[3] != '=' ||
        strspn(text + 4, VALUES) != 32 || text[36])
        return -EBADMSG;
    b->reg = (uint32_t)(text[1] - 'a');
    for (b->bit = 31; !rc && b->bit < 32; b->bit--)
        rc = set(r, b, text[4 + 31 - b->bit]);
    return rc;
}

static int leaf_number(char **p, uint32_t *out)
{
    char *end;
    unsigned long long v;

    errno = 0;
    v = strtoull(*p, &end, 0);
    if (end == *p || **p == '-' || errno || v > UINT32_MAX)
        return -EBADMSG;
    *p = end;
    *out = (uint32_t)v;
    return 0;
}

/* "LEAF[,SUBLEAF]:REG=BITS,..."; -EBADMSG as above. */
static int read_leaf(struct reading *r, char *text)
{
    struct cpuid_bit b = { .subleaf = 0 };
    char *word;
    int rc = leaf_number(&text, &b.leaf);

    if (!rc && *text == ',') {
        text++;
        rc = leaf_number(&text, &b.subleaf);
    }
    if (rc || *text++ != ':')
        return -EBADMSG;
    while (!rc && (word = strsep(&text, ",")))
        rc = read_register(r, &b, trim(word));
    return rc;
}

static int read_item(struct reading *r, const char *text, int (*read)(struct reading *, char *))
{
    char *copy = strdup(text);
    int rc = copy ? read(r, copy) : -ENOMEM;

    free(copy);
    if (rc != -EBADMSG)
        return rc;
    return cfg_fail(r->log, r->file, r->line, "cpuid: cannot read '%.80s': expected "
                    "LEAF[,SUBLEAF]:REG=BITS,... with 32 characters 0, 1, x, k or s each", text);
}

int read_cpuid(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    const struct cfg_entry *e = cfg_find(cfg, "cpuid");
    struct reading r = { .g = g, .log = log };
    int rc = 0;

    if (!e || (e->value->kind == CFG_STRING && !*e->value->text))
        return 0;
    r.file = e->file;
    r.line = e->line;
    if (e->value->kind == CFG_STRING)
        return read_item(&r, e->value->text, read_features);
    for (unsigned int i = 0; !rc && i < e->value->items; i++) {
        const struct cfg_value *v = e->value->item[i];

        r.line = v->line;
        if (v->kind != CFG_STRING)
            return cfg_fail(log, e->file, v->line, "cpuid: entry %u must be a string", i + 1);
        rc = read_item(&r, v->text, read_leaf);
    }
    return rc;
}
