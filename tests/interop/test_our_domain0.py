# SPDX-License-Identifier: GPL-2.0-only
"""Our kernel, init and toolstack on Debian's hypervisor: the system tests of guests, unchanged."""
import os
import re

import pytest

import lab  # puts tests/system on the path
from test_guest_changes import test_running_guest
from test_guest_ends import test_ends_of_guests
from test_guest_survives import test_kill
from test_guests import test_bad_configurations, test_nothing_is_left_behind

__all__ = ["test_bad_configurations", "test_ends_of_guests", "test_kill", "test_nothing_is_left_behind", "test_running_guest"]


@pytest.fixture
def name(request):
    """Log and work files beside those of the same tests on Hospes."""
    return "xen-" + re.sub(r"[^A-Za-z0-9.]+", "-", request.node.name).strip("-")


@pytest.fixture(autouse=True)
def on_xen(monkeypatch):
    monkeypatch.setenv("HOSPES_HYPERVISOR", lab.xen())
    if "CYCLES" not in os.environ:
        monkeypatch.setenv("CYCLES", "10")
    # Xen would give Domain 0 all memory.
    monkeypatch.setenv("HOSPES_HYPERVISOR_ARGS", "dom0_mem=480M,max:480M")
