// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "daemon/store/db.h"
#include "daemon/store/login.h"
#include "daemon/store/rows.h"
#include "daemon/store/schema.h"

static const char *const statements_sql[ROWS_STATEMENTS] = {
	[ROWS_BEGIN] = "BEGIN IMMEDIATE",
	[ROWS_COMMIT] = "COMMIT",
	[ROWS_ROLLBACK] = "ROLLBACK",
	[ROWS_PAGES] = "SELECT p.page_count - f.freelist_count FROM pragma_page_count AS p,"
		       " pragma_freelist_count AS f",
	[ROWS_SESSION] =
		"INSERT INTO session (id, token, pen, model, firmware, calibration_due_days,"
		" transport, profile, profile_digest, area, client, operator, operator_uid,"
		" screening, consent, sign_off, cartridge, cartridge_uid, cartridge_lot,"
		" cartridge_expires_days, area_size_cm2, started_usec, started_wall_usec,"
		" clock_synchronized)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ROWS_FIND] = "SELECT n FROM session WHERE id = ?",
	[ROWS_END] = "UPDATE session SET ended_usec = ?2, ended_wall_usec = ?3, outcome = ?4"
		     " WHERE n = ?1",
	[ROWS_TOTALS] = "UPDATE session SET samples = ?2, gaps = ?3, strokes = ?4, run_ms = ?5,"
			" depth_max_um = ?6, speed_max_rpm = ?7 WHERE n = ?1",
	[ROWS_EVENT] = "INSERT INTO event (session, pen, kind, usec, wall_usec, details)"
		       " VALUES (?, ?, ?, ?, ?, ?)",
	[ROWS_GAP] = "INSERT INTO gap (session, after_seq, before_seq, missing, reason, usec,"
		     " wall_usec) VALUES (?, ?, ?, ?, ?, ?, ?)",
	[ROWS_BLOCK] = "INSERT INTO block (session, first_seq, last_seq, count, first_host_usec,"
		       " last_host_usec, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
	[ROWS_TREND] = "INSERT INTO trend (session, usec, wall_usec, samples, depth_min_um,"
		       " depth_mean_um, depth_max_um, speed_min_rpm, speed_mean_rpm, speed_max_rpm,"
		       " motor_min_ma, motor_mean_ma, motor_max_ma)"
		       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ROWS_HOLD] = "INSERT INTO legal_hold (client, held, reason, uid, wall_usec)"
		      " VALUES (?, ?, ?, ?, ?)",
	[ROWS_ANSWER] = "INSERT INTO screening (session, question, text, kind, answer, wall_usec)"
			" VALUES (?, ?, ?, ?, ?, ?)",
	[ROWS_BOUND] =
		"SELECT session FROM cartridge WHERE " SCHEMA_SAME_CARTRIDGE("?1", "?2", "?3"),
	[ROWS_CARTRIDGE] = "INSERT INTO cartridge (session, pen, uid, serial, lot, expires_days,"
			   " needles, length_um, usec, wall_usec)"
			   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ROWS_SEGMENT] = "INSERT INTO segment (session, profile, area, area_size_cm2, started_usec,"
			 " started_wall_usec, ended_usec, ended_wall_usec, depth_limit_um,"
			 " speed_limit_min_rpm, speed_limit_max_rpm, density_warning_per_cm2,"
			 " target_depth_um, target_speed_rpm, run_ms, strokes, depth_mean_um,"
			 " depth_p95_um, depth_max_um, speed_mean_rpm, speed_p95_rpm,"
			 " speed_max_rpm, needles, punctures_per_cm2)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
			 " ?, ?, ?)",
};

void rows_close(struct rows *rows)
{
	for (size_t i = 0; i < ROWS_STATEMENTS; i++)
		sqlite3_finalize(rows->statements[i]);
	chain_close(&rows->chain);
	*rows = (struct rows){0};
}

int rows_open(struct rows *rows, sqlite3 *db, const struct key *key)
{
	int r = db_integer(db, "PRAGMA page_size", &rows->page_size);

	for (size_t i = 0; i < ROWS_STATEMENTS && r >= 0; i++)
		r = db_prepare(db, &rows->statements[i], statements_sql[i]);
	if (r >= 0)
		r = chain_open(&rows->chain, db, key);
	if (r < 0) {
		rows_close(rows);
		return r;
	}
	rows->db = db;
	return 0;
}

int rows_begin(struct rows *rows)
{
	chain_mark(&rows->chain);
	return db_run(rows->statements[ROWS_BEGIN], NULL, 0);
}

int rows_commit(struct rows *rows)
{
	return db_run(rows->statements[ROWS_COMMIT], NULL, 0);
}

void rows_rollback(struct rows *rows)
{
	/* Its own failure says nothing new: the next BEGIN would fail, and that is reported. */
	if (!sqlite3_get_autocommit(rows->db))
		db_run(rows->statements[ROWS_ROLLBACK], NULL, 0);
	chain_back(&rows->chain);
}

/* The entry of the row that was just inserted, if it was: @r. */
static int chained(struct rows *rows, enum chain_kind kind, int64_t session, int r)
{
	return r < 0 ? r
		     : chain_append(&rows->chain, kind, sqlite3_last_insert_rowid(rows->db),
				    session);
}

/* The first column of the only row of @statement, bound already. */
static int run_integer(sqlite3_stmt *statement, int64_t *ret)
{
	int r = db_step(statement);

	if (r > 0)
		*ret = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	if (r < 0)
		return r;
	return r ? 0 : -ENOENT;
}

int rows_bytes(struct rows *rows, uint64_t *ret_bytes)
{
	int64_t pages;
	int r = run_integer(rows->statements[ROWS_PAGES], &pages);

	if (r >= 0)
		*ret_bytes = (uint64_t)(pages * rows->page_size);
	return r;
}

int rows_session(struct rows *rows, const struct store_session *s, int64_t *ret_n)
{
	char token[17], operator[LOGIN_OPERATOR_MAX];
	int r;

	snprintf(token, sizeof(token), "%016" PRIx64, s->token);
	r = DB_RUN(rows->statements[ROWS_SESSION], DB_T(s->id), DB_T(token), DB_T(s->pen),
		   DB_T(s->model), DB_I(s->firmware), DB_I(s->calibration_due_days),
		   DB_T(s->transport), DB_T(s->profile), DB_T(s->profile_digest), DB_T(s->area),
		   DB_T(s->client),
		   DB_T(login_operator(s->operator_uid, s->operator_name, operator)),
		   DB_I(s->operator_uid), DB_T(s->screening), DB_T(s->consent), DB_T(s->sign_off),
		   DB_T(s->cartridge), DB_T(s->cartridge_uid), DB_T(s->cartridge_lot),
		   DB_I(s->cartridge_expires_days),
		   s->area_size_cm2 ? DB_I(s->area_size_cm2) : DB_N, DB_I(s->started_usec),
		   DB_I(s->started_wall_usec), DB_I(s->clock_synchronized));
	if (r < 0)
		return r;
	*ret_n = sqlite3_last_insert_rowid(rows->db);
	return chained(rows, CHAIN_SESSION_BEGUN, *ret_n, r);
}

int rows_find(struct rows *rows, const char *id, int64_t *ret_n)
{
	sqlite3_stmt *statement = rows->statements[ROWS_FIND];
	int r = DB_BIND(statement, DB_T(id));

	return r < 0 ? r : run_integer(statement, ret_n);
}

int rows_end(struct rows *rows, int64_t session, uint64_t usec, uint64_t wall_usec,
	     const char *outcome)
{
	int r = DB_RUN(rows->statements[ROWS_END], DB_I(session), DB_I(usec), DB_I(wall_usec),
		       DB_T(outcome));

	if (r >= 0)
		r = chain_append(&rows->chain, CHAIN_SESSION, session, session);
	return r < 0 ? r : chain_sign(&rows->chain, CHAIN_PURPOSE_END, session);
}

int rows_totals(struct rows *rows, int64_t session, const struct totals *totals)
{
	return DB_RUN(rows->statements[ROWS_TOTALS], DB_I(session), DB_I(totals->samples),
		      DB_I(totals->gaps), DB_I(totals->strokes), DB_I(totals->run_ms),
		      DB_I(totals->depth_max_um), DB_I(totals->speed_max_rpm));
}

int rows_event(struct rows *rows, const struct row_event *event)
{
	return chained(rows, CHAIN_EVENT, event->session,
		       DB_RUN(rows->statements[ROWS_EVENT],
			      event->session ? DB_I(event->session) : DB_N, DB_T(event->pen),
			      DB_T(event->kind), DB_I(event->usec), DB_I(event->wall_usec),
			      DB_T(event->details)));
}

static struct db_value known(int64_t number)
{
	return number == ROW_UNKNOWN ? DB_N : DB_I(number);
}

int rows_gap(struct rows *rows, const struct row_gap *gap)
{
	return chained(rows, CHAIN_GAP, gap->session,
		       DB_RUN(rows->statements[ROWS_GAP], DB_I(gap->session), known(gap->after_seq),
			      known(gap->before_seq), known(gap->missing), DB_T(gap->reason),
			      DB_I(gap->usec), DB_I(gap->wall_usec)));
}

int rows_block(struct rows *rows, int64_t session, const struct block_sample *samples, size_t count,
	       const uint8_t *data, size_t size)
{
	const struct block_sample *first = &samples[0], *last = &samples[count - 1];

	return chained(rows, CHAIN_BLOCK, session,
		       DB_RUN(rows->statements[ROWS_BLOCK], DB_I(session),
			      DB_I(block_sample_seq(first)), DB_I(block_sample_seq(last)),
			      DB_I(count), DB_I(first->host_usec), DB_I(last->host_usec),
			      DB_B(data, size)));
}

int rows_trend(struct rows *rows, int64_t session, const struct trend *trend, uint64_t wall_usec)
{
	const struct trend_span *depth = &trend->depth_um, *speed = &trend->speed_rpm,
				*motor = &trend->motor_ma;

	return chained(rows, CHAIN_TREND, session,
		       DB_RUN(rows->statements[ROWS_TREND], DB_I(session), DB_I(trend->start_usec),
			      DB_I(wall_usec), DB_I(trend->count), DB_I(depth->min),
			      DB_I(trend_mean(depth, trend->count)), DB_I(depth->max),
			      DB_I(speed->min), DB_I(trend_mean(speed, trend->count)),
			      DB_I(speed->max), DB_I(motor->min),
			      DB_I(trend_mean(motor, trend->count)), DB_I(motor->max)));
}

int rows_hold(struct rows *rows, const struct store_hold *hold, uint64_t wall_usec)
{
	return chained(rows, CHAIN_LEGAL_HOLD, 0,
		       DB_RUN(rows->statements[ROWS_HOLD], DB_T(hold->client), DB_I(hold->held),
			      DB_T(hold->reason), DB_I(hold->uid), DB_I(wall_usec)));
}

/* 0 = it was not given, or nobody knows. */
static struct db_value given(uint64_t number)
{
	return number ? DB_I(number) : DB_N;
}

int rows_answer(struct rows *rows, int64_t session, const struct store_answer *answer,
		uint64_t wall_usec)
{
	return chained(rows, CHAIN_SCREENING, session,
		       DB_RUN(rows->statements[ROWS_ANSWER], DB_I(session), DB_T(answer->question),
			      DB_T(answer->text), DB_T(answer->kind), DB_T(answer->answer),
			      DB_I(wall_usec)));
}

int rows_cartridge_free(struct rows *rows, int64_t session, const struct store_cartridge *cartridge)
{
	sqlite3_stmt *statement = rows->statements[ROWS_BOUND];
	int64_t owner;
	int r = DB_BIND(statement, DB_T(cartridge->uid), DB_T(cartridge->lot),
			DB_T(cartridge->serial));

	if (r >= 0)
		r = run_integer(statement, &owner);
	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return r;
	return session && owner == session ? 0 : -EADDRINUSE;
}

int rows_cartridge(struct rows *rows, int64_t session, const char *pen,
		   const struct store_cartridge *cartridge, uint64_t usec, uint64_t wall_usec)
{
	int r = rows_cartridge_free(rows, session, cartridge);

	if (r <= 0)
		return r;
	r = DB_RUN(rows->statements[ROWS_CARTRIDGE], DB_I(session), DB_T(pen), DB_T(cartridge->uid),
		   DB_T(cartridge->serial), DB_T(cartridge->lot), given(cartridge->expires_days),
		   given(cartridge->needles), given(cartridge->length_um), DB_I(usec),
		   DB_I(wall_usec));
	r = chained(rows, CHAIN_CARTRIDGE, session, r);
	return r < 0 ? r : 1;
}

int rows_segment(struct rows *rows, const struct row_segment *s)
{
	const struct store_segment *what = s->what;
	const struct segment_totals *totals = s->totals;
	const struct histogram *depth = &totals->depth_um, *speed = &totals->speed_rpm;
	bool ran = depth->count != 0;
	bool countable = what->area_size_cm2 && !totals->strokes_uncounted && totals->needles;

#define MEASURED(value) (ran ? DB_I(value) : DB_N)
	return chained(
		rows, CHAIN_SEGMENT, s->session,
		DB_RUN(rows->statements[ROWS_SEGMENT], DB_I(s->session), DB_T(what->profile),
		       DB_T(what->area), given(what->area_size_cm2), DB_I(s->started_usec),
		       DB_I(s->started_wall_usec), DB_I(s->ended_usec), DB_I(s->ended_wall_usec),
		       given(what->depth_limit_um), given(what->speed_limit_min_rpm),
		       given(what->speed_limit_max_rpm), given(what->density_warning_per_cm2),
		       MEASURED(totals->target_depth_um), MEASURED(totals->target_speed_rpm),
		       DB_I(totals->run_ms), DB_I(totals->strokes), MEASURED(histogram_mean(depth)),
		       MEASURED(histogram_percentile(depth, SEGMENT_DEPTH_WIDTH_UM, 95)),
		       MEASURED(depth->max), MEASURED(histogram_mean(speed)),
		       MEASURED(histogram_percentile(speed, SEGMENT_SPEED_WIDTH_RPM, 95)),
		       MEASURED(speed->max), given(totals->needles),
		       countable ? DB_I(punctures_per_cm2(totals->punctures, what->area_size_cm2))
				 : DB_N));
#undef MEASURED
}
