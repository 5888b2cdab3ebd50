# SPDX-License-Identifier: GPL-2.0-only
# The store and the console, without what touches devices, built once for all their tests.
XSD_OUT := $(OUT)/toolstack/xsd
XSD_SRC := $(filter-out main backend options,$(basename $(notdir $(wildcard $(ROOT)/toolstack/xenstored/*.c))))
XSD_OBJ := $(XSD_SRC:%=$(XSD_OUT)/%.o) $(XSD_OUT)/wire.o

$(XSD_OUT)/wire.o: $(ROOT)/toolstack/libxs/wire.c
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MT $@ -c -o $@ $<

$(XSD_OUT)/%.o: $(ROOT)/toolstack/xenstored/%.c $(TOP)/toolstack/rules.mk
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MT $@ -c -o $@ $<

-include $(XSD_OBJ:.o=.d)
# Named here, so that make keeps them.
$(XSD_OBJ):

EXTRA_toolstack/test_xs_wire := $(XSD_OBJ)
EXTRA_toolstack/test_xs_model := $(XSD_OBJ)
EXTRA_toolstack/test_xs_rules := $(XSD_OBJ)
EXTRA_toolstack/test_xs_guests := $(XSD_OBJ)
EXTRA_toolstack/test_xs_restart := $(XSD_OBJ)
EXTRA_toolstack/test_xs_crash := $(XSD_OBJ)
EXTRA_toolstack/test_xs_loop := $(XSD_OBJ)
EXTRA_toolstack/test_xs_state := $(XSD_OBJ)
EXTRA_toolstack/test_xs_memory := $(XSD_OBJ)

# The builder's tests link the decompressors that the builder uses.
UNPACK_LIBS := $(addprefix /usr/lib/x86_64-linux-gnu/,libz.a liblzma.a libbz2.a libzstd.a liblz4.a liblzo2.a)
EXTRA_toolstack/test_build := $(UNPACK_LIBS)
EXTRA_toolstack/test_build_broken := $(UNPACK_LIBS)
EXTRA_toolstack/test_unpack := $(UNPACK_LIBS)
