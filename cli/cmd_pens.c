// SPDX-License-Identifier: GPL-2.0-only
/* pens: the pens that are plugged in. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/pager.h"
#include "cli/pens.h"
#include "cli/values.h"

static void add_row(struct table *table, const struct pen *pen)
{
	char depth[VALUE_SIZE] = "stale", speed[VALUE_SIZE] = "stale";
	char target[VALUE_SIZE] = "-", battery[16] = "stale", faults[VALUE_SIZE];
	char target_depth[VALUE_SIZE], target_speed[VALUE_SIZE / 2];

	if (pen->fresh) {
		value_depth(pen->depth_um, depth);
		unit_format(UNIT_SPEED, pen->speed_rpm, speed, sizeof(speed));
		snprintf(battery, sizeof(battery), "%u %%", pen->battery_percent);
	}
	if (pen->target_depth_um) {
		unit_format(UNIT_SPEED, pen->target_speed_rpm, target_speed, sizeof(target_speed));
		snprintf(target, sizeof(target), "%.48s, %s",
			 value_depth(pen->target_depth_um, target_depth), target_speed);
	}
	table_row(table, pen->serial, pen->model, pen->state, pen->armed ? "yes" : "no", depth,
		  speed, target, battery, pen->profile, pen->session_id,
		  pens_faults(pen, faults, sizeof(faults)));
}

static enum cli_exit print_json(const struct objects *objects)
{
	_cleanup_json_ json_object *document = json_document();
	json_object *pens = json_object_new_array();

	for (size_t i = 0; i < objects->n_pens; i++)
		json_object_array_add(pens, pens_json(&objects->pens[i]));
	json_object_object_add(document, "pens", pens);
	json_print(document);
	return CLI_DONE;
}

enum cli_exit cmd_pens(struct cli *cli, const struct args *args)
{
	static const char *const headings[] = {"SERIAL",  "MODEL",   "STATE",  "ARMED",
					       ">DEPTH",  ">SPEED",  "TARGET", ">BATTERY",
					       "PROFILE", "SESSION", "FAULTS", NULL};
	_cleanup_objects_ struct objects objects = {0};
	_cleanup_table_ struct table *table = NULL;
	enum cli_exit code = objects_fetch(cli, &objects);

	if (code != CLI_DONE)
		return code;
	if (cli->json)
		return print_json(&objects);
	if (objects.n_pens == 0) {
		cli_say(cli, "no pen is plugged in");
		return CLI_DONE;
	}
	pager_open(cli);
	table = table_new(headings);
	for (size_t i = 0; i < objects.n_pens; i++)
		add_row(table, &objects.pens[i]);
	return table_print(table) < 0 ? cli_no_memory(cli) : CLI_DONE;
}
