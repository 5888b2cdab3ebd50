/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands in for Linux' header of this name: memory comes from the job's scratch area. */
#include "shim.h"
