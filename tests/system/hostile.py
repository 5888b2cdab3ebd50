# SPDX-License-Identifier: GPL-2.0-only
"""Disks as guests may leave them behind: every name that Hospes knows is on them. No boot may use, mount or change one of them."""
import glob
import hashlib
import os
import shutil
import subprocess

from images import add_partition
from machine import BUILD, WORK

ISO = os.path.join(BUILD, "hospes.iso")
EVIL = 'name = "evil"\nkernel = "/boot/vmlinuz"\n'


def ext4(path, tree, *options, size="8M"):
    """A file system with the content of folder @tree at @path. @options: of mke2fs. @return @path"""
    if os.path.exists(path):
        os.unlink(path)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", *options, "-d", tree, path, size], check=True, stdout=subprocess.DEVNULL)
    return path


def make_dirty(path):
    """Leaves the ext4 file system @path as a crash would: with a journal to be replayed, and an orphan to be cleared."""
    script = f"{path}.debugfs"
    with open(f"{path}.block", "wb") as out:
        out.write(b"evil" * 256)
    with open(script, "w", encoding="ascii") as out:
        out.write(f"journal_open\njournal_write -b 333 {path}.block\njournal_close\nset_super_value last_orphan 12\n")
    done = subprocess.run(["/usr/sbin/debugfs", "-w", "-f", script, path], check=True, capture_output=True, text=True)
    state = subprocess.run(["/usr/sbin/dumpe2fs", "-h", path], check=True, capture_output=True, text=True).stdout
    assert "needs_recovery" in state and "First orphan inode" in state, done.stdout + done.stderr + state


def evil_tree(name):
    """@return a folder that looks like our medium and our volume, as far as somebody can make it who knows the image"""
    tree = os.path.join(WORK, f"{name}.evil")
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["xorriso", "-osirrox", "on", "-indev", ISO, "-extract", "/", tree], check=True, capture_output=True)
    subprocess.run(["chmod", "-R", "u+w", tree], check=True)
    os.makedirs(f"{tree}/guests", exist_ok=True)
    with open(f"{tree}/guests/evil.cfg", "w", encoding="ascii") as out:
        out.write(EVIL)
    with open(f"{tree}/boot/grub/grub.cfg", "w", encoding="ascii") as out:
        out.write("echo EVIL\nsleep 60\n")
    with open(f"{tree}/boot/initrd", "r+b") as out:  # of the right size, with hospes/root as it was
        out.seek(-8192, os.SEEK_END)
        out.write(b"evil" * 1024)
    return tree


def disks(name):
    """@return files: an ISO like ours that was changed, an ext4 that is dirty, a FAT, a true copy of our ISO with a volume behind it"""
    os.makedirs(WORK, exist_ok=True)
    tree, paths = evil_tree(name), [os.path.join(WORK, f"{name}.{kind}") for kind in ("like", "ext4", "fat", "copy")]
    like, dirty, fat, copy = paths
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-r", "-V", "HOSPES_ISO", "-A", "HOSPES", "-o", like, tree], check=True)
    make_dirty(ext4(dirty, tree, "-L", "HOSPES", size="48M"))
    subprocess.run(["truncate", "-s", "48M", fat], check=True)
    subprocess.run(["/usr/sbin/mkfs.vfat", "-n", "HOSPES_ISO", fat], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["mcopy", "-s", "-i", fat, *glob.glob(f"{tree}/*"), "::/"], check=True)
    shutil.copy(ISO, copy)
    small = f"{tree}.small"
    shutil.rmtree(small, ignore_errors=True)
    shutil.copytree(f"{tree}/guests", f"{small}/guests")
    add_partition(copy, ext4(f"{copy}.part", small, "-L", "HOSPES"))
    return paths


def attached(paths):
    """@return QEMU's arguments for @paths as disks that can be written; GRUB and Linux see them before discs and sticks"""
    return [word for path in paths for word in ("-drive", f"file={path},format=raw,if=virtio,cache=writethrough")]


def digests(paths):
    result = {}
    for path in paths:
        with open(path, "rb") as data:
            result[path] = hashlib.sha256(data.read()).hexdigest()
    return result


def not_used(machine):
    """In Domain 0, when its guests were gathered: nothing comes from the disks."""
    machine.check("for i in $(seq 90); do [ -e /run/hospes/guests-gathered ] && break; sleep 1; done; [ -e /run/hospes/guests-gathered ]", 200)
    assert machine.run("grep '^/dev/vd' /proc/mounts; losetup -a | grep /dev/vd; ls /etc/xen/auto | grep evil")[1].strip() == ""
    assert "EVIL" not in machine.text
