# SPDX-License-Identifier: GPL-2.0-only
"""Debian's tools, one command after the other, on real Xen and on Hospes: they must end the same way and print alike."""
import concurrent.futures
import os
import re

import lab
from test_exchange import TROUBLE

# Commands whose way of ending differs, and why. The operations behind them stand in docs/compatibility.md.
DIFFERENT_END = {
    "xl cpupool-create 'name=\"p2\"'": "one CPU pool holds all CPUs",
    "xenperf": "Debian's Xen is built without performance counters",
    "xl set-parameters guest_loglvl=all": "no hypfs",
    "xen-hptool mem-status 100": "no page_offline_op",
}

# What must be printed here, where real Xen's build has nothing to say.
OURS_ONLY = {"xenperf": r"context switches.* [1-9]"}

# Commands that must print lines of the same shape (numbers and names of the machine taken out).
SAME_SHAPE = r"""^(xl (info|list|vcpu-list|cpupool-list|sched-credit2|claims|domid|domname|block-list|network-list|vm-list)
    |lsevtchn 1$|xen-diag|xentop -b -i 1$|xenstore-ls)"""


def sections(text):
    """@return {command: (exit code, output)} of tools.sh"""
    found = {}
    for match in re.finditer(r"^@@ (?!rc)(.*)\n((?s:.*?))^@@ rc (\d+)$", text, re.M):
        lines = [line for line in match.group(2).splitlines()
                 if line and not line.startswith("(XEN)")]
        found.setdefault(match.group(1), []).append((int(match.group(3)), lines))
    return found


def shape(lines):
    """Takes out what may differ: figures, blanks, states, the hypervisor's name and build."""
    kept = []
    for line in lines:
        if re.match(r"^(xen_(changeset|compile|extra|version|cc|commandline|build|caps)|cc_|build_id|virt_caps|hw_caps|"
                    r"free_|xend|release|xentop|sharing|total_memory)", line):
            continue
        kept.append(re.sub(r"[-rbpsc]{6}|[-+]?\d[\d.]*|\s+|--+", " ", line).strip())
    return kept


def test_tools_end_alike():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        real, ours = pool.map(lambda h: lab.boot(f"{h}-tools", getattr(lab, h)(), "tools.sh"), ("xen", "hospes"))
    assert not re.search(TROUBLE, ours), re.search(TROUBLE, ours)
    real, ours = sections(real), sections(ours)
    results, bad = [], []
    for command, runs in real.items():
        for number, (code, lines) in enumerate(runs):
            if command not in ours or number >= len(ours[command]):
                bad.append(f"{command}: did not end on Hospes")
                continue
            our_code, our_lines = ours[command][number]
            problem = ""
            if our_code != code and command not in DIFFERENT_END:
                problem = f"exit {our_code}, real Xen {code}: {our_lines[-2:]}, real Xen {lines[-2:]}"
            elif re.match(SAME_SHAPE, command, re.X) and code == 0 and shape(lines) != shape(our_lines):
                problem = f"prints {shape(our_lines)}, real Xen {shape(lines)}"
            elif command in OURS_ONLY and not re.search(OURS_ONLY[command], " ".join(our_lines)):
                problem = f"prints {our_lines}"
            results.append(f"{'FAIL' if problem else 'ok'} {command} (exit {our_code})")
            if problem:
                bad.append(f"{command}: {problem}")
    with open(os.path.join(lab.LAB, "tools.results"), "w", encoding="utf-8") as out:
        out.write("\n".join(results) + "\n")
    assert len(results) > 80
    assert not bad, "\n".join(bad)
