# SPDX-License-Identifier: GPL-2.0-only
"""Lets tests import machine.py, and names each machine after its test."""
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))


@pytest.fixture
def name(request):
    return re.sub(r"[^A-Za-z0-9.]+", "-", request.node.name).strip("-")
