# SPDX-License-Identifier: GPL-2.0-only
# A guest for each kernel in /lab/kernels, with one and with four vCPUs.
. /lab/lib.sh
n=0
for kernel in /lab/kernels/*; do
    for cpus in 1 4; do
        n=$((n + 1))
        cat > /tmp/k.cfg <<C
name="k$n"
kernel="$kernel"
ramdisk="/lab/guest.cpio.gz"
extra="console=hvc0 quiet"
memory=192
vcpus=$cpus
C
        if xl create -q /tmp/k.cfg && until_true 120 logged k$n "GUEST: ready, .*, $cpus CPUs"; then
            echo "ok $(basename $kernel) with $cpus vCPUs"
        else
            echo "FAIL $(basename $kernel) with $cpus vCPUs: $(tail -n 3 /var/log/xen/console/guest-k$n.log | tr '\n' '|')"
        fi
        xl destroy k$n
    done
done
