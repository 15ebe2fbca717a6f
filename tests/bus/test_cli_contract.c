// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mnpenctl promises to programs, for every command that it has: a document of success and one
 * of an error, both as docs/mnpenctl.schema.json says, and an example in the help that works. The
 * names come from the program, so that a new command fails here until it has its lines.
 */
#include "tests/bus/harness_cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "tests/bus/harness_documents.h"

#define STEP_MS 10000
#define LIVE_MS 1500 /* of commands that stay */
#define ID_OF_EXAMPLES "20260131-090030-7f3a9c"

static const char good_profile[] = "[Profile]\nTitle = T\nSource = s\n"
				   "[Area cheek]\nMaxDepth = 0.5mm\nMaxSpeed = 100Hz\n";

/* In the rig's own directory, where files can be named as people do. */
static void run(struct rig *rig, int code, const char *line)
{
	json_object_put(cli_json(rig, code, line));
}

static void run_for(struct rig *rig, int code, const char *line)
{
	char full[160];
	struct cli_result result;

	snprintf(full, sizeof(full), "--json %s", line);
	result = cli_run_for(rig, LIVE_MS, full);
	if (result.code != code)
		fail_msg("mnpenctl %s: %d, %s%s", full, result.code, result.out, result.err);
	cli_free(&result);
}

static const char *line_of(const char *before, const char *word, const char *after)
{
	static char line[320];

	snprintf(line, sizeof(line), "%s %s%s", before, word, after);
	return line;
}

static void read_only(struct rig *rig)
{
	run(rig, 0, "status");
	run(rig, 4, "status NOPE0001");
	run(rig, 0, "status " RIG_SERIAL);
	run(rig, 0, "pens");
	run(rig, 2, "pens " RIG_SERIAL);
	run(rig, 0, "alarm list");
	run(rig, 2, "alarm list 7");
	run(rig, 0, "profile list");
	run(rig, 2, "profile list --colour");
	run(rig, 0, "profile show " RIG_PROFILE);
	run(rig, 0, "profile show fine-lines");
	run(rig, 4, "profile show nope");
}

/* A pen with which nothing is right. */
static void gates(struct rig *rig)
{
	static const char *const spoil[] = {"sleeve off", "battery 5", "calibration due 1",
					    "cartridge remove"};
	static const char *const mend[] = {"sleeve on", "battery 100", "calibration due 65535",
					   "cartridge insert"};

	for (size_t i = 0; i < ELEMENTSOF(spoil); i++)
		gadget_do(rig->control_fd, "%s", spoil[i]);
	sleep_ms(200);
	run(rig, 0, "status");
	for (size_t i = 0; i < ELEMENTSOF(mend); i++)
		gadget_do(rig->control_fd, "%s", mend[i]);
	sleep_ms(200);
}

static void profiles(struct rig *rig)
{
	rig_write(rig, "mine.conf", good_profile);
	rig_write(rig, "bad.conf", "[Profile]\nTitle = T\n");
	run(rig, 0, "profile set " RIG_PROFILE);
	run(rig, 4, "profile set nope");
	run(rig, 0, line_of("profile check", rig_path(rig, "mine.conf"), ""));
	run(rig, 1, line_of("profile check", rig_path(rig, "bad.conf"), ""));
	run(rig, 1, line_of("profile check", rig_path(rig, "missing.conf"), ""));
	run(rig, 1, line_of("profile add", rig_path(rig, "missing.conf"), ""));
	run(rig, 1, line_of("profile add", rig_path(rig, "bad.conf"), ""));
	run(rig, 0, line_of("profile add", rig_path(rig, "mine.conf"), ""));
	run(rig, 0, "profile show mine");
	run(rig, 0, "profile remove mine");
	run(rig, 4, "profile remove mine");
}

static void sessions(struct rig *rig, char *id, size_t size)
{
	struct cli_result result;

	run(rig, 1, "arm");
	run(rig, 4, "session end");
	run(rig, 4, "session area face");
	run(rig, 4, "session note endpoint pinpoint");
	run(rig, 2, "session begin");
	result = cli_run(rig, "client-77\n",
			 "--json session begin --client - --area face --operator anna"
			 " --area-size-cm2 30 --consent C-1 --sign-off 'by Dr. B'");
	assert_int_equal(result.code, 0);
	snprintf(id, size, "%s", json_word(result.json, "session.id"));
	cli_free(&result);
	run(rig, 0, "status");
	run(rig, 0, "session area face");
	run(rig, 0, "session note endpoint 'pinpoint bleeding'");
}

static void driving(struct rig *rig)
{
	run(rig, 0, "target --depth 0.5mm --speed 6000rpm");
	run(rig, 2, "target --depth 0.5");
	run(rig, 1, "target --depth 2mm --speed 6000rpm");
	run_for(rig, 0, "arm");
	rig_arm(rig);
	rig_run(rig);
	run_for(rig, 0, "monitor");
	run(rig, 4, "monitor NOPE0001");
	run(rig, 0, "pens");
	run(rig, 0, line_of("record --seconds 1", rig_path(rig, "raw"), ""));
	run(rig, 1, line_of("record --seconds 1", rig_path(rig, "raw"), ""));
	run(rig, 0, "disarm");
	run(rig, 4, "disarm NOPE0001");
	run(rig, 0, "stop");
	run(rig, 0, "stop " RIG_SERIAL);
	run(rig, 4, "stop NOPE0001");
	gadget_do(rig->control_fd, "trigger release");
}

static void faults(struct rig *rig)
{
	run(rig, 1, "clear-fault");
	gadget_do(rig->control_fd, "fault overtemp");
	rig_await_word(rig, "State", "fault", STEP_MS);
	run(rig, 0, "status");
	gadget_do(rig->control_fd, "clear overtemp");
	sleep_ms(600);
	run(rig, 0, "clear-fault");
}

static void records(struct rig *rig, const char *id)
{
	struct cli_result result;
	char line[128];

	run(rig, 0, "session end --outcome well");
	run(rig, 0, "session list");
	run(rig, 2, "session list --since yesterday");
	run(rig, 0, line_of("session show", id, ""));
	run(rig, 4, "session show nope");
	run(rig, 0, line_of("session verify", id, ""));
	run(rig, 0, "session verify");
	run(rig, 4, "session verify nope");
	snprintf(line, sizeof(line), "session export %s --format csv -o %s", id,
		 rig_path(rig, "rows"));
	run(rig, 0, line);
	run(rig, 4, "session export nope --format json");
	snprintf(line, sizeof(line), "session report %s -o %s.pdf", id, rig_path(rig, "report"));
	run(rig, 0, line);
	run(rig, 1, line);
	run(rig, 2, "session report nope -o report.gif");
	run(rig, 0, line_of("session aftercare", id, ""));
	snprintf(line, sizeof(line), "session aftercare %s -o %s.txt", id, rig_path(rig, "card"));
	run(rig, 0, line);
	run(rig, 4, "session aftercare nope");
	result = cli_run(rig, NULL, line_of("session export", id, " --format json"));
	assert_int_equal(result.code, 0);
	assert_non_null(result.json); /* a document also without --json */
	cli_free(&result);
}

/* A pen that does not listen raises an alarm; a person acknowledges it. */
static void alarms(struct rig *rig)
{
	static const char *const orders[] = {"stop", "alt", "lease", "trigger"};
	json_object *document;
	char line[96];

	rig_fresh_cartridge(rig);
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	for (size_t i = 0; i < ELEMENTSOF(orders); i++)
		gadget_do(rig->control_fd, "ignore %s on", orders[i]);
	(void)pen_call(rig, "Stop", "");
	rig_await_motor(rig, false, STEP_MS);
	rig_await_number(rig, "SELECT count(*) FROM event WHERE kind = 'alarm'", 1, STEP_MS);
	document = cli_json(rig, 0, "alarm list");
	assert_int_equal(json_object_array_length(json_at(document, "alarms")), 1);
	snprintf(line, sizeof(line), "alarm ack %s", json_word(document, "alarms.0.id"));
	json_object_put(document);
	rig_await_healthy(rig, true, STEP_MS);
	run(rig, 1, "alarm ack 1");
	run(rig, 0, line);
}

static void custody(struct rig *rig)
{
	struct cli_result result =
		cli_run(rig, "client-77\n", "--json client hold - on --reason 'a letter'");

	assert_int_equal(result.code, 0);
	cli_free(&result);
	run(rig, 2, "client hold client-77 maybe --reason letter");
	run(rig, 1, "client erase client-77 --reason 'asked for'");
	run(rig, 0, "client hold client-77 off --reason settled");
	run(rig, 0, "client erase client-77 --reason 'asked for'");
	run(rig, 4, "client erase client-77 --reason 'asked for'");
	run(rig, 0, line_of("backup", rig_path(rig, "copy.db"), ""));
	run(rig, 1, line_of("backup", rig_path(rig, "copy.db"), ""));
}

static void authority(struct rig *rig)
{
	polkit_say(rig->polkit, false, 0);
	run(rig, 5, "session list");
	run(rig, 5, "profile set " RIG_PROFILE);
	process_kill(&rig->daemon, SIGTERM);
	assert_int_equal(process_wait(&rig->daemon, STEP_MS), 0);
	run(rig, 3, "pens");
	run(rig, 3, "stop");
}

/* "name\toperands\texample" a line; the names and the examples, each ended by a newline. */
static void take_table(struct rig *rig, char **ret_table)
{
	struct cli_result result = cli_run(rig, NULL, "__commands");

	assert_int_equal(result.code, 0);
	*ret_table = TAKE_PTR(result.out);
	cli_free(&result);
}

static void assert_all_seen(const struct rig *rig, char *table)
{
	char *state = NULL;

	for (char *line = strtok_r(table, "\n", &state); line;
	     line = strtok_r(NULL, "\n", &state)) {
		line[strcspn(line, "\t")] = '\0';
		if (!documents_seen(rig, line, false))
			fail_msg("\"mnpenctl %s\" never succeeds in %s", line, __FILE__);
		if (!documents_seen(rig, line, true))
			fail_msg("\"mnpenctl %s\" never fails in %s", line, __FILE__);
	}
}

static void test_every_command(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *table = NULL;
	char id[64];

	take_table(rig, &table);
	read_only(rig);
	gates(rig);
	profiles(rig);
	sessions(rig, id, sizeof(id));
	driving(rig);
	faults(rig);
	records(rig, id);
	alarms(rig);
	custody(rig);
	authority(rig);
	if (!documents_checkable()) {
		rig_stop(rig); /* which fails where CI=true */
		skip();
	}
	documents_check(rig);
	assert_all_seen(rig, table);
	rig_stop(rig);
}

/* ---- examples ---- */

/* As a person types it, in a shell; the files that it names are there. */
static int run_example(struct rig *rig, const char *example, const char *id, char **ret_log)
{
	char bus[256], card[256], line[640];
	const char *const environment[] = {bus, card, "LC_ALL=C.UTF-8", NULL};
	const struct process_options options = {.environment = environment};
	const char *const argv[] = {"sh", "-c", line, NULL};
	const char *at = strstr(example, ID_OF_EXAMPLES);
	struct process shell = {0};
	char program_path[256];
	int code;

	assert_non_null(realpath(program("data/aftercare.conf"), program_path));
	snprintf(card, sizeof(card), "MNPEN_AFTERCARE=%.200s", program_path);
	assert_non_null(realpath(program("mnpenctl"), program_path));
	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", rig->bus_address);
	snprintf(line, sizeof(line), "cd %s; exec timeout -s INT 2 %s %.*s%s%s", rig->dir,
		 program_path, at ? (int)(at - example) : (int)strlen(example), example,
		 at ? id : "", at ? at + strlen(ID_OF_EXAMPLES) : "");
	process_start(&shell, rig->dir, "example", argv, &options);
	code = process_wait(&shell, STEP_MS);
	*ret_log = process_log(&shell);
	(void)unlink(rig_path(rig, "example.log"));
	return code;
}

/* What one of them alone cannot do: a pen that is not armed is no reason to make it look armed. */
static bool may_be_refused(const char *name)
{
	static const char *const names[] = {"clear-fault", "alarm ack", "client erase"};

	for (size_t i = 0; i < ELEMENTSOF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* timeout(1) tells that it was the one who ended "arm" and "monitor". */
static bool stays(const char *name)
{
	return strcmp(name, "arm") == 0 || strcmp(name, "monitor") == 0 ||
	       strcmp(name, "record") == 0;
}

static void try_example(struct rig *rig, const char *name, const char *example, const char *id)
{
	_cleanup_free_ char *log = NULL;
	int code;

	/* What ends the session stands before what needs one in the table. */
	if (strcmp(name, "arm") == 0) {
		rig_fresh_cartridge(rig);
		rig_begin(rig);
	}
	code = run_example(rig, example, id, &log);
	if (code == 0 || (code == 1 && may_be_refused(name)) || (code == 124 && stays(name)))
		return;
	fail_msg("the example \"mnpenctl %s\" ends with %d: %s", example, code, log);
}

/* Those that are shipped as an example fit the checklist that is shipped. */
static void copy_answers(struct rig *rig)
{
	char text[8192];
	FILE *file = fopen("tests/demo/answers", "re");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	rig_write(rig, "answers", text);
}

static void test_examples(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *table = NULL;
	char *rest = NULL, id[64];

	take_table(rig, &table);
	rig_write(rig, "acne-scars.conf", good_profile);
	rig_write(rig, "client-id", "client-78\n");
	copy_answers(rig);
	rig_begin(rig);
	snprintf(id, sizeof(id), "%s", rig->id);
	assert_done(rig, session_call(rig, "End", "s", "completed"));
	rig_fresh_cartridge(rig);
	for (char *line = strtok_r(table, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *example = strrchr(line, '\t') + 1;

		line[strcspn(line, "\t")] = '\0';
		try_example(rig, line, example, id);
	}
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_every_command),
		RIG_TEST(test_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
