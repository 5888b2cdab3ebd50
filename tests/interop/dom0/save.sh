# SPDX-License-Identifier: GPL-2.0-only
# A guest is saved, restored, saved while it goes on, and (by Debian's xl) migrated to this machine itself; its last image goes to /dev/vda.
# With /lab/image, which names the tools that did this in another Domain 0, the guest is taken from there. Meanwhile it writes memory and
# looks whether it is what it wrote.
. /lab/lib.sh
number=0
# goes_on: the guest answers, uses disk and network, and found nothing wrong with its memory or in its log
goes_on() {
    number=$((number + 1))
    try "$1: answers" typed g "echo answer $number"'-$((40+2)) $kept' "^answer $number-42 kept" 60
    try "$1: all CPUs" typed g "echo cpus $number-"'$(nproc)' "^cpus $number-2" 60
    try "$1: disk" typed g "echo wrote $number- > /w; dd if=/w of=/dev/xvda bs=512 count=1 conv=sync,fsync; head -c 10 /dev/xvda" "^wrote $number-" 60
    has "$1: network" ' 0% packet loss' ping -c 2 -W 10 10.9.0.2
    try "$1: memory" typed g "echo rounds $number-"'$(cat /rounds); ls /broken' "^rounds $number-[1-9]" 60
    try "$1: log" typed g "complaints; echo looked $number"'-$((40+2))' "^looked $number-42" 60
    if logged g '^/broken|^COMPLAINT: '; then echo "FAIL $1: memory or log"; tail -n 20 /var/log/xen/console/guest-g*.log; fi
}
gone() { ! xl domid g; }
mkdir /big; mount -t tmpfs -o size=300m big /big
setup
export GUEST_MB=96; config g vcpus=2
if [ -e /lab/image ]; then
    # Ours does not read libxl's JSON, in which Debian's keeps the configuration.
    if [ "$(cat /lab/image)$TOOLS" = debianours ]; then
        refused "its configuration is not read" xl restore /dev/vda
        try "restore from another Domain 0" xl restore /tmp/g.cfg /dev/vda
    else
        try "restore from another Domain 0" xl restore /dev/vda
    fi
    goes_on "restored from another Domain 0"
    exit
fi
try create xl create /tmp/g.cfg
try ready wait_guest g
typed g 'kept=kept; (n=0; while :; do head -c 4m /dev/urandom > /m; md5sum /m > /s; usleep 20000; md5sum -c -s /s || echo > /broken; n=$((n+1)); echo $n > /r; mv /r /rounds; done) & echo begun' '^begun'
until_true 60 typed g 'cat /rounds' '^[1-9]' 5
refused "save without room" xl save g /dev/full
goes_on "after a save without room"
try "save" xl save g /big/g
try "nothing is left of it" gone
try "restore" xl restore /big/g
goes_on "restored"
try "checkpoint" xl save -c g /big/g
goes_on "after a checkpoint"
if [ "$TOOLS" = debian ]; then
    # Debian's Xen has no log-dirty mode for PV guests: the guest stays where it is
    if xl migrate -s "" g "xl migrate-receive" > /tmp/migrate.log 2>&1; then echo "@@ migrated"; else echo "@@ not migrated"; tail -n 5 /tmp/migrate.log; fi
    goes_on "after migration"
else
    try "suspend" xl suspend g
    has "it rests" '^g .*---s--' xl list
    try "resume" xl resume g
    goes_on "resumed"
fi
try "save to the disk" xl save g /dev/vda
has "no guest is left" '^2$' sh -c 'xl list | wc -l'
