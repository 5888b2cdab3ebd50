# SPDX-License-Identifier: GPL-2.0-only
"""Log-dirty mode of a running PV guest (XEN_DOMCTL_shadow_op), by tests/system/programs/logdirty.c in Domain 0."""
import os
import re

import pytest

import programs
from guests import config, create, host, inside
from machine import WORK
from test_guests import no_trouble

MIB = 256  # pages


def operate(machine, operations):
    """@return the output of programs/logdirty, and [(operation, error, dirty by the hypervisor, bits set, faults)] of it"""
    output = machine.check(f"/smoke/logdirty $(xl domid logged) {operations}", 300)
    return output, [(name, *map(int, numbers)) for name, *numbers in
                    re.findall(r"^(clean|peek) (\d+) dirty (\d+) set (\d+) faults (\d+)$", output, re.M)]


def dirty(machine, operation):
    """@return how many pages have been written to"""
    _, ((name, error, by_hypervisor, bits, _),) = operate(machine, operation)
    assert (name, error) == (operation, 0)
    assert bits <= by_hypervisor <= bits + 16, (by_hypervisor, bits)
    return bits


@pytest.mark.parametrize("cpus, arguments", [(1, ""), (2, "xpti=on")], ids=["one-cpu", "two-cpus-isolated"])
def test_log_dirty(name, cpus, arguments):
    """The pages that a guest writes are found, an idle guest's are few, PEEK forgets nothing, CLEAN forgets what it tells; the guest
    lives on, before, during and after, its data right and its page tables too (it forks all the time)."""
    program = programs.compiled("logdirty", os.path.join(WORK, f"{name}.logdirty"))
    with host(name, {"logged.cfg": config("logged", 21, vcpus=cpus, memory=96)}, files={"/smoke/logdirty": program}, cpus=cpus,
              hypervisor_args=arguments) as machine:
        machine.ready(300)
        create(machine, "logged")
        first = inside(machine, 21, "dd if=/dev/urandom of=/tmp/a bs=1M count=6 2>/dev/null; md5sum </tmp/a").split()[0]
        assert "on 0\non 22\n" in operate(machine, "on on")[0]
        assert inside(machine, 21, "md5sum </tmp/a").split()[0] == first
        dirty(machine, "clean")
        _, idle = operate(machine, "wait 3 peek")
        assert idle[0][3] < 250, idle
        inside(machine, 21, "dd if=/tmp/a of=/tmp/b bs=1M 2>/dev/null")
        written = dirty(machine, "peek")
        assert written >= 6 * MIB
        assert dirty(machine, "peek") >= written
        assert dirty(machine, "clean") >= written
        _, (after,) = operate(machine, "clean")
        assert after[3] < 6 * MIB / 4
        inside(machine, 21, "dd if=/tmp/a of=/tmp/b bs=1M conv=notrunc 2>/dev/null")  # the same pages again
        assert dirty(machine, "clean") >= 6 * MIB
        churn = inside(machine, 21, "for i in 1 2 3 4 5 6 7 8 9 10; do cat /tmp/b | (cat; true) | md5sum; done | sort | uniq -c", 300)
        assert churn.split()[:2] == ["10", first]
        output, _ = operate(machine, "off off clean")
        assert "off 0\noff 0\nclean 0" in output
        assert inside(machine, 21, "cat /tmp/a /tmp/b | md5sum; md5sum </tmp/b").split()[2] == first
        assert "on 0" in operate(machine, "on")[0]
        machine.check("xl destroy logged", 60)  # in that mode
        create(machine, "logged")
        assert "on 0\noff 0" in operate(machine, "on off")[0]
        no_trouble(machine)


def test_refused(name):
    """Everything but log-dirty mode is refused as by Debian's Xen, which has no shadow paging; mistakes too."""
    program = programs.compiled("logdirty", os.path.join(WORK, f"{name}.logdirty"))
    with host(name, {"logged.cfg": config("logged", 21)}, files={"/smoke/logdirty": program}) as machine:
        machine.ready(300)
        create(machine, "logged", ready=False)
        wrong = ["1 0 0", "3 0 0", "10 0 0", "13 0 0", "30 0 0", "31 4 0", "32 0 0", "32 2 0", "32 8 0", "99 0 0", "11 2 100",
                 "12 8 100"]
        output, _ = operate(machine, " ".join(f"raw {w}" for w in wrong))
        assert re.findall(r"^raw (.*) = 22 ", output, re.M) == wrong
        output, _ = operate(machine, "peek clean raw 32 4 0 raw 12 1 0 raw 12 0 7 raw 12 0 100000000 raw 11 0 100000000 off")
        assert re.findall(r"^raw (.*) = (\d+) mb \d+ pages (\d+)$", output, re.M) == [
            ("32 4 0", "0", "0"), ("12 1 0", "0", "0"), ("12 0 7", "0", "7"), ("12 0 100000000", "14", "100000000"),
            ("11 0 100000000", "14", "100000000")]
        output = machine.check("/smoke/logdirty 0 on off peek raw 99 0 0; /smoke/logdirty 77 on")
        assert re.findall(r"^(?:on|off|peek|raw.*=) (\d+)", output, re.M) == ["22", "22", "22", "22", "3"]
        no_trouble(machine)
