# SPDX-License-Identifier: GPL-2.0-only
"""Small static programs for Domain 0, built from tests/system/programs, packed as an extra initrd."""
import os
import subprocess

from machine import WORK

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def compiled(program, target):
    """Builds tests/system/programs/@program.c with the project's musl tool chain, as a static program. @return @target"""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    sysroot = subprocess.run([f"{TOP}/scripts/musl-toolchain"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    subprocess.run([f"{sysroot}/bin/hospes-cc", "-static", "-O2", "-Wall", "-o", target, f"{HERE}/programs/{program}.c"], check=True)
    return target


def archive(name, *programs):
    """@return the path of a cpio archive that holds @programs in /smoke"""
    tree = os.path.join(WORK, f"{name}.tree")
    for program in programs:
        compiled(program, f"{tree}/smoke/{program}")
    path = os.path.join(WORK, f"{name}.cpio")
    with open(path, "wb") as out:
        listing = subprocess.run(["find", "."], cwd=tree, check=True, capture_output=True).stdout
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=listing, stdout=out, check=True)
    return path
