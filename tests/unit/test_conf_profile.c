// SPDX-License-Identifier: GPL-2.0-only
/* Profiles: what a good one becomes, and that each wrong one is refused at its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/conf/conf.h"
#include "daemon/conf/parts.h"
#include "daemon/conf/parse.h"
#include "driver/base/cleanup.h"

#define P "[Profile]\nTitle=T\n"		       /* lines 1, 2 */
#define A "[Area x]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n" /* lines 3, 4, 5 after P */
#define STR10 "0123456789"
#define STR100 STR10 STR10 STR10 STR10 STR10 STR10 STR10 STR10 STR10 STR10

static const struct wrong {
	const char *text;
	unsigned int line;
	const char *message;
} wrong[] = {
	/* units and numbers */
	{P "[Area x]\nMaxDepth=1.0\nMaxSpeed=9000rpm\n", 4, ": mm or um"},
	{P "[Area x]\nMaxDepth=1.0s\nMaxSpeed=9000rpm\n", 4, ": mm or um"},
	{P "[Area x]\nMaxDepth=1mm\nMaxSpeed=150\n", 5, ": rpm or Hz"},
	{P "[Area x]\nMaxDepth=1mm\nMaxSpeed=150mm\n", 5, ": rpm or Hz"},
	{P "[Area x]\nMaxDepth=deep\nMaxSpeed=9000rpm\n", 4, "value 'deep' of MaxDepth: "},
	{P "[Area x]\nMaxDepth=1mm 2mm\nMaxSpeed=9000rpm\n", 4, "allowed: 0.05mm to 3mm"},
	{P "[Area x]\nMaxDepth=0.0005mm\nMaxSpeed=9000rpm\n", 4, "value '0.0005mm'"},
	{P "[Area x]\nMaxDepth=-1mm\nMaxSpeed=9000rpm\n", 4, "value '-1mm'"},
	{P "[Area x]\nMaxDepth=1,5mm\nMaxSpeed=9000rpm\n", 4, "value '1,5mm'"},
	{P "[Area x]\nMaxDepth=\nMaxSpeed=9000rpm\n", 4, "of MaxDepth: it is empty; allowed: 0.05"},
	{P "[Area x]\nMaxDepth=1mm # deep\nMaxSpeed=9000rpm\n", 4, "value '1mm # deep'"},
	/* ranges */
	{P "[Area x]\nMaxDepth=0mm\nMaxSpeed=9000rpm\n", 4, "below the smallest"},
	{P "[Area x]\nMaxDepth=49um\nMaxSpeed=9000rpm\n", 4, "below the smallest"},
	{P "[Area x]\nMaxDepth=3001um\nMaxSpeed=9000rpm\n", 4, "above the largest"},
	{P "[Area x]\nMaxDepth=66536um\nMaxSpeed=9000rpm\n", 4, "above the largest"},
	{P "[Area x]\nMaxDepth=1mm\nMaxSpeed=299rpm\n", 5, "below the smallest"},
	{P "[Area x]\nMaxDepth=1mm\nMaxSpeed=15001rpm\n", 5, "above the largest"},
	{P "[Area x]\nMaxDepth=1mm\nMaxSpeed=74536rpm\n", 5, "above the largest"},
	{P A "Depth=1001um\n", 6, "value '1001um' of Depth: above MaxDepth in line 4; allowed: at"},
	{P A "Speed=9001rpm\n", 6, "value '9001rpm' of Speed: above MaxSpeed in line 5"},
	{P A "MinSpeed=9001rpm\n", 6, "value '9001rpm' of MinSpeed: above MaxSpeed in line 5"},
	{P A "Speed=2399rpm\nMinSpeed=40Hz\n", 6,
	 "below MinSpeed in line 7; allowed: at least 2400"},
	{P A "DensityWarning=300\n", 6, ": /cm2"},
	{P A "DensityWarning=300/mm2\n", 6, ": /cm2"},
	{P A "DensityWarning=3.5/cm2\n", 6, "not a whole number"},
	{P A "DensityWarning=0/cm2\n", 6, "below the smallest"},
	{P A "DensityWarning=100001/cm2\n", 6, "above the largest"},
	{P A "DensityWarning=" STR100 "/cm2\n", 6, "not a whole number of a useful size"},
	{P "MaxRunTime=30\n" A, 3, ": ms, s, min"},
	{P "MaxRunTime=99ms\n" A, 3, "allowed: 100ms to 4h"},
	{P "MaxRunTime=14401s\n" A, 3, "allowed: 100ms to 4h"},
	{P "MaxSessionTime=999ms\n" A, 3, "allowed: 1s to 12h"},
	{P "MaxSessionTime=13h\n" A, 3, "allowed: 1s to 12h"},
	{P "MaxRunTime=2h\nMaxSessionTime=1h\n" A, 3, "of MaxRunTime: above MaxSessionTime"},
	{P "MinInterval=28\n" A, 3, "the unit is missing: ms"},
	{P "MinInterval=36h\n" A, 3, "not a whole number of days; allowed: whole days, 1d"},
	{P "MaxInterval=366d\n" A, 3, "above the largest"},
	{P "MaxInterval=0d\n" A, 3, "below the smallest"},
	{P "MaxInterval=27d\nMinInterval=28d\n" A, 4, "value '28d' of MinInterval: above Max"},
	{P "Sessions=0\n" A, 3, "below the smallest"},
	{P "Sessions=51\n" A, 3, "above the largest"},
	{P "Sessions=6-3\n" A, 3, "the smaller number has to stand first"},
	{P "Sessions=3-\n" A, 3, "not a whole number"},
	{P "Sessions=-3\n" A, 3, "not a whole number"},
	{P "Sessions=4 times\n" A, 3, "not a whole number; allowed: 1 to 50"},
	{P "Sessions=99999999999999999999\n" A, 3, "above the largest"},
	/* words */
	{P "Enabled=true\n" A, 3, "not one of the words; allowed: yes, no"},
	{P "Enabled=Yes\n" A, 3, "not one of the words; allowed: yes, no"},
	{P "Pedal=on\n" A, 3, "allowed: required, optional, off"},
	/* what has to be there, and once */
	{A, 1, "there is no [Profile] section"},
	{P, 1, "there is no [Area NAME] section; allowed: one or more"},
	{"[Profile]\nEnabled=yes\n" A, 1, "Title is missing"},
	{"[Profile]\nTitle=\n" A, 2, "value '' of Title: it is empty"},
	{P "[Area x]\nMaxSpeed=9000rpm\n", 3, "MaxDepth is missing in this section; allowed: 0.05"},
	{P "[Area x]\nMaxDepth=1mm\n", 3, "MaxSpeed is missing"},
	{P A "MaxDepth=2mm\n", 6, "MaxDepth stands here a second time, first in line 4"},
	{P A P, 6, "[Profile] stands here a second time"},
	{P A A, 6, "[Area x] stands here a second time"},
	/* names */
	{P A "Maxdepth=1mm\n", 6, "unknown key 'Maxdepth'; allowed: Depth, MaxDepth, Speed"},
	{P A "=1mm\n", 6, "unknown key ''"},
	{P "MaxDepth=1mm\n" A, 3, "unknown key 'MaxDepth'; allowed: Title, Indication"},
	{P A "[Area]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n", 6, "'' is no name for an area"},
	{P A "[Area ../x]\n", 6, "'../x' is no name for an area"},
	{P A "[Area  y]\n", 6, "' y' is no name for an area"},
	{P A "[Area " STR10 STR10 STR10 STR10 STR10 STR10 "abcde]\n", 6, "is no name for an area"},
	{P A "[Aera y]\nMaxDepth=1mm\n", 6,
	 "unknown section [Aera y]; allowed: [Profile], [Area N"},
	{P A "[profile]\n", 6, "unknown section [profile]"},
	{P A "[Profile x]\n", 6, "unknown section [Profile x]"},
	{P A "[Areas]\n", 6, "unknown section [Areas]"},
	{"Title=T\n" P A, 1, "Title stands before any section"},
	/* the shape of lines */
	{P A "[Area y\n", 6, "not a section header"},
	{P A "[Area y] Depth=1mm\n", 6, "not a section header"},
	{P A "Depth\n", 6, "not understood; allowed: KEY = VALUE"},
	{P A "Depth 1mm", 6, "not understood; allowed: KEY = VALUE"},
	{P "Source=a\n b\n" A, 4, "begins with a blank, and lines cannot be continued"},
	{P A "Depth=1mm\n\t2mm\n", 7, "begins with a blank"},
	{P "Source=" STR100 STR100 "\n" A, 3, "the line is 207 bytes long; allowed: at most 198"},
	{P "Source=" STR100 STR10 STR10 STR10 STR10 STR10 STR10 STR10 STR10 STR10 "12\n" A, 3,
	 "199 bytes"},
	{P A "[" STR100 STR100 "]\nMaxDepth=1mm\n", 6, "the line is 202 bytes long"},
	{P "Source=a\033[2J\n" A, 3, "control character (0x1b)"},
	{P "Source=a\rb\n" A, 3, "control character (0x0d)"},
	{P "Source=\xff\n" A, 3, "not UTF-8"},
	{P "Source=\xc0\xaf\n" A, 3, "not UTF-8"},
	{P "Source=\xed\xa0\x80\n" A, 3, "not UTF-8"},
	{P "Source=\xf4\x90\x80\x80\n" A, 3, "not UTF-8"},
	{P "Source=\xe2\x82\n" A, 3, "not UTF-8"},
	{P "Source=\xc2\x9b"
	   "2J\n" A,
	 3, "not UTF-8"},
	{"\xef\xbb\xbf" P A, 1, "byte order mark"},
};

/* Exactly one error, at its line, that says what is wrong. */
static void expect_one(const char *text, size_t len, unsigned int line, const char *message)
{
	struct conf_report report = {0};
	char place[32];
	int n = conf_check_profile("f", text, len, &report);

	snprintf(place, sizeof(place), "f:%u: ", line);
	if (n != 1 || report.n_lines != 1 || strncmp(report.lines[0], place, strlen(place)) ||
	    !strstr(report.lines[0], message)) {
		for (size_t i = 0; i < report.n_lines; i++)
			print_error("got: %s\n", report.lines[i]);
		fail_msg("wanted one error: %s%s, for:\n%s", place, message, text);
	}
	conf_report_free(&report);
}

static void test_wrong(void **state)
{
	assert_true(ELEMENTSOF(wrong) >= 40);
	for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
		expect_one(wrong[i].text, strlen(wrong[i].text), wrong[i].line, wrong[i].message);
}

static void test_nul(void **state)
{
	static const char in_value[] = P A "Source=a\0b\n";
	static const char in_key[] = P A "Dep\0th=1mm\n";
	static const char alone[] = P A "\0\n";

	expect_one(in_value, sizeof(in_value) - 1, 6, "the line holds a NUL byte");
	expect_one(in_key, sizeof(in_key) - 1, 6, "the line holds a NUL byte");
	expect_one(alone, sizeof(alone) - 1, 6, "the line holds a NUL byte");
}

static void test_nothing_there(void **state)
{
	static const char *const texts[] = {"", "\n", "# nothing", "[Profile]\n"};
	struct conf_report report = {0};

	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		assert_int_equal(conf_check_profile("f", texts[i], strlen(texts[i]), &report), 2);
		assert_non_null(strstr(report.lines[1], "f:1: there is no [Area NAME] section"));
		conf_report_free(&report);
	}
}

static const char full[] = "; a comment\n"
			   "[Profile]\n"
			   "Title = Fine lines \xe2\x80\x93 face ; the face only\n"
			   "Indication=lines\n"
			   "Source = https://example.org/a?b=c;d\n"
			   "Enabled = no\n"
			   "MaxRunTime = 20min\n"
			   "MaxSessionTime = 1h\n"
			   "Pedal = required\n"
			   "Sessions = 3-6\n"
			   "MinInterval = 28d\n"
			   "MaxInterval = 42 d\n"
			   "Screening = skin\n"
			   "\n"
			   "  # an indented comment\n"
			   "[Area nose] ; thin\r\n"
			   "MaxSpeed = 150Hz\r\n"
			   "Speed = 6000 rpm\n"
			   "MinSpeed = 2400rpm\n"
			   "Depth = 0.25mm\n"
			   "MaxDepth = 500um\n"
			   "DensityWarning = 300/cm2\n"
			   "Source = chart\n"
			   "[Area A.b_c-1]\n"
			   "MaxDepth = 3mm\n"
			   "MaxSpeed = 15000rpm";

static void test_good(void **state)
{
	struct conf_report report = {0};
	struct conf_profile *p = NULL;
	const struct conf_area *a;

	assert_int_equal(conf_profile_parse(&p, "n", "d/n.conf", full, strlen(full), &report), 0);
	assert_int_equal(report.n_lines, 0);
	assert_string_equal(p->name, "n");
	assert_string_equal(p->path, "d/n.conf");
	assert_string_equal(p->title, "Fine lines \xe2\x80\x93 face");
	assert_string_equal(p->indication, "lines");
	assert_string_equal(p->source, "https://example.org/a?b=c;d");
	assert_string_equal(p->screening, "skin");
	assert_false(p->enabled);
	assert_true(p->has_pedal);
	assert_int_equal(p->pedal, CONF_PEDAL_REQUIRED);
	assert_int_equal(p->max_run_ms, 20 * 60000);
	assert_int_equal(p->max_session_ms, 3600000);
	assert_int_equal(p->sessions_min, 3);
	assert_int_equal(p->sessions_max, 6);
	assert_int_equal(p->min_interval_days, 28);
	assert_int_equal(p->max_interval_days, 42);
	assert_int_equal(p->n_areas, 2);
	a = conf_profile_area(p, "nose");
	assert_non_null(a);
	assert_int_equal(a->depth_um, 250);
	assert_int_equal(a->max_depth_um, 500);
	assert_int_equal(a->speed_rpm, 6000);
	assert_int_equal(a->min_speed_rpm, 2400);
	assert_int_equal(a->max_speed_rpm, 9000);
	assert_int_equal(a->density_warning_per_cm2, 300);
	assert_string_equal(a->source, "chart");
	a = conf_profile_area(p, "A.b_c-1");
	assert_non_null(a);
	assert_int_equal(a->max_depth_um, 3000);
	assert_int_equal(a->max_speed_rpm, 15000);
	assert_int_equal(a->depth_um, 0);
	assert_int_equal(a->speed_rpm, 0);
	assert_int_equal(a->min_speed_rpm, 0);
	assert_null(a->source);
	assert_null(conf_profile_area(p, "Nose"));
	conf_profile_free(p);
}

static void test_defaults_and_equals(void **state)
{
	static const char text[] = P "Sessions=4\nMaxRunTime=1h\nMaxSessionTime=1h\n"
				     "MinInterval=1d\nMaxInterval=1d\n" A
				     "Depth=1mm\nSpeed=9000rpm\nMinSpeed=9000rpm\n";
	struct conf_report report = {0};
	struct conf_profile *p = NULL;

	assert_int_equal(conf_profile_parse(&p, "n", "n", text, strlen(text), &report), 0);
	assert_true(p->enabled);
	assert_false(p->has_pedal);
	assert_null(p->indication);
	assert_null(p->screening);
	assert_int_equal(p->sessions_min, 4);
	assert_int_equal(p->sessions_max, 4);
	assert_int_equal(p->areas[0].depth_um, 1000);
	assert_int_equal(p->areas[0].min_speed_rpm, 9000);
	conf_profile_free(p);
}

static void test_all_errors_at_once(void **state)
{
	static const char text[] = P "Enabled=maybe\n[Area x]\nMaxDepth=1\nMaxSpeed=2\nDepth=9mm\n";
	static const unsigned int lines[] = {3, 5, 6, 7};
	struct conf_report report = {0};
	char place[32];

	assert_int_equal(conf_check_profile("f", text, strlen(text), &report), 4);
	for (size_t i = 0; i < 4; i++) {
		snprintf(place, sizeof(place), "f:%u: ", lines[i]);
		assert_memory_equal(report.lines[i], place, strlen(place));
	}
	conf_report_free(&report);
}

static void test_errors_are_capped(void **state)
{
	char text[2000] = P A;
	struct conf_report report = {0};

	for (int i = 0; i < CONF_ERRORS_MAX + 7; i++)
		strcat(text, "Nonsense=1\n");
	assert_int_equal(conf_check_profile("f", text, strlen(text), &report), CONF_ERRORS_MAX + 7);
	assert_int_equal(report.n_lines, CONF_ERRORS_MAX + 1);
	assert_string_equal(report.lines[CONF_ERRORS_MAX], "f: 7 more errors");
	conf_report_free(&report);
}

/* @n areas of different names */
static int check_areas(unsigned int n, struct conf_report *report)
{
	char text[8000] = P;

	for (unsigned int i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[Area a%u]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n", i);
	return conf_check_profile("f", text, strlen(text), report);
}

static void test_number_of_areas(void **state)
{
	struct conf_report report = {0};

	assert_int_equal(check_areas(CONF_AREAS_MAX, &report), 0);
	assert_int_equal(check_areas(CONF_AREAS_MAX + 1, &report), 1);
	assert_non_null(strstr(report.lines[0], "f:99: [Area a32] is one area too many"));
	conf_report_free(&report);
}

/* Good text of exactly @len bytes, with a comment's lines to fill */
static int check_size(size_t len, struct conf_report *report)
{
	_cleanup_free_ char *text = malloc(len);

	assert_non_null(text);
	memset(text, '#', len);
	for (size_t i = 100; i < len; i += 100)
		text[i] = '\n';
	memcpy(text, P A, sizeof(P A) - 1);
	return conf_check_profile("f", text, len, report);
}

static void test_size_and_line_limits(void **state)
{
	static const char longest[] =
		P "Source=" STR100 STR10 STR10 STR10 STR10 STR10 STR10 STR10 STR10 STR10 "1\n" A;
	struct conf_report report = {0};

	assert_int_equal(conf_check_profile("f", longest, strlen(longest), &report), 0);
	assert_int_equal(check_size(CONF_FILE_MAX, &report), 0);
	assert_int_equal(check_size(CONF_FILE_MAX + 1, &report), 1);
	assert_int_equal(check_size(1 << 20, &report), 1);
	assert_int_equal(report.n_lines, 2);
	assert_string_equal(report.lines[0], "f:1: 65537 bytes of text; allowed: at most 65536");
	conf_report_free(&report);
}

static void test_names(void **state)
{
	static const char *const good[] = {"a",	   "fine-lines",
					   "9",	   "A.b_c-d",
					   "a..b", STR10 STR10 STR10 STR10 STR10 STR10 "abcd"};
	static const char *const bad[] = {"",
					  ".",
					  "..",
					  "-a",
					  "_a",
					  ".a",
					  "a/b",
					  "../a",
					  "a b",
					  "a\n",
					  "\xc3\xa9",
					  "a\x01",
					  STR10 STR10 STR10 STR10 STR10 STR10 "abcde"};

	for (size_t i = 0; i < ELEMENTSOF(good); i++)
		assert_true(conf_name_valid(good[i]));
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		assert_false(conf_name_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_defaults_and_equals),
		cmocka_unit_test(test_all_errors_at_once),
		cmocka_unit_test(test_errors_are_capped),
		cmocka_unit_test(test_number_of_areas),
		cmocka_unit_test(test_size_and_line_limits),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("conf_profile", tests, NULL, NULL);
}
