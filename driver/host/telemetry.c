// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/telemetry.h"

#include <endian.h>

#include "driver/base/cleanup.h"

_Static_assert(TELEMETRY_READERS_MAX <= READERS_MAX, "places");

int telemetry_open(struct telemetry *telemetry)
{
	unsigned int place;

	return readers_open(&telemetry->readers, TELEMETRY_READERS_MAX, 0, &place);
}

void telemetry_push(struct telemetry *telemetry, const struct mnpen_telemetry *record)
{
	struct mnpen_telemetry out = *record;

	out.host_usec = htole64(record->host_usec);
	out.reserved = 0;
	for (unsigned int i = 0; i < TELEMETRY_READERS_MAX; i++) {
		uint64_t lost = telemetry->readers.places[i].lost;

		out.lost = htole32((uint32_t)MIN(lost, (uint64_t)UINT32_MAX));
		readers_send(&telemetry->readers, i, &out, sizeof(out));
	}
}

void telemetry_close(struct telemetry *telemetry)
{
	readers_close(&telemetry->readers);
}
