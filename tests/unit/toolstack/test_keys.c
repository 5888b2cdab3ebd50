/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every key of xl.cfg that has an effect: a good value arrives in the guest's configuration, a value of the wrong kind and a
 * value that makes no sense are refused with the line. A key that is missing here fails the test.
 */
#include "libcfg/parse.c"
#include "libcfg/tree.c"
#include "libcfg/keys.c"
#include "libcfg/disk.c"
#include "libcfg/guest.c"
#include "libcfg/boot.c"
#include "libcfg/devices.c"
#include "libcfg/cpuid_names.c"
#include "libcfg/cpuid.c"

/* vif.c names one helper like devices.c does. */
#define number_vifs vif_number_vifs
#include "libcfg/vif.c"

#include <stddef.h>

#include "check.h"

#define FIELD(f) offsetof(struct guest_config, f), sizeof(((struct guest_config *)0)->f)
#define ANY      0, 0

static const struct sample {
    const char *key, *good, *bad;   /* BAD: of the right kind, without sense; NULL: every value has one */
    size_t offset, size;            /* the number that GOOD becomes; strings and lists are looked at by hand */
    uint64_t want;
} samples[] = {
    { "name", "\"other\"", "\"a/b\"", ANY, 0 },
    { "type", "\"pv\"", "\"vm\"", FIELD(type), GUEST_PV },
    { "builder", "\"generic\"", "\"lego\"", FIELD(type), GUEST_PV },
    { "uuid", "\"01234567-89ab-cdef-0123-456789abcdef\"", "\"0123\"", FIELD(has_uuid), 1 },
    { "pool", "\"Pool-0\"", NULL, ANY, 0 },
    { "vcpus", "3", "0", FIELD(vcpus), 3 },
    { "maxvcpus", "7", "-1", FIELD(maxvcpus), 7 },
    { "cpus", "[ \"0\", \"1-2\" ]", "[ [ 1 ] ]", FIELD(cpus.n), 2 },
    { "cpus_soft", "\"all\"", "[ [ 1 ] ]", FIELD(cpus_soft.n), 1 },
    { "cpu_weight", "512", "65536", FIELD(weight), 512 },
    { "cap", "150", "-1", FIELD(cap), 150 },
    { "memory", "96", "0", FIELD(memory_kib), 96 << 10 },
    { "maxmem", "1000", "99999999", FIELD(maxmem_kib), 1000 << 10 },
    { "on_poweroff", "\"restart\"", "\"sing\"", FIELD(on_poweroff), ACTION_RESTART },
    { "on_reboot", "\"destroy\"", "\"\"", FIELD(on_reboot), ACTION_DESTROY },
    { "on_watchdog", "\"preserve\"", "\"reboot\"", FIELD(on_watchdog), ACTION_PRESERVE },
    { "on_crash", "\"coredump-destroy\"", "\"coredump\"", FIELD(on_crash), ACTION_COREDUMP_DESTROY },
    { "on_soft_reset", "\"rename-restart\"", "\"rename\"", FIELD(on_soft_reset), ACTION_RENAME_RESTART },
    { "kernel", "\"/k\"", NULL, ANY, 0 },
    { "ramdisk", "\"/r\"", NULL, ANY, 0 },
    { "cmdline", "\"c\"", NULL, ANY, 0 },
    { "root", "\"/dev/xvda\"", NULL, ANY, 0 },
    { "extra", "\"quiet\"", NULL, ANY, 0 },
    { "bootloader", "\"pygrub\"", "\"eliloader\"", FIELD(pvgrub), 1 },
    { "firmware", "\"pvgrub64\"", "\"uefi\"", FIELD(pvgrub), 1 },
    { "max_grant_frames", "64", "0", FIELD(max_grant_frames), 64 },
    { "max_maptrack_frames", "0", "-1", FIELD(max_maptrack_frames), 0 },
    { "max_grant_version", "1", "3", FIELD(max_grant_version), 1 },
    { "max_event_channels", "4095", "0", FIELD(max_event_channels), 4095 },
    { "passthrough", "\"enabled\"", "\"maybe\"", FIELD(iommu), 1 },
    { "xend_suspend_evtchn_compat", "1", NULL, FIELD(suspend_evtchn_compat), 1 },
    { "disk", "[ '/a,,xvda', 'phy:/b,hdb,r' ]", "[ '/a,,floppy' ]", FIELD(disks), 2 },
    { "vif", "[ '', 'mac=00:16:3e:00:00:01' ]", "[ 'mac=01:16:3e:00:00:01' ]", FIELD(vifs), 2 },
    { "ioports", "[ '2f8-2ff' ]", "[ '2ff-2f8' ]", FIELD(n_ioports), 1 },
    { "iomem", "[ 'fe000,1' ]", "[ 'fe000,0' ]", FIELD(n_iomem), 1 },
    { "irqs", "[ 4, 5, 6 ]", "[ 65536 ]", FIELD(n_irqs), 3 },
    { "cpuid", "\"host,sse3=0, avx = x,rdtscp=0\"", "\"host,sse=9\"", FIELD(n_cpuid), 2 },
    { "tsc_mode", "\"native\"", "\"fast\"", FIELD(tsc_mode), 2 },
    { "localtime", "1", NULL, FIELD(localtime), 1 },
    { "rtc_timeoffset", "3600", "99999999999", FIELD(rtc_timeoffset), 3600 },
    { "msr_relaxed", "1", NULL, FIELD(msr_relaxed), 1 },
    { "autostart_delay", "30", "3601", FIELD(autostart_delay), 30 },
    { "depends", "[ 'a', 'b' ]", "[ [ 'a' ] ]", FIELD(n_depends), 2 },
};

#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

/* Reads a guest whose second line is KEY = VALUE. The caller frees G if the result is 0. */
static int read_guest(const char *key, const char *value, struct guest_config *g, struct cfg_log *log)
{
    char text[256];
    struct cfg cfg;
    int rc;

    snprintf(text, sizeof(text), "%s\n%s = %s\n", strcmp(key, "name") ? "name = \"g\"" : "", key, value);
    *log = (struct cfg_log){ .warn = NULL };
    rc = cfg_parse(&cfg, "g.cfg", text, strlen(text), log);
    if (!rc)
        rc = guest_config_read(&cfg, g, log);
    cfg_free(&cfg);
    return rc;
}

static void complete(void)
{
    for (unsigned int i = 0; i < cfg_n_keys; i++) {
        unsigned int found = 0;

        for (size_t j = 0; j < N_SAMPLES; j++)
            found += !strcmp(samples[j].key, cfg_keys[i].name);
        CHECK(found == (cfg_keys[i].state == KEY_WORKS));
        if (found != (cfg_keys[i].state == KEY_WORKS))
            printf("  %s: %u samples\n", cfg_keys[i].name, found);
    }
}

static void good_values(void)
{
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const struct sample *s = &samples[i];
        struct guest_config g;
        struct cfg_log log;
        uint64_t got = 0;
        int rc = read_guest(s->key, s->good, &g, &log);

        CHECK(rc == 0);
        if (rc) {
            printf("  %s\n", log.error);
            continue;
        }
        memcpy(&got, (const uint8_t *)&g + s->offset, s->size);
        CHECK(!s->size || got == s->want);
        if (s->size && got != s->want)
            printf("  %s: got %llu\n", s->key, (unsigned long long)got);
        guest_config_free(&g);
    }
}

static void strings(void)
{
    static const struct {
        const char *key, *value, *want;
        size_t offset;
    } table[] = {
        { "pool", "\"fast\"", "fast", offsetof(struct guest_config, pool) },
        { "kernel", "\"/k\"", "/k", offsetof(struct guest_config, kernel) },
        { "ramdisk", "\"/r\"", "/r", offsetof(struct guest_config, ramdisk) },
        { "cmdline", "\"a b\"", "a b", offsetof(struct guest_config, cmdline) },
        { "root", "\"/dev/xvda\"", "root=/dev/xvda", offsetof(struct guest_config, cmdline) },
        { "extra", "\"quiet\"", "quiet", offsetof(struct guest_config, cmdline) },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct guest_config g;
        struct cfg_log log;
        const char *got;

        CHECK(read_guest(table[i].key, table[i].value, &g, &log) == 0);
        memcpy(&got, (const uint8_t *)&g + table[i].offset, sizeof(got));
        CHECK(got && !strcmp(got, table[i].want));
        guest_config_free(&g);
    }
}

/* Refused, with the line of the key. */
static void refused(const char *key, const char *value)
{
    struct guest_config g;
    struct cfg_log log;
    int rc = read_guest(key, value, &g, &log);

    CHECK(rc != 0);
    if (!rc) {
        printf("  accepted: %s = %s\n", key, value);
        guest_config_free(&g);
        return;
    }
    CHECK(!strncmp(log.error, "g.cfg:2: ", 9));
    if (strncmp(log.error, "g.cfg:2: ", 9))
        printf("  %s = %s: %s\n", key, value, log.error);
}

static void bad_values(void)
{
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const char *kinds = cfg_key_find(samples[i].key)->kinds;

        if (samples[i].bad)
            refused(samples[i].key, samples[i].bad);
        if (!strchr(kinds, 'n'))
            refused(samples[i].key, "7");
        if (!strchr(kinds, 's'))
            refused(samples[i].key, "\"word\"");
        if (!strchr(kinds, 'l'))
            refused(samples[i].key, "[ 1 ]");
    }
}

int main(void)
{
    TEST(complete);
    TEST(good_values);
    TEST(strings);
    TEST(bad_values);
    return TEST_RESULT();
}
