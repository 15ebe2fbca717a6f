// SPDX-License-Identifier: GPL-2.0-only
/* The card for the client: its dates, also where clocks are changed, its words, and its errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/aftercare.h"
#include "cli/when.h"
#include "driver/base/cleanup.h"

#define SHIPPED "daemon/data/aftercare.conf"

static void zone(const char *name)
{
	assert_int_equal(setenv("TZ", name, 1), 0);
	tzset();
}

static uint64_t at(const char *utc)
{
	uint64_t usec = 0;

	assert_int_equal(when_read(utc, &usec), 0);
	return usec;
}

/* Central Europe and the United States, spelled out: no zone database is needed. */
#define EUROPE "CET-1CEST,M3.5.0,M10.5.0/3"
#define AMERICA "EST5EDT,M3.2.0,M11.1.0"

static void hours_pass(void **state)
{
	static const struct {
		const char *zone, *ended;
		uint32_t hours;
		const char *date;
	} table[] = {
		{"UTC0", "2026-11-29T23:55:00Z", 0, "Sunday 29 November 2026, 23:55"},
		{"UTC0", "2026-11-29T23:55:00Z", 24, "Monday 30 November 2026, 23:55"},
		/* never early: a second is a minute; at its end, the minute that it was */
		{"UTC0", "2026-11-29T23:55:00.000001Z", 24, "Monday 30 November 2026, 23:56"},
		{"UTC0", "2026-11-29T23:55:59.9Z", 0, "Sunday 29 November 2026, 23:55"},
		{"UTC0", "2026-12-31T12:00:00Z", 24, "Friday 1 January 2027, 12:00"},
		/* clocks go back in the night: 24 hours later they show an hour less */
		{EUROPE, "2026-10-24T16:00:00Z", 24, "Sunday 25 October 2026, 17:00"},
		{AMERICA, "2026-10-31T20:00:00Z", 24, "Sunday 1 November 2026, 15:00"},
		/* and forward: an hour more */
		{EUROPE, "2026-03-28T17:00:00Z", 24, "Sunday 29 March 2026, 19:00"},
		{EUROPE, "2026-03-28T17:00:00Z", 72, "Tuesday 31 March 2026, 19:00"},
		/* an hour that does not exist on the clock */
		{EUROPE, "2026-03-28T01:30:00Z", 24, "Sunday 29 March 2026, 03:30"},
		/* before midnight here, after it elsewhere */
		{AMERICA, "2026-11-30T03:00:00Z", 24, "Monday 30 November 2026, 22:00"},
	};

	for (size_t i = 0; i < ELEMENTSOF(table); i++) {
		char date[AFTERCARE_DATE_SIZE];

		zone(table[i].zone);
		assert_string_equal(aftercare_after_hours(at(table[i].ended), table[i].hours, date),
				    table[i].date);
	}
}

static void days_are_dates(void **state)
{
	static const struct {
		const char *zone, *ended;
		uint32_t days;
		const char *date, *iso;
	} table[] = {
		{"UTC0", "2026-11-29T23:55:00Z", 0, "Sunday 29 November 2026", "2026-11-29"},
		{"UTC0", "2026-11-29T23:55:00Z", 28, "Sunday 27 December 2026", "2026-12-27"},
		/* the same day of the week, late in the evening and early in the morning */
		{EUROPE, "2026-10-20T21:59:00Z", 7, "Tuesday 27 October 2026", "2026-10-27"},
		{EUROPE, "2026-10-19T22:01:00Z", 7, "Tuesday 27 October 2026", "2026-10-27"},
		{EUROPE, "2026-03-24T22:59:00Z", 7, "Tuesday 31 March 2026", "2026-03-31"},
		{EUROPE, "2026-03-23T23:01:00Z", 7, "Tuesday 31 March 2026", "2026-03-31"},
		{AMERICA, "2026-10-29T03:30:00Z", 7, "Wednesday 4 November 2026", "2026-11-04"},
		/* leap years, and the end of one */
		{"UTC0", "2028-02-01T10:00:00Z", 28, "Tuesday 29 February 2028", "2028-02-29"},
		{"UTC0", "2026-12-15T10:00:00Z", 42, "Tuesday 26 January 2027", "2027-01-26"},
		{"UTC0", "2026-01-01T10:00:00Z", 1000, "Wednesday 27 September 2028", "2028-09-27"},
	};

	for (size_t i = 0; i < ELEMENTSOF(table); i++) {
		char date[AFTERCARE_DATE_SIZE];
		uint64_t usec = at(table[i].ended);

		zone(table[i].zone);
		assert_string_equal(aftercare_after_days(usec, table[i].days, date), table[i].date);
		assert_string_equal(aftercare_iso_after_days(usec, table[i].days, date),
				    table[i].iso);
	}
}

/* The card as text; the caller's to free. NULL: refused, with what @flaw says. */
static char *card(const char *words, uint32_t next_min, uint32_t next_max,
		  struct aftercare_flaw *flaw)
{
	const struct aftercare care = {
		.session = "20261129-235538-05b5f1",
		.ended_usec = at("2026-11-29T23:55:40Z"),
		.next_min_days = next_min,
		.next_max_days = next_max,
	};
	_cleanup_(report_free) struct report report = {0};
	char *text = NULL;
	size_t len;
	FILE *stream;

	zone("UTC0");
	if (aftercare_fill(&report, words, &care, flaw) < 0)
		return NULL;
	assert_false(report.failed);
	stream = open_memstream(&text, &len);
	assert_non_null(stream);
	aftercare_print(&report, stream);
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void assert_card(const char *words, uint32_t next_min, uint32_t next_max,
			const char *expected)
{
	struct aftercare_flaw flaw = {0};
	_cleanup_free_ char *text = card(words, next_min, next_max, &flaw);

	if (!text)
		fail_msg("line %u: %s", flaw.line, flaw.what);
	assert_string_equal(text, expected);
}

static void lines_are_what_they_begin_with(void **state)
{
	assert_card("# not this {\n\n= Head\nText\n- one\n-two\n", 0, 0,
		    "Head\nText\n- one\n- two\n");
	assert_card("a\n b\n\tc\n\nd", 0, 0, "a b c\n\nd\n");
	assert_card("a\r\n b\r\n", 0, 0, "a b\n");
	assert_card("", 0, 0, "");
	assert_card("= a\n= b\n", 0, 0, "a\n\nb\n");
	assert_card("S {session}:{T+1h}", 0, 0,
		    "S 20261129-235538-05b5f1:Monday 30 November 2026, 00:56\n");
}

static void lines_are_broken(void **state)
{
	assert_card("- 12345678 12345678 12345678 12345678 12345678 12345678 12345678 12345678 x y",
		    0, 0,
		    "- 12345678 12345678 12345678 12345678 12345678 12345678 12345678 12345678 x\n"
		    "  y\n");
	/* letters are counted, not bytes */
	assert_card("\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244 "
		    "12345678 12345678 12345678 12345678 12345678 12345678 12345678 abcd",
		    0, 0,
		    "\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244 "
		    "12345678 12345678 12345678 12345678 12345678 12345678 12345678 abcd\n");
}

static void what_is_not_known_is_left_out(void **state)
{
	static const char words[] = "a\n- from {next-from}\n- to {next-until}\n- {no-next}ask\nb";

	assert_card(words, 0, 0, "a\n- ask\nb\n");
	assert_card(words, 28, 0, "a\n- from Sunday 27 December 2026\nb\n");
	assert_card(words, 28, 42,
		    "a\n- from Sunday 27 December 2026\n- to Sunday 10 January 2027\nb\n");
}

static void errors_name_the_line(void **state)
{
	static const struct {
		const char *words;
		unsigned int line;
		const char *what;
	} table[] = {
		{"a\n{tomorrow}", 2, "there is no {tomorrow}"},
		{"a\n b\n c\n{T+24}", 4, "{T+24} is no time"},
		{"{T+h}", 1, "is no time"},
		{"{T+-1h}", 1, "is no time"},
		{"{T+ 1h}", 1, "is no time"},
		{"{T+1001h}", 1, "too far away"},
		{"{T+99999999999999999999999d}", 1, "too far away"},
		{"# {\n- {T", 2, "a brace stands alone"},
		{"}", 1, "a brace stands alone"},
		{"{}", 1, "there is no {}"},
		{"{0123456789012345678901234567890123456789012345678901234567890123456789}", 1,
		 "a brace stands alone"},
	};

	for (size_t i = 0; i < ELEMENTSOF(table); i++) {
		struct aftercare_flaw flaw = {0};

		assert_null(card(table[i].words, 28, 42, &flaw));
		assert_int_equal(flaw.line, table[i].line);
		if (!strstr(flaw.what, table[i].what))
			fail_msg("\"%s\": \"%s\"", table[i].words, flaw.what);
	}
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 65536);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

/* Words may stand on two lines. */
static void one_line(char *text)
{
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	for (char *two = strstr(text, "  "); two; two = strstr(text, "  "))
		memmove(two, two + 1, strlen(two));
}

/* What the shipped card must say, and what it must never say. */
static void shipped_words(void **state)
{
	static const char *const must[] = {
		"Monday 30 November 2026, 23:56",   /* make-up, shade: 24 h */
		"Wednesday 2 December 2026, 23:56", /* sun, sweat: 72 h */
		"Sunday 6 December 2026",	    /* harsh products, and redness: 7 d */
		"Sunday 13 December 2026",	    /* sunscreen: 14 d */
		"Sunday 27 December 2026",	    /* care with the sun; next session from */
		"Sunday 10 January 2027",	    /* next session until */
		"Call us if",
		"ask your prescriber",
		"SPF 30",
	};
	static const char *const never[] = {"anticoagulant", "blood thinner", "aspirin",
					    "stop taking",   "do not take",   "pause"};
	_cleanup_free_ char *words = read_file(SHIPPED), *text = NULL;
	struct aftercare_flaw flaw = {0};

	text = card(words, 28, 42, &flaw);
	if (!text)
		fail_msg(SHIPPED ":%u: %s", flaw.line, flaw.what);
	else
		one_line(text);
	for (size_t i = 0; i < ELEMENTSOF(must); i++)
		if (!strstr(text, must[i]))
			fail_msg("the card does not say \"%s\": %s", must[i], text);
	for (size_t i = 0; i < ELEMENTSOF(never); i++)
		if (strcasestr(text, never[i]))
			fail_msg("the card says \"%s\"", never[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours_pass),
		cmocka_unit_test(days_are_dates),
		cmocka_unit_test(lines_are_what_they_begin_with),
		cmocka_unit_test(lines_are_broken),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(errors_name_the_line),
		cmocka_unit_test(shipped_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
