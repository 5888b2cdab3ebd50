# SPDX-License-Identifier: GPL-2.0-only
"""A guest that makes hypercalls as long as it can: how long at most one holds locks and keeps its CPU from other work."""
import os
import re
import subprocess

from machine import BOOT, WORK, Machine
from programs import TOP

BOUND = 1_000_000  # instructions


def test_no_hypercall_is_long(name):
    """tests/guests/hostile.c in place of Domain 0, one CPU, instructions counted (hypercall-watch): nothing here judges by the clock."""
    kernel = os.path.join(WORK, f"{name}.kernel")
    os.makedirs(WORK, exist_ok=True)
    subprocess.run([f"{TOP}/tests/guests/build", "hostile", kernel], check=True)
    with Machine(name, "-kernel", os.path.join(BOOT, "hospes"), "-initrd", kernel, "-append",
                 "console=com1 dom0_mem=128M,max:400M hypercall-watch", memory=512, net=False, icount=True) as machine:
        machine.expect(r"hostile: done = 0", 300)
        text = machine.text
    answers = dict(re.findall(r"hostile: ([^=\n]+) = (-?\d+)", text))
    assert answers["pin"] == answers["unpin"] == answers["exchange"] == answers["reset"] == answers["the last"] == "0"
    assert answers["its answer"] == "0" and int(answers["ports"]) > 3000
    longest = {int(number): int(ticks) for number, ticks in re.findall(r"longest hypercall: (\d+)\(.* took (\d+) ticks", text)}
    assert {1, 12, 13, 20, 26, 32} <= set(longest), longest
    assert max(longest.values()) < BOUND, longest
