// SPDX-License-Identifier: GPL-2.0-only
/* Commands of the hand that holds the pen and of the body it works on. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver/proto/names.h"
#include "tests/gadget/control/command.h"

#define LOAD_MAX 1000.0

static struct pen *pen_of(const struct command_context *context)
{
	return command_port(context)->pen;
}

static int run_trigger(struct command_context *context, int argc, char **argv)
{
	bool press = !strcmp(argv[0], "press");

	if (!press && strcmp(argv[0], "release") != 0)
		return command_fail(context, "\"%.40s\" is neither press nor release", argv[0]);
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
		return command_fail(context, "\"%.40s\" is no button", argv[0]);
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

static bool lot_valid(const char *lot)
{
	for (const char *p = lot; *p; p++)
		if (*p < ' ' || *p > '~')
			return false;
	return strlen(lot) <= MNPEN_LOT_SIZE;
}

/* lot=L, length=UM, expires=DAYS, unreadable */
static int cartridge_option(struct command_context *context, const char *option,
			    struct mnpen_cartridge *cartridge)
{
	int64_t value;

	if (!strcmp(option, "unreadable")) {
		cartridge->flags |= MNPEN_CARTRIDGE_UNREADABLE;
	} else if (!strncmp(option, "lot=", 4)) {
		if (!lot_valid(option + 4))
			return command_fail(context,
					    "\"%.40s\" is no lot: at most %d characters of ASCII",
					    option + 4, MNPEN_LOT_SIZE);
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
		return command_fail(context, "\"%.40s\" is no option of a cartridge", option);
	}
	return 0;
}

/* The pen, from 1, that holds the cartridge of that uid now, other than this one; 0 = none. */
static unsigned int held_elsewhere(const struct command_context *context,
				   const uint8_t uid[MNPEN_UID_SIZE])
{
	const struct server *server = context->gadget->server;

	for (unsigned int i = 0; i < server->n_ports; i++) {
		const struct mnpen_cartridge *in = &server->ports[i].pen->model.cartridge;

		if (i != context->pen && in->flags & MNPEN_CARTRIDGE_PRESENT &&
		    !memcmp(in->uid, uid, MNPEN_UID_SIZE))
			return i + 1;
	}
	return 0;
}

static int insert_options(struct command_context *context, int argc, char **argv,
			  struct mnpen_cartridge *cartridge)
{
	cartridge->flags = 0;
	for (int i = 0; i < argc; i++)
		if (cartridge_option(context, argv[i], cartridge) < 0)
			return -EINVAL;
	return 0;
}

static int insert_cartridge(struct command_context *context, int argc, char **argv)
{
	bool named = argc && !strchr(argv[0], '=') && strcmp(argv[0], "unreadable") != 0;
	struct tags *tags = &context->gadget->tags;
	struct pen *pen = pen_of(context);
	struct mnpen_cartridge cartridge = {0};
	uint8_t uid[MNPEN_UID_SIZE];
	unsigned int other;

	/* All that can be wrong, before anything moves. */
	if (named && tags_parse_uid(argv[0], uid) < 0)
		return command_fail(context,
				    "\"%.40s\" is no UID: 2 to 16 hex digits, or at most 8 "
				    "characters",
				    argv[0]);
	if (insert_options(context, argc - named, argv + named, &cartridge) < 0)
		return -EINVAL;
	other = named ? held_elsewhere(context, uid) : 0;
	if (other)
		return command_fail(context,
				    "cartridge \"%.40s\" is in pen %u: remove it there first",
				    argv[0], other);
	/* What is in the pen comes out first, for it may be the one that is meant. */
	tags_put_away(tags, &pen->model.cartridge);
	cartridge = named ? tags_take(tags, uid) : tags_fresh(tags);
	if (insert_options(context, argc - named, argv + named, &cartridge) < 0)
		return -EINVAL;
	model_insert_cartridge(&pen->model, &cartridge);
	return 0;
}

static int run_cartridge(struct command_context *context, int argc, char **argv)
{
	struct pen *pen = pen_of(context);

	if (!strcmp(argv[0], "insert"))
		return insert_cartridge(context, argc - 1, argv + 1);
	if (strcmp(argv[0], "remove") != 0)
		return command_fail(context, "\"%.40s\" is neither insert nor remove", argv[0]);
	if (argc > 1)
		return command_fail(context, "remove takes nothing more, not \"%.40s\"", argv[1]);
	tags_put_away(&context->gadget->tags, &pen->model.cartridge);
	model_remove_cartridge(&pen->model);
	return 0;
}

static int run_calibration(struct command_context *context, int argc, char **argv)
{
	int64_t days;

	if (strcmp(argv[0], "due") != 0)
		return command_fail(context, "\"%.40s\" is not due", argv[0]);
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
	bool depth = !strcmp(argv[0], "depth");
	int64_t value;

	if (!depth && strcmp(argv[0], "speed") != 0)
		return command_fail(context, "\"%.40s\" is neither depth nor speed", argv[0]);
	if (command_number(context, argv[1], -UINT16_MAX, UINT16_MAX, &value) < 0)
		return -EINVAL;
	if (depth)
		model_set_drift_depth(model, (int32_t)value);
	else
		model_set_drift_speed(model, (int32_t)value);
	return 0;
}

static int fault_mask(struct command_context *context, const char *name, uint16_t *ret)
{
	if (mnpen_fault_parse(name, ret) < 0)
		return command_fail_name(context, name, "fault", mnpen_fault_name, 0,
					 MNPEN_FAULT_COUNT - 1);
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
	{"trigger", 1, 1, "press|release", "the hand", run_trigger, false},
	{"button", 1, 1, "depth+|depth-", "a press and release of it", run_button, false},
	{"dial", 1, 1, "N", "turns the dial by -127..127 steps", run_dial, false},
	{"contact", 1, 1, "on|off", "needles on skin", run_contact, false},
	{"cartridge", 1, 6, "insert [UID] [lot=L] [length=UM] [expires=DAYS] [unreadable] | remove",
	 "without UID a fresh one; the same UID keeps claim and strokes", run_cartridge, false},
	{"sleeve", 1, 1, "on|off", "the hygiene sleeve", run_sleeve, false},
	{"calibration", 2, 2, "due DAYS", "since 1970-01-01", run_calibration, false},
	{"battery", 1, 1, "PERCENT", "0..100", run_battery, false},
	{"heat", 1, 1, "DC", "the motor's temperature, -400..2000 tenths of a degree", run_heat,
	 false},
	{"load", 1, 1, "FACTOR", "on all that brakes the motor, 0..1000; 1 is normal", run_load,
	 false},
	{"drift", 2, 2, "depth UM | speed RPM", "by how much it goes too deep, too fast", run_drift,
	 false},
	{"fault", 1, 1, "NAME", "a fault's cause is there from now on", run_fault, false},
	{"clear", 1, 1, "NAME", "that cause is gone; the fault stays latched", run_clear, false},
	{0},
};
