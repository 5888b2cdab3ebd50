/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest boots: the kernel that the configuration names, or the one on its own disk, which PV
 * GRUB finds inside the guest. Domain 0 reads no guest's disk, so bootloader="pygrub" stands for PV
 * GRUB too. Where PV GRUB lies is known to xl (check.c). Called by guest.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cfg.h"
#include "internal.h"

/* A string that is there and not empty, else NULL. */
static const struct cfg_entry *find_text(const struct cfg *cfg, const char *key)
{
    const struct cfg_entry *e = cfg_find(cfg, key);

    return e && e->value->kind == CFG_STRING && *e->value->text ? e : NULL;
}

/* A file's path: as it is, or in the folder of the configuration if it is relative. */
static int read_path(const struct cfg *cfg, const char *key, char **out, int *line)
{
    const struct cfg_entry *e = find_text(cfg, key);
    int rc = e ? set_string(out, e->value->text) : 0;

    if (rc || !e)
        return rc;
    *line = e->line;
    return path_resolve(cfg->file, out);
}

/* cmdline= wins; otherwise root= and extra= are joined. */
static int read_cmdline(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    const struct cfg_entry *e = cfg_find(cfg, "cmdline"), *root = cfg_find(cfg, "root");
    const struct cfg_entry *extra = cfg_find(cfg, "extra");

    if (e) {
        if (root || extra)
            cfg_warn(log, e->file, e->line, "'cmdline' is set: 'root' and 'extra' are ignored");
        return set_string(&g->cmdline, e->value->text);
    }
    if (asprintf(&g->cmdline, "%s%s%s%s", root ? "root=" : "", root ? root->value->text : "",
                 root && extra ? " " : "", extra ? extra->value->text : "") < 0) {
        g->cmdline = NULL;
        return -ENOMEM;
    }
    return 0;
}

/* Whether PATH ends with the file name of a boot loader; 32: of one for 32-bit guests. */
static int loader_bits(const char *path)
{
    static const struct {
        const char *name;
        int bits;
    } loaders[] = {
        { "pygrub", 64 },           { "pvgrub", 64 },
        { "pvgrub64", 64 },         { "pvgrub64.bin", 64 },
        { "pv-grub", 64 },          { "pv-grub-x86_64", 64 },
        { "pv-grub-x86_64.gz", 64 }, { "grub-x86_64-xen.bin", 64 },
        { "pvgrub32", 32 },         { "pvgrub32.bin", 32 },
        { "pv-grub-x86_32", 32 },   { "pv-grub-x86_32.gz", 32 },
        { "grub-i386-xen.bin", 32 },
    };
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

    for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
        if (!strcmp(base, loaders[i].name))
            return loaders[i].bits;
    return 0;
}

static int fail_32_bit(const struct cfg_entry *e, struct cfg_log *log)
{
    return cfg_fail(log, e->file, e->line, "%s: '%s' boots 32-bit PV guests, which are not "
                    "supported: use a 64-bit kernel and firmware = \"pvgrub64\"", e->key,
                    e->value->text);
}

/* Upstream: bootloader= comes before kernel=, which then names a file of the guest's disk. */
static int read_bootloader(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    const struct cfg_entry *e = find_text(cfg, "bootloader");
    int bits = e ? loader_bits(e->value->text) : 0;

    if (!e)
        return 0;
    if (bits == 32)
        return fail_32_bit(e, log);
    if (!bits)
        return cfg_fail(log, e->file, e->line, "bootloader: '%s' is not available: use "
                        "firmware = \"pvgrub64\", which boots the kernel of the guest's disk, or "
                        "kernel = \"...\"", e->value->text);
    cfg_warn(log, e->file, e->line, "bootloader: PV GRUB boots the guest by the grub.cfg or menu.lst "
             "of its disk%s", g->kernel ? ", 'kernel' and 'ramdisk' are ignored" : "");
    free(g->kernel);
    free(g->ramdisk);
    g->kernel = g->ramdisk = NULL;
    g->pvgrub = true;
    return 0;
}

/* Upstream: firmware= and kernel= exclude each other; firmware= of HVM guests is another matter. */
static int read_firmware(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    const struct cfg_entry *e = find_text(cfg, "firmware");

    if (!e || g->type == GUEST_HVM)
        return 0;
    if (g->kernel)
        return cfg_fail(log, e->file, e->line, "firmware: 'kernel' in line %d is set too: remove "
                        "one of them", g->kernel_line);
    if (!strcmp(e->value->text, "pvgrub32"))
        return fail_32_bit(e, log);
    if (strcmp(e->value->text, "pvgrub64"))
        return cfg_fail(log, e->file, e->line, "firmware: expected \"pvgrub64\"");
    g->pvgrub = true;
    return 0;
}

/* kernel= names a PV GRUB of another system: ours takes its place, unless the file is here. */
static int replace_loader(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    const struct cfg_entry *e = find_text(cfg, "kernel");
    int bits = g->kernel ? loader_bits(g->kernel) : 0;

    if (!bits || access(g->kernel, F_OK) == 0)
        return 0;
    if (bits == 32)
        return fail_32_bit(e, log);
    cfg_warn(log, e->file, e->line, "kernel: there is no '%s' here, the PV GRUB of this host is used",
             g->kernel);
    free(g->kernel);
    g->kernel = NULL;
    g->pvgrub = true;
    return 0;
}

int read_boot(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    int rc = read_path(cfg, "kernel", &g->kernel, &g->kernel_line);

    if (!rc)
        rc = read_path(cfg, "ramdisk", &g->ramdisk, &g->ramdisk_line);
    if (!rc)
        rc = read_bootloader(cfg, g, log);
    if (!rc)
        rc = read_firmware(cfg, g, log);
    if (!rc)
        rc = replace_loader(cfg, g, log);
    return rc ? rc : read_cmdline(cfg, g, log);
}
