/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one xl does to another, made to happen one after the other: a disk, an address or a name that is taken between check and
 * use; a save or a build that is killed; a restart that fails. The world is that of xl_host.h.
 */
#include "xl_paths.h"
#include "xl_host.h"
#include <sys/sysmacros.h>
#include "xl/check_disk.c"

static struct xl xl = { .hv.privcmd = -1 };

/* A guest whose settings are read, as `xl create` has it before it checks. */
static void read_text(struct guest *g, const char *text)
{
    struct cfg_log log = { .warn = NULL };

    *g = (struct guest){ .domid = 0 };
    CHECK(!cfg_parse(&g->tree, "guest.cfg", text, strlen(text), &log));
    CHECK(!guest_config_read(&g->tree, &g->cfg, &log));
    if (g->cfg.has_uuid)
        memcpy(g->uuid, g->cfg.uuid, 16);
    else
        uuid_random(g->uuid);
}

static int check(struct guest *g)
{
    struct xl_conf conf;
    int rc;

    xl_conf_read(&conf);
    rc = guest_check(&xl, g, &conf, DOMID_INVALID);
    xl_conf_free(&conf);
    /* One process is two here: the kernel's memory is not what it is about. */
    if (g->unpack_lock > 0)
        xl_unlock(g->unpack_lock);
    g->unpack_lock = -1;
    return rc;
}

#define GUEST(name, rest) "name = '" name "'\nkernel = '/k'\nmemory = 16\n" rest "\n"

/* Both pass the check, as two that start at once do; only one gets it. */
static void both_checked(const char *one, const char *two, const char *word)
{
    struct guest a, b;

    read_text(&a, one);
    read_text(&b, two);
    CHECK(!check(&a) && !check(&b));
    CHECK(!guest_start(&xl, &a, true));
    CHECK(guest_start(&xl, &b, true) != 0);
    CHECK(strstr(b.why, word));
    if (!strstr(b.why, word))
        printf("  why: %s\n", b.why);
    CHECK(!guest_destroy(&xl, a.domid));
    guest_free(&a);
    guest_free(&b);
}

static void taken_between_check_and_use(void)
{
    both_checked(GUEST("a", "disk = [ 'a.img,raw,xvda,rw' ]"), GUEST("b", "disk = [ 'a.img,raw,xvda,rw' ]"), "already in use by guest 'a'");
    both_checked(GUEST("a", "disk = [ 'a.img,raw,xvda,r' ]"), GUEST("b", "disk = [ 'a.img,raw,xvda,rw' ]"), "already in use");
    both_checked(GUEST("a", "vif = [ 'mac=00:16:3e:00:00:01' ]"), GUEST("b", "vif = [ 'mac=00:16:3e:00:00:01' ]"), "already has the address");
    both_checked(GUEST("a", ""), GUEST("a", ""), "already has this name");
    both_checked(GUEST("a", "uuid = '11111111-2222-3333-4444-555555555555'"), GUEST("b", "uuid = '11111111-2222-3333-4444-555555555555'"), "already has this uuid");
}


/* The same thing under other names. */
static void one_image_many_names(void)
{
    static const char *const names[] = { "link.img", "hard.img", "./a.img", "sub/../a.img" };
    struct guest a, b;

    CHECK(!symlink("a.img", "link.img") && !link("a.img", "hard.img") && !mkdir("sub", 0755));
    read_text(&a, GUEST("a", "disk = [ 'a.img,raw,xvda,rw' ]"));
    CHECK(!check(&a) && !guest_start(&xl, &a, true));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[256];

        snprintf(text, sizeof(text), GUEST("b", "disk = [ '%s,raw,xvda,r' ]"), names[i]);
        read_text(&b, text);
        CHECK(check(&b) && strstr(b.why, "already in use by guest 'a'"));
        guest_free(&b);
    }
    /* The image has another name now, and a new one its old name. */
    CHECK(!rename("a.img", "moved.img"));
    read_text(&b, GUEST("b", "disk = [ 'moved.img,raw,xvda,r', 'link.img,raw,xvdb,r' ]"));
    CHECK(!rename("moved.img", "a.img") && check(&b));
    guest_free(&b);
    guest_destroy(&xl, a.domid);
    guest_free(&a);
}

/* Writes "M:N" of a device of the sysfs below SYS_BLOCK. */
static void sysfs(const char *dir, const char *dev, bool partition)
{
    char path[160], target[160];

    snprintf(path, sizeof(path), "sys/%s", dir);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "sys/%s/dev", dir);
    world_write(path, dev);
    snprintf(path, sizeof(path), "sys/%s/partition", dir);
    if (partition)
        world_write(path, "1\n");
    snprintf(path, sizeof(path), SYS_BLOCK "/%s", dev);
    snprintf(target, sizeof(target), "../sys/%s", dir);
    CHECK(!symlink(target, path));
}

static struct disk_id of(unsigned int high, unsigned int low)
{
    struct disk_id id = { .n = 0 };

    disk_id_device(&id, makedev(high, low));
    return id;
}

/* sda with sda1 and sda2; the volumes dm-0 and dm-1 on sda2. */
static void what_lies_on_what(void)
{
    struct disk_id sda, sda1, sda2, lv0, lv1, file;

    mkdir("sys", 0755);
    mkdir(SYS_BLOCK, 0755);
    sysfs("sda", "8:0", false);
    sysfs("sda/sda1", "8:1", true);
    sysfs("sda/sda2", "8:2", true);
    sysfs("dm-0", "253:0", false);
    sysfs("dm-1", "253:1", false);
    mkdir("sys/dm-0/slaves", 0755);
    mkdir("sys/dm-1/slaves", 0755);
    CHECK(!symlink("../../sda/sda2", "sys/dm-0/slaves/sda2") && !symlink("../../sda/sda2", "sys/dm-1/slaves/sda2"));
    sda = of(8, 0), sda1 = of(8, 1), sda2 = of(8, 2), lv0 = of(253, 0), lv1 = of(253, 1);
    CHECK(disk_id_touch(&sda, &sda1) && disk_id_touch(&sda1, &sda) && disk_id_touch(&sda, &lv0));
    CHECK(!disk_id_touch(&sda1, &sda2) && !disk_id_touch(&sda1, &lv0) && !disk_id_touch(&lv0, &lv1));
    CHECK(disk_id_touch(&sda2, &lv0) && disk_id_touch(&lv0, &sda2) && disk_id_touch(&lv0, &lv0));
    file = (struct disk_id){ .n = 1, .object = { { .dev = makedev(8, 1), .ino = 12 } } };
    disk_id_device(&file, makedev(8, 1));
    file.object[1].part = DISK_UNDER_FILE;
    CHECK(disk_id_on(&file, &sda1, true) && !disk_id_on(&file, &sda1, false) && !disk_id_touch(&file, &sda2));
}

/* Domain 0 has a part of the disk mounted, or the image as a loop device's file; or swaps on it. */
static void domain0_has_it(void)
{
    struct mount m;
    struct disk_id sda = of(8, 0), sda1 = of(8, 1), sda2 = of(8, 2);
    char whole[] = "30 1 8:0 / /media/stick ro - iso9660 /dev/sda ro", part[] = "31 1 8:1 / /mnt rw - ext4 /dev/sda1 rw";
    char other[] = "32 1 0:21 / /run rw - tmpfs none rw";
    bool free_part = false;

    CHECK(read_mount(part, &m) && !strcmp(m.where, "/mnt"));
    CHECK(mount_touches(&m, &sda, &free_part) && mount_touches(&m, &sda1, &free_part) && !mount_touches(&m, &sda2, &free_part));
    CHECK(!free_part);
    CHECK(read_mount(whole, &m) && mount_touches(&m, &sda, &free_part));
    CHECK(!mount_touches(&m, &sda2, &free_part) && free_part);
    CHECK(!read_mount(other, &m));
}

/* ---- what is half done ---- */

static bool there(uint32_t domid)
{
    return !world_there(domid);
}

static uint8_t race_uuid[16];
static int race_fd;

static void build_is_done(void)
{
    starting_close(race_fd, race_uuid);
}

static void others_recover(void)
{
    journal_recover(&xl);
}

/* The same at the two moments that count: the owner is done between another's open and lock, and the other way round. */
static void journal_moments(void)
{
    struct xen_domctl_createdomain cfg = { .max_vcpus = 1 };
    char path[64] = "run/xl-build/";
    uint32_t domid;

    uuid_random(race_uuid);
    memcpy(cfg.handle, race_uuid, sizeof(race_uuid));
    race_fd = starting_open(race_uuid);
    CHECK(race_fd > 0 && !starting_own(race_fd));
    hv_domain_create(NULL, &cfg, &domid);
    before_flock = build_is_done;
    journal_recover(&xl);
    CHECK(there(domid));
    before_flock = others_recover;
    race_fd = starting_open(race_uuid);
    uuid_print(race_uuid, path + strlen(path));
    CHECK(race_fd > 0 && !access(path, F_OK) && !before_flock);
    starting_close(race_fd, race_uuid);
    CHECK(access(path, F_OK));
    guest_destroy(&xl, domid);
}

/* A build's record whose owner is done while another has it open is not an interrupted build. */
static void journal_race(void)
{
    enum { ROUNDS = 600 };
    unsigned int ended = 0;
    uint8_t uuid[16];
    pid_t recoverer;

    uuid_random(uuid);
    fflush(stdout);
    recoverer = fork();
    if (!recoverer) {
        struct xl own = { .hv.privcmd = -1 };

        if (xl_need_all(&own))
            _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            journal_recover(&own);
    }
    for (int i = 0; i < ROUNDS; i++) {
        struct xen_domctl_createdomain cfg = { .max_vcpus = 1 };
        uint32_t domid;
        int fd = starting_open(uuid);

        CHECK(fd >= 0 && !starting_own(fd));
        memcpy(cfg.handle, uuid, sizeof(uuid));
        hv_domain_create(NULL, &cfg, &domid);
        starting_close(fd, uuid);
        ended += !there(domid);
        world_lock();
        world->dom[domid].domain = 0;
        world->next = domid;
        world_unlock();
    }
    CHECK(ended == 0);
    if (ended)
        printf("  healthy guests ended: %u\n", ended);
    kill(recoverer, SIGKILL);
    waitpid(recoverer, NULL, 0);
}

static void a_build_that_is_killed(void)
{
    struct guest a, other;
    uint32_t domid = 0;
    int fds[2];
    pid_t pid;

    read_text(&other, GUEST("other", "uuid = '11111111-2222-3333-4444-555555555555'"));
    CHECK(!guest_start(&xl, &other, true));
    CHECK(!pipe(fds));
    fflush(stdout);
    pid = fork();
    if (!pid) {
        struct xl own = { .hv.privcmd = -1 };

        /* It is killed while it waits for its turn; what it would have had the UUID of runs. */
        starting_open(other.uuid);
        read_text(&a, GUEST("a", ""));
        a.journal = starting_open(a.uuid);
        if (xl_need_all(&own) || guest_create(&own, &a))
            _exit(1);
        if (write(fds[1], &a.domid, sizeof(a.domid)) != sizeof(a.domid))
            _exit(1);
        pause();
    }
    CHECK(read(fds[0], &domid, sizeof(domid)) == sizeof(domid));
    journal_recover(&xl);
    CHECK(there(domid) && there(other.domid));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    XL("list");
    XL("uptime");
    CHECK(there(domid));
    journal_recover(&xl);
    CHECK(!there(domid) && there(other.domid));
    guest_destroy(&xl, other.domid);
    guest_free(&other);
    close(fds[0]);
    close(fds[1]);
}

/* ---- the rest of the store ---- */

static bool node(const char *fmt, uint32_t a)
{
    char *text = xs_string(xl.xs, fmt, a);
    bool is = text != NULL;

    free(text);
    return is;
}

/* What is said to a guest that has just gone makes no nodes of it. */
static void words_to_the_dead(void)
{
    CHECK(store_set_guest(&xl, 4000, "memory/target", "1") == -ENOENT && guest_ask(&xl, 4000, "poweroff") == -ENOENT);
    CHECK(!node("/local/domain/%u", 4000));
}

static struct xs *second;
static uint32_t second_domid;

/* Another xl makes a device just when the folder of its kind has been found empty. */
static void make_device(const char *path)
{
    struct xl other = { .xs = second };
    struct device d = { .domid = second_domid, .devid = 1, .kind = "vbd" };
    struct dev_node n = { .key = "online", .value = "1" };

    if (strcmp(path, "/local/domain/0/backend/vbd"))
        return;
    before_rm = NULL;
    CHECK(!dev_write(&other, &d, &n, 1, &n, 1));
}

static void last_device_race(void)
{
    struct xen_domctl_createdomain cfg = { .max_vcpus = 1 };

    hv_domain_create(NULL, &cfg, &second_domid);
    CHECK(!xs_open(&second));
    CHECK(!xs_write(xl.xs, XS_NO_TX, "/local/domain/0/backend/vbd/4000/1/online", "0", 1));
    before_rm = make_device;
    store_remove_upwards(&xl, "/local/domain/0/backend/vbd/4000", 2);
    CHECK(!before_rm && node("/local/domain/0/backend/vbd/%u/1/online", second_domid));
    guest_destroy(&xl, second_domid);
    store_remove(&xl, second_domid, (const uint8_t[16]){ 0 });
    CHECK(!node("/local/domain/0/backend/vbd", 0));
    xs_close(second);
}

/* ---- commands ---- */

static uint32_t number_of(const char *name)
{
    uint32_t domid = 0;

    return xl_lookup(&xl, name, &domid) ? 0 : domid;
}

/* Waits for what another process is to do; true once TEST is. */
#define WAIT_FOR(test) \
    ({ bool wait_ok = false; for (int wait_i = 0; wait_i < 3000 && !(wait_ok = (test)); wait_i++) usleep(10000); wait_ok; })

static void saved(uint32_t domid, struct guest_config *c)
{
    struct cfg_log log = { .warn = NULL };
    struct cfg tree;
    dominfo_t info;

    memset(c, 0, sizeof(*c));
    CHECK(!hv_domain_info(NULL, domid, &info) && !userdata_load(domid, info.handle, &tree, &log));
    CHECK(!guest_config_read(&tree, c, &log));
    cfg_free(&tree);
}

/* What was attached without an address keeps the one that it got. */
static void attached_address_is_kept(void)
{
    struct guest_config c;
    char mac[18], *text;

    world_write("g.cfg", GUEST("g", "vcpus = 4"));
    CHECK(!XL("create", "-q", "g.cfg") && number_of("g"));
    CHECK(!XL("network-attach", "g", "devid=3", "script=/bin/true"));
    CHECK(!XL("network-attach", "g"));
    saved(number_of("g"), &c);
    CHECK(c.vifs == 2);
    for (unsigned int i = 0; i < c.vifs; i++) {
        CHECK(c.vif[i].has_mac);
        mac_print(c.vif[i].mac, mac);
        text = xs_string(xl.xs, "/libxl/%u/device/vif/%d/mac", number_of("g"), c.vif[i].devid);
        CHECK(text && !strcmp(text, mac));
        free(text);
    }
    guest_config_free(&c);
}

/* A restart keeps the name, the memory, the CPUs, the weight; the disks that came and those that went. */
static void restart_keeps(void)
{
    uint32_t before = number_of("g"), now;
    struct guest_config c;

    CHECK(!XL("block-attach", "g", "a.img,raw,xvdb,rw"));
    CHECK(!XL("rename", "g", "h") && !number_of("g") && number_of("h") == before);
    CHECK(!XL("mem-set", "h", "12") && !XL("vcpu-set", "h", "2"));
    CHECK(!XL("reboot", "h"));
    CHECK(WAIT_FOR((now = number_of("h")) && now != before && !store_ending(&xl, now)));
    saved(now, &c);
    CHECK(!strcmp(c.name, "h") && c.memory_kib == 12 << 10 && c.maxmem_kib == 16 << 10);
    CHECK(c.vcpus == 2 && c.maxvcpus == 4 && c.disks == 1 && c.vifs == 2);
    guest_config_free(&c);
    CHECK(!XL("rename", "h", "g"));
}

static off_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) ? -1 : st.st_size;
}

/* A restart that fails: the dead domain stays, `xl list` tells, and it works once the reason is gone. */
static void restart_that_fails(void)
{
    uint32_t before = number_of("g"), now;
    char text[4096] = "";
    FILE *f;

    CHECK(!rename("a.img", "away.img"));
    world_write("console.log", "");
    unlink("xl.log");
    CHECK(!XL("reboot", "g"));
    CHECK(WAIT_FOR(size_of("console.log") > 0));
    CHECK(number_of("g") == before && there(before));
    XL("list");
    f = fopen("xl.log", "r");
    CHECK(f && fread(text, 1, sizeof(text) - 1, f) > 0 && strstr(text, "could not be started again") && strstr(text, "a.img"));
    if (f)
        fclose(f);
    CHECK(!rename("away.img", "a.img"));
    CHECK(WAIT_FOR((now = number_of("g")) && now != before));
    CHECK(WAIT_FOR(XL("block-attach", "g", "hard.img,raw,xvdc,rw") == 1));
    CHECK(!XL("destroy", "g") && !number_of("g"));
}

/* The guest of a save that is killed goes on, and nothing stays. */
static void save_that_is_killed(void)
{
    uint32_t domid;
    dominfo_t info = { .flags = 0 };
    uint8_t uuid[16];
    pid_t pid;

    CHECK(!XL("create", "-q", "g.cfg"));
    domid = number_of("g");
    if (!domid)
        return;
    CHECK(WAIT_FOR(guest_can(&xl, domid, "suspend")));
    hv_domain_info(NULL, domid, &info);
    memcpy(uuid, info.handle, 16);
    fflush(stdout);
    pid = fork();
    if (!pid) {
        struct xl own = { .hv.privcmd = -1 };
        const char *why;

        world_write("g.part", "half");
        if (xl_need_all(&own) || save_open(&own, uuid, domid, "g.part", "g.image") < 0 || guest_suspend(&own, domid, &why))
            _exit(1);
        pause();
    }
    CHECK(WAIT_FOR(!hv_domain_info(NULL, domid, &info) && info.flags & XEN_DOMINF_shutdown));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    /* Its monitor sees to it. */
    CHECK(WAIT_FOR(!hv_domain_info(NULL, domid, &info) && !(info.flags & XEN_DOMINF_shutdown)));
    CHECK(WAIT_FOR(access("g.part", F_OK) != 0));
    CHECK(!XL("save", "g", "g.image") && !number_of("g") && !access("g.image", F_OK) && access("g.image.part", F_OK));
    CHECK(!XL("restore", "g.image") && number_of("g"));
    CHECK(!XL("destroy", "g"));
}

/* A host that goes down: no guest comes up again, and one without a monitor is not waited for. */
static void stop(void)
{
    struct guest a;
    char text[4096] = "";
    FILE *f;

    world_write("r.cfg", GUEST("r", "on_poweroff = 'restart'"));
    CHECK(!XL("create", "-q", "r.cfg"));
    read_text(&a, GUEST("a", ""));
    CHECK(!check(&a) && !guest_start(&xl, &a, true));
    world_shut_down(a.domid, SHUTDOWN_poweroff);
    CHECK(!rename("xl.log", "before.log"));
    CHECK(!XL("autostart", "stop", "-t", "50"));
    CHECK(!number_of("r") && !number_of("a"));
    f = fopen("xl.log", "r");
    CHECK(f && fread(text, 1, sizeof(text) - 1, f) > 0 && !strstr(text, "[killed]") && strstr(text, "[ down ]"));
    if (f)
        fclose(f);
    unlink(XL_STOPPING);
    guest_free(&a);
}

/* cpus=["1"] pins the first virtual CPU, cpus="1" all of them; weights go to the scheduler of the guest's pool. */
static void pins_and_pools(void)
{
    struct guest a;

    memset(pinned_to, 0, sizeof(pinned_to));
    read_text(&a, GUEST("a", "vcpus = 3\ncpus = [ '1' ]\npool = '1'\ncpu_weight = 300"));
    CHECK(!check(&a) && !guest_start(&xl, &a, true));
    CHECK(pinned_to[0] == 2 && pinned_to[1] == 0 && pinned_to[2] == 0 && sched_asked == XEN_SCHEDULER_CREDIT);
    guest_destroy(&xl, a.domid);
    guest_free(&a);
    read_text(&a, GUEST("a", "vcpus = 3\ncpus = '1'\ncpu_weight = 256"));
    CHECK(!check(&a) && !guest_start(&xl, &a, true));
    CHECK(pinned_to[0] == 2 && pinned_to[1] == 2 && pinned_to[2] == 2 && sched_asked == XEN_SCHEDULER_CREDIT2);
    guest_destroy(&xl, a.domid);
    guest_free(&a);
}

int main(void)
{
    world_begin();
    {
        char disk[1024];

        memset(disk, '.', sizeof(disk));
        disk[sizeof(disk) - 1] = '\0';
        world_write("a.img", disk);
    }
    CHECK(!xl_need_all(&xl));
    TEST(what_lies_on_what);
    TEST(domain0_has_it);
    TEST(taken_between_check_and_use);
    TEST(one_image_many_names);
    TEST(journal_moments);
    TEST(journal_race);
    TEST(a_build_that_is_killed);
    TEST(words_to_the_dead);
    TEST(last_device_race);
    TEST(attached_address_is_kept);
    TEST(restart_keeps);
    TEST(restart_that_fails);
    TEST(save_that_is_killed);
    TEST(stop);
    TEST(pins_and_pools);
    CHECK(world->two_writers == 0 && world->opened > 0);
    xl_close(&xl);
    world_end();
    return TEST_RESULT();
}
