# SPDX-License-Identifier: GPL-2.0-only
PROGS += xl
xl_SRC := $(notdir $(wildcard $(SRC)/xl/*.c))
xl_LIBS := hotplug libconsole libcfg libbuild libjson libhv libxs
xl_SBIN := y
# The decompressors call back into libbuild's shim, hence its second place.
xl_LDADD = $(UNPACK_LIBS) $(O)/lib/libbuild.a
