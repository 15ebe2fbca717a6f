// SPDX-License-Identifier: GPL-2.0-only
/* The record proves itself, as people and scripts see it: verified, tampered with, erased, and
 * after the daemon was killed in the middle of a session. */
#include "tests/bus/harness_cli.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define STEP_MS 5000
#define KILLS 8
#define LOST_MAX_USEC (500 * USEC_PER_MSEC)

static json_object *verify(struct rig *rig, int code, const char *id)
{
	char line[128];

	snprintf(line, sizeof(line), "session verify%s%s", *id ? " " : "", id);
	return cli_json(rig, code, line);
}

static void assert_intact(struct rig *rig, const char *id)
{
	json_object *document = verify(rig, 0, id);

	assert_string_equal(json_word(document, "verify.intact"), "true");
	json_object_put(document);
}

/* A session with samples, ended. */
static void treat(struct rig *rig, const char *client)
{
	rig_fresh_cartridge(rig);
	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, client, RIG_AREA));
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM));
	rig_arm(rig);
	rig_run(rig);
	sleep_ms(300);
	assert_done(rig, session_call(rig, "AddNote", "ss", "endpoint", "nobody-shall-read-this"));
	assert_done(rig, pen_call(rig, "Stop", ""));
	gadget_do(rig->control_fd, "trigger release");
	assert_done(rig, session_call(rig, "End", "s", "completed"));
}

static void test_verify(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *log = NULL;
	json_object *shown, *document;
	struct cli_result result;
	char line[128], text[160];
	struct stat st;

	treat(rig, "client-1");
	snprintf(line, sizeof(line), "session show %s", rig->id);
	shown = cli_json(rig, 0, line);
	document = verify(rig, 0, rig->id);
	assert_string_equal(json_word(document, "verify.session"), rig->id);
	assert_true(json_value(document, "verify.signatures") >= 1);
	assert_string_equal(json_word(document, "verify.public_key"),
			    json_word(shown, "session.chain.public_key"));
	/* What a report prints is what the journal has, and what the key's file says. */
	log = process_log(&rig->daemon);
	snprintf(text, sizeof(text), "the record's chain stands at entry %s, head %s",
		 json_word(shown, "session.chain.n"), json_word(shown, "session.chain.head"));
	assert_non_null(strstr(log, text));
	assert_int_equal(stat(rig_path(rig, "state/station.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 64);
	json_object_put(document);
	json_object_put(shown);
	assert_intact(rig, "");
	snprintf(line, sizeof(line), "session verify %s", rig->id);
	result = cli_run(rig, NULL, line);
	assert_int_equal(result.code, 0);
	assert_non_null(strstr(result.out, "is as it was written"));
	cli_free(&result);
	json_object_put(cli_json(rig, 4, "session verify 20260101-000000-aaaaaa"));

	/* While one is open, too. */
	rig_fresh_cartridge(rig);
	rig_begin(rig);
	assert_intact(rig, "");
	assert_intact(rig, rig->id);
	assert_done(rig, session_call(rig, "End", "s", "completed"));

	db_exec(rig->db, "UPDATE trend SET depth_max_um = 1 WHERE n = 2");
	document = verify(rig, 1, "");
	assert_string_equal(json_word(document, "verify.findings.0.table"), "trend");
	assert_int_equal(json_value(document, "verify.findings.0.row"), 2);
	assert_string_equal(json_word(document, "verify.findings.0.kind"), "changed");
	snprintf(line, sizeof(line), "session verify %s",
		 json_word(document, "verify.findings.0.session"));
	json_object_put(document);
	result = cli_run(rig, NULL, line);
	assert_int_equal(result.code, 1);
	assert_non_null(strstr(result.out, "row 2 of trend"));
	assert_non_null(strstr(result.out, "is NOT as it was written"));
	cli_free(&result);
	polkit_say(rig->polkit, false, 0);
	json_object_put(cli_json(rig, 5, "session verify"));
	rig_stop(rig);
}

/* ---- erasure ---- */

/* Whether @text lies in a file of the state directory. */
static bool in_state(const struct rig *rig, const char *text)
{
	DIR *dir = opendir(rig_path(rig, "state"));
	const struct dirent *entry;
	bool found = false;

	assert_non_null(dir);
	while (!found && (entry = readdir(dir))) {
		_cleanup_free_ char *path = NULL, *bytes = NULL;
		_cleanup_fclose_ FILE *file = NULL;
		struct stat st;

		assert_true(asprintf(&path, "%s/%s", rig_path(rig, "state"), entry->d_name) >= 0);
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
			continue;
		file = fopen(path, "re");
		bytes = malloc((size_t)st.st_size);
		if (file && fread(bytes, 1, (size_t)st.st_size, file) == (size_t)st.st_size)
			found = memmem(bytes, (size_t)st.st_size, text, strlen(text)) != NULL;
	}
	closedir(dir);
	return found;
}

static void say(struct rig *rig, int code, const char *line, const char *client, const char *says)
{
	struct cli_result result = cli_run(rig, client, line);

	if (result.code != code || !strstr(code ? result.err : result.out, says))
		fail_msg("mnpenctl %s: %d, %s%s", line, result.code, result.out, result.err);
	assert_null(strstr(result.out, "SECRET"));
	assert_null(strstr(result.err, "SECRET"));
	cli_free(&result);
}

static void test_erase(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	static const char line[] = "client erase - --reason 'asked for in writing'";
	_cleanup_free_ char *log = NULL;
	char show[128], word[64];

	treat(rig, "SECRET-7");
	snprintf(show, sizeof(show), "session show %s", rig->id);
	treat(rig, "client-1");
	assert_true(in_state(rig, "SECRET-7") && in_state(rig, "nobody-shall-read-this"));

	say(rig, 0, "client hold - on --reason 'letter of the insurer'", "SECRET-7\n", "held");
	say(rig, 1, line, "SECRET-7\n", "letter of the insurer");
	say(rig, 0, "client hold - off --reason settled", "SECRET-7\n", "no longer");
	say(rig, 4, line, "SECRET-8\n", "no record");
	say(rig, 1, line, "SECRET 7\n", "a client id is 1 to 64 of");
	say(rig, 1, "client erase - --reason ' '", "SECRET-7\n", "say who asked");
	rig_fresh_cartridge(rig);
	rig_begin(rig);
	say(rig, 1, line, "SECRET-7\n", "a session is open");
	assert_done(rig, session_call(rig, "End", "s", ""));
	polkit_say(rig->polkit, false, 0);
	say(rig, 5, line, "SECRET-7\n", "");
	polkit_say(rig->polkit, true, 0);
	assert_true(in_state(rig, "SECRET-7"));

	say(rig, 0, line, "SECRET-7\n", "erased");
	assert_false(in_state(rig, "SECRET-7"));
	json_object_put(cli_json(rig, 4, show));
	assert_intact(rig, "");
	assert_string_equal(db_word(rig->db, "SELECT reason FROM tombstone", word, sizeof(word)),
			    "asked for in writing");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM session"), 2);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM cartridge"), 3);
	treat(rig, "client-2"); /* and it goes on */
	assert_intact(rig, "");
	log = process_log(&rig->daemon);
	assert_null(strstr(log, "SECRET"));
	rig_stop(rig);
}

/* ---- killed ---- */

/* The daemon dies in the middle of a run, at a moment that nobody chose. */
static void kill_once(struct rig *rig, unsigned int *seed, unsigned int *notes)
{
	int64_t last_usec, stored_usec;
	uint64_t end;
	char sql[256];

	rig_fresh_cartridge(rig);
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	end = now_usec() + (uint64_t)rand_r(seed) % 900 * USEC_PER_MSEC;
	do {
		assert_done(rig, session_call(rig, "AddNote", "ss", "endpoint", "acknowledged"));
		++*notes;
	} while (now_usec() < end);
	last_usec = pen_value(rig, "LastSampleUsec");
	rig_kill_daemon(rig);
	(void)rig_await_motor(rig, false, STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	rig_start_daemon(rig);
	rig_await_pens(rig);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'note'"),
			 *notes);
	snprintf(sql, sizeof(sql),
		 "SELECT coalesce((SELECT max(last_host_usec) FROM block WHERE session = s.n),"
		 " started_usec) FROM session AS s WHERE s.id = '%s'",
		 rig->id);
	stored_usec = db_number(rig->db, sql);
	if (last_usec - stored_usec > (int64_t)LOST_MAX_USEC * time_scale())
		fail_msg("%ld ms of samples are lost", (long)(last_usec - stored_usec) / 1000);
	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM gap AS g JOIN session AS s ON s.n = g.session WHERE s.id ="
		 " '%s' AND g.reason = 'interrupted' AND s.outcome = 'interrupted'",
		 rig->id);
	assert_int_equal(db_number(rig->db, sql), 1);
	assert_intact(rig, "");
	assert_intact(rig, rig->id);
}

static void test_killed(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	unsigned int seed = 7, notes = 0;

	for (int i = 0; i < KILLS; i++)
		kill_once(rig, &seed, &notes);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM session WHERE outcome ="
					    " 'interrupted'"),
			 KILLS);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_verify),
		RIG_TEST(test_erase),
		RIG_TEST(test_killed),
	};

	return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
