// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/conf_text.h"

#include <stdio.h>
#include <string.h>

#include "daemon/conf/parse.h"
#include "tests/fuzz/fuzz.h"

void conf_text_plain(const char *text)
{
	if (!text)
		return;
	for (; *text; text++)
		CHECK(((unsigned char)*text >= 0x20 && *text != 0x7f) || *text == '\t',
		      "character 0x%02x", (unsigned char)*text);
}

/* At most so many errors are reported of one file, and one line says how many more there were. */
void conf_text_check(const struct conf_report *report, int errors)
{
	CHECK(errors >= 0, "%d", errors);
	CHECK((errors == 0) == (report->n_lines == 0), "%d errors, %zu lines", errors,
	      report->n_lines);
	CHECK(report->n_lines <= CONF_ERRORS_MAX + 1u && report->n_lines <= (size_t)errors + 1u,
	      "%d errors, %zu lines", errors, report->n_lines);
	for (size_t i = 0; i < report->n_lines; i++) {
		CHECK(!strncmp(report->lines[i], "fuzz.conf", 9), "%s", report->lines[i]);
		conf_text_plain(report->lines[i]);
	}
}
