# SPDX-License-Identifier: GPL-2.0-only
# The assembly block functions under other names, beside the host's own.
$(OUT)/hypervisor/string_x86.o: $(ROOT)/hypervisor/lib/string_x86.S
	@mkdir -p $(@D)
	$(CC) -Dmemcpy=hv_memcpy -Dmemmove=hv_memmove -Dmemset=hv_memset -c -o $@ $<

EXTRA_hypervisor/test_lib := $(OUT)/hypervisor/string_x86.o
