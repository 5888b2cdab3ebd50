/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of xl share: the connections of one run, messages, looking up domains, guests
 * being created, their devices, their monitor. Commands are int cmd_NAME(struct xl *, int argc,
 * char **), with argv[0] the command's name; they return the exit status.
 */
#ifndef HOSPES_XL_XL_H
#define HOSPES_XL_XL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libbuild/build.h"
#include "libcfg/cfg.h"
#include "libhv/hv.h"
#include "libxs/xs.h"

#define XL_RUN_DIR   "/run/xen"
#define XL_LIB_DIR   "/var/lib/xen"
#define XL_LOG_DIR   "/var/log/xen"
#define XL_DUMP_DIR  "/var/lib/xen/dump"
#define XL_CONF      "/etc/xen/xl.conf"

#define EXIT_USAGE 2

typedef struct xen_domctl_getdomaininfo dominfo_t;

struct xl {
    struct hv hv;
    struct xs *xs;
    bool hv_ready;
    bool verbose, dry_run, force, timestamps;
};

/* ---- util.c: messages, connections, names ---- */

/* "xl: " and one line to standard error; always returns 1, the exit status of a failure. */
int xl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void xl_note(const struct xl *xl, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Opens the hypervisor, the store; prints the reason and returns non-zero if that fails. */
int xl_need_hv(struct xl *xl);
int xl_need_xs(struct xl *xl);
int xl_need_all(struct xl *xl);
void xl_close(struct xl *xl);
/* The domain that TEXT names or numbers; prints an error and returns non-zero if there is none. */
int xl_find_domain(struct xl *xl, const char *text, uint32_t *domid);
/* As above, without a message; -ESRCH. */
int xl_lookup(struct xl *xl, const char *text, uint32_t *domid);
/* The domain's name into OUT; "(null)" if it has none. */
void xl_domain_name(struct xl *xl, uint32_t domid, char *out, size_t size);
/* All domains; *LIST is malloc'd. Returns how many, or prints an error and returns -1. */
int xl_domains(struct xl *xl, dominfo_t **list);
/* "512", "512m", "2g" to KiB; without a unit the number counts UNIT KiB. -EINVAL. */
int xl_parse_memory(const char *text, uint64_t unit, uint64_t *kib);
/* Short options anywhere among the arguments. */
int xl_getopt(int argc, char **argv, const char *spec);
int xl_parse_uint(const char *text, unsigned long max, unsigned long *out);
void uuid_print(const uint8_t uuid[16], char out[37]);
int uuid_random(uint8_t uuid[16]);
int random_bytes(uint8_t *out, size_t n);
/* Reads a small node as a number; DEFAULT if it is absent or no number. */
long long xs_number(struct xs *xs, long long fallback, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Reads a node; NULL if absent. */
char *xs_string(struct xs *xs, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Takes the lock of all xl runs; returns its descriptor or a negative errno. */
int xl_lock(void);
/* As xl_lock, on another file. */
int xl_lock_file(const char *path);
void xl_unlock(int fd);
/* The host's topology; *NODES_OF is malloc'd. */
int xl_topology(struct xl *xl, struct cpu_topology *topo, uint32_t **nodes_of);

/* ---- conf.c: /etc/xen/xl.conf ---- */

struct xl_conf {
    char *bridge, *vif_script;
    int max_grant_frames, max_maptrack_frames, max_grant_version;
};

void xl_conf_read(struct xl_conf *conf);
void xl_conf_free(struct xl_conf *conf);

/* ---- guests being created: check.c, create.c ---- */

struct vif_mac {
    uint8_t mac[6];
};

/* A guest on its way from a configuration to a domain. */
struct guest {
    struct cfg tree;             /* its settings, as text for later */
    struct guest_config cfg;
    struct kernel_image kernel;
    struct pv_params params;
    struct pv_result built;
    uint8_t uuid[16];
    uint32_t domid;
    bool created;                /* a domain exists */
    int *loop_fd;                /* loop devices kept open until the back end has them */
    unsigned int loops;
    int image_fd;                /* of a guest to restore, behind the file's head; 0: none */
    int unpack_lock;             /* held while an unpacked kernel is in memory */
    char why[640];               /* the one-line error */
};

/* Sets G->why to "guest 'NAME': ..." and returns RC. */
int guest_fail(struct guest *g, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As guest_fail, with the file and line of the configuration in front. */
int guest_fail_at(struct guest *g, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Everything that can be known before a domain exists; opens kernel and ramdisk. RESTART: the */
/* guest's own earlier domain, which is about to go, does not count as a conflict (else
 * DOMID_INVALID). */
int guest_check(struct xl *xl, struct guest *g, const struct xl_conf *conf, uint32_t restart);
int guest_check_devices(struct xl *xl, struct guest *g, uint32_t restart);
/* cpuid.c: whether the features that cpuid= asks for can be had, and the domain's policy by it. */
int guest_check_cpuid(struct xl *xl, struct guest *g);
int guest_set_cpuid(struct xl *xl, struct guest *g);
int check_disk(struct xl *xl, struct guest *g, struct disk_spec *d, uint32_t own);
int check_vif(struct xl *xl, struct guest *g, struct vif_spec *v, uint32_t own);
/* Builds the domain, paused; on an error nothing is left behind. */
int guest_create(struct xl *xl, struct guest *g);
void guest_free(struct guest *g);

/* ---- store.c: a guest's nodes in the store ---- */

int store_create(struct xl *xl, struct guest *g);
int store_finish(struct xl *xl, struct guest *g);
void store_remove(struct xl *xl, uint32_t domid, const uint8_t uuid[16]);
int store_rename(struct xl *xl, uint32_t domid, const char *name);
/* Whether the guest's driver says in control/feature-WHAT that it can: poweroff, reboot, halt, suspend. */
bool guest_can(struct xl *xl, uint32_t domid, const char *what);
/* Asks the guest for WHAT through control/shutdown; "": takes the request back. */
int guest_ask(struct xl *xl, uint32_t domid, const char *what);

/* ---- device.c, vbd.c, vif.c: devices ---- */

/* A key and value of a device's directory. */
#define DEV_VALUE_MAX 511

struct dev_node {
    const char *key;
    char value[DEV_VALUE_MAX + 1];
};

struct device {
    uint32_t domid, backend_domid, devid;
    const char *kind;            /* "vbd", "vif" */
};

#define DEV_PATH_MAX 256

void dev_backend_path(const struct device *d, char *out, size_t size);
void dev_frontend_path(const struct device *d, char *out, size_t size);
void dev_libxl_path(const struct device *d, char *out, size_t size);
/* Writes both ends and the trusted copy in one transaction. */
int dev_write(struct xl *xl, const struct device *d, const struct dev_node *back,
              unsigned int n_back, const struct dev_node *front, unsigned int n_front);
/* Waits until the back end's state is WANTED or the node is gone; -ETIMEDOUT. */
int dev_wait_state(struct xl *xl, const struct device *d, int wanted, int timeout_ms);
/* Removes the device: politely (the guest lets go), or by force. */
int dev_remove(struct xl *xl, const struct device *d, bool force);
/* All devices of a domain from the trusted copy; *LIST is malloc'd, returns how many. */
int dev_list(struct xl *xl, uint32_t domid, const char *kind, struct device **list);
/* What the back end's driver says went wrong, or NULL; malloc'd. */
char *dev_error(struct xl *xl, const struct device *d);
/* Removes every device of a domain, all at once, by force. */
void dev_remove_all(struct xl *xl, uint32_t domid);

/* Gives a disk its back end. *FD: a loop device to keep open until vbd_wait, or -1. */
int vbd_attach(struct xl *xl, uint32_t domid, const struct disk_spec *disk, bool bootable, int *fd,
               char *why, size_t why_size);
int vbd_wait(struct xl *xl, uint32_t domid, const struct disk_spec *disk, char *why,
             size_t why_size);
int vif_attach(struct xl *xl, uint32_t domid, const struct vif_spec *vif, char *why,
               size_t why_size);
int vif_wait(struct xl *xl, uint32_t domid, const struct vif_spec *vif, char *why, size_t why_size);
void mac_print(const uint8_t mac[6], char out[18]);
/* Run the "remove" or "offline" side of a device's script, if it has one. */
void dev_run_remove_script(struct xl *xl, const struct device *d);
int resolve_backend(struct xl *xl, const char *name, uint32_t *domid);

/* ---- destroy.c ---- */

/* Ends a domain and everything it had. Idempotent. */
int guest_destroy(struct xl *xl, uint32_t domid);

/* ---- suspend.c ---- */

/*
 * Asks a guest to suspend itself, and waits for it. 0: it rests; else WHY says why not: -EOPNOTSUPP, -EAGAIN (no answer),
 * -EBUSY (it ended instead), -ESRCH.
 */
int guest_suspend(struct xl *xl, uint32_t domid, const char **why);
/* Lets a guest that rests go on as if nothing had happened. */
int guest_resume(struct xl *xl, uint32_t domid);

/* ---- savefile.c: the head of a saved guest's file ---- */

int savefile_write(int fd, const char *config, struct build_error *err);
/* *CONFIG: xl.cfg text, malloc'd; NULL: it is in a form that is not read. -EBADMSG: not such a file */
int savefile_read(int fd, char **config, struct build_error *err);

/* ---- journal.c: builds in progress ---- */

/* Notes that a domain with UUID is being built; returns a descriptor to keep open. */
int journal_open(const uint8_t uuid[16]);
void journal_close(int fd, const uint8_t uuid[16]);
/* Removes what killed builds left behind. */
void journal_recover(struct xl *xl);

/* ---- userdata.c: the saved configuration ---- */

/* Settings as text that says where they came from, malloc'd; and back, NAME for messages. */
char *userdata_text(const struct cfg *tree);
int userdata_parse(struct cfg *tree, const char *name, const char *text, struct cfg_log *log);
int userdata_save(const struct guest *g);
/* Saves settings for a domain; used by commands that change a running guest. */
int userdata_store(uint32_t domid, const uint8_t uuid[16], const struct cfg *tree);
int userdata_load(uint32_t domid, const uint8_t uuid[16], struct cfg *tree, struct cfg_log *log);
void userdata_remove(uint32_t domid, const uint8_t uuid[16]);
/* Writes UUID and MAC addresses that were made up into the settings. */
int userdata_fix(struct guest *g);
/* Adds (SPEC) or removes (the entry that parses to DEVID) a device of the saved configuration. */
void userdata_device(struct xl *xl, uint32_t domid, const char *key, const char *spec,
                     uint32_t devid);

/* ---- monitor.c ---- */

/*
 * Watches the guest until it ends and does what on_poweroff and its like ask for; starts it anew
 * for a restart. Returns the exit status.
 */
int monitor_run(struct xl *xl, struct guest *g);
/* Turns this process into the guest's monitor: no terminal, output to the guest's log. */
void monitor_detach(const char *name);

/* ---- dump.c ---- */

int dump_core(struct xl *xl, uint32_t domid, const char *path, char *why, size_t why_size);

/* ---- console.c ---- */

/* Connects the terminal to the guest's console until Ctrl-] or the end of the console. */
int console_attach(struct xl *xl, uint32_t domid, const char *type, int number);

/* ---- commands ---- */

typedef int (*xl_command_fn)(struct xl *xl, int argc, char **argv);

struct xl_command {
    const char *name;
    xl_command_fn run;
    const char *summary;
    const char *arguments;
    const char *options;
};

extern const struct xl_command xl_commands[];
extern const unsigned int xl_n_commands;
const struct xl_command *xl_command_find(const char *name);
/* Prints the usage of a command; returns EXIT_USAGE. */
int xl_usage(const char *name);
int xl_need_args(const char *name, int argc, int optind_now, int least);

#define XL_CMD(name) int cmd_##name(struct xl *xl, int argc, char **argv)
XL_CMD(create); XL_CMD(config_update); XL_CMD(list); XL_CMD(destroy); XL_CMD(shutdown);
XL_CMD(reboot); XL_CMD(pause); XL_CMD(unpause); XL_CMD(rename); XL_CMD(domid); XL_CMD(domname);
XL_CMD(console); XL_CMD(vcpu_list); XL_CMD(vcpu_pin); XL_CMD(vcpu_set); XL_CMD(mem_set);
XL_CMD(mem_max); XL_CMD(info); XL_CMD(dmesg); XL_CMD(uptime); XL_CMD(top); XL_CMD(claims);
XL_CMD(block_attach); XL_CMD(block_detach); XL_CMD(block_list); XL_CMD(network_attach);
XL_CMD(network_detach); XL_CMD(network_list); XL_CMD(trigger); XL_CMD(sysrq); XL_CMD(button_press);
XL_CMD(debug_keys); XL_CMD(dump_core); XL_CMD(vm_list); XL_CMD(sched_credit);
XL_CMD(sched_credit2); XL_CMD(sched_rtds); XL_CMD(cpupool_list); XL_CMD(cpupool_create);
XL_CMD(cpupool_destroy); XL_CMD(cpupool_rename); XL_CMD(cpupool_cpu_add);
XL_CMD(cpupool_cpu_remove); XL_CMD(cpupool_migrate); XL_CMD(cpupool_numa_split); XL_CMD(sharing);
XL_CMD(help);
XL_CMD(channel_list);
XL_CMD(not_implemented);
XL_CMD(set_parameters);
XL_CMD(save); XL_CMD(restore); XL_CMD(suspend); XL_CMD(resume);
XL_CMD(autostart);

#endif
