# SPDX-License-Identifier: GPL-2.0-only
"""Our kernel, init and toolstack on Debian's hypervisor: the system tests of guests, unchanged; those of log-dirty mode and of single steps
excepted, which Debian's Xen does not have for PV guests. INTEROP=all runs all of them, by default those that differ most from each
other."""
import os
import re
import shutil

import pytest

import lab  # puts tests/system on the path
from test_guest_changes import test_running_guest
from test_guest_ends import test_ends_of_guests
from test_guest_survives import test_kill
from test_guests import test_bad_configurations, test_nothing_is_left_behind, start_three_guests

__all__ = ["test_bad_configurations", "test_ends_of_guests", "test_kill", "test_nothing_is_left_behind", "test_running_guest"]

if os.environ.get("INTEROP") == "all":
    from test_debian_guests import test_debian_kernel
    from test_guest_disks import test_disks_of_a_guest
    from test_guest_save import test_save_and_restore
    from test_guests import test_cpu_features_taken_away
    from test_pvgrub import test_nothing_to_boot, test_own_kernel

    __all__ += ["test_cpu_features_taken_away", "test_debian_kernel", "test_disks_of_a_guest", "test_nothing_to_boot", "test_own_kernel",
                "test_save_and_restore"]


@pytest.fixture
def name(request):
    """Log and work files beside those of the same tests on Hospes."""
    return "xen-" + re.sub(r"[^A-Za-z0-9.]+", "-", request.node.name).strip("-")


@pytest.fixture(autouse=True)
def on_xen(monkeypatch):
    monkeypatch.setenv("HOSPES_HYPERVISOR", lab.xen())
    if "CYCLES" not in os.environ:
        monkeypatch.setenv("CYCLES", "10")
    # Xen would give Domain 0 all memory, and does not survive what QEMU makes of SMAP (docs/pv.md).
    monkeypatch.setenv("HOSPES_HYPERVISOR_ARGS", "dom0_mem=480M,max:480M smap=0 smep=0")


def test_autostart_from_the_image(name):
    """Our ISO with Debian's hypervisor in it, and a menu that keeps memory for guests."""
    boot, menu = os.path.join(lab.LAB, f"{name}.boot"), os.path.join(lab.LAB, f"{name}.menu")
    shutil.rmtree(boot, ignore_errors=True)
    shutil.copytree(lab.BOOT, boot)
    shutil.copy(os.environ["HOSPES_HYPERVISOR"], f"{boot}/hospes")
    with open(f"{lab.TOP}/iso/menu", encoding="ascii") as ours, open(menu, "w", encoding="ascii") as out:
        out.write(ours.read().replace("console=com1", f"{os.environ['HOSPES_HYPERVISOR_ARGS']} console=com1"))
    start_three_guests(name, boot, dict(os.environ, HOSPES_MENU=menu))
    shutil.rmtree(boot)
