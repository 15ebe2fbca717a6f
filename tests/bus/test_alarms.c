// SPDX-License-Identifier: GPL-2.0-only
/* An alarm stands until a person has acknowledged it: also over crashes, and with a bad disk. */
#include "tests/bus/harness.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "tests/bus/harness_cli.h"

#define STEP_MS 5000

static const char raised_sql[] = "SELECT count(*) FROM event WHERE kind = 'alarm'";

/* A pen that does not listen, until it was unplugged as the last resort. */
static void provoke(struct rig *rig)
{
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	gadget_do(rig->control_fd, "ignore stop on");
	gadget_do(rig->control_fd, "ignore alt on");
	gadget_do(rig->control_fd, "ignore lease on");
	gadget_do(rig->control_fd, "ignore trigger on");
	(void)pen_call(rig, "Stop", "");
	rig_await_motor(rig, false, STEP_MS);
	gadget_do(rig->control_fd, "ignore stop off");
	gadget_do(rig->control_fd, "trigger release");
}

static json_object *alarms(struct rig *rig)
{
	json_object *document = cli_json(rig, 0, "alarm list");
	json_object *list = json_object_get(json_at(document, "alarms"));

	json_object_put(document);
	return list;
}

static size_t alarm_count(struct rig *rig)
{
	json_object *list = alarms(rig);
	size_t n = json_object_array_length(list);

	json_object_put(list);
	return n;
}

/* All that a start can know of it: with the session, the target and the area in place. */
static void assert_blocked_by(struct rig *rig, const char *id)
{
	rig_await_pens(rig);
	rig_fresh_cartridge(rig);
	rig_begin(rig);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	assert_says(rig, id);
	assert_done(rig, session_call(rig, "End", "s", ""));
}

static void assert_status_says(struct rig *rig, const char *text)
{
	struct cli_result result = cli_run(rig, NULL, "status");

	assert_int_equal(result.code, 0);
	if (!strstr(result.out, text))
		fail_msg("no \"%s\" in: %s", text, result.out);
	cli_free(&result);
}

static void test_survives_crashes(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	json_object *before, *after;
	char id[64], word[64];

	provoke(rig);
	rig_await_number(rig, raised_sql, 1, STEP_MS);
	before = alarms(rig);
	assert_int_equal(json_object_array_length(before), 1);
	assert_string_equal(json_word(before, "0.pen"), RIG_SERIAL);
	assert_string_equal(json_word(before, "0.kind"), "drive-on");
	assert_memory_equal(json_word(before, "0.raised"), "20", 2);
	snprintf(id, sizeof(id), "%s", json_word(before, "0.id"));
	assert_status_says(rig, "1 ALARM STANDS\n");
	assert_status_says(rig, ", raised 20");

	rig_kill_daemon(rig);
	rig_start_daemon(rig);
	after = alarms(rig);
	assert_string_equal(json_object_to_json_string(before), json_object_to_json_string(after));
	json_object_put(before);
	json_object_put(after);
	assert_blocked_by(rig, id);
	assert_refused(rig, manager_call(rig, "AcknowledgeAlarm", "s", "1"), "InvalidArgument");

	assert_done(rig, manager_call(rig, "AcknowledgeAlarm", "s", id));
	assert_int_equal(alarm_count(rig), 0);
	rig_kill_daemon(rig); /* whoever was told "done" can rely on it */
	rig_start_daemon(rig);
	assert_int_equal(alarm_count(rig), 0);
	rig_await_pens(rig);
	rig_fresh_cartridge(rig);
	rig_begin(rig);
	rig_arm(rig);
	assert_int_equal(db_number(rig->db, raised_sql), 1);
	assert_int_equal(db_number(rig->db, "SELECT details ->> 'uid' FROM event"
					    " WHERE kind = 'alarm-acknowledged'"),
			 geteuid());
	assert_string_equal(db_word(rig->db,
				    "SELECT details ->> 'id' FROM event"
				    " WHERE kind = 'alarm-acknowledged'",
				    word, sizeof(word)),
			    id);
	rig_stop(rig);
}

/* Nothing is acknowledged that the disk does not know. */
static void test_disk_says_no(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct db_lock *lock;
	struct answer answer;
	json_object *list;
	char id[64];

	provoke(rig);
	rig_await_number(rig, raised_sql, 1, STEP_MS);
	list = alarms(rig);
	snprintf(id, sizeof(id), "%s", json_word(list, "0.id"));
	json_object_put(list);
	lock = db_lock_exclusive(rig->db);
	client_send(rig->client, &answer, API_ROOT, API_MANAGER, "AcknowledgeAlarm", "s", id);
	for (int i = 0; i < 25; i++) {
		client_pump(rig->client, 20);
		assert_false(answer.there);
	}
	assert_int_equal(alarm_count(rig), 1);
	db_unlock(lock);
	assert_string_equal(client_answer(rig->client, &answer, 2 * STEP_MS), "");
	assert_int_equal(alarm_count(rig), 0);
	rig_stop(rig);
}

/* Refused at once, each time; and nothing of it happens later, when the disk is well again. */
static void test_disk_is_full(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	json_object *list;
	char id[64];

	provoke(rig);
	rig_await_number(rig, raised_sql, 1, STEP_MS);
	list = alarms(rig);
	snprintf(id, sizeof(id), "%s", json_word(list, "0.id"));
	json_object_put(list);
	rig_await_pens(rig);
	rig_fresh_cartridge(rig);
	rig_begin(rig); /* whose samples are there to be written */
	process_limit_files(&rig->daemon, 0);
	rig_await_healthy(rig, false, 2 * STEP_MS);
	for (int i = 0; i < 2; i++)
		assert_refused(rig, manager_call(rig, "AcknowledgeAlarm", "s", id), "Store");
	process_limit_files(&rig->daemon, RLIM_INFINITY);
	rig_await_healthy(rig, true, 2 * STEP_MS);
	assert_int_equal(alarm_count(rig), 1);
	assert_done(rig, manager_call(rig, "AcknowledgeAlarm", "s", id));
	assert_int_equal(alarm_count(rig), 0);
	rig_stop(rig);
}

/* A second pen that says the first one's serial: at @fd its controls, at @url where it is. */
static void start_twin(struct rig *rig, struct process *twin, int *fd, char *url, size_t size)
{
	const char *control = rig_path(rig, "twin-pens");
	const char *const argv[] = {program("mnpen-gadget"),
				    "--listen",
				    "127.0.0.1:0",
				    "--control",
				    control,
				    "--serial",
				    RIG_SERIAL,
				    NULL};
	_cleanup_free_ char *address = NULL;

	process_start(twin, rig->dir, "twin", argv, NULL);
	address = process_await_log(twin, "listening on 127.0.0.1:", STEP_MS);
	assert_non_null(address);
	snprintf(url, size, "usbip://127.0.0.1:%.*s/1-1", (int)strspn(address, "0123456789"),
		 address);
	*fd = gadget_connect(control);
	assert_true(*fd >= 0);
}

static void test_twins(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	struct process twin = {0};
	char url[64], id[64];
	json_object *list;
	int fd;

	start_twin(rig, &twin, &fd, url, sizeof(url));
	rig->options.daemon_options[0] = "--pen";
	rig->options.daemon_options[1] = url;
	rig_start_daemon(rig);
	rig_await_number(rig, raised_sql, 1, STEP_MS);
	list = alarms(rig);
	assert_int_equal(json_object_array_length(list), 1);
	assert_string_equal(json_word(list, "0.pen"), RIG_SERIAL);
	assert_string_equal(json_word(list, "0.kind"), "serial-twice");
	snprintf(id, sizeof(id), "%s", json_word(list, "0.id"));
	json_object_put(list);
	assert_blocked_by(rig, id);

	/* Seen to, and still both there: the alarm is back as soon as the daemon looks again. */
	gadget_do(fd, "cartridge insert"); /* whichever of them it is that was there first */
	assert_done(rig, manager_call(rig, "AcknowledgeAlarm", "s", id));
	rig_await_number(rig, raised_sql, 2, 2 * STEP_MS);
	list = alarms(rig);
	snprintf(id, sizeof(id), "%s", json_word(list, "0.id"));
	json_object_put(list);
	assert_blocked_by(rig, id);

	gadget_do(fd, "quit");
	close_fd(fd);
	assert_int_equal(process_wait(&twin, STEP_MS), 0);
	rig_await_pens(rig);
	assert_done(rig, manager_call(rig, "AcknowledgeAlarm", "s", id));
	rig_fresh_cartridge(rig);
	rig_begin(rig);
	rig_arm(rig);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_survives_crashes),
		RIG_TEST(test_disk_says_no),
		RIG_TEST(test_disk_is_full),
		RIG_TEST(test_twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
