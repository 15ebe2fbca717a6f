// SPDX-License-Identifier: GPL-2.0-only
/* target: the depth and speed to run with. */
#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/pens.h"
#include "cli/values.h"
#include "daemon/api/names.h"

/* A value with its unit into *@value, which keeps what it has when the option was left out. */
static enum cli_exit take_value(struct cli *cli, const struct args *args, enum cli_option option,
				enum unit_kind kind, const char *example, uint32_t *value)
{
	const char *text = args->value[option];
	uint64_t base;
	int r;

	if (!text)
		return CLI_DONE;
	r = unit_parse(kind, text, &base);
	if (r == 0 && (base == 0 || base > UINT32_MAX))
		return cli_usage(cli, CLI_NAME " status shows the limits",
				 "--%s \"%s\": the value must be more than nothing and "
				 "within the limits",
				 option_text(option)->name, text);
	if (r < 0)
		return cli_usage(cli, example, "--%s \"%s\": %s; write it in %s",
				 option_text(option)->name, text, unit_strerror(r),
				 unit_allowed(kind));
	*value = (uint32_t)base;
	return CLI_DONE;
}

/* What was left out stays as it is, if there is anything to stay. */
static enum cli_exit keep_other(struct cli *cli, const char *serial, uint32_t *depth_um,
				uint32_t *speed_rpm)
{
	_cleanup_objects_ struct objects objects = {0};
	const struct pen *pen = NULL;
	enum cli_exit code = objects_fetch(cli, &objects);

	if (code == CLI_DONE)
		code = pens_choose(cli, &objects, serial, &pen);
	if (code != CLI_DONE)
		return code;
	if (pen->target_depth_um == 0)
		return cli_usage(cli, "give both: target --depth 0.5mm --speed 6000rpm",
				 "%s has no target yet, so --%s is needed as well", pen->serial,
				 *depth_um ? "speed" : "depth");
	if (*depth_um == 0)
		*depth_um = pen->target_depth_um;
	if (*speed_rpm == 0)
		*speed_rpm = pen->target_speed_rpm;
	return CLI_DONE;
}

static void print_json(const char *serial, uint32_t depth_um, uint32_t speed_rpm)
{
	_cleanup_json_ json_object *document = json_document();

	json_add_bool(document, "done", true);
	json_add_string(document, "pen", serial);
	json_add_u64(document, "target_depth_um", depth_um);
	json_add_u64(document, "target_speed_rpm", speed_rpm);
	json_print(document);
}

enum cli_exit cmd_target(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *path = NULL, *serial = NULL;
	char depth[VALUE_SIZE], speed[VALUE_SIZE];
	uint32_t depth_um = 0, speed_rpm = 0;
	enum cli_exit code;

	if (!args->value[OPT_DEPTH] && !args->value[OPT_SPEED])
		return cli_usage(cli, "give at least one: target --depth 0.5mm --speed 6000rpm",
				 "target needs --depth or --speed");
	code = take_value(cli, args, OPT_DEPTH, UNIT_DEPTH, "like --depth 0.5mm or --depth 500um",
			  &depth_um);
	if (code == CLI_DONE)
		code = take_value(cli, args, OPT_SPEED, UNIT_SPEED,
				  "like --speed 6000rpm or --speed 100Hz", &speed_rpm);
	if (code == CLI_DONE)
		code = pens_path(cli, args->n_operands ? args->operands[0] : NULL, &path, &serial);
	if (code == CLI_DONE && (depth_um == 0 || speed_rpm == 0))
		code = keep_other(cli, serial, &depth_um, &speed_rpm);
	if (code == CLI_DONE)
		code = bus_call(cli, NULL, path, API_PEN, "SetTarget", "uu", depth_um, speed_rpm);
	if (code != CLI_DONE)
		return code;
	if (cli->json)
		print_json(serial, depth_um, speed_rpm);
	cli_say(cli, "%s: target %s, %s", serial, value_depth(depth_um, depth),
		value_speed(speed_rpm, speed));
	return CLI_DONE;
}
