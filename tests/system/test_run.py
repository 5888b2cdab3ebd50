# SPDX-License-Identifier: GPL-2.0-only
"""What `make run` shows: the image in QEMU by scripts/run-qemu, the example guest's login on its console and its web page on a port
of this machine."""
import os
import re
import socket
import urllib.request

from guests import leave_console, no_trouble, wait_console
from machine import BUILD, Machine
from programs import TOP


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def page(port, path="/"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return answer.status, answer.read().decode()


def test_make_run(name):
    """The first lines tell what happens and which keys leave; then the guest is there by itself."""
    port = free_port()
    machine = Machine(name)
    machine.args = ["env", f"PORT={port}", f"{TOP}/scripts/run-qemu", "--iso", os.path.join(BUILD, "hospes.iso")]
    with machine:
        machine.expect(r"^Booting Hospes in QEMU: .*poweroff.*Ctrl-a x", 10)
        machine.expect(rf"^Port 8080 of Domain 0 is http://127\.0\.0\.1:{port}/", 10)
        machine.ready(300)
        machine.expect(r"guests: 1 up, 0 failed", 240)
        machine.expect(r"TCP port 8080 of this host leads to 172\.30\.0\.2 port 80", 10)
        wait_console(machine, "example", "web server ready", timeout=120)
        status, text = page(port)
        assert status == 200 and re.search(r"<title>.*</title>", text), text
        machine.send("xl console example\n")
        machine.expect(r"Ctrl-\]", 30)
        machine.send("\n")
        machine.expect(r"^example:/root# ", 60)
        leave_console(machine)
        assert re.search(r"^example +\d+ +96 +1 ", machine.check("xl list"), re.M)
        start = len(machine.text)
        machine.send("poweroff\n")
        machine.expect(r"guest example +\[ down \]", 120, start)
        machine.wait_exit(120)
        no_trouble(machine)
