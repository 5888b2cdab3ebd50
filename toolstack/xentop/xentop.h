/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of xentop: collect.c takes one reading of all domains, print.c shows it, main.c repeats.
 */
#ifndef HOSPES_XENTOP_XENTOP_H
#define HOSPES_XENTOP_XENTOP_H

#include <stdbool.h>
#include <stdint.h>

#include "libhv/hv.h"
#include "libxs/xs.h"

#define NAME_MAX_LEN 80

/* Counters of all interfaces or all disks of a domain, from its own point of view. */
struct net_stats {
    unsigned int count;
    uint64_t tx_bytes, rx_bytes;
};

struct vbd_stats {
    unsigned int count;
    uint64_t oo, reads, writes, read_sectors, write_sectors;
};

struct domain_stats {
    uint32_t domid;
    char name[NAME_MAX_LEN + 1];
    uint32_t flags, vcpus, ssid;
    uint64_t cpu_ns;
    double cpu_percent;          /* since the reading before */
    uint64_t mem_kib, maxmem_kib;
    bool limited;                /* maxmem_kib means something */
    struct net_stats net;
    struct vbd_stats vbd;
};

struct reading {
    struct domain_stats *domain;
    unsigned int domains;
    uint64_t total_kib, free_kib;
    unsigned int cpus, mhz, major, minor;
    char extra[17];
    uint64_t taken_ns;
};

struct options {
    bool batch, json, full_names, vcpus, repeat_header;
    unsigned int delay;          /* seconds */
    unsigned int iterations;     /* 0: for ever */
};

/* One reading; PREVIOUS may be NULL. Returns 0 or a negative errno. */
int collect(struct hv *hv, struct xs *xs, const struct reading *previous, struct reading *r);
void reading_free(struct reading *r);
void print_reading(struct hv *hv, const struct reading *r, const struct options *o, bool header);
void print_json(const struct reading *r);

#endif
