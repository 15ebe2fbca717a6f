// SPDX-License-Identifier: GPL-2.0-only
/* A session that is to begin: its ids, its words, its answers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "daemon/session/begin.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

struct begin *begin_free(struct begin *b)
{
	if (!b)
		return NULL;
	session_free(b->session);
	free(b->client);
	free(b->operator_name);
	free(b->screening);
	free(b->consent);
	free(b->sign_off);
	free(b->cartridge);
	clinic_answers_free(b->answers, b->n_answers);
	free(b->answer_rows);
	free(b);
	return NULL;
}

DEFINE_CLEANUP(struct begin *, begin_free)

bool client_id_valid(const char *client)
{
	const char *allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(client);

	return len >= 1 && len <= 64 && strspn(client, allowed) == len;
}

int new_id(char ret_id[STORE_ID_MAX], uint64_t wall_usec)
{
	time_t seconds = (time_t)(wall_usec / USEC_PER_SEC);
	uint32_t random;
	struct tm tm;
	char date[20];

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	if (!gmtime_r(&seconds, &tm) || strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm) == 0)
		return -EIO;
	snprintf(ret_id, STORE_ID_MAX, "%s-%06x", date, random & 0xffffffu);
	return 0;
}

static int new_identity(struct session *session)
{
	do {
		if (getrandom(&session->token, sizeof(session->token), 0) != sizeof(session->token))
			return -EIO;
	} while (session->token == 0); /* 0 means "never used" */
	return new_id(session->id, session->started_wall_usec);
}

static int copy(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

int begin_new(struct begin **ret, const char *profile, const char *client,
	      const struct begin_options *o)
{
	_cleanup_(begin_free_cleanup) struct begin *b = calloc(1, sizeof(*b));
	struct session *session = calloc(1, sizeof(*session));

	if (!b || !session) {
		free(session);
		return -ENOMEM;
	}
	b->session = session;
	session->started_usec = now_usec();
	session->started_wall_usec = wall_usec();
	if (new_identity(session) < 0)
		return -EIO;
	if (copy(&session->profile, profile) < 0 || copy(&session->area, o->area) < 0 ||
	    copy(&b->client, client) < 0 || copy(&b->operator_name, o->operator_name) < 0 ||
	    copy(&b->screening, o->screening) < 0 || copy(&b->consent, o->consent) < 0 ||
	    copy(&b->sign_off, o->sign_off) < 0 || copy(&b->cartridge, o->cartridge) < 0)
		return -ENOMEM;
	b->operator_uid = o->operator_uid;
	*ret = TAKE_PTR(b);
	return 0;
}

static int add_notice(struct session *session, const char *text)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", session->notices ? session->notices : "",
		     session->notices ? "\n" : "", text) < 0)
		return -ENOMEM;
	free(session->notices);
	session->notices = longer;
	return 0;
}

/* The answers become rows, and what they warn of a notice. */
int begin_answers(struct begin *b, const struct conf_checklist *checklist,
		  const struct screening *screening)
{
	int r = clinic_answers(checklist, screening, &b->answers);

	if (r < 0)
		return r;
	b->n_answers = checklist->n_questions;
	b->answer_rows = calloc(b->n_answers, sizeof(*b->answer_rows));
	b->session->screening = strdup(checklist->name);
	if (!b->answer_rows || !b->session->screening)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_answers && r >= 0; i++) {
		const struct clinic_answer *a = &b->answers[i];

		b->answer_rows[i] = (struct store_answer){.question = a->question,
							  .text = a->text,
							  .kind = a->kind,
							  .answer = a->answer};
		if (a->warning)
			r = add_notice(b->session, a->warning);
	}
	/* The row names the checklist; the answers are rows of their own. */
	free(b->screening);
	b->screening = strdup(checklist->name);
	return r < 0 || !b->screening ? -ENOMEM : 0;
}

int parse_area_size(const char *text, uint32_t *ret, struct refusal *refusal)
{
	char *end;
	unsigned long value;

	if (!text)
		return 0;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-' || value == 0 || value > 20000)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "area-size-cm2 '%.32s' is no whole number of 1 to 20000 cm2", text);
	*ret = (uint32_t)value;
	return 0;
}
