// SPDX-License-Identifier: GPL-2.0-only
/* What database and journal say of a cell. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/misbehave_parts.h"

/* Holes are told one by one as long as there are few; then they are put together (flood.h). */
#define GAP_LATE_USEC (3 * USEC_PER_SEC)

void mis_record(struct mis *mis, const char *kind, const char *key, const char *value)
{
	struct mis_record *record = &mis->records[mis->n_records++];

	assert_true(mis->n_records <= MIS_RECORDS_MAX);
	record->from_usec = mis->cause_usec;
	record->to_usec = now_usec();
	snprintf(record->kind, sizeof(record->kind), "%s", kind);
	snprintf(record->key, sizeof(record->key), "%s", key ? key : "");
	snprintf(record->value, sizeof(record->value), "%s", value ? value : "");
	snprintf(record->cell, sizeof(record->cell), "%s", mis->name);
}

/* The daemon's log from where the cell began. */
static FILE *open_log(struct mis *mis)
{
	FILE *log = fopen(mis->rig->daemon.log, "re");

	assert_non_null(log);
	assert_int_equal(fseek(log, mis->log_at, SEEK_SET), 0);
	return log;
}

bool mis_log_says(struct mis *mis, const char *from, const char *reason)
{
	_cleanup_free_ char *line = NULL;
	FILE *log = open_log(mis);
	bool found = false;
	char arrow[32];
	size_t size = 0;

	snprintf(arrow, sizeof(arrow), "%s -> ", from);
	while (!found && getline(&line, &size, log) > 0) {
		const char *at = strstr(line, arrow);
		const char *colon = at ? strstr(at, ": ") : NULL;

		found = colon && strncmp(colon + 2, reason, strlen(reason)) == 0;
	}
	fclose(log);
	return found;
}

bool mis_log_has(struct mis *mis, const char *text)
{
	_cleanup_free_ char *line = NULL;
	FILE *log = open_log(mis);
	bool found = false;
	size_t size = 0;

	while (!found && getline(&line, &size, log) > 0)
		found = strstr(line, text);
	fclose(log);
	return found;
}

void mis_show_log(struct mis *mis)
{
	_cleanup_free_ char *line = NULL;
	FILE *log = open_log(mis);
	size_t size = 0;

	while (getline(&line, &size, log) > 0)
		print_message("#   %s", line);
	fclose(log);
}

static int64_t count(struct mis *mis, const struct mis_record *record)
{
	char sql[512];
	int n;

	if (strcmp(record->kind, "gap") == 0) {
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM gap WHERE usec BETWEEN %" PRIu64 " AND %" PRIu64,
			 record->from_usec, (uint64_t)(record->to_usec + GAP_LATE_USEC));
		return db_number(mis->rig->db, sql);
	}
	n = snprintf(sql, sizeof(sql),
		     "SELECT count(*) FROM event WHERE kind = '%s' AND pen = '%s'"
		     " AND usec BETWEEN %" PRIu64 " AND %" PRIu64,
		     record->kind, RIG_SERIAL, record->from_usec, record->to_usec);
	if (record->key[0])
		n += snprintf(sql + n, sizeof(sql) - (size_t)n, " AND details ->> '%s' = '%s'",
			      record->key, record->value);
	/* A stop belongs to somebody's session, and says what was the matter. */
	if (strcmp(record->kind, "disarmed") == 0)
		n += snprintf(sql + n, sizeof(sql) - (size_t)n,
			      " AND session IS NOT NULL AND details ->> 'run_ms' IS NOT NULL"
			      " AND details ->> 'depth_um' IS NOT NULL");
	assert_true((size_t)n < sizeof(sql));
	return db_number(mis->rig->db, sql);
}

void mis_check_records(struct mis *mis)
{
	uint64_t end = usec_after_ms(MIS_STEP_MS);

	mis->cell_problems = 0;
	for (size_t i = 0; i < mis->n_records; i++) {
		const struct mis_record *record = &mis->records[i];
		bool once = strcmp(record->kind, "disarmed") == 0;
		int64_t n = count(mis, record);

		while (n == 0 && now_usec() < end) {
			sleep_ms(20);
			n = count(mis, record);
		}
		snprintf(mis->name, sizeof(mis->name), "%s", record->cell);
		if (n < 1 || (once && n > 1))
			mis_complain(mis, "%" PRIi64 " events \"%s\" %s=%s in the record", n,
				     record->kind, record->key, record->value);
	}
	print_message("# %zu events found in the record\n", mis->n_records);
}
