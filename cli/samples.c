// SPDX-License-Identifier: GPL-2.0-only
/* Telemetry records as columns. */
#include <endian.h>
#include <string.h>

#include "cli/samples.h"
#include "driver/base/cleanup.h"
#include "driver/proto/names.h"

enum cell_type {
	CELL_EMPTY,
	CELL_NUMBER,
	CELL_FLAG,
	CELL_NAME,
	CELL_FAULTS,
};

struct cell {
	const char *column;
	enum cell_type type;
	int64_t number; /* fits every number of a record: times are far below 2^63 us */
	const char *name;
};

#define COLUMNS 26

void samples_decode(struct sample_row *ret, const uint8_t record[MNPEN_TELEMETRY_SIZE])
{
	struct mnpen_telemetry raw;

	memcpy(&raw, record, sizeof(raw));
	*ret = (struct sample_row){
		.host_usec = le64toh(raw.host_usec),
		.missing_before = le32toh(raw.lost),
		.verdict = raw.verdict,
	};
	ret->readable = mnpen_sample_decode(&ret->sample, raw.sample, sizeof(raw.sample)) == 0;
}

static struct cell number(const char *column, uint64_t value)
{
	return (struct cell){.column = column, .type = CELL_NUMBER, .number = (int64_t)value};
}

static struct cell flag(const char *column, const struct mnpen_sample *s, unsigned int bit)
{
	return (struct cell){.column = column, .type = CELL_FLAG, .number = (s->flags & bit) != 0};
}

static struct cell name(const char *column, const char *value)
{
	return (struct cell){.column = column, .type = CELL_NAME, .name = value};
}

/* The order is the order of the columns, in files that people keep: only ever add at the end. */
static void fill(struct cell cells[COLUMNS], const struct sample_row *row)
{
	const struct mnpen_sample *s = &row->sample;
	const struct cell all[COLUMNS] = {
		number("seq", s->seq),
		number("host_usec", row->host_usec),
		number("time_us", s->time_us),
		name("state", mnpen_state_name(s->state)),
		name("stop_reason", mnpen_stop_reason_name(s->stop_reason)),
		{.column = "faults", .type = CELL_FAULTS, .number = s->faults},
		flag("trigger", s, MNPEN_FLAG_TRIGGER),
		flag("contact", s, MNPEN_FLAG_CONTACT),
		flag("enabled", s, MNPEN_FLAG_ENABLED),
		flag("cartridge", s, MNPEN_FLAG_CARTRIDGE),
		flag("sleeve", s, MNPEN_FLAG_SLEEVE),
		flag("drive", s, MNPEN_FLAG_DRIVE),
		number("depth_um", s->depth_um),
		number("speed_rpm", s->speed_rpm),
		number("target_depth_um", s->target_depth_um),
		number("target_speed_rpm", s->target_speed_rpm),
		number("motor_ma", s->motor_ma),
		{.column = "temperature_dc", .type = CELL_NUMBER, .number = s->motor_temp_dc},
		number("supply_mv", s->supply_mv),
		number("battery_percent", s->battery_pct),
		number("strokes", s->strokes),
		number("run_ms", s->run_ms),
		number("lease_left_ms", s->lease_left_ms),
		number("last_cmd", s->last_cmd),
		number("verdict", row->verdict),
		number("missing_before", row->missing_before),
	};

	memcpy(cells, all, sizeof(all));
	for (size_t i = 0; !row->readable && i < COLUMNS; i++)
		if (strcmp(cells[i].column, "host_usec") != 0 &&
		    strcmp(cells[i].column, "verdict") != 0 &&
		    strcmp(cells[i].column, "missing_before") != 0)
			cells[i].type = CELL_EMPTY;
}

/* ---- a row as text: millions of them, so that nothing here interprets a format ---- */

/** struct line - of one row, as CSV or as JSON; the longest one is below 900 bytes */
struct line {
	size_t n;
	char text[1024];
};

static void put(struct line *line, const char *text)
{
	size_t len = strlen(text);

	len = MIN(len, sizeof(line->text) - line->n);
	memcpy(line->text + line->n, text, len);
	line->n += len;
}

static void put_number(struct line *line, int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[24], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		*--at = '-';
	put(line, at);
}

static void put_faults(struct line *line, unsigned int faults, const char *quote,
		       const char *separator)
{
	bool first = true;

	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT; bit++) {
		if (!(faults & (1u << bit)))
			continue;
		put(line, first ? "" : separator);
		put(line, quote);
		put(line, mnpen_fault_name(bit));
		put(line, quote);
		first = false;
	}
}

static void put_csv(struct line *line, const struct cell *cell)
{
	switch (cell->type) {
	case CELL_EMPTY:
		break;
	case CELL_NUMBER:
	case CELL_FLAG:
		put_number(line, cell->number);
		break;
	case CELL_NAME:
		put(line, cell->name);
		break;
	case CELL_FAULTS:
		put_faults(line, (unsigned int)cell->number, "", "|");
		break;
	}
}

static void put_json(struct line *line, const struct cell *cell)
{
	switch (cell->type) {
	case CELL_EMPTY:
		put(line, "null");
		break;
	case CELL_NUMBER:
		put_number(line, cell->number);
		break;
	case CELL_FLAG:
		put(line, cell->number ? "true" : "false");
		break;
	case CELL_NAME:
		put(line, "\""); /* a name of the protocol: no escapes */
		put(line, cell->name);
		put(line, "\"");
		break;
	case CELL_FAULTS:
		put(line, "[");
		put_faults(line, (unsigned int)cell->number, "\"", ",");
		put(line, "]");
		break;
	}
}

static void write_line(FILE *stream, const struct line *line)
{
	fwrite(line->text, 1, line->n, stream);
}

void samples_csv_header(FILE *stream)
{
	struct sample_row none = {0};
	struct cell cells[COLUMNS];

	fill(cells, &none);
	for (size_t i = 0; i < COLUMNS; i++)
		fprintf(stream, "%s%s", i ? "," : "", cells[i].column);
	fputc('\n', stream);
}

void samples_csv_row(FILE *stream, const struct sample_row *row)
{
	struct cell cells[COLUMNS];
	struct line line;

	line.n = 0;
	fill(cells, row);
	for (size_t i = 0; i < COLUMNS; i++) {
		put(&line, i ? "," : "");
		put_csv(&line, &cells[i]);
	}
	put(&line, "\n");
	write_line(stream, &line);
}

void samples_json_members(FILE *stream, const struct sample_row *row)
{
	struct cell cells[COLUMNS];
	struct line line;

	line.n = 0;
	fill(cells, row);
	for (size_t i = 0; i < COLUMNS; i++) {
		put(&line, i ? ",\"" : "\"");
		put(&line, cells[i].column);
		put(&line, "\":");
		put_json(&line, &cells[i]);
	}
	write_line(stream, &line);
}
