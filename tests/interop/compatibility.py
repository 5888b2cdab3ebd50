#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes docs/compatibility.md: every hypercall and sub-operation of Xen 4.17's headers, every xl command and xl.cfg key.

    HOSPES_BUILD=BUILD tests/interop/compatibility.py        after `make test-interop` of that build

test_compatibility.py fails when the page is not what this makes, the figures left aside.

States come from the source: what no function answers gets the hypercall's error for unknown commands; a `case` whose
statement is nothing but a refusal is one. The figures come from test_malformed.py: calls that both hypervisors were given.
"""
import collections
import glob
import os
import re
import sys

import compare

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
INCLUDE = "/usr/include/xen"
REFUSALS = r"return -(ENOSYS|EOPNOTSUPP|ENODEV|EPERM);"
# functions in rows of the command tables that only refuse, beside those that are made by OP(NAME, -ERROR)
REFUSING = {"not_offered": "EOPNOTSUPP", "none": "ENOSYS"}
# xl's commands that are there and cannot do what they are for
UNABLE = {"sched-rtds": "fails: there is no such scheduler yet", "set-parameters": "fails: no parameter can be changed at run time yet"}
# hypercall: (header, regex of its sub-operations' names, error for what is not offered)
FAMILIES = {
    "memory_op": ("memory.h", r"XENMEM_(?!resource_|access_op_|paging_op_|sharing_op_)[a-z]\w+", "-ENOSYS"),
    "grant_table_op": ("grant_table.h", r"GNTTABOP_(?!error)\w+", "-ENOSYS"),
    "event_channel_op": ("event_channel.h", r"EVTCHNOP_\w+", "-ENOSYS"),
    "sched_op": ("sched.h", r"SCHEDOP_\w+", "-ENOSYS"),
    "vcpu_op": ("vcpu.h", r"VCPUOP_\w+", "-ENOSYS"),
    "xen_version": ("version.h", r"XENVER_\w+", "-ENOSYS"),
    "mmuext_op": ("xen.h", r"MMUEXT_[A-Z_0-9]+", "-ENOSYS"),
    "console_io": ("xen.h", r"CONSOLEIO_\w+", "-ENOSYS"),
    "vm_assist": ("xen.h", r"VMASST_TYPE_\w+", "-EINVAL"),
    "callback_op": ("callback.h", r"CALLBACK(?:OP|TYPE)_\w+", "-ENOSYS"),
    "nmi_op": ("nmi.h", r"XENNMI_\w+", "-ENOSYS"),
    "physdev_op": ("physdev.h", r"PHYSDEVOP_[a-z]\w+", "-ENOSYS"),
    "platform_op": ("platform.h", r"XENPF_[a-z]\w+", "-ENOSYS"),
    "sysctl": ("sysctl.h", r"XEN_SYSCTL_[a-z]\w+", "-ENOSYS"),
    "domctl": ("domctl.h", r"XEN_DOMCTL_[a-z]\w+", "-ENOSYS"),
}
NO_OPERATION = {"MMUEXT_CLEAR_PAGE_MASK"}


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def source():
    return "\n".join(read(path) for path in sorted(glob.glob(f"{TOP}/hypervisor/**/*.c", recursive=True)))


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def state(name, code, unknown):
    """@return "offered", or the error that the source gives to the sub-operation @name"""
    found = re.search(rf"case {name}:", code)
    if found:
        rest = re.sub(r"^(\s*case \w+:)*\s*", "", code[found.end():found.end() + 2000])
        refusal = re.match(REFUSALS, rest)
        return f"refused, -{refusal.group(1)}" if refusal else "offered"
    row = re.search(rf"\[{name}\] = \{{ (\w+)", code)
    refusing = {**REFUSING, **{f"op_{row}": error for row, error in re.findall(r"^OP\((\w+), -(ENOSYS|EOPNOTSUPP|ENODEV|EPERM)\)", code, re.M)}}
    if row and row.group(1) in refusing:
        return f"refused, -{refusing[row.group(1)]}"
    if re.search(rf"\[{name}\] =|[=!]= {name}\b|BIT\({name}\)", code):
        return "offered"
    return f"refused, {unknown}"


def operations(header, names, structs):
    """@return [(name, number)] of the #defines in @header; sub-operations of operations, which a struct's lines hold, not"""
    found = collections.OrderedDict()
    for path in [f"{INCLUDE}/{header}"] + (glob.glob(f"{INCLUDE}/arch-x86/xen*.h") if header == "xen.h" else []):
        text = without_comments(read(path))
        for match in re.finditer(rf"^#define\s+({names})\s+(\d+|0x[0-9a-fA-F]+)U?\s*$", text, re.M):
            name = match.group(1)
            if name.startswith(structs) or name in NO_OPERATION:
                continue
            found.setdefault(name, int(match.group(2), 0))
    return found.items()


def figures():
    """@return {(hypercall, number): (calls, calls answered alike)} of Domain 0 and of a guest, from the last run of test_malformed.py"""
    build = os.path.join(os.environ.get("HOSPES_BUILD", os.path.join(TOP, "build")), "test", "interop")
    table = collections.defaultdict(lambda: [0, 0])
    for kind in ("calls", "guest-calls"):
        if not os.path.exists(f"{build}/hospes.{kind}"):
            sys.exit("compatibility: run make test-interop first (no answers of test_malformed.py)")
        for (name, command, _, answer), (_, _, _, other) in zip(compare.parse(read(f"{build}/xen.{kind}")),
                                                                compare.parse(read(f"{build}/hospes.{kind}"))):
            entry = table[(name.split("-")[0], int(command))]
            entry[0] += 1
            entry[1] += answer == other
    return table


NESTED = ("XEN_SYSCTL_pm_op_", "XEN_SYSCTL_cpu_featureset_", "XEN_SYSCTL_cpu_policy_", "XEN_SYSCTL_tbuf_op_",
          "XEN_DOMCTL_vmtrace_enable", "XEN_DOMCTL_vmtrace_disable", "XEN_DOMCTL_vmtrace_reset", "XEN_DOMCTL_vmtrace_output",
          "XEN_DOMCTL_vmtrace_get", "XEN_DOMCTL_vmtrace_set", "PHYSDEVOP_DBGP")


def hypercalls(out, code, counted):
    reasons = compare.allowed()
    table = re.search(r"hypercall_table\[HYPERCALL_COUNT\] = \{(.*?)\};", code, re.S).group(1)
    out.append("## Hypercalls\n\nState, and the malformed calls that `tests/interop` sends to Xen 4.17 and to Hospes, from Domain 0 and from a guest: "
               "how many, and how many get the same answer.\n\n| hypercall | number | here | alike |\n| --- | --- | --- | --- |")
    every = re.findall(r"^#define __HYPERVISOR_(\w+)\s+(\d+)", read(f"{INCLUDE}/xen.h"), re.M)
    for name, number in every:
        if name.startswith("arch_") and name != "arch_0":
            continue
        here = "offered" if re.search(rf"ENTRY\({name}\)", table) else "refused, -ENOSYS"
        calls = [v for (n, _), v in counted.items() if n == name]
        alike = f"{sum(c[1] for c in calls)} of {sum(c[0] for c in calls)}" if calls else ""
        if (name, "*") in reasons:
            here += f": {reasons[(name, '*')]}"
        out.append(f"| {name} | {number} | {here} | {alike} |")
    for family, (header, names, unknown) in FAMILIES.items():
        out.append(f"\n## {family}\n\n| operation | number | here | alike |\n| --- | --- | --- | --- |")
        for name, number in operations(header, names, NESTED):
            calls = counted.get((family, number))
            why = reasons.get((family, str(number)), "")
            alike = f"{calls[1]} of {calls[0]}" if calls else ""
            out.append(f"| {name} | {number} | {state(name, code, unknown)} | {alike}{': ' + why if why else ''} |")


def toolstack(out):
    out.append("\n## xl\n\n| command | here |\n| --- | --- |")
    for left, right in re.findall(r"^    (?:\{ \"([\w-]+)\", cmd_|NOT\(\"([\w-]+)\")", read(f"{TOP}/toolstack/xl/main.c"), re.M):
        out.append(f"| {left or right} | {UNABLE.get(left, 'offered') if left else 'not yet: says so, and fails'} |")
    out.append("\n## xl.cfg\n\n| key | here |\n| --- | --- |")
    words = {"W": "has its effect", "I": "accepted with a warning, no effect", "R": "an error: the guest could not do without"}
    for letter, name in re.findall(r"^    ([WIR])\(\"(\w+)\"", read(f"{TOP}/toolstack/libcfg/keys.c"), re.M):
        out.append(f"| {name} | {words[letter]} |")


def page(counted):
    """@counted: of figures(). @return the text of the page"""
    code = without_comments(source())
    out = ["# Compatibility with Xen 4.17", "",
           "Made by `tests/interop/compatibility.py` from Xen's headers, the source and the answers of both hypervisors; do "
           "not edit. Which parts of Debian's Xen work with which of ours is shown by `make test-interop`: hypervisor, "
           "toolstack and store are exchanged for each other there. \"Refused\" is an answer with the error that is named; "
           "\"offered\" means that there is an implementation, and what is known to lack in it stands in `abi-notes.md`.", ""]
    hypercalls(out, code, counted)
    toolstack(out)
    return "\n".join(out) + "\n"


def is_current():
    """True when the page in docs/ says what this makes of the source; how many calls were answered alike is not looked at."""
    plain = [re.sub(r"\d+ of \d+", "", text) for text in (read(f"{TOP}/docs/compatibility.md"), page({}))]
    return plain[0] == plain[1]


if __name__ == "__main__":
    text = page(figures())
    with open(f"{TOP}/docs/compatibility.md", "w", encoding="utf-8") as out:
        out.write(text)
