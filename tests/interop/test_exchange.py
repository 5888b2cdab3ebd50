# SPDX-License-Identifier: GPL-2.0-only
"""Hypervisor, toolstack and store, each ours or Debian's, in the combinations that must work."""
import os
import re

import pytest

import lab

TROUBLE = r"BUG:|Oops|Call Trace|soft lockup|\(XEN\).*(panic|WARNING|BUG)"
COMBINATIONS = [
    # hypervisor, tools, store
    ("hospes", "debian", "c"),
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


@pytest.mark.parametrize("hypervisor,tools,store", COMBINATIONS, ids=["-".join(c) for c in COMBINATIONS])
def test_life_of_a_guest(hypervisor, tools, store):
    name = f"{hypervisor}-{tools}-{store}"
    text = lab.boot(name, getattr(lab, hypervisor)(), "exchange.sh", tools=tools, store=store)
    verdict(name, text, 55)
