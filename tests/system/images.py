# SPDX-License-Identifier: GPL-2.0-only
"""Disk images of guests that bring their own kernel: an ext4 file system with a GRUB configuration like those that
grub-mkconfig writes, alone or in a partition table."""
import gzip
import os
import shutil
import struct
import subprocess
import uuid
import zlib

from machine import WORK

SECTOR = 512
FIRST = 2048  # sector where the partition begins
LINUX_DATA = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
PACKERS = {b"\xfd7zXZ": "xz", b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\x02\x21\x4c\x18": "lz4"}

GRUB_CFG = """\
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
set default="0"
if [ x"${feature_menuentry_id}" = xy ]; then menuentry_id_option="--id"; else menuentry_id_option=""; fi
export menuentry_id_option
function load_video {
  if [ x$feature_all_video_module = xy ]; then insmod all_video; fi
}
if loadfont unicode; then
  set gfxmode=auto
  load_video
  insmod gfxterm
fi
terminal_output gfxterm
set timeout=1
menuentry 'Linux of the guest' --class gnu-linux --class os $menuentry_id_option 'linux-of-the-guest' {
  load_video
  insmod gzio
  if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
  insmod part_msdos
  insmod part_gpt
  insmod ext2
  search --no-floppy --fs-uuid --set=root @UUID@
  echo 'Loading Linux ...'
  linux /boot/vmlinuz root=UUID=@UUID@ ro @ARGS@
  echo 'Loading initial ramdisk ...'
  initrd /boot/initrd.img
}
"""
MENU_LST = "timeout 1\ndefault 0\ntitle Linux of the guest\nroot (hd0)\nkernel /boot/vmlinuz ro @ARGS@\ninitrd /boot/initrd.img\n"


def mbr(sectors):
    """@return the first @FIRST sectors of a disk with one Linux partition of @sectors"""
    entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", FIRST, sectors)
    return (b"\0" * 446 + entry + b"\0" * 48 + b"\x55\xaa").ljust(FIRST * SECTOR, b"\0")


def gpt(sectors):
    """@return (the first @FIRST sectors of a disk with one Linux partition of @sectors, the sectors behind it): UEFI 2.10, 5.3"""
    last = FIRST + sectors + 33 - 1 + 1  # 32 sectors of entries and the copy of the header
    entry = LINUX_DATA.bytes_le + uuid.uuid4().bytes_le + struct.pack("<QQQ72s", FIRST, FIRST + sectors - 1, 0, b"")
    entries, disk = entry.ljust(128 * 128, b"\0"), uuid.uuid4().bytes_le

    def header(mine, other, table):
        fields = [b"EFI PART", 0x10000, 92, 0, 0, mine, other, 34, last - 33, disk, table, 128, 128, zlib.crc32(entries)]
        form = "<8sIIIIQQQQ16sQIII"
        fields[3] = zlib.crc32(struct.pack(form, *fields))
        return struct.pack(form, *fields).ljust(SECTOR, b"\0")

    protective = struct.pack("<B3sB3sII", 0, b"\0\x02\0", 0xee, b"\xff\xff\xff", 1, last)
    front = b"\0" * 446 + protective + b"\0" * 48 + b"\x55\xaa" + header(1, last, 2) + entries
    return front.ljust(FIRST * SECTOR, b"\0"), entries + header(last, 1, last - 32)


def payload(kernel):
    """@return (how @kernel, a bzImage, is packed: a program, its packed payload): Linux, Documentation/x86/boot.rst"""
    with open(kernel, "rb") as data:
        image = data.read()
    start = (image[0x1f1] + 1) * SECTOR
    offset, length = struct.unpack("<II", image[0x248:0x250])
    packed = image[start + offset:start + offset + length - 4]  # the last four bytes are the unpacked size
    return next(tool for magic, tool in PACKERS.items() if packed.startswith(magic)), packed


def repacked(kernel):
    """@return the ELF image inside of bzImage @kernel, packed with gzip"""
    tool, packed = payload(kernel)
    return gzip.compress(subprocess.run([tool, "-d", "-c"], input=packed, stdout=subprocess.PIPE, check=True).stdout, 1, mtime=0)


def for_pvgrub(kernel):
    """@return the content of @kernel, repacked if it is packed with what PV GRUB 2.06 cannot unpack"""
    if payload(kernel)[0] in ("zstd", "lz4"):
        return repacked(kernel)
    with open(kernel, "rb") as data:
        return data.read()


def disk_image(name, kernel, initrd, args, table=None, megabytes=None, config="grub.cfg"):
    """@args: the kernel's; @table: None, "mbr" or "gpt"; @config: "grub.cfg" or "menu.lst". @return the path of the image"""
    tree, path = os.path.join(WORK, f"{name}.disk"), os.path.join(WORK, f"{name}.img")
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(f"{tree}/boot/grub")
    with open(f"{tree}/boot/vmlinuz", "wb") as out:
        out.write(for_pvgrub(kernel))
    shutil.copy(initrd, f"{tree}/boot/initrd.img")
    identity = str(uuid.uuid5(LINUX_DATA, name))
    with open(f"{tree}/boot/grub/{config}", "w", encoding="ascii") as out:
        text = GRUB_CFG if config == "grub.cfg" else MENU_LST
        out.write(text.replace("@UUID@", identity).replace("@ARGS@", args))
    size = (megabytes or sum(os.path.getsize(f"{tree}/boot/{file}") for file in ("vmlinuz", "initrd.img")) // (1 << 20) + 6) << 20
    front, back = {"mbr": lambda: (mbr(size // SECTOR), b""), "gpt": lambda: gpt(size // SECTOR),
                   None: lambda: (b"", b"")}[table]()
    with open(path, "wb") as out:
        out.write(front)
        out.truncate(len(front) + size)
        out.seek(len(front) + size)
        out.write(back)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-U", identity, "-d", tree, "-E", f"offset={len(front)}", path,
                    f"{size >> 10}k"], check=True)
    shutil.rmtree(tree)
    return path


def add_partition(disk, content):
    """Appends file @content as one more partition to @disk, a stick with our ISO (GPT), as partitioning tools do: UEFI 2.10, 5.3"""
    form = "<8sIIIIQQQQ16sQIII"
    with open(content, "rb") as data:
        body = data.read()
    first = ((os.path.getsize(disk) + (1 << 20) - 1) >> 20) * 2048
    last = first + len(body) // SECTOR - 1
    with open(disk, "r+b") as image:
        image.seek(SECTOR)
        fields = list(struct.unpack(form, image.read(struct.calcsize(form))))
        table, length = fields[10], fields[11] * fields[12]
        image.seek(table * SECTOR)
        rows = bytearray(image.read(length))
        free = next(i for i in range(0, length, fields[12]) if not any(rows[i:i + 16]))
        rows[free:free + 56] = LINUX_DATA.bytes_le + uuid.uuid4().bytes_le + struct.pack("<QQQ", first, last, 0)
        end = last + length // SECTOR + 1

        def header(mine, other, place):
            fields[3], fields[5], fields[6], fields[8], fields[10], fields[13] = 0, mine, other, last, place, zlib.crc32(rows)
            fields[3] = zlib.crc32(struct.pack(form, *fields))
            return struct.pack(form, *fields).ljust(SECTOR, b"\0")

        for place, piece in ((SECTOR, header(1, end, table)), (table * SECTOR, rows), (first * SECTOR, body),
                             ((last + 1) * SECTOR, rows), (end * SECTOR, header(end, 1, last + 1))):
            image.seek(place)
            image.write(piece)
