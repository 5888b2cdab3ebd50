# SPDX-License-Identifier: GPL-2.0-only
LIBS += libcfg
libcfg_SRC := parse.c tree.c keys.c disk.c vif.c cpulist.c guest.c boot.c devices.c \
    cpuid.c cpuid_names.c
