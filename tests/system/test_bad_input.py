# SPDX-License-Identifier: GPL-2.0-only
"""Bad input at power-on: one clear line that names the option or file and says what to do; no hang, no reboot loop."""
import os
import re
import time

import pytest
from machine import BOOT, WORK, Machine, Timeout, direct

VMLINUZ = os.path.join(BOOT, "vmlinuz")
ERROR = r"^\(XEN\) .*"


def file_with(name, content):
    os.makedirs(WORK, exist_ok=True)
    path = os.path.join(WORK, name)
    with open(path, "wb") as out:
        out.write(content)
    return path


def says(machine, pattern, timeout=40):
    """The line comes, once, and the machine neither resets nor goes on."""
    machine.expect(ERROR + pattern, timeout)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            machine.wait_exit(1)
            break
        except Timeout:
            pass
    assert len(re.findall(pattern, machine.text)) <= 2, machine.tail()
    assert machine.text.count("Hospes ") < 6, "the machine restarts in a loop"


def test_no_module(name):
    with Machine(name, "-kernel", os.path.join(BOOT, "hospes"), "-append", "console=com1 noreboot", memory=256) as machine:
        says(machine, r".*no (Domain 0 )?kernel.*module")


def test_no_execute_protection(name):
    """A processor without NX, or with NX switched off where we cannot switch it on again: said before there is any console."""
    with direct(name, cpu="qemu64,-nx", memory=256) as machine:
        machine.expect("^Hospes needs a processor with no-execute pages.*: enable them in the firmware's set-up")


def test_no_clock(name):
    """Nothing that counts at a known rate: not an endless loop, and a clock that is there is found whatever clocksource= asks for."""
    with direct(name, model="q35,pit=off", hypervisor_args="noreboot acpi=0", memory=256) as machine:
        says(machine, "Hospes stops: no clock of a known rate.*firmware")
    with direct(f"{name}-pit", model="q35,pit=off", hypervisor_args="noreboot clocksource=pit", memory=256) as machine:
        machine.expect(r"^\(XEN\) Time: TSC .* measured against the HPET")


NO_KERNELS = {
    "text": b"This is not a kernel. " * 100,
    "empty-elf": b"\x7fELF" + bytes(200),
    "script": b"#!/bin/sh\nexit 0\n",
}


@pytest.mark.parametrize("what", NO_KERNELS)
def test_module_is_not_a_kernel(name, what):
    with direct(name, kernel=file_with(name, NO_KERNELS[what]), hypervisor_args="noreboot", memory=256) as machine:
        says(machine, r".*kernel.*")


def test_kernel_without_xen_notes(name):
    """A static 64-bit program is a good ELF file, but no kernel for us."""
    with direct(name, kernel="/bin/busybox", hypervisor_args="noreboot", memory=256) as machine:
        says(machine, r".*kernel.*Xen.*note")


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_corrupt_compressed_kernel(name, place):
    with open(VMLINUZ, "rb") as data:
        content = bytearray(data.read())
    at = int(len(content) * place)
    for i in range(at, at + 64):
        content[i] ^= 0x5A
    with direct(name, kernel=file_with(name, content), hypervisor_args="noreboot", memory=512) as machine:
        says(machine, r".*kernel.*", 90)


def test_truncated_kernel(name):
    with open(VMLINUZ, "rb") as data:
        content = data.read(1 << 20)
    with direct(name, kernel=file_with(name, content), hypervisor_args="noreboot", memory=256) as machine:
        says(machine, r".*kernel.*(truncated|end|payload|file)")


@pytest.mark.parametrize("option,pattern", [
    ("dom0_mem=100G", r".*dom0_mem.*"),
    ("dom0_mem=8M", r".*dom0_mem.*"),
    ("dom0_mem=1x2", r".*dom0_mem.*"),
])
def test_dom0_mem(name, option, pattern):
    with direct(name, hypervisor_args=f"{option} noreboot", memory=512) as machine:
        machine.expect(ERROR + pattern, 40)


def test_initrd_that_does_not_fit(name):
    big = file_with(name, os.urandom(1 << 20) * 80)
    with direct(name, initrd=big, hypervisor_args="dom0_mem=64M noreboot", memory=512) as machine:
        says(machine, r".*(initrd|dom0_mem).*")


def test_unknown_option_is_named_and_boot_goes_on(name):
    with direct(name, hypervisor_args="no_such_option=1") as machine:
        machine.expect(ERROR + r".*no_such_option", 40)
        machine.ready()


def test_no_acpi(name):
    with Machine(name, "-kernel", os.path.join(BOOT, "hospes"), "-append", "console=com1 loglvl=all", "-initrd",
                 f"{VMLINUZ} console=hvc0,{BOOT}/initrd", model="pc,acpi=off") as machine:
        machine.expect(ERROR + r".*ACPI", 40)
        machine.expect(r"Domain 0 ready", 120)


def test_no_serial_port(name):
    """Nothing hangs without a serial port: Domain 0 starts, runs its command and ends the machine."""
    with Machine(name, "-kernel", os.path.join(BOOT, "hospes"), "-append", "console=com1,vga com1=115200,8n1",
                 "-initrd", f"{VMLINUZ} console=tty0 console=hvc0 hospes.run=true,{BOOT}/initrd", serial=False) as machine:
        machine.wait_exit(150)
