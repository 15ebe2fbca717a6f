// SPDX-License-Identifier: GPL-2.0-only
/* /org/mnpen1: the station as a whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bus/parts.h"

/* ---- BeginSession ---- */

static void on_begun(void *userdata, const struct refusal *refusal)
{
	struct request *request = userdata;
	const struct bus_pen *pen = bus_pen_by_id(request->bus, request->pen_id);
	sd_bus_message *reply = NULL;
	int r;

	if (refusal) {
		request_refuse(request, refusal);
		return;
	}
	r = pen && pen->session_path ? sd_bus_message_new_method_return(request->message, &reply)
				     : -ENOMEM;
	if (r >= 0)
		r = sd_bus_message_append(reply, "so", pen->session->id, pen->session_path);
	request_reply(request, reply, r);
}

static int run_begin(struct request *request, struct refusal *refusal)
{
	struct begin_options o = {.operator_uid = request->uid};
	const struct dict_key keys[] = {
		{"area", 's', &o.area},
		{"operator", 's', &o.operator_name},
		{"screening", 's', &o.screening},
		{"consent", 's', &o.consent},
		{"sign-off", 's', &o.sign_off},
		{"cartridge", 's', &o.cartridge},
		{"area-size-cm2", 's', &o.area_size_cm2},
	};
	struct bus_pen *pen = request_pen(request, refusal);
	const char *profile, *client;
	int r;

	if (!pen)
		return -EACCES;
	r = sd_bus_message_read(request->message, "oss", NULL, &profile, &client);
	if (r >= 0)
		r = dict_read(request->message, keys, ELEMENTSOF(keys), refusal);
	if (r < 0)
		return r;
	return station_begin(pen->pen, request->epoch, profile, client, &o, on_begun, request,
			     refusal);
}

int pen_argument(struct bus *bus, sd_bus_message *m, struct bus_pen **ret)
{
	_cleanup_free_ char *serial = NULL;
	struct refusal refusal;
	const char *path;
	int r = sd_bus_message_read_basic(m, 'o', &path);

	if (r < 0)
		return r;
	*ret = bus_pen_by_path(bus, path);
	if (*ret)
		return 0;
	if (sd_bus_path_decode(path, API_PENS, &serial) <= 0)
		serial = NULL;
	refuse(&refusal, REFUSAL_NO_SUCH_PEN,
	       "no pen '%.160s' is plugged in; 'mnpenctl pens' lists those that are",
	       serial ? serial : path);
	log_refused(bus, m, NULL, &refusal);
	return refusal_reply(m, &refusal);
}

static int on_begin_session(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen;
	int r = pen_argument(userdata, m, &pen);

	if (r != 0)
		return r;
	r = sd_bus_message_rewind(m, true);
	return r < 0 ? r : request_start(userdata, m, API_ACTION_OPERATE, pen, run_begin);
}

/* ---- stop: nobody is asked ---- */

static int on_stop_all(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return stop_all(userdata, m);
}

/* ---- alarms ---- */

static int run_acknowledge(struct request *request, struct refusal *refusal)
{
	const char *id;
	int r = sd_bus_message_read(request->message, "s", &id);

	if (r < 0)
		return r;
	return station_acknowledge(request->bus->station, id, request->uid, request_done, request,
				   refusal);
}

static int on_acknowledge(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return request_start(userdata, m, API_ACTION_OPERATE, NULL, run_acknowledge);
}

static int append_alarm(sd_bus_message *reply, const struct alarm *alarm)
{
	const struct store_alarm *what = &alarm->what;
	int r = sd_bus_message_open_container(reply, 'a', "{sv}");

	if (r >= 0)
		r = dict_s(reply, "id", what->id);
	if (r >= 0)
		r = dict_s(reply, "pen", what->pen);
	if (r >= 0)
		r = dict_s(reply, "kind", what->kind);
	if (r >= 0)
		r = dict_s(reply, "text", what->text);
	if (r >= 0)
		r = dict_t(reply, "usec", what->usec);
	if (r >= 0)
		r = dict_t(reply, "raised_wall_usec", what->wall_usec);
	if (r >= 0)
		r = dict_b(reply, "recorded", alarm->recorded);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

GETTER(get_alarms)
{
	struct bus *bus = userdata;
	const struct alarm *alarm;
	int r = sd_bus_message_open_container(reply, 'a', "a{sv}");

	for (size_t i = 0; r >= 0 && (alarm = station_alarm_at(bus->station, i)); i++)
		r = append_alarm(reply, alarm);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

GETTER(get_version)
{
	return sd_bus_message_append(reply, "s", MNPEN_VERSION);
}

GETTER(get_healthy)
{
	struct bus *bus = userdata;

	return sd_bus_message_append(reply, "b", (int)station_store_healthy(bus->station));
}

const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("StopAll", NULL, NULL, on_stop_all, FREE),
	SD_BUS_METHOD_WITH_ARGS("BeginSession",
				SD_BUS_ARGS("o", pen, "s", profile, "s", client, "a{sv}", options),
				SD_BUS_RESULT("s", id, "o", session), on_begin_session, FREE),
	SD_BUS_METHOD_WITH_ARGS(
		"ListSessions", SD_BUS_ARGS("a{sv}", filter, "s", cursor, "u", count),
		SD_BUS_RESULT("aa{sv}", sessions, "s", next), on_list_sessions, FREE),
	SD_BUS_METHOD_WITH_ARGS("OpenRecord", SD_BUS_ARGS("s", id, "s", what, "a{sv}", options),
				SD_BUS_RESULT("h", stream), on_open_record, FREE),
	SD_BUS_METHOD_WITH_ARGS("VerifyRecord", SD_BUS_ARGS("s", id),
				SD_BUS_RESULT("b", intact, "s", finding), on_verify_record, FREE),
	SD_BUS_METHOD_WITH_ARGS("AddProfile", SD_BUS_ARGS("s", name, "s", text), SD_BUS_NO_RESULT,
				on_add_profile, FREE),
	SD_BUS_METHOD_WITH_ARGS("RemoveProfile", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				on_remove_profile, FREE),
	SD_BUS_METHOD_WITH_ARGS("CheckProfile", SD_BUS_ARGS("s", text), SD_BUS_RESULT("as", errors),
				on_check_profile, FREE),
	SD_BUS_METHOD_WITH_ARGS("EraseClient", SD_BUS_ARGS("s", client, "s", reason),
				SD_BUS_NO_RESULT, on_erase_client, FREE),
	SD_BUS_METHOD_WITH_ARGS("AcknowledgeAlarm", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
				on_acknowledge, FREE),
	SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("o", pen), SD_BUS_RESULT("a(ss)", reasons),
				on_explain, FREE),
	SD_BUS_METHOD_WITH_ARGS("Backup", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", stream), on_backup,
				FREE),
	SD_BUS_METHOD_WITH_ARGS("SetLegalHold", SD_BUS_ARGS("s", client, "b", on, "s", reason),
				SD_BUS_NO_RESULT, on_set_legal_hold, FREE),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, CONST),
	SD_BUS_PROPERTY("StoreHealthy", "b", get_healthy, 0, EMITS),
	SD_BUS_PROPERTY("Alarms", "aa{sv}", get_alarms, 0, EMITS),
	SD_BUS_VTABLE_END,
};

int manager_export(struct bus *bus)
{
	return sd_bus_add_object_vtable(bus->bus, NULL, API_ROOT, API_MANAGER, manager_vtable, bus);
}
