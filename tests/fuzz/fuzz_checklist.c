// SPDX-License-Identifier: GPL-2.0-only
/*
 * A checklist's text and, behind a NUL, the answers to it. Whatever passes must be a list that a
 * person can answer; and nothing begins unless each question has an answer that lets it.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/screening.h"
#include "tests/fuzz/conf_text.h"
#include "tests/fuzz/fuzz.h"

static size_t check_words(char *const list[], const char *name)
{
	size_t n = 0;

	for (; list[n]; n++) {
		CHECK(n < CONF_CHOICES_MAX, "%s: %zu answers", name, n);
		CHECK(*list[n] && strlen(list[n]) <= CONF_ANSWER_MAX, "%s: %s", name, list[n]);
		conf_text_plain(list[n]);
	}
	return n;
}

static void check_question(const struct conf_question *question)
{
	CHECK(conf_name_valid(question->name), "question %s", question->name);
	CHECK(question->text && *question->text, "%s asks nothing", question->name);
	conf_text_plain(question->text);
	conf_text_plain(question->warning);
	conf_text_plain(question->source);
	if (check_words(question->choices, question->name))
		CHECK(question->ask == CONF_ASK_NOTE, "%s is no note", question->name);
	CHECK(!question->warning == !check_words(question->warn_on, question->name),
	      "%s warns of nothing, or not", question->name);
}

static void check_checklist(const struct conf_checklist *checklist)
{
	CHECK(checklist->title && *checklist->title, "a checklist without a title");
	CHECK(checklist->n_questions <= CONF_QUESTIONS_MAX, "%zu", checklist->n_questions);
	conf_text_plain(checklist->title);
	conf_text_plain(checklist->source);
	for (size_t i = 0; i < checklist->n_questions; i++) {
		check_question(&checklist->questions[i]);
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(checklist->questions[i].name, checklist->questions[j].name),
			      "question %s twice", checklist->questions[i].name);
	}
}

/* Whether @answer lets a session begin, as far as this question goes. */
static bool lets_begin(const struct conf_question *question, const char *answer)
{
	if (question->ask == CONF_ASK_NOTE)
		return *answer;
	return !strcmp(answer, question->clear_is_yes ? "yes" : "no");
}

/* The answers themselves, and not the order in which they were looked at, make the verdict. */
static void check_verdict(const struct conf_checklist *checklist, const struct screening *s)
{
	for (size_t i = 0; i < checklist->n_questions; i++) {
		const struct conf_question *question = &checklist->questions[i];
		bool begins = lets_begin(question, s->answers[i]);

		if (s->verdict == SCREENING_CLEAR)
			CHECK(begins, "%s = %s", question->name, s->answers[i]);
		if (s->verdict == SCREENING_SIGN_OFF && question->ask != CONF_ASK_SIGN_OFF)
			CHECK(begins, "%s = %s", question->name, s->answers[i]);
		if (s->verdict == SCREENING_SIGN_OFF || s->verdict == SCREENING_BLOCKED)
			CHECK(s->answers[i][0], "%s has no answer", question->name);
	}
	if (s->verdict == SCREENING_BLOCKED || s->verdict == SCREENING_SIGN_OFF) {
		const struct conf_question *named = s->question;
		bool blocks = s->verdict == SCREENING_BLOCKED;

		CHECK(named->ask == (blocks ? CONF_ASK_BLOCK : CONF_ASK_SIGN_OFF) &&
			      !lets_begin(named, s->answers[named - checklist->questions]),
		      "kept back by %s", named->name);
	}
}

static void check_answers(const struct conf_checklist *checklist, const char *text)
{
	static struct screening s;

	CHECK(screening_judge(&s, checklist, text) == s.verdict, "two verdicts");
	check_verdict(checklist, &s);
	if (s.question)
		CHECK(!strcmp(s.name, s.question->name), "%s is not %s", s.name, s.question->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
	size_t len = end ? (size_t)(end - data) : size;
	struct fuzz_input rest = {end ? end + 1 : NULL, end ? size - len - 1 : 0};
	struct conf_report report = {0};
	struct conf_checklist *checklist = NULL;
	int r = conf_checklist_parse(&checklist, "fuzz", "fuzz.conf",
				     size ? (const char *)data : "", len, &report);

	conf_text_check(&report, r);
	if (r == 0) {
		char *answers = fuzz_text(&rest);

		check_checklist(checklist);
		check_answers(checklist, answers);
		free(answers);
	}
	conf_checklist_free(checklist);
	conf_report_free(&report);
	return 0;
}
