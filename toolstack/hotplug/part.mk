# SPDX-License-Identifier: GPL-2.0-only
LIBS += hotplug
hotplug_SRC := loop.c net.c script.c
