/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of libcfg share and nobody else needs: building and freeing values, and small
 * string helpers.
 */
#ifndef HOSPES_LIBCFG_INTERNAL_H
#define HOSPES_LIBCFG_INTERNAL_H

#include "cfg.h"

void value_free(struct cfg_value *v);
int value_append(struct cfg_value *list, struct cfg_value *v);
/* Stores KEY (owned from now on) = V (owned); with APPEND, adds to what is there. */
int cfg_set(struct cfg *cfg, const char *file, char *key, int line, struct cfg_value *v,
            bool append, struct cfg_log *log);
/* Replaces *FIELD by a copy of TEXT. */
int set_string(char **field, const char *text);
/* Cuts blanks at both ends, in place. */
char *trim(char *s);

/* Puts the folder of FILE in front of a relative *PATH. */
int path_resolve(const char *file, char **path);
/* What the guest boots: kernel, or PV GRUB (boot.c). */
int read_boot(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log);
/* CPU features that it shall not have (cpuid.c). */
int read_cpuid(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log);
/* The feature called NAME in xl.cfg (cpuid_names.c); false: none. */
bool cpuid_find(const char *name, struct cpuid_bit *bit);
/* Whether NAME is a key of cpuid= that stands for a number. */
bool cpuid_is_number(const char *name);
/* Whether the register of B holds features, and whether B is one that follows what the guest does (OSXSAVE). */
bool cpuid_is_feature(const struct cpuid_bit *b);
bool cpuid_is_state(const struct cpuid_bit *b);
/* The device lists of a guest (devices.c). */
int read_devices(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log);

#endif
