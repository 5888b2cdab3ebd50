/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host: info, dmesg, debug-keys, sharing, top, set-parameters. Field names and their order in
 * 'xl info' are those of xl 4.17, because scripts read them.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "xl.h"
#include <xen/memory.h>

#define DMESG_SIZE (256u << 10)
#define MAX_NODES  64u

static void print_capabilities(uint32_t caps)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        { XEN_SYSCTL_PHYSCAP_pv, " pv" },
        { XEN_SYSCTL_PHYSCAP_hvm, " hvm" },
    };
    static const struct {
        uint32_t bit;
        const char *name;
    } more[] = {
        { XEN_SYSCTL_PHYSCAP_hap, " hap" },
        { XEN_SYSCTL_PHYSCAP_shadow, " shadow" },
        { XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, " iommu_hap_pt_share" },
        { XEN_SYSCTL_PHYSCAP_vmtrace, " vmtrace" },
        { XEN_SYSCTL_PHYSCAP_gnttab_v1, " gnttab-v1" },
        { XEN_SYSCTL_PHYSCAP_gnttab_v2, " gnttab-v2" },
    };

    printf("virt_caps              :");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (caps & names[i].bit)
            fputs(names[i].name, stdout);
    if (caps & XEN_SYSCTL_PHYSCAP_directio && caps & XEN_SYSCTL_PHYSCAP_pv)
        fputs(" pv_directio", stdout);
    if (caps & XEN_SYSCTL_PHYSCAP_directio && caps & XEN_SYSCTL_PHYSCAP_hvm)
        fputs(" hvm_directio", stdout);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        if (caps & more[i].bit)
            fputs(more[i].name, stdout);
    putchar('\n');
}

/* CPUs that belong to no pool. */
static unsigned int free_cpus(struct xl *xl)
{
    struct xen_sysctl_cpupool_op op = { .op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO };
    uint8_t map[GUEST_CPUMAP_BYTES] = { 0 };
    unsigned int n = 0;

    if (hv_cpupool_op(&xl->hv, &op, map, sizeof(map)))
        return 0;
    for (size_t i = 0; i < sizeof(map); i++)
        n += (unsigned int)__builtin_popcount(map[i]);
    return n;
}

static int print_physinfo(struct xl *xl)
{
    struct xen_sysctl_physinfo p;
    int rc = hv_physinfo(&xl->hv, &p);

    if (rc)
        return xl_error("the hypervisor does not describe the host: %s", strerror(-rc));
    printf("nr_cpus                : %u\n", p.nr_cpus);
    printf("max_cpu_id             : %u\n", p.max_cpu_id);
    printf("nr_nodes               : %u\n", p.nr_nodes);
    printf("cores_per_socket       : %u\n", p.cores_per_socket);
    printf("threads_per_core       : %u\n", p.threads_per_core);
    printf("cpu_mhz                : %u.%03u\n", p.cpu_khz / 1000, p.cpu_khz % 1000);
    printf("hw_caps                : %08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x\n", p.hw_cap[0],
           p.hw_cap[1], p.hw_cap[2], p.hw_cap[3], p.hw_cap[4], p.hw_cap[5], p.hw_cap[6],
           p.hw_cap[7]);
    print_capabilities(p.capabilities);
    printf("total_memory           : %llu\n", (unsigned long long)(p.total_pages >> 8));
    printf("free_memory            : %llu\n",
           (unsigned long long)((p.free_pages - p.outstanding_pages) >> 8));
    printf("sharing_freed_memory   : %ld\n",
           hv_shared_pages(&xl->hv, XENMEM_get_sharing_freed_pages) >> 8);
    printf("sharing_used_memory    : %ld\n",
           hv_shared_pages(&xl->hv, XENMEM_get_sharing_shared_pages) >> 8);
    printf("outstanding_claims     : %llu\n", (unsigned long long)(p.outstanding_pages >> 8));
    printf("free_cpus              : %u\n", free_cpus(xl));
    return 0;
}

static int print_version(struct xl *xl)
{
    struct hv_version_info v;
    uint32_t sched;

    if (hv_version_info(&xl->hv, &v) || hv_sched_id(&xl->hv, &sched))
        return xl_error("the hypervisor does not tell its version");
    printf("xen_major              : %u\n", v.major);
    printf("xen_minor              : %u\n", v.minor);
    printf("xen_extra              : %s\n", v.extra);
    printf("xen_version            : %u.%u%s\n", v.major, v.minor, v.extra);
    printf("xen_caps               : %s\n", v.caps);
    printf("xen_scheduler          : %s\n", hv_sched_name(sched));
    printf("xen_pagesize           : %u\n", v.page_size);
    printf("platform_params        : virt_start=0x%llx\n", (unsigned long long)v.virt_start);
    printf("xen_changeset          : %s\n", v.changeset);
    printf("xen_commandline        : %s\n", v.command_line);
    printf("cc_compiler            : %.64s\n", v.compile.compiler);
    printf("cc_compile_by          : %.16s\n", v.compile.compile_by);
    printf("cc_compile_domain      : %.32s\n", v.compile.compile_domain);
    printf("cc_compile_date        : %.32s\n", v.compile.compile_date);
    printf("build_id               : %s\n", v.build_id);
    return 0;
}

static int print_numa(struct xl *xl)
{
    struct xen_sysctl_meminfo mem[MAX_NODES];
    uint32_t *distance = calloc(MAX_NODES * MAX_NODES, sizeof(*distance)), *nodes = NULL;
    struct xen_sysctl_cputopo *cpu;
    struct cpu_topology topo;
    int n = -ENOMEM;

    if (distance && !xl_topology(xl, &topo, &nodes))
        n = hv_numa_info(&xl->hv, mem, distance, MAX_NODES);
    cpu = n >= 0 ? calloc(topo.cpus, sizeof(*cpu)) : NULL;
    if (cpu && hv_cpu_topology(&xl->hv, cpu, topo.cpus) >= 0) {
        printf("cpu_topology           :\ncpu:    core    socket     node\n");
        for (unsigned int i = 0; i < topo.cpus; i++)
            if (cpu[i].core != XEN_INVALID_CORE_ID)
                printf("%3u:    %4u     %4u     %4u\n", i, cpu[i].core, cpu[i].socket,
                       cpu[i].node);
        printf("device topology        :\ndevice           node\nNo device topology data "
               "available\n");
        printf("numa_info              :\nnode:    memsize    memfree    distances\n");
        for (int i = 0; i < n; i++) {
            printf("%4d:    %6llu     %6llu      %u", i, (unsigned long long)(mem[i].memsize >> 20),
                   (unsigned long long)(mem[i].memfree >> 20), distance[i * n]);
            for (int j = 1; j < n; j++)
                printf(",%u", distance[i * n + j]);
            putchar('\n');
        }
    }
    free(cpu);
    free(nodes);
    free(distance);
    return n < 0;
}

int cmd_info(struct xl *xl, int argc, char **argv)
{
    static const struct option longs[] = {
        { "numa", no_argument, NULL, 'n' }, { NULL, 0, NULL, 0 },
    };
    bool numa = false;
    struct utsname u;
    int c;

    while ((c = getopt_long(argc, argv, "nh", longs, NULL)) != -1) {
        if (c != 'n')
            return xl_usage("info");
        numa = true;
    }
    if (xl_need_hv(xl))
        return EXIT_FAILURE;
    uname(&u);
    printf("host                   : %s\n", u.nodename);
    printf("release                : %s\n", u.release);
    printf("version                : %s\n", u.version);
    printf("machine                : %s\n", u.machine);
    if (print_physinfo(xl) || (numa && print_numa(xl)) || print_version(xl))
        return EXIT_FAILURE;
    printf("xend_config_format     : 4\n");
    return EXIT_SUCCESS;
}

int cmd_dmesg(struct xl *xl, int argc, char **argv)
{
    int c, clear = 0;
    char *buf;
    long n;

    while ((c = xl_getopt(argc, argv, "ch")) != -1) {
        if (c != 'c')
            return xl_usage("dmesg");
        clear = 1;
    }
    if (xl_need_hv(xl))
        return EXIT_FAILURE;
    buf = malloc(DMESG_SIZE);
    n = buf ? hv_read_console(&xl->hv, buf, DMESG_SIZE, clear) : -ENOMEM;
    if (n > 0)
        fwrite(buf, 1, (size_t)n, stdout);
    free(buf);
    return n < 0 ? xl_error("cannot read the hypervisor's messages: %s", strerror((int)-n)) : 0;
}

int cmd_debug_keys(struct xl *xl, int argc, char **argv)
{
    int rc = xl_need_args("debug-keys", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_need_hv(xl))
        return EXIT_FAILURE;
    rc = xl->dry_run ? 0 : hv_debug_keys(&xl->hv, argv[1]);
    return rc ? xl_error("cannot send debug keys: %s: %s", argv[1], strerror(-rc)) : 0;
}

/* Memory sharing does not exist here; the table is there for those who read it. */
int cmd_sharing(struct xl *xl, int argc, char **argv)
{
    dominfo_t *list;
    int n;

    (void)argc;
    (void)argv;
    if (xl_need_all(xl) || (n = xl_domains(xl, &list)) < 0)
        return EXIT_FAILURE;
    printf("Name                                        ID   Mem Shared\n");
    for (int i = 0; i < n; i++) {
        char name[256];

        xl_domain_name(xl, list[i].domain, name, sizeof(name));
        printf("%-40s %5d %5llu  %5llu\n", name, list[i].domain,
               (unsigned long long)list[i].tot_pages >> 8,
               (unsigned long long)list[i].shr_pages >> 8);
    }
    free(list);
    return EXIT_SUCCESS;
}

int cmd_top(struct xl *xl, int argc, char **argv)
{
    static const char *const paths[] = {
        "/usr/sbin/xentop", "/usr/bin/xentop", "/usr/lib/xen-4.17/bin/xentop",
    };

    (void)xl;
    (void)argc;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        execv(paths[i], argv);
    return xl_error("xentop is not installed");
}

/* The hypervisor's call for this was removed in 4.13; xl 4.17 uses hypfs in its place. */
int cmd_set_parameters(struct xl *xl, int argc, char **argv)
{
    int rc = xl_need_args("set-parameters", argc, 1, 1);

    (void)xl;
    return rc ? rc : xl_error("cannot set parameters: %s: the hypervisor takes them at its start "
                              "only", argv[1]);
}
