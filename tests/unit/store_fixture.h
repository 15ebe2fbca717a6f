/* SPDX-License-Identifier: GPL-2.0-only */
/* A store in a directory of its own, its event loop, and answers to wait for. */
#ifndef MNPEN_TEST_STORE_FIXTURE_H
#define MNPEN_TEST_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <systemd/sd-event.h>

#include "daemon/store/store.h"
#include "driver/base/clock.h"
#include "driver/proto/records.h"

#define FIXTURE_WAIT_USEC (20 * USEC_PER_SEC) /* a loaded machine is slow, not wrong */
#define FIXTURE_START_USEC 1000000000ULL
#define FIXTURE_WALL_USEC 1795207501123456ULL /* 2026-11-20T20:45:01.123456Z */
#define FIXTURE_ID "20261120-204501-7f3a9c"

struct fixture {
	char dir[64];
	char db[96];
	sd_event *event;
	struct store *store;
	char *note;
	bool quarantined;
	unsigned int answers;
	int result; /* of the last answer */
};

static inline void fixture_dir(struct fixture *f)
{
	*f = (struct fixture){.result = 1};
	strcpy(f->dir, "/tmp/test_store_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->db, sizeof(f->db), "%s/sessions.db", f->dir);
	assert_true(sd_event_new(&f->event) >= 0);
}

static inline int fixture_open(struct fixture *f, uint64_t quota_bytes, uint32_t sample_slots)
{
	struct store_options options = {
		.directory = f->dir, .quota_bytes = quota_bytes, .sample_slots = sample_slots};

	free(f->note);
	f->note = NULL;
	return store_new(&f->store, f->event, &options, &f->note, &f->quarantined);
}

static inline void fixture_new(struct fixture *f)
{
	fixture_dir(f);
	assert_int_equal(fixture_open(f, 0, 0), 0);
	assert_null(f->note);
}

static inline int fixture_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static inline void fixture_free(struct fixture *f)
{
	f->store = store_free(f->store);
	f->event = sd_event_unref(f->event);
	free(f->note);
	assert_int_equal(nftw(f->dir, fixture_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void fixture_done(void *userdata, int result)
{
	struct fixture *f = userdata;

	f->answers++;
	f->result = result;
}

/* Runs the loop until there are @answers in all. Return: the last result. */
static inline int fixture_wait(struct fixture *f, unsigned int answers)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;

	while (f->answers < answers && now_usec() < until)
		assert_true(sd_event_run(f->event, 100 * USEC_PER_MSEC) >= 0);
	assert_int_equal(f->answers, answers);
	return f->result;
}

static inline struct store_session fixture_session(const char *id)
{
	struct store_session session = {
		.token = 0x0123456789abcdefULL,
		.started_usec = FIXTURE_START_USEC,
		.started_wall_usec = FIXTURE_WALL_USEC,
		.clock_synchronized = true,
		.pen = "VPEN0001",
		.model = "virtual",
		.firmware = 0x0100,
		.transport = "usbip",
		.profile = "face-lines",
		.area = "cheek",
		.client = "C-17",
		.operator_name = "ann",
		.operator_uid = 0, /* whose name is known everywhere */
		.cartridge = "LOT7/0042",
		.area_size_cm2 = 40,
	};

	strcpy(session.id, id);
	return session;
}

static inline void fixture_begin(struct fixture *f, const char *id)
{
	struct store_session session = fixture_session(id);

	assert_int_equal(store_session_begin(f->store, &session, fixture_done, f), 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
}

static inline void fixture_end(struct fixture *f, const char *id)
{
	assert_int_equal(store_session_end(f->store, id, "done", FIXTURE_START_USEC + 60000000,
					   fixture_done, f),
			 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
}

/* Sample number @seq of a pen that has run since the session's start, 1 ms each, 0.1 stroke/ms */
static inline void fixture_sample(uint32_t seq, uint8_t buf[MNPEN_SAMPLE_SIZE])
{
	struct mnpen_sample sample = {
		.seq = seq,
		.time_us = seq * 1000ULL,
		.state = MNPEN_STATE_RUNNING,
		.flags = MNPEN_FLAG_TRIGGER | MNPEN_FLAG_DRIVE,
		.depth_um = (uint16_t)(400 + seq % 100),
		.speed_rpm = (uint16_t)(5900 + seq % 200),
		.target_depth_um = 500,
		.target_speed_rpm = 6000,
		.motor_ma = (uint16_t)(200 + seq % 10),
		.motor_temp_dc = 312,
		.supply_mv = 3900,
		.battery_pct = 80,
		.strokes = seq / 10,
		.run_ms = seq,
		.lease_left_ms = (uint16_t)(300 - seq % 75),
	};

	mnpen_sample_encode(buf, &sample);
}

static inline uint64_t fixture_usec(uint32_t seq)
{
	return FIXTURE_START_USEC + seq * 1000ULL;
}

static inline int fixture_put(struct fixture *f, const char *id, uint32_t seq)
{
	uint8_t buf[MNPEN_SAMPLE_SIZE];

	fixture_sample(seq, buf);
	return store_sample(f->store, id, fixture_usec(seq), 0, 2, buf);
}

static inline void fixture_event(struct fixture *f, const char *pen, const char *kind,
				 const struct field *fields, size_t n)
{
	assert_int_equal(store_event(f->store, NULL, pen, kind, 7, fields, n, fixture_done, f), 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
}

static inline void fixture_alarm(struct fixture *f, const char *id, const char *pen)
{
	const struct field fields[] = {
		FIELD_S("id", id),
		FIELD_S("alarm", "drive-on"),
		FIELD_S("text", "unplug \"it\""),
		FIELD_U("raised_wall_usec", FIXTURE_WALL_USEC),
	};

	fixture_event(f, pen, "alarm", fields, 4);
}

/* What another program does to the file. */
static inline void fixture_sql(const struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One number from the database, as any program would read it; -1 for NULL or no row. */
static inline int64_t fixture_number(struct fixture *f, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	int64_t number = -1;

	assert_int_equal(sqlite3_open_v2(f->db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW &&
	    sqlite3_column_type(statement, 0) != SQLITE_NULL)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

/* Text of the first column of the first row, in a buffer that the next call overwrites. */
static inline const char *fixture_text(struct fixture *f, const char *sql)
{
	static char text[16384];
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;

	text[0] = '\0';
	assert_int_equal(sqlite3_open_v2(f->db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
		snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return text;
}

/* Whether the summary of session @id says that its client's records are held. */
static inline bool fixture_held(struct fixture *f, const char *id)
{
	char text[4096] = "";
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(store_read(f->store, id, STORE_SUMMARY, fds[1], fixture_done, f), 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_true(!strstr(text, "\"legal_hold\":true") != !strstr(text, "\"legal_hold\":false"));
	return strstr(text, "\"legal_hold\":true");
}

/* Runs the loop until store_health() is @health at the time @now. */
static inline void fixture_health(struct fixture *f, enum store_health health, uint64_t now)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;

	while (store_health(f->store, now) != health && now_usec() < until)
		assert_true(sd_event_run(f->event, 10 * USEC_PER_MSEC) >= 0);
	assert_string_equal(store_health_name(store_health(f->store, now)),
			    store_health_name(health));
}

#endif
