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


def answers(hypervisor, program):
    text = lab.boot(f"{hypervisor}-malformed", getattr(lab, hypervisor)(), "malformed.sh", files=[(program, "lab/malformed")])
    assert "malformed: exit 0" in text and "ok Domain 0 goes on" in text, text[-2000:]
    assert hypervisor == "xen" or not re.search(TROUBLE, text), re.search(TROUBLE, text)
    calls = gzip.decompress(base64.b64decode("".join(re.findall(r"^Z (\S+)$", text, re.M)))).decode()
    with open(os.path.join(lab.LAB, f"{hypervisor}.calls"), "w", encoding="utf-8") as out:
        out.write(calls)
    return calls


def test_malformed_hypercalls():
    sysroot = subprocess.run([f"{lab.TOP}/scripts/musl-toolchain"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    os.makedirs(lab.LAB, exist_ok=True)
    program = os.path.join(lab.LAB, "malformed")
    subprocess.run([f"{sysroot}/bin/hospes-cc", "-static", "-no-pie", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program,
                    f"{lab.HERE}/programs/malformed.c"], check=True)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        real, ours = pool.map(lambda h: answers(h, program), ("xen", "hospes"))
    assert len(compare.parse(real)) == len(compare.parse(ours)) > 4000
    unexplained, _ = compare.differences(real, ours)
    assert not unexplained, "\n".join(f"{n} {c}: real Xen {r}, Hospes {o}: {s}" for n, c, r, o, s in unexplained[:60])
