/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands in for Linux' header of this name. */
#include "shim.h"
