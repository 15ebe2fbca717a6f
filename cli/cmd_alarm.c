// SPDX-License-Identifier: GPL-2.0-only
/* alarm list, alarm ack. */
#include "cli/alarms.h"
#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/pager.h"
#include "cli/when.h"
#include "daemon/api/names.h"

size_t alarms_count(json_object *alarms)
{
	return json_object_is_type(alarms, json_type_array) ? json_object_array_length(alarms) : 0;
}

void alarms_say(const struct cli *cli, json_object *alarms)
{
	for (size_t i = 0; i < alarms_count(alarms); i++) {
		json_object *alarm = json_object_array_get_idx(alarms, i);
		const char *pen = json_string(alarm, "pen");
		char raised[WHEN_SIZE];

		cli_say(cli,
			"ALARM %s%s%s, raised %s: %s (%s)%s - when it is seen to: " CLI_NAME
			" alarm ack %s",
			json_string(alarm, "id"), *pen ? ", pen " : "", pen,
			when_local(json_u64(alarm, "raised_wall_usec"), raised),
			json_string(alarm, "text"), json_string(alarm, "kind"),
			json_flag(alarm, "recorded") ? "" : " - NOT ON RECORD YET",
			json_string(alarm, "id"));
	}
}

json_object *alarms_json(json_object *alarms)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < alarms_count(alarms); i++) {
		json_object *alarm = json_object_array_get_idx(alarms, i);
		json_object *o = json_object_new_object();
		char raised[WHEN_SIZE];

		json_add_string(o, "id", json_string(alarm, "id"));
		json_add_text(o, "pen", json_string(alarm, "pen"));
		json_add_string(o, "kind", json_string(alarm, "kind"));
		json_add_string(o, "text", json_string(alarm, "text"));
		json_add_string(o, "raised", when_utc(json_u64(alarm, "raised_wall_usec"), raised));
		json_add_u64(o, "usec", json_u64(alarm, "usec"));
		json_add_bool(o, "recorded", json_flag(alarm, "recorded"));
		json_object_array_add(list, o);
	}
	return list;
}

enum cli_exit cmd_alarm_list(struct cli *cli, const struct args *args)
{
	_cleanup_json_ json_object *manager = NULL, *document = NULL;
	json_object *alarms;
	enum cli_exit code = bus_get_all(cli, API_ROOT, API_MANAGER, &manager);

	if (code != CLI_DONE)
		return code;
	alarms = json_get(manager, "Alarms");
	if (cli->json) {
		document = json_document();
		json_object_object_add(document, "alarms", alarms_json(alarms));
		json_print(document);
		return CLI_DONE;
	}
	pager_open(cli);
	alarms_say(cli, alarms);
	if (alarms_count(alarms) == 0)
		cli_say(cli, "no standing alarms");
	return CLI_DONE;
}

enum cli_exit cmd_alarm_ack(struct cli *cli, const struct args *args)
{
	enum cli_exit code = bus_call(cli, NULL, API_ROOT, API_MANAGER, "AcknowledgeAlarm", "s",
				      args->operands[0]);

	if (code == CLI_DONE)
		cli_done_with(cli, "alarm", args->operands[0], "alarm %s is acknowledged",
			      args->operands[0]);
	return code;
}
