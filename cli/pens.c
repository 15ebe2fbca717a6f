// SPDX-License-Identifier: GPL-2.0-only
/* GetManagedObjects → pens, sessions, profiles; and which of them a command means. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/pens.h"
#include "cli/text.h"
#include "daemon/api/names.h"
#include "driver/base/clock.h"
#include "driver/proto/records.h"

static void fill_age(struct pen *pen, uint64_t now_usec)
{
	if (pen->last_sample_usec == 0 || now_usec == 0)
		return;
	pen->age_known = true;
	pen->age_ms = now_usec > pen->last_sample_usec
			      ? (now_usec - pen->last_sample_usec) / USEC_PER_MSEC
			      : 0;
	pen->fresh = pen->age_ms <= PENS_FRESH_MS;
}

static void fill_pen(struct pen *pen, const char *path, json_object *p, uint64_t now_usec)
{
	_cleanup_free_ char *id = NULL;

	*pen = (struct pen){
		.path = path,
		.serial = json_string(p, "Serial"),
		.model = json_string(p, "Model"),
		.firmware = json_string(p, "Firmware"),
		.transport = json_string(p, "Transport"),
		.state = json_string(p, "State"),
		.stop_reason = json_string(p, "StopReason"),
		.disarm_reason = json_string(p, "DisarmReason"),
		.profile = json_string(p, "Profile"),
		.area = json_string(p, "Area"),
		.pedal = json_string(p, "Pedal"),
		.session_path = json_string(p, "Session"),
		.armed = json_flag(p, "Armed"),
		.depth_um = json_u32(p, "DepthUm"),
		.speed_rpm = json_u32(p, "SpeedRpm"),
		.target_depth_um = json_u32(p, "TargetDepthUm"),
		.target_speed_rpm = json_u32(p, "TargetSpeedRpm"),
		.temperature_dc = json_i32(p, "TemperatureDc"),
		.battery_percent = json_u32(p, "BatteryPercent"),
		.last_sample_usec = json_u64(p, "LastSampleUsec"),
		.faults = json_get(p, "Faults"),
		.limits = json_get(p, "Limits"),
		.limit_sources = json_get(p, "LimitSources"),
		.cartridge = json_get(p, "Cartridge"),
	};
	if (sd_bus_path_decode(pen->session_path, API_SESSIONS, &id) > 0)
		snprintf(pen->session_id, sizeof(pen->session_id), "%s", id);
	fill_age(pen, now_usec);
}

static int by_serial(const void *a, const void *b)
{
	return strcmp(((const struct pen *)a)->serial, ((const struct pen *)b)->serial);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct session *)a)->id, ((const struct session *)b)->id);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct profile *)a)->name, ((const struct profile *)b)->name);
}

static void add_object(struct objects *all, const char *path, json_object *interfaces,
		       uint64_t now_usec)
{
	json_object *p;

	p = json_get(interfaces, API_PEN);
	if (p)
		fill_pen(&all->pens[all->n_pens++], path, p, now_usec);
	p = json_get(interfaces, API_SESSION);
	if (p)
		all->sessions[all->n_sessions++] = (struct session){
			.path = path,
			.id = json_string(p, "Id"),
			.pen_path = json_string(p, "Pen"),
			.profile = json_string(p, "Profile"),
			.area = json_string(p, "Area"),
			.properties = p,
		};
	p = json_get(interfaces, API_PROFILE);
	if (p)
		all->profiles[all->n_profiles++] = (struct profile){
			.path = path,
			.name = json_string(p, "Name"),
			.properties = p,
		};
}

int objects_parse(struct objects *ret, json_object *tree, uint64_t now_usec)
{
	size_t n = json_object_is_type(tree, json_type_object)
			   ? (size_t)json_object_object_length(tree)
			   : 0;

	*ret = (struct objects){
		.tree = tree,
		.pens = calloc(n + 1, sizeof(*ret->pens)),
		.sessions = calloc(n + 1, sizeof(*ret->sessions)),
		.profiles = calloc(n + 1, sizeof(*ret->profiles)),
	};
	if (!ret->pens || !ret->sessions || !ret->profiles)
		return -ENOMEM;
	if (n == 0)
		return 0;
	json_object_object_foreach(tree, path, interfaces)
	{
		add_object(ret, path, interfaces, now_usec);
	}
	qsort(ret->pens, ret->n_pens, sizeof(*ret->pens), by_serial);
	qsort(ret->sessions, ret->n_sessions, sizeof(*ret->sessions), by_id);
	qsort(ret->profiles, ret->n_profiles, sizeof(*ret->profiles), by_name);
	return 0;
}

void objects_free(struct objects *objects)
{
	json_object_put(objects->tree);
	free(objects->pens);
	free(objects->sessions);
	free(objects->profiles);
	*objects = (struct objects){0};
}

enum cli_exit objects_fetch(struct cli *cli, struct objects *ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	json_object *tree = NULL;
	enum cli_exit code;
	int r;

	*ret = (struct objects){0};
	code = bus_prepare(cli, API_ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
			   &call);
	if (code == CLI_DONE)
		code = bus_send(cli, call, BUS_TIMEOUT_USEC, &reply);
	if (code != CLI_DONE)
		return code;
	r = json_from_bus(reply, &tree);
	if (r < 0)
		return cli_fail(cli, CLI_FAILED, "Failed", NULL,
				"cannot read what mnpend says of its objects: %s", strerror(-r));
	r = objects_parse(ret, tree, cli->host ? 0 : now_usec());
	return r < 0 ? cli_no_memory(cli) : CLI_DONE;
}

/* "plugged in: A, B". Return: @list. */
static char *list_pens(const struct objects *objects, char *list, size_t size)
{
	size_t used = (size_t)snprintf(list, size, "plugged in: ");

	for (size_t i = 0; i < objects->n_pens && used < size; i++)
		used += (size_t)snprintf(list + used, size - used, "%s%s", i ? ", " : "",
					 objects->pens[i].serial);
	if (objects->n_pens == 0)
		snprintf(list + used, size - used, "none");
	return list;
}

static enum cli_exit several_pens(struct cli *cli, const struct objects *objects)
{
	char list[512];

	return cli_usage(cli, "name the one that you mean: PEN, or --pen PEN for session begin",
			 "there is more than one pen, %s", list_pens(objects, list, sizeof(list)));
}

enum cli_exit pens_choose(struct cli *cli, const struct objects *objects, const char *serial,
			  const struct pen **ret)
{
	char list[512];

	if (!serial && objects->n_pens == 0)
		return cli_fail(cli, CLI_NOT_FOUND, "NoSuchPen",
				"plug one in and switch it on; if it is, see journalctl -u mnpend",
				"no pen is plugged in");
	if (!serial && objects->n_pens > 1)
		return several_pens(cli, objects);
	for (size_t i = 0; i < objects->n_pens; i++) {
		if (serial && strcmp(serial, objects->pens[i].serial) != 0)
			continue;
		*ret = &objects->pens[i];
		return CLI_DONE;
	}
	return cli_fail(cli, CLI_NOT_FOUND, "NoSuchPen", list_pens(objects, list, sizeof(list)),
			"there is no pen %s", serial);
}

enum cli_exit pens_path(struct cli *cli, const char *serial, char **ret_path, char **ret_serial)
{
	_cleanup_objects_ struct objects objects = {0};
	const struct pen *pen = NULL;
	enum cli_exit code;

	if (serial && !mnpen_serial_valid(serial))
		return cli_fail(cli, CLI_NOT_FOUND, "NoSuchPen",
				CLI_NAME " pens lists the pens that are plugged in",
				"\"%s\" is not the serial of a pen", serial);
	if (!serial) {
		code = objects_fetch(cli, &objects);
		if (code == CLI_DONE)
			code = pens_choose(cli, &objects, NULL, &pen);
		if (!pen)
			return code;
		serial = pen->serial;
	}
	*ret_serial = strdup(serial);
	if (!*ret_serial)
		return cli_no_memory(cli);
	return bus_path(cli, API_PENS, serial, ret_path);
}

static const char *serial_at(const struct objects *objects, const char *path)
{
	for (size_t i = 0; i < objects->n_pens; i++)
		if (strcmp(objects->pens[i].path, path) == 0)
			return objects->pens[i].serial;
	return "?";
}

static enum cli_exit no_session(struct cli *cli, const struct objects *objects, const char *id)
{
	_cleanup_free_ const char **ids = calloc(objects->n_sessions + 1, sizeof(*ids));
	char hint[128] = "begin one: " CLI_NAME " session begin --client ID --area AREA";
	const char *near = NULL;

	for (size_t i = 0; ids && i < objects->n_sessions; i++)
		ids[i] = objects->sessions[i].id;
	if (id && objects->n_sessions > 0)
		snprintf(hint, sizeof(hint), CLI_NAME " status shows those that are open");
	if (id && ids)
		near = text_nearest(id, ids, objects->n_sessions);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	return cli_fail(cli, CLI_NOT_FOUND, "NoSuchSession", hint, "no session%s%s is open",
			id ? " " : "", id ? id : "");
}

static enum cli_exit several_sessions(struct cli *cli, const struct objects *objects)
{
	char list[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < objects->n_sessions && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s of pen %s",
					 i ? ", " : "", objects->sessions[i].id,
					 serial_at(objects, objects->sessions[i].pen_path));
	return cli_usage(cli, "name the one that you mean: --session ID",
			 "several sessions are open: %s", list);
}

enum cli_exit pens_session(struct cli *cli, const char *id, char **ret_path, char **ret_id)
{
	_cleanup_objects_ struct objects objects = {0};
	bool known = false;
	enum cli_exit code;

	code = objects_fetch(cli, &objects);
	if (code != CLI_DONE)
		return code;
	if (!id && objects.n_sessions > 1)
		return several_sessions(cli, &objects);
	if (!id && objects.n_sessions == 1)
		id = objects.sessions[0].id;
	for (size_t i = 0; i < objects.n_sessions; i++)
		known |= id && strcmp(objects.sessions[i].id, id) == 0;
	if (!known)
		return no_session(cli, &objects, id);
	*ret_id = strdup(id);
	if (!*ret_id)
		return cli_no_memory(cli);
	return bus_path(cli, API_SESSIONS, id, ret_path);
}

char *pens_faults(const struct pen *pen, char *buf, size_t size)
{
	size_t n = json_object_is_type(pen->faults, json_type_array)
			   ? json_object_array_length(pen->faults)
			   : 0;
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(
			buf + used, size - used, "%s%s", i ? " " : "",
			json_object_get_string(json_object_array_get_idx(pen->faults, i)));
	return buf;
}

static void add_known(json_object *o, const char *key, uint64_t value, bool known)
{
	if (known)
		json_add_u64(o, key, value);
	else
		json_add_string(o, key, NULL);
}

/* Limits that are not known come as a dictionary without entries. */
static json_object *unless_empty(json_object *dictionary)
{
	return json_object_is_type(dictionary, json_type_object) &&
			       json_object_object_length(dictionary) > 0
		       ? dictionary
		       : NULL;
}

json_object *pens_json(const struct pen *pen)
{
	json_object *o = json_object_new_object();

	json_add_string(o, "serial", pen->serial);
	json_add_string(o, "model", pen->model);
	json_add_string(o, "firmware", pen->firmware);
	json_add_string(o, "transport", pen->transport);
	json_add_string(o, "state", pen->state);
	json_add_bool(o, "armed", pen->armed);
	json_add_shared(o, "faults", pen->faults, json_object_new_array());
	json_add_string(o, "stop_reason", pen->stop_reason);
	json_add_string(o, "disarm_reason", pen->disarm_reason);
	json_add_u64(o, "depth_um", pen->depth_um);
	json_add_u64(o, "speed_rpm", pen->speed_rpm);
	add_known(o, "target_depth_um", pen->target_depth_um, pen->target_depth_um > 0);
	add_known(o, "target_speed_rpm", pen->target_speed_rpm, pen->target_depth_um > 0);
	json_add_i64(o, "temperature_dc", pen->temperature_dc);
	json_add_u64(o, "battery_percent", pen->battery_percent);
	json_add_text(o, "profile", pen->profile);
	json_add_text(o, "area", pen->area);
	json_add_text(o, "session", pen->session_id);
	json_add_string(o, "pedal", pen->pedal);
	json_add_shared(o, "limits", unless_empty(pen->limits), NULL);
	json_add_shared(o, "limit_sources", unless_empty(pen->limit_sources), NULL);
	json_object_object_add(o, "cartridge", json_given(pen->cartridge, false));
	add_known(o, "last_sample_usec", pen->last_sample_usec, pen->last_sample_usec > 0);
	add_known(o, "last_sample_age_ms", pen->age_ms, pen->age_known);
	json_add_bool(o, "fresh", pen->fresh);
	return o;
}
