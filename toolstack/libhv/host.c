/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host as the hypervisor describes it: version, memory, CPUs, NUMA, console ring, schedulers
 * and CPU pools (public/sysctl.h, public/version.h). Called by xl and xentop. No locks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hv.h"
#include <xen/memory.h>

int hv_physinfo(struct hv *hv, struct xen_sysctl_physinfo *info)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo };
    int rc = hv_sysctl(hv, &op);

    if (!rc)
        *info = op.u.physinfo;
    return rc;
}

/* The build identity is optional; the call returns its length in bytes. */
static void read_build_id(struct hv *hv, char *out, size_t size)
{
    uint8_t raw[sizeof(struct xen_build_id) + 64] = { 0 };
    struct xen_build_id *id = (struct xen_build_id *)raw;
    long len;

    id->len = 64;
    len = hv_version(hv, XENVER_build_id, raw, sizeof(raw));
    out[0] = '\0';
    for (long i = 0; i < len && (size_t)(2 * i + 2) < size; i++)
        snprintf(out + 2 * i, 3, "%02x", id->buf[i]);
}

int hv_version_info(struct hv *hv, struct hv_version_info *info)
{
    struct xen_platform_parameters platform = { 0 };
    long version = hv_version(hv, XENVER_version, NULL, 0);

    if (version < 0)
        return (int)version;
    memset(info, 0, sizeof(*info));
    info->major = (unsigned int)version >> 16;
    info->minor = (unsigned int)version & 0xffff;
    hv_version(hv, XENVER_extraversion, info->extra, sizeof(xen_extraversion_t));
    hv_version(hv, XENVER_compile_info, &info->compile, sizeof(info->compile));
    hv_version(hv, XENVER_capabilities, info->caps, sizeof(xen_capabilities_info_t));
    hv_version(hv, XENVER_changeset, info->changeset, sizeof(xen_changeset_info_t));
    hv_version(hv, XENVER_commandline, info->command_line, sizeof(xen_commandline_t));
    hv_version(hv, XENVER_platform_parameters, &platform, sizeof(platform));
    info->virt_start = platform.virt_start;
    info->page_size = (unsigned int)hv_version(hv, XENVER_pagesize, NULL, 0);
    read_build_id(hv, info->build_id, sizeof(info->build_id));
    return 0;
}

int hv_sched_id(struct hv *hv, uint32_t *id)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_sched_id };
    int rc = hv_sysctl(hv, &op);

    if (!rc)
        *id = op.u.sched_id.sched_id;
    return rc;
}

const char *hv_sched_name(uint32_t id)
{
    static const char *const names[] = {
        [XEN_SCHEDULER_CREDIT] = "credit",     [XEN_SCHEDULER_CREDIT2] = "credit2",
        [XEN_SCHEDULER_ARINC653] = "arinc653", [XEN_SCHEDULER_RTDS] = "rtds",
        [XEN_SCHEDULER_NULL] = "null",
    };

    return id < sizeof(names) / sizeof(names[0]) && names[id] ? names[id] : "unknown";
}

long hv_read_console(struct hv *hv, char *buf, uint32_t size, int clear)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole };
    char *bounce = hv_buf_get(hv, size);
    long rc;

    if (!bounce)
        return -ENOMEM;
    op.u.readconsole.clear = (uint8_t)clear;
    set_xen_guest_handle(op.u.readconsole.buffer, bounce);
    op.u.readconsole.count = size;
    rc = hv_sysctl(hv, &op);
    if (!rc) {
        rc = op.u.readconsole.count;
        memcpy(buf, bounce, (size_t)rc);
    }
    hv_buf_put(hv, bounce, size);
    return rc;
}

int hv_debug_keys(struct hv *hv, const char *keys)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
    size_t len = strlen(keys);
    char *bounce = hv_buf_get(hv, len + 1);
    int rc;

    if (!bounce)
        return -ENOMEM;
    memcpy(bounce, keys, len);
    set_xen_guest_handle(op.u.debug_keys.keys, bounce);
    op.u.debug_keys.nr_keys = (uint32_t)len;
    rc = hv_sysctl(hv, &op);
    hv_buf_put(hv, bounce, len + 1);
    return rc;
}

int64_t hv_free_pages(struct hv *hv)
{
    struct xen_sysctl_physinfo info;
    int rc = hv_physinfo(hv, &info);

    if (rc)
        return rc;
    return (int64_t)(info.free_pages - info.outstanding_pages);
}

int hv_cpu_topology(struct hv *hv, struct xen_sysctl_cputopo *topo, unsigned int max)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_cputopoinfo };
    size_t bytes = max * sizeof(*topo);
    struct xen_sysctl_cputopo *buf = hv_buf_get(hv, bytes);
    int rc;

    if (!buf)
        return -ENOMEM;
    op.u.cputopoinfo.num_cpus = max;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, buf);
    rc = hv_sysctl(hv, &op);
    if (!rc) {
        rc = (int)(op.u.cputopoinfo.num_cpus < max ? op.u.cputopoinfo.num_cpus : max);
        memcpy(topo, buf, (size_t)rc * sizeof(*topo));
    }
    hv_buf_put(hv, buf, bytes);
    return rc;
}

int hv_numa_info(struct hv *hv, struct xen_sysctl_meminfo *mem, uint32_t *distance,
                 unsigned int max)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_numainfo };
    size_t mem_bytes = max * sizeof(*mem), bytes = mem_bytes + max * max * sizeof(*distance);
    uint8_t *buf = hv_buf_get(hv, bytes);
    int rc;

    if (!buf)
        return -ENOMEM;
    op.u.numainfo.num_nodes = max;
    set_xen_guest_handle(op.u.numainfo.meminfo, (struct xen_sysctl_meminfo *)buf);
    set_xen_guest_handle(op.u.numainfo.distance, (uint32_t *)(buf + mem_bytes));
    rc = hv_sysctl(hv, &op);
    if (!rc) {
        rc = (int)(op.u.numainfo.num_nodes < max ? op.u.numainfo.num_nodes : max);
        memcpy(mem, buf, mem_bytes);
        memcpy(distance, buf + mem_bytes, bytes - mem_bytes);
    }
    hv_buf_put(hv, buf, bytes);
    return rc;
}

int hv_cpupool_op(struct hv *hv, struct xen_sysctl_cpupool_op *pool, uint8_t *cpumap, size_t bytes)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_cpupool_op };
    uint8_t *buf = bytes ? hv_buf_get(hv, bytes) : NULL;
    int rc;

    if (bytes && !buf)
        return -ENOMEM;
    op.u.cpupool_op = *pool;
    if (buf) {
        set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, buf);
        op.u.cpupool_op.cpumap.nr_bits = (uint32_t)bytes * 8;
    }
    rc = hv_sysctl(hv, &op);
    *pool = op.u.cpupool_op;
    if (buf) {
        memcpy(cpumap, buf, bytes);
        hv_buf_put(hv, buf, bytes);
    }
    return rc;
}

int hv_sched_pool_op(struct hv *hv, struct xen_sysctl_scheduler_op *sched)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_scheduler_op };
    int rc;

    op.u.scheduler_op = *sched;
    rc = hv_sysctl(hv, &op);
    *sched = op.u.scheduler_op;
    return rc;
}

/* CMD is XENMEM_get_sharing_freed_pages or XENMEM_get_sharing_shared_pages. */
long hv_shared_pages(struct hv *hv, unsigned int cmd)
{
    return hv_call(hv, __HYPERVISOR_memory_op, cmd, 0, 0, 0, 0);
}
