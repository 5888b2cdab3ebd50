# SPDX-License-Identifier: GPL-2.0-only
# What the scripts in Domain 0 share: checks with one line of result each, a guest with disk and network, its console.
up() { cut -d' ' -f1 /proc/uptime; }
# try NAME COMMAND...: the command must succeed
try() { local n=$1 out; shift; if out=$("$@" 2>&1); then echo "ok $n"; else echo "FAIL $n: $? $(echo "$out" | tail -n 3 | tr '\n' '|')"; fi; }
# has NAME REGEX COMMAND...: the command must succeed, and print a line that matches
has() {
    local n=$1 re=$2 out rc; shift 2; out=$("$@" 2>&1); rc=$?
    if [ $rc = 0 ] && echo "$out" | grep -qaE "$re"; then echo "ok $n"; else echo "FAIL $n: $rc, no /$re/ in: $(echo "$out" | tail -n 4 | tr '\n' '|')"; fi
}
# refused NAME COMMAND...: the command must fail, and not by a signal
refused() { local n=$1 out rc; shift; out=$("$@" 2>&1); rc=$?; if [ $rc -gt 0 ] && [ $rc -lt 126 ]; then echo "ok $n"; else echo "FAIL $n: exit $rc $(echo "$out" | tail -n 2 | tr '\n' '|')"; fi; }
# until_true SECONDS COMMAND...
until_true() { local i n=$(($1 * 5)); shift; for i in $(seq $n); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done; return 1; }
setup() {
    ip link add xenbr0 type bridge; ip addr add 10.9.0.1/24 dev xenbr0; ip link set xenbr0 up
    dd if=/dev/zero of=/tmp/disk.img bs=1M count=16 2>/dev/null; losetup /dev/loop0 /tmp/disk.img
    dd if=/dev/zero of=/tmp/disk2.img bs=1M count=8 2>/dev/null; losetup /dev/loop1 /tmp/disk2.img
}
# config NAME [MORE LINES]
config() {
    cat > "/tmp/$1.cfg" <<C
name="$1"
type="pv"
kernel="/lab/vmlinuz"
ramdisk="/lab/guest.cpio.gz"
extra="console=hvc0 quiet"
memory=${GUEST_MB:-128}
vif=['bridge=xenbr0']
disk=['phy:/dev/loop0,xvda,w']
on_poweroff="destroy"
on_crash="destroy"
on_reboot="destroy"
${2:-}
C
}
# A guest that came by migration has the log of the name under which it came.
logged() { grep -qaE -e "$2" -h "/var/log/xen/console/guest-$1.log" "/var/log/xen/console/guest-$1--incoming.log" 2>/dev/null; }
wait_guest() { until_true "${2:-120}" logged "$1" "GUEST: ready"; }
# typed NAME COMMAND REGEX [SECONDS]: types a command on the guest's console until the log matches the regex
typed() {
    local tty; tty=$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty") || return
    echo "$2" > "$tty"
    until_true "${4:-120}" logged "$1" "$3" || { tail -n 5 "/var/log/xen/console/guest-$1.log"; return 1; }
}
