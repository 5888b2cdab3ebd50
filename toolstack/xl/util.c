/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every command needs: messages, the connections to hypervisor and store, looking up domains,
 * reading numbers and units, identifiers, CPU pools.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"

#define DOMAINS_STEP 256
#ifndef GRND_INSECURE
#define GRND_INSECURE 4   /* linux/random.h */
#endif

int xl_error(const char *fmt, ...)
{
    va_list ap;

    fputs("xl: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return EXIT_FAILURE;
}

void xl_warn(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "xl: warning: %s\n", text);
}

void xl_note(const struct xl *xl, const char *fmt, ...)
{
    struct timespec t;
    va_list ap;

    if (!xl->verbose)
        return;
    clock_gettime(CLOCK_BOOTTIME, &t);
    fprintf(stderr, "xl: [%lld.%03ld] ", (long long)t.tv_sec, t.tv_nsec / 1000000);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

int xl_need_hv(struct xl *xl)
{
    int rc;

    if (xl->hv_ready)
        return 0;
    rc = hv_open(&xl->hv);
    if (rc == -EACCES || rc == -EPERM)
        return xl_error("cannot reach the hypervisor: run this as root");
    if (rc)
        return xl_error("cannot reach the hypervisor (%s): this is not a Domain 0, or its kernel "
                        "lacks xen-privcmd", strerror(-rc));
    xl->hv_ready = true;
    return 0;
}

int xl_need_xs(struct xl *xl)
{
    int rc;

    if (xl->xs)
        return 0;
    rc = xs_open(&xl->xs);
    if (rc)
        return xl_error("cannot reach the store (%s): start xenstored", strerror(-rc));
    return 0;
}

int xl_need_all(struct xl *xl)
{
    return xl_need_hv(xl) || xl_need_xs(xl);
}

void xl_close(struct xl *xl)
{
    if (xl->xs)
        xs_close(xl->xs);
    if (xl->hv_ready)
        hv_close(&xl->hv);
    xl->xs = NULL;
    xl->hv_ready = false;
}

char *xs_string(struct xs *xs, const char *fmt, ...)
{
    char path[XENSTORE_ABS_PATH_MAX + 1], *value;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    return xs_read(xs, XS_NO_TX, path, &value, NULL) ? NULL : value;
}

long long xs_number(struct xs *xs, long long fallback, const char *fmt, ...)
{
    char path[XENSTORE_ABS_PATH_MAX + 1], *value, *end;
    long long v;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    if (xs_read(xs, XS_NO_TX, path, &value, NULL))
        return fallback;
    v = strtoll(value, &end, 10);
    if (end == value || *end)
        v = fallback;
    free(value);
    return v;
}

void xl_domain_name(struct xl *xl, uint32_t domid, char *out, size_t size)
{
    char *name = xs_string(xl->xs, "/local/domain/%u/name", domid);

    snprintf(out, size, "%s", name ? name : domid ? "(null)" : "Domain-0");
    free(name);
}

int xl_domains(struct xl *xl, dominfo_t **list)
{
    unsigned int count = 0;
    int got;

    *list = NULL;
    do {
        dominfo_t *grown = realloc(*list, (count + DOMAINS_STEP) * sizeof(*grown));

        if (!grown) {
            free(*list);
            xl_error("out of memory");
            return -1;
        }
        *list = grown;
        got = hv_domain_list(&xl->hv, count ? grown[count - 1].domain + 1u : 0, grown + count,
                             DOMAINS_STEP);
        if (got < 0) {
            free(*list);
            xl_error("the hypervisor does not list its domains: %s", strerror(-got));
            return -1;
        }
        count += (unsigned int)got;
    } while (got == DOMAINS_STEP);
    return (int)count;
}

/* The domain whose name node is NAME. */
static int lookup_name(struct xl *xl, const char *name, uint32_t *domid)
{
    dominfo_t *list;
    int n, found = -ESRCH;

    n = xl_domains(xl, &list);
    if (n < 0)
        return -EIO;
    for (int i = 0; i < n && found; i++) {
        char text[256];

        xl_domain_name(xl, list[i].domain, text, sizeof(text));
        if (!strcmp(text, name)) {
            *domid = list[i].domain;
            found = 0;
        }
    }
    free(list);
    return found;
}

int xl_lookup(struct xl *xl, const char *text, uint32_t *domid)
{
    unsigned long id;
    dominfo_t info;

    if (!xl_parse_uint(text, DOMID_FIRST_RESERVED - 1, &id)) {
        *domid = (uint32_t)id;
        return hv_domain_info(&xl->hv, *domid, &info);
    }
    return lookup_name(xl, text, domid);
}

int xl_find_domain(struct xl *xl, const char *text, uint32_t *domid)
{
    int rc = xl_need_all(xl);

    if (rc)
        return rc;
    rc = xl_lookup(xl, text, domid);
    if (rc == -ESRCH)
        return xl_error("%s is an invalid domain identifier (rc=-6): 'xl list' shows the domains",
                        text);
    if (rc)
        return xl_error("cannot look up domain %s: %s", text, strerror(-rc));
    return 0;
}

int xl_parse_uint(const char *text, unsigned long max, unsigned long *out)
{
    char *end;
    unsigned long v;

    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    errno = 0;
    v = strtoul(text, &end, 0);
    if (*end || errno || v > max)
        return -EINVAL;
    *out = v;
    return 0;
}

int xl_parse_memory(const char *text, uint64_t unit, uint64_t *kib)
{
    uint64_t v, bytes = unit << 10;
    char *end;

    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    errno = 0;
    v = strtoull(text, &end, 0);
    if (errno)
        return -EINVAL;
    switch (tolower((unsigned char)*end)) {
    case 't': bytes = 1ULL << 40; break;
    case 'g': bytes = 1ULL << 30; break;
    case 'm': bytes = 1ULL << 20; break;
    case 'k': bytes = 1ULL << 10; break;
    case 'b': bytes = 1; break;
    case '\0': break;
    default: return -EINVAL;
    }
    if ((*end && end[1]) || __builtin_mul_overflow(v, bytes, &v))
        return -EINVAL;
    *kib = v >> 10;
    return 0;
}

void uuid_print(const uint8_t u[16], char out[37])
{
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0],
             u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
             u[14], u[15]);
}

/*
 * Identifiers need no secrecy, and a guest that starts with the host must not wait a second for the
 * kernel's generator: before that is ready, the clock is mixed in so that two boots differ.
 */
int random_bytes(uint8_t *out, size_t n)
{
    struct timespec t;
    const uint8_t *clock = (const uint8_t *)&t;

    if (getrandom(out, n, GRND_NONBLOCK) == (ssize_t)n)
        return 0;
    if (getrandom(out, n, GRND_INSECURE) != (ssize_t)n)
        return -EIO;
    clock_gettime(CLOCK_REALTIME, &t);
    for (size_t i = 0; i < sizeof(t); i++)
        out[i % n] ^= (uint8_t)(clock[i] * 167);
    return 0;
}

/* Version 4 of RFC 4122. */
int uuid_random(uint8_t uuid[16])
{
    if (random_bytes(uuid, 16))
        return -EIO;
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
    return 0;
}

/* musl's getopt stops at the first argument that is no option; its getopt_long does not. */
int xl_getopt(int argc, char **argv, const char *spec)
{
    static const struct option none[] = { { NULL, 0, NULL, 0 } };

    return getopt_long(argc, argv, spec, none, NULL);
}

int xl_topology(struct xl *xl, struct cpu_topology *topo, uint32_t **nodes_of)
{
    struct xen_sysctl_physinfo phys;
    struct xen_sysctl_cputopo *cpu;
    int n, rc = hv_physinfo(&xl->hv, &phys);

    if (rc)
        return rc;
    topo->cpus = phys.max_cpu_id + 1;
    topo->nodes = phys.nr_nodes;
    *nodes_of = calloc(topo->cpus, sizeof(**nodes_of));
    topo->node_of = *nodes_of;
    cpu = calloc(topo->cpus, sizeof(*cpu));
    n = cpu && *nodes_of ? hv_cpu_topology(&xl->hv, cpu, topo->cpus) : -ENOMEM;
    for (int i = 0; i < n; i++)
        (*nodes_of)[i] = cpu[i].node;
    free(cpu);
    return n < 0 ? n : 0;
}

void xl_pool_name(struct xl *xl, uint32_t id, char *out, size_t size)
{
    char *text = xs_string(xl->xs, "/local/pool/%u/name", id);

    if (text)
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, "Pool-%u", id);
    free(text);
}

int xl_pool_info(struct xl *xl, uint32_t from, struct xen_sysctl_cpupool_op *op, uint8_t *map)
{
    *op = (struct xen_sysctl_cpupool_op){
        .op = XEN_SYSCTL_CPUPOOL_OP_INFO, .cpupool_id = from,
    };
    return hv_cpupool_op(&xl->hv, op, map, GUEST_CPUMAP_BYTES);
}

int xl_find_pool(struct xl *xl, const char *name, uint32_t *id)
{
    uint8_t map[GUEST_CPUMAP_BYTES];
    struct xen_sysctl_cpupool_op op;

    for (uint32_t from = 0; !xl_pool_info(xl, from, &op, map); from = op.cpupool_id + 1) {
        char text[64], number[16];

        xl_pool_name(xl, op.cpupool_id, text, sizeof(text));
        snprintf(number, sizeof(number), "%u", op.cpupool_id);
        if (!strcmp(text, name) || !strcmp(number, name)) {
            *id = op.cpupool_id;
            return 0;
        }
    }
    return -ENOENT;
}

int xl_pool_sched(struct xl *xl, uint32_t pool, uint32_t *sched)
{
    uint8_t map[GUEST_CPUMAP_BYTES];
    struct xen_sysctl_cpupool_op op;
    int rc = xl_pool_info(xl, pool, &op, map);

    if (!rc && op.cpupool_id != pool)
        rc = -ENOENT;
    if (!rc)
        *sched = op.sched_id;
    return rc;
}

char *xl_join(int argc, char **argv)
{
    char *text = strdup("");

    for (int i = 0; text && i < argc; i++) {
        char *longer;

        if (asprintf(&longer, "%s%s%s", text, *text ? "," : "", argv[i]) < 0)
            longer = NULL;
        free(text);
        text = longer;
    }
    return text;
}
