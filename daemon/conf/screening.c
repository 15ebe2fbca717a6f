// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "daemon/conf/screening.h"

#define BLANKS " \t\r"

bool screening_warns(const struct conf_question *question, const char *answer)
{
	for (size_t i = 0; question->warn_on[i]; i++)
		if (!strcmp(question->warn_on[i], answer))
			return true;
	return false;
}

const char *screening_answers(const struct conf_question *question, char *buf, size_t size)
{
	size_t used = 0;

	if (question->ask != CONF_ASK_NOTE)
		return "yes or no";
	if (!question->choices[0])
		return "a text";
	for (size_t i = 0; question->choices[i] && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 question->choices[i]);
	return buf;
}

static bool answer_fits(const struct conf_question *question, const char *answer)
{
	if (question->ask != CONF_ASK_NOTE)
		return !strcmp(answer, "yes") || !strcmp(answer, "no");
	if (!question->choices[0])
		return *answer;
	for (size_t i = 0; question->choices[i]; i++)
		if (!strcmp(question->choices[i], answer))
			return true;
	return false;
}

static bool is_clear(const struct conf_question *question, const char *answer)
{
	return question->ask == CONF_ASK_NOTE ||
	       !strcmp(answer, question->clear_is_yes ? "yes" : "no");
}

/* @len bytes at @text without the blanks around them, cut to fit. Return: whether they fitted. */
static bool trimmed(char *buf, size_t size, const char *text, size_t len)
{
	size_t before = strspn(text, BLANKS);

	if (before > len)
		before = len;
	text += before;
	len -= before;
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	snprintf(buf, size, "%.*s", (int)(len < size ? len : size - 1), text);
	return len < size;
}

static enum screening_verdict wrong(struct screening *s, enum screening_verdict verdict,
				    unsigned int line, const struct conf_question *question)
{
	s->verdict = verdict;
	s->line = line;
	s->question = question;
	if (question)
		snprintf(s->name, sizeof(s->name), "%s", question->name);
	return verdict;
}

static enum screening_verdict take_line(struct screening *s, const struct conf_checklist *checklist,
					const char *line, size_t len, unsigned int number)
{
	const char *equals = memchr(line, '=', len);
	size_t i = 0;

	if (!equals) {
		trimmed(s->name, sizeof(s->name), line, len);
		return wrong(s, SCREENING_SYNTAX, number, NULL);
	}
	trimmed(s->name, sizeof(s->name), line, (size_t)(equals - line));
	while (i < checklist->n_questions && strcmp(checklist->questions[i].name, s->name))
		i++;
	if (i == checklist->n_questions)
		return wrong(s, SCREENING_UNKNOWN, number, NULL);
	if (s->answers[i][0])
		return wrong(s, SCREENING_TWICE, number, &checklist->questions[i]);
	if (!trimmed(s->answers[i], sizeof(s->answers[i]), equals + 1,
		     len - (size_t)(equals + 1 - line)) ||
	    !answer_fits(&checklist->questions[i], s->answers[i]))
		return wrong(s, SCREENING_NO_ANSWER, number, &checklist->questions[i]);
	return SCREENING_CLEAR;
}

static enum screening_verdict take_text(struct screening *s, const struct conf_checklist *checklist,
					const char *text)
{
	enum screening_verdict verdict = SCREENING_CLEAR;
	unsigned int number = 0;

	while (*text && verdict == SCREENING_CLEAR) {
		size_t len = strcspn(text, "\n"), blanks = strspn(text, BLANKS);

		number++;
		if (blanks < len && text[blanks] != '#')
			verdict = take_line(s, checklist, text, len, number);
		text += len + (text[len] == '\n');
	}
	return verdict;
}

/* The first question that is not clear and of kind @ask. */
static const struct conf_question *
not_clear(const struct screening *s, const struct conf_checklist *checklist, enum conf_ask ask)
{
	for (size_t i = 0; i < checklist->n_questions; i++)
		if (checklist->questions[i].ask == ask &&
		    !is_clear(&checklist->questions[i], s->answers[i]))
			return &checklist->questions[i];
	return NULL;
}

enum screening_verdict screening_judge(struct screening *ret,
				       const struct conf_checklist *checklist, const char *text)
{
	const struct conf_question *question;

	*ret = (struct screening){.verdict = SCREENING_CLEAR};
	if (text && take_text(ret, checklist, text) != SCREENING_CLEAR)
		return ret->verdict;
	ret->name[0] = '\0';
	for (size_t i = 0; i < checklist->n_questions; i++)
		if (!ret->answers[i][0])
			return wrong(ret, SCREENING_UNANSWERED, 0, &checklist->questions[i]);
	question = not_clear(ret, checklist, CONF_ASK_BLOCK);
	if (question)
		return wrong(ret, SCREENING_BLOCKED, 0, question);
	question = not_clear(ret, checklist, CONF_ASK_SIGN_OFF);
	return question ? wrong(ret, SCREENING_SIGN_OFF, 0, question) : SCREENING_CLEAR;
}
