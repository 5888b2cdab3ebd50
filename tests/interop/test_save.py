# SPDX-License-Identifier: GPL-2.0-only
"""A PV guest is saved, restored and (by Debian's xl) migrated, on both hypervisors with both toolstacks, and what was saved by one pair
goes on with another."""
import os

import pytest

import lab  # puts tests/system on the path
import images
from test_exchange import verdict

PAIRS = [
    # hypervisor and tools that save, hypervisor and tools that restore
    (("hospes", "debian"), ("xen", "ours")),
    (("xen", "ours"), ("hospes", "debian")),
    (("hospes", "ours"), ("hospes", "ours")),
]


@pytest.mark.parametrize("saver,restorer", PAIRS, ids=["-".join(a + b) for a, b in PAIRS])
def test_save(saver, restorer):
    name = "save-" + "-".join(saver + restorer)
    os.makedirs(images.WORK, exist_ok=True)
    disk, mark = os.path.join(images.WORK, f"{name}.disk"), os.path.join(images.WORK, f"{name}.mark")
    with open(disk, "wb") as out:
        out.truncate(160 << 20)
    with open(mark, "w", encoding="ascii") as out:
        out.write(saver[1])
    for step, (hypervisor, tools), files, least in (("save", saver, (), 32), ("restore", restorer, [(mark, "lab/image")], 7)):
        text = lab.boot(f"{name}-{step}", getattr(lab, hypervisor)(), "save.sh", tools=tools, store="ours" if tools == "ours" else "c",
                        files=files, memory=1536, xen_args="dom0_mem=900M,max:900M",
                        qemu=("-drive", f"file={disk},format=raw,if=virtio"))
        verdict(f"{name}-{step}", text, least)
        if not files and tools == "debian":
            assert ("@@ migrated" in text) == (hypervisor == "hospes"), text[-2000:]
    os.unlink(disk)
