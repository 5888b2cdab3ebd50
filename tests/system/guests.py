# SPDX-License-Identifier: GPL-2.0-only
"""Guests for the tests: a BusyBox in memory that prints what it does on its console and obeys at TCP port 2323, xl.cfg
files, and the archive that brings both into a Domain 0 started by direct()."""
import os
import re
import shutil
import subprocess

from machine import BOOT, WORK, direct
from programs import TOP, compiled

HERE = os.path.dirname(os.path.abspath(__file__))
KERNEL = "/guests/vmlinuz"
RAMDISK = "/guests/guest.initrd"
TROUBLE = r"BUG:|WARNING:|Oops|Call Trace|INFO: rcu|soft lockup|\(XEN\).*(panic|WARNING|BUG)"


def packed(tree, path):
    """Packs folder @tree as a cpio archive. @return @path"""
    listing = subprocess.run(["find", "."], cwd=tree, check=True, capture_output=True).stdout
    with open(path, "wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=tree, input=listing, stdout=out, check=True)
    return path


def initrd(name, *modules, programs=()):
    """@modules: kernel modules that the guest loads, in this order; @programs: of tests/system/programs, for /bin. @return the path
    of a guest's initrd"""
    tree = os.path.join(WORK, f"{name}.guest")
    shutil.rmtree(tree, ignore_errors=True)
    for folder in ("bin", "sbin", "proc", "sys", "dev", "tmp", "etc", "usr/bin", "usr/sbin", "modules"):
        os.makedirs(os.path.join(tree, folder))
    busybox = subprocess.run([f"{TOP}/scripts/build-busybox"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    shutil.copy(f"{busybox}/busybox", f"{tree}/bin/busybox")
    with open(f"{busybox}/busybox.links", encoding="ascii") as links:
        for link in links.read().split():
            if not os.path.lexists(tree + link):
                os.symlink("/bin/busybox", tree + link)
    os.symlink("/bin/busybox", f"{tree}/init")
    for order, module in enumerate(modules):
        shutil.copy(module, f"{tree}/modules/{order:02d}-{os.path.basename(module)}")
    for program in programs:
        compiled(program, f"{tree}/bin/{program}")
    shutil.copy(f"{HERE}/programs/guest-start", f"{tree}/etc/start")
    os.chmod(f"{tree}/etc/start", 0o755)
    with open(f"{tree}/etc/inittab", "w", encoding="ascii") as out:
        out.write("::sysinit:/etc/start\nhvc0::respawn:/bin/sh\n::shutdown:/bin/sync\n")
    path = os.path.join(WORK, f"{name}.guest.initrd")
    packed(tree, f"{path}.cpio")
    subprocess.run(["zstd", "-q", "-3", "-f", f"{path}.cpio", "-o", path], check=True)
    return path


def config(name, number, options="", kernel=KERNEL, ramdisk=RAMDISK, memory=64, **settings):
    """@return the text of an xl.cfg file. @number: the guest's address is 172.30.0.@number. @settings: as they are to stand there"""
    lines = {"name": f'"{name}"', "memory": memory, "vif": f'["bridge=xenbr1,mac=00:16:3e:00:00:{number:02x}"]'}
    if kernel:
        lines |= {"kernel": f'"{kernel}"', "ramdisk": f'"{ramdisk}"',
                  "cmdline": f'"console=hvc0 quiet guest.name={name} guest.ip=172.30.0.{number} {options}"'}
    lines |= settings
    return "".join(f"{key} = {value}\n" for key, value in lines.items())


def archive(name, configs, files=None, ramdisk=None):
    """@configs: file name -> text; @files: path in Domain 0 -> path here. @return a cpio archive with all of it in /guests"""
    tree = os.path.join(WORK, f"{name}.archive")
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(f"{tree}/guests")
    shutil.copy(os.path.join(BOOT, "vmlinuz"), tree + KERNEL)
    shutil.copy(ramdisk or initrd(name), tree + RAMDISK)
    for file, text in configs.items():
        with open(f"{tree}/guests/{file}", "w", encoding="utf-8") as out:
            out.write(text)
    for target, source in (files or {}).items():
        os.makedirs(os.path.dirname(tree + target), exist_ok=True)
        shutil.copy(source, tree + target)
    return packed(tree, os.path.join(WORK, f"{name}.archive.cpio"))


def host(name, configs, files=None, ramdisk=None, **options):
    """A machine whose Domain 0 has @configs in /guests. @return a Machine"""
    options.setdefault("memory", 1536)
    return direct(name, extra_initrd=archive(name, configs, files, ramdisk), **options)


def console_log(machine, guest):
    return machine.run(f"cat /var/log/xen/console/guest-{guest}.log")[1]


def wait_console(machine, guest, pattern, times=1, timeout=240):
    """Waits until the console log of @guest has @times lines that match @pattern."""
    code, output = machine.run(f"i=0; while [ \"$(grep -c '{pattern}' /var/log/xen/console/guest-{guest}.log)\" -lt {times} ]; do "
                               f"i=$((i+1)); [ $i -lt {timeout} ] || break; sleep 1; done 2>/dev/null; [ $i -lt {timeout} ]",
                               timeout * 3)
    assert code == 0, f"{guest} did not print {pattern!r}: {output}\n{console_log(machine, guest)}\n{machine.tail(10)}"


def leave_console(machine):
    """Types Ctrl-] at xl console, and waits for the shell."""
    start = len(machine.text)
    machine.send("\x1d")
    machine.expect(r"^# ", 30, start)


def create(machine, guest, ready=True, timeout=240):
    """xl create of /guests/@guest.cfg; waits for its first user space. @return xl's output"""
    machine.run(f": > /var/log/xen/console/guest-{guest}.log")
    output = machine.check(f"xl create -q /guests/{guest}.cfg", timeout)
    if ready:
        wait_console(machine, guest, f"^{guest}: ready", timeout=timeout)
    return output


def inside(machine, number, command, timeout=180):
    """Runs @command in the guest 172.30.0.@number. @return its output"""
    return machine.check(f"echo '{command}' | nc -w {timeout} 172.30.0.{number} 2323", timeout + 30)


def listed_mib(machine, guest="one"):
    """@return the memory of @guest in `xl list`"""
    return int(re.search(rf"^{guest} +\d+ +(\d+) ", machine.check("xl list"), re.M).group(1))


def total_mib(machine, number):
    """@return the memory that the kernel of guest 172.30.0.@number counts"""
    return int(re.search(r"MemTotal: +(\d+) kB", inside(machine, number, "cat /proc/meminfo")).group(1)) >> 10


def wait_until(machine, condition, seconds=60):
    """Waits until shell command @condition succeeds in Domain 0."""
    code, output = machine.run(f"i=0; until {condition}; do i=$((i+1)); [ $i -lt {seconds} ] || break; sleep 1; done; [ $i -lt {seconds} ]",
                               seconds * 3 + 60)
    assert code == 0, f"not within {seconds} s: {condition}\n{output}\n{machine.run('xl list')[1]}"


def mem_set(machine, mib, guest="one"):
    """Asks @guest to grow or shrink to @mib, and waits until `xl list` shows it."""
    machine.check(f"xl mem-set {guest} {mib}")
    wait_until(machine, f"[ $(xl list {guest} | awk 'NR == 2 {{ print $3 }}') = {mib} ]", 60)


def blank(name, size="8M"):
    path = os.path.join(WORK, f"{name}.img")
    os.makedirs(WORK, exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    subprocess.run(["truncate", "-s", size, path], check=True)
    return path


def state_files():
    """What state() needs in Domain 0: for the @files of host()."""
    os.makedirs(WORK, exist_ok=True)
    counts = os.path.join(WORK, f"host-counts.{os.getpid()}")
    compiled("host-counts", counts)
    return {"/guests/state": f"{HERE}/programs/host-state", "/guests/host-counts": counts}


def state(machine):
    """@return what programs/host-state counts, as a dictionary"""
    output = machine.check("sh /guests/state", 120)
    return {key: int(value) for key, value in re.findall(r"^(\S+) (\d+)$", output, re.M)}


def settled(machine):
    """@return state(), as soon as it is the same twice but for memory: what ends by itself has ended"""
    last = None
    for _ in range(120):
        now = state(machine)
        if last is not None and all(last[key] == value for key, value in now.items() if not key.endswith("-kib")):
            return now
        last = now
        machine.run("sleep 1")
    raise AssertionError(f"it does not settle: {last}, {now}")


def compare(machine, before, **slack):
    """Waits a little for what ends by itself, then all must be as before. @slack: how many KiB each memory figure may be worse, by name
    without -kib: free (the hypervisor's and what Domain 0 has), available, slab, unreclaimable (Domain 0's; not compared unless given).
    @return the last state"""
    bounds = {"free-kib": 64, **{f"{key}-kib": value for key, value in slack.items()}}
    wrong = {}
    for _ in range(60):
        machine.run("sleep 1")
        after = state(machine)
        wrong = {}
        for key, value in after.items():
            worse = before[key] - value if key in ("free-kib", "available-kib") else value - before[key]
            # blkback gives back persistent grants that were not used for a minute.
            if worse > bounds.get(key, 1 << 40) if key.endswith("-kib") else worse > 0 if key == "grants" else worse:
                wrong[key] = (before[key], value)
        if not wrong:
            return after
    details = machine.run("/guests/host-counts ports; cat /proc/interrupts; xenstore-ls; ls -l /proc/$(pidof xenstored)/fd; ip link; losetup -a; xl list; ls /var/lib/xen")[1]
    raise AssertionError(f"(before, after): {wrong}\n{details}")


def no_trouble(machine):
    """Neither the hypervisor nor, while it still runs, Domain 0's kernel complains."""
    text = machine.text if machine.exited() else machine.text + machine.check("dmesg")
    assert not re.search(TROUBLE, text), re.search(f".*({TROUBLE}).*", text)
