// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/inputs.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/input/input.h"
#include "driver/host/host.h"
#include "driver/host/ids.h"

_Static_assert(INPUT_EVENT_PRIORITY < HOST_EVENT_PRIORITY, "a release is a stop");

struct inputs {
	struct station *station;
	struct input *input;
};

static bool on_is_pen(void *userdata, uint16_t vendor_id, uint16_t product_id)
{
	return host_ids_match(vendor_id, product_id);
}

static enum station_pedal translate(enum input_pedal pedal)
{
	switch (pedal) {
	case INPUT_PEDAL_NONE:
		return STATION_PEDAL_NONE;
	case INPUT_PEDAL_UNUSABLE:
		return STATION_PEDAL_UNUSABLE;
	case INPUT_PEDAL_RELEASED:
		return STATION_PEDAL_RELEASED;
	case INPUT_PEDAL_HELD:
		return STATION_PEDAL_HELD;
	}
	return STATION_PEDAL_UNUSABLE;
}

static void on_pedal(void *userdata, enum input_pedal pedal, const char *cause, uint64_t made_usec)
{
	struct inputs *inputs = userdata;

	station_pedal(inputs->station, translate(pedal), cause, made_usec);
}

static void on_depth(void *userdata, const char *serial, enum input_depth by, int steps)
{
	struct inputs *inputs = userdata;
	struct station_pen *pen = station_pen_by_serial(inputs->station, serial);

	if (pen)
		station_step_depth(pen, by == INPUT_DEPTH_DIAL ? "dial" : "button", steps);
}

static bool on_down(void *userdata)
{
	struct inputs *inputs = userdata;

	return input_pedal_down(inputs->input);
}

static void on_describe(void *userdata, char *buf, size_t size)
{
	struct inputs *inputs = userdata;

	input_describe(inputs->input, buf, size);
}

int inputs_new(struct inputs **ret, sd_event *event, struct station *station)
{
	static const struct input_callbacks callbacks = {
		.is_pen = on_is_pen,
		.pedal = on_pedal,
		.depth = on_depth,
	};
	static const struct station_pedals pedals = {.down = on_down, .describe = on_describe};
	struct inputs *inputs = calloc(1, sizeof(*inputs));
	int r;

	if (!inputs)
		return -ENOMEM;
	inputs->station = station;
	r = input_new(&inputs->input, event, &callbacks, inputs);
	if (r < 0) {
		inputs_free(inputs);
		return r;
	}
	station_set_pedals(station, &pedals, inputs);
	*ret = inputs;
	return 0;
}

struct inputs *inputs_free(struct inputs *inputs)
{
	if (!inputs)
		return NULL;
	station_set_pedals(inputs->station, NULL, NULL);
	input_free(inputs->input);
	free(inputs);
	return NULL;
}
