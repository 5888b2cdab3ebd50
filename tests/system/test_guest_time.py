# SPDX-License-Identifier: GPL-2.0-only
"""What a guest sees of time with the machine's time-stamp counter and with one of its own, and a debugger that steps its kernel."""
import os
import re

from guests import config, create, host, initrd, inside, no_trouble
from machine import WORK
from programs import compiled


READING = 0.1 # seconds: what /proc/uptime rounds, and two clocks that start differ


def uptime(text):
    return float(re.search(r"^([\d.]+) ", text, re.M).group(1))


def uptimes(machine, numbers):
    """@return for each guest of @numbers Domain 0's uptime, the guest's, and Domain 0's again, in seconds, read in this order"""
    zero = "cat /proc/uptime"
    return [tuple(uptime(text) for text in (machine.check(zero), inside(machine, number, zero), machine.check(zero)))
            for number in numbers]


def test_tsc_modes_and_a_debugger(name):
    guests = {"native": 71, "own": 72}
    configs = {"native.cfg": config("native", 71), "own.cfg": config("own", 72, tsc_mode='"always_emulate"', vcpus=2)}
    os.makedirs(WORK, exist_ok=True)
    debugger = os.path.join(WORK, f"{name}.debugger")
    compiled("debugger", debugger)
    with host(name, configs, {"/guests/debugger": debugger}, initrd(name, programs=("tsc",))) as machine:
        machine.ready(300)
        for guest in guests:
            create(machine, guest)
        before = uptimes(machine, guests.values())
        machine.run("sleep 15", 120)
        after = uptimes(machine, guests.values())
        for (first, own, second), (third, late, fourth) in zip(before, after): # however long the reading takes
            assert third - second - READING < late - own < fourth - first + READING, (before, after)

        counters = {}
        for guest, number in guests.items():
            value, back = re.search(r"tsc (\d+) back (\d+)", inside(machine, number, "tsc")).groups()
            assert back == "0"
            counters[guest] = int(value)
        now = uptime(machine.check("cat /proc/uptime"))
        output = machine.check("/guests/debugger $(xl domid own)", 300)
        assert "FAIL" not in output and output.count("ok ") == 9, output
        mode, khz, elapsed = map(int, re.search(r"tsc mode (\d+) khz (\d+) elapsed (\d+) ms", output).groups())
        assert mode == 1
        # Its counter began with the guest and was read before the debugger came; the machine's is older than all of them.
        assert after[1][1] * 1000 * khz < counters["own"] < (elapsed + 1) * khz, (counters, khz, elapsed)
        assert counters["native"] > after[0][0] * 1000 * khz, (counters, after)
        assert now * 1000 * khz > counters["own"], (counters, now)
        assert inside(machine, 72, "echo alive").strip() == "alive"
        no_trouble(machine)
