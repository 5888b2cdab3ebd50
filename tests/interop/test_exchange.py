# SPDX-License-Identifier: GPL-2.0-only
"""Hypervisor, toolstack and store, each ours or Debian's, in the combinations that must work; and Debian's tools in a Domain 0 with
our kernel."""
import os
import re

import pytest

import lab

TROUBLE = r"BUG:|Oops|Call Trace|soft lockup|\(XEN\).*(panic|WARNING|BUG)"
COMBINATIONS = [
    # hypervisor, tools, store (and Domain 0's kernel)
    ("hospes", "debian", "c"),
    ("hospes", "debian", "c", "ours"),
    ("xen", "ours", "ours"),
    ("hospes", "ours", "c"),
    ("hospes", "debian", "ours"),
    ("xen", "debian", "ours"),
    ("hospes", "debian", "ocaml"),
    ("hospes", "ours", "ocaml"),
]


def verdict(name, text, least):
    """Keeps the results for docs/compatibility.md; fails with what failed."""
    lines = re.findall(r"^(ok .*|FAIL .*)$", text, re.M)
    os.makedirs(lab.LAB, exist_ok=True)
    with open(os.path.join(lab.LAB, f"{name}.results"), "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    bad = [line for line in lines if line.startswith("FAIL")]
    assert not bad, "\n".join(bad)
    assert len(lines) >= least, f"only {len(lines)} checks ran:\n{text[-2000:]}"
    assert not re.search(TROUBLE, text), re.search(TROUBLE, text)


@pytest.mark.parametrize("parts", COMBINATIONS, ids="-".join)
def test_life_of_a_guest(parts):
    hypervisor, tools, store, *kernel = parts
    name = "-".join(parts)
    text = lab.boot(name, getattr(lab, hypervisor)(), "exchange.sh", tools=tools, store=store,
                    image=None if kernel else "linux-image-amd64")
    verdict(name, text, 55)
