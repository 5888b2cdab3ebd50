# SPDX-License-Identifier: GPL-2.0-only
"""Where root comes from, which media are believed, and that the same input gives the same image."""
import hashlib
import os
import subprocess

from machine import BOOT, BUILD, WORK, direct, run_command
from programs import TOP

ISO = os.path.join(BUILD, "hospes.iso")
EARLY = os.path.join(BOOT, "initrd-early")


def media(image):
    return ["-drive", f"file={image},format=raw,if=virtio,readonly=on"]


def test_root_from_the_medium(name):
    """An initrd without root takes it from the medium with its id."""
    code, text = run_command(name, "grep -q overlay /proc/mounts", initrd=EARLY, memory=512,
                             kernel_args="hospes.wait=20", qemu=media(ISO))
    assert code == 0, text[-2000:]
    assert "hospes: root image found on the boot medium" in text


def test_medium_of_another_version_is_left_alone(name):
    """The same files with another id: early user space says so, waits, and ends in a shell that tells what to do."""
    os.makedirs(WORK, exist_ok=True)
    tree, other = os.path.join(WORK, f"{name}.tree"), os.path.join(WORK, f"{name}.iso")
    os.makedirs(f"{tree}/hospes", exist_ok=True)
    with open(f"{tree}/hospes/root", "w", encoding="ascii") as out:
        out.write("0123456789abcdef boot/initrd 4096\n")
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-r", "-V", "HOSPES_ISO", "-o", other, tree], check=True)
    with direct(name, "hospes.wait=4", initrd=EARLY, memory=512, qemu=media(other)) as machine:
        machine.expect("vda holds another version of Hospes", 120)
        machine.expect("no boot medium of this version found", 60)
        machine.expect("a shell follows", 10)


def test_labelled_file_system_is_mounted_read_only(name):
    os.makedirs(WORK, exist_ok=True)
    image = os.path.join(WORK, f"{name}.img")
    subprocess.run(["truncate", "-s", "16M", image], check=True)
    subprocess.run(["/usr/sbin/mkfs.vfat", "-n", "HOSPES", image], check=True, stdout=subprocess.DEVNULL)
    code, text = run_command(name, "for i in 1 2 3 4 5 6 7 8 9; do grep /media/hospes /proc/mounts && break; sleep 1; done",
                             memory=512, qemu=media(image))
    assert code == 0, text[-2000:]
    assert "/dev/vda /media/hospes vfat ro," in text


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
