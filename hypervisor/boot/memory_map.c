/* SPDX-License-Identifier: GPL-2.0-only */
/* See memory_map.h. Called while booting, on one CPU. */
#include "boot/memory_map.h"

#include "errno.h"
#include "lib/string.h"

int memory_map_add(struct memory_map *m, u64 start, u64 size, u32 type)
{
    u64 end;

    if (!size)
        return 0;
    if (m->count == MEMORY_MAP_MAX)
        return -ENOSPC;
    if (__builtin_add_overflow(start, size, &end))
        end = ~0UL;
    m->ranges[m->count++] = (struct memory_range){ start, end, type };
    return 0;
}

/* The higher, the less may be done with it. */
static unsigned restriction(u32 type)
{
    switch (type) {
    case 0: /* no range there */
        return 0;
    case MEMORY_RAM:
        return 1;
    case MEMORY_ACPI:
        return 3;
    case MEMORY_NVS:
        return 4;
    case MEMORY_UNUSABLE:
        return 5;
    default:
        return 2;
    }
}

/* Insertion sort: firmware's maps are short and nearly sorted. */
static void sort_u64(u64 *a, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        u64 x = a[i];
        unsigned k = i;

        for (; k > 0 && a[k - 1] > x; k--)
            a[k] = a[k - 1];
        a[k] = x;
    }
}

/* The type of the piece [@start, @end), which no range of @m covers in part. 0: none */
static u32 piece_type(const struct memory_map *m, u64 start, u64 end)
{
    u32 type = 0;

    for (unsigned i = 0; i < m->count; i++) {
        const struct memory_range *r = &m->ranges[i];

        if (r->start <= start && r->end >= end && restriction(r->type) > restriction(type))
            type = r->type;
    }
    return type && restriction(type) == 2 ? MEMORY_RESERVED : type;
}

/* Appends a piece or lengthens the last one. */
static int append_piece(struct memory_map *out, u64 start, u64 end, u32 type)
{
    struct memory_range *last = out->count ? &out->ranges[out->count - 1] : NULL;

    if (last && last->end == start && last->type == type) {
        last->end = end;
        return 0;
    }
    return memory_map_add(out, start, end - start, type);
}

/* RAM is used by pages: partial ones at both ends go. */
static void cut_to_pages(struct memory_map *m)
{
    unsigned n = 0;

    for (unsigned i = 0; i < m->count; i++) {
        struct memory_range r = m->ranges[i];

        if (r.type == MEMORY_RAM) {
            r.end = ROUND_DOWN(r.end, PAGE_SIZE);
            r.start = r.start > ~PAGE_SIZE ? r.end : ROUND_UP(r.start, PAGE_SIZE);
        }
        if (r.start < r.end)
            m->ranges[n++] = r;
    }
    m->count = n;
}

int memory_map_sanitise(struct memory_map *m)
{
    static u64 points[2 * MEMORY_MAP_MAX];
    static struct memory_map out;
    unsigned n = 0;
    int rc = 0;

    for (unsigned i = 0; i < m->count; i++) {
        points[n++] = m->ranges[i].start;
        points[n++] = m->ranges[i].end;
    }
    sort_u64(points, n);
    out.count = 0;
    for (unsigned i = 0; i + 1 < n; i++) {
        u32 type = points[i] < points[i + 1] ? piece_type(m, points[i], points[i + 1]) : 0;

        if (type && append_piece(&out, points[i], points[i + 1], type))
            rc = -ENOSPC;
    }
    *m = out;
    cut_to_pages(m);
    return rc;
}

/* Makes room for one range at @index. */
static void insert_at(struct memory_map *m, unsigned index, struct memory_range r)
{
    memmove(&m->ranges[index + 1], &m->ranges[index], (m->count - index) * sizeof(r));
    m->ranges[index] = r;
    m->count++;
}

int memory_map_remove(struct memory_map *m, u64 start, u64 end)
{
    unsigned n = 0;

    for (unsigned i = 0; i < m->count; i++) {
        struct memory_range *r = &m->ranges[i];

        if (r->start < start && r->end > end) { /* the hole is inside: only this one is touched */
            struct memory_range upper = { end, r->end, r->type };

            if (m->count == MEMORY_MAP_MAX)
                return -ENOSPC;
            r->end = start;
            insert_at(m, i + 1, upper);
            return 0;
        }
    }
    for (unsigned i = 0; i < m->count; i++) {
        struct memory_range r = m->ranges[i];

        if (r.start < end && r.end > start) {
            if (r.start < start)
                r.end = start;
            else
                r.start = MIN(end, r.end);
        }
        if (r.start < r.end)
            m->ranges[n++] = r;
    }
    m->count = n;
    return 0;
}

u64 memory_map_clip(struct memory_map *m, u64 limit)
{
    u64 lost = 0;
    unsigned n = 0;

    for (unsigned i = 0; i < m->count; i++) {
        struct memory_range r = m->ranges[i];

        if (r.end > limit) {
            if (r.type == MEMORY_RAM)
                lost += r.end - MAX(r.start, limit);
            r.end = limit;
        }
        if (r.start < r.end)
            m->ranges[n++] = r;
    }
    m->count = n;
    return lost;
}

bool memory_map_covers(const struct memory_map *m, u64 start, u64 end, u32 type)
{
    for (unsigned i = 0; i < m->count; i++)
        if (m->ranges[i].type == type && m->ranges[i].start <= start && m->ranges[i].end >= end)
            return start <= end;
    return false;
}

u64 memory_map_find(const struct memory_map *m, u64 size, u64 align, u64 low, u64 high)
{
    for (unsigned i = m->count; i-- > 0;) {
        const struct memory_range *r = &m->ranges[i];
        u64 start = MAX(r->start, low), end = MIN(r->end, high), at;

        if (r->type != MEMORY_RAM || end < start || end - start < size)
            continue;
        at = ROUND_DOWN(end - size, align);
        if (at >= start && at)
            return at;
    }
    return 0;
}

u64 memory_map_bytes(const struct memory_map *m, u32 type)
{
    u64 sum = 0;

    for (unsigned i = 0; i < m->count; i++)
        if (m->ranges[i].type == type)
            sum += m->ranges[i].end - m->ranges[i].start;
    return sum;
}

u64 memory_map_top(const struct memory_map *m, u32 type)
{
    u64 top = 0;

    for (unsigned i = 0; i < m->count; i++)
        if (m->ranges[i].type == type)
            top = MAX(top, m->ranges[i].end);
    return top;
}

const char *memory_type_name(u32 type)
{
    static const char *const names[] = {
        [MEMORY_RAM] = "usable", [MEMORY_RESERVED] = "reserved", [MEMORY_ACPI] = "ACPI data",
        [MEMORY_NVS] = "ACPI NVS", [MEMORY_UNUSABLE] = "unusable",
    };

    return type < ARRAY_SIZE(names) && names[type] ? names[type] : "reserved";
}
