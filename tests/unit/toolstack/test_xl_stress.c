/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Forty processes at six guests: each does a fixed number of sub-commands of xl, some of which are killed. Two of the guests are
 * never told to end; four images are fought over. Afterwards: no image had two writers, the two guests are still the same domains,
 * store, hypervisor and saved configurations say the same; and when all guests are destroyed, nothing is left.
 */
#include "xl_paths.h"
#include "xl_host.h"

#define WORKERS    40
#define OPERATIONS 8

static struct xl xl = { .hv.privcmd = -1 };
static const char *const names[] = { "a", "b", "c", "d", "keep1", "keep2" };

static void write_configs(void)
{
    char disk[1024], path[32], text[512];

    memset(disk, '.', sizeof(disk));
    disk[sizeof(disk) - 1] = '\0';
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%d.img", i);
        world_write(path, disk);
        snprintf(path, sizeof(path), "also%d.img", i);
        snprintf(text, sizeof(text), "%d.img", i);
        CHECK(!link(text, path));
    }
    for (int i = 0; i < 6; i++) {
        snprintf(path, sizeof(path), "%s.cfg", names[i]);
        snprintf(text, sizeof(text), "name = '%s'\nkernel = '/k'\nmemory = 16\nvif = [ 'mac=00:16:3e:00:00:0%d' ]\n", names[i], i);
        if (i < 4)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "disk = [ '%s%d.img,raw,xvda,rw' ]\n", i & 1 ? "also" : "", i / 2);
        world_write(path, text);
    }
}

/* One sub-command; which one and on what is RND's. */
static void operate(uint32_t r)
{
    const char *name = names[r % 6], *other = names[(r >> 4) % 4];
    bool kept = r % 6 >= 4;
    unsigned int kill_after = (r >> 8) % 10 ? 0 : 200 + (r >> 12) % 8000;
    char cfg[32], disk[40], image[40];

    snprintf(cfg, sizeof(cfg), "%s.cfg", name);
    snprintf(disk, sizeof(disk), "%s%u.img,raw,xvd%c,%s", (r >> 20) & 1 ? "also" : "", (r >> 21) % 4, 'b' + (int)((r >> 23) % 3),
             (r >> 25) & 1 ? "rw" : "r");
    snprintf(image, sizeof(image), "%s.image", name);
#define OP(...) xl_run_killed(kill_after, sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *), (char *[]){ __VA_ARGS__, NULL })
    switch ((r >> 26) % 12) {
    case 0: case 1: case 2: OP("create", "-q", cfg); break;
    case 3: if (!kept) OP("destroy", (char *)name); break;
    case 4: case 5: kill_after = 0; OP("block-attach", (char *)name, disk); break;
    case 6: kill_after = 0; OP("block-detach", (char *)name, "xvdb"); break;
    case 7: OP("list"); break;
    case 8: if (!kept) OP("rename", (char *)name, (char *)other); break;
    case 9: if (!kept) OP("save", (char *)name, image); break;
    case 10: kill_after = 0; OP("network-attach", (char *)name); break;
    default: kill_after = 0; OP("network-detach", (char *)name, "1"); break;
    }
}

static uint32_t number_of(const char *name)
{
    uint32_t domid = 0;

    return xl_lookup(&xl, name, &domid) ? 0 : domid;
}

/* True if NODE's children that are numbers, but for Domain 0, are all domains. */
static void only_domains_below(const char *path)
{
    char **ids;
    unsigned int n;

    if (xs_list(xl.xs, XS_NO_TX, path, &ids, &n))
        return;
    for (unsigned int i = 0; i < n; i++) {
        bool there = !world_there((uint32_t)atoi(ids[i]));

        CHECK(there);
        if (!there)
            printf("  left: %s/%s\n", path, ids[i]);
    }
    free(ids);
}

static unsigned int files_in(const char *dir)
{
    DIR *d = opendir(dir);
    unsigned int n = 0;
    struct dirent *e;

    while (d && (e = readdir(d)))
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

/* Devices of the store and those of the saved configuration are the same. */
static void check_devices_saved(const dominfo_t *d)
{
    struct cfg_log log = { .warn = NULL };
    struct guest_config c = { .disks = 0 };
    struct device *list;
    struct cfg tree;
    int n, found = 0;

    CHECK(!userdata_load(d->domain, d->handle, &tree, &log) && !guest_config_read(&tree, &c, &log));
    n = dev_list(&xl, d->domain, "vbd", &list);
    for (int i = 0; i < n; i++)
        for (unsigned int j = 0; j < c.disks; j++)
            found += c.disk[j].devid == list[i].devid;
    CHECK(found == n);
    if (found != n)
        printf("  domain %u: %d disks, %d of them saved\n", d->domain, n, found);
    for (int i = 0; i < n; i++) {
        char path[DEV_PATH_MAX], *text;

        dev_backend_path(&list[i], path, sizeof(path));
        text = xs_string(xl.xs, "%s/frontend", path);
        CHECK(text);
        free(text);
    }
    free(list);
    guest_config_free(&c);
    cfg_free(&tree);
}

static void check_consistent(void)
{
    dominfo_t *list;
    int n = xl_domains(&xl, &list), guests = 0;
    char seen[16][80];

    for (int i = 0; i < n; i++) {
        char name[80];

        if (!list[i].domain)
            continue;
        xl_domain_name(&xl, list[i].domain, name, sizeof(name));
        CHECK(strcmp(name, "(null)"));
        for (int j = 0; j < guests; j++)
            CHECK(strcmp(seen[j], name));
        if (guests < 16)
            memcpy(seen[guests++], name, sizeof(name));
        /* One whose `xl destroy` was killed waits for the next. */
        if (!store_ending(&xl, list[i].domain))
            check_devices_saved(&list[i]);
    }
    CHECK((int)files_in(XL_LIB_DIR) == guests);
    if (n >= 0)
        free(list);
    only_domains_below("/local/domain");
    only_domains_below("/libxl");
    only_domains_below("/local/domain/0/backend/vbd");
    only_domains_below("/local/domain/0/backend/vif");
}

static void fight(void)
{
    pid_t worker[WORKERS];
    uint32_t kept[2];

    for (int i = 0; i < 2; i++) {
        char cfg[32];

        snprintf(cfg, sizeof(cfg), "keep%d.cfg", i + 1);
        CHECK(!XL("create", "-q", cfg));
        kept[i] = number_of(names[4 + i]);
        CHECK(kept[i]);
    }
    fflush(stdout);
    for (int w = 0; w < WORKERS; w++) {
        worker[w] = fork();
        if (worker[w])
            continue;
        rng_state += (uint64_t)w * 0x9e3779b97f4a7c15u;
        for (int i = 0; i < OPERATIONS; i++) {
            for (int skip = 0; skip < 8; skip++)
                rnd(2);
            operate(rnd(UINT32_MAX));
        }
        _exit(0);
    }
    for (int w = 0; w < WORKERS; w++)
        waitpid(worker[w], NULL, 0);
    /* What was killed last is cleared away by the next command, or by a child that lost its command. */
    for (int i = 0; i < 1000; i++) {
        journal_recover(&xl);
        if (!files_in(XL_RUN_DIR "/xl-build") && !files_in(XL_RUN_DIR "/xl-save"))
            break;
        usleep(10000);
    }
    usleep(300000);
    CHECK(number_of("keep1") == kept[0] && number_of("keep2") == kept[1]);
    CHECK(world->two_writers == 0);
    CHECK(world->opened > 0);
    printf("disks opened: %u, domains: %u\n", world->opened, world->next - 1);
}

/* All guests go, each by `xl destroy`; what ends by itself then (monitors) is waited for. */
static void all_go(void)
{
    dominfo_t *list;
    int n;

    n = xl_domains(&xl, &list);
    for (int i = 0; i < n; i++)
        if (list[i].domain)
            guest_destroy(&xl, list[i].domain);
    if (n >= 0)
        free(list);
    check_consistent();
    CHECK(files_in(XL_LIB_DIR) == 0 && files_in(XL_RUN_DIR "/xl-build") == 0 && files_in(XL_RUN_DIR "/xl-save") == 0);
    for (int i = 0; i < 3000 && waitpid(-1, NULL, WNOHANG) >= 0; i++) {
        siginfo_t info = { .si_pid = 0 };

        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == world_back || info.si_pid == world_store)
            break;
        if (!info.si_pid)
            usleep(10000);
        if (i > 300)
            break;
    }
}

int main(void)
{
    world_begin();
    write_configs();
    CHECK(!xl_need_all(&xl));
    TEST(fight);
    TEST(check_consistent);
    TEST(all_go);
    xl_close(&xl);
    world_end();
    return TEST_RESULT();
}
