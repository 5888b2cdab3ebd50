# SPDX-License-Identifier: GPL-2.0-only
"""What a guest's disk may be: a partition, a logical volume, a file on a disk's file system (with direct I/O). What the guest
wrote is there afterwards; a device that is in use under another name is refused."""
import os
import struct
import subprocess

from guests import config, create, host, inside, no_trouble, wait_until
from images import FIRST, SECTOR
from machine import WORK
from programs import compiled

GUEST = 81
MIB = 1 << 20
PARTITIONS = [(FIRST, 8), (FIRST + 8 * MIB // SECTOR, 8), (FIRST + 16 * MIB // SECTOR, 24)]  # first sector, MiB
DISKS = {"xvda": "phy:/dev/vda1", "xvdb": "phy:/dev/vg0/guest", "xvdc": "/mnt/guest.img"}


def disk(name):
    """@return a disk image with three partitions, an ext4 file system in the last"""
    path = os.path.join(WORK, f"{name}.disk.img")
    entries = b"".join(struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", first, mib * MIB // SECTOR)
                       for first, mib in PARTITIONS)
    os.makedirs(WORK, exist_ok=True)
    with open(path, "wb") as out:
        out.write(b"\0" * 446 + entries + b"\0" * 16 + b"\x55\xaa")
        out.truncate(PARTITIONS[-1][0] * SECTOR + PARTITIONS[-1][1] * MIB)
    first, mib = PARTITIONS[-1]
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-E", f"offset={first * SECTOR}", path, f"{mib << 10}k"], check=True)
    return path


def test_disks_of_a_guest(name):
    specs = ", ".join(f'"{target.removeprefix("phy:")},raw,{device},rw"' if device != "xvda" else f'"{target},{device},w"'
                      for device, target in DISKS.items())
    configs = {"one.cfg": config("one", GUEST, disk=f"[{specs}]"),
               "two.cfg": config("two", GUEST + 1, disk='["phy:/dev/dm-0,xvda,w"]')}
    volume = os.path.join(WORK, f"{name}.dm-linear")
    image = disk(name)
    compiled("dm-linear", volume)
    with host(name, configs, {"/guests/dm-linear": volume},
              qemu=["-drive", f"file={image},format=raw,if=none,id=disk", "-device", "virtio-blk-pci,drive=disk"]) as machine:
        machine.ready(300)
        machine.check("for i in $(seq 30); do [ -b /dev/vda3 ] && break; sleep 1; done; mount -t ext4 /dev/vda3 /mnt")
        machine.check("truncate -s 8M /mnt/guest.img; mkdir -p /dev/vg0; ln -s $(/guests/dm-linear vg0-guest /dev/vda2 16384) /dev/vg0/guest")
        create(machine, "one")
        loop = machine.check("losetup -a | sed -n 's/^.dev.\\(loop[0-9]*\\):.*guest.img.*/\\1/p'").strip()
        assert machine.check(f"cat /sys/block/{loop}/loop/dio").strip() == "1"
        sums = {}
        for device in DISKS:
            assert inside(machine, GUEST, f"cat /sys/block/{device}/size").strip() == str(8 * MIB // SECTOR)
            inside(machine, GUEST, f"dd if=/dev/urandom of=/dev/{device} bs=1M count=8 conv=fsync 2> /dev/null")
            sums[device] = inside(machine, GUEST, f"md5sum < /dev/{device}").split()[0]
        code, output = machine.run("xl create -q /guests/two.cfg", 120)
        assert code != 0 and "/guests/two.cfg:" in output and "/dev/dm-0" in output and "one" in output, output
        machine.check("xl shutdown one")
        wait_until(machine, "! xl domid one > /dev/null 2>&1")
        machine.check("! losetup -a | grep guest.img; umount /mnt && mount -t ext4 -o ro /dev/vda3 /mnt; echo 3 > /proc/sys/vm/drop_caches")
        for device, target in DISKS.items():
            assert machine.check(f"md5sum < {target.removeprefix('phy:')}").split()[0] == sums[device], device
        no_trouble(machine)
        machine.send("poweroff\n")
        machine.wait_exit(120)
    os.unlink(image)
