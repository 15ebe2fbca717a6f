// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a call to its answer: who is it (the bus knows), may they (polkit knows), do it, reply. Each
 * step may take its time; meanwhile pens come and go, a stop may come, the caller may leave.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bus/parts.h"
#include "daemon/bus/polkit.h"

static void request_free(struct request *request)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (request->bus->requests[i] == request)
			request->bus->requests[i] = NULL;
	sd_bus_slot_unref(request->slot);
	sd_bus_message_unref(request->message);
	free(request);
}

void requests_free(struct bus *bus)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (bus->requests[i])
			request_free(bus->requests[i]);
}

/* A request that is with the pen or the disk ends there, and its answer goes nowhere. */
void requests_client_gone(struct bus *bus, const char *name)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *request = bus->requests[i];

		if (request && request->slot &&
		    strcmp(sd_bus_message_get_sender(request->message), name) == 0)
			request_free(request);
	}
}

/* ---- answers ---- */

/* What a caller mistook for a session, say, may be a client's id: such words stay out of the log.
 */
static bool quotes_caller(enum refusal_code code)
{
	return code == REFUSAL_INVALID_ARGUMENT || code == REFUSAL_NO_SUCH_SESSION ||
	       code == REFUSAL_NO_SUCH_PROFILE;
}

void log_refused(struct bus *bus, sd_bus_message *call, const struct bus_pen *pen,
		 const struct refusal *refusal)
{
	const char *name = refusal_error_name(refusal->code);
	struct log_context context = {
		.pen = pen ? pen_serial(pen->pen->pen) : NULL,
		.reason = strrchr(name, '.') + 1,
	};

	if (log_allowed(&bus->log_limit))
		log_line(LOG_INFO, &context, "%s refused: %s", sd_bus_message_get_member(call),
			 quotes_caller(refusal->code) ? context.reason : refusal->message);
}

void request_refuse(struct request *request, const struct refusal *refusal)
{
	struct bus_pen *pen = bus_pen_by_id(request->bus, request->pen_id);
	int r;

	log_refused(request->bus, request->message, pen, refusal);
	r = refusal_reply(request->message, refusal);
	if (r < 0)
		log_failed(request->bus, "a refusal", r);
	request_free(request);
}

void request_reply(struct request *request, sd_bus_message *reply, int error)
{
	int r = error;

	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	if (r < 0) {
		log_failed(request->bus, "an answer", r);
		(void)sd_bus_reply_method_errno(request->message, r, NULL);
	}
	sd_bus_message_unref(reply);
	request_free(request);
}

void request_done(void *userdata, const struct refusal *refusal)
{
	struct request *request = userdata;
	sd_bus_message *reply = NULL;
	int r;

	if (refusal) {
		request_refuse(request, refusal);
		return;
	}
	r = sd_bus_message_new_method_return(request->message, &reply);
	request_reply(request, reply, r);
}

/* ---- authorization ---- */

struct bus_pen *request_pen(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = bus_pen_by_id(request->bus, request->pen_id);

	if (!pen)
		refuse(refusal, REFUSAL_NO_SUCH_PEN,
		       "the pen was unplugged while %s waited; plug it in and ask again",
		       sd_bus_message_get_member(request->message));
	return pen;
}

static void run(struct request *request)
{
	struct refusal refusal = {.code = REFUSAL_INVALID_ARGUMENT,
				  .message = "the arguments cannot be read"};

	if (request->bus->winding_down) {
		refuse(&refusal, REFUSAL_INTERLOCK, "mnpend is shutting down");
		request_refuse(request, &refusal);
		return;
	}
	if (sleep_preparing(request->bus)) {
		refuse(&refusal, REFUSAL_INTERLOCK,
		       "the machine is about to sleep or to shut down; ask again when it is back");
		request_refuse(request, &refusal);
		return;
	}
	if (request->run(request, &refusal) < 0)
		request_refuse(request, &refusal);
}

static void deny(struct request *request, const char *why, const char *text)
{
	struct refusal refusal;

	refuse(&refusal, REFUSAL_NOT_AUTHORIZED, "%s needs the right %s: %s%s%s",
	       sd_bus_message_get_member(request->message), request->action, why,
	       text[0] ? ": " : "", text);
	request_refuse(request, &refusal);
}

static int on_polkit(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct request *request = userdata;
	const char *text;

	request->slot = sd_bus_slot_unref(request->slot);
	switch (polkit_verdict(answer, &text)) {
	case POLKIT_ALLOWED:
		run(request);
		return 1;
	case POLKIT_DENIED:
		deny(request, "polkit denies it", text);
		return 1;
	case POLKIT_CHALLENGE:
		deny(request, "polkit wants a password, and the caller asked not to be asked",
		     text);
		return 1;
	case POLKIT_ABSENT:
		if (request->uid == 0 || request->uid == geteuid())
			run(request);
		else
			deny(request, "no polkit is here, so only root and mnpend's own user may",
			     text);
		return 1;
	case POLKIT_FAILED:
		deny(request, "polkit gave no answer", text);
		return 1;
	}
	return 1;
}

static int on_uid(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct request *request = userdata;
	bool interactive = sd_bus_message_get_allow_interactive_authorization(request->message) > 0;
	const sd_bus_error *failure = sd_bus_message_get_error(answer);
	const char *sender = sd_bus_message_get_sender(request->message);
	int r = failure ? -sd_bus_error_get_errno(failure)
			: sd_bus_message_read(answer, "u", &request->uid);

	request->slot = sd_bus_slot_unref(request->slot);
	if (r >= 0)
		r = polkit_ask(request->bus->bus, &request->slot, sender, request->action,
			       interactive, on_polkit, request);
	if (r < 0)
		deny(request, "who is calling cannot be found out", strerrordesc_np(-r));
	return 1;
}

/* ---- arrival ---- */

static int refuse_full(struct bus *bus, const char *sender, struct refusal *refusal)
{
	size_t n = 0, own = 0;

	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		const struct request *other = bus->requests[i];

		if (!other)
			continue;
		n++;
		own += strcmp(sd_bus_message_get_sender(other->message), sender) == 0;
	}
	if (own >= REQUESTS_PER_CALLER_MAX)
		return refuse(refusal, REFUSAL_BUSY,
			      "%d of your requests are not answered yet; wait for them",
			      REQUESTS_PER_CALLER_MAX);
	if (n == REQUESTS_MAX)
		return refuse(refusal, REFUSAL_BUSY,
			      "%d requests wait to be authorized or carried out; ask again later",
			      REQUESTS_MAX);
	return 0;
}

static int request_new(struct request **ret, struct bus *bus, sd_bus_message *m, const char *action,
		       const struct bus_pen *pen, request_run run_it)
{
	struct request *request = calloc(1, sizeof(*request));
	size_t i = 0;

	if (!request)
		return -ENOMEM;
	while (bus->requests[i]) /* refuse_full(): there is room */
		i++;
	bus->requests[i] = request;
	request->bus = bus;
	request->message = sd_bus_message_ref(m);
	request->action = action;
	request->run = run_it;
	if (pen) {
		request->pen_id = pen->id;
		request->epoch = pen_epoch(pen->pen->pen);
	}
	*ret = request;
	return 0;
}

int request_start(struct bus *bus, sd_bus_message *m, const char *action, struct bus_pen *pen,
		  request_run run_it)
{
	const char *sender = sd_bus_message_get_sender(m);
	struct request *request;
	struct refusal refusal;
	int r;

	if (!sender)
		return -EACCES; /* not from a bus: nobody can say who it is */
	if (refuse_full(bus, sender, &refusal) < 0) {
		log_refused(bus, m, pen, &refusal);
		return refusal_reply(m, &refusal);
	}
	r = request_new(&request, bus, m, action, pen, run_it);
	if (r < 0)
		return r;
	r = sd_bus_call_method_async(bus->bus, &request->slot, "org.freedesktop.DBus",
				     "/org/freedesktop/DBus", "org.freedesktop.DBus",
				     "GetConnectionUnixUser", on_uid, request, "s", sender);
	if (r < 0) {
		request_free(request);
		return r;
	}
	return 1;
}
