// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a clinic must be able to rely on: nobody is treated with another one's needles, too early,
 * in spite of an answer, or with a cartridge that is too old; and each area's share is on file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/harness_cli.h"

#define STEP_MS 5000
#define UID "00000000000000a1"

/* "extra": of a course, with a checklist and a warning that comes at once. */
static const char course[] = "[Profile]\n"
			     "Title = Course\n"
			     "Source = tests\n"
			     "Sessions = 3-4\n"
			     "MinInterval = 28d\n"
			     "MaxInterval = 42d\n"
			     "[Area face]\n"
			     "MaxDepth = 1.0mm\n"
			     "MaxSpeed = 8000rpm\n"
			     "DensityWarning = 10/cm2\n"
			     "[Area neck]\n"
			     "MaxDepth = 0.75mm\n"
			     "MaxSpeed = 8000rpm\n";

static const char screened[] = "[Profile]\n"
			       "Title = Screened\n"
			       "Source = tests\n"
			       "Screening = short\n"
			       "[Area face]\n"
			       "MaxDepth = 1.0mm\n"
			       "MaxSpeed = 8000rpm\n";

static const char checklist[] = "[Checklist]\n"
				"Title = Short\n"
				"[Question pregnancy]\n"
				"Text = Pregnant or nursing?\n"
				"Ask = block\n"
				"[Question diabetes]\n"
				"Text = Diabetes that is not controlled?\n"
				"Ask = sign-off\n"
				"[Question fitzpatrick]\n"
				"Text = Fitzpatrick type?\n"
				"Ask = note\n"
				"Choices = I, II, III, IV, V, VI\n"
				"WarnOn = V, VI\n"
				"Warning = dark spots (PIH) are more likely\n";

static const struct rig_options with_course = {.profile = course};

static const char *word(struct rig *rig, const char *sql)
{
	static char buf[256];

	return db_word(rig->db, sql, buf, sizeof(buf));
}

static void end(struct rig *rig)
{
	assert_done(rig, session_call(rig, "End", "s", "completed"));
}

/* Nothing was begun: no row, no session, no claim. */
static void assert_nothing_begun(struct rig *rig, int64_t sessions)
{
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM session"), sessions);
	assert_string_equal(pen_word(rig, "Session"), "/");
}

/* ---- the ledger ---- */

/* Another pen, or a reader, may wipe the tag: the ledger knows better. */
static void a_used_cartridge(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	gadget_do(rig->control_fd, "cartridge insert " UID " lot=L7");
	rig_begin(rig);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM cartridge"), 1);
	rig_some_strokes(rig);
	assert_done(rig, pen_call(rig, "Disarm", ""));
	rig_some_strokes(rig); /* the same session goes on with it */
	end(rig);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM cartridge"), 1);
	assert_string_equal(word(rig, "SELECT uid || ' ' || lot || ' ' || (needles > 0)"
				      " FROM cartridge"),
			    UID " L7 1");
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-2", RIG_AREA), "CartridgeUsed");
	assert_nothing_begun(rig, 1);
	assert_int_equal(cli_sessions(rig, "session list --lot L7"), 1);
	assert_int_equal(cli_sessions(rig, "session list --lot L8"), 0);
	json_object_put(cli_json(rig, 1, "session list --client 'Jane Doe'")); /* no id: no name */
	assert_int_equal(cli_sessions(rig, "session list --serial " RIG_SERIAL), 1);

	rig_kill_gadget(rig);
	rig_start_gadget(rig); /* its tags are as new */
	rig_await_pens(rig);
	gadget_do(rig->control_fd, "cartridge insert " UID " lot=L7");
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-2", RIG_AREA), "CartridgeUsed");
	assert_says(rig, "ledger");
	assert_nothing_begun(rig, 1);
	rig_fresh_cartridge(rig);
	rig_begin(rig);
	gadget_do(rig->control_fd, "cartridge insert 00000000000000a2 lot=L8");
	assert_done(rig, pen_call(rig, "Arm", ""));
	assert_done(rig, pen_call(rig, "Disarm", ""));
	assert_int_equal(cli_sessions(rig, "session list --lot L8"), 1); /* put in later */
	/* Put in after the begin, it gets no further. */
	gadget_do(rig->control_fd, "cartridge insert " UID " lot=L7");
	assert_refused(rig, pen_call(rig, "Arm", ""), "CartridgeUsed");
	assert_false(rig_truth(rig).motor);
	rig_stop(rig);
}

static void an_expired_cartridge(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	gadget_do(rig->control_fd, "cartridge insert " UID " expires=1");
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA), "Interlock");
	assert_says(rig, "expired; put another one in");
	assert_nothing_begun(rig, 0);
	gadget_do(rig->control_fd, "cartridge insert " UID " unreadable");
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA), "Interlock");
	gadget_do(rig->control_fd, "cartridge remove");
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA), "Interlock");
	assert_nothing_begun(rig, 0);
	rig_stop(rig);
}

/* ---- the course ---- */

static void too_early(void **state)
{
	struct rig *rig = rig_start(state, &with_course);
	json_object *document;

	assert_done(rig, rig_begin_as(rig, "extra", "client-1", "face"));
	end(rig); /* without a stroke: it does not count */
	rig_fresh_cartridge(rig);
	assert_done(rig, rig_begin_as(rig, "extra", "client-1", "face"));
	rig_some_strokes(rig);
	end(rig);
	rig_fresh_cartridge(rig);
	assert_refused(rig, rig_begin_as(rig, "extra", "client-1", "face"), "TooSoon");
	assert_says(rig, "the earliest date is ");
	assert_says(rig, "--sign-off TEXT");
	assert_nothing_begun(rig, 2);
	document = cli_json(rig, 1, "session begin --profile extra --client client-1 --area face");
	assert_string_equal(json_word(document, "error.name"), "TooSoon");
	json_object_put(document);

	/* Another client, another area, and by a profile without an interval. */
	assert_done(rig, rig_begin_as(rig, "extra", "client-2", "face"));
	end(rig);
	rig_fresh_cartridge(rig);
	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", "face"));
	/* The back doors: another profile, another area. */
	assert_refused(rig, pen_call(rig, "SetProfile", "s", "extra"), "TooSoon");
	end(rig);
	rig_fresh_cartridge(rig);
	assert_done(rig, rig_begin_as(rig, "extra", "client-1", "neck"));
	assert_refused(rig, session_call(rig, "SetArea", "sa{sv}", "face", 0), "TooSoon");
	assert_string_equal(pen_word(rig, "Area"), "neck");
	assert_done(rig, session_call(rig, "SetArea", "sa{sv}", "face", 1, "sign-off", "s",
				      "Dr A: healed well"));
	assert_string_equal(pen_word(rig, "Area"), "face");
	assert_int_equal(client_number(rig->client, rig->session, API_SESSION, "SessionsBefore"),
			 1);
	end(rig);
	rig_fresh_cartridge(rig);
	assert_done(rig,
		    manager_call(rig, "BeginSession", "ossa{sv}", rig->pen, "extra", "client-1", 2,
				 "area", "s", "face", "sign-off", "s", "Dr A: healed well"));
	rig_stop(rig);
}

/* A sign-off where nothing was early opens no door to a profile by which it is. */
static void signed_for_nothing(void **state)
{
	struct rig *rig = rig_start(state, &with_course);

	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", "face"));
	rig_some_strokes(rig);
	end(rig);
	rig_fresh_cartridge(rig);
	assert_done(rig, manager_call(rig, "BeginSession", "ossa{sv}", rig->pen, RIG_PROFILE,
				      "client-1", 2, "area", "s", "face", "sign-off", "s", "Dr A"));
	assert_refused(rig, pen_call(rig, "SetProfile", "s", "extra"), "TooSoon");
	rig_stop(rig);
}

/* ---- the checklist ---- */

static const char *begin_with(struct rig *rig, const char *answers, const char *operator,
			      const char * sign_off)
{
	return manager_call(rig, "BeginSession", "ossa{sv}", rig->pen, "screened", "client-1", 4,
			    "area", "s", "face", "screening", "s", answers, "operator",
			    "s", operator, "sign-off", "s", sign_off);
}

static void screen(struct rig *rig)
{
	rig_write(rig, "screening.d/short.conf", checklist);
	rig_write(rig, "profiles.d/screened.conf", screened);
	rig_reload(rig);
}

static void answers(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	screen(rig);
	assert_refused(rig, rig_begin_as(rig, "screened", "client-1", "face"), "Screening");
	assert_says(rig, "question 'pregnancy' (Pregnant or nursing?)");
	assert_refused(rig, begin_with(rig, "pregnancy = no\ndiabetes = no\n", "", ""),
		       "Screening");
	assert_says(rig, "'fitzpatrick'");
	assert_refused(rig, begin_with(rig, "pregnancy = no\nheart = no\n", "", ""), "Screening");
	assert_says(rig, "line 2 of the answers: checklist 'short' has no question 'heart'");
	assert_refused(rig,
		       begin_with(rig, "pregnancy=yes\ndiabetes=no\nfitzpatrick=II", "Dr A", "x"),
		       "Screening");
	assert_says(rig, "nobody can sign for it");
	assert_refused(rig,
		       begin_with(rig, "pregnancy=no\ndiabetes=yes\nfitzpatrick=II", "", "fine"),
		       "Screening");
	assert_says(rig, "a named operator has to sign for it: --operator NAME --sign-off TEXT");
	assert_refused(rig,
		       begin_with(rig, "pregnancy=no\ndiabetes=yes\nfitzpatrick=II", "Dr A", " "),
		       "Screening");
	assert_nothing_begun(rig, 0);
	assert_done(rig,
		    begin_with(rig, "# mine\npregnancy = no\n\ndiabetes = yes\nfitzpatrick = V",
			       "Dr A", "fine"));
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM screening"), 3);
	assert_string_equal(word(rig, "SELECT group_concat(question || kind || answer)"
				      " FROM screening"),
			    "pregnancyblockno,diabetessign-offyes,fitzpatricknoteV");
	assert_string_equal(word(rig, "SELECT screening || sign_off FROM session"), "shortfine");
	rig_stop(rig);
}

/* A session that began without answers does not go on with a profile that wants them. */
static void no_way_around_the_checklist(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	screen(rig);
	rig_begin(rig);
	assert_refused(rig, pen_call(rig, "SetProfile", "s", "screened"), "Screening");
	end(rig);
	rig_fresh_cartridge(rig);
	rig_write(rig, "screening.d/short.conf", "");
	rig_reload(rig);
	assert_refused(rig, begin_with(rig, "pregnancy = no\n", "", ""), "Screening");
	assert_says(rig, "mnpend --check-config");
	rig_stop(rig);
}

static void asked_at_a_terminal(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct cli_terminal terminal;

	screen(rig);
	cli_open(rig, &terminal, "session begin --profile screened --client c --area face");
	cli_await(&terminal, "Pregnant or nursing? [yes/no] ", STEP_MS);
	cli_type(&terminal, "\n"); /* nothing is taken for granted */
	cli_await(&terminal, "\r\nPregnant or nursing? [yes/no] ", STEP_MS);
	cli_type(&terminal, "\x03");
	assert_int_not_equal(cli_end(&terminal, STEP_MS), 0);
	assert_nothing_begun(rig, 0);

	cli_open(rig, &terminal, "session begin --profile screened --client c --area face");
	cli_await(&terminal, "nursing?", STEP_MS);
	cli_type(&terminal, "yes\n");
	assert_int_equal(cli_end(&terminal, STEP_MS), 1);
	assert_non_null(strstr(terminal.seen, "no session was begun"));
	assert_nothing_begun(rig, 0);

	cli_open(rig, &terminal, "session begin --profile screened --client c --area face");
	cli_await(&terminal, "nursing?", STEP_MS);
	cli_type(&terminal, "no\n");
	cli_await(&terminal, "controlled?", STEP_MS);
	cli_type(&terminal, "no\n");
	cli_await(&terminal, "[I/II/III/IV/V/VI]", STEP_MS);
	cli_type(&terminal, "VI\n");
	assert_int_equal(cli_end(&terminal, STEP_MS), 0);
	assert_non_null(strstr(terminal.seen, "dark spots (PIH)"));
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM screening"), 3);
	rig_stop(rig);
}

/* ---- areas ---- */

static void a_wrong_area(void **state)
{
	struct rig *rig = rig_start(state, &with_course);

	assert_refused(rig, rig_begin_as(rig, "extra", "client-1", "nose"), "InvalidArgument");
	assert_says(rig, "choose one of these: face, neck");
	assert_nothing_begun(rig, 0);
	assert_done(rig, rig_begin_as(rig, "extra", "client-1", "face"));
	assert_refused(rig, session_call(rig, "SetArea", "sa{sv}", "nose", 0), "InvalidArgument");
	assert_string_equal(pen_word(rig, "Area"), "face");
	rig_stop(rig);
}

static void a_segment_each(void **state)
{
	struct rig *rig = rig_start(state, &with_course);
	json_object *document;
	char line[128];

	assert_done(rig,
		    manager_call(rig, "BeginSession", "ossa{sv}", rig->pen, "extra", "client-1", 2,
				 "area", "s", "face", "area-size-cm2", "s", "1"));
	snprintf(rig->id, sizeof(rig->id), "%s", word(rig, "SELECT id FROM session"));
	snprintf(line, sizeof(line), "session show %s", rig->id);
	assert_done(rig, pen_call(rig, "SetTarget", "uu", 900, RIG_SPEED_RPM));
	rig_arm(rig);
	rig_run(rig);
	/* A warning, told once, and no stop. */
	rig_await_number(rig, "SELECT count(*) FROM event WHERE kind = 'density'", 1, STEP_MS);
	sleep_ms(300);
	assert_true(rig_truth(rig).motor);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'density'"),
			 1);
	document = cli_json(rig, 0, "status");
	assert_true(json_value(document, "sessions.0.punctures_per_cm2") >= 10);
	assert_non_null(
		strstr(json_word(document, "sessions.0.notices.0"), "DensityWarning is 10"));
	json_object_put(document);

	/* Thinner skin: stopped, and the deep target is gone. */
	document = cli_json(rig, 0, "session area neck --area-size-cm2 30");
	json_object_put(document);
	assert_false(rig_truth(rig).motor);
	assert_int_equal(pen_value(rig, "TargetDepthUm"), 0);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	gadget_do(rig->control_fd, "trigger release");
	rig_await_word(rig, "State", "idle", STEP_MS);
	rig_some_strokes(rig);
	document = cli_json(rig, 0, "session end");
	json_object_put(document);
	document = cli_json(rig, 0, line);
	assert_string_equal(json_word(document, "session.segments.0.area"), "face");
	assert_int_equal(json_value(document, "session.segments.0.depth_limit_um"), 1000);
	assert_in_range(json_value(document, "session.segments.0.depth_mean_um"), 850, 950);
	assert_in_range(json_value(document, "session.segments.0.speed_p95_rpm"), 5900, 6100);
	assert_true(json_value(document, "session.segments.0.punctures_per_cm2") >= 10);
	assert_string_equal(json_word(document, "session.segments.1.area"), "neck");
	assert_int_equal(json_value(document, "session.segments.1.area_size_cm2"), 30);
	assert_int_equal(json_value(document, "session.segments.1.target_depth_um"), RIG_DEPTH_UM);
	assert_int_equal(json_value(document, "session.segments.0.strokes") +
				 json_value(document, "session.segments.1.strokes"),
			 json_value(document, "session.strokes"));
	json_object_put(document);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(a_used_cartridge),
		RIG_TEST(an_expired_cartridge),
		RIG_TEST(too_early),
		RIG_TEST(signed_for_nothing),
		RIG_TEST(answers),
		RIG_TEST(no_way_around_the_checklist),
		RIG_TEST(asked_at_a_terminal),
		RIG_TEST(a_wrong_area),
		RIG_TEST(a_segment_each),
	};

	return cmocka_run_group_tests_name("clinic", tests, NULL, NULL);
}
