# SPDX-License-Identifier: GPL-2.0-only
# A guest kernel (tests/guests/malformed.c) makes a few thousand malformed hypercalls and powers off; Domain 0 must still be whole.
. /lab/lib.sh
printf 'name="bad"\ntype="pv"\nkernel="/lab/guest-kernel"\nmemory=24\non_poweroff="destroy"\non_crash="destroy"\n' > /tmp/bad.cfg
try "create" xl create -q /tmp/bad.cfg
# A guest that was harmed is gone before it has said its last line.
for i in $(seq 150); do sleep 2; xl domid bad >/dev/null 2>&1 || break; done
try "powers off" logged bad '^malformed: [0-9]+ calls'
tr -d '\r' < /var/log/xen/console/guest-bad.log > /tmp/calls
echo "malformed: $(grep -ac '^D ' /tmp/calls) of $(tail -n 1 /tmp/calls)"
gzip -9 < /tmp/calls > /tmp/calls.gz; base64 /tmp/calls.gz | sed 's/^/Z /'
has "Domain 0 goes on" '^Domain-0' xl list
