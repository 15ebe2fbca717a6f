// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a clinic asks for around the needles: the checklist, the course, the ledger of cartridges,
 * and how much an area has had.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/screening.h"
#include "daemon/session/course.h"
#include "daemon/session/parts.h"
#include "daemon/store/segment.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/hex.h"

static bool is_blank(const char *text)
{
	return !text || text[strspn(text, " \t\n")] == '\0';
}

/* ---- the checklist ---- */

static int refuse_screening(const struct screening *s, const struct conf_checklist *checklist,
			    struct refusal *refusal)
{
	char allowed[CONF_CHOICES_MAX * 40] = "";
	const char *text = s->question ? s->question->text : "";
	const char *answer = s->question && s->question->clear_is_yes ? "no" : "yes";

	switch (s->verdict) {
	case SCREENING_CLEAR:
		return 0;
	case SCREENING_SIGN_OFF:
		return refuse(
			refusal, REFUSAL_SCREENING,
			"question '%s' (%.300s) is answered '%s': a named operator has to sign "
			"for it: --operator NAME --sign-off TEXT",
			s->name, text, answer);
	case SCREENING_BLOCKED:
		return refuse(
			refusal, REFUSAL_SCREENING,
			"question '%s' (%.300s) is answered '%s': no session begins, and nobody "
			"can sign for it; do not treat this client now",
			s->name, text, answer);
	case SCREENING_UNANSWERED:
		return refuse(
			refusal, REFUSAL_SCREENING,
			"question '%s' (%.300s) of checklist '%s' is not answered; answer it in "
			"the file of --screening FILE, or leave that out on a terminal and be "
			"asked",
			s->name, text, checklist->name);
	case SCREENING_SYNTAX:
		return refuse(refusal, REFUSAL_SCREENING,
			      "line %u of the answers, '%s', is none; write QUESTION = ANSWER",
			      s->line, s->name);
	case SCREENING_UNKNOWN:
		return refuse(
			refusal, REFUSAL_SCREENING,
			"line %u of the answers: checklist '%s' has no question '%s'; 'mnpenctl "
			"profile show NAME' lists those it has",
			s->line, checklist->name, s->name);
	case SCREENING_TWICE:
		return refuse(refusal, REFUSAL_SCREENING,
			      "line %u of the answers: question '%s' is answered twice; answer it "
			      "once",
			      s->line, s->name);
	case SCREENING_NO_ANSWER:
		return refuse(
			refusal, REFUSAL_SCREENING,
			"line %u of the answers: question '%s' is answered by %s, of at most %d "
			"bytes",
			s->line, s->name, screening_answers(s->question, allowed, sizeof(allowed)),
			CONF_ANSWER_MAX);
	}
	return refuse(refusal, REFUSAL_SCREENING, "the answers cannot be judged");
}

static int screen(const struct conf_profile *profile, const struct begin_options *options,
		  struct screening *ret, struct refusal *refusal)
{
	const struct conf_checklist *checklist = profile->checklist;

	if (!profile->screening)
		return 0;
	if (!checklist)
		return refuse(refusal, REFUSAL_SCREENING,
			      "profile '%s' wants the checklist '%s', and there is none that is "
			      "right; 'mnpend --check-config' says more",
			      profile->name, profile->screening);
	if (screening_judge(ret, checklist, options->screening) == SCREENING_SIGN_OFF &&
	    !is_blank(options->sign_off) && !is_blank(options->operator_name))
		return 0;
	return refuse_screening(ret, checklist, refusal);
}

int clinic_answers(const struct conf_checklist *checklist, const struct screening *screening,
		   struct clinic_answer **ret)
{
	struct clinic_answer *answers = calloc(checklist->n_questions, sizeof(*answers));
	int r = answers ? 0 : -ENOMEM;

	for (size_t i = 0; i < checklist->n_questions && r >= 0; i++) {
		const struct conf_question *question = &checklist->questions[i];
		struct clinic_answer *answer = &answers[i];

		snprintf(answer->question, sizeof(answer->question), "%s", question->name);
		snprintf(answer->answer, sizeof(answer->answer), "%s", screening->answers[i]);
		answer->kind = conf_ask_name(question->ask);
		answer->text = strdup(question->text);
		if (question->warning && screening_warns(question, answer->answer))
			answer->warning = strdup(question->warning);
		if (!answer->text)
			r = -ENOMEM;
	}
	if (r < 0) {
		clinic_answers_free(answers, checklist->n_questions);
		return r;
	}
	*ret = answers;
	return 0;
}

void clinic_answers_free(struct clinic_answer *answers, size_t n_answers)
{
	for (size_t i = 0; answers && i < n_answers; i++) {
		free(answers[i].text);
		free(answers[i].warning);
	}
	free(answers);
}

/* ---- the course ---- */

int clinic_due(const struct conf_profile *profile, const char *area, uint32_t last_days,
	       const char *sign_off, struct refusal *refusal)
{
	uint32_t earliest_days = 0, today_days = local_days(wall_usec());
	char last[WALL_DATE_SIZE], earliest[WALL_DATE_SIZE], today[WALL_DATE_SIZE];
	enum course_verdict verdict =
		course_judge(today_days, last_days, profile->min_interval_days, &earliest_days);

	if (verdict == COURSE_DUE)
		return 0;
	if (!is_blank(sign_off))
		return 1;
	wall_date(last_days, last);
	wall_date(earliest_days, earliest);
	wall_date(today_days, today);
	if (verdict == COURSE_CLOCK)
		return refuse(
			refusal, REFUSAL_TOO_SOON,
			"this computer's clock says %s, before the client's last session in area "
			"'%s' on %s: set the clock (timedatectl); the earliest date is %s",
			today, area, last, earliest);
	return refuse(refusal, REFUSAL_TOO_SOON,
		      "the client's last session in area '%s' was on %s, and profile '%s' keeps %u "
		      "days between two (MinInterval): the earliest date is %s; come back then, or "
		      "sign for it with a reason: --sign-off TEXT%s",
		      area, last, profile->name, profile->min_interval_days, earliest,
		      wall_synchronized() ? ""
					  : " (nobody keeps this computer's clock: see that the "
					    "date is right)");
}

void clinic_record_course(struct station_pen *pen, const struct conf_profile *profile)
{
	const struct session *session = pen->session;
	char last[WALL_DATE_SIZE];
	const struct field fields[] = {
		FIELD_S("area", session->area),
		FIELD_U("sessions_before", session->sessions_before),
		FIELD_S("last", session->last_days ? wall_date(session->last_days, last) : NULL),
		FIELD_U("sessions_min", profile->sessions_min),
		FIELD_U("sessions_max", profile->sessions_max),
		FIELD_U("min_interval_days", profile->min_interval_days),
		FIELD_U("max_interval_days", profile->max_interval_days),
	};

	record_event(pen, "course", fields, ELEMENTSOF(fields), NULL, NULL);
}

/* ---- the ledger ---- */

/* White space, which nobody sees, would make another cartridge of it. */
static bool has_gap(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return true;
	return false;
}

int clinic_typed(const char *typed, struct clinic_typed *ret, struct refusal *refusal)
{
	const char *slash = typed ? strchr(typed, '/') : NULL;

	*ret = (struct clinic_typed){0};
	if (!typed)
		return 0;
	if (!slash || slash == typed || !slash[1] || strchr(slash + 1, '/') || has_gap(typed) ||
	    (size_t)(slash - typed) >= sizeof(ret->lot) || strlen(slash + 1) >= sizeof(ret->serial))
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "cartridge '%.80s' is not LOT/SERIAL, as both stand on its pack",
			      typed);
	snprintf(ret->lot, sizeof(ret->lot), "%.*s", (int)(slash - typed), typed);
	snprintf(ret->serial, sizeof(ret->serial), "%s", slash + 1);
	return 0;
}

bool clinic_has_tag(const struct station_pen *pen)
{
	return pen_info(pen->pen)->features & MNPEN_FEATURE_CARTRIDGE_TAG;
}

struct store_cartridge clinic_cartridge(const struct station_pen *pen,
					const struct clinic_typed *typed,
					char uid[2 * MNPEN_UID_SIZE + 1])
{
	const struct mnpen_cartridge *c = pen_cartridge(pen->pen);

	if (!clinic_has_tag(pen))
		return (struct store_cartridge){
			.lot = typed->lot[0] ? typed->lot : NULL,
			.serial = typed->serial,
		};
	return (struct store_cartridge){
		.uid = hex_encode(c->uid, MNPEN_UID_SIZE, uid),
		.lot = c->lot,
		.expires_days = c->expires_days,
		.needles = c->needles,
		.length_um = c->length_um,
	};
}

void clinic_keep_bound(const struct station_pen *pen, struct session *session)
{
	if (clinic_has_tag(pen))
		hex_encode(pen_cartridge(pen->pen)->uid, MNPEN_UID_SIZE, session->bound_uid);
	else
		session->is_typed_bound = true;
}

int refuse_bound(const struct station_pen *pen, const struct session *session,
		 struct refusal *refusal)
{
	if (!clinic_has_tag(pen))
		return refuse(refusal, REFUSAL_CARTRIDGE_USED,
			      "this station's ledger has cartridge %s/%s bound to another session; "
			      "look whether that stands on its pack, or put a new one in",
			      session->typed.lot, session->typed.serial);
	return refuse(
		refusal, REFUSAL_CARTRIDGE_USED,
		"this station's ledger has this cartridge bound to another session, whatever its "
		"tag says; put a new one in");
}

int clinic_words(struct station_pen *pen, const struct conf_profile *profile,
		 const struct begin_options *o, struct clinic_typed *ret_typed,
		 struct screening *screening, struct refusal *refusal)
{
	int r = clinic_typed(o->cartridge, ret_typed, refusal);

	if (r == 0 && !clinic_has_tag(pen) && !ret_typed->lot[0])
		r = refuse(refusal, REFUSAL_INTERLOCK,
			   "pen %s cannot read a cartridge's tag: give what stands on the pack: "
			   "--cartridge LOT/SERIAL",
			   pen_serial(pen->pen));
	return r < 0 ? r : screen(profile, o, screening, refusal);
}

/* ---- how much an area has had ---- */

struct area_tally *clinic_tally(struct session *session)
{
	if (!session->area)
		return NULL;
	for (size_t i = 0; i < session->n_tallies; i++)
		if (!strcmp(session->tallies[i].area, session->area))
			return &session->tallies[i];
	if (session->n_tallies == ELEMENTSOF(session->tallies))
		return NULL; /* a profile has no more areas, but it may be another one now */
	snprintf(session->tallies[session->n_tallies].area,
		 sizeof(session->tallies[session->n_tallies].area), "%s", session->area);
	return &session->tallies[session->n_tallies++];
}

bool clinic_density(const struct station_pen *pen, uint32_t *ret_per_cm2)
{
	struct session *session = pen->session;
	const struct area_tally *tally = session ? clinic_tally(session) : NULL;

	if (!tally || !tally->size_cm2 || tally->is_uncounted)
		return false;
	*ret_per_cm2 = punctures_per_cm2(tally->punctures, tally->size_cm2);
	return true;
}

bool clinic_is_dense(const struct station_pen *pen)
{
	const struct conf_area *area = chosen_area(pen);
	uint32_t per_cm2;

	return area && area->density_warning_per_cm2 && clinic_density(pen, &per_cm2) &&
	       per_cm2 >= area->density_warning_per_cm2;
}

/* Told once an area and session: a warning, and never a stop. */
void clinic_count(struct station_pen *pen, uint32_t strokes)
{
	struct area_tally *tally = clinic_tally(pen->session);
	uint16_t needles = clinic_has_tag(pen) ? pen_cartridge(pen->pen)->needles : 0;
	uint32_t per_cm2;

	if (!tally || !strokes)
		return;
	tally->punctures += (uint64_t)strokes * needles;
	tally->is_uncounted |= !needles;
	if (tally->is_told || !clinic_is_dense(pen) || !clinic_density(pen, &per_cm2))
		return;
	tally->is_told = true;
	const struct field fields[] = {
		FIELD_S("area", tally->area),
		FIELD_U("area_size_cm2", tally->size_cm2),
		FIELD_U("punctures_per_cm2", per_cm2),
		FIELD_U("density_warning_per_cm2", chosen_area(pen)->density_warning_per_cm2),
	};

	record_event(pen, "density", fields, ELEMENTSOF(fields), NULL, NULL);
}

struct store_segment clinic_segment(struct station_pen *pen)
{
	const struct conf_area *area = chosen_area(pen);
	const struct conf_profile *profile = chosen_profile(pen);
	struct area_tally *tally = area ? clinic_tally(pen->session) : NULL;
	struct limits limits = {0};
	struct refusal ignored;

	(void)station_limits(pen, &limits, &ignored);
	return (struct store_segment){
		.profile = profile ? profile->name : NULL,
		.area = area ? area->name : NULL,
		.area_size_cm2 = tally ? tally->size_cm2 : 0,
		.density_warning_per_cm2 = area ? area->density_warning_per_cm2 : 0,
		.depth_limit_um = limits.depth_um,
		.speed_limit_min_rpm = limits.speed_min_rpm,
		.speed_limit_max_rpm = limits.speed_max_rpm,
	};
}

bool clinic_dense_text(const struct station_pen *pen, char *buf, size_t size)
{
	uint32_t per_cm2;

	if (!clinic_is_dense(pen) || !clinic_density(pen, &per_cm2))
		return false;
	snprintf(buf, size,
		 "area '%s' has had about %u punctures a cm2, its DensityWarning is %u: go on to "
		 "another area, or end",
		 pen->session->area, per_cm2, chosen_area(pen)->density_warning_per_cm2);
	return true;
}

bool clinic_course_text(const struct station_pen *pen, char *buf, size_t size)
{
	const struct conf_profile *profile = chosen_profile(pen);
	const struct session *session = pen->session;
	uint32_t today_days = local_days(wall_usec()), is_number = session->sessions_before + 1;
	char from[WALL_DATE_SIZE], to[WALL_DATE_SIZE];
	int used;

	if (!profile || !session->area || (!profile->sessions_max && !profile->min_interval_days))
		return false;
	used = snprintf(buf, size, "session %u", is_number);
	if (profile->sessions_min != profile->sessions_max)
		used += snprintf(buf + used, size - (size_t)used, " of %u to %u",
				 profile->sessions_min, profile->sessions_max);
	else if (profile->sessions_max)
		used += snprintf(buf + used, size - (size_t)used, " of %u", profile->sessions_max);
	used += snprintf(buf + used, size - (size_t)used, " in this area");
	if (profile->sessions_max && is_number > profile->sessions_max)
		used += snprintf(buf + used, size - (size_t)used, ", more than the course has");
	if (!profile->min_interval_days)
		return true;
	wall_date(today_days + profile->min_interval_days, from);
	wall_date(today_days + profile->max_interval_days, to);
	if (profile->max_interval_days)
		snprintf(buf + used, size - (size_t)used, "; the next is due from %s to %s", from,
			 to);
	else
		snprintf(buf + used, size - (size_t)used, "; the next is due from %s on", from);
	return true;
}
