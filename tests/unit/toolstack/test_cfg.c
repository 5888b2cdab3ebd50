/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xl.cfg language: values, lists, continuation, errors with their lines; every key of upstream's
 * xl.cfg(5) is accepted; what is not implemented warns once with file and line; whole guests.
 */
#include "libcfg/parse.c"
#include "libcfg/tree.c"
#include "libcfg/keys.c"
#include "libcfg/cpulist.c"
#include "libcfg/disk.c"
#include "libcfg/guest.c"
#include "libcfg/boot.c"
#include "libcfg/devices.c"
#include "libcfg/cpuid_names.c"
#include "libcfg/cpuid.c"

/* vif.c names one helper like devices.c does. */
#define number_vifs vif_number_vifs
#include "libcfg/vif.c"

#include "check.h"

static char warnings[8192];

static void warn(void *arg, const char *text)
{
    strncat(warnings, text, sizeof(warnings) - strlen(warnings) - 2);
    strcat(warnings, "\n");
}

static int parse(struct cfg *cfg, const char *text, struct cfg_log *log)
{
    *log = (struct cfg_log){ .warn = warn };
    warnings[0] = '\0';
    return cfg_parse(cfg, "dir/g.cfg", text, strlen(text), log);
}

/* The error that TEXT gives, as a guest; "" if none. */
static const char *guest_error(const char *text)
{
    static struct cfg_log log;
    struct guest_config g;
    struct cfg cfg;
    int rc = parse(&cfg, text, &log);

    if (!rc)
        rc = guest_config_read(&cfg, &g, &log);
    if (!rc)
        guest_config_free(&g);
    cfg_free(&cfg);
    return rc ? log.error : "";
}

static void values(void)
{
    static const char text[] =
        "# a comment\nname = \"a b\"; n=0x10 # more\no = 010\nneg=-3\n"
        "l = [ 'x', \"y\\x41\\n\", 3, [ 4, ], # inner\n  'z' ,\n ]\n"
        "e = []\nq='it\\'s'\n;;\n"
        "l += [ 'w' ]\nname += \"c\"\nvif.default.bridge=\"b\"\n";
    struct cfg_log log;
    struct cfg cfg;
    const struct cfg_entry *l;

    CHECK(parse(&cfg, text, &log) == 0);
    CHECK(!strcmp(cfg_find(&cfg, "name")->value->text, "a bc"));
    CHECK(cfg_find(&cfg, "n")->value->number == 16);
    CHECK(cfg_find(&cfg, "o")->value->number == 8);
    CHECK(cfg_find(&cfg, "neg")->value->number == -3);
    CHECK(!strcmp(cfg_find(&cfg, "q")->value->text, "it's"));
    CHECK(cfg_find(&cfg, "e")->value->items == 0);
    l = cfg_find(&cfg, "l");
    CHECK(l->line == 5 && l->value->items == 6);
    CHECK(!strcmp(l->value->item[1]->text, "yA\n"));
    CHECK(l->value->item[3]->kind == CFG_LIST && l->value->item[3]->items == 1);
    CHECK(l->value->item[4]->line == 6);
    CHECK(!strcmp(l->value->item[5]->text, "w"));
    CHECK(cfg_find(&cfg, "vif.default.bridge") != NULL);
    CHECK(!cfg_find(&cfg, "nosuch"));
    cfg_free(&cfg);
}

/* What is printed parses to the same. */
static void round_trip(void)
{
    static const char text[] = "a = \"x\\\"y\\\\z\\n\"\nb = [ 1, \"q\", [ \"r\" ] ]\nc = 0x1f\n";
    struct cfg_log log;
    struct cfg cfg, again;
    char *one, *two;

    CHECK(parse(&cfg, text, &log) == 0);
    one = cfg_print(&cfg);
    CHECK(parse(&again, one, &log) == 0);
    two = cfg_print(&again);
    CHECK(!strcmp(one, two));
    CHECK(!strcmp(cfg_find(&again, "a")->value->text, "x\"y\\z\n"));
    free(one);
    free(two);
    cfg_free(&cfg);
    cfg_free(&again);
}

static void syntax_errors(void)
{
    static const struct {
        const char *text, *error;
    } table[] = {
        { "a = \"x\nb=1\n", "dir/g.cfg:1: a string is not closed" },
        { "a=1\nb = [ 1,\n2 3 ]\n", "dir/g.cfg:3: the list that starts in line 2" },
        { "a = [ 1,\n", "dir/g.cfg:2: a value is missing" },
        { "a = yes\n", "dir/g.cfg:1: a value is missing its quotes" },
        { "a = 12x\n", "dir/g.cfg:1: '12x' is not a number" },
        { "a = 99999999999999999999\n", "dir/g.cfg:1: '99999999999999999999' is not a number" },
        { "a\n", "dir/g.cfg:1: 'a' is not followed by '='" },
        { "a =\n", "dir/g.cfg:1: a value is missing" },
        { "a=1 b=2\n", "dir/g.cfg:1: unexpected text" },
        { "=1\n", "dir/g.cfg:1: expected KEY = VALUE" },
        { "a=\"\\q\"\n", "dir/g.cfg:1: unknown escape" },
        { "a=\"x\\", "dir/g.cfg:1: unknown escape" },
        { "a=[[[[[[[[[[1]]]]]]]]]]\n", "dir/g.cfg:1: lists are nested too deeply" },
        { "a=1\na+=[2]\n", "dir/g.cfg:2: 'a +=' needs a value of the same kind" },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct cfg_log log;
        struct cfg cfg;

        CHECK(parse(&cfg, table[i].text, &log) != 0);
        CHECK(!strncmp(log.error, table[i].error, strlen(table[i].error)));
        if (strncmp(log.error, table[i].error, strlen(table[i].error)))
            printf("  got: %s\n", log.error);
        cfg_free(&cfg);
    }
}

/* Keys of xl.cfg(5) of 4.17 and of the parser behind it. */
static const char *const upstream_keys =
    "name type builder pool vcpus maxvcpus cpus cpus_soft cpu_weight cap memory maxmem vnuma "
    "on_poweroff on_reboot on_watchdog on_crash on_soft_reset kernel ramdisk cmdline root extra "
    "firmware pvshim pvshim_path pvshim_cmdline pvshim_extra uuid seclabel init_seclabel "
    "max_grant_frames max_maptrack_frames max_grant_version nomigrate driver_domain device_tree "
    "passthrough xend_suspend_evtchn_compat vmtrace_buf_kb vpmu disk vif vtpm p9 pvcalls vfb "
    "channel rdm usbctrl usbdev pci pci_permissive pci_msitranslate pci_seize pci_power_mgmt "
    "gfx_passthru rdm_mem_boundary dtdev ioports iomem irqs max_event_channels vdispl dm_restrict "
    "device_model_user vsnd vkb tee bootloader bootloader_args e820_host boot hdtype hap oos "
    "shadow_memory bios bios_path_override pae acpi acpi_s3 acpi_s4 acpi_laptop_slate apic nx hpet "
    "altp2m altp2mhvm nestedhvm cpuid acpi_firmware smbios_firmware ms_vm_genid tsc_mode localtime "
    "rtc_timeoffset vpt_align timer_mode mmio_hole xen_platform_pci viridian videoram stdvga vga "
    "vnc vnclisten vncdisplay vncunused vncpasswd keymap sdl opengl nographic spice spicehost "
    "spiceport spicetls_port spicedisable_ticketing spicepasswd spiceagent_mouse spicevdagent "
    "spice_clipboard_sharing spiceusbredirection spice_image_compression spice_streaming_video "
    "serial soundhw vkb_device usb usbversion usbdevice vendor_device device_model_version "
    "device_model_override stubdomain_kernel stubdomain_cmdline stubdomain_ramdisk "
    "stubdomain_memory device_model_stubdomain_override device_model_stubdomain_seclabel "
    "device_model_args device_model_args_pv device_model_args_hvm gic_version vuart mca_caps "
    "msr_relaxed smbios xen_platform_pci_bar_uc hvm_pirq altp2m_count period slice latency "
    "extratime bootloader_restrict bootloader_user xenstore_feature_mask xenstore_quota virtio sve "
    "llc_colors nr_spis trap_unmapped_accesses arm_sci display xauthority";

static void every_key(void)
{
    char *copy = strdup(upstream_keys), *rest = copy, *word;
    unsigned int n = 0;

    while ((word = strsep(&rest, " "))) {
        const struct cfg_key *k = cfg_key_find(word);

        CHECK(k != NULL);
        if (!k)
            printf("  missing: %s\n", word);
        n++;
    }
    CHECK(n > 150);
    free(copy);
}

/* Each ignored key is accepted, with exactly one warning that has file and line. */
static void ignored_keys(void)
{
    for (unsigned int i = 0; i < cfg_n_keys; i++) {
        const struct cfg_key *k = &cfg_keys[i];
        char text[256], want[256];

        if (k->state != KEY_IGNORED)
            continue;
        snprintf(text, sizeof(text), "name=\"g\"\n%s = %s\n", k->name,
                 *k->kinds == 'n' ? "1" : *k->kinds == 's' ? "\"x\"" : "[ \"x\" ]");
        CHECK(!strcmp(guest_error(text), ""));
        snprintf(want, sizeof(want), "dir/g.cfg:2: '%s' is not implemented, ignored\n", k->name);
        CHECK(!strcmp(warnings, want));
    }
}

static void refused_keys(void)
{
    for (unsigned int i = 0; i < cfg_n_keys; i++) {
        const struct cfg_key *k = &cfg_keys[i];
        char text[256];

        if (k->state != KEY_REFUSED)
            continue;
        snprintf(text, sizeof(text), "name=\"g\"\n%s = %s\n", k->name,
                 *k->kinds == 'n' ? "1" : *k->kinds == 's' ? "\"x\"" : "[ \"x\" ]");
        CHECK(!strncmp(guest_error(text), "dir/g.cfg:2: '", 14));
        /* Asking for nothing is no reason to refuse. */
        snprintf(text, sizeof(text), "name=\"g\"\n%s = %s\n", k->name,
                 *k->kinds == 'n' ? "0" : *k->kinds == 's' ? "\"\"" : "[]");
        CHECK(!strcmp(guest_error(text), ""));
        CHECK(!*warnings);
    }
}

#define X31 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X32 X31 "x"

static void guest_errors(void)
{
    static const struct {
        const char *text, *error;
    } table[] = {
        { "memory=1\n", "dir/g.cfg: the guest has no name" },
        { "name=\"a b\"\n", "dir/g.cfg:1: name: only visible" },
        { "name=\"12\"\n", "dir/g.cfg:1: name: a name of digits" },
        { "name=\"g\"\nmemroy=1\n", "dir/g.cfg:2: unknown key 'memroy': did you mean 'memory'?" },
        { "name=\"g\"\nxyzzy=1\n", "dir/g.cfg:2: unknown key 'xyzzy': see xl.cfg(5)" },
        { "name=\"g\"\nmemory=\"lots\"\n", "dir/g.cfg:2: 'memory' needs a number" },
        { "name=\"g\"\nkernel=3\n", "dir/g.cfg:2: 'kernel' needs a string" },
        { "name=\"g\"\ndisk=\"x\"\n", "dir/g.cfg:2: 'disk' needs a list" },
        { "name=\"g\"\nmemory=0\n", "dir/g.cfg:2: memory: 0 is not between" },
        { "name=\"g\"\nvcpus=0\n", "dir/g.cfg:2: vcpus: 0 is not between" },
        { "name=\"g\"\nvcpus=4\nmaxvcpus=2\n", "dir/g.cfg:3: maxvcpus: is less than vcpus" },
        { "name=\"g\"\nmemory=64\nmaxmem=32\n", "dir/g.cfg:3: maxmem: is less than memory" },
        { "name=\"g\"\non_crash=\"cry\"\n", "dir/g.cfg:2: on_crash: expected destroy" },
        { "name=\"g\"\ntype=\"vm\"\n", "dir/g.cfg:2: type: expected" },
        { "name=\"g\"\nuuid=\"12\"\n", "dir/g.cfg:2: uuid: expected" },
        { "name=\"g\"\nvif=[\n'mac=00:16:3e:00:00:01',\n'mac=00:16:3e:00:00:01']\n",
          "dir/g.cfg:4: vif: this MAC address is used twice" },
        { "name=\"g\"\ndisk=['/a,,xvda',\n'/b,,xvda']\n", "dir/g.cfg:3: disk: xvda is used twice" },
        { "name=\"g\"\nvif=['devid=1','devid=1']\n", "dir/g.cfg:2: vif: devid=1 is used twice" },
        { "name=\"g\"\nvif=[3]\n", "dir/g.cfg:2: vif: entry 1 must be a string" },
        { "name=\"g\"\nioports=['zz']\n", "dir/g.cfg:2: ioports: cannot read 'zz'" },
        { "name=\"g\"\niomem=['10']\n", "dir/g.cfg:2: iomem: cannot read '10'" },
        { "name=\"g\"\nirqs=[-1]\n", "dir/g.cfg:2: irqs: cannot read '-1'" },
        { "name=\"g\"\ncpus=[[1]]\n", "dir/g.cfg:2: cpus: a list of strings" },
        { "name=\"g\"\ncpuid=3\n", "dir/g.cfg:2: 'cpuid' needs a string" },
        { "name=\"g\"\ncpuid=\"avx=0\"\n", "dir/g.cfg:2: cpuid: expected \"host,FEATURE=0,...\" or" },
        { "name=\"g\"\ncpuid=\"host,avx\"\n", "dir/g.cfg:2: cpuid: 'avx' is not FEATURE=VALUE" },
        { "name=\"g\"\ncpuid=\"host,=0\"\n", "dir/g.cfg:2: cpuid: unknown feature ''" },
        { "name=\"g\"\ncpuid=\"host,avx=2\"\n", "dir/g.cfg:2: cpuid: avx: '2' is not 0, 1, x, k or s" },
        { "name=\"g\"\ncpuid=\"host,avx=\"\n", "dir/g.cfg:2: cpuid: avx: '' is not 0, 1, x, k or s" },
        { "name=\"g\"\ncpuid=\"host,avy=0\"\n", "dir/g.cfg:2: cpuid: unknown feature 'avy': see" },
        { "name=\"g\"\ncpuid=\"host,family=6\"\n", "dir/g.cfg:2: cpuid: 'family' cannot be changed" },
        { "name=\"g\"\ncpuid=[3]\n", "dir/g.cfg:2: cpuid: entry 1 must be a string" },
        { "name=\"g\"\ncpuid=[ '1:ecx=" X32 "',\n'1:exx=" X32 "' ]\n", "dir/g.cfg:3: cpuid: cannot read '1:exx=" },
        { "name=\"g\"\ncpuid=['1:ecx=xxx']\n", "dir/g.cfg:2: cpuid: cannot read '1:ecx=xxx'" },
        { "name=\"g\"\ncpuid=['1:e']\n", "dir/g.cfg:2: cpuid: cannot read '1:e'" },
        { "name=\"g\"\ncpuid=['1']\n", "dir/g.cfg:2: cpuid: cannot read '1'" },
        { "name=\"g\"\ncpuid=['ecx=" X32 "']\n", "dir/g.cfg:2: cpuid: cannot read 'ecx=" },
        { "name=\"g\"\ncpuid=['0x123456789:ecx=" X32 "']\n", "dir/g.cfg:2: cpuid: cannot read" },
        { "name=\"g\"\ncpuid=['7,:ecx=" X32 "']\n", "dir/g.cfg:2: cpuid: cannot read" },
        { "name=\"g\"\ncpuid=['1:ecx=x" X32 "']\n", "dir/g.cfg:2: cpuid: cannot read" },
        { "name=\"g\"\ncpuid=['0:eax=0" X31 "']\n", "dir/g.cfg:2: cpuid: leaf 0x0,0 eax bit 31 is no feature" },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *error = guest_error(table[i].text);

        CHECK(!strncmp(error, table[i].error, strlen(table[i].error)));
        if (strncmp(error, table[i].error, strlen(table[i].error)))
            printf("  want: %s\n  got:  %s\n", table[i].error, error);
    }
}

static void whole_guest(void)
{
    static const char text[] =
        "name = \"web\"\ntype = \"pv\"\nkernel = \"vmlinuz\"\nramdisk = \"/boot/initrd\"\n"
        "root = \"/dev/xvda1 ro\"\nextra = \"console=hvc0\"\nmemory = 512\nmaxmem = 1024\n"
        "vcpus = 2\nmaxvcpus = 4\ncpus = [ \"0\", 1 ]\ncpu_weight = 512\ncap = 50\n"
        "uuid = \"01234567-89ab-cdef-0123-456789abcdef\"\non_crash = \"coredump-restart\"\n"
        "disk = [ '/dev/vg/web,raw,xvda,rw', 'file:/x.iso,hdc:cdrom,r' ]\n"
        "vif = [ '', 'bridge=br1,devid=0', 'rate=10Mb/s' ]\nioports = [ '2f8-2ff', '4e8' ]\n"
        "iomem = [ 'fe000,2@10' ]\nirqs = [ 4, 5 ]\ntsc_mode = \"native\"\n"
        "autostart_delay = 3\ndepends = [ 'db', 'nas' ]\npassthrough = \"disabled\"\n";
    struct guest_config g;
    struct cfg_log log;
    struct cfg cfg;

    CHECK(parse(&cfg, text, &log) == 0);
    CHECK(guest_config_read(&cfg, &g, &log) == 0);
    CHECK(!*warnings);
    CHECK(!strcmp(g.name, "web") && g.type == GUEST_PV);
    CHECK(!strcmp(g.kernel, "dir/vmlinuz") && !strcmp(g.ramdisk, "/boot/initrd"));
    CHECK(!strcmp(g.cmdline, "root=/dev/xvda1 ro console=hvc0"));
    CHECK(g.memory_kib == 512 << 10 && g.maxmem_kib == 1024 << 10);
    CHECK(g.vcpus == 2 && g.maxvcpus == 4 && g.cpus.n == 2 && g.cpus.each && !strcmp(g.cpus.list[1], "1"));
    CHECK(g.weight == 512 && g.cap == 50);
    CHECK(g.has_uuid && g.uuid[0] == 0x01 && g.uuid[15] == 0xef);
    CHECK(g.on_crash == ACTION_COREDUMP_RESTART && g.on_poweroff == ACTION_DESTROY);
    CHECK(g.on_reboot == ACTION_RESTART && g.on_soft_reset == ACTION_SOFT_RESET);
    CHECK(g.disks == 2 && g.disk[0].devid == 51712 && g.disk[1].devid == 5632);
    CHECK(g.disk[1].cdrom && !g.disk[1].readwrite && !strcmp(g.disk[1].target, "/x.iso"));
    CHECK(g.vifs == 3 && g.vif[1].devid == 0 && g.vif[0].devid == 1 && g.vif[2].devid == 2);
    CHECK(g.n_ioports == 2 && g.ioports[0].start == 0x2f8 && g.ioports[0].count == 8);
    CHECK(g.n_iomem == 1 && g.iomem[0].start == 0xfe000 && g.iomem[0].gfn == 0x10);
    CHECK(g.n_irqs == 2 && g.irqs[1].start == 5);
    CHECK(g.tsc_mode == 2 && g.autostart_delay == 3 && g.n_depends == 2);
    guest_config_free(&g);
    cfg_free(&cfg);
}

static void command_line(void)
{
    struct guest_config g;
    struct cfg_log log;
    struct cfg cfg;

    CHECK(parse(&cfg, "name=\"g\"\nmemory=64\n", &log) == 0);
    CHECK(cfg_add(&cfg, "memory=96; cpus=\"0-3\"", &log) == 0);
    CHECK(!*warnings);
    CHECK(guest_config_read(&cfg, &g, &log) == 0 && g.memory_kib == 96 << 10);
    guest_config_free(&g);
    CHECK(cfg_add(&cfg, "memory=x", &log) != 0);
    CHECK(!strncmp(log.error, "command line:1: ", 16));
    cfg_free(&cfg);
    /* A second value in the same file is told. */
    CHECK(parse(&cfg, "memory=64\nmemory=96\n", &log) == 0);
    CHECK(!strcmp(warnings, "dir/g.cfg:2: 'memory' was already set in line 1: this value replaces "
                  "it\n"));
    cfg_free(&cfg);
}

/* What the guest boots: the file of kernel=, PV GRUB, or an error; and what is said about it. */
static void boot_rules(void)
{
    static const struct {
        const char *text, *kernel, *ramdisk, *said;   /* KERNEL "": PV GRUB, NULL: an error */
    } table[] = {
        { "kernel='/k'\nramdisk='/r'", "/k", "/r", "" },
        { "bootloader=''\nkernel='/k'", "/k", NULL, "" },
        { "firmware='pvgrub64'", "", NULL, "" },
        { "kernel=''\nfirmware='pvgrub64'", "", NULL, "" },
        { "kernel='/none/pvgrub64.bin'", "", NULL,
          "dir/g.cfg:2: kernel: there is no '/none/pvgrub64.bin' here, the PV GRUB of this host is "
          "used\n" },
        { "kernel='/none/pv-grub-x86_64.gz'\nextra='(hd0,0)/boot/grub/menu.lst'", "", NULL,
          "dir/g.cfg:2: kernel: there is no '/none/pv-grub-x86_64.gz' here, the PV GRUB of this "
          "host is used\n" },
        { "kernel='/none/grub-i386-xen.bin'", NULL, NULL,
          "dir/g.cfg:2: kernel: '/none/grub-i386-xen.bin' boots 32-bit PV guests" },
        { "kernel='/none/vmlinuz'", "/none/vmlinuz", NULL, "" },
        { "bootloader='pygrub'", "", NULL,
          "dir/g.cfg:2: bootloader: PV GRUB boots the guest by the grub.cfg or menu.lst of its disk\n" },
        { "bootloader='/usr/lib/xen-4.17/bin/pygrub'\nkernel='/k'\nramdisk='/r'", "", NULL,
          "dir/g.cfg:2: bootloader: PV GRUB boots the guest by the grub.cfg or menu.lst of its disk, "
          "'kernel' and 'ramdisk' are ignored\n" },
        { "bootloader='pvgrub'\nfirmware='pvgrub64'", "", NULL,
          "dir/g.cfg:2: bootloader: PV GRUB boots the guest by the grub.cfg or menu.lst of its disk\n" },
        { "bootloader='pvgrub32'", NULL, NULL,
          "dir/g.cfg:2: bootloader: 'pvgrub32' boots 32-bit PV guests" },
        { "bootloader='/opt/eliloader'", NULL, NULL,
          "dir/g.cfg:2: bootloader: '/opt/eliloader' is not available: use firmware = \"pvgrub64\"" },
        { "firmware='pvgrub32'", NULL, NULL,
          "dir/g.cfg:2: firmware: 'pvgrub32' boots 32-bit PV guests" },
        { "firmware='uefi'", NULL, NULL, "dir/g.cfg:2: firmware: expected \"pvgrub64\"" },
        { "type='hvm'\nfirmware='uefi'", "none", NULL, "" },
        { "kernel='/k'\nfirmware='pvgrub64'", NULL, NULL,
          "dir/g.cfg:3: firmware: 'kernel' in line 2 is set too" },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *want = table[i].kernel;
        struct guest_config g;
        struct cfg_log log;
        char text[256];
        struct cfg cfg;
        int rc;

        snprintf(text, sizeof(text), "name='g'\n%s\n", table[i].text);
        CHECK(parse(&cfg, text, &log) == 0);
        rc = guest_config_read(&cfg, &g, &log);
        CHECK((rc != 0) == !want);
        if (want) {
            CHECK(!strcmp(warnings, table[i].said));
            CHECK(g.pvgrub == !*want);
            CHECK(*want == '/' ? !strcmp(g.kernel, want) : !g.kernel);
            CHECK(table[i].ramdisk ? !strcmp(g.ramdisk, table[i].ramdisk) : !g.ramdisk);
        } else {
            CHECK(!strncmp(log.error, table[i].said, strlen(table[i].said)));
            CHECK(!*warnings);
        }
        guest_config_free(&g);
        cfg_free(&cfg);
    }
}

static void cpu_lists(void)
{
    static const uint32_t node_of[8] = { 0, 0, 0, 0, 1, 1, 1, 1 };
    static const struct cpu_topology topo = { .cpus = 8, .nodes = 2, .node_of = node_of };
    static const struct {
        const char *text;
        int map;    /* -1: an error */
    } table[] = {
        { "all", 0xff }, { "0-3,5,^1", 0x2d }, { "nodes:0", 0x0f }, { "node:1", 0xf0 },
        { "nodes:0-1,^node:1", 0x0f }, { "1,node:1,^6", 0xb2 }, { "all,^node:1", 0x0f },
        { "all,^7", 0x7f }, { "^7", 0x7f }, { " 0 , 2 ", 0x05 }, { "node:all", 0xff },
        { "", -1 }, { "x", -1 }, { "3-1", -1 }, { "8", -1 }, { "nodes:2", -1 }, { "1-", -1 },
        { "0,^0", -1 }, { "node", -1 }, { "1;2", -1 },
    };
    char why[128], out[64];
    uint8_t map[2];

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        int rc = cpulist_parse(table[i].text, &topo, map, sizeof(map), why, sizeof(why));

        CHECK(table[i].map < 0 ? rc == -EINVAL && *why : !rc && map[0] == table[i].map);
        if (!rc && map[0] != table[i].map)
            printf("  %s: %02x\n", table[i].text, map[0]);
    }
    cpulist_print((uint8_t[]){ 0xff, 0 }, 2, 8, out, sizeof(out));
    CHECK(!strcmp(out, "all"));
    cpulist_print((uint8_t[]){ 0x2d, 0 }, 2, 8, out, sizeof(out));
    CHECK(!strcmp(out, "0,2,3,5"));
    cpulist_print((uint8_t[]){ 0x1e, 0 }, 2, 8, out, sizeof(out));
    CHECK(!strcmp(out, "1-4"));
}

/* The changes of leaf LEAF, subleaf SUBLEAF that cpuid = VALUE makes; zeros if none. */
static struct cpuid_change change_for(const char *value, uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_change found = { .line = 0 };
    struct guest_config g;
    struct cfg_log log;
    char text[512];
    struct cfg cfg;

    snprintf(text, sizeof(text), "name='g'\ncpuid=%s\n", value);
    CHECK(parse(&cfg, text, &log) == 0);
    CHECK(guest_config_read(&cfg, &g, &log) == 0);
    for (unsigned int i = 0; i < g.n_cpuid; i++)
        if (g.cpuid[i].leaf == leaf && g.cpuid[i].subleaf == subleaf)
            found = g.cpuid[i];
    guest_config_free(&g);
    cfg_free(&cfg);
    return found;
}

static void cpu_features(void)
{
    struct cpuid_change c = change_for("\"host, sse3=0 ,aes=1,avx=0,avx=x,avx2=0\"", 1, 0);

    CHECK(c.off[2] == 1 && c.on[2] == 1u << 25 && !c.off[3] && !c.on[3] && c.line == 2);
    c = change_for("\"host,sse3=0,avx2=0,avx2=k,rdseed=s,rdseed=0\"", 7, 0);
    CHECK(c.off[1] == 1u << 18 && !c.on[1]);
    CHECK(change_for("\"host,lahfsahf=0\"", 0x80000001, 0).off[2] == 1);
    CHECK(change_for("\"host,nx=0\"", 0x80000001, 0).off[3] == 1u << 20);
    CHECK(change_for("\"host,btc-no=0\"", 0x80000008, 0).off[1] == 1u << 29);
    CHECK(change_for("\"host,nscb=0\"", 0x80000021, 0).off[0] == 1u << 6);
    CHECK(change_for("\"host,fzrm=0\"", 7, 1).off[0] == 1u << 10);
    CHECK(change_for("\"host,invtsc=1\"", 0x80000007, 0).on[3] == 1u << 8);
    CHECK(change_for("\"host,svm_npt=0\"", 0x8000000a, 0).off[3] == 1);
    CHECK(change_for("\"host,\"", 1, 0).line == 0 && change_for("\"\"", 1, 0).line == 0 && change_for("[]", 1, 0).line == 0);
    c = change_for("[ '0x1:ecx=1" X31 ", edx=" X31 "0', '1:edx=0x" "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' ]", 1, 0);
    CHECK(c.on[2] == 1u << 31 && c.off[3] == 0x80000000 && !c.off[2]);
    CHECK(change_for("[ '7,1:eax=" X31 "0' ]", 7, 1).off[0] == 1);
    CHECK(change_for("[ '0x80000001:ecx=" X31 "0' ]", 0x80000001, 0).off[2] == 1);
    CHECK(!*warnings);
    c = change_for("\"host,osxsave=0,xsave=0\"", 1, 0); /* the former follows the latter */
    CHECK(c.off[2] == 1u << 26 && !strncmp(warnings, "dir/g.cfg:2: cpuid: 'osxsave' shows", 35));
}

/* Every name is found again at its bit, and no name stands twice. */
static void cpu_feature_names(void)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        struct cpuid_bit b;
        char name[40];

        CHECK(cpuid_find(names[i].name, &b) && b.reg < 4 && cpuid_is_feature(&b) && !cpuid_is_number(names[i].name));
        cpuid_bit_name(&b, name, sizeof(name));
        CHECK(!strcmp(name, names[i].name) || !strncmp(name, "sse4_", 5));
    }
}

/* Random mutations of a good file must neither crash nor leak; the sanitizers watch. */
static void mutations(void)
{
    static const char good[] =
        "name='g'\ndisk=['/a,raw,xvda,w','phy:/b,xvdb,r']\nvif=['mac=00:16:3e:00:00:01,rate=1MB/s@"
        "20ms']\nmemory=64\ncpus=['0-3','^1']\ncpuid=['1:ecx=" X32 ",eax=" X32 "']\nextra=\"a\\tb\"\nl=[1,[2,[3]]]\n";
    unsigned int seed = 1, bad = 0;

    for (int round = 0; round < 20000; round++) {
        char text[sizeof(good)];
        struct guest_config g;
        struct cfg_log log = { .warn = NULL };
        struct cfg cfg;
        int n = 1 + rand_r(&seed) % 4;

        memcpy(text, good, sizeof(text));
        while (n--)
            text[rand_r(&seed) % (sizeof(text) - 1)] = (char)(rand_r(&seed) % 128);
        if (cfg_parse(&cfg, "f", text, sizeof(text) - 1, &log) ||
            guest_config_read(&cfg, &g, &log)) {
            CHECK(*log.error);
            bad++;
        } else {
            guest_config_free(&g);
        }
        cfg_free(&cfg);
    }
    CHECK(bad > 1000);
}

int main(void)
{
    TEST(values);
    TEST(round_trip);
    TEST(syntax_errors);
    TEST(every_key);
    TEST(ignored_keys);
    TEST(refused_keys);
    TEST(guest_errors);
    TEST(whole_guest);
    TEST(command_line);
    TEST(boot_rules);
    TEST(cpu_lists);
    TEST(cpu_features);
    TEST(cpu_feature_names);
    TEST(mutations);
    return TEST_RESULT();
}
