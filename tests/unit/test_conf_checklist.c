// SPDX-License-Identifier: GPL-2.0-only
/* Checklists as they are read, and answers as they are judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/conf/parts.h"
#include "daemon/conf/screening.h"
#include "driver/base/cleanup.h"

static const char short_list[] = "[Checklist]\n"
				 "Title = Short\n"
				 "[Question pregnancy]\n"
				 "Text = Pregnant?\n"
				 "Ask = block\n"
				 "[Question consent]\n"
				 "Text = Signed?\n"
				 "Ask = block\n"
				 "Clear = yes\n"
				 "[Question diabetes]\n"
				 "Text = Diabetes?\n"
				 "Ask = sign-off\n"
				 "[Question type]\n"
				 "Text = Type?\n"
				 "Ask = note\n"
				 "Choices = I, V\n"
				 "WarnOn = V\n"
				 "Warning = careful\n"
				 "[Question serum]\n"
				 "Text = Serum?\n"
				 "Ask = note\n";

/* The first complaint about @text, "" when there is none. */
static const char *complaint(const char *text)
{
	static char line[512];
	struct conf_report report = {0};
	struct conf_checklist *checklist;
	int r = conf_checklist_parse(&checklist, "c", "c.conf", text, strlen(text), &report);

	assert_true(r >= 0);
	snprintf(line, sizeof(line), "%s", r ? report.lines[0] : "");
	conf_report_free(&report);
	conf_checklist_free(checklist);
	return line;
}

static void what_is_wrong_has_its_line(void **state)
{
#define HEAD "[Checklist]\nTitle = T\n"
	static const struct {
		const char *text, *says;
	} rows[] = {
		{HEAD, "c.conf:1: "},
		{HEAD "[Question a b]\nText = x\nAsk = note\n", "c.conf:3: 'a b' is no name"},
		{HEAD "[Question a]\nAsk = note\n", "c.conf:3: "},
		{HEAD "[Question a]\nText = x\nAsk = maybe\n", "c.conf:5: value 'maybe' of Ask"},
		{HEAD "[Question a]\nText = x\nAsk = note\n[Question a]\nText = y\nAsk = note\n",
		 "c.conf:6: [Question a] stands here a second time"},
		{HEAD "[Question a]\nText = x\nAsk = note\nClear = no\n", "c.conf:6: Clear in a"},
		{HEAD "[Question a]\nText = x\nAsk = block\nChoices = I\n", "c.conf:6: Choices in"},
		{HEAD "[Question a]\nText = x\nAsk = block\nClear = maybe\n", "c.conf:6: value"},
		{HEAD "[Question a]\nText = x\nAsk = note\nChoices = I, I\n",
		 "answer stands there"},
		{HEAD "[Question a]\nText = x\nAsk = note\nWarning = y\n", "without WarnOn"},
		{HEAD "[Question a]\nText = x\nAsk = note\nChoices = I\nWarnOn = V\nWarning = y\n",
		 "c.conf:7: value 'V' of WarnOn: nobody can answer so"},
		{HEAD "[Question a]\nText = x\nAsk = block\nWarnOn = yes\nWarning = y\n", ""},
		{HEAD "[Question a]\nText = x\nAsk = note\nDepth = 1\n", "c.conf:6: "},
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		const char *said = complaint(rows[i].text);

		if (*rows[i].says ? !strstr(said, rows[i].says) : *said)
			fail_msg("row %zu: \"%s\" instead of \"%s\"", i, said, rows[i].says);
	}
	assert_string_equal(complaint(short_list), "");
}

static void answers_are_judged(void **state)
{
#define FINE "pregnancy = no\nconsent = yes\ndiabetes = no\ntype = I\nserum = none\n"
	static const struct {
		const char *text;
		enum screening_verdict verdict;
		const char *name;
		unsigned int line;
	} rows[] = {
		{FINE, SCREENING_CLEAR, "", 0},
		{"# all\n\n  pregnancy=no\r\n\tconsent\t= yes \n diabetes =no\ntype=V\nserum=a = b",
		 SCREENING_CLEAR, "", 0},
		{NULL, SCREENING_UNANSWERED, "pregnancy", 0},
		{"", SCREENING_UNANSWERED, "pregnancy", 0},
		{"pregnancy = no\nconsent = yes\ndiabetes = no\ntype = I\n", SCREENING_UNANSWERED,
		 "serum", 0},
		{"pregnancy no\n", SCREENING_SYNTAX, "pregnancy no", 1},
		{FINE "heart = no\n", SCREENING_UNKNOWN, "heart", 6},
		{"\n= no\n", SCREENING_UNKNOWN, "", 2},
		{FINE "type = V\n", SCREENING_TWICE, "type", 6},
		{"pregnancy = maybe\n", SCREENING_NO_ANSWER, "pregnancy", 1},
		{"pregnancy = No\n", SCREENING_NO_ANSWER, "pregnancy", 1},
		{"pregnancy =\n", SCREENING_NO_ANSWER, "pregnancy", 1},
		{"type = II\n", SCREENING_NO_ANSWER, "type", 1},
		{"serum = \n", SCREENING_NO_ANSWER, "serum", 1},
		{"pregnancy = yes\nconsent = yes\ndiabetes = yes\ntype = I\nserum = x\n",
		 SCREENING_BLOCKED, "pregnancy", 0},
		{"pregnancy = no\nconsent = no\ndiabetes = no\ntype = I\nserum = x\n",
		 SCREENING_BLOCKED, "consent", 0},
		{"pregnancy = no\nconsent = yes\ndiabetes = yes\ntype = I\nserum = x\n",
		 SCREENING_SIGN_OFF, "diabetes", 0},
	};
	struct conf_report report = {0};
	struct conf_checklist *list;
	static struct screening s;
	char long_answer[300];

	assert_int_equal(conf_checklist_parse(&list, "c", "c.conf", short_list, strlen(short_list),
					      &report),
			 0);
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		if (screening_judge(&s, list, rows[i].text) != rows[i].verdict ||
		    strcmp(s.name, rows[i].name) != 0 || s.line != rows[i].line)
			fail_msg("row %zu: verdict %d, '%s', line %u", i, (int)s.verdict, s.name,
				 s.line);
	}
	snprintf(long_answer, sizeof(long_answer), "serum = %*d", CONF_ANSWER_MAX, 1);
	memset(long_answer + 8, 'x', CONF_ANSWER_MAX);
	assert_int_equal(screening_judge(&s, list, long_answer), SCREENING_UNANSWERED);
	memcpy(long_answer + 8 + CONF_ANSWER_MAX, "x", 2);
	assert_int_equal(screening_judge(&s, list, long_answer), SCREENING_NO_ANSWER);
	assert_true(screening_warns(&list->questions[3], "V"));
	assert_false(screening_warns(&list->questions[3], "I"));
	conf_checklist_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_has_its_line),
		cmocka_unit_test(answers_are_judged),
	};

	return cmocka_run_group_tests_name("conf_checklist", tests, NULL, NULL);
}
