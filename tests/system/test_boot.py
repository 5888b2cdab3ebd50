# SPDX-License-Identifier: GPL-2.0-only
"""From every way of power-on to a command in Domain 0, over machine types, CPUs, memory sizes and network cards. Most have internal disks
that a guest has written to deceive: see hostile.py."""
import os
import re
import shutil
import subprocess

import hostile
import pytest
from images import add_partition
from machine import BUILD, WORK, Machine, direct, run_command

ISO = os.path.join(BUILD, "hospes.iso")


def look_around(machine, cpus, disks=(), command="true"):
    """What must hold in Domain 0 however it was booted. @disks: attached ones, none of which may be used or changed; @command: must
    succeed when guests were gathered"""
    before = hostile.digests(disks)
    machine.ready(180)
    assert "xen" in machine.check("cat /sys/hypervisor/type")
    assert machine.check("cat /sys/hypervisor/version/extra").strip() == "-hospes"
    assert machine.check("nproc").strip().splitlines()[-1] == str(cpus)
    assert re.search(r"inet 10\.0\.2\.\d+", machine.check("for i in $(seq 60); do ip addr | grep -q 'inet 10\\.' && break;"
                                                          " sleep 1; done; ip addr", 120))
    assert "hospes" in machine.check("cat /var/log/xen/hypervisor.log").lower()
    assert not re.search(r"BUG|WARNING: CPU|Oops|Call Trace", machine.text), machine.tail(60)
    if disks:
        hostile.not_used(machine)
        machine.check(command)
    machine.send("poweroff\n")
    machine.wait_exit(120)
    assert hostile.digests(disks) == before


@pytest.mark.parametrize("model,cpus,memory,nic", [
    ("pc", 1, 192, "e1000"),
    ("pc", 4, 1024, "virtio-net-pci"),
    ("q35", 1, 8192, "virtio-net-pci"),
    ("q35", 4, 512, "e1000"),
])
def test_direct(name, model, cpus, memory, nic):
    disks = hostile.disks(name) if model == "q35" and cpus == 4 else []
    with direct(name, model=model, cpus=cpus, memory=memory, nic=nic, qemu=hostile.attached(disks)) as machine:
        look_around(machine, cpus, disks)


def test_watchdog(name):
    """NMIs come, also at CPUs that wait, and nothing is taken for a hang."""
    with direct(name, cpus=4, hypervisor_args="watchdog") as machine:
        machine.expect(r"^\(XEN\) Watchdog: on, 5 seconds")
        look_around(machine, 4)


@pytest.mark.parametrize("model", ["pc", "q35"])
def test_iso_as_cd(name, model):
    disks = hostile.disks(name) if model == "pc" else []
    with Machine(name, "-cdrom", ISO, "-boot", "d", *hostile.attached(disks), model=model, memory=512) as machine:
        look_around(machine, 1, disks)


def stick(name):
    """@return a stick with the ISO, and behind it a partition with one more guest: a FAT, without a label"""
    path, part = os.path.join(WORK, f"{name}.stick"), os.path.join(WORK, f"{name}.part")
    os.makedirs(WORK, exist_ok=True)
    shutil.copy(ISO, path)
    subprocess.run(["truncate", "-s", "8M", part], check=True)
    subprocess.run(["/usr/sbin/mkfs.vfat", part], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["mmd", "-i", part, "::/guests"], check=True)
    subprocess.run(["mcopy", "-i", part, "-", "::/guests/volume.cfg"], check=True, input=b'name = "volume"\nkernel = "/no"\n')
    add_partition(path, part)
    return path


def test_iso_as_disk(name):
    """The entry whose root image Linux reads; GRUB tells Domain 0 which volume is on the stick that it came from."""
    disks = hostile.disks(name)
    with Machine(name, "-drive", f"file={stick(name)},format=raw,readonly=on,if=none,id=stick",
                 "-device", "nec-usb-xhci", "-device", "usb-storage,drive=stick,bootindex=0", *hostile.attached(disks), memory=512) as machine:
        machine.expect("root image read by Linux", 60)
        machine.send("\x1b[B" * 4 + "\r")
        machine.expect("hospes: root image found on the boot medium", 120)
        look_around(machine, 1, disks, "[ -e /etc/xen/auto/volume.cfg ] && [ -e /etc/xen/auto/example.cfg ] && ! grep /dev/sd /proc/mounts")


def test_iso_as_cd_uefi(name):
    with Machine(name, "-bios", "/usr/share/ovmf/OVMF.fd", "-cdrom", ISO, memory=768, cpus=2) as machine:
        look_around(machine, 2)


def test_iso_as_disk_uefi(name):
    disks = hostile.disks(name)
    with Machine(name, "-bios", "/usr/share/ovmf/OVMF.fd",
                 "-drive", f"file={stick(name)},format=raw,readonly=on,if=none,id=stick",
                 "-device", "nec-usb-xhci", "-device", "usb-storage,drive=stick,bootindex=0", *hostile.attached(disks), memory=768) as machine:
        look_around(machine, 1, disks, "[ -e /etc/xen/auto/volume.cfg ] && [ -e /etc/xen/auto/example.cfg ] && ! grep /dev/sd /proc/mounts")


def test_pxe(name):
    pxe = os.path.join(BUILD, "pxe")
    disks = hostile.disks(name)
    with Machine(name, "-boot", "n", *hostile.attached(disks), memory=768, netdev=f",tftp={pxe},bootfile=/pxelinux.0") as machine:
        look_around(machine, 1, disks, "[ -e /etc/xen/auto/example.cfg ] && [ -e /boot/vmlinuz ]")


def test_run_option_passes_the_exit_code(name):
    code, text = run_command(name, "sh -c 'echo sum=$((40+2)); exit 7'")
    assert code == 7
    assert "sum=42" in text


def test_script_in_an_extra_initrd(name):
    """hospes.run= names a script that came in an archive behind ours."""
    tree = os.path.join(WORK, name)
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(os.path.join(tree, "smoke"))
    script = os.path.join(tree, "smoke", "test.sh")
    with open(script, "w", encoding="utf-8") as out:
        out.write("#!/bin/sh\necho smoke-$((6*7))\nexit 3\n")
    os.chmod(script, 0o755)
    archive = os.path.join(WORK, f"{name}.cpio")
    assert os.system(f"cd {tree} && find . | cpio -o -H newc --quiet > {archive}") == 0
    code, text = run_command(name, "/smoke/test.sh", extra_initrd=archive)
    assert code == 3
    assert "smoke-42" in text
