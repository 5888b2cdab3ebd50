/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash table from strings to pointers, with keyed hashing: guests choose the strings.
 *
 * Open addressing, linear probing, removal by shifting back. Used for watched paths and for the
 * paths that a transaction has touched. No locks.
 */
#ifndef XENSTORED_STRMAP_H
#define XENSTORED_STRMAP_H

#include <stddef.h>
#include <stdint.h>

struct strmap_slot {
    char *key;         /* NULL: free */
    uint64_t hash;
    void *value;
};

/* The most that an element takes in the table, which is up to three eighths full. */
#define STRMAP_SLOT_BYTES (3 * sizeof(struct strmap_slot))

struct strmap {
    struct strmap_slot *slots;
    size_t size;       /* a power of two, or 0 */
    size_t count;
};

/* The hash of len octets under the process's key, which str_hash_seed() sets once at start. */
uint64_t str_hash(const char *s, size_t len);
void str_hash_seed(uint64_t seed);

/* Returns the value, or NULL. */
void *strmap_get(const struct strmap *map, const char *key, size_t len);
/* Adds or replaces; the key is copied. Returns 0 or -ENOMEM. value must not be NULL. */
int strmap_set(struct strmap *map, const char *key, size_t len, void *value);
/* Removes if there. */
void strmap_del(struct strmap *map, const char *key, size_t len);
/* Frees all keys and the table; values are the caller's. */
void strmap_free(struct strmap *map);

#endif
