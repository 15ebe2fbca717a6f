/* SPDX-License-Identifier: GPL-2.0-only */
/* One connection of a host to the USB/IP server. */
#ifndef MNPEN_GADGET_CONN_H
#define MNPEN_GADGET_CONN_H

#include "tests/gadget/buffer.h"
#include "tests/gadget/importer.h"
#include "tests/gadget/server.h"

struct conn {
	struct server *server;
	struct conn *next;
	struct conn *previous;
	int fd;
	sd_event_source *io;
	sd_event_source *deadline; /* of the first request; NULL once a pen is imported */
	struct buffer in;
	struct buffer out;
	struct port *port; /* imported pen, or NULL */
	struct importer *importer;
	bool last; /* close when everything has been sent */
	uint32_t watched;
};

/** conn_new() - serve @fd, which is the connection's from now on, also on failure */
int conn_new(struct server *server, int fd);

/** conn_close() - unplugs the pen that it had imported; frees @conn */
void conn_close(struct conn *conn);

/** conn_run() - answer and send what is possible now. Returns 0 or an error: close it then */
int conn_run(struct conn *conn, uint64_t now_ns);

/** conn_silence() - stop or resume listening to the socket */
void conn_silence(struct conn *conn, bool on);

/**
 * op_feed() - OP_REQ_DEVLIST and OP_REQ_IMPORT: one request, if all of it is there
 * Return: bytes consumed; 0 when more are needed; -EBADMSG, -ENOMEM.
 */
int op_feed(struct conn *conn, const uint8_t *data, size_t len);

#endif
