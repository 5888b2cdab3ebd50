/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU lists of xl.cfg(5) and xl(1): "all", "0-3,5,^1", "nodes:0-3,^node:2", and the way back to
 * text. Pure functions; called by xl.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfg.h"
#include "internal.h"

static void set_bit(uint8_t *map, size_t bytes, unsigned int bit, bool on)
{
    if (bit / 8 >= bytes)
        return;
    if (on)
        map[bit / 8] |= (uint8_t)(1u << bit % 8);
    else
        map[bit / 8] &= (uint8_t)~(1u << bit % 8);
}

static bool get_bit(const uint8_t *map, unsigned int bit)
{
    return map[bit / 8] >> bit % 8 & 1;
}

/* "3" or "3-5" or "3-^5" is not a range: plain numbers only. */
static int parse_range(const char *p, unsigned long *low, unsigned long *high)
{
    char *end;

    if (!isdigit((unsigned char)*p))
        return -EINVAL;
    *low = *high = strtoul(p, &end, 10);
    if (*end == '-') {
        if (!isdigit((unsigned char)end[1]))
            return -EINVAL;
        *high = strtoul(end + 1, &end, 10);
    }
    return *end || *high < *low ? -EINVAL : 0;
}

static void apply_node(const struct cpu_topology *t, unsigned long node, uint8_t *map,
                       size_t bytes, bool on)
{
    for (unsigned int cpu = 0; cpu < t->cpus; cpu++)
        if ((t->node_of ? t->node_of[cpu] : 0) == node)
            set_bit(map, bytes, cpu, on);
}

static int apply_item(char *item, const struct cpu_topology *t, uint8_t *map, size_t bytes,
                      char *why, size_t why_size)
{
    bool on = *item != '^', nodes;
    unsigned long low, high, limit;

    item += !on;
    if (!strcmp(item, "all")) {
        for (unsigned int cpu = 0; cpu < t->cpus; cpu++)
            set_bit(map, bytes, cpu, on);
        return 0;
    }
    nodes = !strncmp(item, "node", 4);
    if (nodes) {
        item += item[4] == 's' ? 5 : 4;
        if (*item++ != ':')
            return -EINVAL;
        /* "node:^2" means the same as "^node:2". */
        if (*item == '^') {
            on = !on;
            item++;
        }
        if (!strcmp(item, "all")) {
            low = 0;
            high = t->nodes ? t->nodes - 1 : 0;
        } else if (parse_range(item, &low, &high)) {
            return -EINVAL;
        }
    } else if (parse_range(item, &low, &high)) {
        return -EINVAL;
    }
    limit = nodes ? t->nodes : t->cpus;
    if (high >= limit) {
        snprintf(why, why_size, "there is no %s %lu, the last one is %lu",
                 nodes ? "node" : "CPU", high, limit - 1);
        return -ERANGE;
    }
    for (; low <= high; low++) {
        if (nodes)
            apply_node(t, low, map, bytes, on);
        else
            set_bit(map, bytes, (unsigned int)low, on);
    }
    return 0;
}

int cpulist_parse(const char *text, const struct cpu_topology *topo, uint8_t *map, size_t bytes,
                  char *why, size_t why_size)
{
    char *copy = strdup(text), *rest = copy, *item;
    bool any = false;
    int rc = 0;

    memset(map, 0, bytes);
    if (!copy)
        return -ENOMEM;
    snprintf(why, why_size, "'%.60s' is not a list of CPUs like 0-3,^1 or nodes:0", text);
    while (!rc && (item = strsep(&rest, ","))) {
        /* An exclusion in front means all but that. */
        if (!any && *trim(item) == '^')
            rc = apply_item((char[]){ "all" }, topo, map, bytes, why, why_size);
        if (!rc)
            rc = apply_item(trim(item), topo, map, bytes, why, why_size);
        any = true;
    }
    free(copy);
    if (rc)
        return rc == -ENOMEM ? rc : -EINVAL;
    for (size_t i = 0; i < bytes; i++)
        if (map[i])
            return 0;
    snprintf(why, why_size, "'%.60s' leaves no CPU at all", text);
    return -EINVAL;
}

static size_t put_range(char *out, size_t size, size_t used, unsigned int low, unsigned int high)
{
    int n;

    if (used >= size)
        return used;
    if (low == high)
        n = snprintf(out + used, size - used, "%s%u", used ? "," : "", low);
    else
        n = snprintf(out + used, size - used, "%s%u%c%u", used ? "," : "", low,
                     high == low + 1 ? ',' : '-', high);
    return used + (size_t)n;
}

void cpulist_print(const uint8_t *map, size_t bytes, unsigned int cpus, char *out, size_t size)
{
    unsigned int limit = (unsigned int)bytes * 8 < cpus ? (unsigned int)bytes * 8 : cpus;
    unsigned int set = 0;
    size_t used = 0;

    out[0] = '\0';
    for (unsigned int cpu = 0; cpu < limit; cpu++)
        set += get_bit(map, cpu);
    if (set == cpus || set == 0) {
        snprintf(out, size, "%s", set ? "all" : "none");
        return;
    }
    for (unsigned int cpu = 0; cpu < limit; cpu++) {
        unsigned int first = cpu;

        if (!get_bit(map, cpu))
            continue;
        while (cpu + 1 < limit && get_bit(map, cpu + 1))
            cpu++;
        used = put_range(out, size, used, first, cpu);
    }
}
