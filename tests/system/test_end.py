# SPDX-License-Identifier: GPL-2.0-only
"""The ways in which a machine ends: power-off, reboot, a panic of Domain 0, a panic of the hypervisor's configuration."""
from machine import direct


def test_poweroff(name):
    with direct(name) as machine:
        machine.ready()
        machine.send("poweroff\n")
        machine.wait_exit(120)
        assert "Power down" in machine.text


def test_reboot(name):
    with direct(name) as machine:
        machine.ready()
        machine.send("reboot\n")
        machine.wait_exit(120)  # QEMU runs with -no-reboot: a reset ends it
        assert "Restarting system" in machine.text


def test_domain0_panic_reboots(name):
    with direct(name) as machine:
        machine.ready()
        machine.send("echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger\n")
        machine.expect(r"Kernel panic", 60)
        machine.expect(r"Domain 0 crashed", 60)
        machine.expect(r"Restarting in \d+ seconds", 60)
        machine.send("R")
        machine.wait_exit(30)


def test_domain0_panic_restarts_by_itself(name):
    """The countdown runs out without anybody at the console."""
    with direct(name) as machine:
        machine.ready()
        machine.send("echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger\n")
        machine.expect(r"Restarting in \d+ seconds", 60)
        machine.wait_exit(150)


def test_domain0_panic_with_noreboot_stays(name):
    with direct(name, hypervisor_args="noreboot") as machine:
        machine.ready()
        machine.send("echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger\n")
        machine.expect(r"The machine is stopped \(noreboot\)", 60)
        try:
            machine.wait_exit(5)
        except AssertionError:
            return
        raise AssertionError("the machine ended although noreboot was given")


def test_reset_reaches_the_firmware_again(name):
    """Without -no-reboot the machine comes up a second time."""
    machine = direct(name)
    machine.args.remove("-no-reboot")
    with machine:
        machine.ready()
        first = len(machine.text)
        machine.send("reboot\n")
        machine.expect(r"Restarting system", 60, first)
        machine.expect(r"Domain 0 ready", 120, first)
