# SPDX-License-Identifier: GPL-2.0-only
"""tests/guests/doors.c as Domain 0: all doors of the hypervisor, with flags that C code must not run with, on an Intel and an AMD model,
with and without isolated page tables, while NMIs come in (which are not passed on to Domain 0: it would see them in place of what it tries)."""
import os
import re
import subprocess

import pytest
from machine import BUILD, WORK, direct

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TROUBLE = r"\(XEN\).*(panic|Panic|BUG|bug at)"


def check_canary(machine):
    """It has been chosen: not zero but for its lowest byte."""
    symbols = subprocess.run(["nm", os.path.join(BUILD, "hypervisor", "hospes.elf")], check=True, capture_output=True, text=True).stdout
    address = re.search(r"^(\w+) \w __stack_chk_guard$", symbols, re.M).group(1)
    value = int(re.search(r": 0x(\w+)", machine.ask_monitor(f"x /1xg 0x{address}")).group(1), 16)
    assert value >> 56 and value & 0xff == 0, hex(value)


@pytest.mark.parametrize("cpu,vendor,xpti", [("Haswell", "intel", 1), ("Skylake-Client", "intel", 0), ("EPYC", "amd", 0), ("EPYC", "amd", 1)])
def test_doors(name, cpu, vendor, xpti):
    os.makedirs(WORK, exist_ok=True)
    kernel = os.path.join(WORK, f"{name}.kernel")
    subprocess.run([f"{TOP}/tests/guests/build", "doors", kernel], check=True)
    with direct(name, f"cpu={vendor} xpti={xpti} rounds=1000", f"xpti={xpti} smap=1 nmi=ignore", kernel=kernel, initrd=kernel, cpu=cpu, cpus=2) as machine:
        machine.expect(r"^doors: start$", 60)
        if not xpti: # the monitor sees what the CPU maps, and a guest runs
            check_canary(machine)
        machine.nmis_until(r"^doors: \d+ tries", 180)
        machine.expect(r"^doors: \d+ tries, 0 failures$", 120)
        assert not re.search(TROUBLE, machine.text)
