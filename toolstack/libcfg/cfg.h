/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libcfg: the xl.cfg language (xl.cfg.5) and what its keys mean.
 *
 * Two floors: cfg_parse() turns text into a list of KEY = VALUE; guest_config_read() turns that
 * into a checked struct guest_config. Both report errors as one line "FILE:LINE: reason: remedy".
 * Nothing here touches the system besides reading the file. Called by xl and the unit tests.
 */
#ifndef HOSPES_LIBCFG_CFG_H
#define HOSPES_LIBCFG_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cfg_kind { CFG_NUMBER, CFG_STRING, CFG_LIST };

struct cfg_value {
    enum cfg_kind kind;
    int line;
    char *text;                  /* string, or the digits of a number */
    long long number;            /* CFG_NUMBER */
    struct cfg_value **item;     /* CFG_LIST */
    unsigned int items;
};

struct cfg_entry {
    char *key;
    int line;
    const char *file;
    struct cfg_value *value;
};

struct cfg {
    char *file;                  /* name for messages */
    char *extra;                 /* the same for settings from the command line */
    struct cfg_entry *entry;
    unsigned int entries;
};

/* Where messages go. The error is one line; a warning is passed on as it arises. */
struct cfg_log {
    char error[512];
    void (*warn)(void *arg, const char *text);
    void *arg;
};

/* Parses TEXT; later settings of a key replace earlier ones, += appends. -EINVAL: see LOG->error.
 */
int cfg_parse(struct cfg *cfg, const char *file, const char *text, size_t len, struct cfg_log *log);
/* Parses a file. Errors of open and read besides those of cfg_parse. */
int cfg_load(struct cfg *cfg, const char *path, struct cfg_log *log);
/* Adds one KEY=VALUE or several separated by semicolons, as given on a command line. */
int cfg_add(struct cfg *cfg, const char *text, struct cfg_log *log);
void cfg_free(struct cfg *cfg);
const struct cfg_entry *cfg_find(const struct cfg *cfg, const char *key);
/* Writes the settings as xl.cfg text; the result is malloc'd. */
char *cfg_print(const struct cfg *cfg);
int cfg_fail(struct cfg_log *log, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void cfg_warn(struct cfg_log *log, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- keys (keys.c) ---- */

enum key_state {
    KEY_WORKS,     /* has its documented effect */
    KEY_IGNORED,   /* upstream's, accepted with one warning */
    KEY_REFUSED,   /* upstream's, and the guest cannot work without it */
};

struct cfg_key {
    const char *name;
    enum key_state state;
    const char *kinds;           /* any of n(umber), s(tring), l(ist) */
};

extern const struct cfg_key cfg_keys[];
extern const unsigned int cfg_n_keys;
const struct cfg_key *cfg_key_find(const char *name);
/* Warns for keys that are ignored, fails for unknown or refused ones and values of the wrong kind.
 */
int cfg_check_keys(const struct cfg *cfg, struct cfg_log *log);
/* The known key that is spelt most like NAME, or NULL. */
const char *cfg_key_suggest(const char *name);

/* ---- disks (disk.c): xl-disk-configuration.5 ---- */

enum disk_format { DISK_RAW, DISK_QCOW, DISK_QCOW2, DISK_VHD, DISK_QED, DISK_EMPTY };
enum disk_backend {
    DISK_BACKEND_AUTO,
    DISK_BACKEND_PHY,
    DISK_BACKEND_QDISK,
    DISK_BACKEND_STANDALONE
};

struct disk_spec {
    char *target;                /* "" for an empty drive */
    char *vdev;
    char *backend;               /* domain name or number; NULL: this domain */
    char *script;                /* NULL: none */
    enum disk_format format;
    enum disk_backend backendtype;
    bool readwrite, cdrom, direct_io_safe, discard, trusted, virtio, colo;
    uint32_t devid;              /* virtual device number, xen-vbd-interface.7 */
    int line;
};

/* Parses one DISKSPEC. LINE and FILE are for messages. */
int disk_parse(struct disk_spec *d, const char *spec, const char *file, int line,
               struct cfg_log *log);
void disk_free(struct disk_spec *d);
/* xvda, hdb1, sdc, d0p1 or a number to a virtual device number; -EINVAL. */
int disk_vdev_number(const char *vdev, uint32_t *number);
/* The device's name for a number: "xvda"; for others "" . */
void disk_vdev_name(uint32_t number, char *out, size_t size);
const char *disk_format_name(enum disk_format f);

/* ---- network (vif.c): xl-network-configuration.5 ---- */

struct vif_spec {
    char *bridge, *script, *ip, *vifname, *backend, *gatewaydev, *model, *type;
    uint8_t mac[6];
    bool has_mac, trusted;
    uint64_t rate_bytes;         /* per interval; 0: unlimited */
    uint32_t rate_usecs;
    int devid;                   /* -1: the lowest free one */
    int mtu;                     /* 0: the bridge's */
    int line;
};

int vif_parse(struct vif_spec *v, const char *spec, const char *file, int line,
              struct cfg_log *log);
void vif_free(struct vif_spec *v);
/* "10Mb/s@50ms" to bytes per interval; -EINVAL. */
int vif_parse_rate(const char *text, uint64_t *bytes, uint32_t *usecs);
int vif_parse_mac(const char *text, uint8_t mac[6]);

/* ---- CPU features (cpuid.c, cpuid_names.c) ---- */

/* A bit of what CPUID answers. SUBLEAF is 0 for leaves without; REG counts from EAX to EDX. */
struct cpuid_bit {
    uint32_t leaf, subleaf, reg, bit;
};

/* What cpuid= says about one leaf: features to take away, and features that must be there. */
struct cpuid_change {
    uint32_t leaf, subleaf;
    uint32_t off[4], on[4];      /* EAX, EBX, ECX, EDX */
    int line;                    /* of its last setting */
};

/* "avx2", or "leaf 0x7,0 ebx bit 13" for a bit without a name. */
void cpuid_bit_name(const struct cpuid_bit *b, char *out, size_t size);

/* ---- a guest (guest.c) ---- */

enum guest_type { GUEST_PV, GUEST_PVH, GUEST_HVM };
enum guest_action {
    ACTION_DESTROY, ACTION_RESTART, ACTION_RENAME_RESTART, ACTION_PRESERVE, ACTION_COREDUMP_DESTROY,
    ACTION_COREDUMP_RESTART, ACTION_SOFT_RESET,
};

/* Start and length of I/O memory (frames), ports; interrupts have a length of one. */
struct guest_range {
    uint64_t start, count, gfn;
};

/* CPUs for virtual CPUs: one list for all of them, or EACH has its own, as far as N goes. */
struct guest_cpus {
    char **list;
    unsigned int n;
    bool each;
};

#define GUEST_CPUMAP_BYTES 512    /* 4096 CPUs */
#define GUEST_MAX_VCPUS    512
#define GUEST_NAME_MAX     64

struct guest_config {
    char *file;
    char name[GUEST_NAME_MAX + 1];
    int name_line;
    enum guest_type type;
    uint8_t uuid[16];
    bool has_uuid;
    char *pool;
    unsigned int vcpus, maxvcpus;
    struct guest_cpus cpus, cpus_soft;
    int cpus_line;
    int weight, cap;             /* -1: the scheduler's default */
    uint64_t memory_kib, maxmem_kib;
    int memory_line;
    enum guest_action on_poweroff, on_reboot, on_watchdog, on_crash, on_soft_reset;
    char *kernel, *ramdisk, *cmdline;
    bool pvgrub;                 /* PV GRUB boots the kernel of a disk; kernel is NULL */
    int kernel_line, ramdisk_line;
    int max_grant_frames, max_maptrack_frames, max_grant_version;  /* -1: default */
    uint32_t max_event_channels;
    bool suspend_evtchn_compat, localtime;
    int64_t rtc_timeoffset;
    uint32_t tsc_mode;
    bool msr_relaxed, iommu;
    struct cpuid_change *cpuid;
    unsigned int n_cpuid;
    unsigned int autostart_delay;
    char **depends;
    unsigned int n_depends;
    struct disk_spec *disk;
    unsigned int disks;
    struct vif_spec *vif;
    unsigned int vifs;
    struct guest_range *ioports, *iomem, *irqs;
    unsigned int n_ioports, n_iomem, n_irqs;
};

/* Reads and checks a whole configuration; relative paths are resolved against the file's folder. */
int guest_config_read(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log);
void guest_config_free(struct guest_config *g);
const char *guest_action_name(enum guest_action a);

/* ---- CPU lists (cpulist.c) ---- */

/* How many CPUs and nodes there are, and where each CPU is. */
struct cpu_topology {
    unsigned int cpus, nodes;
    const uint32_t *node_of;     /* CPUs entries, or NULL: all in node 0 */
};

/* "all", "0-3,5,^1", "nodes:0-3,^node:2" to a bitmap of BYTES bytes. -EINVAL: WHY says what is
 * wrong. */
int cpulist_parse(const char *text, const struct cpu_topology *topo, uint8_t *map, size_t bytes,
                  char *why, size_t why_size);
/* A bitmap as "0-3,5", "all" if all CPUS are set, "none" or "-". */
void cpulist_print(const uint8_t *map, size_t bytes, unsigned int cpus, char *out, size_t size);

#endif
