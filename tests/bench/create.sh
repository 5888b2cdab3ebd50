# SPDX-License-Identifier: GPL-2.0-only
# In Domain 0 (tests/interop/dom0/init): guests of 128 MiB with a disk and an interface, created and destroyed one after the
# other, three with each kernel. Prints "@@ KERNEL" and stopwatch's figures at: start, xl create's return, the guest's first
# line of user space, start of xl destroy, its return.
. /lab/lib.sh
setup
for kernel in debian hospes; do
    for round in 1 2 3; do
        name=$kernel$round
        config $name "kernel=\"/lab/vmlinuz-$kernel\"
ramdisk=\"/lab/bench.cpio\""
        /lab/stopwatch /var/log/xen/console/guest-$name.log 'GUEST: user space' > /tmp/line & waiter=$!
        sleep 2
        start=$(/lab/stopwatch)
        xl create -q /tmp/$name.cfg || exit 1
        created=$(/lab/stopwatch)
        wait $waiter || exit 1
        sleep 2
        destroy=$(/lab/stopwatch)
        xl destroy $name || exit 1
        destroyed=$(/lab/stopwatch)
        echo "@@ $kernel $start $created $(cat /tmp/line) $destroy $destroyed"
        sleep 2
    done
done
