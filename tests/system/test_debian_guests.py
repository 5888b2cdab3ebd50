# SPDX-License-Identifier: GPL-2.0-only
"""Debian's unmodified kernels as guests: given in the configuration, and from a disk through PV GRUB. Each pings Domain 0 and
verifies its disk after a reboot of its own."""
import re

import pytest
from debian import FLAVOURS, kernel, modules
from guests import config, console_log, create, host, initrd, inside
from images import disk_image
from test_guests import blank, no_trouble

TROUBLE = r"BUG:|WARNING:|Oops|Call Trace|rcu.*(stall|detected)|soft lockup"


@pytest.mark.parametrize("flavour", ["amd64", "cloud"])
def test_debian_kernel(name, flavour):
    image = FLAVOURS[flavour]
    ramdisk = initrd(name, *modules(["xen-blkfront", "xen-netfront"], image))
    options = "console=hvc0 guest.ping=172.30.0.1 "
    own = disk_image(name, kernel(image), ramdisk, f"{options} guest.name=disk guest.ip=172.30.0.52 guest.disk=xvdb", "mbr")
    configs = {
        "file.cfg": config("file", 51, f"{options} guest.disk=xvda", kernel="/guests/debian", memory=160, vcpus=2,
                           disk='["file.img,raw,xvda,rw"]'),
        "disk.cfg": config("disk", 52, kernel=None, memory=160, disk='["own.img,raw,xvda,r", "disk.img,raw,xvdb,rw"]'),
    }
    files = {"/guests/debian": kernel(image), "/guests/own.img": own,
             "/guests/file.img": blank(f"{name}-file"), "/guests/disk.img": blank(f"{name}-disk")}
    with host(name, configs, files, ramdisk) as machine:
        machine.ready(300)
        for guest, number in (("file", 51), ("disk", 52)):
            create(machine, guest)
            log = console_log(machine, guest)
            assert f"{guest}: ping 172.30.0.1 answered" in log, log
            written = re.search(rf"{guest}: disk written (\w{{32}})", log)
            verified = re.search(rf"{guest}: disk verified (\w{{32}})", log)
            assert written and verified and written.group(1) == verified.group(1), log
            assert re.search(rf"{guest}: booted 6\.1\.\d+-\d+-{flavour.replace('cloud', 'cloud-amd64')} ", log), log
            assert not re.search(TROUBLE, log), re.search(f".*({TROUBLE}).*", log)
            assert inside(machine, number, "nproc").strip() == ("2" if guest == "file" else "1")
        no_trouble(machine)
