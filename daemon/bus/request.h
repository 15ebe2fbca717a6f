/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A method call that is not answered at once: it waits for who the caller is, for polkit, and then
 * for the pen or the disk. The number of waiting calls is bounded, in all and for each caller.
 */
#ifndef MNPEN_BUS_REQUEST_H
#define MNPEN_BUS_REQUEST_H

#include <systemd/sd-bus.h>

#include "daemon/session/station.h"

#define REQUESTS_MAX 64
#define REQUESTS_PER_CALLER_MAX 8

struct bus;
struct bus_pen;
struct request;

/**
 * request_run - carry out an authorized request
 *
 * Return: 0, the request is or will be answered by request_done(), request_reply() or
 * request_refuse(); negative: refused, @refusal says why.
 */
typedef int (*request_run)(struct request *request, struct refusal *refusal);

struct request {
	struct bus *bus;
	sd_bus_message *message;
	sd_bus_slot *slot; /* the question under way; NULL = authorized */
	const char *action;
	request_run run;
	uint64_t pen_id; /* 0 = none. Not a pointer: the pen may vanish meanwhile. */
	uint64_t epoch;	 /* of the pen when the call arrived */
	uint32_t uid;	 /* the caller's */
};

/**
 * request_start() - authorize, then run; returns what a method handler returns
 * @action: polkit's
 * @pen: may be NULL
 */
int request_start(struct bus *bus, sd_bus_message *m, const char *action, struct bus_pen *pen,
		  request_run run);

/** request_pen() - the pen it was about, NULL with a refusal when that has gone */
struct bus_pen *request_pen(struct request *request, struct refusal *refusal);

/* Each of these answers and frees @request. */

/** request_done() - a station_done: an empty reply, or the refusal */
void request_done(void *userdata, const struct refusal *refusal);

/** request_reply() - @reply, if @error is 0; otherwise says that there is none. Takes @reply. */
void request_reply(struct request *request, sd_bus_message *reply, int error);
void request_refuse(struct request *request, const struct refusal *refusal);

/** requests_client_gone() - @name left the bus: what it asked for and nobody answered is dropped */
void requests_client_gone(struct bus *bus, const char *name);
void requests_free(struct bus *bus);

/** log_refused() - at info level, never with what the caller sent besides the refusal's words */
void log_refused(struct bus *bus, sd_bus_message *call, const struct bus_pen *pen,
		 const struct refusal *refusal);

#endif
