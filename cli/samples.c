// SPDX-License-Identifier: GPL-2.0-only
/* Telemetry records as columns. */
#include <endian.h>
#include <inttypes.h>
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

static void put_faults(FILE *stream, unsigned int faults, const char *quote, char separator)
{
	bool first = true;

	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT; bit++) {
		if (!(faults & (1u << bit)))
			continue;
		if (!first)
			fputc(separator, stream);
		fprintf(stream, "%s%s%s", quote, mnpen_fault_name(bit), quote);
		first = false;
	}
}

static void put_csv(FILE *stream, const struct cell *cell)
{
	switch (cell->type) {
	case CELL_EMPTY:
		break;
	case CELL_NUMBER:
	case CELL_FLAG:
		fprintf(stream, "%" PRIi64, cell->number);
		break;
	case CELL_NAME:
		fputs(cell->name, stream);
		break;
	case CELL_FAULTS:
		put_faults(stream, (unsigned int)cell->number, "", '|');
		break;
	}
}

static void put_json(FILE *stream, const struct cell *cell)
{
	switch (cell->type) {
	case CELL_EMPTY:
		fputs("null", stream);
		break;
	case CELL_NUMBER:
		fprintf(stream, "%" PRIi64, cell->number);
		break;
	case CELL_FLAG:
		fputs(cell->number ? "true" : "false", stream);
		break;
	case CELL_NAME:
		fprintf(stream, "\"%s\"", cell->name); /* a name of the protocol: no escapes */
		break;
	case CELL_FAULTS:
		fputc('[', stream);
		put_faults(stream, (unsigned int)cell->number, "\"", ',');
		fputc(']', stream);
		break;
	}
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

	fill(cells, row);
	for (size_t i = 0; i < COLUMNS; i++) {
		if (i > 0)
			fputc(',', stream);
		put_csv(stream, &cells[i]);
	}
	fputc('\n', stream);
}

void samples_json_members(FILE *stream, const struct sample_row *row)
{
	struct cell cells[COLUMNS];

	fill(cells, row);
	for (size_t i = 0; i < COLUMNS; i++) {
		fprintf(stream, "%s\"%s\":", i ? "," : "", cells[i].column);
		put_json(stream, &cells[i]);
	}
}
