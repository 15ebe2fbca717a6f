/* SPDX-License-Identifier: GPL-2.0-only */
/* One connection of a host to the USB/IP server. */
#ifndef MNPEN_GADGET_CONN_H
#define MNPEN_GADGET_CONN_H

#include "tests/gadget/server/buffer.h"
#include "tests/gadget/server/importer.h"
#include "tests/gadget/server/server.h"

/* Bytes of memory that a connection holds at most, whatever its host does: commands on their way
 * in, answers on their way out, URBs and control data held back. Half a buffer more while one
 * grows. Answers of usbtest are longer. Before the import it is CONN_MEMORY_WAITING. */
#define CONN_MEMORY_MAX 4194304
#define CONN_MEMORY_USBTEST 5242880
#define CONN_MEMORY_WAITING 131072

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

/**
 * conn_gone() - whether its host has hung up, which the loop has not come to yet. If so, its last
 * words are carried out and it is closed: a host may import a pen again right after it let go.
 */
bool conn_gone(struct conn *conn);

/** conn_silence() - stop or resume listening to the socket */
void conn_silence(struct conn *conn, bool on);

/**
 * op_feed() - OP_REQ_DEVLIST and OP_REQ_IMPORT: one request, if all of it is there
 * Return: bytes consumed; 0 when more are needed; -EBADMSG, -ENOMEM.
 */
int op_feed(struct conn *conn, const uint8_t *data, size_t len);

#endif
