# SPDX-License-Identifier: GPL-2.0-only
"""The same few thousand malformed hypercalls on real Xen and on Hospes: the same answers, or a reason in differences.txt."""
import base64
import concurrent.futures
import gzip
import os
import re
import subprocess

import compare
import lab
from test_exchange import TROUBLE


GUEST = os.path.join(lab.TOP, "tests", "guests")


def answers(hypervisor, name, script, files):
    """@return what the program of @script printed in Domain 0 on @hypervisor, a line a call"""
    text = lab.boot(f"{hypervisor}-{name}", getattr(lab, hypervisor)(), f"{script}.sh", files=files)
    assert "ok Domain 0 goes on" in text and "FAIL" not in text, text[-2000:]
    assert hypervisor == "xen" or not re.search(TROUBLE, text), re.search(TROUBLE, text)
    calls = gzip.decompress(base64.b64decode("".join(re.findall(r"^Z (\S+)$", text, re.M)))).decode("utf-8", "replace")
    with open(os.path.join(lab.LAB, f"{hypervisor}.{name}"), "w", encoding="utf-8") as out:
        out.write(calls)
    assert re.search(r"^malformed: \d+ calls$", calls, re.M), calls[-300:]
    return calls


def compare_both(name, script, files, at_least):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        real, ours = pool.map(lambda h: answers(h, name, script, files), ("xen", "hospes"))
    assert len(compare.parse(real)) == len(compare.parse(ours)) > at_least
    unexplained, _ = compare.differences(real, ours)
    assert not unexplained, f"{len(unexplained)}\n" + "\n".join(f"{n} {c}: real Xen {r}, Hospes {o}: {s}" for n, c, r, o, s in unexplained[:60])


def test_malformed_hypercalls():
    """From Domain 0's user space, through privcmd."""
    sysroot = subprocess.run([f"{lab.TOP}/scripts/musl-toolchain"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    os.makedirs(lab.LAB, exist_ok=True)
    program = os.path.join(lab.LAB, "malformed")
    subprocess.run([f"{sysroot}/bin/hospes-cc", "-static", "-no-pie", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program,
                    f"{lab.HERE}/programs/malformed.c"], check=True)
    compare_both("calls", "malformed", [(program, "lab/malformed")], 4000)


def test_malformed_hypercalls_of_a_guest():
    """From the kernel of an unprivileged PV guest, tests/guests/malformed.c."""
    os.makedirs(lab.LAB, exist_ok=True)
    kernel = os.path.join(lab.LAB, "guest-kernel")
    subprocess.run([f"{GUEST}/build", "malformed", kernel], check=True)
    compare_both("guest-calls", "malformed-guest", [(kernel, "lab/guest-kernel")], 4000)
