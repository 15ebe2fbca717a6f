// SPDX-License-Identifier: GPL-2.0-only
/* What was found, in words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/reader.h"
#include "daemon/store/verify_parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/fields.h"
#include "driver/base/hex.h"

#define SENTENCE_MAX 512
#define OBJECT_MAX 1536

const char *finding_kind_name(enum finding_kind kind)
{
	switch (kind) {
	case FINDING_CHANGED:
		return "changed";
	case FINDING_REMOVED:
		return "removed";
	case FINDING_ADDED:
		return "added";
	case FINDING_ORDER:
		return "order";
	case FINDING_CHAIN:
		return "chain";
	case FINDING_END:
		return "end";
	case FINDING_SIGNATURE:
		return "signature";
	}
	return "unknown";
}

/* One row is told of once, and rows that follow each other as one: a session's thousand blocks must
 * not hide the row that explains them. */
static bool is_told(struct verify_report *report, size_t told, const struct finding *finding)
{
	for (size_t i = 0; i < told; i++) {
		struct finding *other = &report->findings[i];

		if (other->kind != finding->kind || other->session != finding->session ||
		    strcmp(other->table, finding->table) != 0)
			continue;
		if (finding->row >= other->row && finding->row <= other->last_row)
			return true;
		if ((finding->kind == FINDING_REMOVED || finding->kind == FINDING_ADDED) &&
		    finding->row == other->last_row + 1) {
			other->last_row = finding->row;
			return true;
		}
	}
	return false;
}

void finding_add(struct verify *v, enum finding_kind kind, const char *table, int64_t row,
		 int64_t session, const char *format, ...)
{
	struct verify_report *report = v->report;
	struct finding finding = {
		.kind = kind, .table = table, .row = row, .last_row = row, .session = session};
	size_t told = report->n_findings < VERIFY_FINDINGS_MAX ? (size_t)report->n_findings
							       : VERIFY_FINDINGS_MAX;
	va_list args;

	if (is_told(report, told, &finding))
		return;
	va_start(args, format);
	vsnprintf(finding.text, sizeof(finding.text), format, args);
	va_end(args);
	report->n_findings++;
	if (told < VERIFY_FINDINGS_MAX)
		report->findings[told] = finding;
}

/* The session as people know it; NULL when its row is gone. */
static const char *id_of(sqlite3_stmt *statement, int64_t n)
{
	sqlite3_reset(statement);
	if (!n || DB_BIND(statement, DB_I(n)) < 0 || db_step(statement) <= 0)
		return NULL;
	return db_column_text(statement, 0);
}

static void sentence(char buf[SENTENCE_MAX], const struct finding *f, const char *id)
{
	char rows[64], whose[96] = "";

	if (f->last_row > f->row)
		snprintf(rows, sizeof(rows), "rows %lld to %lld", (long long)f->row,
			 (long long)f->last_row);
	else
		snprintf(rows, sizeof(rows), "row %lld", (long long)f->row);
	if (id)
		snprintf(whose, sizeof(whose), " (session %.32s)", id);
	else if (f->session)
		snprintf(whose, sizeof(whose), " (session number %lld, whose row is gone)",
			 (long long)f->session);
	snprintf(buf, SENTENCE_MAX, "%s of %s%s: %s", rows, f->table, whose, f->text);
}

static int print_finding(FILE *stream, const struct finding *f, const char *id, bool first)
{
	char buf[OBJECT_MAX], text[SENTENCE_MAX];
	int r;

	sentence(text, f, id);
	const struct field fields[] = {
		FIELD_S("kind", finding_kind_name(f->kind)),
		FIELD_S("table", f->table),
		FIELD_I("row", f->row),
		FIELD_I("last_row", f->last_row),
		FIELD_S("session", id),
		FIELD_S("text", text),
	};
	r = fields_json(buf, sizeof(buf), fields, ELEMENTSOF(fields));
	if (r >= 0)
		fprintf(stream, "%s%s", first ? "" : ",", buf);
	return r;
}

static int print_report(FILE *stream, sqlite3_stmt *ids, const struct key *key,
			const struct verify_report *report)
{
	char head[2 * CHAIN_HASH_SIZE + 1], public_half[2 * KEY_PUBLIC_SIZE + 1], buf[OBJECT_MAX];
	const struct field fields[] = {
		FIELD_B("intact", !report->n_findings),
		FIELD_S("session", id_of(ids, report->session)),
		FIELD_U("entries", report->entries),
		FIELD_U("rows", report->rows),
		FIELD_U("erased", report->erased),
		FIELD_U("pruned", report->pruned),
		FIELD_U("signatures", report->signatures),
		FIELD_U("unsigned_entries", report->unsigned_entries),
		FIELD_I("n", report->n),
		FIELD_S("head", hex_encode(report->head, CHAIN_HASH_SIZE, head)),
		FIELD_S("public_key", hex_encode(key->public_half, KEY_PUBLIC_SIZE, public_half)),
		FIELD_U("findings_total", report->n_findings),
	};
	int r = fields_json(buf, sizeof(buf), fields, ELEMENTSOF(fields));

	if (r < 0)
		return r;
	fprintf(stream, "%.*s,\"findings\":[", r - 1, buf);
	for (size_t i = 0; i < MIN(report->n_findings, VERIFY_FINDINGS_MAX) && r >= 0; i++)
		r = print_finding(stream, &report->findings[i],
				  id_of(ids, report->findings[i].session), i == 0);
	fputs("]}", stream);
	return r;
}

char *verify_json(sqlite3 *db, const struct key *key, const struct verify_report *report)
{
	_cleanup_statement_ sqlite3_stmt *ids = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *stream;
	int r = db_prepare(db, &ids, "SELECT id FROM session WHERE n = ?");

	stream = r < 0 ? NULL : open_memstream(&text, &size);
	if (!stream)
		return NULL;
	r = print_report(stream, ids, key, report);
	if (fclose(stream) != 0 || r < 0) {
		free(text);
		return NULL;
	}
	return text;
}

int verify_job(sqlite3 *db, struct job *job, int stop_fd)
{
	_cleanup_free_ struct verify_report *report = calloc(1, sizeof(*report));
	struct verify_scope scope = {
		.open = job->open, .n_open = job->n_open, .asked_usec = job->asked_usec};
	int r = report ? 0 : -ENOMEM;

	if (r >= 0 && job->id[0])
		r = export_find(db, job->id, &scope.session);
	if (r >= 0)
		r = verify_run(db, job->key, &scope, stop_fd, report);
	if (r < 0)
		return r;
	job->report = verify_json(db, job->key, report);
	job->intact = !report->n_findings;
	return job->report ? 0 : -ENOMEM;
}
