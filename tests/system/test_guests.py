# SPDX-License-Identifier: GPL-2.0-only
"""PV guests on Hospes with its own toolstack: autostart from an image, disks, networks, consoles, CPU features, what is left behind, bad
configurations. CYCLES=200 for the long run of test_nothing_is_left_behind."""
import os
import re
import shutil
import subprocess
import time

from guests import (HERE, blank, compare, config, console_log, create, host, initrd, inside, no_trouble, settled, state, state_files, wait_console)
from machine import BOOT, WORK, Machine
from programs import TOP

DISK = '["disk.img,raw,xvda,rw"]'


def start_three_guests(name, boot=BOOT, env=None):
    """An ISO with three guests: all start by themselves, ping Domain 0 and each other, verify their disks after a reboot of their
    own; the menu's entry carries the option; the disc is not needed any more; poweroff shuts them down. A disk of a guest with a copy of
    the disc is not taken for it. @boot, @env: of iso/build-iso"""
    folder, tree = os.path.join(WORK, f"{name}.guests"), os.path.join(WORK, f"{name}.iso-work")
    iso = os.path.join(WORK, f"{name}.iso")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    shutil.copy(initrd(name), f"{folder}/guest.initrd")
    for number, guest, other, more in ((11, "alpha", 12, {}), (12, "beta", 13, {"vcpus": 2}), (13, "gamma", 11, {"maxmem": 128})):
        shutil.copy(blank(f"{name}-{guest}"), f"{folder}/{guest}.img")
        text = config(guest, number, f"guest.ping=172.30.0.1,172.30.0.{other} guest.disk=xvda", kernel="/boot/vmlinuz",
                      ramdisk="guest.initrd", disk=f'["{guest}.img,raw,xvda,rw"]', **more)
        with open(f"{folder}/{guest}.cfg", "w", encoding="ascii") as out:
            out.write(text)
    with open(f"{folder}/broken.cfg", "w", encoding="ascii") as out:
        out.write('name = "broken"\nkernel = "/no/such/kernel"\ndisk = ["/dev/sda,raw,xvda,ro"]\n')
    subprocess.run([f"{TOP}/iso/build-iso", boot, tree, iso, folder], check=True, env=env)
    copy = shutil.copy(iso, f"{iso}.copy")

    with Machine(name, "-cdrom", iso, "-boot", "d", "-drive", f"file={copy},format=raw", memory=1536) as machine:
        machine.ready(300)
        machine.expect("guests: /dev/sda1? is a guest's disk: looking further", 60)
        assert machine.expect(r"guests: \d+ up, \d+ failed", 240).group(0) == "guests: 3 up, 1 failed"
        machine.expect(r"guest broken +\[failed\]  .*/no/such/kernel", 10)
        for number, guest, other in ((11, "alpha", 12), (12, "beta", 13), (13, "gamma", 11)):
            wait_console(machine, guest, f"^{guest}: ready", timeout=150)
            log = console_log(machine, guest)
            assert f"{guest}: ping 172.30.0.1 answered" in log and f"{guest}: ping 172.30.0.{other} answered" in log, log
            written = re.search(rf"{guest}: disk written (\w{{32}})", log)
            verified = re.search(rf"{guest}: disk verified (\w{{32}})", log)
            assert written and verified and written.group(1) == verified.group(1), log
            assert inside(machine, number, "nproc").strip() == ("2" if guest == "beta" else "1")
        output = machine.check("xl list")
        assert len(re.findall(r"^(alpha|beta|gamma) ", output, re.M)) == 3, output
        # The medium goes; the guest starts again all the same.
        machine.monitor.sendall(b"eject -f ide2-cd0\n")
        machine.run("echo 3 > /proc/sys/vm/drop_caches; echo 'reboot -f' | nc -w 5 172.30.0.11 2323")
        wait_console(machine, "alpha", "^alpha: ready", times=2, timeout=150)
        start = len(machine.text)
        machine.send("poweroff\n")
        for guest in ("alpha", "beta", "gamma"):
            machine.expect(rf"guest {guest} +\[ down \]", 120, start)
        machine.wait_exit(120)
        no_trouble(machine)


def test_three_guests_from_the_image(name):
    start_three_guests(name)


# What Domain 0 may have less, or more of slab, after any number of cycles: logs (bounded, in memory) and the kernel's caches.
MEMORY_BOUNDS = {"available": 4096, "slab": 2048, "unreclaimable": 1024}


def test_nothing_is_left_behind(name):
    """Creates and destroys a guest CYCLES times, every second time while it boots; everything is counted before and after."""
    cycles = int(os.environ.get("CYCLES", "40"))
    configs = {"cycle.cfg": config("cycle", 41, disk=DISK)}
    files = {"/guests/disk.img": blank(name), "/guests/cycles": f"{HERE}/programs/cycles", **state_files()}
    with host(name, configs, files) as machine:
        machine.ready(300)
        machine.check("sh /guests/cycles 2", 300)
        before = settled(machine)
        start = time.monotonic()
        machine.check(f"sh /guests/cycles {cycles}", 120 + cycles * 40)
        seconds = time.monotonic() - start
        after = compare(machine, before, **MEMORY_BOUNDS)
        print(f"{cycles} cycles in {seconds:.0f} s; before {before}; after {after}")
        no_trouble(machine)


BAD = {
    "typo": ('name = "bad\nkernel = 1\n', r":1: "),
    "unknown-key": (config("bad", 61) + 'memmory = 64\n', r"memmory"),
    "no-kernel": (config("bad", 61, kernel="/guests/nothing"), r":\d+: .*/guests/nothing"),
    "not-a-kernel": (config("bad", 61, kernel="/etc/passwd"), r":\d+: .*/etc/passwd"),
    "truncated-kernel": (config("bad", 61, kernel="/guests/truncated"), r":\d+: .*truncated"),
    "no-disk": (config("bad", 61, disk='["/guests/none.img,raw,xvda,rw"]'), r":\d+: .*/guests/none.img"),
    "bad-disk": (config("bad", 61, disk='["/guests/disk.img,raw,xvda,rx"]'), r":\d+: .*rx"),
    "no-bridge": (config("bad", 61, vif='["bridge=xenbr9"]'), r":\d+: .*xenbr9"),
    "bad-mac": (config("bad", 61, vif='["mac=00:16:3e:00:00"]'), r":\d+: .*00:16:3e:00:00"),
    "mac-twice": (config("bad", 61, vif='["mac=00:16:3e:00:00:3f"]'), r":\d+: .*00:16:3e:00:00:3f"),
    "name-twice": (config("good", 61), r":\d+: .*good"),
    "disk-in-use": (config("bad", 61, disk='["/guests/used.img,raw,xvda,rw"]'), r":\d+: .*/guests/used.img"),
    "too-little": (config("bad", 61, memory=8), r"memory|MiB"),
    "too-much": (config("bad", 61, memory=100000), r"memory|MiB"),
    "no-name": ('kernel = "/guests/vmlinuz"\n', r"name"),
}


def test_bad_configurations(name):
    """One line that tells file, reason and remedy, a failing exit, nothing left; and the good guest beside it runs on."""
    configs = {f"{case}.cfg": text for case, (text, _) in BAD.items()}
    configs["good.cfg"] = config("good", 63, disk='["/guests/used.img,raw,xvda,rw"]')
    truncated = os.path.join(WORK, f"{name}.truncated")
    os.makedirs(WORK, exist_ok=True)
    with open(os.path.join(BOOT, "vmlinuz"), "rb") as whole, open(truncated, "wb") as out:
        out.write(whole.read(2000000))
    files = {"/guests/disk.img": blank(name), "/guests/used.img": blank(f"{name}-used"), "/guests/truncated": truncated, **state_files()}
    with host(name, configs, files) as machine:
        machine.ready(300)
        create(machine, "good")
        before = state(machine)
        wrong = []
        for case, (_, pattern) in BAD.items():
            code, output = machine.run(f"xl create -q /guests/{case}.cfg", 120)
            lines = [line for line in output.splitlines() if line.strip()]
            if code == 0 or len(lines) != 1 or not re.search(pattern, output):
                wrong.append((case, code, output))
        assert not wrong, wrong
        compare(machine, before)
        assert inside(machine, 63, "echo alive").strip() == "alive"


def cpu_flags(machine, number):
    return set(re.search(r"^flags\s*: (.*)$", inside(machine, number, "cat /proc/cpuinfo"), re.M).group(1).split())


def test_cpu_features_taken_away(name):
    """cpuid= in both syntaxes: the features are gone from the guest, with what is built on them, and from no other guest. What cannot be had
    is refused with file and line, before the domain and after."""
    bits = {"x" * 31 + "0": "1:edx", "x" * 6 + "0" + "x" * 25: "1:ecx"}  # fpu stays: a later entry gives it back
    configs = {
        "full.cfg": config("full", 64),
        "less.cfg": config("less", 65, cpuid='"host,xsave=0,sse3=k,movbe=0"'),
        "list.cfg": config("list", 66, cpuid=f"[{', '.join(repr(f'{place}={text}') for text, place in bits.items())}, '1:edx={'x' * 32}']"),
        "vmx.cfg": config("bad", 67, cpuid='"host,vmx=1"'),
        "needs.cfg": config("bad", 67, cpuid='"host,avx=0,avx2=1"'),
    }
    with host(name, configs, cpu="max") as machine:
        machine.ready(400)
        for guest in ("full", "less", "list"):
            create(machine, guest, timeout=400)
        full, less, listed = (cpu_flags(machine, number) for number in (64, 65, 66))
        gone = {"xsave", "avx", "avx2", "fma", "f16c", "movbe"}
        assert gone | {"pni", "aes", "fpu", "hypervisor"} <= full, full
        assert not gone & less and full - less <= gone | {"xsaveopt", "xsavec", "xgetbv1", "vaes", "vpclmulqdq"}, full ^ less
        assert full ^ listed == {"aes", "vaes"} & full, full ^ listed
        machine.check("xl reboot less")
        wait_console(machine, "less", "^less: ready", times=2, timeout=400)
        assert cpu_flags(machine, 65) == less
        for case, line in (("vmx", "vmx"), ("needs", "avx2")):
            code, output = machine.run(f"xl create -q /guests/{case}.cfg", 120)
            assert code and re.search(rf"/guests/{case}\.cfg:\d+: .*cpuid: .*'{line}'", output), output
        assert not re.search("^bad ", machine.check("xl list"), re.M)
        no_trouble(machine)
