# SPDX-License-Identifier: GPL-2.0-only
"""Guests whose configuration names no kernel: PV GRUB boots the one of their disk, whatever the disk looks like and whichever way
the configuration asks for it; a reboot boots it again."""
import os
import re

from guests import config, console_log, create, host, initrd, inside, wait_console
from images import disk_image
from machine import BOOT
from test_guests import no_trouble

# guest: (number, partition table, configuration on the disk, virtual device, more lines, what xl says)
WAYS = {
    "plain": (31, None, "grub.cfg", "xvda1", "", None),
    "mbr": (32, "mbr", "grub.cfg", "xvda", 'bootloader = "pygrub"\n', r"^xl: warning: /guests/mbr.cfg:\d+: bootloader: PV GRUB "),
    "gpt": (33, "gpt", "grub.cfg", "xvda", 'firmware = "pvgrub64"\nvcpus = 2\n', None),
    "legacy": (34, None, "menu.lst", "xvda", 'kernel = "/usr/lib/xen-4.17/boot/pvgrub64.bin"\n',
               r"^xl: warning: /guests/legacy.cfg:\d+: kernel: .* PV GRUB "),
}


def test_own_kernel(name):
    ramdisk = initrd(name)
    configs, files = {}, {}
    for guest, (number, table, menu, device, more, _) in WAYS.items():
        files[f"/guests/{guest}.img"] = disk_image(
            f"{name}-{guest}", os.path.join(BOOT, "vmlinuz"), ramdisk,
            f"console=hvc0 quiet guest.name={guest} guest.ip=172.30.0.{number} guest.ping=172.30.0.1 from.disk={guest}", table,
            config=menu)
        configs[f"{guest}.cfg"] = config(guest, number, kernel=None, disk=f'["{guest}.img,raw,{device},rw"]') + more
    with host(name, configs, files, ramdisk, cpus=2) as machine:
        machine.ready(300)
        for guest, (_, _, _, _, _, says) in WAYS.items():
            output = machine.check(f"xl create /guests/{guest}.cfg", 120)
            assert re.search(says, output, re.M) if says else "warning" not in output, output
        for guest, (number, *_) in WAYS.items():
            wait_console(machine, guest, f"^{guest}: ready")
            assert f"{guest}: ping 172.30.0.1 answered" in console_log(machine, guest)
            assert f"from.disk={guest}" in inside(machine, number, "cat /proc/cmdline")
            machine.check(f"xl reboot {guest}")
        for guest, (number, *_) in WAYS.items():
            wait_console(machine, guest, f"^{guest}: ready", times=2)
            assert inside(machine, number, "nproc").strip() == ("2" if guest == "gpt" else "1")
        assert "grub: error" not in console_log(machine, "mbr")
        no_trouble(machine)


def test_nothing_to_boot(name):
    """PV GRUB says what it misses on the guest's console; without a disk, xl says so and makes nothing."""
    empty = disk_image(name, os.path.join(BOOT, "vmlinuz"), initrd(name), "", config="none.cfg")
    configs = {"empty.cfg": config("empty", 35, kernel=None, disk='["empty.img,raw,xvda,rw"]'),
               "none.cfg": config("none", 36, kernel=None), "loader.cfg": config("loader", 37, kernel=None, bootloader='"/opt/my"')}
    with host(name, configs, {"/guests/empty.img": empty}) as machine:
        machine.ready(300)
        create(machine, "empty", ready=False)
        wait_console(machine, "empty", "PV GRUB: no disk of this guest has boot/grub/grub.cfg")
        for guest, says in (("none", "nothing to boot"), ("loader", r":\d+: bootloader: '/opt/my' is not available")):
            code, output = machine.run(f"xl create -q /guests/{guest}.cfg")
            assert code != 0 and re.search(says, output) and len(output.splitlines()) == 1, output
        assert machine.check("xl list").count("\n") == 3, machine.check("xl list")
        no_trouble(machine)
