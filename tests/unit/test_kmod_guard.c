// SPDX-License-Identifier: GPL-2.0-only
/* The kernel guard's judgement, at limit - 1, limit, limit + 1. The module's own source, as it is. */
#include "tests/unit/unit.h"

#include "driver/kmod/guard.c"
