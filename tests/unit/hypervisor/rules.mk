# SPDX-License-Identifier: GPL-2.0-only
# The assembly block functions under other names, beside the host's own.
$(OUT)/hypervisor/string_x86.o: $(ROOT)/hypervisor/lib/string_x86.S
	@mkdir -p $(@D)
	$(CC) -Dmemcpy=hv_memcpy -Dmemmove=hv_memmove -Dmemset=hv_memset -c -o $@ $<

EXTRA_hypervisor/test_lib := $(OUT)/hypervisor/string_x86.o

# The unpackers, with the sanitizer for their memory accesses (Linux' code is not written for UBSan).
$(OUT)/hypervisor/linux:
	@mkdir -p $(@D)
	linux=$$($(ROOT)/scripts/linux-source) && ln -sfn $$linux $@

UNPACKERS := $(patsubst $(ROOT)/hypervisor/lib/decompress/%.c,$(OUT)/hypervisor/unpack_%.o,\
    $(wildcard $(ROOT)/hypervisor/lib/decompress/*.c))

$(UNPACKERS): $(OUT)/hypervisor/unpack_%.o: $(ROOT)/hypervisor/lib/decompress/%.c \
    $(ROOT)/hypervisor/lib/decompress/shim/shim.h $(ROOT)/hypervisor/lib/decompress/unpack.h | $(OUT)/hypervisor/linux
	$(CC) $(CPPFLAGS) -I$(ROOT)/hypervisor -I$(ROOT)/hypervisor/include -I$(ROOT)/hypervisor/lib/decompress/shim \
	    -I$(OUT)/hypervisor/linux/lib -idirafter $(OUT)/hypervisor/linux/include -D__KERNEL__ -D__DISABLE_EXPORTS \
	    -std=gnu11 -O2 -g -w -fsanitize=address -c -o $@ $<

EXTRA_hypervisor/test_decompress := $(UNPACKERS)

# Files of the hypervisor as objects of their own, on the simulation's CPUs.
$(OUT)/hypervisor/hv/%.o: $(ROOT)/hypervisor/%.c
	@mkdir -p $(@D)
	$(CC) -iquote $(ROOT)/tests/sim $(CPPFLAGS) -D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ $(CFLAGS) -c -o $@ $<

-include $(wildcard $(OUT)/hypervisor/hv/*/*.d)
.PRECIOUS: $(OUT)/hypervisor/hv/%.o

EXTRA_hypervisor/test_msi := $(addprefix $(OUT)/hypervisor/hv/,passthrough/pci.o passthrough/msi.o machine/irq.o \
    machine/vector.o domain/pirq.o lib/bitmap.o)
EXTRA_hypervisor/test_console_io := $(OUT)/hypervisor/hv/control/console_io.o
