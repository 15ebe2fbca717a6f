// SPDX-License-Identifier: GPL-2.0-only
/* screening.d: what is asked before a session. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/parts.h"
#include "daemon/conf/parse.h"
#include "driver/base/cleanup.h"

enum question_key {
	QUESTION_TEXT,
	QUESTION_ASK,
	QUESTION_CLEAR,
	QUESTION_CHOICES,
	QUESTION_WARN_ON,
	QUESTION_WARNING,
	QUESTION_SOURCE,
};

static void free_list(char *list[CONF_CHOICES_MAX + 1])
{
	for (size_t i = 0; list[i]; i++)
		free(list[i]);
}

void conf_checklist_free(struct conf_checklist *checklist)
{
	if (!checklist)
		return;
	for (size_t i = 0; i < checklist->n_questions; i++) {
		struct conf_question *question = &checklist->questions[i];

		free(question->text);
		free_list(question->choices);
		free_list(question->warn_on);
		free(question->warning);
		free(question->source);
	}
	free(checklist->path);
	free(checklist->title);
	free(checklist->source);
	free(checklist);
}

const char *conf_ask_name(enum conf_ask ask)
{
	switch (ask) {
	case CONF_ASK_BLOCK:
		return "block";
	case CONF_ASK_SIGN_OFF:
		return "sign-off";
	case CONF_ASK_NOTE:
		return "note";
	}
	return "";
}

static const char *parse_ask(struct conf_parser *parser, const struct conf_key *key,
			     const char *value, void *target)
{
	static const enum conf_ask all[] = {CONF_ASK_BLOCK, CONF_ASK_SIGN_OFF, CONF_ASK_NOTE};
	struct conf_question *question = target;

	for (size_t i = 0; i < ELEMENTSOF(all); i++) {
		if (strcmp(value, conf_ask_name(all[i])))
			continue;
		question->ask = all[i];
		return NULL;
	}
	return "not one of the words allowed";
}

static const char *add_choice(struct conf_parser *parser, char *list[CONF_CHOICES_MAX + 1],
			      const char *item)
{
	size_t n = 0;

	for (; list[n]; n++)
		if (!strcmp(list[n], item))
			return "an answer stands there twice";
	if (n == CONF_CHOICES_MAX)
		return "too many answers";
	list[n] = strdup(item);
	if (!list[n])
		parser->error = -ENOMEM;
	return NULL;
}

/* Both are lists of words, at the key's offset. */
static const char *parse_choices(struct conf_parser *parser, const struct conf_key *key,
				 const char *value, void *target)
{
	char **list = (char **)(void *)((char *)target + key->offset);
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy;
	const char *wrong = NULL;
	char *item;

	if (!copy)
		parser->error = -ENOMEM;
	while (!wrong && (item = conf_next_item(&rest)))
		wrong = strlen(item) > CONF_ANSWER_MAX ? "an answer is too long"
						       : add_choice(parser, list, item);
	if (!wrong && copy && !list[0])
		wrong = "the list is empty";
	return wrong;
}

static void *begin_checklist(struct conf_parser *parser, const char *title)
{
	return parser->object;
}

static void *begin_question(struct conf_parser *parser, const char *title)
{
	struct conf_checklist *checklist = parser->object;
	struct conf_question *question = &checklist->questions[checklist->n_questions];

	if (!conf_name_valid(title)) {
		conf_complain(parser, parser->section_line,
			      "'%s' is no name for a question; allowed: [Question NAME], NAME a "
			      "letter or digit, then up to %d letters, digits, '.', '_', '-'",
			      title, CONF_NAME_MAX - 1);
		return NULL;
	}
	for (size_t i = 0; i < checklist->n_questions; i++) {
		if (strcmp(checklist->questions[i].name, title))
			continue;
		conf_complain(parser, parser->section_line,
			      "[Question %s] stands here a second time; allowed: once", title);
		return NULL;
	}
	if (checklist->n_questions == CONF_QUESTIONS_MAX) {
		conf_complain(parser, parser->section_line,
			      "[Question %s] is one question too many; allowed: at most %d", title,
			      CONF_QUESTIONS_MAX);
		return NULL;
	}
	snprintf(question->name, sizeof(question->name), "%s", title);
	checklist->n_questions++;
	return question;
}

/* A warning that nobody could ever see is a slip. */
static void check_warning(struct conf_parser *parser, const struct conf_question *q)
{
	unsigned int warning = conf_given(parser, QUESTION_WARNING);
	unsigned int warn_on = conf_given(parser, QUESTION_WARN_ON);

	if (!warning != !warn_on)
		conf_complain(parser, warning ? warning : warn_on,
			      "%s without %s; allowed: both, or neither",
			      warning ? "Warning" : "WarnOn", warning ? "WarnOn" : "Warning");
	for (size_t i = 0; warn_on && q->warn_on[i]; i++) {
		bool known = q->ask != CONF_ASK_NOTE
				     ? !strcmp(q->warn_on[i], "yes") || !strcmp(q->warn_on[i], "no")
				     : !q->choices[0];

		for (size_t k = 0; q->choices[k]; k++)
			known |= !strcmp(q->choices[k], q->warn_on[i]);
		if (!known)
			conf_complain(parser, warn_on,
				      "value '%s' of WarnOn: nobody can answer so; allowed: "
				      "answers to the question",
				      q->warn_on[i]);
	}
}

static void end_question(struct conf_parser *parser, void *target)
{
	const struct conf_question *q = target;
	unsigned int clear = conf_given(parser, QUESTION_CLEAR);
	unsigned int choices = conf_given(parser, QUESTION_CHOICES);

	if (!conf_given(parser, QUESTION_ASK))
		return;
	if (clear && q->ask == CONF_ASK_NOTE)
		conf_complain(parser, clear,
			      "Clear in a question with Ask = note, which keeps nothing from "
			      "beginning; allowed: with block, sign-off");
	if (choices && q->ask != CONF_ASK_NOTE)
		conf_complain(
			parser, choices,
			"Choices in a question with Ask = %s, which is answered by yes or no; "
			"allowed: with note",
			conf_ask_name(q->ask));
	check_warning(parser, q);
}

#define CHECKLIST(member) CONF_FIELD(struct conf_checklist, member)
#define QUESTION(member) CONF_FIELD(struct conf_question, member)
#define TEXT_KEY(key, field, needed)                                                               \
	{                                                                                          \
		.name = key, .parse = conf_value_text, field, .allowed = CONF_TEXT_ALLOWED,        \
		.mandatory = needed                                                                \
	}
#define CHOICES_ALLOWED "up to 16 words with commas or blanks between, such as I, II, III"

static const struct conf_key checklist_keys[] = {
	TEXT_KEY("Title", CHECKLIST(title), true),
	TEXT_KEY("Source", CHECKLIST(source), false),
};

static const struct conf_key question_keys[] = {
	[QUESTION_TEXT] = TEXT_KEY("Text", QUESTION(text), true),
	[QUESTION_ASK] = {.name = "Ask",
			  .parse = parse_ask,
			  .allowed = "block, sign-off, note",
			  .mandatory = true},
	[QUESTION_CLEAR] = {.name = "Clear",
			    .parse = conf_value_bool,
			    QUESTION(clear_is_yes),
			    .allowed = CONF_BOOL_ALLOWED},
	[QUESTION_CHOICES] = {.name = "Choices",
			      .parse = parse_choices,
			      QUESTION(choices),
			      .allowed = CHOICES_ALLOWED},
	[QUESTION_WARN_ON] = {.name = "WarnOn",
			      .parse = parse_choices,
			      QUESTION(warn_on),
			      .allowed = CHOICES_ALLOWED},
	[QUESTION_WARNING] = TEXT_KEY("Warning", QUESTION(warning), false),
	[QUESTION_SOURCE] = TEXT_KEY("Source", QUESTION(source), false),
};

static const struct conf_section sections[] = {
	{.name = "Checklist",
	 .mandatory = true,
	 .keys = checklist_keys,
	 .n_keys = ELEMENTSOF(checklist_keys),
	 .begin = begin_checklist},
	{.name = "Question",
	 .titled = true,
	 .mandatory = true,
	 .keys = question_keys,
	 .n_keys = ELEMENTSOF(question_keys),
	 .begin = begin_question,
	 .end = end_question},
};

static const struct conf_schema schema = {sections, ELEMENTSOF(sections)};

int conf_checklist_parse(struct conf_checklist **ret, const char *name, const char *file,
			 const char *text, size_t len, struct conf_report *report)
{
	struct conf_checklist *checklist = calloc(1, sizeof(*checklist));
	int r = -ENOMEM;

	if (!checklist)
		return -ENOMEM;
	snprintf(checklist->name, sizeof(checklist->name), "%s", name);
	checklist->path = strdup(file);
	crypto_generichash(checklist->digest, sizeof(checklist->digest),
			   (const unsigned char *)text, len, NULL, 0);
	if (checklist->path)
		r = conf_parse(&schema, checklist, file, text, len, report);
	if (r < 0) {
		conf_checklist_free(checklist);
		return r;
	}
	*ret = checklist;
	return r;
}
