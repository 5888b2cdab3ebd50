/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libhv: hypercalls from user space in Domain 0.
 *
 * A struct hv is one open hypercall channel (/dev/xen/privcmd) with an arena of resident memory
 * through which arguments are bounced. It is not thread safe: one handle per thread. Event channel
 * and grant devices live beside it in evtchn.h and gnttab.h. Callers are libbuild, xl, xentop.
 *
 * Every function returns 0 (or a documented non-negative value) or a negative errno. Interface
 * numbers and structures come from the public headers in <xen/...>, interface version 0x15.
 */
#ifndef HOSPES_LIBHV_HV_H
#define HOSPES_LIBHV_HV_H

#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/memory.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#define HV_PAGE_SHIFT 12
#define HV_PAGE_SIZE  (1UL << HV_PAGE_SHIFT)
#define HV_DOMID_FIRST_RESERVED DOMID_FIRST_RESERVED

struct hv {
    int privcmd;        /* descriptor of /dev/xen/privcmd */
    int bufdev;         /* descriptor of /dev/xen/hypercall, or -1: locked anonymous memory */
    uint8_t *arena;     /* resident memory for bounced arguments */
    size_t used;        /* bytes of the arena in use; used and freed in stack order */
};

/* Opens the hypercall channel. -ENOENT or -ENXIO: not running on the hypervisor. */
int hv_open(struct hv *hv);
void hv_close(struct hv *hv);

/* Resident memory for hypercall arguments, zeroed. Freed in reverse order of allocation. */
void *hv_buf_get(struct hv *hv, size_t bytes);
void hv_buf_put(struct hv *hv, void *buf, size_t bytes);

/* The bare hypercall: OP is __HYPERVISOR_*. Returns its result, or a negative errno. */
long hv_call(struct hv *hv, unsigned long op, unsigned long a1, unsigned long a2,
             unsigned long a3, unsigned long a4, unsigned long a5);

/* domctl and sysctl: fill in the interface version, bounce the structure both ways. */
int hv_domctl(struct hv *hv, struct xen_domctl *op);
int hv_sysctl(struct hv *hv, struct xen_sysctl *op);
/* memory_op and xen_version with an argument of LEN bytes, bounced both ways. */
long hv_memory_op(struct hv *hv, unsigned int cmd, void *arg, size_t len);
long hv_version(struct hv *hv, unsigned int cmd, void *arg, size_t len);

/* ---- domain life cycle (domain.c) ---- */

/* Creates a domain; *DOMID: in, the number wanted or 0 for any; out, the number given. */
int hv_domain_create(struct hv *hv, const struct xen_domctl_createdomain *cfg, uint32_t *domid);
int hv_domain_destroy(struct hv *hv, uint32_t domid);
int hv_domain_pause(struct hv *hv, uint32_t domid);
int hv_domain_unpause(struct hv *hv, uint32_t domid);
int hv_domain_resume(struct hv *hv, uint32_t domid);
int hv_domain_set_handle(struct hv *hv, uint32_t domid, const uint8_t uuid[16]);
/* -ESRCH if exactly this domain does not exist. */
int hv_domain_info(struct hv *hv, uint32_t domid, struct xen_domctl_getdomaininfo *info);
/* Fills LIST with up to MAX domains from number FIRST up. Returns how many. */
int hv_domain_list(struct hv *hv, uint32_t first, struct xen_domctl_getdomaininfo *list,
                   unsigned int max);
int hv_domain_max_vcpus(struct hv *hv, uint32_t domid, unsigned int max);
int hv_domain_set_maxmem(struct hv *hv, uint32_t domid, uint64_t kib);
int hv_domain_set_time_offset(struct hv *hv, uint32_t domid, int64_t seconds);
/* MODE is one of the TSC modes of xen-tscmode(7). */
int hv_domain_set_tsc_mode(struct hv *hv, uint32_t domid, uint32_t mode);
int hv_domain_set_address_size(struct hv *hv, uint32_t domid, unsigned int bits);
int hv_domain_trigger(struct hv *hv, uint32_t domid, uint32_t trigger, uint32_t vcpu);
int hv_domain_shutdown(struct hv *hv, uint32_t domid, unsigned int reason);
int hv_domain_set_hypercall_page(struct hv *hv, uint32_t domid, uint64_t gmfn);
int hv_domain_iomem(struct hv *hv, uint32_t domid, uint64_t first_mfn, uint64_t count, int allow);
int hv_domain_ioports(struct hv *hv, uint32_t domid, uint32_t first, uint32_t count, int allow);
int hv_domain_irq(struct hv *hv, uint32_t domid, uint32_t pirq, int allow);
int hv_set_virq_handler(struct hv *hv, uint32_t domid, uint32_t virq);

/* ---- CPUID policies (cpuid.c) ---- */

/* Fills LEAVES with the policy INDEX (XEN_SYSCTL_cpu_policy_*). Returns how many; -ENOBUFS: more than MAX. */
int hv_cpu_policy(struct hv *hv, uint32_t index, xen_cpuid_leaf_t *leaves, unsigned int max);
/* The same with the leaves that DOMID sees. */
int hv_domain_get_cpu_policy(struct hv *hv, uint32_t domid, xen_cpuid_leaf_t *leaves,
                             unsigned int max);
/*
 * Replaces COUNT leaves of DOMID's policy; the others stay. -EEXIST: its first virtual CPU has a
 * context. Features beyond what guests may have are dropped; -EINVAL: more leaves than they have.
 */
int hv_domain_set_cpu_policy(struct hv *hv, uint32_t domid, const xen_cpuid_leaf_t *leaves,
                             unsigned int count);

/* ---- virtual CPUs and scheduling (vcpu.c) ---- */

int hv_vcpu_set_context(struct hv *hv, uint32_t domid, uint32_t vcpu,
                        const vcpu_guest_context_t *ctxt);
int hv_vcpu_get_context(struct hv *hv, uint32_t domid, uint32_t vcpu, vcpu_guest_context_t *ctxt);
int hv_vcpu_info(struct hv *hv, uint32_t domid, uint32_t vcpu, struct xen_domctl_getvcpuinfo *info);
/* Affinity bitmaps of BYTES bytes each; HARD or SOFT may be NULL. FORCE undoes a pin override. */
int hv_vcpu_set_affinity(struct hv *hv, uint32_t domid, uint32_t vcpu, const uint8_t *hard,
                         const uint8_t *soft, size_t bytes, int force);
int hv_vcpu_get_affinity(struct hv *hv, uint32_t domid, uint32_t vcpu, uint8_t *hard,
                         uint8_t *soft, size_t bytes);
/* Weight and cap of credit and credit2 (SCHED is XEN_SCHEDULER_*). */
int hv_sched_get(struct hv *hv, uint32_t domid, uint32_t sched, struct xen_domctl_sched_credit2 *p);
int hv_sched_put(struct hv *hv, uint32_t domid, uint32_t sched,
                 const struct xen_domctl_sched_credit2 *p);
/* Any domctl scheduler operation, for schedulers with other parameters. */
int hv_sched_op(struct hv *hv, uint32_t domid, struct xen_domctl_scheduler_op *op);

/* ---- what a saved image holds (state.c) ---- */

/* Callbacks of 32-bit system calls and machine-check state. */
int hv_vcpu_get_ext(struct hv *hv, uint32_t domid, uint32_t vcpu,
                    struct xen_domctl_ext_vcpucontext *ext);
int hv_vcpu_set_ext(struct hv *hv, uint32_t domid, uint32_t vcpu,
                    const struct xen_domctl_ext_vcpucontext *ext);
/* FPU and vector state in the hypervisor's format; returns its length, 0: none; -ENOBUFS: more than MAX. */
int hv_vcpu_get_xstate(struct hv *hv, uint32_t domid, uint32_t vcpu, void *out, size_t max);
int hv_vcpu_set_xstate(struct hv *hv, uint32_t domid, uint32_t vcpu, const void *state, size_t len);
/* MSRs that differ from their reset values; returns how many; -ENOBUFS: more than MAX. */
int hv_vcpu_get_msrs(struct hv *hv, uint32_t domid, uint32_t vcpu, xen_domctl_vcpu_msr_t *msrs,
                     unsigned int max);
int hv_vcpu_set_msrs(struct hv *hv, uint32_t domid, uint32_t vcpu,
                     const xen_domctl_vcpu_msr_t *msrs, unsigned int count);
int hv_domain_get_tsc(struct hv *hv, uint32_t domid, struct xen_domctl_tsc_info *tsc);
int hv_domain_set_tsc(struct hv *hv, uint32_t domid, const struct xen_domctl_tsc_info *tsc);
/* 64 or 32 */
int hv_domain_address_size(struct hv *hv, uint32_t domid);
/*
 * Replaces each of COUNT machine frames (at most 1024, memory from hv_buf_get) by its type, XEN_DOMCTL_PFINFO_*;
 * one that is not DOMID's is XEN_DOMCTL_PFINFO_XTAB.
 */
int hv_frame_types(struct hv *hv, uint32_t domid, xen_pfn_t *frames, unsigned int count);

/* ---- memory (memory.c) ---- */

/* One above the highest machine frame of RAM. */
int64_t hv_max_frame(struct hv *hv);

/* Reserves PAGES for DOMID against other takers (XENMEM_claim_pages); 0 gives the claim back. */
int hv_claim_pages(struct hv *hv, uint32_t domid, uint64_t pages);
/*
 * Populates COUNT extents of 2^ORDER pages; EXTENTS holds the guest frame of each and, on return,
 * its machine frame. It must be memory from hv_buf_get. Returns how many extents were populated.
 */
long hv_populate(struct hv *hv, uint32_t domid, xen_pfn_t *extents, unsigned long count,
                 unsigned int order);
/* The pseudo-physical memory map: one RAM range [0, BYTES). */
int hv_set_memory_map(struct hv *hv, uint32_t domid, uint64_t bytes);
/*
 * Maps COUNT frames of DOMID. PROT as mmap. Every frame must be mappable; -errno of the first that
 * is not. The mapping is dropped with hv_unmap.
 */
int hv_map_foreign(struct hv *hv, uint32_t domid, const xen_pfn_t *frames, size_t count, int prot,
                   void **addr);
/* As above, but frames that cannot be mapped leave holes and set ERR[i]. */
int hv_map_foreign_some(struct hv *hv, uint32_t domid, const xen_pfn_t *frames, size_t count,
                        int prot, int *err, void **addr);
void hv_unmap(void *addr, size_t count);
/* Maps COUNT frames of the domain's shared grant table from frame FIRST. */
int hv_map_grant_table(struct hv *hv, uint32_t domid, uint32_t first, size_t count, void **addr);
/* Pins machine frame MFN as a page table of LEVEL 1..4 on behalf of DOMID. */
int hv_pin_table(struct hv *hv, uint32_t domid, unsigned int level, xen_pfn_t mfn);
/* Performs COUNT operations (memory from hv_buf_get) on behalf of DOMID. -errno of the first that fails */
int hv_mmuext_ops(struct hv *hv, uint32_t domid, struct mmuext_op *ops, unsigned int count);
/* An event channel of DOMID that REMOTE may bind to. Returns the port. */
int hv_evtchn_alloc_unbound(struct hv *hv, uint32_t domid, uint32_t remote);

/* ---- the host (host.c) ---- */

struct hv_version_info {
    unsigned int major, minor;
    char extra[sizeof(xen_extraversion_t) + 1];
    struct xen_compile_info compile;
    char caps[sizeof(xen_capabilities_info_t) + 1];
    char changeset[sizeof(xen_changeset_info_t) + 1];
    char command_line[sizeof(xen_commandline_t) + 1];
    uint64_t virt_start;
    unsigned int page_size;
    char build_id[129];  /* hexadecimal; empty if the hypervisor has none */
};

int hv_physinfo(struct hv *hv, struct xen_sysctl_physinfo *info);
int hv_version_info(struct hv *hv, struct hv_version_info *info);
int hv_sched_id(struct hv *hv, uint32_t *id);
const char *hv_sched_name(uint32_t id);
/* Reads the hypervisor's console ring into BUF (SIZE bytes); returns the length. */
long hv_read_console(struct hv *hv, char *buf, uint32_t size, int clear);
int hv_debug_keys(struct hv *hv, const char *keys);
/* Free pages that a build may take now: free plus being scrubbed, less other domains' claims. */
int64_t hv_free_pages(struct hv *hv);
/* Topology of up to MAX CPUs; returns the number of CPUs. */
int hv_cpu_topology(struct hv *hv, struct xen_sysctl_cputopo *topo, unsigned int max);
/* Memory and distances of up to MAX nodes (DISTANCE is MAX * MAX); returns the number of nodes. */
int hv_numa_info(struct hv *hv, struct xen_sysctl_meminfo *mem, uint32_t *distance,
                 unsigned int max);
int hv_cpupool_op(struct hv *hv, struct xen_sysctl_cpupool_op *op, uint8_t *cpumap, size_t bytes);
int hv_sched_pool_op(struct hv *hv, struct xen_sysctl_scheduler_op *op);
long hv_shared_pages(struct hv *hv, unsigned int cmd);

#endif
