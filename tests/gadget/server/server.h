/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The USB/IP server: devices in their ports, connections of hosts, one sd-event loop.
 *
 * All functions belong to the thread of the loop.
 */
#ifndef MNPEN_GADGET_SERVER_H
#define MNPEN_GADGET_SERVER_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "tests/gadget/server/acceptor.h"
#include "tests/gadget/usb/cable.h"
#include "tests/gadget/usb/pen.h"
#include "tests/gadget/server/usbip.h"

#define SERVER_PENS_MAX 64
#define SERVER_CONNECTIONS_MAX 512 /* one more is closed at once */
#define SERVER_REQUEST_MS 10000	   /* how long a connection may be without a whole request */

struct server;
struct conn;

/** struct port - a device's place in the server */
struct port {
	struct usb_device *usb; /* the port's own */
	struct pen *pen;	/* the same as a pen; NULL: some other identity */
	bool plugged;
	char busid[USBIP_BUSID_SIZE];
	struct server *server;
	struct conn *conn;	     /* of the host that has imported it, or NULL */
	struct cable *cable;	     /* what brings its host in place of a conn, or NULL */
	enum usbip_op_status refuse; /* what an import is told by order; USBIP_OK = nothing */
	sd_event_source *timer;
	uint64_t due_ns; /* when the timer fires */
};

struct server {
	sd_event *event;
	struct port *ports;
	unsigned int n_ports;
	struct acceptor acceptor;
	struct conn *conns;
	unsigned int n_conns;
	bool silent;
};

/**
 * server_new() - @n_ports devices, plugged in and powered on now
 * @serial: "S"; with several pens they are S-1, S-2, ...
 * Return: 0, -ENOMEM, -EINVAL (too many pens, or a serial that the protocol forbids).
 */
int server_new(struct server **ret, sd_event *event, const struct device_options *options,
	       const char *serial, unsigned int n_ports);

/** server_free() - closes everything; NULL is fine; returns NULL */
struct server *server_free(struct server *server);

/**
 * server_listen() - accept hosts on @address, "ADDR:PORT", "[ADDR]:PORT"; port 0 = any
 * @ret_address: the address with its real port; @size: at least 64
 * Return: 0 or negative errno; -EINVAL: no such form.
 */
int server_listen(struct server *server, const char *address, char *ret_address, size_t size);

/** server_add() - serve the connected stream socket @fd, which is the server's from now on.
 * Return: 0; -EBUSY too many connections (closed); negative errno. */
int server_add(struct server *server, int fd);

/** server_port() - the port of bus id @busid if it is plugged in, or NULL */
struct port *server_port(struct server *server, const char *busid);

/** server_touch() - bring @port to the present and send whatever is due; after every change */
void server_touch(struct port *port);

/** server_unplug() - pull the cable; the host's connection closes */
void server_unplug(struct port *port);

/** server_replug() - Return: 0, or the errno of the port's cable, which then stays unplugged */
int server_replug(struct port *port);

/** server_silence() - the network goes quiet: nothing is read, written, accepted or noticed */
void server_silence(struct server *server, bool on);

/** server_schedule() - set the port's timer for what is due next */
void server_schedule(struct port *port, uint64_t now_ns);

#endif
