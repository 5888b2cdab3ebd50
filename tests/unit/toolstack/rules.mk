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

# xl as a whole, with what it links in Domain 0 replaced by xl_host.h; its folders are below the current one.
XL_OUT := $(OUT)/toolstack/xl
XL_FLAGS := -include $(TOP)/toolstack/xl_paths.h -Dmain=xl_main
XL_SRC := $(patsubst $(ROOT)/toolstack/%,%,$(wildcard $(addprefix $(ROOT)/toolstack/,xl/*.c libcfg/*.c libjson/*.c libxs/*.c)))
XL_OBJ := $(patsubst %.c,$(XL_OUT)/%.o,$(filter-out xl/console.c libxs/wire.c,$(XL_SRC)))

$(XL_OUT)/libxs/requests.o: XL_FLAGS += -Dxs_introduce=xs_real_introduce -Dxs_resume=xs_real_resume
$(XL_OUT)/xl/lock.o: XL_FLAGS += -Dflock=hooked_flock
$(XL_OUT)/xl/store.o: XL_FLAGS += -Dxs_rm=hooked_xs_rm
$(XL_OUT)/%.o: $(ROOT)/toolstack/%.c $(TOP)/toolstack/xl_paths.h
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(XL_FLAGS) -c -o $@ $<

-include $(XL_OBJ:.o=.d)
.PRECIOUS: $(XL_OUT)/%.o $(XSD_OUT)/%.o

EXTRA_toolstack/test_xl_rules := $(XSD_OBJ) $(filter-out %/check_disk.o,$(XL_OBJ))
EXTRA_toolstack/test_xl_stress := $(XSD_OBJ) $(XL_OBJ)
