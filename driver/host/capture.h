/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Capture: a connection's raw traffic to other processes (driver/uapi/capture.h), with the secrets
 * in it replaced if wanted. Sending never blocks; a slow reader loses blocks, counted in the next
 * one that it does get. Main thread only.
 */
#ifndef MNPEN_HOST_CAPTURE_H
#define MNPEN_HOST_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/host/host.h"
#include "driver/host/readers.h"
#include "driver/host/scrub.h"

#define CAPTURE_READERS_MAX                                                                        \
	4 /* per pen; further ones are refused: all of them are served before                      \
	   * the packet that they see is judged */
#define CAPTURE_SOCKET_BYTES 8388608 /* wanted for what a reader has not fetched yet */

/** struct capture_known - an answer that the device gave before the capture began */
struct capture_known {
	uint8_t setup[HOST_SETUP_SIZE];
	const uint8_t *data;
	size_t len;
};

/** struct capture_view - how the reader at the same place sees the traffic */
struct capture_view {
	bool scrubs;
	struct scrub scrub;
	uint64_t wall_offset_usec; /* from CLOCK_BOOTTIME to the file's times, fixed */
	uint64_t last_usec;	   /* of the file's times, which never go back */
};

/** struct capture - the readers of one pen; zero-initialise, capture_close() at the end */
struct capture {
	struct host_tap tap;
	struct host *host;
	struct readers readers;
	struct capture_view views[CAPTURE_READERS_MAX];
};

/** struct capture_options - of one reader */
struct capture_options {
	const char *serial; /* the pen's */
	bool scrub;
	const struct capture_known *known; /* told first, beside the host's descriptors */
	size_t n_known;
};

/**
 * capture_open() - new reader of all that @host carries from now on
 * Return: its end of the socket (caller owns it); -EUSERS when there are CAPTURE_READERS_MAX;
 * negative errno.
 */
int capture_open(struct capture *capture, struct host *host, const struct capture_options *options);

/** capture_close() - hangs up on all readers */
void capture_close(struct capture *capture);

#endif
