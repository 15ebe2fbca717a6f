/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Telemetry: samples to other processes, as 64-byte records over SOCK_SEQPACKET
 * (driver/uapi/telemetry.h). Sending never blocks; a slow reader loses records, counted in the
 * next record that it does get. Main thread only.
 */
#ifndef MNPEN_HOST_TELEMETRY_H
#define MNPEN_HOST_TELEMETRY_H

#include "driver/host/readers.h"
#include "driver/uapi/telemetry.h"

#define TELEMETRY_READERS_MAX 16 /* per pen; further ones are refused */

/** struct telemetry - the readers of one pen; zero-initialise, telemetry_close() at the end */
struct telemetry {
	struct readers readers;
};

/** telemetry_open() - new reader. Return: its end of the socket (caller owns it), -EUSERS when
 * there are TELEMETRY_READERS_MAX, negative errno. */
int telemetry_open(struct telemetry *telemetry);

/** telemetry_push() - one sample as it lay on the wire to every reader; drops readers that hung up.
 * @record: host_usec, verdict, flags and sample set; reserved and lost are set here. */
void telemetry_push(struct telemetry *telemetry, const struct mnpen_telemetry *record);

/** telemetry_close() - hangs up on all readers */
void telemetry_close(struct telemetry *telemetry);

#endif
