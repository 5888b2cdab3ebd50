# SPDX-License-Identifier: GPL-2.0-only
"""Domain 0 reads and writes real kinds of disks: what it wrote has the same checksum when read back and from outside."""
import hashlib
import os

import pytest
from machine import WORK, direct

KINDS = {
    "ahci": (["-device", "ich9-ahci,id=ahci", "-device", "ide-hd,drive=disk,bus=ahci.0"], "sda"),
    "nvme": (["-device", "nvme,drive=disk,serial=1"], "nvme0n1"),
    "usb": (["-device", "nec-usb-xhci", "-device", "usb-storage,drive=disk"], "sda"),
    "virtio": (["-device", "virtio-blk-pci,drive=disk"], "vda"),
}
SIZE = 16 << 20


@pytest.mark.parametrize("kind", KINDS)
def test_disk(name, kind):
    os.makedirs(WORK, exist_ok=True)
    image = os.path.join(WORK, f"{name}.img")
    content = hashlib.shake_256(name.encode()).digest(1 << 20) * (SIZE >> 20)
    with open(image, "wb") as out:
        out.write(content)
    devices, disk = KINDS[kind]
    with direct(name, cpus=2, qemu=["-drive", f"file={image},format=raw,if=none,id=disk", *devices]) as machine:
        machine.ready()
        machine.check(f"for i in $(seq 30); do [ -b /dev/{disk} ] && break; sleep 1; done; [ -b /dev/{disk} ]")
        assert hashlib.sha256(content).hexdigest() in machine.check(f"sha256sum /dev/{disk}", 120)
        machine.check(f"dd if=/dev/urandom of=/tmp/data bs=1M count=4 && dd if=/tmp/data of=/dev/{disk} bs=1M seek=3"
                      " && sync && echo 3 > /proc/sys/vm/drop_caches", 120)
        wrote = machine.check("sha256sum < /tmp/data").split()[0]
        read = machine.check(f"dd if=/dev/{disk} bs=1M skip=3 count=4 2>/dev/null | sha256sum", 120).split()[0]
        assert wrote == read
        machine.send("poweroff\n")
        machine.wait_exit(120)
    with open(image, "rb") as data:
        data.seek(3 << 20)
        assert hashlib.sha256(data.read(4 << 20)).hexdigest() == wrote
    os.unlink(image)
