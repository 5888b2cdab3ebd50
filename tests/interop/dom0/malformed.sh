# SPDX-License-Identifier: GPL-2.0-only
# A few thousand malformed hypercalls; then Domain 0 must still be whole.
. /lab/lib.sh
/lab/malformed > /tmp/calls; rc=$?
echo "malformed: exit $rc"
gzip -9 < /tmp/calls > /tmp/calls.gz; base64 /tmp/calls.gz | sed 's/^/Z /'
has "Domain 0 goes on" '^Domain-0' xl list
