/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The telemetry record: one packet of the SOCK_SEQPACKET that Pen.OpenTelemetry() returns, and one
 * record of the stream that Manager.OpenRecord(id, "samples") returns. Little-endian, 64 bytes.
 */
#ifndef MNPEN_UAPI_TELEMETRY_H
#define MNPEN_UAPI_TELEMETRY_H

#include <stdint.h>

#include "driver/proto/proto.h"

#define MNPEN_TELEMETRY_SIZE 64

/**
 * struct mnpen_telemetry - one sample as the daemon took it
 * @host_usec: CLOCK_BOOTTIME of its arrival, microseconds
 * @verdict: 0 = passed; otherwise the number of the reason for which it stopped the pen
 *	(names: docs/architecture.md, "Reasons of a stop")
 * @flags: MNPEN_TELEMETRY_*
 * @reserved: 0
 * @lost: records that this reader lost before this one, because it was slow; in a stored record
 *	the samples missing before this one
 * @sample: the sample as on the wire, docs/protocol.md
 */
struct mnpen_telemetry {
	uint64_t host_usec;
	uint8_t verdict;
	uint8_t flags;
	uint16_t reserved;
	uint32_t lost;
	uint8_t sample[MNPEN_SAMPLE_SIZE];
};

#define MNPEN_TELEMETRY_GAP (1u << 0)	/* samples are missing before this one */
#define MNPEN_TELEMETRY_ARMED (1u << 1) /* judged against armed limits */

_Static_assert(sizeof(struct mnpen_telemetry) == MNPEN_TELEMETRY_SIZE, "fixed by the ABI");

#endif
