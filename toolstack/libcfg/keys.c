/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every key of upstream's xl.cfg(5), with what becomes of it here. The table is what
 * docs/compatibility.md is made from. Unknown keys are an error, because most of them are typing
 * mistakes. Called through cfg.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cfg.h"

#define W(name, kinds) { name, KEY_WORKS, kinds }
#define I(name, kinds) { name, KEY_IGNORED, kinds }
#define R(name, kinds) { name, KEY_REFUSED, kinds }

const struct cfg_key cfg_keys[] = {
    /* type, name, identity */
    W("name", "s"),
    W("type", "s"),
    W("builder", "s"),
    W("uuid", "s"),
    I("seclabel", "s"),
    I("init_seclabel", "s"),
    /* CPUs and scheduling */
    W("pool", "s"),
    W("vcpus", "n"),
    W("maxvcpus", "n"),
    W("cpus", "snl"),
    W("cpus_soft", "snl"),
    W("cpu_weight", "n"),
    W("cap", "n"),
    I("period", "n"),
    I("slice", "n"),
    I("latency", "n"),
    I("extratime", "n"),
    I("vnuma", "l"),
    /* memory */
    W("memory", "n"),
    W("maxmem", "n"),
    I("shadow_memory", "n"),
    I("mmio_hole", "n"),
    I("rdm", "s"),
    I("rdm_mem_boundary", "n"),
    /* events */
    W("on_poweroff", "s"),
    W("on_reboot", "s"),
    W("on_watchdog", "s"),
    W("on_crash", "s"),
    W("on_soft_reset", "s"),
    /* boot */
    W("kernel", "s"),
    W("ramdisk", "s"),
    W("cmdline", "s"),
    W("root", "s"),
    W("extra", "s"),
    W("bootloader", "s"),
    I("bootloader_args", "sl"),
    I("bootloader_restrict", "n"),
    I("bootloader_user", "s"),
    W("firmware", "s"),
    I("bios", "s"),
    I("bios_path_override", "s"),
    I("boot", "s"),
    R("pvshim", "n"),
    I("pvshim_path", "s"),
    I("pvshim_cmdline", "s"),
    I("pvshim_extra", "s"),
    /* limits and properties */
    W("max_grant_frames", "n"),
    W("max_maptrack_frames", "n"),
    W("max_grant_version", "n"),
    W("max_event_channels", "n"),
    I("nomigrate", "n"),
    I("driver_domain", "n"),
    I("device_tree", "s"),
    W("passthrough", "s"),
    W("xend_suspend_evtchn_compat", "n"),
    I("vmtrace_buf_kb", "n"),
    I("vpmu", "n"),
    I("xenstore_feature_mask", "n"),
    I("xenstore_quota", "l"),
    I("dm_restrict", "n"),
    I("device_model_user", "s"),
    /* devices */
    W("disk", "l"),
    W("vif", "l"),
    R("vtpm", "l"),
    R("p9", "l"),
    R("pvcalls", "l"),
    I("vfb", "l"),
    I("channel", "l"),
    R("usbctrl", "l"),
    R("usbdev", "l"),
    R("pci", "l"),
    I("pci_permissive", "n"),
    I("pci_msitranslate", "n"),
    I("pci_seize", "n"),
    I("pci_power_mgmt", "n"),
    I("gfx_passthru", "ns"),
    R("dtdev", "l"),
    W("ioports", "l"),
    W("iomem", "l"),
    W("irqs", "l"),
    I("vdispl", "l"),
    I("vsnd", "l"),
    I("vkb", "l"),
    R("virtio", "l"),
    I("tee", "s"),
    /* PV, and what HVM and PVH guests have */
    I("e820_host", "n"),
    I("hdtype", "s"),
    I("hap", "n"),
    I("oos", "n"),
    I("pae", "n"),
    I("acpi", "n"),
    I("acpi_s3", "n"),
    I("acpi_s4", "n"),
    I("acpi_laptop_slate", "n"),
    I("apic", "n"),
    I("nx", "n"),
    I("hpet", "n"),
    I("altp2m", "ns"),
    I("altp2mhvm", "n"),
    I("altp2m_count", "n"),
    I("nestedhvm", "n"),
    W("cpuid", "sl"),
    I("acpi_firmware", "s"),
    I("smbios_firmware", "s"),
    I("smbios", "l"),
    I("ms_vm_genid", "s"),
    W("tsc_mode", "ns"),
    W("localtime", "n"),
    W("rtc_timeoffset", "n"),
    I("vpt_align", "n"),
    I("timer_mode", "ns"),
    I("xen_platform_pci", "n"),
    I("xen_platform_pci_bar_uc", "n"),
    I("viridian", "nl"),
    I("hvm_pirq", "n"),
    I("videoram", "n"),
    I("stdvga", "n"),
    I("vga", "s"),
    I("vnc", "n"),
    I("vnclisten", "s"),
    I("vncdisplay", "n"),
    I("vncunused", "n"),
    I("vncpasswd", "s"),
    I("vncviewer", "n"),
    I("vncconsole", "n"),
    I("keymap", "s"),
    I("sdl", "n"),
    I("opengl", "n"),
    I("display", "s"),
    I("xauthority", "s"),
    I("nographic", "n"),
    I("spice", "n"),
    I("spicehost", "s"),
    I("spiceport", "n"),
    I("spicetls_port", "n"),
    I("spicedisable_ticketing", "n"),
    I("spicepasswd", "s"),
    I("spiceagent_mouse", "n"),
    I("spicevdagent", "n"),
    I("spice_clipboard_sharing", "n"),
    I("spiceusbredirection", "n"),
    I("spice_image_compression", "s"),
    I("spice_streaming_video", "s"),
    I("serial", "sl"),
    I("soundhw", "s"),
    I("vkb_device", "n"),
    I("usb", "n"),
    I("usbversion", "n"),
    I("usbdevice", "sl"),
    I("vendor_device", "s"),
    I("mca_caps", "l"),
    W("msr_relaxed", "n"),
    I("monitor", "n"),
    /* device model */
    I("device_model", "s"),
    I("device_model_version", "s"),
    I("device_model_override", "s"),
    I("stubdomain_kernel", "s"),
    I("stubdomain_cmdline", "s"),
    I("stubdomain_ramdisk", "s"),
    I("stubdomain_memory", "n"),
    I("device_model_stubdomain_override", "n"),
    I("device_model_stubdomain_seclabel", "s"),
    I("device_model_args", "l"),
    I("device_model_args_pv", "l"),
    I("device_model_args_hvm", "l"),
    /* other architectures, old tools */
    I("gic_version", "s"),
    I("vuart", "s"),
    I("sve", "ns"),
    I("llc_colors", "sl"),
    I("nr_spis", "n"),
    I("trap_unmapped_accesses", "n"),
    I("arm_sci", "s"),
    I("blkdev_start", "s"),
    I("disable_migrate", "n"),
    I("colo_proxy_script", "s"),
    /* ours */
    W("autostart_delay", "n"),
    W("depends", "sl"),
};

const unsigned int cfg_n_keys = sizeof(cfg_keys) / sizeof(cfg_keys[0]);

const struct cfg_key *cfg_key_find(const char *name)
{
    for (unsigned int i = 0; i < cfg_n_keys; i++)
        if (!strcmp(cfg_keys[i].name, name))
            return &cfg_keys[i];
    return NULL;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
    unsigned int m = a < b ? a : b;

    return m < c ? m : c;
}

/* Edit distance of two names of at most 40 characters. */
static unsigned int distance(const char *a, const char *b)
{
    unsigned int row[41], la = (unsigned int)strlen(a), lb = (unsigned int)strlen(b);

    if (la > 40 || lb > 40)
        return 41;
    for (unsigned int j = 0; j <= lb; j++)
        row[j] = j;
    for (unsigned int i = 1; i <= la; i++) {
        unsigned int diagonal = row[0];

        row[0] = i;
        for (unsigned int j = 1; j <= lb; j++) {
            unsigned int up = row[j];

            row[j] = min3(row[j - 1] + 1, up + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = up;
        }
    }
    return row[lb];
}

const char *cfg_key_suggest(const char *name)
{
    unsigned int best = (unsigned int)strlen(name) / 3 + 1;
    const char *found = NULL;

    for (unsigned int i = 0; i < cfg_n_keys; i++) {
        unsigned int d = distance(name, cfg_keys[i].name);

        if (d <= best && (!found || d < best)) {
            best = d;
            found = cfg_keys[i].name;
        }
    }
    return found;
}

static int check_kind(const struct cfg_entry *e, const struct cfg_key *k, struct cfg_log *log)
{
    char kind = "nsl"[e->value->kind];
    char *end;

    if (strchr(k->kinds, kind))
        return 0;
    /* Upstream takes a number in quotes. */
    if (kind == 's' && strchr(k->kinds, 'n')) {
        strtoll(e->value->text, &end, 0);
        if (*e->value->text && !*end)
            return 0;
    }
    return cfg_fail(log, e->file, e->line, "'%s' needs %s", e->key,
                    k->kinds[0] == 'n' ? "a number" : k->kinds[0] == 's' ? "a string in quotes"
                                                                         : "a list: [ ... ]");
}

/* True for 0, "" and [], which ask for nothing. */
static bool asks_for_nothing(const struct cfg_value *v)
{
    return (v->kind == CFG_NUMBER && !v->number) || (v->kind == CFG_STRING && !*v->text) ||
           (v->kind == CFG_LIST && !v->items);
}

static int check_entry(const struct cfg_entry *e, struct cfg_log *log)
{
    const struct cfg_key *k = cfg_key_find(e->key);
    int rc;

    if (!k) {
        const char *near = cfg_key_suggest(e->key);

        return cfg_fail(log, e->file, e->line, "unknown key '%.40s': %s%s%s", e->key,
                        near ? "did you mean '" : "see xl.cfg(5)", near ? near : "",
                        near ? "'?" : "");
    }
    rc = check_kind(e, k, log);
    if (rc || asks_for_nothing(e->value))
        return rc;
    if (k->state == KEY_REFUSED)
        return cfg_fail(log, e->file, e->line,
                        "'%s' is not implemented, and the guest cannot work without it: "
                        "remove it to start the guest anyway",
                        e->key);
    if (k->state == KEY_IGNORED)
        cfg_warn(log, e->file, e->line, "'%s' is not implemented, ignored", e->key);
    return 0;
}

int cfg_check_keys(const struct cfg *cfg, struct cfg_log *log)
{
    for (unsigned int i = 0; i < cfg->entries; i++) {
        int rc = check_entry(&cfg->entry[i], log);

        if (rc)
            return rc;
    }
    return 0;
}
