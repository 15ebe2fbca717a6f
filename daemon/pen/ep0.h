/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EP0 of one pen: one request of ours in flight, one waiting behind it, and STOP past both.
 * A refusal is followed at once by GET_ERROR, so that whoever asked hears the pen's reason.
 */
#ifndef MNPEN_PEN_EP0_H
#define MNPEN_PEN_EP0_H

#include "driver/host/host.h"
#include "driver/proto/records.h"

/** struct ep0_answer - how a request ended; @data is valid during the call */
struct ep0_answer {
	int result; /* as host_done */
	const uint8_t *data;
	size_t len;
	struct mnpen_error_record refusal; /* when result is -EPIPE; code 0 = the pen did not say */
};

typedef void (*ep0_done)(void *userdata, const struct ep0_answer *answer);

struct ep0_item {
	struct host_control control;
	ep0_done done;
	void *userdata;
};

/** struct ep0 - zero-initialise and set @host; its address must stay */
struct ep0 {
	struct host *host;
	bool busy;
	struct ep0_item current;
	bool waiting;
	struct ep0_item next;
};

/** ep0_send() - now, or right after the one in flight. Return: 0; -EBUSY one waits already;
 * negative errno of the transport. @done is called once when 0 was returned. */
int ep0_send(struct ep0 *ep0, const struct host_control *control, ep0_done done, void *userdata);

/** ep0_idle() - whether a request would go out at once */
bool ep0_idle(const struct ep0 *ep0);

/** ep0_take_waiting() - the one that waits is not sent any more; the caller answers it.
 * Return: false when none waits. */
bool ep0_take_waiting(struct ep0 *ep0, struct ep0_item *ret);

/** ep0_kick() - EP0 became free by something that did not go through here (STOP, SET_INTERFACE) */
void ep0_kick(struct ep0 *ep0);

/* Requests without data, or with an encoded record. */
struct host_control ep0_in(enum mnpen_request request, uint16_t size);
struct host_control ep0_out(enum mnpen_request request, const uint8_t *data, uint16_t size);

#endif
