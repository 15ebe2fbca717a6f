/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host of the virtual pens' USB/IP server, for fuzz_gadget.c and fuzz_replay.c. It keeps count of
 * what it has asked for and CHECKs what comes back: each request is answered once, with no more
 * than was asked for; each UNLINK is, and truly; and an honest host is not thrown out.
 */
#ifndef MNPEN_FUZZ_CLIENT_H
#define MNPEN_FUZZ_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define CLIENT_REQUESTS 2048 /* of a connection; further ones are not sent */
#define CLIENT_OUT_MAX 1024  /* bytes of OUT data in one request */

/** struct client_request - a SUBMIT or UNLINK, by its number */
struct client_request {
	bool sent;
	bool unlink;
	bool in;
	bool open; /* not answered, and not cancelled */
	bool cancelled;
	uint8_t endpoint;
	uint32_t length; /* bytes asked for */
	uint32_t victim; /* of an UNLINK */
};

struct client {
	int fd;	       /* negative = not connected */
	bool imported; /* from now on answers to URBs come */
	bool confused; /* it sent what is not noted here: what comes back is not looked at */
	uint32_t devid, seqnum;
	unsigned int n_early; /* UNLINKs that overtook their SUBMIT */
	struct client_request requests[CLIENT_REQUESTS];
	uint8_t header[48]; /* of the answer that is coming in */
	size_t header_len;
	uint32_t data_left; /* of the answer behind its header */
};

/** client_connect() - a new connection; @fd is the client's from now on */
void client_connect(struct client *client, int fd);
void client_hang_up(struct client *client);

/** client_import() - asks for device "1-@device"; whether it got it is in client->imported */
void client_import(struct client *client, sd_event *event, uint8_t device);

/** client_devlist() - asks for the list, CHECKs that it is whole, and hangs up
 * @devices: how many there are */
void client_devlist(struct client *client, sd_event *event, uint32_t devices);

/** struct client_urb - a SUBMIT */
struct client_urb {
	uint8_t endpoint;
	bool in;
	uint8_t setup[8];
	const uint8_t *data; /* OUT: @len bytes, NULL = zeros */
	uint32_t len;	     /* OUT: at most CLIENT_OUT_MAX are sent */
};

void client_submit(struct client *client, const struct client_urb *urb);
void client_unlink(struct client *client, uint32_t victim);

/** client_raw() - any bytes; from now on the client is confused */
void client_raw(struct client *client, const void *bytes, size_t len);
/** client_patched() - the same: a SUBMIT in which one byte is another */
void client_patched(struct client *client, const struct client_urb *urb, uint8_t at, uint8_t value);

/** client_read() - take some of what has come. Return: whether there was anything */
bool client_read(struct client *client);

/**
 * client_finish() - all that must have been answered is
 *
 * Passes the time that an UNLINK may wait for its SUBMIT.
 * @control: control requests and OUT data are, too
 */
void client_finish(struct client *client, sd_event *event, bool control);

#endif
