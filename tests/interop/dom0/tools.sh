# SPDX-License-Identifier: GPL-2.0-only
# Runs Debian's tools one by one; test_tools.py compares what both hypervisors make of it. A guest is there.
. /lab/lib.sh
setup
config g1
xl create -q -p /tmp/g1.cfg
head -c 65536 /dev/zero > /tmp/zeros
while read -r -t 5 command; do
    case $command in "" | \#*) continue ;; esac
    echo "@@ $command"
    timeout -k 2 20 bash -c "$command" </dev/null >/tmp/out 2>&1; rc=$?
    head -n 60 /tmp/out
    echo; echo "@@ rc $rc"
done < /lab/tools.list
