# SPDX-License-Identifier: GPL-2.0-only
"""What a guest sees of time with the machine's time-stamp counter and with one of its own, and a debugger that steps its kernel."""
import os
import re

from guests import config, create, host, initrd, inside, no_trouble
from machine import WORK
from programs import compiled


def uptimes(machine, numbers):
    """@return the uptimes of Domain 0 and of the guests @numbers, in seconds, read one after the other"""
    texts = [machine.check("cat /proc/uptime")] + [inside(machine, number, "cat /proc/uptime") for number in numbers]
    return [float(re.search(r"^([\d.]+) ", text, re.M).group(1)) for text in texts]


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
        spent = [late - early for early, late in zip(before, after)]
        assert all(abs(each - spent[0]) < 1 for each in spent), spent

        counters = {}
        for guest, number in guests.items():
            value, back = re.search(r"tsc (\d+) back (\d+)", inside(machine, number, "tsc")).groups()
            assert back == "0"
            counters[guest] = int(value)
        output = machine.check("/guests/debugger $(xl domid own)", 300)
        assert "FAIL" not in output and output.count("ok ") == 9, output
        mode, khz, elapsed = map(int, re.search(r"tsc mode (\d+) khz (\d+) elapsed (\d+) ms", output).groups())
        assert mode == 1
        # Its counter began with the guest and was read before the debugger came; the machine's is older than all of them.
        assert after[2] * 1000 * khz < counters["own"] < (elapsed + 1) * khz, (counters, khz, elapsed)
        assert counters["native"] > after[0] * 1000 * khz > counters["own"], (counters, after)
        assert inside(machine, 72, "echo alive").strip() == "alive"
        no_trouble(machine)
