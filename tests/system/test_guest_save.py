# SPDX-License-Identifier: GPL-2.0-only
"""A guest is saved and restored: it goes on with its memory, disk and network, and ends and starts anew like any other. What cannot be
saved goes on; what cannot be restored leaves nothing behind."""
import os
import re

from guests import (blank, compare, config, create, host, inside, listed_mib, mem_set, no_trouble, settled, state_files, total_mib,
                    wait_console, wait_until)

GUEST = 91
MARK = "kept-$((6*7))"
NOT_IMAGES = {
    "no file": ("/guests/none", r"/guests/none: cannot open the image"),
    "not an image": ("/etc/passwd", r"/etc/passwd: the file is not the image of a saved guest"),
    "cut off in its head": ("/tmp/cut1", r"/tmp/cut1: the image is cut off"),
    "cut off in its memory": ("/tmp/cut2", r"guest 'one': the image is cut off"),
    "cut off at its end": ("/tmp/cut3", r"guest 'one': the image is cut off"),
    "damaged": ("/tmp/damaged", r"guest 'one': (the image (is damaged|has a record of type)|.*CPU features)"),
}


def goes_on(machine, rounds):
    """The guest has what it had in memory, and counted on from @rounds. @return the rounds now"""
    wait_until(machine, f"[ \"$(echo 'cat /tmp/mark' | nc -w 20 172.30.0.{GUEST} 2323)\" = kept-42 ]", 120) # its interface may need a while
    wait_until(machine, f"[ $(echo 'cat /tmp/rounds' | nc -w 20 172.30.0.{GUEST} 2323) -gt {rounds} ]")
    inside(machine, GUEST, "dd if=/dev/urandom of=/dev/xvda bs=64k count=4 conv=fsync 2> /dev/null")
    assert inside(machine, GUEST, "md5sum < /dev/xvda").split()[0] == machine.check("md5sum < /guests/disk.img").split()[0]
    assert inside(machine, GUEST, "nproc").strip() == "2"
    return int(inside(machine, GUEST, "cat /tmp/rounds"))


def refused(machine, command, pattern):
    code, output = machine.run(command, 240)
    assert code and re.search(pattern, output) and len(output.splitlines()) == 1, output


def test_save_and_restore(name):
    disk = blank(name, "1M")
    configs = {"one.cfg": config("one", GUEST, vcpus=2, maxmem=160, disk='["disk.img,raw,xvda,rw"]')}
    with host(name, configs, {"/guests/disk.img": disk, **state_files()}, cpus=2) as machine:
        machine.ready(300)
        machine.check("mkdir -p /big /small; mount -t tmpfs -o size=400m t /big; mount -t tmpfs -o size=1m t /small")
        create(machine, "one")
        machine.check("xl destroy one")
        before = settled(machine)
        create(machine, "one")
        inside(machine, GUEST, f"echo {MARK} > /tmp/mark; (n=0; while :; do n=$((n+1)); echo $n > /tmp/r; mv /tmp/r /tmp/rounds; "
                               "sleep 0.1; done) > /dev/null 2>&1 &")
        rounds = goes_on(machine, 1)

        refused(machine, "xl save one /small/one", r"is not saved and goes on: cannot write the image: No space left on device")
        assert machine.check("ls /small | cat").strip() == ""
        refused(machine, "xl save one /nowhere/one", r"cannot open /nowhere/one.part")
        refused(machine, "xl save Domain-0 /big/zero", "Domain 0 cannot be saved")
        rounds = goes_on(machine, rounds)

        machine.check("xl save -c one /big/checkpoint", 240)
        rounds = goes_on(machine, rounds)
        refused(machine, "xl restore /big/checkpoint", r"guest 'one': domain \d+ already has this name")
        machine.check("xl save one /big/one", 240)
        assert "one" not in machine.check("xl list") and machine.check("ls /big | cat").split() == ["checkpoint", "one"]
        compare(machine, before)

        size = int(machine.check("stat -c %s /big/one"))
        machine.check("head -c 200 /big/one > /tmp/cut1; head -c 30000000 /big/one > /tmp/cut2; "
                      f"head -c {size - 8} /big/one > /tmp/cut3; "
                      "cp /big/one /tmp/damaged; dd if=/dev/urandom of=/tmp/damaged bs=1 seek=1300 count=400 conv=notrunc 2> /dev/null", 120)
        for image, pattern in NOT_IMAGES.values():
            refused(machine, f"xl restore {image}", pattern)
            compare(machine, before)
        machine.check("rm /tmp/cut* /tmp/damaged")

        for _ in range(3):
            machine.check("xl restore /big/one", 240)
            rounds = goes_on(machine, rounds)
            machine.check("rm /big/one; xl save one /big/one", 240)
        machine.check("xl restore -p /big/one; xl list one | grep -- '--p---'; xl unpause one", 240)
        rounds = goes_on(machine, rounds)

        # Grown beyond memory=: it comes back with what it has, and its configuration says so from then on.
        mem_set(machine, 120)
        grown = total_mib(machine, GUEST)
        machine.check("rm /big/one; xl save one /big/one; xl restore /big/one", 300)
        goes_on(machine, rounds)
        assert listed_mib(machine) == 120 and total_mib(machine, GUEST) == grown
        machine.check("xl reboot one")
        wait_console(machine, "one", "^one: ready", times=2)
        assert inside(machine, GUEST, "ls /tmp/mark 2> /dev/null | wc -l").strip() == "0"
        assert listed_mib(machine) == 120
        machine.check("xl shutdown -ww one", 120)
        compare(machine, before)
        no_trouble(machine)
    os.unlink(disk)
