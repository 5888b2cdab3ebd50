# SPDX-License-Identifier: GPL-2.0-only
LIBS += libbuild
libbuild_SRC := kernel.c elf.c unpack.c xz.c lzma.c layout.c ptab.c pv_common.c pv.c \
    image_io.c image_tables.c guest_p2m.c save.c restore.c restore_vcpus.c libcshim.c

# The decompressors are Debian's static libraries; their headers, and no others of the system, are
# made visible to the one file that uses them.
UNPACK_HDRS := zlib.h zconf.h lzma.h lzma bzlib.h zstd.h zstd_errors.h lz4.h lzo
UNPACK_LIBDIR := /usr/lib/x86_64-linux-gnu
UNPACK_LIBS := $(addprefix $(UNPACK_LIBDIR)/,libz.a liblzma.a libbz2.a libzstd.a liblz4.a liblzo2.a)
$(O)/obj/unpack-include/stamp:
	@mkdir -p $(@D)
	@for h in $(UNPACK_HDRS); do \
	    if [ -e /usr/include/$$h ]; then ln -sfn /usr/include/$$h $(@D)/$$h; \
	    else ln -sfn /usr/include/x86_64-linux-gnu/$$h $(@D)/$$h; fi; done
	@touch $@
$(O)/obj/libbuild/unpack.o: $(O)/obj/unpack-include/stamp
$(O)/obj/libbuild/unpack.o: BASE_CFLAGS += -idirafter $(O)/obj/unpack-include
