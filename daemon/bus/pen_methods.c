// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bus/parts.h"

/* ---- stops: here and now ---- */

int on_pen_stop(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return stop_pen(userdata, m, REASON_REQUEST);
}

int on_pen_disarm(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return stop_pen(userdata, m, REASON_DISARM);
}

/* ---- Arm: for as long as who asked for it stays on the bus ---- */

static void holder_set(struct bus_pen *pen, char *name)
{
	free(pen->holder);
	pen->holder = name;
	pen->arming = name != NULL;
}

void holder_gone(struct bus *bus, const char *name)
{
	for (size_t i = 0; i < STATION_PENS_MAX; i++) {
		struct bus_pen *pen = bus->pens[i];

		if (pen && pen->holder && strcmp(pen->holder, name) == 0)
			(void)station_stop(pen->pen, REASON_CLIENT_GONE);
	}
}

static void on_armed(void *userdata, const struct refusal *refusal)
{
	struct request *request = userdata;
	struct bus_pen *pen = bus_pen_by_id(request->bus, request->pen_id);

	if (pen && refusal)
		holder_set(pen, NULL);
	else if (pen)
		pen->arming = false;
	request_done(request, refusal);
}

static int run_arm(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = request_pen(request, refusal);
	char *name;
	int r;

	if (!pen)
		return -EACCES;
	name = strdup(sd_bus_message_get_sender(request->message));
	if (!name)
		return refuse(refusal, REFUSAL_BUSY, "out of memory");
	r = station_arm(pen->pen, request->epoch, on_armed, request, refusal);
	if (r < 0)
		free(name);
	else
		holder_set(pen, name);
	return r;
}

int on_pen_arm(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen = userdata;

	return request_start(pen->bus, m, API_ACTION_OPERATE, pen, run_arm);
}

/* ---- the others ---- */

static int run_set_profile(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = request_pen(request, refusal);
	const char *name;
	int r;

	if (!pen)
		return -EACCES;
	r = sd_bus_message_read(request->message, "s", &name);
	if (r >= 0)
		r = station_set_profile(pen->pen, name, refusal);
	if (r >= 0)
		request_done(request, NULL);
	return r;
}

int on_pen_set_profile(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen = userdata;

	return request_start(pen->bus, m, API_ACTION_OPERATE, pen, run_set_profile);
}

static int run_set_target(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = request_pen(request, refusal);
	uint32_t depth_um, speed_rpm;
	int r;

	if (!pen)
		return -EACCES;
	r = sd_bus_message_read(request->message, "uu", &depth_um, &speed_rpm);
	if (r < 0)
		return r;
	return station_set_target(pen->pen, request->epoch, depth_um, speed_rpm, request_done,
				  request, refusal);
}

int on_pen_set_target(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen = userdata;

	return request_start(pen->bus, m, API_ACTION_OPERATE, pen, run_set_target);
}

static int run_clear_fault(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = request_pen(request, refusal);

	if (!pen)
		return -EACCES;
	return station_clear_fault(pen->pen, request_done, request, refusal);
}

int on_pen_clear_fault(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen = userdata;

	return request_start(pen->bus, m, API_ACTION_OPERATE, pen, run_clear_fault);
}

static int refuse_stream(struct refusal *refusal, const char *what, int error)
{
	if (error == -EUSERS)
		return refuse(refusal, REFUSAL_BUSY,
			      "too many readers take this pen's %s; end another one", what);
	if (error == -ENODEV)
		return refuse(refusal, REFUSAL_DISCONNECTED, "the pen is gone; plug it in again");
	return refuse(refusal, REFUSAL_BUSY, "no stream of %s could be opened: %s", what,
		      strerrordesc_np(-error));
}

/* Takes @stream, which may be a negative errno. */
static int reply_stream(struct request *request, struct refusal *refusal, const char *what,
			int stream)
{
	_cleanup_close_ int fd = stream;
	sd_bus_message *reply = NULL;
	int r;

	if (fd < 0)
		return refuse_stream(refusal, what, fd);
	r = sd_bus_message_new_method_return(request->message, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "h", fd);
	request_reply(request, reply, r);
	return 0;
}

static int run_open_telemetry(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = request_pen(request, refusal);

	if (!pen)
		return -EACCES;
	return reply_stream(request, refusal, "samples", pen_open_telemetry(pen->pen->pen));
}

int on_pen_open_telemetry(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen = userdata;

	return request_start(pen->bus, m, API_ACTION_OPERATE, pen, run_open_telemetry);
}

static int run_open_capture(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = request_pen(request, refusal);
	int scrub, r;

	if (!pen)
		return -EACCES;
	r = sd_bus_message_read(request->message, "b", &scrub);
	if (r < 0)
		return r;
	return reply_stream(request, refusal, "traffic", pen_open_capture(pen->pen->pen, scrub));
}

int on_pen_open_capture(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen = userdata;

	return request_start(pen->bus, m, API_ACTION_OPERATE, pen, run_open_capture);
}
