/* SPDX-License-Identifier: GPL-2.0-only */
/* Where xl keeps things in its tests: below the current folder. Included before everything else. */
#define XL_RUN_DIR      "run"
#define XL_LIB_DIR      "lib"
#define XL_LOG_DIR      "log"
#define XL_LOCK_DIR     "lock"
#define XL_CONF         "xl.conf"
#define BACKEND_BUS     "bus"
#define BACKEND_DRIVERS "bus/drivers/"
#define MONITOR_FOLDER  "."
#define CONSOLE         "console.log"
#define AGAIN_UNIT_MS   10
#define SYS_BLOCK       "block"
#define MOUNT_INFO      "mountinfo"
#define SWAP_INFO       "swaps"
