/* SPDX-License-Identifier: GPL-2.0-only */
/* What holds of every configuration file, whatever is in it: for fuzz_profile.c and the like. */
#ifndef MNPEN_FUZZ_CONF_TEXT_H
#define MNPEN_FUZZ_CONF_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/conf/parts.h"

/** conf_text_check() - that @errors is what the report says, and that the report can be printed */
void conf_text_check(const struct conf_report *report, int errors);

/** conf_text_plain() - CHECKs that a text of the file is printable, which terminals will show */
void conf_text_plain(const char *text);

#endif
