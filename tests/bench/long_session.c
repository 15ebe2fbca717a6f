// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bench/long_session.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

#include "daemon/store/block.h"
#include "driver/base/cleanup.h"
#include "driver/proto/records.h"
#include "tests/bench/bench.h"

#define A_BLOCK 250	  /* samples, as at 1 kHz */
#define A_TRANSACTION 200 /* blocks: the daemon has to write, too */
#define A_ROUND_MS 20000  /* the trigger is pressed for 12 s of it */

DEFINE_CLEANUP(struct block_codec *, block_codec_free)

static void check(sqlite3 *db, int r, const char *what)
{
	if (r != SQLITE_OK && r != SQLITE_DONE && r != SQLITE_ROW)
		bench_die(sqlite3_errmsg(db) ? sqlite3_errmsg(db) : what, -EIO);
}

static void run_sql(sqlite3 *db, const char *sql)
{
	check(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static int64_t number(sqlite3 *db, const char *sql, int64_t n)
{
	sqlite3_stmt *statement = NULL;
	int64_t value;

	check(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), sql);
	sqlite3_bind_int64(statement, 1, n);
	check(db, sqlite3_step(statement), sql);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

static void fill(struct block_sample *to, uint32_t i, uint64_t start_usec)
{
	uint32_t phase = i % A_ROUND_MS, noise = (i * 2654435761u) >> 28;
	bool runs = phase >= 2000 && phase < 14000;
	struct mnpen_sample sample = {
		.seq = i + 1,
		.last_cmd = 3,
		.time_us = 1000000 + i * 1000ULL,
		.state = runs ? MNPEN_STATE_RUNNING : MNPEN_STATE_ARMED,
		.flags = MNPEN_FLAG_CARTRIDGE | MNPEN_FLAG_SLEEVE | MNPEN_FLAG_ENABLED |
			 (runs ? MNPEN_FLAG_TRIGGER | MNPEN_FLAG_DRIVE : 0),
		.depth_um = (uint16_t)(runs ? 500 + noise : 0),
		.speed_rpm = (uint16_t)(runs ? 5992 + noise : 0),
		.target_depth_um = 500,
		.target_speed_rpm = 6000,
		.motor_ma = (uint16_t)(runs ? 120 + noise : 0),
		.motor_temp_dc = 300,
		.supply_mv = 4000,
		.battery_pct = 80,
		.strokes = i / 16,
		.run_ms = i / 2,
		.lease_left_ms = 290,
	};

	*to = (struct block_sample){.host_usec = start_usec + i * 1000ULL, .flags = 2};
	mnpen_sample_encode(to->sample, &sample);
}

static void put_block(sqlite3 *db, sqlite3_stmt *insert, struct block_codec *codec, int64_t n,
		      uint32_t first, uint64_t start_usec)
{
	static struct block_sample samples[A_BLOCK];
	static uint8_t data[BLOCK_SIZE_MAX];
	size_t size;

	for (uint32_t i = 0; i < A_BLOCK; i++)
		fill(&samples[i], first + i, start_usec);
	bench_check(block_encode(codec, samples, A_BLOCK, data, sizeof(data), &size),
		    "block_encode");
	sqlite3_bind_int64(insert, 1, n);
	sqlite3_bind_int64(insert, 2, first + 1);
	sqlite3_bind_int64(insert, 3, first + A_BLOCK);
	sqlite3_bind_int64(insert, 4, A_BLOCK);
	sqlite3_bind_int64(insert, 5, (int64_t)samples[0].host_usec);
	sqlite3_bind_int64(insert, 6, (int64_t)samples[A_BLOCK - 1].host_usec);
	sqlite3_bind_blob(insert, 7, data, (int)size, SQLITE_STATIC);
	check(db, sqlite3_step(insert), "insert");
	sqlite3_reset(insert);
}

static void put_blocks(sqlite3 *db, int64_t n, uint32_t samples, uint64_t start_usec)
{
	static const char sql[] = "INSERT INTO block (session, first_seq, last_seq, count,"
				  " first_host_usec, last_host_usec, data)"
				  " VALUES (?, ?, ?, ?, ?, ?, ?)";
	_cleanup_(block_codec_free_cleanup) struct block_codec *codec = block_codec_new();
	sqlite3_stmt *insert = NULL;

	if (!codec)
		bench_die("block_codec_new", -ENOMEM);
	check(db, sqlite3_prepare_v2(db, sql, -1, &insert, NULL), sql);
	for (uint32_t i = 0; i < samples / A_BLOCK; i++) {
		if (i % A_TRANSACTION == 0)
			run_sql(db, i ? "COMMIT; BEGIN IMMEDIATE" : "BEGIN IMMEDIATE");
		put_block(db, insert, codec, n, i * A_BLOCK, start_usec);
	}
	run_sql(db, "COMMIT");
	sqlite3_finalize(insert);
}

static void put_trend(sqlite3 *db, int64_t n, uint32_t samples)
{
	char sql[640];

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE i(w) AS (SELECT 0 UNION ALL SELECT w + 1 FROM i WHERE w + 1 < %u)"
		 " INSERT INTO trend (session, usec, wall_usec, samples, depth_min_um,"
		 " depth_mean_um, depth_max_um, speed_min_rpm, speed_mean_rpm, speed_max_rpm,"
		 " motor_min_ma, motor_mean_ma, motor_max_ma) SELECT n, started_usec + w * 100000,"
		 " started_wall_usec + w * 100000, 100, 0, 500, 515, 0, 6000, 6007, 0, 120, 135"
		 " FROM i, session WHERE n = %lld",
		 samples / 100, (long long)n);
	run_sql(db, sql);
	snprintf(sql, sizeof(sql),
		 "UPDATE session SET samples = samples + %u, ended_usec = started_usec + %llu,"
		 " ended_wall_usec = started_wall_usec + %llu WHERE n = %lld",
		 samples, samples * 1000ULL, samples * 1000ULL, (long long)n);
	run_sql(db, sql);
}

void long_session(const char *path, int64_t n, uint32_t samples)
{
	sqlite3 *db = NULL;

	check(db, sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), path);
	sqlite3_busy_timeout(db, 5000);
	run_sql(db, "PRAGMA synchronous = OFF");
	put_blocks(db, n, samples,
		   (uint64_t)number(db, "SELECT started_usec FROM session WHERE n = ?", n));
	put_trend(db, n, samples);
	sqlite3_close(db);
}
