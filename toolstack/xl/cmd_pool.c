/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU pools: cpupool-list, -create, -destroy, -rename, -cpu-add, -cpu-remove, -migrate,
 * -numa-split. The hypervisor knows pools by number; their names are in the store under
 * /local/pool.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "xl.h"

static int find_pool(struct xl *xl, const char *name, uint32_t *id)
{
    return xl_find_pool(xl, name, id)
               ? xl_error("unknown cpupool '%s': `xl cpupool-list` shows them", name)
               : 0;
}

static int simple_op(struct xl *xl, uint32_t op, uint32_t id, uint32_t cpu, uint32_t domid)
{
    struct xen_sysctl_cpupool_op arg = {
        .op = op, .cpupool_id = id, .cpu = cpu, .domid = domid,
    };

    return xl->dry_run ? 0 : hv_cpupool_op(&xl->hv, &arg, NULL, 0);
}

static unsigned int count_cpus(const uint8_t *map)
{
    unsigned int n = 0;

    for (size_t i = 0; i < GUEST_CPUMAP_BYTES; i++)
        n += (unsigned int)__builtin_popcount(map[i]);
    return n;
}

static void print_pool(const char *name, const struct xen_sysctl_cpupool_op *op,
                       const uint8_t *map, bool cpus)
{
    bool first = true;

    printf("%-19s", name);
    if (!cpus) {
        printf("%3d %9s       y       %4d\n", count_cpus(map), hv_sched_name(op->sched_id),
               op->n_dom);
        return;
    }
    for (unsigned int cpu = 0; cpu < GUEST_CPUMAP_BYTES * 8; cpu++) {
        if (!(map[cpu / 8] >> cpu % 8 & 1))
            continue;
        printf("%s%u", first ? "" : ",", cpu);
        first = false;
    }
    putchar('\n');
}

int cmd_cpupool_list(struct xl *xl, int argc, char **argv)
{
    static const struct option longs[] = {
        { "cpus", no_argument, NULL, 'c' }, { NULL, 0, NULL, 0 },
    };
    uint8_t map[GUEST_CPUMAP_BYTES];
    struct xen_sysctl_cpupool_op op;
    const char *wanted;
    bool cpus = false;
    uint32_t id;
    int c;

    while ((c = getopt_long(argc, argv, "ch", longs, NULL)) != -1) {
        if (c != 'c')
            return xl_usage("cpupool-list");
        cpus = true;
    }
    wanted = optind < argc ? argv[optind] : NULL;
    if (xl_need_all(xl) || (wanted && find_pool(xl, wanted, &id)))
        return EXIT_FAILURE;
    printf("%-19s", "Name");
    printf(cpus ? "CPU list\n" : "CPUs   Sched     Active   Domain count\n");
    for (uint32_t from = 0; !xl_pool_info(xl, from, &op, map); from = op.cpupool_id + 1) {
        char name[64];

        xl_pool_name(xl, op.cpupool_id, name, sizeof(name));
        if (!wanted || op.cpupool_id == id)
            print_pool(name, &op, map, cpus);
    }
    return EXIT_SUCCESS;
}

static int write_pool(struct xl *xl, uint32_t id, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/pool/%u/name", id);
    return xs_write(xl->xs, XS_NO_TX, path, name, strlen(name));
}

/* Adds or removes every CPU of a list; "node:1" and "nodes:0-1" are understood. */
static int change_cpus(struct xl *xl, uint32_t id, const char *list, uint32_t what)
{
    uint8_t map[GUEST_CPUMAP_BYTES];
    struct cpu_topology topo;
    uint32_t *nodes = NULL;
    char why[160];
    int rc = 0;

    if (xl_topology(xl, &topo, &nodes))
        rc = xl_error("the hypervisor does not tell its CPUs");
    else if (cpulist_parse(list, &topo, map, sizeof(map), why, sizeof(why)))
        rc = xl_error("%s", why);
    for (unsigned int cpu = 0; !rc && cpu < topo.cpus; cpu++) {
        int one = map[cpu / 8] >> cpu % 8 & 1 ? simple_op(xl, what, id, cpu, 0) : 0;

        if (one)
            rc = xl_error("CPU %u: %s", cpu, strerror(-one));
    }
    free(nodes);
    return rc;
}

static int cpu_command(struct xl *xl, int argc, char **argv, uint32_t what)
{
    uint32_t id;
    int rc = xl_need_args(argv[0], argc, 1, 2);

    if (rc)
        return rc;
    if (xl_need_all(xl) || find_pool(xl, argv[1], &id))
        return EXIT_FAILURE;
    return change_cpus(xl, id, argv[2], what);
}

int cmd_cpupool_cpu_add(struct xl *xl, int argc, char **argv)
{
    return cpu_command(xl, argc, argv, XEN_SYSCTL_CPUPOOL_OP_ADDCPU);
}

int cmd_cpupool_cpu_remove(struct xl *xl, int argc, char **argv)
{
    return cpu_command(xl, argc, argv, XEN_SYSCTL_CPUPOOL_OP_RMCPU);
}

int cmd_cpupool_migrate(struct xl *xl, int argc, char **argv)
{
    uint32_t id, domid;
    int rc = xl_need_args("cpupool-migrate", argc, 1, 2);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &domid) || find_pool(xl, argv[2], &id))
        return EXIT_FAILURE;
    rc = simple_op(xl, XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, id, 0, domid);
    return rc ? xl_error("cannot move domain %s to pool %s: %s", argv[1], argv[2], strerror(-rc))
              : 0;
}

int cmd_cpupool_rename(struct xl *xl, int argc, char **argv)
{
    uint32_t id;
    int rc = xl_need_args("cpupool-rename", argc, 1, 2);

    if (rc)
        return rc;
    if (xl_need_all(xl) || find_pool(xl, argv[1], &id))
        return EXIT_FAILURE;
    rc = xl->dry_run ? 0 : write_pool(xl, id, argv[2]);
    return rc ? xl_error("cannot rename pool %s: %s", argv[1], strerror(-rc)) : 0;
}

/* A pool is empty before it goes: its CPUs are given back first. */
static int destroy_pool(struct xl *xl, uint32_t id)
{
    uint8_t map[GUEST_CPUMAP_BYTES];
    struct xen_sysctl_cpupool_op op;
    char path[64];
    int rc;

    if (xl_pool_info(xl, id, &op, map) || op.cpupool_id != id)
        return -ENOENT;
    if (op.n_dom)
        return -EBUSY;
    for (unsigned int cpu = 0; cpu < GUEST_CPUMAP_BYTES * 8; cpu++)
        if (map[cpu / 8] >> cpu % 8 & 1)
            simple_op(xl, XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu, 0);
    rc = simple_op(xl, XEN_SYSCTL_CPUPOOL_OP_DESTROY, id, 0, 0);
    snprintf(path, sizeof(path), "/local/pool/%u", id);
    if (!rc && !xl->dry_run)
        xs_rm(xl->xs, XS_NO_TX, path);
    return rc;
}

int cmd_cpupool_destroy(struct xl *xl, int argc, char **argv)
{
    uint32_t id;
    int rc = xl_need_args("cpupool-destroy", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_need_all(xl) || find_pool(xl, argv[1], &id))
        return EXIT_FAILURE;
    rc = destroy_pool(xl, id);
    return rc ? xl_error("cannot destroy pool %s: %s", argv[1],
                         rc == -EBUSY ? "it has domains" : strerror(-rc))
              : 0;
}

static int sched_number(const char *name, uint32_t *id)
{
    for (uint32_t i = XEN_SCHEDULER_CREDIT; i <= XEN_SCHEDULER_NULL; i++) {
        if (!strcmp(hv_sched_name(i), name)) {
            *id = i;
            return 0;
        }
    }
    return xl_error("unknown scheduler '%s': use credit, credit2, rtds or null", name);
}

static int create_pool(struct xl *xl, const char *name, uint32_t sched, const char *cpus)
{
    struct xen_sysctl_cpupool_op op = {
        .op = XEN_SYSCTL_CPUPOOL_OP_CREATE, .cpupool_id = XEN_SYSCTL_CPUPOOL_PAR_ANY,
        .sched_id = sched,
    };
    int rc = hv_cpupool_op(&xl->hv, &op, NULL, 0);

    if (rc)
        return xl_error("cannot create a pool: %s", strerror(-rc));
    write_pool(xl, op.cpupool_id, name);
    if (cpus && change_cpus(xl, op.cpupool_id, cpus, XEN_SYSCTL_CPUPOOL_OP_ADDCPU)) {
        destroy_pool(xl, op.cpupool_id);
        return EXIT_FAILURE;
    }
    printf("Using config file \"command line\"\ncpupool name:   %s\nscheduler:      %s\n", name,
           hv_sched_name(sched));
    return EXIT_SUCCESS;
}

/* The CPUs of a pool's configuration as one list. */
static char *pool_cpus(const struct cfg *cfg)
{
    const struct cfg_entry *e = cfg_find(cfg, "cpus");
    bool nodes = !e;
    char *text = NULL;
    size_t size;
    FILE *f;

    if (nodes)
        e = cfg_find(cfg, "nodes");
    if (!e || !(f = open_memstream(&text, &size)))
        return NULL;
    if (e->value->kind != CFG_LIST)
        fprintf(f, "%s%s", nodes ? "node:" : "", e->value->text);
    for (unsigned int i = 0; i < e->value->items; i++)
        fprintf(f, "%s%s%s", i ? "," : "", nodes ? "node:" : "",
                e->value->item[i]->text ? e->value->item[i]->text : "");
    fclose(f);
    return text;
}

static int create_from(struct xl *xl, const struct cfg *cfg)
{
    const struct cfg_entry *name = cfg_find(cfg, "name"), *sched = cfg_find(cfg, "sched");
    uint32_t id;
    char *cpus;
    int rc;

    if (!name || name->value->kind != CFG_STRING || !*name->value->text)
        return xl_error("%s: the pool has no name: add name = \"...\"", cfg->file);
    if (sched && sched->value->kind == CFG_STRING) {
        if (sched_number(sched->value->text, &id))
            return EXIT_FAILURE;
    } else if (hv_sched_id(&xl->hv, &id)) {
        return EXIT_FAILURE;
    }
    cpus = pool_cpus(cfg);
    rc = xl->dry_run ? 0 : create_pool(xl, name->value->text, id, cpus);
    free(cpus);
    return rc;
}

int cmd_cpupool_create(struct xl *xl, int argc, char **argv)
{
    static const struct option longs[] = {
        { "defconfig", required_argument, NULL, 'f' }, { NULL, 0, NULL, 0 },
    };
    struct cfg_log log = { .warn = NULL };
    const char *file = NULL;
    struct cfg cfg;
    int c, rc;

    while ((c = getopt_long(argc, argv, "f:hn", longs, NULL)) != -1) {
        if (c == 'n')
            xl->dry_run = true;
        else if (c == 'f')
            file = optarg;
        else
            return xl_usage("cpupool-create");
    }
    if (!file && optind < argc && !strchr(argv[optind], '='))
        file = argv[optind++];
    rc = file ? cfg_load(&cfg, file, &log) : cfg_parse(&cfg, "command line", "", 0, &log);
    for (; !rc && optind < argc; optind++)
        rc = cfg_add(&cfg, argv[optind], &log);
    if (rc)
        rc = xl_error("%s", log.error);
    else
        rc = xl_need_all(xl) || create_from(xl, &cfg);
    cfg_free(&cfg);
    return rc;
}

/* Every node but the first gets a pool of its own; node 0 stays with Pool-0, renamed. */
int cmd_cpupool_numa_split(struct xl *xl, int argc, char **argv)
{
    uint8_t map[GUEST_CPUMAP_BYTES];
    struct xen_sysctl_cpupool_op op;
    struct cpu_topology topo;
    uint32_t *nodes = NULL, sched;
    int rc = 0;

    (void)argc;
    (void)argv;
    if (xl_need_all(xl))
        return EXIT_FAILURE;
    if (!xl_pool_info(xl, 1, &op, map))
        return xl_error("splitting not possible, already cpupools in use");
    if (xl_topology(xl, &topo, &nodes) || hv_sched_id(&xl->hv, &sched)) {
        free(nodes);
        return xl_error("the hypervisor does not tell its CPUs");
    }
    free(nodes);
    for (unsigned int node = 1; !rc && node < topo.nodes; node++) {
        char name[32], cpus[32];

        snprintf(name, sizeof(name), "Pool-node%u", node);
        snprintf(cpus, sizeof(cpus), "node:%u", node);
        rc = change_cpus(xl, 0, cpus, XEN_SYSCTL_CPUPOOL_OP_RMCPU) ||
             create_pool(xl, name, sched, cpus);
    }
    if (!rc && !xl->dry_run)
        write_pool(xl, 0, "Pool-node0");
    return rc;
}
