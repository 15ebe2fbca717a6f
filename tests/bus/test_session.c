// SPDX-License-Identifier: GPL-2.0-only
/* The main job: a session with a profile, needles that run as they were told, all of it on file. */
#include "tests/bus/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/records.h"
#include "driver/uapi/telemetry.h"

#define STEP_MS 5000

static int run_seconds(void)
{
	return getenv("MNPEN_LONG") ? 60 : 10;
}

static void assert_limits(struct rig *rig)
{
	static const struct {
		const char *key, *value, *source;
	} expected[] = {
		{"depth_um", "1000", "area"},	   {"tolerance_um", "100", "pen"},
		{"speed_min_rpm", "2400", "area"}, {"speed_max_rpm", "8000", "area"},
		{"run_ms", "1800000", "station"},  {"session_ms", "5400000", "station"},
	};

	for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
		assert_string_equal(client_entry(rig->client, rig->pen, API_PEN, "Limits",
						 expected[i].key),
				    expected[i].value);
		assert_string_equal(client_entry(rig->client, rig->pen, API_PEN, "LimitSources",
						 expected[i].key),
				    expected[i].source);
	}
}

static void assert_running(struct rig *rig, const struct truth *truth)
{
	assert_true(truth->motor);
	assert_in_range(truth->depth_um, RIG_DEPTH_UM - 20, RIG_DEPTH_UM + 20);
	assert_in_range(truth->speed_rpm, RIG_SPEED_RPM - 100, RIG_SPEED_RPM + 100);
	assert_string_equal(pen_word(rig, "State"), "running");
	assert_int_equal(pen_value(rig, "Armed"), 1);
	assert_in_range(pen_value(rig, "DepthUm"), RIG_DEPTH_UM - 20, RIG_DEPTH_UM + 20);
	assert_in_range(pen_value(rig, "SpeedRpm"), RIG_SPEED_RPM - 100, RIG_SPEED_RPM + 100);
}

/* What the pen itself dropped, because this machine let its host wait for longer than the pen keeps
 * samples, is on record as a gap of the stream. Nothing else may be missing. */
static int64_t missing_in_stream(struct rig *rig)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "SELECT coalesce(sum(missing * (reason LIKE 'stream%%') + 1000000 * (reason NOT "
		 "LIKE 'stream%%')), 0) FROM gap JOIN session s ON s.n = gap.session WHERE s.id = "
		 "'%s'",
		 rig->id);
	return db_number(rig->db, sql);
}

/* Block after block, seq after seq: each sample is there, or in a gap; nothing is there twice. */
static void assert_whole(struct rig *rig)
{
	int64_t samples = session_number(rig, "samples");
	int64_t missing = missing_in_stream(rig);
	char sql[512];

	assert_in_range(missing, 0, samples / 10);
	assert_int_equal(!missing, !session_number(rig, "gaps"));
	snprintf(sql, sizeof(sql),
		 "SELECT max(b.last_seq) - min(b.first_seq) + 1 - sum(b.count) FROM block b JOIN "
		 "session s ON s.n = b.session WHERE s.id = '%s'",
		 rig->id);
	assert_int_equal(db_number(rig->db, sql), missing);
	snprintf(sql, sizeof(sql),
		 "SELECT sum(b.first_seq <= coalesce((SELECT last_seq FROM block p WHERE p.session "
		 "= b.session AND p.n < b.n ORDER BY p.n DESC LIMIT 1), b.first_seq - 1)) "
		 "FROM block b JOIN session s ON s.n = b.session WHERE s.id = '%s'",
		 rig->id);
	assert_int_equal(db_number(rig->db, sql), 0);
	snprintf(sql, sizeof(sql),
		 "SELECT s.samples - sum(b.count) FROM block b JOIN session s ON s.n = b.session "
		 "WHERE s.id = '%s'",
		 rig->id);
	assert_int_equal(db_number(rig->db, sql), 0);
}

static int event_count(struct rig *rig, const char *kind)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM event e JOIN session s ON s.n = e.session "
		 "WHERE s.id = '%s' AND e.kind = '%s'",
		 rig->id, kind);
	return (int)db_number(rig->db, sql);
}

/* The record as OpenRecord streams it: every sample that the row promises, each as it was. */
static void assert_record(struct rig *rig)
{
	struct mnpen_telemetry record;
	struct mnpen_sample sample;
	sd_bus_message *reply = NULL;
	int64_t count = 0, running = 0;
	int64_t missing = 0;
	uint32_t last_seq = 0;
	FILE *stream;
	int fd;

	assert_done(rig, client_call(rig->client, &reply, API_ROOT, API_MANAGER, "OpenRecord",
				     "ssa{sv}", rig->id, "samples", 0));
	assert_true(sd_bus_message_read(reply, "h", &fd) > 0);
	stream = fdopen(dup(fd), "r");
	sd_bus_message_unref(reply);
	assert_non_null(stream);
	while (fread(&record, sizeof(record), 1, stream) == 1) {
		assert_int_equal(mnpen_sample_decode(&sample, record.sample, sizeof(record.sample)),
				 0);
		assert_true(sample.seq > last_seq);
		assert_int_equal(record.lost, count ? sample.seq - last_seq - 1 : 0);
		missing += record.lost;
		count++;
		last_seq = sample.seq;
		assert_int_equal(record.verdict, 0);
		assert_true(sample.depth_um <= RIG_DEPTH_UM + 20);
		running += sample.state == MNPEN_STATE_RUNNING;
	}
	fclose(stream);
	assert_int_equal(count, session_number(rig, "samples"));
	assert_int_equal(missing, missing_in_stream(rig));
	assert_true(running + missing >= run_seconds() * 950);
}

/* For the record of the test itself: what a second of needling costs. */
static void print_cost(struct rig *rig)
{
	int64_t bytes = db_number(rig->db, "SELECT sum(length(data)) FROM block");
	int64_t samples = session_number(rig, "samples");
	char path[48], text[512] = "";
	unsigned long user = 0, kernel = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", rig->daemon.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_int_equal(sscanf(strrchr(text, ')'),
				") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
				&kernel),
			 2);
	print_message("# %lld samples, %.2f bytes each on disk, %.2f %% of a processor\n",
		      (long long)samples, (double)bytes / (double)samples,
		      (double)(user + kernel) * 100 / (double)sysconf(_SC_CLK_TCK) * 1000 /
			      (double)samples);
}

static void test_main_job(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct truth truth;
	char token[20];

	assert_done(rig, pen_call(rig, "SetProfile", "s", RIG_PROFILE));
	assert_string_equal(pen_word(rig, "Profile"), RIG_PROFILE);
	assert_done(rig, rig_begin_as(rig, "", "client-1", RIG_AREA)); /* "" = the pen's profile */
	assert_string_equal(pen_word(rig, "Session"), rig->session);
	assert_string_equal(pen_word(rig, "Area"), RIG_AREA);
	assert_limits(rig);
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM));
	rig_arm(rig);
	truth = rig_truth(rig);
	strcpy(token, truth.token);
	assert_false(truth.motor);
	assert_string_not_equal(token, "0000000000000000");

	rig_run(rig);
	sleep_ms(run_seconds() * 1000 / 2);
	truth = rig_truth(rig);
	assert_running(rig, &truth);
	sleep_ms(run_seconds() * 1000 / 2);
	gadget_do(rig->control_fd, "trigger release");
	rig_await_word(rig, "State", "armed", STEP_MS); /* released, and ready to go on */
	assert_int_equal(pen_value(rig, "Armed"), 1);
	truth = rig_truth(rig);

	assert_done(rig, session_call(rig, "End", "s", ""));
	assert_string_equal(pen_word(rig, "Session"), "/");
	assert_string_equal(rig_truth(rig).state, "idle");
	assert_string_equal(session_word(rig, "outcome"), "completed");
	assert_string_equal(session_word(rig, "token"), token);
	assert_string_equal(session_word(rig, "client"), "client-1");
	assert_string_equal(session_word(rig, "profile"), RIG_PROFILE);
	assert_true(session_number(rig, "ended_usec - started_usec") > run_seconds() * 1000000);
	assert_int_equal(session_number(rig, "strokes"), truth.strokes);
	assert_int_equal(session_number(rig, "run_ms"), truth.run_ms);
	assert_in_range(session_number(rig, "depth_max_um"), RIG_DEPTH_UM - 20, RIG_DEPTH_UM + 20);
	assert_whole(rig);
	assert_int_equal(event_count(rig, "begin"), 1);
	assert_int_equal(event_count(rig, "armed"), 1);
	assert_int_equal(event_count(rig, "running"), 1);
	assert_int_equal(event_count(rig, "paused"), 1);
	assert_int_equal(event_count(rig, "disarmed"), 1);
	assert_int_equal(event_count(rig, "end"), 1);
	assert_record(rig);
	print_cost(rig);
	rig_stop(rig);
}

/* What a live view gets: each sample once, marked as judged. */
static void test_telemetry(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct mnpen_telemetry record;
	struct mnpen_sample sample;
	sd_bus_message *reply = NULL;
	uint32_t last_seq = 0;
	int fd;

	rig_begin(rig);
	rig_arm(rig);
	assert_done(rig, client_call(rig->client, &reply, rig->pen, API_PEN, "OpenTelemetry", ""));
	assert_true(sd_bus_message_read(reply, "h", &fd) > 0);
	rig_run(rig);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(recv(fd, &record, sizeof(record), 0), sizeof(record));
		assert_int_equal(mnpen_sample_decode(&sample, record.sample, sizeof(record.sample)),
				 0);
		assert_true(i == 0 || sample.seq == last_seq + 1 ||
			    record.flags & MNPEN_TELEMETRY_GAP);
		assert_true(sample.seq > last_seq);
		assert_int_equal(record.flags & MNPEN_TELEMETRY_ARMED, MNPEN_TELEMETRY_ARMED);
		assert_int_equal(record.verdict, 0);
		assert_int_equal(record.lost, 0);
		last_seq = sample.seq;
	}
	assert_int_equal(sample.state, MNPEN_STATE_RUNNING);

	/* Nobody waits for who does not read; what he missed is counted. */
	sleep_ms(1500);
	assert_true(rig_truth(rig).motor);
	do {
		assert_int_equal(recv(fd, &record, sizeof(record), 0), sizeof(record));
	} while (!record.lost && record.host_usec < now_usec() - 10000);
	assert_true(record.lost > 0);
	sd_bus_message_unref(reply);
	rig_stop(rig);
}

/* Samples lost on the way are a record too, and no stop. */
static void test_gap(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	gadget_do(rig->control_fd, "skip 7");
	sleep_ms(300);
	assert_true(rig_truth(rig).motor);
	assert_done(rig, session_call(rig, "End", "s", "test"));
	assert_string_equal(session_word(rig, "outcome"), "test");
	assert_int_equal(session_number(rig, "gaps"), missing_in_stream(rig));
	assert_true(missing_in_stream(rig) >= 7); /* a busy machine may add its own */
	assert_int_equal(db_number(rig->db,
				   "SELECT count(*) FROM gap WHERE missing = 7 AND before_seq - "
				   "after_seq = 8"),
			 1);
	rig_stop(rig);
}

/* What a session holds is nobody's business who can only read properties. */
static void test_no_client_in_public(void **state)
{
	static const char *const interfaces[] = {API_MANAGER, API_PEN, API_SESSION};
	struct rig *rig = rig_start(state, NULL);
	const char *const paths[] = {API_ROOT, rig->pen, rig->session};
	_cleanup_free_ char *log = NULL;

	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "secret-4711", RIG_AREA));
	assert_done(rig, session_call(rig, "AddNote", "ss", "endpoint", "pinpoint bleeding"));
	for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
		sd_bus_message *reply = NULL;
		size_t size = 0;
		char *text = NULL;
		FILE *memory = open_memstream(&text, &size);

		assert_done(rig, client_call(rig->client, &reply, paths[i],
					     "org.freedesktop.DBus.Properties", "GetAll", "s",
					     interfaces[i]));
		assert_true(sd_bus_message_dump(reply, memory, 0) >= 0);
		fclose(memory);
		assert_null(strstr(text, "4711"));
		assert_non_null(strstr(text, "s \"") ? text : strstr(text, "STRING"));
		free(text);
		sd_bus_message_unref(reply);
	}
	assert_done(rig, session_call(rig, "End", "s", ""));
	log = process_log(&rig->daemon);
	assert_null(strstr(log, "4711"));
	assert_int_equal(session_number(rig, "client = 'secret-4711'"), 1);
	rig_stop(rig);
}

/* Two pens, two sessions: the stop of one is none of the other's. */
static void test_two_pens(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.pens = 2});
	static const char second[] = API_PENS "/" RIG_SERIAL "_2d2";
	char first_session[128];

	rig_begin(rig);
	strcpy(first_session, rig->session);
	rig_arm(rig);
	rig_run(rig);
	assert_done(rig, client_call(rig->client, NULL, API_ROOT, API_MANAGER, "BeginSession",
				     "ossa{sv}", second, RIG_PROFILE, "client-2", 1, "area", "s",
				     "thin"));
	assert_done(rig, client_call(rig->client, NULL, second, API_PEN, "Stop", ""));
	assert_true(rig_truth(rig).motor);
	assert_string_equal(pen_word(rig, "Session"), first_session);
	assert_string_not_equal(client_string(rig->client, second, API_PEN, "Session"),
				first_session);
	assert_done(rig, manager_call(rig, "StopAll", ""));
	assert_false(rig_truth(rig).motor);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_main_job), RIG_TEST(test_telemetry),
		RIG_TEST(test_gap),	 RIG_TEST(test_no_client_in_public),
		RIG_TEST(test_two_pens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
