# SPDX-License-Identifier: GPL-2.0-only
# A guest's whole life by xl: the same whoever made the hypervisor, the tools and the store.
. /lab/lib.sh
setup
# Nodes of guests: what a destroyed one must not leave behind.
nodes() { xenstore-ls -f / | grep -E '^/(local/domain|libxl)/[1-9]|^/vm/|/backend/.*/[1-9]'; }
gone() { ! xl domid "$1"; }
echo "@@ tools $TOOLS store $STORE"
has "xl info" '^xen_version *: 4\.17' xl info
has "xl list shows Domain-0" '^Domain-0 +0 ' xl list
try "first write to the store" xenstore-write /tool/test 1
config g1 'vcpus=2
maxvcpus=2
maxmem=160'
try "create" xl create -q /tmp/g1.cfg
try "guest's user space" wait_guest g1
has "list" '^g1 +1 +128 +2 ' xl list
has "domid" '^1$' xl domid g1
has "domname" '^g1$' xl domname 1
try "console answers" typed g1 'echo answer $((6*7))' '^answer 42'
# Longer and longer: how soon the command listens, and the guest answers, is not known.
console_answers() {
    local s
    for s in 2 10 60; do
        (sleep 1; echo 'echo attached $((6*8))'; sleep "$s") | timeout $((s + 6)) xenconsole --interactive 1 2>&1 | grep -a 'attached 48' && return
    done
}
try "console attached" console_answers
try "guest writes its disk" typed g1 'echo mark-$((70+7)) | dd of=/dev/xvda conv=fsync && echo disk $((3*3))' '^disk 9'
has "Domain 0 sees what it wrote" mark-77 head -c 16 /tmp/disk.img
has "network" ' 0% packet loss' ping -c 2 -W 5 10.9.0.2
try "pause" xl pause g1
has "list shows it paused" '^g1 [ 0-9]+ -.p---' xl list
echo 'echo while $((5*5))' > "$(xenstore-read /local/domain/1/console/tty)"; sleep 1
if logged g1 '^while 25'; then echo "FAIL a paused guest does not run"; else echo "ok a paused guest does not run"; fi
try "unpause" xl unpause g1
try "it goes on" until_true 120 logged g1 '^while 25'
try "vcpu-pin" xl vcpu-pin g1 0 0
# With one CPU "0" is "all".
has "vcpu-list shows the pin" '^g1 +1 +0 .* (0|all) / (0|all)' xl vcpu-list g1
try "vcpu-pin all" xl vcpu-pin g1 all all
try "vcpu-set 1" xl vcpu-set g1 1
try "guest has one CPU" typed g1 'until [ $(nproc) = 1 ]; do sleep 1; done; echo cpus $((100+$(nproc)))' '^cpus 101'
try "vcpu-set 2" xl vcpu-set -i g1 2
try "guest has two CPUs" typed g1 'until [ $(nproc) = 2 ]; do echo 1 > /sys/devices/system/cpu/cpu1/online; sleep 1; done; echo cpus $((200+$(nproc)))' '^cpus 202'
try "mem-set 96" xl mem-set g1 96
has_mb() { xl list g1 | tail -n 1 | awk -v want="$1" '{exit !($3 >= want - 1 && $3 <= want + 1)}'; }
try "balloon down" until_true 120 has_mb 96
try "mem-set 144" xl mem-set g1 144
try "balloon up" until_true 120 has_mb 144
try "mem-max" xl mem-max g1 170
try "block-attach" xl block-attach g1 phy:/dev/loop1 xvdb w
try "guest sees the disk" typed g1 'until [ -e /sys/block/xvdb/size ]; do sleep 1; done; echo size $(cat /sys/block/xvdb/size)' '^size 16384'
has "block-list" '^51728 ' xl block-list g1
try "block-detach" xl block-detach g1 xvdb
try "network-attach" xl network-attach g1 bridge=xenbr0
try "guest sees the interface" typed g1 'until [ -d /sys/class/net/eth1 ]; do sleep 1; done; echo second $((4*4))' '^second 16'
has "network-list" '^1 ' xl network-list g1
try "network-detach" xl network-detach g1 1
try "sysrq" xl sysrq g1 h
try "rename" xl rename g1 g2
has "new name" '^g2$' xl domname 1
try "rename back" xl rename g2 g1
has "sched-credit2" '^g1 +1 +256' xl sched-credit2 -d g1
try "sched-credit2 weight" xl sched-credit2 -d g1 -w 512
has "weight changed" '^g1 +1 +512' xl sched-credit2 -d g1
has "list -l" '"name": "g1"' xl list -l g1
refused "create with a name in use" xl create -q /tmp/g1.cfg
refused "destroy of nobody" xl destroy nobody
try "shutdown" xl shutdown g1
try "guest ends" until_true 60 gone g1
config g3 'on_crash="preserve"'
try "create paused" xl create -q -p /tmp/g3.cfg
xl domid g3 >/dev/null 2>&1 || { xl -v create -p /tmp/g3.cfg; xenstore-ls -f / | tail -n 30; losetup -a; }
has "paused" '^g3 [ 0-9]+ -.p---' xl list
try "destroy" xl destroy g3
try "second guest gone" until_true 10 gone g3
if nodes; then echo "FAIL nothing left in the store"; else echo "ok nothing left in the store"; fi
has "no guest is left" '^2$' sh -c 'xl list | wc -l'
has "no device is left" '^0$' sh -c 'ls -d /sys/class/net/vif* 2>/dev/null | wc -l'
