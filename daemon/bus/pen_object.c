// SPDX-License-Identifier: GPL-2.0-only
/* /org/mnpen1/pens/SERIAL: what a pen is and shows. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/bus/parts.h"
#include "driver/base/clock.h"
#include "driver/proto/names.h"

#define SECONDS_PER_DAY 86400

/* A property that is one value of the struct station_pen. */
#define SIMPLE_GETTER(name, type, value)                                                           \
	GETTER(name)                                                                               \
	{                                                                                          \
		const struct station_pen *pen = ((const struct bus_pen *)userdata)->pen;           \
                                                                                                   \
		return sd_bus_message_append(reply, type, value);                                  \
	}

static const char *profile_name(const struct station_pen *pen)
{
	const char *name = pen->session ? pen->session->profile : pen->profile;

	return name ? name : "";
}

static const char *area_name(const struct station_pen *pen)
{
	return pen->session && pen->session->area ? pen->session->area : "";
}

static const char *disarm_reason(const struct station_pen *pen)
{
	return policy_reason_name(pen_reason(pen->pen));
}

static const char *session_path(const struct station_pen *pen)
{
	const struct bus_pen *object = pen->object;

	return object && object->session_path ? object->session_path : "/";
}

SIMPLE_GETTER(get_serial, "s", pen_serial(pen->pen))
SIMPLE_GETTER(get_model, "s", pen_info(pen->pen)->model)
SIMPLE_GETTER(get_transport, "s", pen_transport(pen->pen))
SIMPLE_GETTER(get_state, "s", mnpen_state_name(pen_sample(pen->pen)->state))
SIMPLE_GETTER(get_armed, "b", (int)pen_is_live(pen->pen))
SIMPLE_GETTER(get_stop_reason, "s", mnpen_stop_reason_name(pen_sample(pen->pen)->stop_reason))
SIMPLE_GETTER(get_disarm_reason, "s", disarm_reason(pen))
SIMPLE_GETTER(get_depth, "u", (uint32_t)pen_sample(pen->pen)->depth_um)
SIMPLE_GETTER(get_speed, "u", (uint32_t)pen_sample(pen->pen)->speed_rpm)
SIMPLE_GETTER(get_target_depth, "u", (uint32_t)pen->target_depth_um)
SIMPLE_GETTER(get_target_speed, "u", (uint32_t)pen->target_speed_rpm)
SIMPLE_GETTER(get_temperature, "i", (int32_t)pen_sample(pen->pen)->motor_temp_dc)
SIMPLE_GETTER(get_battery, "y", pen_sample(pen->pen)->battery_pct)
SIMPLE_GETTER(get_profile, "s", profile_name(pen))
SIMPLE_GETTER(get_area, "s", area_name(pen))
SIMPLE_GETTER(get_session, "o", session_path(pen))
SIMPLE_GETTER(get_pedal, "s", station_pedal_name(pen))
SIMPLE_GETTER(get_last_sample, "t", pen_sample_usec(pen->pen))

GETTER(get_firmware)
{
	const struct bus_pen *pen = userdata;
	unsigned int bcd = pen_info(pen->pen->pen)->firmware;
	char text[16];

	snprintf(text, sizeof(text), "%x.%02x", bcd >> 8, bcd & 0xff);
	return sd_bus_message_append(reply, "s", text);
}

GETTER(get_faults)
{
	const struct bus_pen *pen = userdata;
	unsigned int faults = pen_sample(pen->pen->pen)->faults;
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (unsigned int bit = 0; r >= 0 && bit < MNPEN_FAULT_COUNT; bit++)
		if (faults & (1u << bit))
			r = sd_bus_message_append(reply, "s", mnpen_fault_name(bit));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static const char *date_text(uint32_t days, char *buf, size_t size)
{
	time_t seconds = (time_t)days * SECONDS_PER_DAY;
	struct tm tm;

	if (days == 0 || !gmtime_r(&seconds, &tm) || strftime(buf, size, "%Y-%m-%d", &tm) == 0)
		return "";
	return buf;
}

GETTER(get_cartridge)
{
	const struct bus_pen *pen = userdata;
	const struct mnpen_cartridge *c = pen_cartridge(pen->pen->pen);
	char uid[2 * MNPEN_UID_SIZE + 1], date[32];
	const struct field fields[] = {
		FIELD_B("present", c->flags & MNPEN_CARTRIDGE_PRESENT),
		FIELD_B("sleeve", c->flags & MNPEN_CARTRIDGE_SLEEVE),
		FIELD_B("unreadable", c->flags & MNPEN_CARTRIDGE_UNREADABLE),
		FIELD_B("claimed", c->claimed_token != 0),
		FIELD_S("uid", hex_text(c->uid, MNPEN_UID_SIZE, uid)),
		FIELD_S("lot", c->lot),
		FIELD_S("expires", date_text(c->expires_days, date, sizeof(date))),
		FIELD_U("needles", c->needles),
		FIELD_U("length_um", c->length_um),
		FIELD_U("strokes", c->strokes),
	};

	return dict_fields(reply, fields, ELEMENTSOF(fields));
}

GETTER(get_limits)
{
	const struct bus_pen *pen = userdata;
	struct refusal ignored; /* Explain() tells it */
	struct limits limits;

	if (station_limits(pen->pen, &limits, &ignored) < 0)
		return dict_fields(reply, NULL, 0);
	return dict_fields(reply,
			   (const struct field[]){
				   FIELD_U("depth_um", limits.depth_um),
				   FIELD_U("tolerance_um", limits.tolerance_um),
				   FIELD_U("speed_min_rpm", limits.speed_min_rpm),
				   FIELD_U("speed_max_rpm", limits.speed_max_rpm),
				   FIELD_U("run_ms", limits.run_ms),
				   FIELD_U("session_ms", limits.session_ms),
			   },
			   6);
}

GETTER(get_limit_sources)
{
	const struct bus_pen *pen = userdata;
	struct refusal ignored;
	struct limits limits;

	if (station_limits(pen->pen, &limits, &ignored) < 0)
		return sd_bus_message_append(reply, "a{ss}", 0);
	return sd_bus_message_append(reply, "a{ss}", 6, "depth_um",
				     limit_source_name(limits.depth_source), "tolerance_um",
				     limit_source_name(limits.tolerance_source), "speed_min_rpm",
				     limit_source_name(limits.speed_min_source), "speed_max_rpm",
				     limit_source_name(limits.speed_max_source), "run_ms",
				     limit_source_name(limits.run_source), "session_ms",
				     limit_source_name(limits.session_source));
}

const sd_bus_vtable pen_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("SetProfile", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				on_pen_set_profile, FREE),
	SD_BUS_METHOD("Arm", NULL, NULL, on_pen_arm, FREE),
	SD_BUS_METHOD("Disarm", NULL, NULL, on_pen_disarm, FREE),
	SD_BUS_METHOD("Stop", NULL, NULL, on_pen_stop, FREE),
	SD_BUS_METHOD_WITH_ARGS("SetTarget", SD_BUS_ARGS("u", depth_um, "u", speed_rpm),
				SD_BUS_NO_RESULT, on_pen_set_target, FREE),
	SD_BUS_METHOD("ClearFault", NULL, NULL, on_pen_clear_fault, FREE),
	SD_BUS_METHOD_WITH_ARGS("OpenTelemetry", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", stream),
				on_pen_open_telemetry, FREE),
	SD_BUS_METHOD_WITH_ARGS("OpenCapture", SD_BUS_ARGS("b", scrub), SD_BUS_RESULT("h", stream),
				on_pen_open_capture, FREE),
	SD_BUS_SIGNAL_WITH_ARGS("Event",
				SD_BUS_ARGS("t", seq, "t", usec, "s", kind, "a{sv}", details), 0),
	SD_BUS_PROPERTY("Serial", "s", get_serial, 0, CONST),
	SD_BUS_PROPERTY("Model", "s", get_model, 0, CONST),
	SD_BUS_PROPERTY("Firmware", "s", get_firmware, 0, CONST),
	SD_BUS_PROPERTY("Transport", "s", get_transport, 0, CONST),
	SD_BUS_PROPERTY("State", "s", get_state, 0, EMITS),
	SD_BUS_PROPERTY("Armed", "b", get_armed, 0, EMITS),
	SD_BUS_PROPERTY("Faults", "as", get_faults, 0, EMITS),
	SD_BUS_PROPERTY("StopReason", "s", get_stop_reason, 0, EMITS),
	SD_BUS_PROPERTY("DisarmReason", "s", get_disarm_reason, 0, EMITS),
	SD_BUS_PROPERTY("DepthUm", "u", get_depth, 0, 0),
	SD_BUS_PROPERTY("SpeedRpm", "u", get_speed, 0, 0),
	SD_BUS_PROPERTY("TargetDepthUm", "u", get_target_depth, 0, EMITS),
	SD_BUS_PROPERTY("TargetSpeedRpm", "u", get_target_speed, 0, EMITS),
	SD_BUS_PROPERTY("TemperatureDc", "i", get_temperature, 0, 0),
	SD_BUS_PROPERTY("BatteryPercent", "y", get_battery, 0, 0),
	SD_BUS_PROPERTY("Cartridge", "a{sv}", get_cartridge, 0, EMITS),
	SD_BUS_PROPERTY("Profile", "s", get_profile, 0, EMITS),
	SD_BUS_PROPERTY("Area", "s", get_area, 0, EMITS),
	SD_BUS_PROPERTY("Limits", "a{sv}", get_limits, 0, EMITS),
	SD_BUS_PROPERTY("LimitSources", "a{ss}", get_limit_sources, 0, EMITS),
	SD_BUS_PROPERTY("Session", "o", get_session, 0, EMITS),
	SD_BUS_PROPERTY("Pedal", "s", get_pedal, 0, EMITS),
	SD_BUS_PROPERTY("LastSampleUsec", "t", get_last_sample, 0, 0),
	SD_BUS_VTABLE_END,
};

static int find_pen(sd_bus *sd_bus, const char *path, const char *interface, void *userdata,
		    void **ret, sd_bus_error *error)
{
	struct bus_pen *pen = bus_pen_by_path(userdata, path);

	if (!pen && strcmp(path, API_PENS) == 0)
		return 0;
	if (!pen)
		return sd_bus_error_setf(error, API_ERROR("NoSuchPen"),
					 "no pen is plugged in at %s; 'mnpenctl pens' lists those "
					 "that are",
					 path);
	*ret = pen;
	return 1;
}

static const char *pen_path(const struct bus_pen *pen)
{
	return pen->path;
}

static int list_pens(sd_bus *sd_bus, const char *prefix, void *userdata, char ***ret,
		     sd_bus_error *error)
{
	return bus_list_paths(userdata, pen_path, ret);
}

int pens_export(struct bus *bus)
{
	int r = sd_bus_add_fallback_vtable(bus->bus, NULL, API_PENS, API_PEN, pen_vtable, find_pen,
					   bus);

	return r < 0 ? r : sd_bus_add_node_enumerator(bus->bus, NULL, API_PENS, list_pens, bus);
}
