/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disk and network specifications: the tables of xl-disk-configuration(5), xen-vbd-interface(7) and
 * xl-network-configuration(5), with their deprecated forms, and what must be refused.
 */
#include "libcfg/parse.c"
#include "libcfg/tree.c"
#include "libcfg/disk.c"
#include "libcfg/vif.c"

#include "check.h"

static char warning[512];

static void warn(void *arg, const char *text)
{
    snprintf(warning, sizeof(warning), "%s", text);
}

static struct cfg_log log_ = { .warn = warn };

static void vdev_numbers(void)
{
    static const struct {
        const char *name;
        long number;    /* -1: refused */
    } table[] = {
        { "d0", 51712 }, { "d0p0", 51712 }, { "xvda", 51712 }, { "d1p2", 51730 },
        { "xvdb2", 51730 }, { "xvdp", 51952 }, { "xvdq", 1L << 28 | 16 << 8 },
        { "d536p37", 1L << 28 | 536 << 8 | 37 }, { "xvdtq37", 1L << 28 | 536 << 8 | 37 },
        { "xvda16", 1L << 28 | 16 }, { "sda", 2048 }, { "sdb3", 2067 }, { "sdp15", 2303 },
        { "hda", 768 }, { "hdb", 832 }, { "hdc", 5632 }, { "hdc2", 5634 }, { "hdd63", 5759 },
        { "0xca00", 51712 }, { "51712", 51712 }, { "0145000", 51712 },
        { "hde", -1 }, { "sdq", -1 }, { "sda16", -1 }, { "hda64", -1 }, { "xvd", -1 },
        { "xvda256", -1 }, { "", -1 }, { "foo", -1 }, { "d", -1 }, { "d0p", -1 }, { "dx", -1 },
        { "xvda1x", -1 }, { "XVDA", -1 }, { "999999999999", -1 }, { "12z", -1 },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint32_t n = 0;
        int rc = disk_vdev_number(table[i].name, &n);

        CHECK(table[i].number < 0 ? rc != 0 : rc == 0 && n == (uint32_t)table[i].number);
        if (table[i].number < 0 ? !rc : rc || n != (uint32_t)table[i].number)
            printf("  %s: rc %d number %u\n", table[i].name, rc, n);
    }
}

static void vdev_names(void)
{
    static const char *const names[] = { "xvda", "xvdb2", "xvdq", "xvdtq37", "sdb3", "hda", "hdc2",
                                         "xvdz" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char out[32];
        uint32_t n;

        CHECK(disk_vdev_number(names[i], &n) == 0);
        disk_vdev_name(n, out, sizeof(out));
        CHECK(!strcmp(out, names[i]));
    }
}

struct disk_case {
    const char *spec, *target, *vdev;
    bool rw, cdrom;
    enum disk_format format;
    const char *script;
};

static void disks(void)
{
    static const struct disk_case table[] = {
        { "/dev/vg/guest-volume,,hda", "/dev/vg/guest-volume", "hda", true, false, 0, NULL },
        { "/dev/vg/guest-volume,raw,hda,rw", "/dev/vg/guest-volume", "hda", true, false, 0, NULL },
        { "format=raw, vdev=hda, access=rw, target=/dev/vg/guest-volume", "/dev/vg/guest-volume",
          "hda", true, false, 0, NULL },
        { "raw:/dev/vg/guest-volume,hda,w", "/dev/vg/guest-volume", "hda", true, false, 0, NULL },
        { "/root/image.iso,,hdc,cdrom", "/root/image.iso", "hdc", false, true, 0, NULL },
        { "/root/image.iso,,hdc,,cdrom", "/root/image.iso", "hdc", false, true, 0, NULL },
        { "/root/image.iso,raw,hdc,devtype=cdrom", "/root/image.iso", "hdc", false, true, 0, NULL },
        { "format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/root/image.iso",
          "/root/image.iso", "hdc", false, true, 0, NULL },
        { "raw:/root/image.iso,hdc:cdrom,ro", "/root/image.iso", "hdc", false, true, 0, NULL },
        { ",hdc:cdrom,r", "", "hdc", false, true, DISK_EMPTY, NULL },
        { "phy:/dev/sda3,xvda,w", "/dev/sda3", "xvda", true, false, 0, NULL },
        { "file:/x.img,xvda1,r", "/x.img", "xvda1", false, false, 0, NULL },
        { "tap:aio:/x.img,xvda,w", "/x.img", "xvda", true, false, 0, NULL },
        { "tap:qcow2:/x.img,xvda,w", "/x.img", "xvda", true, false, DISK_QCOW2, NULL },
        { "tap2:tapdisk:vhd:/x,xvda,w!", "/x", "xvda", true, false, DISK_VHD, NULL },
        { "/x.img,xvda,w", "/x.img", "xvda", true, false, 0, NULL },
        { "drbd:res0,xvda,w", "res0", "xvda", true, false, 0, "block-drbd" },
        { "iscsi:iqn,xvda,w", "iqn", "xvda", true, false, 0, "block-iscsi" },
        { "nbd:host:7,xvda,w", "host:7", "xvda", true, false, 0, "block-nbd" },
        { "enbd:host:7,xvda,w", "host:7", "xvda", true, false, 0, "block-enbd" },
        { "ioemu:/x,hda,w", "/x", "hda", true, false, 0, NULL },
        { "qcow:/x,xvda,w", "/x", "xvda", true, false, DISK_QCOW, NULL },
        { "qed:/x,xvda:disk,w", "/x", "xvda", true, false, DISK_QED, NULL },
        { "/x,qed,xvda,ro", "/x", "xvda", false, false, DISK_QED, NULL },
        { "vdev=xvda,format=qcow2,target=/a,b=c d ", "/a,b=c d ", "xvda", true, false, DISK_QCOW2,
          NULL },
        { "  /x ,  raw ,  xvdb , r ", "/x", "xvdb", false, false, 0, NULL },
        { "/x,,xvda,,no-discard,direct-io-safe,untrusted", "/x", "xvda", true, false, 0, NULL },
        { "script=block-foo,vdev=xvda,target=anything:at all", "anything:at all", "xvda", true,
          false, 0, "block-foo" },
        { ",,hdc,cdrom", "", "hdc", false, true, DISK_EMPTY, NULL },
        { "vg/lv,raw,xvda,rw,backendtype=phy,backend=0,specification=xen,discard,trusted", "vg/lv",
          "xvda", true, false, 0, NULL },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct disk_case *t = &table[i];
        struct disk_spec d;
        int rc = disk_parse(&d, t->spec, "f", 3, &log_);
        int before = check_failures;

        CHECK(rc == 0);
        if (rc) {
            printf("  %s: %s\n", t->spec, log_.error);
            continue;
        }
        CHECK(!strcmp(d.target, t->target) && !strcmp(d.vdev, t->vdev));
        CHECK(d.readwrite == t->rw && d.cdrom == t->cdrom && d.format == t->format);
        CHECK(t->script ? d.script && !strcmp(d.script, t->script) : !d.script);
        if (check_failures != before)
            printf("  %s: target %s vdev %s rw %d cdrom %d format %d script %s\n", t->spec,
                   d.target, d.vdev, d.readwrite, d.cdrom, d.format, d.script ? d.script : "-");
        disk_free(&d);
    }
}

static void disk_flags(void)
{
    struct disk_spec d;

    CHECK(!disk_parse(&d, "/x,,xvda,,no-discard,direct-io-safe,untrusted", "f", 1, &log_));
    CHECK(!d.discard && d.direct_io_safe && !d.trusted);
    disk_free(&d);
    CHECK(!disk_parse(&d, "/x,,xvda", "f", 1, &log_));
    CHECK(d.discard && !d.direct_io_safe && d.trusted && d.backendtype == DISK_BACKEND_AUTO);
    disk_free(&d);
    CHECK(!disk_parse(&d, "/x,,xvda,backendtype=qdisk,backend=store,specification=virtio,colo,"
                      "colo-host=h,colo-port=1,colo-export=e,active-disk=a,hidden-disk=b", "f", 1, &log_));
    CHECK(d.backendtype == DISK_BACKEND_QDISK && !strcmp(d.backend, "store") && d.virtio && d.colo);
    disk_free(&d);
}

static void bad_disks(void)
{
    static const char *const table[] = {
        "", "/x", "/x,raw", "/x,raw,nosuch,rw", "/x,raw,xvda,maybe", "/x,raw,xvda,rw,extra",
        "/x,tar,xvda", "/x,,xvda,devtype=floppy", "/x,,xvda,backendtype=usb", ",,xvda",
        "/x,,xvda,vdev=xvdb", "/x,,xvda,access=ro,access=rw", "/x,,hdc,rw,cdrom", "/x,,xvda,a=b",
        "vdev=xvda", "/x,,xvda,specification=scsi", "raw:/x,xvda,rw,cdrom2",
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct disk_spec d;
        int rc;

        log_.error[0] = '\0';
        rc = disk_parse(&d, table[i], "f.cfg", 7, &log_);
        CHECK(rc == -EINVAL);
        CHECK(!strncmp(log_.error, "f.cfg:7: disk", 13));
        if (!rc) {
            printf("  accepted: %s\n", table[i]);
            disk_free(&d);
        }
    }
}

static void rates(void)
{
    static const struct {
        const char *text;
        long bytes, usecs;    /* -1: refused */
    } table[] = {
        { "10Mb/s", 62500, 50000 }, { "250KB/s", 12500, 50000 }, { "1MB/s@20ms", 20000, 20000 },
        { "1GB/s", 50000000, 50000 }, { "100Kb/s", 625, 50000 }, { "1000B/s@1s", 1000, 1000000 },
        { "8000b/s@500us", 0, -1 }, { "10MB/s@50ms", 500000, 50000 }, { "10Mb", 0, -1 },
        { "10/s", 0, -1 }, { "Mb/s", 0, -1 }, { "10mb/s", 0, -1 }, { "10Mb/s@", 0, -1 },
        { "10Mb/s@5", 0, -1 }, { "10Mb/s@0ms", 0, -1 }, { "99999999999GB/s", 0, -1 },
        { "0MB/s", 0, -1 }, { "10Mb/sx", 0, -1 }, { "1GB/s@10s", 0, -1 },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint64_t bytes = 0;
        uint32_t usecs = 0;
        int rc = vif_parse_rate(table[i].text, &bytes, &usecs);

        if (table[i].usecs < 0)
            CHECK(rc != 0);
        else
            CHECK(!rc && bytes == (uint64_t)table[i].bytes && usecs == (uint32_t)table[i].usecs);
        if ((table[i].usecs < 0) != (rc != 0))
            printf("  %s: rc %d %lu %u\n", table[i].text, rc, (unsigned long)bytes, usecs);
    }
}

static void vifs(void)
{
    struct vif_spec v;

    CHECK(!vif_parse(&v, "", "f", 1, &log_));
    CHECK(!v.has_mac && !v.bridge && v.devid == -1 && v.trusted && !v.rate_bytes);
    vif_free(&v);
    CHECK(!vif_parse(&v, "mac=00:16:3E:74:3d:76,model=rtl8139,bridge=xenbr0", "f", 1, &log_));
    CHECK(v.has_mac && v.mac[2] == 0x3e && v.mac[5] == 0x76 && !strcmp(v.bridge, "xenbr0"));
    CHECK(!strcmp(v.model, "rtl8139"));
    vif_free(&v);
    CHECK(!vif_parse(&v, " bridge = br1 , script=vif-route, ip=10.0.0.1 10.0.0.2,vifname=web0,"
                     "backend=net,gatewaydev=eth0,type=vif,rate=1MB/s@20ms,devid=3,mtu=9000,"
                     "untrusted", "f", 1, &log_));
    CHECK(!strcmp(v.bridge, "br1") && !strcmp(v.script, "vif-route"));
    CHECK(!strcmp(v.ip, "10.0.0.1 10.0.0.2") && !strcmp(v.vifname, "web0"));
    CHECK(!strcmp(v.backend, "net") && !strcmp(v.gatewaydev, "eth0") && !strcmp(v.type, "vif"));
    CHECK(v.rate_bytes == 20000 && v.rate_usecs == 20000 && v.devid == 3 && v.mtu == 9000);
    CHECK(!v.trusted);
    vif_free(&v);
    CHECK(!vif_parse(&v, "netdev=eth1,accel=x,", "f", 1, &log_));
    CHECK(!strcmp(v.gatewaydev, "eth1"));
    CHECK(!strcmp(warning, "f:1: vif: 'accel' is not implemented, ignored"));
    vif_free(&v);
    CHECK(!vif_parse(&v, "type=ioemu,model=e1000,trusted,vlan=3", "f", 2, &log_));
    CHECK(!strcmp(v.type, "ioemu") && v.trusted);
    CHECK(!strcmp(warning, "f:2: vif: 'vlan' is not implemented, ignored"));
    vif_free(&v);
    CHECK(!vif_parse(&v, "forwarddev=eth1", "f", 2, &log_));
    CHECK(!strcmp(warning, "f:2: vif: 'forwarddev' is not implemented, ignored"));
    vif_free(&v);
    CHECK(!vif_parse(&v, "coloft_forwarddev=eth1", "f", 2, &log_));
    CHECK(!strcmp(warning, "f:2: vif: 'coloft_forwarddev' is not implemented, ignored"));
    vif_free(&v);
}

static void bad_vifs(void)
{
    static const char *const table[] = {
        "mac=00:16:3e:00:00", "mac=00-16-3e-00-00-01", "mac=01:16:3e:00:00:01", "mac=", "rate=fast",
        "mtu=12", "mtu=x", "devid=-1", "devid=70000", "type=usb", "vifname=a-name-that-is-too-long",
        "vifname=a/b", "nosuch=1", "bridge", "mac=00:16:3e:00:00:01:02", "mac=0g:16:3e:00:00:01",
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct vif_spec v;
        int rc;

        log_.error[0] = '\0';
        rc = vif_parse(&v, table[i], "f.cfg", 9, &log_);
        CHECK(rc == -EINVAL && !strncmp(log_.error, "f.cfg:9: vif: ", 14));
        if (!rc) {
            printf("  accepted: %s\n", table[i]);
            vif_free(&v);
        }
    }
}

int main(void)
{
    TEST(vdev_numbers);
    TEST(vdev_names);
    TEST(disks);
    TEST(disk_flags);
    TEST(bad_disks);
    TEST(rates);
    TEST(vifs);
    TEST(bad_vifs);
    return TEST_RESULT();
}
