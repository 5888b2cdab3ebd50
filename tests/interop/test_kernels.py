# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernels as Domain 0 and as guests, with Debian's tools on Hospes: the kernel given in the configuration, and from a disk
through Debian's PV GRUB; one and four CPUs. Each guest uses disk and network and shuts down, and nobody's log has a complaint.

Debian's cloud flavour is built without CONFIG_XEN_DOM0: it is a guest only, on Xen as here.
INTEROP=all runs every combination; by default each guest runs with one and with four CPUs, from a file and from a disk, and each kernel is
Domain 0. Time is counted in instructions: a busy machine does not make a hotplug script too late.
"""
import os
import re

import pytest

import lab
import images
from debian import FLAVOURS
from test_exchange import TROUBLE, verdict

# A preemptible kernel may be interrupted between taking a new address space and pinning it (docs/abi-notes.md, "The rt kernel"), on Xen as
# here. Such a run says nothing about the hypervisor and is made again with a little more memory, else it would be the same once more.
RT_RACE = r"multicalls\.c:\d+ xen_mc_flush"
PVGRUB = "usr/lib/grub-xen/grub-x86_64-xen.bin"
GUESTS = ["amd64", "cloud", "rt"]
# kernel of Domain 0, its CPUs, CPUs of each guest, where the guests' kernels come from
CHOSEN = [("amd64", 4, 1, "disk"), ("rt", 1, 4, "file")]
EVERY = [(dom0, cpus, vcpus, way) for dom0 in ("amd64", "rt") for cpus in (1, 4) for vcpus in (1, 4) for way in ("file", "disk")]
COMBINATIONS = EVERY if os.environ.get("INTEROP") == "all" else CHOSEN


def guest_files(name, way):
    """@return (source, path in Domain 0) of what a guest of each flavour needs"""
    files = [(os.path.join(lab.package("grub-xen-host"), PVGRUB), "lab/pvgrub")]
    for flavour in GUESTS:
        image = FLAVOURS[flavour]
        ramdisk = lab.guest_ramdisk(image)
        if way == "file":
            files += [(lab.kernel(image), f"lab/{flavour}.vmlinuz"), (ramdisk, f"lab/{flavour}.cpio.gz")]
        else:
            args = f"console=hvc0 quiet guest.ip=10.9.0.{GUESTS.index(flavour) + 2}"
            files.append((images.disk_image(f"{name}-{flavour}", lab.kernel(image), ramdisk, args, "mbr"), f"lab/{flavour}.img"))
    return files


@pytest.mark.parametrize("dom0,cpus,vcpus,way", COMBINATIONS, ids=["-".join(map(str, c)) for c in COMBINATIONS])
def test_kernels(dom0, cpus, vcpus, way):
    name = f"kernels-{dom0}-{cpus}-{vcpus}-{way}"
    os.makedirs(images.WORK, exist_ok=True)
    guests = os.path.join(images.WORK, f"{name}.guests")
    with open(guests, "w", encoding="ascii") as out:
        out.write("".join(f"{flavour} {vcpus}\n" for flavour in GUESTS))
    for attempt in range(3 if dom0 == "rt" else 1):
        text = lab.boot(name, lab.hospes(), "kernels.sh", image=FLAVOURS[dom0], cpus=cpus, memory=2048 + 16 * attempt, icount=True,
                        files=[(guests, "lab/guests"), *guest_files(name, way)])
        if not re.search(RT_RACE, text):
            break
    verdict(name, text, 2 + 11 * len(GUESTS))
    assert re.search(rf"^@@ Domain 0 6\.1\.\S*-{'rt-' if dom0 == 'rt' else ''}amd64 {cpus}$", text, re.M), text[-2000:]
    for flavour in GUESTS:
        assert re.search(rf"^@@ {flavour} GUEST: ready, kernel 6\.1\.\S*-{'' if flavour == 'amd64' else flavour + '-'}amd64, {vcpus} CPUs",
                         text, re.M), text[-2000:]
    assert not re.search(TROUBLE, text), re.search(TROUBLE, text)
