/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers to a checklist, judged. Pure: the same answers are judged the same everywhere.
 *
 * The text has a line "QUESTION = ANSWER" for each question, by its name in the checklist; empty
 * lines and lines that begin with # say nothing.
 */
#ifndef MNPEN_SCREENING_H
#define MNPEN_SCREENING_H

#include "daemon/conf/conf.h"

/** enum screening_verdict - the first thing that is wrong; nothing else was looked at then */
enum screening_verdict {
	SCREENING_CLEAR,
	SCREENING_SIGN_OFF, /* begins if somebody signs for it; @name is the first of them */
	SCREENING_BLOCKED,  /* does not begin */
	SCREENING_UNANSWERED,
	SCREENING_SYNTAX,  /* a line without "=" */
	SCREENING_UNKNOWN, /* nobody asked that */
	SCREENING_TWICE,
	SCREENING_NO_ANSWER, /* to a question of yes or no, or not one of its choices; too long */
};

/** struct screening - the verdict, and the answers as far as they were read */
struct screening {
	enum screening_verdict verdict;
	unsigned int line;	      /* of what is wrong with the text; 0 = it is not the text */
	char name[CONF_NAME_MAX + 1]; /* of the question, cut when it is nobody's */
	const struct conf_question *question;		       /* NULL: SYNTAX, UNKNOWN, CLEAR */
	char answers[CONF_QUESTIONS_MAX][CONF_ANSWER_MAX + 1]; /* by the checklist's order */
};

/** screening_judge() - @text may be NULL: nothing is answered */
enum screening_verdict screening_judge(struct screening *ret,
				       const struct conf_checklist *checklist, const char *text);

/** screening_warns() - whether @answer to @question is one that its warning is for */
bool screening_warns(const struct conf_question *question, const char *answer);

/** screening_answers() - what can be answered, for people: "yes or no", "I, II, III", "text" */
const char *screening_answers(const struct conf_question *question, char *buf, size_t size);

#endif
