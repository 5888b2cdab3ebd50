# SPDX-License-Identifier: GPL-2.0-only
# The unpackers. Those of Linux are compiled from Debian's linux-source
# package (unpacked once into the cache), on top of the headers in shim/.
DECOMPRESS_SRC := $(patsubst $(TOP)/%,%,$(wildcard $(TOP)/lib/decompress/*.c))
DECOMPRESS_OBJS := $(addprefix $(OBJ)/,$(addsuffix .o,$(DECOMPRESS_SRC)))
DECOMPRESS_LINUX := $(OBJ)/linux

# A link to the unpacked source.
$(DECOMPRESS_LINUX):
	@mkdir -p $(@D)
	linux=$$($(TOP)/../scripts/linux-source) && ln -sfn $$linux $@

DECOMPRESS_FLAGS := -I$(TOP)/lib/decompress/shim -I$(DECOMPRESS_LINUX)/lib -idirafter $(DECOMPRESS_LINUX)/include \
    -D__KERNEL__ -D__DISABLE_EXPORTS -w -O3 -fomit-frame-pointer

# Functions for one kind of processor (target attribute) would look for their canary in a place of GCC's own choice, FS:0x28: no canaries.
$(DECOMPRESS_OBJS): $(OBJ)/%.c.o: $(TOP)/%.c | $(DECOMPRESS_LINUX) $(OBJ)/include/xen
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(DECOMPRESS_FLAGS) -fno-stack-protector -c -o $@ $<
