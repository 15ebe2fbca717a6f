// SPDX-License-Identifier: GPL-2.0-only
/* mnpenctl record as a program: what it refuses, how it ends, and files that are no recordings. */
#include "tests/bus/harness_cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000

/* A command that ends with the name of a file in the test's own directory. */
static const char *line_of(const struct rig *rig, const char *command, const char *name)
{
	static char line[256];

	snprintf(line, sizeof(line), "%s %s", command, rig_path(rig, name));
	return line;
}

static void expect(struct rig *rig, int code, const char *says, const char *line)
{
	struct cli_result result = cli_run(rig, NULL, line);

	if (result.code != code || !strstr(result.err, says))
		fail_msg("mnpenctl %s: %d, %s%s", line, result.code, result.out, result.err);
	cli_free(&result);
}

static off_t file_size(const struct rig *rig, const char *name)
{
	struct stat st;

	return stat(rig_path(rig, name), &st) < 0 ? -1 : st.st_size;
}

static void test_refusals(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_write(rig, "there", "not mine");
	expect(rig, 1, "is there already", line_of(rig, "record", "there"));
	assert_int_equal(file_size(rig, "there"), 8);
	expect(rig, 1, "No such file", line_of(rig, "record", "no/such"));
	expect(rig, 4, "NOSUCHPEN", line_of(rig, "record NOSUCHPEN", "a"));
	assert_int_equal(file_size(rig, "a"), -1); /* what was refused leaves nothing */
	expect(rig, 2, "needs", "record");
	expect(rig, 2, "not a number", line_of(rig, "record --seconds 0", "a"));
	expect(rig, 2, "not a number", line_of(rig, "record --seconds 5s", "a"));
	expect(rig, 2, "not -H", line_of(rig, "-H there record", "a"));
	json_object_put(cli_json(rig, 2, "record -"));
	polkit_say(rig->polkit, false, 0);
	expect(rig, 5, "right", line_of(rig, "record", "a"));
	assert_int_equal(file_size(rig, "a"), -1);
	rig_stop(rig);
}

static void test_json(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	json_object *document =
		cli_json(rig, 0, line_of(rig, "record --seconds 1 " RIG_SERIAL, "a"));
	struct stat st;

	assert_true(json_object_get_boolean(json_at(document, "done")));
	assert_string_equal(json_word(document, "pen"), RIG_SERIAL);
	assert_string_equal(json_word(document, "file"), rig_path(rig, "a"));
	assert_true(json_object_get_boolean(json_at(document, "scrubbed")));
	assert_in_range(json_value(document, "samples"), 5, 60); /* one in 20 ms */
	assert_true(json_value(document, "transfers") >= json_value(document, "samples") + 10);
	assert_in_range(json_value(document, "duration_ms"), 200, 1500);
	assert_int_equal(json_value(document, "lost"), 0);
	assert_int_equal(stat(rig_path(rig, "a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	json_object_put(document);
	rig_stop(rig);
}

/* Onto standard output the data and nothing else. */
static void test_pipe(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct cli_result result = cli_run(rig, NULL, "record --seconds 1 -");

	assert_int_equal(result.code, 0);
	assert_memory_equal(result.out, "\x0a\x0d\x0d\x0a", 4);
	assert_non_null(strstr(result.err, "samples, 0 events lost"));
	cli_free(&result);
	rig_stop(rig);
}

/* "mnpenctl ARGUMENTS" by a shell that lets no file grow beyond 2 KiB; it must end with 1. Returns
 * what it says, to be freed. */
static char *run_limited(struct rig *rig, const char *arguments)
{
	char bus[256];
	const char *const environment[] = {bus, "LC_ALL=C.UTF-8", NULL};
	const struct process_options options = {.environment = environment};
	char line[512];
	const char *const argv[] = {"sh", "-c", line, NULL};
	struct process shell = {0};

	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", rig->bus_address);
	snprintf(line, sizeof(line), "ulimit -f 4; exec %s %s", program("mnpenctl"), arguments);
	process_start(&shell, rig->dir, "limited", argv, &options);
	assert_int_equal(process_wait(&shell, STEP_MS), 1);
	return process_log(&shell);
}

/* A disk that is full: what was in the file of somebody else before stays there, and one of ours
 * ends with a whole event. */
static void test_no_room(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *others = NULL, *ours = NULL;
	char line[256], old[9] = "";
	FILE *file;

	rig_write(rig, "theirs", "not ours");
	snprintf(line, sizeof(line), "record - >>%s", rig_path(rig, "theirs"));
	others = run_limited(rig, line);
	assert_int_equal(file_size(rig, "theirs"), 2048);
	file = fopen(rig_path(rig, "theirs"), "re");
	assert_non_null(file);
	assert_int_equal(fread(old, 1, 8, file), 8);
	fclose(file);
	assert_string_equal(old, "not ours");
	assert_non_null(strstr(others, "File too large"));
	assert_non_null(strstr(others, "may be there in part"));

	snprintf(line, sizeof(line), "record %s", rig_path(rig, "ours"));
	(void)unlink(rig_path(rig, "limited.log"));
	ours = run_limited(rig, line);
	assert_non_null(strstr(ours, "what was written until then can be replayed"));
	assert_in_range(file_size(rig, "ours"), 1500, 2047);
	rig_stop(rig);
}

static void start_recording(struct rig *rig, struct cli_terminal *terminal)
{
	cli_open(rig, terminal, line_of(rig, "record", "a"));
	cli_await(terminal, "Ctrl-C ends it", STEP_MS);
	for (int i = 0; i < 100 && file_size(rig, "a") < 3000; i++)
		sleep_ms(20);
	assert_true(file_size(rig, "a") >= 3000); /* it does not wait for the end */
}

static void end_recording(struct cli_terminal *terminal, int code, const char *says)
{
	assert_int_equal(cli_end(terminal, STEP_MS), code);
	if (!strstr(terminal->seen, says))
		fail_msg("\"%s\" does not say \"%s\"", terminal->seen, says);
	assert_non_null(strstr(terminal->seen, " samples, "));
}

static void test_ends(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM};
	struct rig *rig = rig_start(state, NULL);
	struct cli_terminal terminal;

	for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
		start_recording(rig, &terminal);
		process_kill(&terminal.process, signals[i]);
		end_recording(&terminal, 0, "0 events lost");
		assert_int_equal(unlink(rig_path(rig, "a")), 0);
	}
	start_recording(rig, &terminal);
	gadget_do(rig->control_fd, "unplug");
	end_recording(&terminal, 1, RIG_SERIAL " is gone");
	assert_int_equal(unlink(rig_path(rig, "a")), 0);
	gadget_do(rig->control_fd, "replug");
	rig_await_pens(rig);
	start_recording(rig, &terminal);
	rig_kill_daemon(rig);
	end_recording(&terminal, 1, "mnpend has left the bus");
	rig_stop(rig);
}

/* Each of them stands before the judging of a packet: there may not be many. */
static void test_many(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct client *others[5] = {0};

	for (size_t i = 0; i < ELEMENTSOF(others); i++) {
		const char *word;

		others[i] = client_new(rig->bus_address);
		word = client_call(others[i], NULL, rig->pen, API_PEN, "OpenCapture", "b", 1);
		/* a reply that is dropped closes its end: nobody reads, the place is free again */
		assert_string_equal(word, "");
	}
	for (size_t i = 0; i < ELEMENTSOF(others); i++)
		others[i] = client_free(others[i]);
	{
		sd_bus_message *replies[4] = {0}, *fifth = NULL;

		for (size_t i = 0; i < ELEMENTSOF(replies); i++)
			assert_done(rig, client_call(rig->client, &replies[i], rig->pen, API_PEN,
						     "OpenCapture", "b", 1));
		assert_refused(rig,
			       client_call(rig->client, &fifth, rig->pen, API_PEN, "OpenCapture",
					   "b", 1),
			       "Busy");
		assert_says(rig, "end another one");
		for (size_t i = 0; i < ELEMENTSOF(replies); i++)
			sd_bus_message_unref(replies[i]);
	}
	assert_done(rig, pen_call(rig, "OpenCapture", "b", 0));
	rig_stop(rig);
}

/* ---- files that are no recordings ---- */

static void refuse_replay(struct rig *rig, const char *name, const char *says)
{
	const char *const argv[] = {program("mnpen-gadget"), "--listen", "127.0.0.1:0", "--replay",
				    rig_path(rig, name),     NULL};
	_cleanup_free_ char *log = NULL;
	struct process gadget = {0};

	(void)unlink(rig_path(rig, "bad.log"));
	process_start(&gadget, rig->dir, "bad", argv, NULL);
	assert_int_equal(process_wait(&gadget, STEP_MS), 1);
	log = process_log(&gadget);
	if (!strstr(log, says) || !strstr(log, name))
		fail_msg("%s: %s", name, log);
}

static void test_bad_files(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	refuse_replay(rig, "missing", "No such file");
	rig_write(rig, "empty", "");
	refuse_replay(rig, "empty", "the file is empty");
	rig_write(rig, "text", "time,depth_um,speed_rpm\n1,2,3\n");
	refuse_replay(rig, "text", "block 1 at byte 0: this is no pcapng file");
	json_object_put(cli_json(rig, 0, line_of(rig, "record --seconds 1", "whole")));
	assert_int_equal(truncate(rig_path(rig, "whole"), 500), 0);
	refuse_replay(rig, "whole", "block 6 at byte 460: the file ends");
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_refusals),  RIG_TEST(test_json), RIG_TEST(test_pipe),
		RIG_TEST(test_no_room),	  RIG_TEST(test_ends), RIG_TEST(test_many),
		RIG_TEST(test_bad_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
