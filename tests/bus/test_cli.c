// SPDX-License-Identifier: GPL-2.0-only
/* mnpenctl end to end: every command, its JSON and its exit code. */
#include "tests/bus/harness_cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000

/* Run, check the exit code, look at one text in the document, forget it. */
static void expect(struct rig *rig, int code, const char *line, const char *path, const char *value)
{
	json_object *document = cli_json(rig, code, line);

	if (path)
		assert_string_equal(json_word(document, path), value);
	json_object_put(document);
}

static int pen_count(struct rig *rig)
{
	json_object *document = cli_json(rig, 0, "pens");
	int n = (int)json_object_array_length(json_at(document, "pens"));

	json_object_put(document);
	return n;
}

static void test_read(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	json_object *document;

	assert_int_equal(pen_count(rig), 1);
	expect(rig, 0, "pens", "pens.0.serial", RIG_SERIAL);
	expect(rig, 0, "pens", "pens.0.model", "mnpen-vpen");
	expect(rig, 0, "pens", "pens.0.state", "idle");
	expect(rig, 0, "pens", "pens.0.transport", "usbip");
	expect(rig, 0, "pens", "pens.0.armed", "false");
	expect(rig, 0, "status", "store_healthy", "true");
	expect(rig, 0, "status " RIG_SERIAL, "pens.0.not_arming.0.reason", "session");
	expect(rig, 0, "profile show " RIG_PROFILE, NULL, NULL);
	expect(rig, 0, "alarm list", NULL, NULL);
	document = cli_json(rig, 0, "profile list");
	assert_true(json_object_array_length(json_at(document, "profiles")) >= 4);
	json_object_put(document);
	document = cli_json(rig, 0, "session list");
	assert_int_equal(json_object_array_length(json_at(document, "sessions")), 0);
	json_object_put(document);
	rig_stop(rig);
}

static void test_exit_codes(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct cli_result result;

	/* 2: usage */
	expect(rig, 2, "frobnicate", "error.name", "Usage");
	expect(rig, 2, "target --depth 0.5", "error.name", "Usage");
	expect(rig, 2, "session begin", "error.name", "Usage");
	expect(rig, 2, "pens --colour", "error.name", "Usage");
	/* 4: not there */
	expect(rig, 4, "status NOPE0001", "error.name", "NoSuchPen");
	expect(rig, 4, "arm NOPE0001", "error.name", "NoSuchPen");
	expect(rig, 4, "profile set nope", "error.name", "NoSuchProfile");
	expect(rig, 4, "profile show nope", "error.name", "NoSuchProfile");
	expect(rig, 4, "session show nope", "error.name", "NoSuchSession");
	expect(rig, 4, "session end", "error.name", "NoSuchSession");
	/* 1: refused, with the way out */
	expect(rig, 1, "arm", "error.name", "Interlock");
	expect(rig, 1, "target --depth 2mm --speed 6000rpm", "error.name", "Limit");
	expect(rig, 1, "clear-fault", "error.name", "Interlock");
	/* 5: not authorized; a stop always is */
	polkit_say(rig->polkit, false, 0);
	expect(rig, 5, "profile set " RIG_PROFILE, "error.name", "NotAuthorized");
	expect(rig, 5, "session list", "error.name", "NotAuthorized");
	expect(rig, 0, "stop", "done", "true");
	expect(rig, 0, "disarm", "done", "true");
	/* 3: no daemon */
	process_kill(&rig->daemon, SIGTERM);
	assert_int_equal(process_wait(&rig->daemon, STEP_MS), 0);
	expect(rig, 3, "pens", "error.name", "NoDaemon");
	expect(rig, 3, "stop", "error.name", "NoDaemon");
	/* For people: the error and the way out, on standard error only. */
	result = cli_run(rig, NULL, "pens");
	assert_int_equal(result.code, 3);
	assert_string_equal(result.out, "");
	assert_non_null(strstr(result.err, "systemctl start mnpend"));
	cli_free(&result);
	rig_stop(rig);
}

static void test_profile(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	char line[160];

	rig_write(
		rig, "good.conf",
		"[Profile]\nTitle = T\nSource = s\n[Area a]\nMaxDepth = 0.5mm\nMaxSpeed = 100Hz\n");
	rig_write(rig, "bad.conf", "[Profile]\nTitle = T\nSource = s\n[Area a]\nMaxDepth = 0.5\n");
	snprintf(line, sizeof(line), "profile check %s/good.conf", rig->dir);
	expect(rig, 0, line, "valid", "true");
	snprintf(line, sizeof(line), "profile check %s/bad.conf", rig->dir);
	expect(rig, 1, line, "valid", "false");
	expect(rig, 0, "profile set " RIG_PROFILE, "done", "true");
	assert_string_equal(pen_word(rig, "Profile"), RIG_PROFILE);
	expect(rig, 0, "pens", "pens.0.profile", RIG_PROFILE);
	rig_stop(rig);
}

/* Rows of the CSV export, by the column "seq": nothing missing, nothing twice. */
static int count_rows(char *csv)
{
	char *state = NULL, *line = strtok_r(csv, "\n", &state), *at;
	int column = 0, rows = 0;
	long last = 0;

	at = strstr(line, "seq");
	assert_non_null(at);
	for (const char *c = line; c < at; c++)
		column += *c == ',';
	while ((line = strtok_r(NULL, "\n", &state))) {
		const char *field = line;
		long seq;

		for (int i = 0; i < column; i++)
			field = strchr(field, ',') + 1;
		seq = strtol(field, NULL, 10);
		assert_true(rows == 0 || seq == last + 1);
		last = seq;
		rows++;
	}
	return rows;
}

static void check_record(struct rig *rig, const char *id)
{
	struct cli_result result;
	json_object *document;
	char line[96];
	int64_t samples;

	snprintf(line, sizeof(line), "session show %s", id);
	document = cli_json(rig, 0, line);
	assert_string_equal(json_word(document, "session.id"), id);
	assert_string_equal(json_word(document, "session.pen"), RIG_SERIAL);
	assert_string_equal(json_word(document, "session.profile"), RIG_PROFILE);
	assert_string_equal(json_word(document, "session.area"), "thin"); /* the last one */
	assert_string_equal(json_word(document, "session.outcome"), "well");
	assert_string_equal(json_word(document, "session.client"), "client-77");
	assert_non_null(strstr(json_word(document, "session.operator"), " (anna)"));
	assert_int_equal(json_value(document, "session.gaps"), 0);
	assert_true(json_value(document, "session.run_ms") >= 500);
	assert_true(json_value(document, "session.strokes") >= 20);
	assert_true(json_object_array_length(json_at(document, "session.events")) >= 5);
	samples = json_value(document, "session.samples");
	json_object_put(document);

	snprintf(line, sizeof(line), "session export %s --format csv", id);
	result = cli_run(rig, NULL, line);
	assert_int_equal(result.code, 0);
	assert_int_equal(count_rows(result.out), samples);
	cli_free(&result);
	snprintf(line, sizeof(line), "session export %s --format json", id);
	document = cli_json(rig, 0, line);
	assert_int_equal(json_object_array_length(json_at(document, "rows")), samples);
	json_object_put(document);
}

static void test_session(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct cli_terminal terminal;
	struct cli_result result;
	char id[64];

	/* The client's id comes by standard input: it stands in no process list. */
	result = cli_run(rig, "client-77\n",
			 "--json session begin --profile " RIG_PROFILE
			 " --client - --area face --operator anna");
	assert_int_equal(result.code, 0);
	snprintf(id, sizeof(id), "%s", json_word(result.json, "session.id"));
	cli_free(&result);
	expect(rig, 0, "pens", "pens.0.session", id);
	expect(rig, 1, "session begin --profile " RIG_PROFILE " --client x", "error.name", "Busy");
	expect(rig, 0, "session area thin", NULL, NULL);
	expect(rig, 1, "session area nose", "error.name", "InvalidArgument");
	expect(rig, 0, "session note endpoint erythema", NULL, NULL);
	expect(rig, 0, "target --depth 0.4mm --speed 100Hz", "target_depth_um", "400");
	expect(rig, 0, "pens", "pens.0.target_speed_rpm", "6000");

	cli_open(rig, &terminal, "arm");
	cli_await(&terminal, "is armed", STEP_MS);
	rig_run(rig);
	sleep_ms(600);
	gadget_do(rig->control_fd, "trigger release");
	rig_await_state(rig, "armed", STEP_MS);
	expect(rig, 0, "pens", "pens.0.armed", "true");
	cli_type(&terminal, "q");
	assert_int_equal(cli_end(&terminal, STEP_MS), 0);

	expect(rig, 0, "session end --outcome well", NULL, NULL);
	expect(rig, 0, "session list --client client-77", "sessions.0.id", id);
	expect(rig, 0, "session list --serial " RIG_SERIAL, "sessions.0.outcome", "well");
	check_record(rig, id);
	rig_stop(rig);
}

static void test_several_pens(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.pens = 3});

	assert_int_equal(pen_count(rig), 3);
	expect(rig, 2, "arm", "error.name", "Usage"); /* which one? */
	expect(rig, 2, "disarm", "error.name", "Usage");
	expect(rig, 0, "stop", "done", "true"); /* all of them */
	expect(rig, 0, "stop " RIG_SERIAL "-2", "done", "true");
	expect(rig, 0, "profile set " RIG_SERIAL "-2 " RIG_PROFILE, "done", "true");
	expect(rig, 0, "pens", "pens.1.profile", RIG_PROFILE);
	expect(rig, 0, "pens", "pens.0.profile", "");
	rig_stop(rig);
}

/* A fault that a person clears, an alarm that a person acknowledges. */
static void test_fault(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	gadget_do(rig->control_fd, "fault overtemp");
	rig_await_word(rig, "State", "fault", STEP_MS);
	expect(rig, 0, "pens", "pens.0.faults.0", "overtemp");
	expect(rig, 1, "clear-fault", "error.name", "Fault");
	gadget_do(rig->control_fd, "clear overtemp");
	sleep_ms(600);
	expect(rig, 0, "clear-fault", "done", "true");
	rig_await_word(rig, "State", "idle", STEP_MS);
	expect(rig, 1, "alarm ack 1", "error.name", "InvalidArgument");
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_read),	RIG_TEST(test_exit_codes),   RIG_TEST(test_profile),
		RIG_TEST(test_session), RIG_TEST(test_several_pens), RIG_TEST(test_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
