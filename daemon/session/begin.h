/* SPDX-License-Identifier: GPL-2.0-only */
/* A session that is to begin, between begin.c and begin_new.c. */
#ifndef MNPEN_SESSION_BEGIN_H
#define MNPEN_SESSION_BEGIN_H

#include "daemon/conf/screening.h"
#include "daemon/session/parts.h"

/** struct begin - what must survive until the row is written */
struct begin {
	struct session_request *request;
	struct session *session;
	char *client, *operator_name, *screening, *consent, *sign_off, *cartridge;
	uint32_t operator_uid;
	uint32_t area_size_cm2;
	struct clinic_answer *answers;
	struct store_answer *answer_rows; /* borrowed by the store, and so is what they point to */
	size_t n_answers;
};

/** begin_new() - copies what it is given. Return: 0; -ENOMEM, -EIO */
int begin_new(struct begin **ret, const char *profile, const char *client,
	      const struct begin_options *options);
struct begin *begin_free(struct begin *b); /* NULL is fine; returns NULL */

/** begin_answers() - the answers become rows, and what they warn of a notice. Return: 0; -ENOMEM */
int begin_answers(struct begin *b, const struct conf_checklist *checklist,
		  const struct screening *screening);

#endif
