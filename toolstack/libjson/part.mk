# SPDX-License-Identifier: GPL-2.0-only
LIBS += libjson
libjson_SRC := json.c
