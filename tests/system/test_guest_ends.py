# SPDX-License-Identifier: GPL-2.0-only
"""How guests end, and what happens then: on_crash, on_poweroff, on_reboot and on_watchdog with each action, dump-core; and the end
of the host with a guest that does not listen."""
import re

from guests import config, create, host, inside, no_trouble, wait_console, wait_until

CRASH = ("destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart")
CRASH_COMMAND = "echo c > /proc/sysrq-trigger"
# name: (settings, what the guest is told to do, state afterwards)
OTHERS = {
    "off-preserve": ({"on_poweroff": '"preserve"'}, "poweroff -f", "preserved"),
    "off-restart": ({"on_poweroff": '"restart"'}, "poweroff -f", "restarted"),
    "reboot-destroy": ({"on_reboot": '"destroy"'}, "reboot -f", "gone"),
    "reboot": ({}, "reboot -f", "restarted"),
    # The driver's timer is 3 s; nobody feeds it.
    "dog-preserve": ({"on_watchdog": '"preserve"'}, "echo > /dev/watchdog", "preserved"),
    "dog-restart": ({"on_watchdog": '"restart"'}, "echo > /dev/watchdog", "restarted"),
}
FIRST = 100  # the last octet of the first guest's address


def told(machine, number, command):
    """Has the guest do something that it does not survive."""
    machine.check(f"echo '{command}' | nc -w 3 172.30.0.{number} 2323 > /dev/null 2>&1; true", 60)


def domids(machine):
    """@return {name: (domid, state)} of all guests"""
    lines = re.findall(r"^(\S+) +(\d+) +\d+ +\d+ +([a-z-]{6}) ", machine.check("xl list"), re.M)
    return {name: (int(domid), state) for name, domid, state in lines if domid != "0"}


def wait_new(machine, guest, old):
    wait_until(machine, f"[ $(xl domid {guest} 2> /dev/null || echo {old}) != {old} ]", 90)
    wait_console(machine, guest, f"^{guest}: ready", 2)


def wait_gone(machine, guest):
    wait_until(machine, f"! xl domid {guest} > /dev/null 2>&1", 60)


def check_core(machine, pattern, domid_pages_kib):
    """A core file is an ELF core of the format that dump-core-format.txt describes, with all of the guest's pages."""
    path = machine.check(f"ls -1 {pattern} | cat").strip()
    assert "\n" not in path and path, path
    # ELF64, little-endian, ET_CORE, x86-64
    header = machine.check(f"dd if={path} bs=64 count=1 2> /dev/null | hexdump -v -e '1/1 \"%02x\"'").strip()
    assert header.startswith("7f454c460201") and header[32:40] == "04003e00", header
    names = machine.check(f"tail -c 4096 {path} | strings; head -c 4096 {path} | strings")
    for section in (".note.Xen", ".xen_prstatus", ".xen_p2m", ".xen_pages"):
        assert section in names, names
    assert int(machine.check(f"wc -c < {path}")) >= domid_pages_kib << 10
    machine.check(f"rm {path}")


def check_crash(machine, numbers):
    old = {guest: domid for guest, (domid, _) in domids(machine).items()}
    for action in CRASH:
        told(machine, numbers[action], CRASH_COMMAND)
    for action in ("restart", "rename-restart", "coredump-restart"):
        wait_new(machine, action, old[action])
    for action in ("destroy", "coredump-destroy"):
        wait_gone(machine, action)
    wait_until(machine, "xl list preserve | grep -q -- ' ---sc- '")
    now = domids(machine)
    assert now["preserve"][0] == old["preserve"]
    renamed = [name for name in now if re.fullmatch(r"rename-restart-\d{8}T\d{6}Z", name)]
    assert len(renamed) == 1 and now[renamed[0]] == (old["rename-restart"], "---sc-"), now
    for action in CRASH:
        log = machine.check(f"cat /var/log/xen/xl-{action}.log")
        assert f"domain {old[action]} ended: crash; action: {action}" in log, log
    for action in ("coredump-destroy", "coredump-restart"):
        check_core(machine, f"/var/lib/xen/dump/*-{action}-{old[action]}.core", 63 << 10)
    for action in ("restart", "rename-restart", "coredump-restart"):
        assert inside(machine, numbers[action], "echo alive").strip() == "alive"
    for guest in ("preserve", renamed[0], "restart", "rename-restart", "coredump-restart"):
        machine.check(f"xl destroy {guest}", 60)
    assert not domids(machine)


def check_other_ends(machine, numbers):
    old = {guest: domid for guest, (domid, _) in domids(machine).items()}
    for guest, (_, command, _) in OTHERS.items():
        told(machine, numbers[guest], command)
    for guest, (_, command, result) in OTHERS.items():
        if result == "restarted":
            wait_new(machine, guest, old[guest])
        elif result == "gone":
            wait_gone(machine, guest)
        else:
            wait_until(machine, f"xl list {guest} | grep -q -- ' ---s-- \\| ---sc- '")
            assert domids(machine)[guest][0] == old[guest]
        reason = "watchdog" if "watchdog" in command else command.split()[0]
        wait_until(machine, f"grep -q 'domain {old[guest]} ended: {reason}; action: ' /var/log/xen/xl-{guest}.log", 10)
    for guest, (_, _, result) in OTHERS.items():
        if result != "gone":
            machine.check(f"xl destroy {guest}", 60)


def check_dump(machine, number):
    """xl dump-core of a guest that runs, and goes on."""
    machine.check("xl dump-core deaf /tmp/deaf.core", 120)
    check_core(machine, "/tmp/deaf.core", 63 << 10)
    assert inside(machine, number, "echo alive").strip() == "alive"


def test_ends_of_guests(name):
    """Each guest ends in its own way. At last the host is switched off: the guest that ignores the request is killed after the time
    that hospes.stop= gives, and the login has told what runs and how to go on."""
    numbers = {guest: FIRST + i for i, guest in enumerate((*CRASH, *OTHERS, "deaf"))}
    configs = {f"{action}.cfg": config(action, numbers[action], on_crash=f'"{action}"') for action in CRASH}
    for guest, (settings, _, _) in OTHERS.items():
        configs[f"{guest}.cfg"] = config(guest, numbers[guest], "xen_wdt.timeout=3", **settings)
    configs["deaf.cfg"] = config("deaf", numbers["deaf"])
    with host(name, configs, kernel_args="hospes.stop=5", cpus=2, memory=2048) as machine:
        machine.ready(300)
        for guests, check in ((CRASH, check_crash), (OTHERS, check_other_ends)):
            for guest in guests:
                create(machine, guest, ready=False)
            for guest in guests:
                wait_console(machine, guest, f"^{guest}: ready")
            check(machine, numbers)
        create(machine, "deaf")
        check_dump(machine, numbers["deaf"])
        inside(machine, numbers["deaf"], "echo /bin/true > /proc/sys/kernel/poweroff_cmd")
        start = len(machine.text)
        machine.send("exit\n")
        shown = machine.expect(r"xl list: guests.*xl console NAME(?s:.*)^deaf +\d+ +64 ", 60, start)
        machine.send("poweroff\n")
        machine.expect(r"guest deaf +\[killed\]  it did not shut down in 5 s", 90, shown.end())
        machine.wait_exit(120)
        no_trouble(machine)
