// SPDX-License-Identifier: GPL-2.0-only
/* status: everything that an operator needs to know before and after pressing the trigger. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/alarms.h"
#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/pens.h"
#include "cli/text.h"
#include "cli/values.h"
#include "cli/when.h"
#include "daemon/api/names.h"

/* Why the pen would not arm: [["reason", "sentence"], ...] as Explain gives it. */
static enum cli_exit explain(struct cli *cli, const char *pen_path, json_object **ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	enum cli_exit code = bus_call(cli, &reply, API_ROOT, API_MANAGER, "Explain", "o", pen_path);

	if (code != CLI_DONE)
		return code;
	if (json_from_bus(reply, ret) < 0)
		return cli_no_memory(cli);
	return CLI_DONE;
}

static const char *reason_part(json_object *reasons, size_t i, size_t part)
{
	json_object *pair = json_object_array_get_idx(reasons, i);
	json_object *text = json_object_is_type(pair, json_type_array)
				    ? json_object_array_get_idx(pair, part)
				    : NULL;

	return text ? json_object_get_string(text) : "";
}

static void add_now(struct table *sheet, const struct pen *pen)
{
	char a[VALUE_SIZE], b[VALUE_SIZE], c[VALUE_SIZE];

	if (!pen->last_sample_usec)
		table_pair(sheet, "Now", "no sample yet");
	else if (!pen->age_known)
		table_pair(sheet, "Now", "%s, %s (age unknown: another machine's clock)",
			   value_depth(pen->depth_um, a), value_speed(pen->speed_rpm, b));
	else if (!pen->fresh)
		table_pair(sheet, "Now", "stale: the last sample is %s old",
			   value_time(pen->age_ms, a));
	else
		table_pair(sheet, "Now", "%s, %s, motor %s, battery %u %%",
			   value_depth(pen->depth_um, a), value_speed(pen->speed_rpm, b),
			   text_temperature(pen->temperature_dc, c, sizeof(c)),
			   pen->battery_percent);
}

static const char *yes_no(json_object *values, const char *key)
{
	return json_flag(values, key) ? "yes" : "no";
}

/* Of a tag that was not read there are only noughts. */
static void add_cartridge(struct table *sheet, const struct pen *pen)
{
	static const char no_uid[] = "0000000000000000";
	char line[512];

	if (strcmp(json_string(pen->cartridge, "uid"), no_uid) == 0)
		table_pair(sheet, "Cartridge", "present %s, sleeve %s, unreadable %s, no tag",
			   yes_no(pen->cartridge, "present"), yes_no(pen->cartridge, "sleeve"),
			   yes_no(pen->cartridge, "unreadable"));
	else
		table_pair(sheet, "Cartridge", "%s",
			   values_line(pen->cartridge, line, sizeof(line)));
}

static void add_notices(struct table *sheet, json_object *notices)
{
	size_t n = json_object_is_type(notices, json_type_array) ? json_object_array_length(notices)
								 : 0;

	for (size_t i = 0; i < n; i++)
		table_pair(sheet, i ? "" : "Notice", "%s",
			   json_object_get_string(json_object_array_get_idx(notices, i)));
}

static void add_session(struct table *sheet, const struct objects *objects, const struct pen *pen)
{
	char used[VALUE_SIZE], left[VALUE_SIZE], until[VALUE_SIZE];

	for (size_t i = 0; i < objects->n_sessions; i++) {
		json_object *p = objects->sessions[i].properties;

		if (strcmp(objects->sessions[i].path, pen->session_path) != 0)
			continue;
		table_pair(sheet, "Session", "%s", pen->session_id);
		table_pair(sheet, "", "run %s, %s of motor time left, %s of session time left",
			   value_time(json_u64(p, "RunMs"), used),
			   value_time(json_u64(p, "RunLeftMs"), left),
			   value_time(json_u64(p, "SessionLeftMs"), until));
		add_notices(sheet, json_get(p, "Notices"));
		return;
	}
	table_pair(sheet, "Session", "%s", pen->session_id[0] ? pen->session_id : "none");
}

static void add_limits(struct table *sheet, const struct pen *pen)
{
	const char *name = "Limits";

	if (!json_object_is_type(pen->limits, json_type_object))
		return;
	json_object_object_foreach(pen->limits, key, value)
	{
		char label[64], text[VALUE_SIZE];
		const char *source = json_string(pen->limit_sources, key);

		table_pair(sheet, name, "%-10s %s%s%s", value_label(key, label, sizeof(label)),
			   value_text(key, value, text, sizeof(text)), *source ? ", set by " : "",
			   source);
		name = "";
	}
}

/* Few rows, so that on a screen of 24 the first one has not scrolled away. */
static int print_pen(const struct cli *cli, const struct objects *objects, const struct pen *pen,
		     json_object *reasons)
{
	_cleanup_table_ struct table *sheet = table_sheet();
	size_t n = json_object_array_length(reasons);
	bool pedal = *pen->pedal && strcmp(pen->pedal, "off") != 0;
	char a[VALUE_SIZE], b[VALUE_SIZE];

	cli_say(cli, "\n%s, %s, firmware %s, by %s%s", pen->serial, pen->model, pen->firmware,
		pen->transport,
		strcmp(pen->transport, "chardev") == 0 ? ", behind the kernel guard" : "");
	table_pair(sheet, "State", "%s, %s%s%s", pen->state, pen->armed ? "ARMED" : "not armed",
		   pedal ? ", pedal " : "", pedal ? pen->pedal : "");
	table_pair(sheet, "Last stop", "%s (the pen says: %s)",
		   *pen->disarm_reason ? pen->disarm_reason : "none",
		   *pen->stop_reason ? pen->stop_reason : "none");
	pens_faults(pen, a, sizeof(a));
	table_pair(sheet, "Faults", "%s", *a ? a : "none");
	add_now(sheet, pen);
	if (pen->target_depth_um)
		table_pair(sheet, "Target", "%s, %s", value_depth(pen->target_depth_um, a),
			   value_speed(pen->target_speed_rpm, b));
	else
		table_pair(sheet, "Target", "none");
	table_pair(sheet, "Profile", "%s%s%s", *pen->profile ? pen->profile : "none",
		   *pen->area ? ", area " : "", pen->area);
	add_session(sheet, objects, pen);
	add_limits(sheet, pen);
	add_cartridge(sheet, pen);
	if (pen->armed) {
		table_pair(sheet, "Arming", "is armed");
		return table_print(sheet);
	}
	if (n == 0)
		table_pair(sheet, "Arming", "nothing against it");
	for (size_t i = 0; i < n; i++)
		table_pair(sheet, i == 0 ? "Against" : "", "%s: %s", reason_part(reasons, i, 0),
			   reason_part(reasons, i, 1));
	return table_print(sheet);
}

static json_object *pen_document(const struct pen *pen, json_object *reasons)
{
	json_object *o = pens_json(pen);
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(reasons); i++) {
		json_object *entry = json_object_new_object();

		json_add_string(entry, "reason", reason_part(reasons, i, 0));
		json_add_string(entry, "message", reason_part(reasons, i, 1));
		json_object_array_add(list, entry);
	}
	json_object_object_add(o, "not_arming", list);
	return o;
}

static void add_known(json_object *o, const char *key, uint64_t value)
{
	if (value)
		json_add_u64(o, key, value);
	else
		json_add_string(o, key, NULL);
}

static json_object *session_document(const struct objects *objects, const struct session *session)
{
	json_object *o = json_object_new_object();
	json_object *p = session->properties;
	char started[WHEN_SIZE];
	const char *pen = "";

	for (size_t i = 0; i < objects->n_pens; i++)
		if (strcmp(objects->pens[i].path, session->pen_path) == 0)
			pen = objects->pens[i].serial;
	json_add_string(o, "id", session->id);
	json_add_text(o, "pen", pen);
	json_add_string(o, "profile", session->profile);
	json_add_text(o, "area", session->area);
	json_add_string(o, "started", when_utc(json_u64(p, "StartedUsec"), started));
	json_add_u64(o, "run_ms", json_u64(p, "RunMs"));
	json_add_u64(o, "run_left_ms", json_u64(p, "RunLeftMs"));
	json_add_u64(o, "session_left_ms", json_u64(p, "SessionLeftMs"));
	json_add_u64(o, "strokes", json_u64(p, "Strokes"));
	json_add_u64(o, "samples", json_u64(p, "Samples"));
	json_add_u64(o, "gaps", json_u64(p, "Gaps"));
	json_add_text(o, "screening", json_string(p, "Screening"));
	json_add_u64(o, "sessions_before", json_u64(p, "SessionsBefore"));
	add_known(o, "area_size_cm2", json_u64(p, "AreaSizeCm2"));
	add_known(o, "punctures_per_cm2", json_u64(p, "PuncturesPerCm2"));
	json_add_shared(o, "notices", json_get(p, "Notices"), json_object_new_array());
	return o;
}

/* Whether the status of @pen was asked for; a session's is told with its pen. */
static bool wanted(const struct pen *only, const char *pen_path)
{
	return !only || strcmp(only->path, pen_path) == 0;
}

static enum cli_exit print_json(struct cli *cli, json_object *manager,
				const struct objects *objects, const struct pen *only)
{
	_cleanup_json_ json_object *document = json_document();
	json_object *pens = json_object_new_array(), *sessions = json_object_new_array();

	json_add_string(document, "version", json_string(manager, "Version"));
	json_add_bool(document, "store_healthy", json_flag(manager, "StoreHealthy"));
	json_object_object_add(document, "alarms", alarms_json(json_get(manager, "Alarms")));
	json_object_object_add(document, "pens", pens);
	json_object_object_add(document, "sessions", sessions);
	for (size_t i = 0; i < objects->n_pens; i++) {
		_cleanup_json_ json_object *reasons = NULL;
		enum cli_exit code;

		if (!wanted(only, objects->pens[i].path))
			continue;
		code = explain(cli, objects->pens[i].path, &reasons);
		if (code != CLI_DONE)
			return code;
		json_object_array_add(pens, pen_document(&objects->pens[i], reasons));
	}
	for (size_t i = 0; i < objects->n_sessions; i++)
		if (wanted(only, objects->sessions[i].pen_path))
			json_object_array_add(sessions,
					      session_document(objects, &objects->sessions[i]));
	json_print(document);
	return CLI_DONE;
}

static enum cli_exit print_text(struct cli *cli, json_object *manager,
				const struct objects *objects, const struct pen *only)
{
	json_object *alarms = json_get(manager, "Alarms");
	size_t n_alarms = alarms_count(alarms);
	char standing[64] = "";

	if (n_alarms)
		snprintf(standing, sizeof(standing), ", %zu ALARM%s", n_alarms,
			 n_alarms == 1 ? " STANDS" : "S STAND");
	cli_say(cli, "mnpend %s, records %s%s", json_string(manager, "Version"),
		json_flag(manager, "StoreHealthy") ? "healthy"
						   : "NOT HEALTHY: nothing can be armed",
		standing);
	alarms_say(cli, alarms);
	if (objects->n_pens == 0)
		cli_say(cli, "no pen is plugged in");
	for (size_t i = 0; i < objects->n_pens; i++) {
		_cleanup_json_ json_object *reasons = NULL;
		enum cli_exit code;

		if (!wanted(only, objects->pens[i].path))
			continue;
		code = explain(cli, objects->pens[i].path, &reasons);
		if (code != CLI_DONE)
			return code;
		if (print_pen(cli, objects, &objects->pens[i], reasons) < 0)
			return cli_no_memory(cli);
	}
	return CLI_DONE;
}

enum cli_exit cmd_status(struct cli *cli, const struct args *args)
{
	_cleanup_objects_ struct objects objects = {0};
	_cleanup_json_ json_object *manager = NULL;
	const struct pen *only = NULL;
	enum cli_exit code = bus_get_all(cli, API_ROOT, API_MANAGER, &manager);

	if (code == CLI_DONE)
		code = objects_fetch(cli, &objects);
	if (code == CLI_DONE && args->n_operands > 0)
		code = pens_choose(cli, &objects, args->operands[0], &only);
	if (code != CLI_DONE)
		return code;
	return cli->json ? print_json(cli, manager, &objects, only)
			 : print_text(cli, manager, &objects, only);
}
