// SPDX-License-Identifier: GPL-2.0-only
/* A session is recorded, and played to a fresh station: what stopped the pen stops it again. */
#include "tests/bus/harness_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000
#define UID "SECRETID" /* no hex digits, so its bytes */
#define LOT "LOT-77QX"
#define FILE_MAX 8000000
#define TSHARK "/usr/bin/tshark"
#define TSHARK_MS 30000

/** struct story - a session that ends with a stop by the daemon */
struct story {
	char dir[32];
	char file[64];
	char token[20];
	/* of the sample that stopped it */
	int64_t index; /* samples since the first one that showed it running */
	int64_t strokes;
	int64_t depth_um;
};

static void story_begin(struct story *story)
{
	*story = (struct story){.dir = "/tmp/mnpen-record-XXXXXX"};
	assert_non_null(mkdtemp(story->dir));
	snprintf(story->file, sizeof(story->file), "%s/a.pcapng", story->dir);
}

static void story_end(struct story *story)
{
	assert_int_equal(unlink(story->file), 0);
	assert_int_equal(rmdir(story->dir), 0);
}

/* Where in the run the daemon's verdict stands, from the session's own record. */
static void read_verdict(struct rig *rig, struct story *story)
{
	char line[160];
	struct cli_result result;
	json_object *document, *rows;
	int64_t first = -1;

	snprintf(line, sizeof(line), "session export %s --format json", rig->id);
	result = cli_run(rig, NULL, line);
	assert_int_equal(result.code, 0);
	document = json_tokener_parse(result.out);
	rows = json_at(document, "rows");
	story->index = -1;
	for (size_t i = 0; i < json_object_array_length(rows) && story->index < 0; i++) {
		json_object *row = json_object_array_get_idx(rows, i);

		if (first < 0 && strcmp(json_word(row, "state"), "running") == 0)
			first = (int64_t)i;
		if (first < 0 || json_value(row, "verdict") == 0)
			continue;
		story->index = (int64_t)i - first;
		story->strokes = json_value(row, "strokes");
		story->depth_um = json_value(row, "depth_um");
	}
	assert_true(story->index > 0);
	json_object_put(document);
	cli_free(&result);
}

/* The whole session in a file: from before it until after its end. */
static void record(void **state, struct story *story, const char *options, const char *cause,
		   const char *reason)
{
	struct rig *rig = rig_start(state, NULL);
	struct cli_terminal terminal;
	char line[200];

	story_begin(story);
	gadget_do(rig->control_fd, "cartridge insert " UID " lot=" LOT);
	snprintf(line, sizeof(line), "record %s%s", options, story->file);
	cli_open(rig, &terminal, line);
	cli_await(&terminal, "Ctrl-C ends it", STEP_MS);
	sleep_ms(100);
	rig_begin(rig);
	rig_arm(rig);
	snprintf(story->token, sizeof(story->token), "%s", rig_truth(rig).token);
	sleep_ms(100);
	rig_run(rig);
	/* so that it is the daemon who stops it, and not the pen by itself */
	gadget_do(rig->control_fd, "ignore limits on");
	gadget_do(rig->control_fd, "%s", cause);
	(void)rig_await_motor(rig, false, STEP_MS);
	rig_await_word(rig, "DisarmReason", reason, STEP_MS);
	sleep_ms(200);
	assert_done(rig, session_call(rig, "End", "s", "completed"));
	sleep_ms(100);
	cli_type(&terminal, "q");
	assert_int_equal(cli_end(&terminal, STEP_MS), 0);
	cli_await(&terminal, " 0 events lost", STEP_MS);
	read_verdict(rig, story);
	rig_stop(rig);
	rig_teardown(state);
}

/* A command whose answer is an error that says @says. */
static void gadget_refused(int fd, const char *command, const char *says)
{
	char answer[1024];
	ssize_t n;

	snprintf(answer, sizeof(answer), "%s\n", command);
	assert_int_equal(send(fd, answer, strlen(answer), MSG_NOSIGNAL), strlen(answer));
	n = recv(fd, answer, sizeof(answer) - 1, 0);
	assert_true(n > 0);
	answer[n] = '\0';
	if (!strstr(answer, "\"error\"") || !strstr(answer, says))
		fail_msg("%s: %s", command, answer);
}

static json_object *replay_of(struct rig *rig)
{
	return gadget_ask(rig->control_fd, "state");
}

static void replay(void **state, const struct story *story, const char *reason)
{
	const struct rig_options options = {.gadget_options = {"--replay", story->file}};
	struct rig *rig = rig_start(state, &options);
	struct story again = {0};
	json_object *play;

	rig_begin(rig);
	sleep_ms(300); /* longer than the recorded operator waited: the play waits too */
	play = replay_of(rig);
	assert_string_equal(json_word(play, "replay.waits_for"), "arm");
	json_object_put(play);
	assert_done(rig, pen_call(rig, "Arm", ""));
	rig_await_word(rig, "DisarmReason", reason, STEP_MS);
	(void)rig_await_motor(rig, false, STEP_MS);
	sleep_ms(300);
	assert_done(rig, session_call(rig, "End", "s", "completed"));
	read_verdict(rig, &again);
	if (again.index != story->index || again.strokes != story->strokes ||
	    again.depth_um != story->depth_um)
		fail_msg("stopped by sample %ld (%ld strokes, %ld um), recorded %ld (%ld, %ld)",
			 (long)again.index, (long)again.strokes, (long)again.depth_um,
			 (long)story->index, (long)story->strokes, (long)story->depth_um);
	rig_stop(rig);
}

/* A limit that is too deep by the sample, bytes that are no sample: each stops where it did. */
static void test_too_deep(void **state)
{
	struct story story;

	record(state, &story, "", "drift depth 700", "depth-limit");
	replay(state, &story, "depth-limit");
	story_end(&story);
}

static void test_garbage(void **state)
{
	struct story story;

	record(state, &story, "", "garbage 1", "undecodable");
	replay(state, &story, "undecodable");
	story_end(&story);
}

static void test_lie(void **state)
{
	struct story story;

	record(state, &story, "", "lie depth 1101", "depth-limit");
	replay(state, &story, "depth-limit");
	story_end(&story);
}

/* What the control socket does with a recording, and that nothing of it is taken for a pen. */
static void test_commands(void **state)
{
	static const char *const fit[] = {"pen 1",	 "suspend", "reset",  "silence on",
					  "silence off", "unplug",  "replug", "refuse busy",
					  "refuse off",	 "quit"};
	struct story story;
	struct rig *rig;
	json_object *list;

	record(state, &story, "", "garbage 1", "undecodable");
	rig = rig_start(state, &(struct rig_options){.gadget_options = {"--replay", story.file}});
	list = gadget_ask(rig->control_fd, "help");
	for (size_t i = 0; i < json_object_array_length(json_at(list, "help")); i++) {
		json_object *row = json_object_array_get_idx(json_at(list, "help"), i);
		const char *name = json_word(row, "command");
		bool fits = strcmp(name, "state") == 0 || strcmp(name, "help") == 0;

		for (size_t k = 0; k < ELEMENTSOF(fit); k++)
			fits |= strncmp(fit[k], name, strlen(name)) == 0;
		if (!fits)
			gadget_refused(rig->control_fd, name, "recording");
	}
	json_object_put(list);
	for (size_t i = 0; i < ELEMENTSOF(fit); i++)
		(void)gadget_do(rig->control_fd, "%s", fit[i]);
	assert_int_equal(process_wait(&rig->gadget, STEP_MS), 0);
	rig_stop(rig);
	story_end(&story);
}

/* ---- what stands in the file ---- */

static bool holds(const char *file, const void *bytes, size_t len)
{
	_cleanup_fclose_ FILE *stream = fopen(file, "re");
	_cleanup_free_ char *text = malloc(FILE_MAX);
	size_t size;

	assert_non_null(stream);
	assert_non_null(text);
	size = fread(text, 1, FILE_MAX, stream);
	assert_in_range(size, 10000, FILE_MAX - 1);
	return memmem(text, size, bytes, len);
}

static void check_secrets(const struct story *story, bool there)
{
	uint64_t token = strtoull(story->token, NULL, 16);
	uint8_t wide[2 * (sizeof(RIG_SERIAL) - 1)] = {0};

	for (size_t i = 0; i < sizeof(wide); i += 2)
		wide[i] = (uint8_t)RIG_SERIAL[i / 2];
	assert_int_not_equal(token, 0);
	assert_int_equal(holds(story->file, wide, sizeof(wide)), there);
	assert_int_equal(holds(story->file, UID, strlen(UID)), there);
	assert_int_equal(holds(story->file, LOT, strlen(LOT)), there);
	assert_int_equal(holds(story->file, &token, sizeof(token)), there); /* little-endian */
	assert_false(holds(story->file, RIG_SERIAL, strlen(RIG_SERIAL)));
	/* what is no secret stays */
	assert_true(holds(story->file, "mnpen-vpen", 10));
}

static void test_scrubbed(void **state)
{
	struct story story;

	record(state, &story, "", "garbage 1", "undecodable");
	check_secrets(&story, false);
	story_end(&story);
}

static void test_not_scrubbed(void **state)
{
	struct story story;

	record(state, &story, "--no-scrub ", "garbage 1", "undecodable");
	check_secrets(&story, true);
	replay(state, &story, "undecodable");
	story_end(&story);
}

/* Wireshark knows every packet of it. */
static void test_wireshark(void **state)
{
	const char *argv[] = {
		TSHARK,		 "-r", NULL, "-T", "fields", "-e", "frame.protocols", "-e",
		"_ws.malformed", NULL};
	const char *const environment[] = {"HOME=/nonexistent", NULL}; /* nobody's settings */
	struct process tshark = {0};
	_cleanup_free_ char *log = NULL;
	struct story story;
	char *next = NULL;

	if (access(TSHARK, X_OK) < 0) {
		print_message("SKIP: " TSHARK " is missing (Debian package tshark)\n");
		skip();
	}
	record(state, &story, "", "drift depth 700", "depth-limit");
	argv[2] = story.file;
	process_start(&tshark, story.dir, "tshark", argv,
		      &(struct process_options){.environment = environment});
	assert_int_equal(process_wait(&tshark, TSHARK_MS), 0);
	log = process_log(&tshark);
	assert_non_null(strstr(log, "usb"));
	for (char *line = strtok_r(log, "\n", &next); line; line = strtok_r(NULL, "\n", &next))
		if (strncmp(line, "Running as", 10) != 0 &&
		    (strncmp(line, "usb", 3) != 0 || line[strlen(line) - 1] != '\t'))
			fail_msg("tshark: %s", line);
	assert_int_equal(unlink(tshark.log), 0);
	story_end(&story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_too_deep),  RIG_TEST(test_garbage),  RIG_TEST(test_lie),
		RIG_TEST(test_commands),  RIG_TEST(test_scrubbed), RIG_TEST(test_not_scrubbed),
		RIG_TEST(test_wireshark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
