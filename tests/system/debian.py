# SPDX-License-Identifier: GPL-2.0-only
"""Debian's unmodified kernels, unpacked from their packages by scripts/fetch-package: nothing is installed."""
import functools
import glob
import os
import re
import subprocess

from programs import TOP

# rt: the last one before 6.1.192, which does not come up on any Xen (docs/abi-notes.md, "The rt kernel").
FLAVOURS = {"amd64": "linux-image-amd64", "cloud": "linux-image-cloud-amd64", "rt": "linux-image-6.1.0-50-rt-amd64"}


@functools.lru_cache(None)
def package(name):
    """@return the folder of the unpacked Debian package @name"""
    return subprocess.run([f"{TOP}/scripts/fetch-package", name], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.strip().splitlines()[-1]


def kernel(image="linux-image-amd64"):
    return sorted(glob.glob(f"{package(image)}/boot/vmlinuz-*"))[-1]


@functools.lru_cache(None)
def module_files(image):
    return {os.path.basename(path)[:-3].replace("-", "_"): path
            for path in glob.glob(f"{package(image)}/lib/modules/*/kernel/**/*.ko", recursive=True)}


def modules(names, image="linux-image-amd64"):
    """@return the files of modules @names and of those that they depend on, in the order of loading; built-in ones are left out"""
    files, order = module_files(image), []

    def add(name):
        path = files.get(name.replace("-", "_"))
        if path is None or path in order:
            return
        with open(path, "rb") as module:
            depends = re.search(rb"\0depends=([^\0]*)\0", module.read())
        for other in depends.group(1).decode().split(",") if depends else []:
            if other:
                add(other)
        order.append(path)

    for name in names:
        add(name)
    return order
