/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The far end of the USB/IP transport for fuzz_host.c: it reads what the transport sends, CHECKs
 * that no server could take offence at it, and sends what the harness says, from honest answers to
 * any bytes. Needs socket, connect and setsockopt wrapped.
 */
#ifndef MNPEN_FUZZ_SERVER_H
#define MNPEN_FUZZ_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/host/usb_descriptor.h"

#define SERVER_URBS 256
#define SERVER_OUT 32768

/** struct server_urb - a CMD_SUBMIT that has come */
struct server_urb {
	bool open; /* neither answered nor cancelled */
	uint32_t seqnum;
	uint32_t endpoint;
	bool in;
	uint32_t len;
	uint8_t setup[8];
};

struct server {
	int fd;	       /* ours; negative = nobody connected */
	bool deaf;     /* does not read */
	bool was_deaf; /* on this connection: STOP overtakes what could not go out */
	bool imported;
	uint8_t rx[8192];
	size_t rx_len;
	struct server_urb urbs[SERVER_URBS]; /* the newest */
	unsigned int n_urbs;
	uint32_t unlinks[SERVER_URBS]; /* their own numbers */
	uint32_t victims[SERVER_URBS];
	unsigned int n_unlinks, n_unlinks_answered;
	uint32_t last_seqnum;
	unsigned int stops; /* STOP requests that came */
	uint8_t out[SERVER_OUT];
	size_t out_len;
	/* a wrong byte in a descriptor: which one, where, what */
	uint8_t patch_type, patch_at, patch_value;
};

extern struct server *server_now; /* who gets the next connection */

/** server_urb() - the request of that number, NULL when there is none */
struct server_urb *server_urb(struct server *server, uint32_t seqnum);
void server_close(struct server *server);
/** server_read() - takes what the transport has sent */
void server_read(struct server *server);
/** server_flush() - sends the first @max bytes of what is queued */
void server_flush(struct server *server, size_t max);

void server_queue(struct server *server, const void *bytes, size_t len);
void server_import_reply(struct server *server, uint8_t busid_end, uint8_t status);
void server_ret(struct server *server, uint32_t command, uint32_t seqnum, int32_t status,
		const void *data, size_t len);
/** server_answer() - an honest answer to the oldest request that has none. Return: false = none */
bool server_answer(struct server *server);
/** server_answer_unlink() - the same for the oldest cancellation */
bool server_answer_unlink(struct server *server);

#endif
