# SPDX-License-Identifier: GPL-2.0-only
"""Debian's xl saves, restores and migrates a PV guest on Hospes, and what it saved on one hypervisor goes on on the other."""
import os

import pytest

import lab  # puts tests/system on the path
import images
from test_exchange import verdict


@pytest.mark.parametrize("one,other", [("hospes", "xen"), ("xen", "hospes")])
def test_save(one, other):
    name = f"save-{one}-{other}"
    os.makedirs(images.WORK, exist_ok=True)
    disk, mark = os.path.join(images.WORK, f"{name}.disk"), os.path.join(images.WORK, f"{name}.mark")
    with open(disk, "wb") as out:
        out.truncate(160 << 20)
    with open(mark, "w", encoding="ascii"):
        pass
    for hypervisor, files, least in ((one, (), 32), (other, [(mark, "lab/image")], 7)):
        text = lab.boot(f"{name}-{hypervisor}", getattr(lab, hypervisor)(), "save.sh", files=files, memory=1536,
                        xen_args="dom0_mem=900M,max:900M", qemu=("-drive", f"file={disk},format=raw,if=virtio"))
        verdict(f"{name}-{hypervisor}", text, least)
        if not files:
            assert ("@@ migrated" in text) == (hypervisor == "hospes"), text[-2000:]
    os.unlink(disk)
