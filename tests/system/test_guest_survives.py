# SPDX-License-Identifier: GPL-2.0-only
"""kill -9 of what serves guests, or makes them: xenstored, xenconsoled, xl create. Guests do not notice; nothing is lost or left."""
import re

from guests import (HERE, blank, compare, config, console_log, create, host, inside, leave_console, no_trouble, state, state_files, wait_console, wait_until)

GUEST = 31
# In the guest: a line a moment on the console, and a disk that is written and read back all the time.
WORK = """: > /tmp/disk; (i=0; while :; do i=$((i + 1)); echo "steady: tick $i" > /dev/hvc0; sleep 0.3; done) > /dev/null 2>&1 &
(while :; do dd if=/dev/urandom of=/tmp/data bs=64k count=8 2> /dev/null; dd if=/tmp/data of=/dev/xvda conv=fsync 2> /dev/null;
echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/xvda bs=64k count=8 2> /dev/null | cmp - /tmp/data && echo good >> /tmp/disk ||
echo bad >> /tmp/disk; done) > /dev/null 2>&1 &"""


def kill(machine, daemon):
    """SIGKILL, and the time until there is another one of @daemon."""
    machine.check(f"old=$(pidof {daemon}); [ -n \"$old\" ] && kill -9 $old; "
                  f"i=0; while [ \"$(pidof {daemon})\" = \"$old\" ] || ! pidof {daemon} > /dev/null; do i=$((i+1)); [ $i -lt 1200 ] || break;"
                  " sleep 0.1; done; [ $i -lt 1200 ]", 300)


def ticks(machine):
    return [int(n) for n in re.findall(r"steady: tick (\d+)$", console_log(machine, "steady").replace("\r", ""), re.M)]


def check_going_on(machine):
    """Console, disk and network of the guest work now, not only before."""
    last, disk = ticks(machine)[-1], int(inside(machine, GUEST, "wc -l < /tmp/disk"))
    wait_console(machine, "steady", f"^steady: tick {last + 3}")
    wait_until(machine, f"[ $(echo \"wc -l < /tmp/disk\" | nc -w 5 172.30.0.{GUEST} 2323) -gt {disk} ]")
    assert inside(machine, GUEST, "grep -c bad /tmp/disk; true").strip() == "0"
    assert "answered" in inside(machine, GUEST, "ping -c 2 -w 20 172.30.0.1 > /dev/null && echo answered")


def check_store(machine):
    """xenstored dies while nothing happens, and while much happens; watches of the guest and of Domain 0 work afterwards."""
    tree = "xenstore-ls -f | grep -v '/data/\\|/device-misc/' | md5sum"
    before = machine.check(tree)
    kill(machine, "xenstored")
    wait_until(machine, "xenstore-exists /local/domain/0/domid")
    assert machine.check(tree) == before
    check_going_on(machine)
    machine.check("(timeout 300 xenstore-watch -n 2 /tool/test > /tmp/watched &)")
    wait_until(machine, "[ -s /tmp/watched ]") # the first event says that it watches
    machine.check("xenstore-write /tool/test 1")
    wait_until(machine, "[ $(wc -l < /tmp/watched) -ge 2 ]")
    assert machine.check("cat /tmp/watched").split() == ["/tool/test", "/tool/test"]
    for n in range(4):
        # The daemon dies at different moments of the command: that either works or fails, and a repetition works.
        machine.run(f"(sleep 0.{n}5; kill -9 $(pidof xenstored)) & xl block-attach steady /guests/b.img,raw,xvdb,rw; wait", 120)
        wait_until(machine, "xenstore-exists /local/domain/0/domid")
        code, output = machine.run("xl block-attach steady /guests/b.img,raw,xvdb,rw", 120)
        assert code == 0 or "already has a disk" in output, output
        inside(machine, GUEST, "for i in $(seq 1000); do [ -e /dev/xvdb ] && break; sleep 0.1; done; dd if=/dev/xvdb of=/dev/null")
        machine.check("xl block-detach steady xvdb", 90)
    check_going_on(machine)


def check_consoles(machine):
    """xenconsoled dies three times, once with somebody at the console: no line is missing, none comes twice."""
    for _ in range(2):
        kill(machine, "xenconsoled")
        check_going_on(machine)
    start = len(machine.text)
    machine.send("(sleep 3; kill -9 $(pidof xenconsoled)) & xl console steady\n")
    machine.expect(r"Ctrl-\] leaves", 60, start)
    last = ticks_shown = int(machine.expect(r"^steady: tick (\d+)", 60, start).group(1))
    while ticks_shown < last + 20:
        ticks_shown = int(machine.expect(rf"^steady: tick ({ticks_shown + 1})\b", 60, start).group(1))
    leave_console(machine)
    check_going_on(machine)
    numbers = ticks(machine)
    assert numbers == list(range(1, len(numbers) + 1)), numbers


def check_killed_creation(machine):
    before = state(machine)
    assert "killed 12," in machine.check("sh /guests/kill-create 12", 600)
    compare(machine, before)


def test_kill(name):
    configs = {"steady.cfg": config("steady", GUEST, disk='["/guests/a.img,raw,xvda,rw"]'),
               "victim.cfg": config("victim", GUEST + 1, disk='["/guests/b.img,raw,xvda,rw"]')}
    files = {"/guests/a.img": blank(f"{name}-a"), "/guests/b.img": blank(f"{name}-b"),
             **state_files(), "/guests/kill-create": f"{HERE}/programs/kill-create"}
    with host(name, configs, files, cpus=2) as machine:
        machine.ready(300)
        create(machine, "steady")
        inside(machine, GUEST, WORK.replace("\n", " "))
        wait_console(machine, "steady", "^steady: tick 3")
        check_store(machine)
        check_consoles(machine)
        # The guest's monitor has lost the store several times, too.
        machine.check("xl shutdown steady")
        wait_until(machine, "! xl domid steady > /dev/null 2>&1", 60)
        assert "ended: poweroff; action: destroy" in machine.check("cat /var/log/xen/xl-steady.log")
        check_killed_creation(machine)
        no_trouble(machine)
