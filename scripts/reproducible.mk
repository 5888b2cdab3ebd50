# SPDX-License-Identifier: GPL-2.0-only
# Included by the Makefiles that pack images: the one date that goes into them, that of the commit.
SOURCE_DATE_EPOCH ?= $(shell git -c safe.directory='*' -C $(TOP) log -1 --format=%ct 2>/dev/null || echo 1767225600)
export SOURCE_DATE_EPOCH
export LC_ALL := C
export TZ := UTC
