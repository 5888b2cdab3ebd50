/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash table from strings to pointers. See strmap.h.
 */
#include "strmap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash_key = 0x9e3779b97f4a7c15u;

void str_hash_seed(uint64_t seed)
{
    hash_key = seed | 1;
}

/* Folds the 128-bit product of a and b. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 p = (unsigned __int128)a * b;

    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

uint64_t str_hash(const char *s, size_t len)
{
    uint64_t h = hash_key ^ (len * 0xa0761d6478bd642fu), word;

    while (len >= 8) {
        memcpy(&word, s, 8);
        h = mix(h ^ word, hash_key ^ 0xe7037ed1a0b428dbu);
        s += 8;
        len -= 8;
    }
    word = 0;
    memcpy(&word, s, len);
    return mix(mix(h ^ word, hash_key ^ 0x8ebc6af09c88c6e3u), 0x589965cc75374cc3u);
}

/*
 * Returns the slot of the key, or the free one where it would go. The table must have a free slot.
 */
static size_t find_slot(const struct strmap *map, uint64_t hash, const char *key, size_t len)
{
    size_t i = hash & (map->size - 1);

    for (; map->slots[i].key; i = (i + 1) & (map->size - 1)) {
        const struct strmap_slot *s = &map->slots[i];

        if (s->hash == hash && !strncmp(s->key, key, len) && !s->key[len]) {
            break;
        }
    }
    return i;
}

static int grow(struct strmap *map)
{
    struct strmap bigger = { .size = map->size ? map->size * 2 : 8, .count = map->count };

    bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
    if (!bigger.slots) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < map->size; i++) {
        struct strmap_slot *s = &map->slots[i];

        if (s->key) {
            bigger.slots[find_slot(&bigger, s->hash, s->key, strlen(s->key))] = *s;
        }
    }
    free(map->slots);
    *map = bigger;
    return 0;
}

void *strmap_get(const struct strmap *map, const char *key, size_t len)
{
    return map->size ? map->slots[find_slot(map, str_hash(key, len), key, len)].value : NULL;
}

int strmap_set(struct strmap *map, const char *key, size_t len, void *value)
{
    uint64_t hash = str_hash(key, len);
    struct strmap_slot *s;

    if (map->count * 4 >= map->size * 3 && grow(map)) {
        return -ENOMEM;
    }
    s = &map->slots[find_slot(map, hash, key, len)];
    if (!s->key) {
        s->key = strndup(key, len);
        if (!s->key) {
            return -ENOMEM;
        }
        s->hash = hash;
        map->count++;
    }
    s->value = value;
    return 0;
}

void strmap_del(struct strmap *map, const char *key, size_t len)
{
    size_t mask = map->size - 1, hole, i;

    if (!map->size) {
        return;
    }
    hole = find_slot(map, str_hash(key, len), key, len);
    if (!map->slots[hole].key) {
        return;
    }
    free(map->slots[hole].key);
    map->count--;
    for (i = (hole + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
        /* An element may fill the hole if its home is not between the hole and itself. */
        if (((i - map->slots[i].hash) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct strmap_slot){ 0 };
}

void strmap_free(struct strmap *map)
{
    for (size_t i = 0; i < map->size; i++) {
        free(map->slots[i].key);
    }
    free(map->slots);
    *map = (struct strmap){ 0 };
}
