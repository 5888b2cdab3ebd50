# SPDX-License-Identifier: GPL-2.0-only
# Guests of several kernels at once: each of /lab/guests ("NAME VCPUS", kernel in /lab/NAME.vmlinuz or, if there is a /lab/NAME.img,
# on that disk) starts, uses its disk and its network, and shuts down. Neither its kernel nor Domain 0's complains.
. /lab/lib.sh
trouble=$(sed -n "s/^trouble='\(.*\)'$/\1/p" /lab/guest-init)
gone() { ! xl domid "$1"; }
ip link add xenbr0 type bridge; ip addr add 10.9.0.1/24 dev xenbr0; ip link set xenbr0 up
echo "@@ Domain 0 $(uname -r) $(nproc)"
number=1
while read -r name vcpus; do
    number=$((number + 1)); data=/dev/loop$number; disks="'phy:$data,xvda,w'"
    head -c 3m /dev/urandom > "/tmp/$name.data"; losetup "$data" "/tmp/$name.data"
    boot="kernel=\"/lab/$name.vmlinuz\"
ramdisk=\"/lab/$name.cpio.gz\"
extra=\"console=hvc0 quiet guest.ip=10.9.0.$number\""
    if [ -e "/lab/$name.img" ]; then
        losetup "/dev/loop1$number" "/lab/$name.img"; disks="$disks,'phy:/dev/loop1$number,xvdb,r'"
        boot='kernel="/lab/pvgrub"'
    fi
    printf '%s\n' "name=\"$name\"" 'type="pv"' "$boot" "vcpus=$vcpus" 'memory=160' "vif=['bridge=xenbr0']" "disk=[$disks]" \
        'on_poweroff="destroy"' 'on_crash="destroy"' 'on_reboot="destroy"' > "/tmp/$name.cfg"
    xl -vvv create "/tmp/$name.cfg" > /tmp/create.log 2>&1 && echo "ok $name create" || { cat /tmp/create.log; tail -n 20 /var/log/xen/*.log; dmesg | tail; echo "FAIL $name create"; }
done < /lab/guests
number=1
while read -r name vcpus; do
    number=$((number + 1))
    try "$name is ready" wait_guest "$name" 240
    logged "$name" 'GUEST: ready' || tail -n 30 "/var/log/xen/console/guest-$name.log"
    grep -ao 'GUEST: ready.*' "/var/log/xen/console/guest-$name.log" | sed "s/^/@@ $name /"
    sum=$(head -c 2m "/tmp/$name.data" | md5sum | cut -d ' ' -f 1)
    try "$name reads its disk" typed "$name" 'head -c 2m /dev/xvda | md5sum' "^$sum" 60
    try "$name writes its disk" typed "$name" 'head -c 1m /dev/urandom > /w; dd if=/w of=/dev/xvda bs=1M seek=2 conv=fsync; md5sum < /w; echo wrote $((6*7))' '^wrote 42' 60
    sum=$(tail -c 1m "/tmp/$name.data" | md5sum | cut -d ' ' -f 1)
    try "$name wrote what it said" logged "$name" "^$sum"
    has "$name network" ' 0% packet loss' ping -c 2 -W 10 "10.9.0.$number"
    try "$name all CPUs" typed "$name" 'echo cpus $((100+$(nproc)))' "^cpus $((100 + vcpus))"
    try "$name looks through its log" typed "$name" complaints '^COMPLAINTS: end' 30
    if logged "$name" '^COMPLAINT: '; then echo "FAIL $name log: $(grep -a '^COMPLAINT: ' "/var/log/xen/console/guest-$name.log" | head -n 5 | tr '\n' '|')"
    else echo "ok $name log"; fi
    try "$name shutdown" xl shutdown "$name"
done < /lab/guests
while read -r name vcpus; do try "$name ends" until_true 60 gone "$name"; done < /lab/guests
if dmesg | grep -E "$trouble"; then echo "FAIL Domain 0's log"; else echo "ok Domain 0's log"; fi
has "no guest is left" '^2$' sh -c 'xl list | wc -l'
