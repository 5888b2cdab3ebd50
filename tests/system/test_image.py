# SPDX-License-Identifier: GPL-2.0-only
"""Where root comes from, which media are believed, and that the same input gives the same image."""
import hashlib
import os
import re
import shutil
import subprocess

import hostile
from guests import packed
from machine import BOOT, BUILD, WORK, direct, run_command
from programs import TOP

ISO = os.path.join(BUILD, "hospes.iso")
EARLY = os.path.join(BOOT, "initrd-early")


def media(image):
    return ["-drive", f"file={image},format=raw,if=virtio,readonly=on"]


def test_root_from_the_medium(name):
    """An initrd without root takes it from the medium with its id: not from disks that only say so; and needs the medium no more."""
    disks = hostile.disks(name)
    with open(ISO, "rb") as data, open(disks[0], "wb") as out:
        content = bytearray(data.read())
        content[content.index(b"hsqs") + 100000] ^= 1
        out.write(content)
    before = hostile.digests(disks)
    code, text = run_command(name, "grep -q overlay /proc/mounts && ! grep /dev/vd /proc/mounts", initrd=EARLY, memory=512,
                             kernel_args="hospes.wait=20", qemu=hostile.attached(disks[:3]) + media(ISO))
    assert code == 0, text[-2000:]
    assert "vda1: the root image on it is damaged, looking further" in text
    assert "hospes: root image found on the boot medium" in text
    assert hostile.digests(disks) == before


def test_medium_of_another_version_is_left_alone(name):
    """The same files with another id: early user space says so, waits, and ends in a shell that tells what to do."""
    os.makedirs(WORK, exist_ok=True)
    tree, other = os.path.join(WORK, f"{name}.tree"), os.path.join(WORK, f"{name}.iso")
    os.makedirs(f"{tree}/hospes", exist_ok=True)
    with open(f"{tree}/hospes/root", "w", encoding="ascii") as out:
        out.write("0123456789abcdef boot/initrd 4096\n")
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-r", "-A", "HOSPES", "-o", other, tree], check=True)
    with direct(name, "hospes.wait=4", initrd=EARLY, memory=512, qemu=media(other)) as machine:
        machine.expect("vda holds another version of Hospes", 120)
        machine.expect("no boot medium of this version found", 60)
        machine.expect("a shell follows", 10)


def test_volume(name):
    """A UUID that two disks have names none of them; a person may choose one: its guests start, though its journal is not replayed; a disk
    that a guest is configured for is not to be had. A medium that stays in use must hold nothing but what its list names."""
    os.makedirs(WORK, exist_ok=True)
    tree, archive = os.path.join(WORK, f"{name}.tree"), os.path.join(WORK, f"{name}.cpio")
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(f"{tree}/volume/guests")
    os.makedirs(f"{tree}/root/etc/xen/auto")
    for path, text in (("volume/guests/other.cfg", 'name = "other"\nkernel = "/no/kernel"\n'),
                       ("root/etc/xen/auto/own.cfg", 'name = "own"\nkernel = "/no/kernel"\ndisk = [ "phy:/dev/vdc,xvda,w" ]\n')):
        with open(f"{tree}/{path}", "w", encoding="ascii") as out:
            out.write(text)
    packed(f"{tree}/root", archive)
    identity = "0123abcd-0123-4567-89ab-0123456789ab"
    disks = [hostile.ext4(os.path.join(WORK, f"{name}.{letter}"), f"{tree}/volume", "-U", identity) for letter in "abc"]
    hostile.make_dirty(disks[0])
    like = hostile.disks(name)[0]
    before = hostile.digests(disks + [like])
    with open(f"{BUILD}/iso/tree/hospes/guests", "rb") as data:
        medium = hashlib.sha256(data.read()).hexdigest()
    with direct(name, f"hospes.volume={identity.upper()} hospes.guests=medium@{medium} hospes.copy=0", extra_initrd=archive,
                qemu=["-drive", f"file={like},format=raw", "-cdrom", ISO, *hostile.attached(disks)]) as machine:
        machine.ready()
        machine.expect("guests: /dev/sda holds more than it should: looking further", 90)
        machine.expect("guests: no room in memory for .*example.initrd.*: leave the medium in", 60)
        machine.expect(f"the UUID {identity.upper()} of the volume is that of /dev/vda and of /dev/vdb: neither is used", 60)
        hostile.not_used(machine)
        assert re.search("/dev/sr0 /media/hospes-iso iso9660 ro,nosuid,nodev,noexec", machine.check("cat /proc/mounts; ls /etc/xen/auto/example.cfg"))
        assert "/dev/vda" in machine.check("hospes-volume") and "/dev/vdc" not in machine.check("hospes-volume")
        assert "guest's disk" in machine.run("hospes-volume /dev/vdc")[1]
        assert "other" in machine.run("hospes-volume /dev/vda")[1]
        assert re.search("/dev/vda /media/hospes ext4 ro,nosuid,nodev,noexec,.*norecovery", machine.check("cat /proc/mounts"))
        machine.check("[ -e /etc/xen/auto/other.cfg ] && [ -e /etc/xen/auto/own.cfg ]")
        machine.send("poweroff\n")
        machine.wait_exit(120)
    assert hostile.digests(disks + [like]) == before


def test_iso_is_reproducible(name):
    """Packing once more from the same pieces, elsewhere and with another umask, gives the same bytes."""
    os.makedirs(WORK, exist_ok=True)
    again = os.path.join(WORK, f"{name}.iso")
    subprocess.run(["sh", "-c", f"umask 077; exec {TOP}/iso/build-iso {BOOT} {WORK}/{name} {again} {BUILD}/guests"], check=True)
    digests = []
    for path in (ISO, again):
        with open(path, "rb") as data:
            digests.append(hashlib.sha256(data.read()).hexdigest())
    assert digests[0] == digests[1]
