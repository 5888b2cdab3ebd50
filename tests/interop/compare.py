# SPDX-License-Identifier: GPL-2.0-only
"""Compares the answers of two hypervisors to tests/interop/programs/malformed.c, call by call."""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
BY_FIRST_WORD = {"domctl": 0xffffffff, "sysctl": 0xffffffff, "platform_op": 0xffffffff, "mmuext_op": 0xffffffff, "mmu_update": 3}


def parse(text):
    """@return [(name, command, what was sent, answer)]"""
    calls = []
    for line in re.findall(r"^D .*$", text, re.M):
        sent, answer = line.rsplit(" = ", 1)
        fields = sent.split()
        name, command = fields[2], fields[3]
        mask = BY_FIRST_WORD.get(name.split("-")[0])
        if mask:
            command = str(int(fields[7].strip("[]"), 16) & mask)
        calls.append((name, command, sent, answer))
    return calls


def allowed():
    """@return {(hypercall, command or *): reason} from differences.txt"""
    table = {}
    with open(os.path.join(HERE, "differences.txt"), encoding="utf-8") as lines:
        for line in lines:
            line = line.strip()
            if line and not line.startswith("#"):
                name, command, reason = line.split(None, 2)
                table[(name, command)] = reason
    return table


def differences(real, ours):
    """@return ([(name, command, real answer, our answer, what was sent)] without a reason, reasons used)"""
    table, unexplained, used = allowed(), [], set()
    for (name, command, sent, answer), (_, _, _, our_answer) in zip(parse(real), parse(ours)):
        if answer == our_answer:
            continue
        key = (name, command) if (name, command) in table else (name, "*")
        if key in table:
            used.add(key)
        else:
            unexplained.append((name, command, answer, our_answer, sent))
    return unexplained, used
