// SPDX-License-Identifier: GPL-2.0-only
/* Commands of the hand that holds the pen and of the body it works on. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver/proto/names.h"
#include "tests/gadget/command.h"

#define LOAD_MAX 1000.0

static struct pen *pen_of(const struct command_context *context)
{
	return &command_port(context)->pen;
}

static int run_trigger(struct command_context *context, int argc, char **argv)
{
	bool press = !strcmp(argv[0], "press");

	if (!press && strcmp(argv[0], "release") != 0)
		return command_fail(context, "usage: trigger press|release");
	pen_trigger(pen_of(context), press);
	return 0;
}

static int run_button(struct command_context *context, int argc, char **argv)
{
	struct hid *hid = &pen_of(context)->hid;
	uint8_t mask;

	if (!strcmp(argv[0], "depth+"))
		mask = HID_BUTTON_DEPTH_UP;
	else if (!strcmp(argv[0], "depth-"))
		mask = HID_BUTTON_DEPTH_DOWN;
	else
		return command_fail(context, "usage: button depth+|depth-");
	hid_button(hid, mask, true);
	hid_button(hid, mask, false);
	return 0;
}

static int run_dial(struct command_context *context, int argc, char **argv)
{
	int64_t steps;

	if (command_number(context, argv[0], -127, 127, &steps) < 0)
		return -EINVAL;
	hid_dial(&pen_of(context)->hid, (int8_t)steps);
	return 0;
}

static int run_contact(struct command_context *context, int argc, char **argv)
{
	bool on;

	if (command_switch(context, argv[0], &on) < 0)
		return -EINVAL;
	model_set_contact(&pen_of(context)->model, on);
	return 0;
}

static int run_sleeve(struct command_context *context, int argc, char **argv)
{
	bool on;

	if (command_switch(context, argv[0], &on) < 0)
		return -EINVAL;
	model_set_sleeve(&pen_of(context)->model, on);
	return 0;
}

/* lot=L, length=UM, expires=DAYS, unreadable */
static int cartridge_option(struct command_context *context, const char *option,
			    struct mnpen_cartridge *cartridge)
{
	int64_t value;

	if (!strcmp(option, "unreadable")) {
		cartridge->flags |= MNPEN_CARTRIDGE_UNREADABLE;
	} else if (!strncmp(option, "lot=", 4)) {
		if (strlen(option + 4) > MNPEN_LOT_SIZE)
			return command_fail(context, "a lot has at most %d characters",
					    MNPEN_LOT_SIZE);
		memcpy(cartridge->lot, option + 4, strlen(option + 4) + 1);
	} else if (!strncmp(option, "length=", 7)) {
		if (command_number(context, option + 7, 0, UINT16_MAX, &value) < 0)
			return -EINVAL;
		cartridge->length_um = (uint16_t)value;
	} else if (!strncmp(option, "expires=", 8)) {
		if (command_number(context, option + 8, 0, UINT32_MAX, &value) < 0)
			return -EINVAL;
		cartridge->expires_days = (uint32_t)value;
	} else {
		return command_fail(context, "unknown cartridge option \"%.40s\"", option);
	}
	return 0;
}

static int insert_cartridge(struct command_context *context, int argc, char **argv)
{
	struct tags *tags = &context->gadget->tags;
	struct pen *pen = pen_of(context);
	struct mnpen_cartridge cartridge;
	uint8_t uid[MNPEN_UID_SIZE];
	int i = 0;

	/* What is in the pen comes out first, for it may be the one that is meant. */
	tags_put_away(tags, &pen->model.cartridge);
	if (argc && !strchr(argv[0], '=') && strcmp(argv[0], "unreadable") != 0) {
		if (tags_parse_uid(argv[i++], uid) < 0)
			return command_fail(context, "a UID is 2 to 16 hex digits, or at most 8 "
						     "characters");
		cartridge = tags_take(tags, uid);
	} else {
		cartridge = tags_fresh(tags);
	}
	cartridge.flags = 0;
	for (; i < argc; i++)
		if (cartridge_option(context, argv[i], &cartridge) < 0)
			return -EINVAL;
	model_insert_cartridge(&pen->model, &cartridge);
	return 0;
}

static int run_cartridge(struct command_context *context, int argc, char **argv)
{
	struct pen *pen = pen_of(context);

	if (!strcmp(argv[0], "insert"))
		return insert_cartridge(context, argc - 1, argv + 1);
	if (strcmp(argv[0], "remove") != 0 || argc > 1)
		return command_fail(context, "usage: cartridge insert [UID] [OPTION...] | remove");
	tags_put_away(&context->gadget->tags, &pen->model.cartridge);
	model_remove_cartridge(&pen->model);
	return 0;
}

static int run_calibration(struct command_context *context, int argc, char **argv)
{
	int64_t days;

	if (strcmp(argv[0], "due") != 0)
		return command_fail(context, "usage: calibration due DAYS (since 1970-01-01)");
	if (command_number(context, argv[1], 0, UINT32_MAX, &days) < 0)
		return -EINVAL;
	pen_of(context)->model.info.calibration_due_days = (uint32_t)days;
	return 0;
}

static int run_battery(struct command_context *context, int argc, char **argv)
{
	int64_t percent;

	if (command_number(context, argv[0], 0, 100, &percent) < 0)
		return -EINVAL;
	model_set_battery(&pen_of(context)->model, (uint8_t)percent);
	return 0;
}

static int run_heat(struct command_context *context, int argc, char **argv)
{
	int64_t temp_dc;

	if (command_number(context, argv[0], -400, 2000, &temp_dc) < 0)
		return -EINVAL;
	model_set_heat(&pen_of(context)->model, (int16_t)temp_dc);
	return 0;
}

static int run_load(struct command_context *context, int argc, char **argv)
{
	char *end;
	double factor = strtod(argv[0], &end);

	if (end == argv[0] || *end || !isfinite(factor) || factor < 0 || factor > LOAD_MAX)
		return command_fail(context, "\"%.40s\" is not a factor from 0 to %.0f", argv[0],
				    LOAD_MAX);
	model_set_load(&pen_of(context)->model, factor);
	return 0;
}

static int run_drift(struct command_context *context, int argc, char **argv)
{
	struct model *model = &pen_of(context)->model;
	int64_t value;

	if (command_number(context, argv[1], -UINT16_MAX, UINT16_MAX, &value) < 0)
		return -EINVAL;
	if (!strcmp(argv[0], "depth"))
		model_set_drift_depth(model, (int32_t)value);
	else if (!strcmp(argv[0], "speed"))
		model_set_drift_speed(model, (int32_t)value);
	else
		return command_fail(context, "usage: drift depth UM | drift speed RPM");
	return 0;
}

static int fault_mask(struct command_context *context, const char *name, uint16_t *ret)
{
	if (mnpen_fault_parse(name, ret) < 0)
		return command_fail(context, "unknown fault \"%.40s\"", name);
	return 0;
}

static int run_fault(struct command_context *context, int argc, char **argv)
{
	uint16_t mask;

	if (fault_mask(context, argv[0], &mask) < 0)
		return -EINVAL;
	model_force_fault(&pen_of(context)->model, mask);
	return 0;
}

static int run_clear(struct command_context *context, int argc, char **argv)
{
	uint16_t mask;

	if (fault_mask(context, argv[0], &mask) < 0)
		return -EINVAL;
	model_clear_cause(&pen_of(context)->model, mask);
	return 0;
}

const struct command commands_hand[] = {
	{"trigger", 1, 1, "press|release", run_trigger},
	{"button", 1, 1, "depth+|depth-", run_button},
	{"dial", 1, 1, "N", run_dial},
	{"contact", 1, 1, "on|off", run_contact},
	{"cartridge", 1, 6, "insert [UID] [lot=L] [length=UM] [expires=DAYS] [unreadable] | remove",
	 run_cartridge},
	{"sleeve", 1, 1, "on|off", run_sleeve},
	{"calibration", 2, 2, "due DAYS", run_calibration},
	{"battery", 1, 1, "PERCENT", run_battery},
	{"heat", 1, 1, "DC", run_heat},
	{"load", 1, 1, "FACTOR", run_load},
	{"drift", 2, 2, "depth UM | speed RPM", run_drift},
	{"fault", 1, 1, "NAME", run_fault},
	{"clear", 1, 1, "NAME", run_clear},
	{0},
};
