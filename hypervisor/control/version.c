/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen_version: what the hypervisor is and offers (xen/version.h). What tells
 * nothing to an ordinary guest is given to all, the command line and the build
 * id to Domain 0 only, as Xen does.
 */
#include "control/command_line.h"
#include "control/hypercall.h"
#include "domain/domain.h"
#include "domain/privilege.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"

#include <xen/features.h>
#include <xen/version.h>

#define DENIED "<denied>"
#define CAPABILITIES "xen-3.0-x86_64 "
#define BUILD_DATE "unknown" /* none: the same commit gives the same bytes */

char command_line[COMMAND_LINE_SIZE];

static long put_text(vaddr_t arg, const char *text, size_t size)
{
    char buf[COMMAND_LINE_SIZE] = { 0 };

    strlcpy(buf, text, size);
    return guest_write(arg, buf, size);
}

static long compile_info(vaddr_t arg)
{
    xen_compile_info_t info = { .compiler = "gcc " __VERSION__, .compile_by = "hospes", .compile_date = BUILD_DATE };

    return write_guest_struct(arg, &info);
}

static long features(const struct domain *d, vaddr_t arg)
{
    xen_feature_info_t info;

    if (read_guest_struct(&info, arg))
        return -EFAULT;
    if (info.submap_idx)
        return -EINVAL;
    info.submap = 1u << XENFEAT_memory_op_vnode_supported;
    if (d->vm_assist & BIT(VMASST_TYPE_pae_extended_cr3))
        info.submap |= 1u << XENFEAT_pae_pgdir_above_4gb;
    if (d->privileged)
        info.submap |= 1u << XENFEAT_dom0;
    if (!d->is_hvm)
        info.submap |= 1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_highmem_assist |
                       1u << XENFEAT_gnttab_map_avail_bits | 1u << XENFEAT_direct_mapped;
    return write_guest_struct(arg, &info);
}

/* The linker's note: an ELF note header, "GNU", the id. */
extern const u8 build_id_note[], build_id_note_end[]; /* linker script */
#define BUILD_ID_AT 16

/* @arg: struct xen_build_id, 0: only the length is wanted. @return its length */
static long build_id(vaddr_t arg)
{
    u64 size = (u64)(build_id_note_end - build_id_note);
    u32 room;

    if (size <= BUILD_ID_AT)
        return -ENODATA;
    size -= BUILD_ID_AT;
    if (!arg)
        return (long)size;
    if (read_guest_struct(&room, arg))
        return -EFAULT;
    if (!room)
        return -EINVAL;
    if (room < size)
        return -ENOBUFS;
    return guest_write(arg + offsetof(xen_build_id_t, buf), build_id_note + BUILD_ID_AT, size) ? -EFAULT : (long)size;
}

/* @cmd: XENVER_*. @return by command; -ENOSYS: unknown, -EFAULT, -EINVAL, -EPERM */
long do_xen_version(u64 cmd, vaddr_t arg)
{
    const struct domain *d = current_domain();
    xen_platform_parameters_t params = { .virt_start = HYPERVISOR_VIRT_START };

    switch (cmd) {
    case XENVER_version:
        return XEN_MAJOR << 16 | XEN_MINOR;
    case XENVER_extraversion:
        return put_text(arg, XEN_EXTRA, sizeof(xen_extraversion_t));
    case XENVER_compile_info:
        return compile_info(arg);
    case XENVER_capabilities:
        return put_text(arg, CAPABILITIES, sizeof(xen_capabilities_info_t));
    case XENVER_changeset:
        return put_text(arg, "", sizeof(xen_changeset_info_t));
    case XENVER_platform_parameters:
        return write_guest_struct(arg, &params);
    case XENVER_get_features:
        return features(d, arg);
    case XENVER_pagesize:
        return arg ? -EINVAL : (long)PAGE_SIZE;
    case XENVER_guest_handle:
        return guest_write(arg, d->uuid, sizeof(d->uuid));
    case XENVER_commandline:
        return put_text(arg, domain_may(PRIV_CONTROL, NULL) ? command_line : DENIED, sizeof(xen_commandline_t));
    case XENVER_build_id:
        return domain_may(PRIV_CONTROL, NULL) ? build_id(arg) : -EPERM;
    }
    return -ENOSYS;
}
