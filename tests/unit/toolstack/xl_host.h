/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl on the build machine: its own sources and xenstored's, with a hypervisor that is a table in shared
 * memory, and one process that plays Linux's back ends and the guests' kernels. Everything lies in a
 * folder of the test's own, which is the current one. Back ends count how many writers each image has.
 */
#ifndef XL_HOST_H
#define XL_HOST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "xs_host.h"
#include "hotplug/hotplug.h"
#include "libbuild/build.h"
#include "xl/create_options.h"
#include "xl/device.h"
#include "xl/xl.h"
#include <xen/io/xenbus.h>
#include <xen/sched.h>

#define WORLD_DOMAINS 4096
#define WORLD_DISKS   64
#define WORLD_SOCKET  "store.socket"

/* Shared by all processes of a test. */
struct world {
    pthread_mutex_t lock;
    dominfo_t dom[WORLD_DOMAINS];      /* in use if domain is not 0; [0] is Domain 0 */
    uint32_t next;
    unsigned int releases;             /* counts ends, for @releaseDomain */
    struct open_disk {
        dev_t dev;
        ino_t ino;
        uint32_t domid, devid;
        bool used, writes;
    } disk[WORLD_DISKS];
    unsigned int two_writers, opened;
    bool stop;
};

static struct world *world;

static inline void world_lock(void)
{
    if (pthread_mutex_lock(&world->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&world->lock);
}

static inline void world_unlock(void)
{
    pthread_mutex_unlock(&world->lock);
}

/* ---- the hypervisor ---- */

int hv_open(struct hv *hv) { (void)hv; return 0; }
void hv_close(struct hv *hv) { (void)hv; }

static inline dominfo_t *world_find(uint32_t domid)
{
    if (!domid)
        return &world->dom[0];
    return domid < WORLD_DOMAINS && world->dom[domid].domain ? &world->dom[domid] : NULL;
}

int hv_domain_create(struct hv *hv, const struct xen_domctl_createdomain *cfg, uint32_t *domid)
{
    (void)hv;
    world_lock();
    *domid = world->next < WORLD_DOMAINS ? world->next++ : 0;
    if (*domid) {
        dominfo_t *d = &world->dom[*domid];

        *d = (dominfo_t){ .domain = (domid_t)*domid, .flags = XEN_DOMINF_paused,
                          .max_vcpu_id = cfg->max_vcpus - 1 };
        memcpy(d->handle, cfg->handle, sizeof(d->handle));
    }
    world_unlock();
    return *domid ? 0 : -ENOMEM;
}

int hv_domain_info(struct hv *hv, uint32_t domid, dominfo_t *info)
{
    dominfo_t *d;

    (void)hv;
    world_lock();
    d = world_find(domid);
    if (d)
        *info = *d;
    world_unlock();
    return d ? 0 : -ESRCH;
}

int hv_domain_list(struct hv *hv, uint32_t first, dominfo_t *list, unsigned int max)
{
    unsigned int n = 0;

    (void)hv;
    world_lock();
    for (uint32_t i = first; i < world->next && n < max; i++)
        if (world_find(i))
            list[n++] = world->dom[i];
    world_unlock();
    return (int)n;
}

/* Changes flags of a domain; tells the store if it ended. */
static inline int world_flags(uint32_t domid, uint32_t off, uint32_t on)
{
    dominfo_t *d;

    world_lock();
    d = world_find(domid);
    if (d)
        d->flags = (d->flags & ~off) | on;
    if (d && on & XEN_DOMINF_shutdown)
        world->releases++;
    world_unlock();
    return d ? 0 : -ESRCH;
}

static inline int world_shut_down(uint32_t domid, unsigned int reason)
{
    return world_flags(domid, XEN_DOMINF_shutdownmask << XEN_DOMINF_shutdownshift,
                       XEN_DOMINF_shutdown | reason << XEN_DOMINF_shutdownshift);
}

int hv_domain_destroy(struct hv *hv, uint32_t domid)
{
    dominfo_t *d;

    (void)hv;
    world_lock();
    d = domid ? world_find(domid) : NULL;
    if (d) {
        d->domain = 0;
        world->releases++;
    }
    world_unlock();
    return d ? 0 : -ESRCH;
}

int hv_domain_pause(struct hv *hv, uint32_t domid)
{
    (void)hv;
    return world_flags(domid, 0, XEN_DOMINF_paused);
}

int hv_domain_unpause(struct hv *hv, uint32_t domid)
{
    (void)hv;
    return world_flags(domid, XEN_DOMINF_paused, 0);
}

int hv_domain_resume(struct hv *hv, uint32_t domid)
{
    (void)hv;
    return world_flags(domid, XEN_DOMINF_shutdown | XEN_DOMINF_shutdownmask << XEN_DOMINF_shutdownshift, 0);
}

int hv_domain_set_handle(struct hv *hv, uint32_t domid, const uint8_t uuid[16])
{
    dominfo_t *d;

    (void)hv;
    world_lock();
    d = world_find(domid);
    if (d)
        memcpy(d->handle, uuid, 16);
    world_unlock();
    return d ? 0 : -ESRCH;
}

/* What succeeds if the domain is there. */
static inline int world_there(uint32_t domid)
{
    dominfo_t info;

    return hv_domain_info(NULL, domid, &info);
}

int hv_domain_max_vcpus(struct hv *hv, uint32_t d, unsigned int max) { (void)hv; (void)max; return world_there(d); }
int hv_domain_set_maxmem(struct hv *hv, uint32_t d, uint64_t kib) { (void)hv; (void)kib; return world_there(d); }
int hv_domain_set_tsc_mode(struct hv *hv, uint32_t d, uint32_t mode) { (void)hv; (void)mode; return world_there(d); }
int hv_domain_set_time_offset(struct hv *hv, uint32_t d, int64_t s) { (void)hv; (void)s; return world_there(d); }
int64_t hv_free_pages(struct hv *hv) { (void)hv; return 1 << 30; }
int hv_sched_id(struct hv *hv, uint32_t *id) { (void)hv; *id = XEN_SCHEDULER_CREDIT2; return 0; }
const char *hv_sched_name(uint32_t id) { (void)id; return "credit2"; }

int hv_physinfo(struct hv *hv, struct xen_sysctl_physinfo *info)
{
    (void)hv;
    *info = (struct xen_sysctl_physinfo){ .max_cpu_id = 3, .nr_cpus = 4, .nr_nodes = 1 };
    return 0;
}

int hv_cpu_topology(struct hv *hv, struct xen_sysctl_cputopo *topo, unsigned int max)
{
    (void)hv;
    memset(topo, 0, max * sizeof(*topo));
    return (int)max;
}

/* One list of CPUs for each virtual CPU of the domain that was made last. */
static uint8_t pinned_to[8];

int hv_vcpu_set_affinity(struct hv *hv, uint32_t d, uint32_t vcpu, const uint8_t *hard, const uint8_t *soft,
                         size_t bytes, int force)
{
    (void)hv; (void)soft; (void)bytes; (void)force;
    if (hard && vcpu < 8)
        pinned_to[vcpu] = hard[0];
    return world_there(d);
}

/* Pool 0 is credit2's, pool 1 credit's; each scheduler answers for its own pool's domains alone. */
int hv_cpupool_op(struct hv *hv, struct xen_sysctl_cpupool_op *op, uint8_t *map, size_t bytes)
{
    (void)hv;
    if (op->op != XEN_SYSCTL_CPUPOOL_OP_INFO || op->cpupool_id > 1)
        return -ENOENT;
    memset(map, 0xff, bytes);
    op->sched_id = op->cpupool_id ? XEN_SCHEDULER_CREDIT : XEN_SCHEDULER_CREDIT2;
    return 0;
}

static uint16_t sched_weight = 256;
static uint32_t sched_asked;

int hv_sched_get(struct hv *hv, uint32_t domid, uint32_t sched, struct xen_domctl_sched_credit2 *p)
{
    (void)hv; (void)domid;
    sched_asked = sched;
    *p = (struct xen_domctl_sched_credit2){ .weight = sched_weight };
    return 0;
}

int hv_sched_put(struct hv *hv, uint32_t domid, uint32_t sched, const struct xen_domctl_sched_credit2 *p)
{
    (void)hv; (void)domid;
    sched_asked = sched;
    sched_weight = p->weight;
    return 0;
}

int hv_cpu_policy(struct hv *hv, uint32_t i, xen_cpuid_leaf_t *l, unsigned int max) { (void)hv; (void)i; (void)l; (void)max; return 0; }
int hv_domain_get_cpu_policy(struct hv *hv, uint32_t d, xen_cpuid_leaf_t *l, unsigned int max) { (void)hv; (void)d; (void)l; (void)max; return 0; }
int hv_domain_set_cpu_policy(struct hv *hv, uint32_t d, const xen_cpuid_leaf_t *l, unsigned int n) { (void)hv; (void)d; (void)l; (void)n; return 0; }
int hv_vcpu_get_context(struct hv *hv, uint32_t d, uint32_t v, vcpu_guest_context_t *c) { (void)hv; (void)v; memset(c, 0, sizeof(*c)); return world_there(d); }
int hv_vcpu_set_context(struct hv *hv, uint32_t d, uint32_t v, const vcpu_guest_context_t *c) { (void)hv; (void)v; (void)c; return world_there(d); }

/* What no test asks for. */
#define NO_CALL(type, name, ...) type name(__VA_ARGS__) { abort(); }
NO_CALL(int, hv_debug_keys, struct hv *hv, const char *keys)
NO_CALL(int, hv_domain_iomem, struct hv *hv, uint32_t d, uint64_t first, uint64_t count, int allow)
NO_CALL(int, hv_domain_ioports, struct hv *hv, uint32_t d, uint32_t first, uint32_t count, int allow)
NO_CALL(int, hv_domain_irq, struct hv *hv, uint32_t d, uint32_t pirq, int allow)
NO_CALL(int, hv_domain_trigger, struct hv *hv, uint32_t d, uint32_t trigger, uint32_t vcpu)
NO_CALL(int, hv_map_foreign, struct hv *hv, uint32_t d, const xen_pfn_t *frames, size_t n, int prot, void **addr)
NO_CALL(int, hv_map_foreign_some, struct hv *hv, uint32_t d, const xen_pfn_t *frames, size_t n, int prot, int *err, void **addr)
NO_CALL(int, hv_numa_info, struct hv *hv, struct xen_sysctl_meminfo *mem, uint32_t *distance, unsigned int max)
NO_CALL(long, hv_read_console, struct hv *hv, char *buf, uint32_t size, int clear)
NO_CALL(int, hv_sched_pool_op, struct hv *hv, struct xen_sysctl_scheduler_op *op)
NO_CALL(long, hv_shared_pages, struct hv *hv, unsigned int cmd)
NO_CALL(void, hv_unmap, void *addr, size_t n)
NO_CALL(int, hv_vcpu_get_affinity, struct hv *hv, uint32_t d, uint32_t v, uint8_t *hard, uint8_t *soft, size_t bytes)
NO_CALL(int, hv_vcpu_info, struct hv *hv, uint32_t d, uint32_t v, struct xen_domctl_getvcpuinfo *info)
NO_CALL(int, hv_version_info, struct hv *hv, struct hv_version_info *info)

/* ---- the builder ---- */

int build_fail(struct build_error *err, int rc, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    return rc;
}

int image_write(int fd, const void *data, size_t len, struct build_error *err)
{
    return write(fd, data, len) == (ssize_t)len ? 0 : build_fail(err, -EIO, "cannot write the image");
}

int image_read(int fd, void *data, size_t len, struct build_error *err)
{
    return read(fd, data, len) == (ssize_t)len ? 0 : build_fail(err, -EIO, "cannot read the image");
}

int kernel_open(const char *path, struct kernel_image *k, struct build_error *err)
{
    (void)path; (void)err;
    memset(k, 0, sizeof(*k));
    return 0;
}

int kernel_preload(const char *path, struct build_error *err) { (void)path; (void)err; return 0; }
void kernel_close(struct kernel_image *k) { (void)k; }
int pv_layout(const struct kernel_image *k, const struct pv_params *p, struct pv_layout *l, struct build_error *err) { (void)k; (void)p; (void)l; (void)err; return 0; }

int pv_build(struct hv *hv, const struct kernel_image *k, const struct pv_params *p, struct pv_result *r, struct build_error *err)
{
    (void)hv; (void)k;
    for (int i = 0; i < 20; i++)
        sched_yield();
    *r = (struct pv_result){ .store_port = 1, .console_port = 2 };
    return world_there(p->domid) ? build_fail(err, -ESRCH, "the domain is gone") : 0;
}

int pv_restore(struct hv *hv, int fd, const struct pv_params *p, struct pv_result *r, struct build_error *err)
{
    (void)fd;
    return pv_build(hv, NULL, p, r, err);
}

int pv_save(struct hv *hv, uint32_t domid, int fd, struct build_error *err)
{
    (void)hv;
    for (int i = 0; i < 20; i++)
        sched_yield();
    return world_there(domid) ? build_fail(err, -ESRCH, "the domain is gone") : image_write(fd, "image", 5, err);
}

/* ---- Domain 0's devices ---- */

int loop_attach(const char *path, bool readonly, char *dev, size_t size, int *fd)
{
    (void)readonly;
    snprintf(dev, size, "%s", path);
    *fd = -1;
    return 0;
}

int loop_available(void) { return 0; }
bool net_exists(const char *name) { return *name == 'v'; }
bool bridge_exists(const char *name) { (void)name; return true; }
void bridge_list(char *out, size_t size) { snprintf(out, size, "xenbr0"); }
int bridge_add(const char *bridge, const char *name) { (void)bridge; (void)name; return 0; }
int bridge_of(const char *name, char *bridge, size_t size) { (void)name; snprintf(bridge, size, "xenbr0"); return 0; }
int net_set_up(const char *name, bool up) { (void)name; (void)up; return 0; }
int net_set_mtu(const char *name, int mtu) { (void)name; (void)mtu; return 0; }
int net_get_mtu(const char *name) { (void)name; return 1500; }
int net_set_mac(const char *name, const uint8_t mac[6]) { (void)name; (void)mac; return 0; }
int net_rename(const char *from, const char *to) { (void)from; (void)to; return 0; }
bool net_is_up(const char *name) { (void)name; return true; }
void script_path(const char *name, char *out, size_t size) { snprintf(out, size, "%s", name); }
int script_run(const char *const argv[], const char *const env[], int timeout) { (void)argv; (void)env; (void)timeout; return 0; }
int console_attach(struct xl *xl, uint32_t domid, const char *type, int number) { (void)xl; (void)domid; (void)type; (void)number; return 0; }
int cmd_console(struct xl *xl, int argc, char **argv) { (void)xl; (void)argc; (void)argv; return 0; }
int xs_introduce(struct xs *xs, unsigned int d, uint64_t gfn, unsigned int port) { (void)xs; (void)gfn; (void)port; return world_there(d); }
int xs_resume(struct xs *xs, unsigned int d) { (void)xs; return world_there(d); }

/* xl/store.c removes by this, so that a test can come between. */
static void (*before_rm)(const char *path);
int hooked_xs_rm(struct xs *xs, xs_tx_t tx, const char *path);

int hooked_xs_rm(struct xs *xs, xs_tx_t tx, const char *path)
{
    if (before_rm)
        before_rm(path);
    return xs_rm(xs, tx, path);
}

/* And xl/lock.c locks by this. */
static void (*before_flock)(void);
int hooked_flock(int fd, int op);

int hooked_flock(int fd, int op)
{
    void (*hook)(void) = before_flock;

    before_flock = NULL;
    if (hook)
        hook();
    return flock(fd, op);
}

/* ---- xenstored, a process ---- */

static int world_state(void *arg, uint16_t domid, bool *dying, bool *shutdown)
{
    (void)arg;
    *dying = *shutdown = false;
    return world_there(domid);
}

static int no_ring(void *arg, struct domain *dom) { (void)arg; (void)dom; return -ESRCH; }
static void no_close(void *arg, struct domain *dom) { (void)arg; (void)dom; }
static void no_notify(void *arg, const struct domain *dom) { (void)arg; (void)dom; }

static inline void store_accept(struct xsd *x, int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        conn_new_socket(x, fd);
}

static inline void store_turns(struct xsd *x)
{
    list_for(it, &x->conns) {
        list_entry(it, struct conn, link)->ready = true;
    }
    loop_turns(x);
}

static inline void store_process(int listener)
{
    static const struct xsd_ops ops = { .domain_state = world_state, .ring_open = no_ring, .ring_rebind = no_ring,
                                        .ring_close = no_close, .ring_notify = no_notify };
    static struct pollfd set[1024];
    unsigned int releases = 0;
    struct xsd x;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (xsd_init(&x, &ops, NULL))
        _exit(1);
    for (;;) {
        nfds_t n = 1;

        store_accept(&x, listener);
        store_turns(&x);
        if (releases != __atomic_load_n(&world->releases, __ATOMIC_SEQ_CST)) {
            releases = __atomic_load_n(&world->releases, __ATOMIC_SEQ_CST);
            watch_fire_special(&x, SPECIAL_RELEASE, 0);
            store_turns(&x);
        }
        set[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
        list_for(it, &x.conns) {
            struct conn *c = list_entry(it, struct conn, link);

            if (n < 1024)
                set[n++] = (struct pollfd){ .fd = c->fd, .events = (short)(c->wants_write ? POLLOUT : POLLIN) };
        }
        poll(set, n, 5);
    }
}

/* ---- back ends and guests, a process ---- */

/* Notes that a back end opens an image, and whether another writes to it. */
static inline void disk_open(const char *path, bool writes, uint32_t domid, uint32_t devid)
{
    struct open_disk *free_slot = NULL;
    struct stat st;

    if (stat(path, &st))
        return;
    world_lock();
    for (int i = 0; i < WORLD_DISKS; i++) {
        struct open_disk *o = &world->disk[i];

        if (o->used && o->dev == st.st_dev && o->ino == st.st_ino && (o->writes || writes)) {
            printf("two writers: %s: domains %u and %u\n", path, o->domid, domid);
            world->two_writers++;
        }
        if (!o->used)
            free_slot = o;
    }
    world->opened++;
    if (free_slot)
        *free_slot = (struct open_disk){ .dev = st.st_dev, .ino = st.st_ino, .domid = domid, .devid = devid,
                                         .used = true, .writes = writes };
    else
        world->two_writers += 1000000;
    world_unlock();
}

static inline void disk_close(uint32_t domid, uint32_t devid)
{
    world_lock();
    for (int i = 0; i < WORLD_DISKS; i++)
        if (world->disk[i].used && world->disk[i].domid == domid && world->disk[i].devid == devid)
            world->disk[i].used = false;
    world_unlock();
}

/* Linux's device for a back end, in sysfs. */
static inline void sysfs_device(const char *kind, uint32_t domid, uint32_t devid, bool there)
{
    static const char *const files[] = { "driver", "physical_device", "mode" };
    char dir[128], path[160];

    snprintf(dir, sizeof(dir), BACKEND_BUS "/devices/%s-%u-%u", kind, domid, devid);
    if (there)
        mkdir(dir, 0755);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        if (there)
            close(open(path, O_CREAT | O_WRONLY, 0644));
        else
            unlink(path);
    }
    if (!there)
        rmdir(dir);
}

static inline void backend_event(struct xs *xs, const char *kind, uint32_t domid, uint32_t devid)
{
    char dir[128], *state = NULL, *params = NULL, *mode = NULL;

    snprintf(dir, sizeof(dir), "/local/domain/0/backend/%s/%u/%u", kind, domid, devid);
    if (xs_readf(xs, XS_NO_TX, &state, "%s/state", dir)) {
        sysfs_device(kind, domid, devid, false);
        disk_close(domid, devid);
        return;
    }
    if (*state == '1' && strcmp(kind, "console")) {
        if (!strcmp(kind, "vbd") && !xs_readf(xs, XS_NO_TX, &params, "%s/params", dir) &&
            !xs_readf(xs, XS_NO_TX, &mode, "%s/mode", dir))
            disk_open(params, *mode == 'w', domid, devid);
        sysfs_device(kind, domid, devid, true);
    }
    if (strcmp(kind, "console") && (*state == '1' || *state == '5')) {
        struct xl xl = { .xs = xs };
        char path[160], guard[160];

        snprintf(path, sizeof(path), "%s/state", dir);
        snprintf(guard, sizeof(guard), "%s/frontend", dir);
        if (*state == '5')
            disk_close(domid, devid);
        store_set(&xl, guard, path, *state == '1' ? "2" : "6");
    }
    free(state);
    free(params);
    free(mode);
}

/* A guest's kernel hears what it is asked. */
static inline void guest_event(struct xs *xs, uint32_t domid, const char *key)
{
    struct xl xl = { .xs = xs };
    char *text;

    if (!strcmp(key, "feature-suspend"))
        store_set_guest(&xl, domid, "control/feature-suspend", "1");
    if (strcmp(key, "shutdown") || xs_readf(xs, XS_NO_TX, &text, "/local/domain/%u/control/shutdown", domid))
        return;
    if (*text) {
        store_set_guest(&xl, domid, "control/shutdown", "");
        world_shut_down(domid, !strcmp(text, "suspend")  ? SHUTDOWN_suspend
                               : !strcmp(text, "reboot") ? SHUTDOWN_reboot
                                                         : SHUTDOWN_poweroff);
    }
    free(text);
}

static inline void backend_process(void)
{
    struct xs *xs;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (xs_open(&xs) || xs_watch(xs, "/local/domain", "all"))
        _exit(1);
    for (;;) {
        char *path, *token, kind[16], key[32];
        unsigned int domid, devid;

        if (xs_next_event(xs, -1, &path, &token))
            _exit(0);
        if (sscanf(path, "/local/domain/0/backend/%15[a-z]/%u/%u", kind, &domid, &devid) == 3)
            backend_event(xs, kind, domid, devid);
        else if (sscanf(path, "/local/domain/%u/control/%31s", &domid, key) == 2)
            guest_event(xs, domid, key);
        free(path);
    }
}

/* ---- a test's world ---- */

static pid_t world_store, world_back;
static char world_dir[] = "/tmp/hospes-xl-XXXXXX";

static inline int listen_here(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = WORLD_SOCKET };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1000) ? -1 : fd;
}

static inline void world_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    if (f) {
        fputs(text, f);
        fclose(f);
    }
}

static inline void world_begin(void)
{
    static const char *const dirs[] = { "run", "lib", "log", "lock", "bus", "bus/devices", "bus/drivers", "bus/drivers/vbd",
                                        "bus/drivers/vif" };
    pthread_mutexattr_t attr;
    int listener;

    if (!mkdtemp(world_dir) || chdir(world_dir))
        exit(1);
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        mkdir(dirs[i], 0755);
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    world->next = 1;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&world->lock, &attr);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setenv("XENSTORED_PATH", WORLD_SOCKET, 1);
    listener = listen_here();
    fflush(stdout);
    world_store = fork();
    if (!world_store)
        store_process(listener);
    close(listener);
    world_back = fork();
    if (!world_back)
        backend_process();
}

static inline void world_end(void)
{
    char command[64];

    kill(world_back, SIGKILL);
    kill(world_store, SIGKILL);
    waitpid(world_back, NULL, 0);
    waitpid(world_store, NULL, 0);
    snprintf(command, sizeof(command), "rm -rf %s", world_dir);
    if (chdir("/") || system(command))
        printf("%s stays\n", world_dir);
}

/* Runs a command of xl in a process of its own, with output to xl.log; KILL_AFTER: microseconds, then SIGKILL; 0: not. */
static inline int xl_run_killed(unsigned int kill_after, int argc, char **argv)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct xl xl = { .hv.privcmd = -1 };
        int log = open("xl.log", O_WRONLY | O_CREAT | O_APPEND, 0644);
        const struct xl_command *c = xl_command_find(argv[0]);

        dup2(log, 1);
        dup2(log, 2);
        optind = 1;
        _exit(c ? c->run(&xl, argc, argv) : 99);
    }
    if (kill_after) {
        usleep(kill_after);
        kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define XL(...) xl_run_killed(0, sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *), (char *[]){ __VA_ARGS__, NULL })

#endif
