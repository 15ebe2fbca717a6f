/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Telemetry records (driver/uapi/telemetry.h) as columns: one list of columns serves CSV and JSON.
 *
 * A record whose sample cannot be decoded is evidence as well: its host time, verdict and count of
 * missing samples are given, the rest is empty.
 */
#ifndef MNPEN_CLI_SAMPLES_H
#define MNPEN_CLI_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "driver/proto/records.h"
#include "driver/uapi/telemetry.h"

/** struct sample_row - a record, decoded */
struct sample_row {
	uint64_t host_usec;
	uint32_t missing_before; /* samples, or records that this reader was too slow for */
	uint8_t verdict;	 /* 0 = passed */
	bool readable;		 /* @sample holds what the pen sent */
	struct mnpen_sample sample;
};

/** samples_decode() - from the bytes of one record; cannot fail */
void samples_decode(struct sample_row *ret, const uint8_t record[MNPEN_TELEMETRY_SIZE]);

/** samples_csv_header(), samples_csv_row() - one line each; look at ferror() at the end */
void samples_csv_header(FILE *stream);
void samples_csv_row(FILE *stream, const struct sample_row *row);

/** samples_json_members() - "seq":1,"host_usec":2,... without braces; faults are a list */
void samples_json_members(FILE *stream, const struct sample_row *row);

#endif
