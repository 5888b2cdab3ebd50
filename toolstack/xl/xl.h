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

/* Tests have folders of their own. */
#ifndef XL_RUN_DIR
#define XL_RUN_DIR   "/run/xen"
#define XL_LIB_DIR   "/var/lib/xen"
#define XL_LOG_DIR   "/var/log/xen"
#endif
#define XL_DUMP_DIR  XL_LIB_DIR "/dump"
#define XL_STOPPING  XL_RUN_DIR "/xl-stopping"   /* the host is going down: nothing is started again */
#ifndef XL_CONF
#define XL_CONF      "/etc/xen/xl.conf"
#endif

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
/* A warning of libcfg's. */
void xl_warn(void *arg, const char *text);
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
/* Arguments with commas between them, as upstream joins the parts of a device; malloc'd. */
char *xl_join(int argc, char **argv);
void uuid_print(const uint8_t uuid[16], char out[37]);
int uuid_random(uint8_t uuid[16]);
int random_bytes(uint8_t *out, size_t n);
/* Reads a small node as a number; DEFAULT if it is absent or no number. */
long long xs_number(struct xs *xs, long long fallback, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Reads a node; NULL if absent. */
char *xs_string(struct xs *xs, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The host's topology; *NODES_OF is malloc'd. */
int xl_topology(struct xl *xl, struct cpu_topology *topo, uint32_t **nodes_of);
/* CPU pools: the first from number FROM up with its CPUs, its name, its number, what schedules it. -ENOENT */
int xl_pool_info(struct xl *xl, uint32_t from, struct xen_sysctl_cpupool_op *op, uint8_t *map);
void xl_pool_name(struct xl *xl, uint32_t id, char *out, size_t size);
int xl_find_pool(struct xl *xl, const char *name, uint32_t *id);
int xl_pool_sched(struct xl *xl, uint32_t pool, uint32_t *sched);

/* ---- lock.c ---- */

/*
 * Takes the lock of all xl runs: held from a check until what was found free is taken. Returns its
 * descriptor or a negative errno. Not to be taken twice by one process.
 */
int xl_lock(void);
/* As xl_lock, on another file of /run/lock; a wait that is long is told, with FOR_WHAT. */
int xl_lock_file(const char *name, const char *for_what);
void xl_unlock(int fd);

/* MAKE: makes the record, waits for its lock; ABANDONED: -EWOULDBLOCK while a process holds it, -ENOENT. */
enum record_mode { RECORD_MAKE, RECORD_ABANDONED };

/* Opens and locks record NAME in folder DIR; returns its descriptor, which holds the lock, or a negative errno. */
int record_lock(const char *dir, const char *name, enum record_mode mode);
/* Removes it and lets go of it. */
void record_drop(int fd, const char *dir, const char *name);
int record_write(int fd, const char *text);
/* TEXT is cut off at SIZE. */
int record_read(int fd, char *text, size_t size);

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
    int journal;                 /* starting_open()'s; 0: none */
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
/*
 * Parts of it that are checked again when their objects are taken, under the lock of all xl runs:
 * name (-EEXIST) and UUID, devices.
 */
int guest_check_identity(struct xl *xl, struct guest *g, uint32_t restart);
int guest_check_devices(struct xl *xl, struct guest *g, uint32_t restart);
/* cpuid.c: whether the features that cpuid= asks for can be had, and the domain's policy by it. */
int guest_check_cpuid(struct xl *xl, struct guest *g);
int guest_set_cpuid(struct xl *xl, struct guest *g);
int check_disk(struct xl *xl, struct guest *g, struct disk_spec *d, uint32_t own);
int check_vif(struct xl *xl, struct guest *g, struct vif_spec *v, uint32_t own);
/* Builds the domain, and lets it RUN; on an error nothing is left behind. */
int guest_start(struct xl *xl, struct guest *g, bool run);
/* Its greater part: paused, and noted as being built by G->journal. */
int guest_create(struct xl *xl, struct guest *g);
void guest_free(struct guest *g);

/* ---- store.c: a guest's nodes in the store ---- */

int store_create(struct xl *xl, struct guest *g);
int store_finish(struct xl *xl, struct guest *g);
void store_remove(struct xl *xl, uint32_t domid, const uint8_t uuid[16]);
int store_rename(struct xl *xl, uint32_t domid, const char *name);
/* Writes a node if node GUARD is there (-ENOENT): what goes to a guest or device must not make one that is gone. */
int store_set(struct xl *xl, const char *guard, const char *path, const char *value);
/* The same below /local/domain/DOMID. */
int store_set_guest(struct xl *xl, uint32_t domid, const char *key, const char *value);
/* Removes PATH, and up to LEVELS folders above it that are empty then, in one transaction. */
void store_remove_upwards(struct xl *xl, const char *path, int levels);
/* Whether somebody has begun to destroy the domain. */
bool store_ending(struct xl *xl, uint32_t domid);
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
/* Notes that the domain is about to go; -EALREADY: somebody did before; -ESRCH. */
int guest_begin_end(struct xl *xl, uint32_t domid);
/* Whether a domain is there and stays: it may get devices. The caller holds the lock of all xl runs. */
bool guest_stays(struct xl *xl, uint32_t domid);

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

/* ---- journal.c: what is half done ---- */

/* Notes that a domain with UUID is to be built, and waits for another that builds one; a descriptor to keep open. */
int starting_open(const uint8_t uuid[16]);
/* Notes that from now on the domain with this UUID is the build's own. */
int starting_own(int fd);
void starting_close(int fd, const uint8_t uuid[16]);
/* Notes that a guest rests to be saved: as TEMP ("": none), which becomes NAME. A descriptor to keep open. */
int save_open(struct xl *xl, const uint8_t uuid[16], uint32_t domid, const char *temp,
              const char *name);
/* WHOLE: the image is complete, and stands for the guest from now on. */
int save_note(int fd, uint32_t domid, bool whole, const char *temp, const char *name);
void save_close(int fd, const uint8_t uuid[16]);
/* Ends what killed builds left behind, lets guests go on whose save was killed. */
void journal_recover(struct xl *xl);
/* The same for the save of the guest whose UUID is written UUID. */
void recover_save(struct xl *xl, const char *uuid);

/* ---- again.c: guests that could not be started again ---- */

int again_open(const uint8_t uuid[16]);
/* Keeps the configuration, and what `xl list` tells. */
int again_note(int fd, const char *name, const char *why, unsigned int seconds, const char *config);
/* False once somebody has given it up. */
bool again_wanted(int fd);
void again_close(int fd, const uint8_t uuid[16]);
/* A line for each on standard error. */
void again_tell(void);
/* Gives up the guest NAME; -ESRCH. */
int again_forget(const char *name);

/* ---- userdata.c: the saved configuration ---- */

/* Settings as text that says where they came from, malloc'd; and back, NAME for messages. */
char *userdata_text(const struct cfg *tree);
int userdata_parse(struct cfg *tree, const char *name, const char *text, struct cfg_log *log);
int userdata_save(const struct guest *g);
/* Saves settings for a domain; used by commands that change a running guest. */
int userdata_store(uint32_t domid, const uint8_t uuid[16], const struct cfg *tree);
int userdata_load(uint32_t domid, const uint8_t uuid[16], struct cfg *tree, struct cfg_log *log);
/* As userdata_load, with what has changed since: name, memory, virtual CPUs, weight and cap. */
int userdata_current(struct xl *xl, uint32_t domid, struct cfg *tree, struct cfg_log *log);
void userdata_remove(uint32_t domid, const uint8_t uuid[16]);
/* Writes UUID and MAC addresses that were made up into the settings. */
int userdata_fix(struct guest *g);
/*
 * Adds (SPEC) or removes (the entry that parses to DEVID) a device of the saved configuration. The
 * caller holds the lock of all xl runs.
 */
void userdata_device(struct xl *xl, uint32_t domid, const char *key, const char *spec,
                     uint32_t devid);

/* Takes the lock for removing one. */
void userdata_forget(struct xl *xl, uint32_t domid, const char *key, uint32_t devid);
/* An interface as it is kept: with its number and address; malloc'd. */
char *userdata_vif(const char *text, const struct vif_spec *vif);

/* ---- monitor.c ---- */

/*
 * Watches the guest until it ends and does what on_poweroff and its like ask for; starts it anew
 * for a restart. Returns the exit status.
 */
int monitor_run(struct xl *xl, struct guest *g);

/* ---- monitor_log.c ---- */

/* Turns this process into the guest's monitor: no terminal, output to the guest's log. */
void monitor_detach(const char *name);
/* A line in the log, with the time; the log does not grow for ever. */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, and on the host's console. */
void log_loud(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- restart.c ---- */

/*
 * Starts a guest that has ended again, as often as it takes. 0: it runs; -ECANCELED: it was
 * destroyed, given up, or cannot be started any more; the log says which.
 */
int guest_restart(struct xl *xl, struct guest *g, enum guest_action action);

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
