# SPDX-License-Identifier: GPL-2.0-only
"""Domain 0 under load, with wrong hypercalls, and with Debian's own kernel."""
import os
import re
import shutil
import signal
import subprocess

import debian
from guests import TROUBLE, packed
from machine import BUILD, WORK, Timeout, direct, run_command
from programs import archive


def test_load_on_four_cpus(name):
    """fork, memory, signals, pipes, files and programs for two minutes; neither Linux nor the hypervisor warns."""
    seconds = int(os.environ.get("STRESS_SECONDS", "120"))
    code, text = run_command(name, f"/smoke/stress {seconds} 8", timeout=seconds * 3 + 240, cpus=4, memory=1024,
                             extra_initrd=archive(name, "stress"))
    assert code == 0, text[-2000:]
    assert "stress: passed" in text
    assert not re.search(TROUBLE, text), re.search(TROUBLE, text)


def test_wrong_hypercalls_and_instructions(name):
    code, text = run_command(name, "/smoke/hypercalls", extra_initrd=archive(name, "hypercalls"))
    assert code == 0, "\n".join(re.findall(r"^FAIL.*", text, re.M)) or text[-2000:]
    assert len(re.findall(r"^ok ", text, re.M)) >= 25


KEYS = {"a": r"CPU 0: timer wanted in -?\d+ us, set for -?\d+ us(?s:.*)CPU 1: timer wanted in -?\d+ us, set for", "d": r"(?i)\brip\b", "e": r"port 1: virq 0, vCPU 0, pending \d masked \d", "g": r"Grants of domain 0: \d+ entries", "m": r"Memory: \d+ of \d+ KiB free",
        "q": r"vCPU 1: CPU \d, \w+, pause count 0", "r": r"CPU 1: idle for \d+ ms(?s:.*)Domain 0: weight 256, cap 0(?s:.*)vCPU 1: .*credit -?\d+ us",
        "t": r"Time: \d+ ns since start"}


def test_debug_keys(name):
    """Each key that the help lists (but R, which restarts) answers in the log; as many event channels as it says."""
    with direct(name, cpus=2) as machine:
        machine.ready()
        answers = {}
        for key in "h" + "".join(KEYS):
            machine.check(f"lines=$(xl dmesg | wc -l); xl debug-keys {key}")
            for _ in range(100): # until the answer is there, and whole: it is made in a tasklet
                last = answers.get(key)
                answers[key] = machine.check("sleep 0.2; xl dmesg | tail -n +$((lines + 1))")
                if answers[key] == last and re.search(KEYS.get(key, r"^\(XEN\)   t "), answers[key], re.M):
                    break
        assert sorted(re.findall(r"^\(XEN\)   (\w)  ", answers["h"], re.M)) == sorted([*KEYS, "h", "R"])
        for key, pattern in KEYS.items():
            assert re.search(pattern, answers[key]), (key, answers[key])
        assert int(re.search(r"Event channels of domain 0: (\d+)", answers["e"]).group(1)) == answers["e"].count(", vCPU ")


def test_slow_store_and_logs(name):
    """A store that takes its time is waited for. The daemons are the last that Linux kills; what programs print, and what guests make the
    daemons say, stays small and pushes nothing else out."""
    tree = os.path.join(WORK, f"{name}.tree")
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(f"{tree}/usr/sbin")
    shutil.copy(os.path.join(BUILD, "toolstack-root/usr/sbin/xenstored"), f"{tree}/usr/sbin/xenstored.real")
    with open(f"{tree}/usr/sbin/xenstored", "w", encoding="ascii") as out:
        out.write('#!/bin/sh\nsleep 4\nexec /usr/sbin/xenstored.real "$@"\n')
    os.chmod(f"{tree}/usr/sbin/xenstored", 0o755)
    with direct(name, extra_initrd=packed(tree, f"{tree}.cpio")) as machine:
        machine.ready()
        assert machine.check("xenstore-read /local/domain/0/name").strip() == "Domain-0"
        scores = machine.check("cat /proc/$(pidof xenstored.real)/oom_score_adj /proc/$(pidof xenconsoled)/oom_score_adj")
        assert max(int(score) for score in re.findall(r"^-?\d+$", scores, re.M)) <= -900, scores
        machine.check("logger evidence; yes 'from a guest' | head -n 8000 | logger -p daemon.notice; sleep 1; grep evidence /var/log/messages", 240)
        machine.check("cd /var/log/xen; for f in xen-hotplug.log xl-a.log xenstored.err; do head -c 1000000 /dev/zero >> $f; done")
        machine.check("/usr/lib/hospes/bound-logs once; ps | grep '[b]ound-logs'")
        sizes = machine.check("find /var/log -type f -exec stat -c '%s %n' {} +")
        assert max(int(size) for size in re.findall(r"^(\d+) ", sizes, re.M)) <= 300 << 10, sizes


def test_debian_kernel_as_domain0(name):
    """Debian's unmodified kernel with nothing but a static BusyBox."""
    tree = os.path.join(WORK, f"{name}.tree")
    for folder in ("bin", "proc", "sys", "dev"):
        os.makedirs(os.path.join(tree, folder), exist_ok=True)
    subprocess.run(["cp", "/bin/busybox", f"{tree}/bin/busybox"], check=True)
    with open(f"{tree}/init", "w", encoding="utf-8") as out:
        out.write("#!/bin/busybox sh\n/bin/busybox --install -s /bin\nmount -t proc proc /proc; mount -t sysfs sys /sys;"
                  " mount -t devtmpfs dev /dev\nexec </dev/hvc0 >/dev/hvc0 2>&1\necho debian: $(uname -r) cpus=$(nproc)"
                  " $(cat /sys/hypervisor/type)\npoweroff -f\n")
    os.chmod(f"{tree}/init", 0o755)
    initrd = os.path.join(WORK, f"{name}.cpio")
    subprocess.run(f"cd {tree} && find . | cpio -o -H newc --quiet > {initrd}", shell=True, check=True)
    with direct(name, kernel=debian.kernel(), initrd=initrd, memory=1024, cpus=2) as machine:
        found = machine.expect(r"debian: (\S+) cpus=(\d+) (\w+)\n", 180)
        assert found.group(2) == "2" and found.group(3) == "xen"
        machine.wait_exit(60)
        assert not re.search(TROUBLE, machine.text), re.search(TROUBLE, machine.text)


def test_timers_while_device_memory_moves(name):
    """Linux takes a device's memory away and gives it back while both CPUs set timers: all go on. (QEMU 7.2 loses a write to the APIC now
    and then while the memory map changes; the hypervisor looks after its writes there. Seldom QEMU dies of it: then again.)"""
    for _ in range(6):
        with direct(name, cpus=2, extra_initrd=archive(name, "moving-memory")) as machine:
            machine.ready()
            device = os.path.dirname(machine.check("grep -l 0x030000 /sys/bus/pci/devices/*/class").strip())
            try:
                code, output = machine.run(f"/smoke/moving-memory {device}/config 600", 900)
            except Timeout:
                assert machine.wait_exit(1) == -signal.SIGSEGV
                continue
        assert code == 0 and "600 changes, 0 sleepers" in output, output
        return
    raise AssertionError("QEMU died each time")
