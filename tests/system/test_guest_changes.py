# SPDX-License-Identifier: GPL-2.0-only
"""What may change while a guest runs: its memory, disks, interfaces and CPUs; and its console. One machine, one guest with four
vCPUs, one function for each topic."""
import re

from guests import (blank, compare, config, create, host, initrd, inside, leave_console, listed_mib, mem_set, no_trouble,
                    state, state_files, total_mib, wait_console, wait_until)

GUEST = 21
SCRIPT = """#!/bin/sh
# A vif script: puts the interface into its own bridge, and notes each call.
echo "$1 $vif $XENBUS_PATH $2" >> /guests/script.log
[ "$1" = online ] || exit 0
ip link set "$vif" master xenbr2 && ip link set "$vif" up && xenstore-write "$XENBUS_PATH/hotplug-status" connected
"""


def free_mib(machine):
    return int(re.search(r"^free_memory +: (\d+)", machine.check("xl info"), re.M).group(1))


def balloon_to(machine, mib):
    """@return how much the guest sees and the hypervisor has free, in MiB, once `xl list` shows @mib"""
    mem_set(machine, mib)
    return total_mib(machine, GUEST), free_mib(machine)


def check_balloon(machine):
    """memory=160, maxmem=256: down, up over memory=, back; what the guest keeps in a tmpfs is there all the time."""
    assert listed_mib(machine) == 160
    inside(machine, GUEST, "mkdir -p /keep; mount -t tmpfs keep /keep; dd if=/dev/urandom of=/keep/data bs=1M count=16 2> /dev/null")
    checksum = inside(machine, GUEST, "md5sum < /keep/data")
    total, free = total_mib(machine, GUEST), free_mib(machine)
    for target in (112, 224, 160):
        now, left = balloon_to(machine, target)
        assert abs(now - total - (target - 160)) <= 1, (target, total, now)
        assert abs(left - free + (target - 160)) <= 1, (target, free, left)
        assert inside(machine, GUEST, "md5sum < /keep/data") == checksum
    code, output = machine.run("xl mem-set one 300")
    assert code != 0 and "maxmem" in output
    inside(machine, GUEST, "rm /keep/data")


def attach_disk(machine, spec, device):
    machine.check(f"xl block-attach one {spec}", 90)
    inside(machine, GUEST, f"for i in $(seq 1000); do [ -e /dev/{device} ] && break; sleep 0.1; done; [ -e /dev/{device} ]")


def guest_sum(machine, device, mib=4):
    return inside(machine, GUEST, f"dd if=/dev/{device} bs=1M count={mib} 2> /dev/null | md5sum").split()[0]


def check_disks(machine):
    """The configuration's second disk and CD are there; a disk comes, is written, goes; comes again where nothing may be written."""
    present = inside(machine, GUEST, "for d in xvda xvdb xvdc; do echo $d $(cat /sys/block/$d/size /sys/block/$d/ro); done")
    assert present.splitlines() == ["xvda 16384 0", "xvdb 32768 0", "xvdc 8192 1"], present
    assert machine.check("xenstore-read $(xenstore-read /local/domain/$(xl domid one)/device/vbd/51744/backend)/device-type").strip() == "cdrom"
    attach_disk(machine, "/guests/hot.img,raw,xvdd,rw", "xvdd")
    assert re.search(r"^51760 +0 +\d+ +4 ", machine.check("xl block-list one"), re.M)
    inside(machine, GUEST, "dd if=/dev/urandom of=/dev/xvdd bs=1M count=4 conv=fsync 2> /dev/null")
    written = guest_sum(machine, "xvdd")
    code, output = machine.run("xl block-attach one /guests/hot.img,raw,xvde,rw")
    assert code != 0 and "hot.img" in output
    machine.check("xl block-detach one xvdd", 60)
    assert inside(machine, GUEST, "ls /dev/xvdd 2> /dev/null; true").strip() == ""
    wait_until(machine, "! losetup -a | grep -q hot.img", 20)
    assert machine.check("dd if=/guests/hot.img bs=1M count=4 2> /dev/null | md5sum").split()[0] == written

    attach_disk(machine, "/guests/hot.img,raw,xvdd,r", "xvdd")
    assert guest_sum(machine, "xvdd") == written
    refused = inside(machine, GUEST, "dd if=/dev/zero of=/dev/xvdd bs=4k count=1 conv=fsync 2>&1; echo exit $?; cat /sys/block/xvdd/ro")
    assert re.search(r"exit [1-9]", refused) and refused.rstrip().endswith("1"), refused
    attach_disk(machine, "format=raw,vdev=xvde,access=ro,devtype=cdrom,target=/guests/cd.iso", "xvde")
    machine.check("xl block-detach one xvde && xl block-detach one 51760", 90)
    assert machine.check("dd if=/guests/hot.img bs=1M count=4 2> /dev/null | md5sum").split()[0] == written


def attach_vif(machine, spec, device, address):
    machine.check(f"xl network-attach one {spec}", 90)
    inside(machine, GUEST, f"for i in $(seq 1000); do [ -e /sys/class/net/{device} ] && break; sleep 0.1; done; "
                           f"ip addr add {address}/24 dev {device}; ip link set {device} up")
    return int(re.search(r"^(\d+) .*\n\Z", machine.check("xl network-list one"), re.M).group(1))


def ping(machine, device):
    return inside(machine, GUEST, f"ping -I {device} -c 3 -w 30 172.31.0.1 > /dev/null && echo answered").strip() == "answered"


def check_interfaces(machine):
    """A second interface with a rate, then one that a script of ours sets up."""
    machine.check("ip link add xenbr2 type bridge; ip addr add 172.31.0.1/24 dev xenbr2; ip link set xenbr2 up")
    devid = attach_vif(machine, "bridge=xenbr2 mac=00:16:3e:00:01:01 rate=1MB/s", "eth1", "172.31.0.2")
    assert devid == 1
    backend = f"/local/domain/0/backend/vif/$(xl domid one)/{devid}"
    assert machine.check(f"xenstore-read {backend}/rate").strip() == "50000,50000"
    assert ping(machine, "eth1")
    machine.check("xl network-detach one 00:16:3e:00:01:01", 60)
    # The front end removes its interface when it sees that the device is gone from the store.
    gone = "for i in $(seq 1000); do [ -e /sys/class/net/eth1 ] || break; sleep 0.1; done; ls /sys/class/net"
    assert inside(machine, GUEST, gone).split() == ["eth0", "lo"]
    devid = attach_vif(machine, "script=vif-test", "eth1", "172.31.0.3")
    assert machine.check("ls /sys/class/net/xenbr2/brif | cat").split() == [f"vif{machine.check('xl domid one').strip()}.{devid}"]
    assert ping(machine, "eth1")
    machine.check(f"xl network-detach one {devid}", 60)
    calls = machine.check("cat /guests/script.log").split("\n")
    assert re.fullmatch(r"online vif(\d+)\.1 backend/vif/\1/1 type_if=vif", calls[0]) and calls[1].startswith("offline vif"), calls
    machine.check("ip link del xenbr2")


def vcpus(machine):
    """@return (CPU, hard affinity) of each vCPU that `xl vcpu-list` shows running or ready"""
    lines = re.findall(r"^one +\d+ +\d+ +(\S+) +(\S+) +[\d.]+ +(.*?) / ", machine.check("xl vcpu-list one"), re.M)
    return [(cpu, hard) for cpu, state_, hard in lines if "p" not in state_ and cpu != "-"]


def check_cpus(machine):
    """Four vCPUs under load while they are pinned, taken away and given back; the load checks what it computes."""
    assert inside(machine, GUEST, "nproc").strip() == "4"
    inside(machine, GUEST, "stress 25 6 > /tmp/stress.log 2>&1 &")
    machine.check("xl vcpu-pin one all 1")
    assert all(v == ("1", "1") for v in vcpus(machine)) and len(vcpus(machine)) == 4, machine.check("xl vcpu-list one")
    machine.check("xl vcpu-pin one 2 0")
    assert vcpus(machine)[2][1] == "0"
    machine.check("xl vcpu-set one 2")
    wait_until(machine, "[ \"$(echo nproc | nc 172.30.0.21 2323)\" = 2 ]", 60)
    # The guest counts a CPU out before the CPU has told the hypervisor.
    wait_until(machine, "[ $(xl vcpu-list one | grep -c -- ' --p ') = 2 ]", 30)
    assert len(vcpus(machine)) == 2
    machine.check("xl vcpu-pin one all all; xl vcpu-set one 4")
    # Linux makes the CPUs present; to switch them on is the guest's own affair (udev's, usually).
    inside(machine, GUEST, "for c in 2 3; do f=/sys/devices/system/cpu/cpu$c/online; for i in $(seq 1000); do [ -e $f ] && break; "
                           "sleep 0.1; done; echo 1 > $f; done")
    wait_until(machine, "[ \"$(echo nproc | nc 172.30.0.21 2323)\" = 4 ]", 60)
    wait_until(machine, "echo cat /tmp/stress.log | nc 172.30.0.21 2323 | grep -q 'stress: .*passed\\|FAILED'", 120)
    assert "stress: passed" in inside(machine, GUEST, "cat /tmp/stress.log")


def check_console(machine):
    """xl console: a banner that tells how to leave, the last lines, a dialogue, Ctrl-]; and the log does not grow for ever."""
    start = len(machine.text)
    machine.send("xl console one\n")
    machine.expect(r"Console of one \(domain \d+\)\. Ctrl-\] leaves\.", 30, start)
    machine.expect(r"^one: ready", 30, start)
    machine.send("echo answer $((6 * 7))\n")
    machine.expect(r"^answer 42", 30, start)
    leave_console(machine)
    # Without output processing, which would make two tiny pieces of each line and wait for Domain 0 after each.
    inside(machine, GUEST, "seq 100000 > /tmp/lines; stty -F /dev/hvc0 -opost; cat /tmp/lines > /dev/hvc0; stty -F /dev/hvc0 opost; "
                           "echo one: all printed > /dev/hvc0", 120)
    wait_console(machine, "one", "^one: all printed")
    sizes = machine.check("wc -c /var/log/xen/console/guest-one.log*")
    assert len(re.findall(r"guest-one", sizes)) == 2, sizes
    assert int(re.search(r"(\d+) total", sizes).group(1)) <= 512 << 10, sizes


def test_running_guest(name):
    text = config("one", GUEST, memory=160, maxmem=256, vcpus=4,
                  disk='["/guests/a.img,raw,xvda,rw", "/guests/b.img,raw,xvdb,rw", "/guests/cd.iso,raw,xvdc,ro,cdrom"]')
    files = {"/guests/a.img": blank(f"{name}-a"), "/guests/b.img": blank(f"{name}-b", "16M"), "/guests/cd.iso": blank(f"{name}-cd", "4M"),
             "/guests/hot.img": blank(f"{name}-hot"), **state_files()}
    with host(name, {"one.cfg": text}, files, ramdisk=initrd(name, programs=["stress"]), cpus=2) as machine:
        machine.ready(300)
        machine.check(f"mkdir -p /etc/xen/scripts; cat > /etc/xen/scripts/vif-test << 'END'\n{SCRIPT}END\nchmod +x /etc/xen/scripts/vif-test")
        create(machine, "one")
        before = state(machine)
        check_balloon(machine)
        check_disks(machine)
        check_interfaces(machine)
        compare(machine, before, free=256)
        check_cpus(machine)
        check_console(machine)
        no_trouble(machine)
