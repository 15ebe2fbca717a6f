/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Readers: other processes that are sent packets over SOCK_SEQPACKET, one way. Sending never
 * blocks; what finds no room is lost to that reader, and counted. Main thread only.
 */
#ifndef MNPEN_HOST_READERS_H
#define MNPEN_HOST_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READERS_MAX 16

struct reader {
	bool open;
	int fd;
	uint64_t lost; /* packets since the last one that it got */
};

/** struct readers - zero-initialise, readers_close() at the end; a reader keeps its place */
struct readers {
	struct reader places[READERS_MAX];
	unsigned int n; /* that are open */
};

/**
 * readers_open() - new reader; places of those that hung up are free again
 * @max: 1..READERS_MAX at a time
 * @send_bytes: wanted for what it has not fetched yet, 0 = what the system gives
 * @ret_place: where it is
 * Return: its end of the socket (caller owns it); -EUSERS when there are @max; negative errno.
 */
int readers_open(struct readers *readers, unsigned int max, int send_bytes,
		 unsigned int *ret_place);

/** readers_send() - to the reader at @place; takes its place from it when it has hung up */
void readers_send(struct readers *readers, unsigned int place, const void *packet, size_t len);

/** readers_close() - hangs up on all */
void readers_close(struct readers *readers);

#endif
