// SPDX-License-Identifier: GPL-2.0-only
/* The commands, what they say to a slip, and the oracle's contract. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/gadget/control/command.h"
#include "tests/gadget/usb/oracle.h"
#include "tests/gadget/usb/usbtest.h"
#include "tests/unit/gadget_host.h"

static struct command_context context;

static int setup_context(void **state)
{
	setup_gadget(state);
	context = (struct command_context){.gadget = &gadget};
	return 0;
}

static bool command_ok(const char *line)
{
	struct json_object *reply = command_run(&context, line);
	struct json_object *member;
	bool ok = !json_object_object_get_ex(reply, "error", &member);

	assert_non_null(reply);
	if (ok && strcmp(line, "help") != 0 && !json_object_object_get_ex(reply, "now_ns", &member))
		fail_msg("%s: no now_ns", line);
	json_object_put(reply);
	return ok;
}

static void every_command_of_the_interface(void **state)
{
	static const char *const good[] = {
		"state",
		"log 5",
		"log",
		"pen 1",
		" trigger  press ",
		"trigger release",
		"button depth+",
		"button depth-",
		"dial -3",
		"contact on",
		"contact off",
		"cartridge remove",
		"cartridge insert",
		"cartridge insert 0102030405060708",
		"cartridge insert CART-1 lot=L1 length=1500 expires=19000",
		"cartridge insert unreadable",
		"sleeve off",
		"calibration due 20100",
		"battery 55",
		"heat 350",
		"load 1.5",
		"drift depth -50",
		"drift speed 200",
		"fault overcurrent",
		"clear overcurrent",
		"ignore stop on",
		"ignore limits on",
		"ignore lease on",
		"ignore enable on",
		"ignore trigger on",
		"ignore alt on",
		"ignore reset off",
		"stall arm",
		"stall off",
		"delay lease 50",
		"delay off",
		"freeze on",
		"freeze off",
		"garbage 1",
		"short 1",
		"duplicate 1",
		"skip 1",
		"lie state idle",
		"lie state 9",
		"lie depth 400",
		"lie speed off",
		"lie enabled 1",
		"lie enabled off",
		"lie lease 300",
		"lie target 400",
		"lie command 4294967295",
		"unplug",
		"replug",
		"suspend",
		"reset",
		"power-cycle",
		"silence on",
		"silence off",
		"help",
		"refuse error",
		"refuse busy",
		"refuse device-error",
		"refuse not-found",
		"refuse off"};
	static const char *const bad[] = {"",
					  "   ",
					  "nonsense",
					  "pen 2",
					  "pen 0",
					  "pen",
					  "trigger",
					  "trigger maybe",
					  "button depth",
					  "dial 128",
					  "dial x",
					  "contact",
					  "cartridge eject",
					  "cartridge insert 012 lot=A extra=1",
					  "cartridge insert TOO-LONG-A-UID",
					  "cartridge insert length=70000",
					  "cartridge insert lot=1234567890123",
					  "battery 101",
					  "heat 99999",
					  "load -1",
					  "load x",
					  "drift up 3",
					  "fault nothing",
					  "ignore everything on",
					  "ignore stop maybe",
					  "stall nothing",
					  "delay arm",
					  "delay arm -1",
					  "freeze",
					  "garbage -1",
					  "lie mood 3",
					  "lie depth 70000",
					  "lie enabled 2",
					  "lie command 4294967296",
					  "silence",
					  "state now",
					  "a b c d e f g h i j k l m n"};

	for (size_t i = 0; i < ELEMENTSOF(good); i++)
		if (!command_ok(good[i]))
			fail_msg("%s: %s", good[i], context.error);
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		if (command_ok(bad[i]))
			fail_msg("%s was accepted", bad[i]);
}

static void pen_comes_out_of_the_box(void **state)
{
	const struct model *model = &port->pen->model;

	assert_int_equal(model->cartridge.flags, MNPEN_CARTRIDGE_PRESENT);
	assert_int_equal(model->cartridge.claimed_token, 0);
	assert_int_equal(model->cartridge.strokes, 0);
	assert_true(model->sleeve);
	assert_false(model->trigger);
	assert_false(model->contact);
	assert_int_equal(motor_battery_pct(&model->motor), 100);
	assert_true(model->info.calibration_due_days > 20000); /* today */
	assert_int_equal(model->faults, 0);
	assert_int_equal(model->ignore, 0);
}

static void state_has_exactly_the_agreed_keys(void **state)
{
	static const char *const keys[] = {"state",	      "motor",	       "depth_um",
					   "speed_rpm",	      "trigger",       "contact",
					   "token",	      "enable",	       "stop_reason",
					   "faults",	      "strokes",       "run_ms",
					   "motor_on_ns",     "motor_off_ns",  "last_command",
					   "last_command_ns", "last_stop_ns",  "last_lease_ns",
					   "bus_ns",	      "depth_over_ns", "now_ns"};
	struct json_object *reply = command_run(&context, "state");
	struct json_object *member;

	assert_int_equal(json_object_object_length(reply), ELEMENTSOF(keys));
	for (size_t i = 0; i < ELEMENTSOF(keys); i++)
		if (!json_object_object_get_ex(reply, keys[i], &member))
			fail_msg("no %s", keys[i]);
	json_object_object_get_ex(reply, "token", &member);
	assert_string_equal(json_object_get_string(member), "0000000000000000");
	json_object_put(reply);
}

static void cartridge_keeps_its_claim_in_the_drawer(void **state)
{
	struct mnpen_cartridge *in = &port->pen->model.cartridge;

	assert_true(command_ok("cartridge insert 0102030405060708 lot=A"));
	assert_memory_equal(in->uid, ((uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8}), 8);
	in->claimed_token = 77;
	in->strokes = 5;
	assert_true(command_ok("cartridge insert"));
	assert_int_equal(in->claimed_token, 0);
	assert_true(command_ok("cartridge insert 0102030405060708"));
	assert_int_equal(in->claimed_token, 77);
	assert_int_equal(in->strokes, 5);
	assert_string_equal(in->lot, "A");
	in->strokes = 9; /* put away a second time */
	assert_true(command_ok("cartridge insert"));
	assert_true(command_ok("cartridge insert 0102030405060708"));
	assert_int_equal(in->strokes, 9);
	assert_true(command_ok("cartridge remove"));
	assert_int_equal(in->flags, 0);
	assert_true(command_ok("cartridge insert AB expires=5"));
	assert_int_equal(in->uid[0], 0xab);
	assert_int_equal(in->expires_days, 5);
}

static void cable_commands_reach_the_pen(void **state)
{
	int fd = import_pen();

	port->pen->model.state = MNPEN_STATE_ARMED;
	port->pen->model.lease_deadline_us = MODEL_NEVER;
	assert_true(command_ok("suspend"));
	assert_int_equal(port->pen->model.stop_reason, MNPEN_STOP_BUS);
	expect_nothing(fd); /* still connected */
	assert_true(command_ok("unplug"));
	expect_end(fd);
	assert_true(command_ok("power-cycle"));
	assert_int_equal(port->pen->model.state, MNPEN_STATE_BOOT);
	assert_true(port->plugged);
}

/* Each says which value is wrong, what would be right, and how the whole is written. */
static void errors_tell_the_way_out(void **state)
{
	static const struct {
		const char *line;
		const char *error;
	} cases[] = {
		{"battery 101", "\"101\" is not a number from 0 to 100; usage: battery PERCENT"},
		{"dial 1x", "\"1x\" is not a number from -127 to 127; usage: dial N"},
		{"pen +1", "\"+1\" is not a number from 1 to 1; usage: pen N"},
		{"log 1025", "\"1025\" is not a number from 1 to 1024; usage: log [N]"},
		{"delay arm 60001", "\"60001\" is not a number from 0 to 60000"},
		{"skip 1000001", "\"1000001\" is not a number from 0 to 1000000"},
		{"heat 2001", "\"2001\" is not a number from -400 to 2000"},
		{"load 1001", "\"1001\" is not a factor from 0 to 1000"},
		{"lie depth 65536", "\"65536\" is not a number from 0 to 65535"},
		{"lie mood 1", "\"mood\" is nothing to lie about; usage: lie state|depth|speed"},
		{"trigger maybe", "\"maybe\" is neither press nor release; usage: trigger press"},
		{"contact yes", "\"yes\" is neither on nor off; usage: contact on|off"},
		{"button up", "\"up\" is no button; usage: button depth+|depth-"},
		{"ignore all on", "\"all\" is nothing that can be ignored; usage: ignore stop|"},
		{"ignore stop yes", "\"yes\" is neither on nor off"},
		{"fault heat", "\"heat\" is no fault (selftest, overdepth,"},
		{"clear heat", "position-sensor, internal); usage: clear NAME"},
		{"stall none", "\"none\" is no request of the pen (get-info,"},
		{"delay go 5", "get-error); usage: delay REQUEST MS | off"},
		{"delay arm", "\"arm\" alone says no time; usage: delay REQUEST MS | off"},
		{"drift up 3", "\"up\" is neither depth nor speed; usage: drift depth UM |"},
		{"refuse later", "\"later\" is no way to refuse an import; usage: refuse error|"},
		{"cartridge eject", "\"eject\" is neither insert nor remove; usage: cartridge"},
		{"cartridge remove A", "remove takes nothing more, not \"A\""},
		{"cartridge insert 123456789", "\"123456789\" is no UID: 2 to 16 hex digits, or"},
		{"cartridge insert A1 B2", "\"B2\" is no option of a cartridge; usage: cartridge"},
		{"cartridge insert lot=1234567890123", "is no lot: at most 12 characters"},
		{"calibration overdue 3", "\"overdue\" is not due; usage: calibration due DAYS"},
		{"state now", "state takes 0 arguments, not 1; usage: state"},
		{"trigger", "trigger takes 1 argument, not 0; usage: trigger press|release"},
		{"log 1 2", "log takes 0 to 1 arguments, not 2; usage: log [N]"},
		{"triger press", "unknown command \"triger\"; did you mean \"trigger\"?"},
		{"dail 3", "did you mean \"dial\"?"},
		{"catridge insert", "did you mean \"cartridge\"?"},
		{"nonsense", "unknown command \"nonsense\"; \"help\" lists them"},
		{"a-word-that-is-much-longer-than-any-command", "\"help\" lists them"},
		{"   ", "no command in this line; \"help\" lists them"},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		if (command_ok(cases[i].line) || !strstr(context.error, cases[i].error))
			fail_msg("%s: %s", cases[i].line, context.error);
}

static void help_lists_every_command_once(void **state)
{
	struct json_object *reply = command_run(&context, "help");
	struct json_object *list, *name, *arguments, *what;
	size_t count = 0;

	assert_true(json_object_object_get_ex(reply, "help", &list));
	for (size_t i = 0; i < COMMAND_TABLES; i++)
		for (const struct command *c = command_tables[i]; c->name; c++)
			count++;
	assert_int_equal(json_object_array_length(list), count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *row = json_object_array_get_idx(list, i);
		const struct command *command;

		assert_true(json_object_object_get_ex(row, "command", &name));
		assert_true(json_object_object_get_ex(row, "arguments", &arguments));
		assert_true(json_object_object_get_ex(row, "what", &what));
		command = command_find(json_object_get_string(name));
		assert_non_null(command);
		assert_string_equal(json_object_get_string(arguments), command->usage);
		assert_true(json_object_get_string_len(what) > 0);
		assert_int_equal(!*command->usage, !command->max_args);
	}
	json_object_put(reply);
}

/* What is no pen lists in its help what it takes, and takes nothing else. */
static void other_devices_take_what_their_help_says(void **state)
{
	const struct device_options options = {.identity = &identity_usbtest};
	struct json_object *reply, *list;
	char line[64], row[64];

	gadget_done(&gadget);
	assert_int_equal(gadget_init(&gadget, event, &options, "VPEN0001", 1), 0);
	reply = command_run(&context, "help");
	assert_true(json_object_object_get_ex(reply, "help", &list));
	for (size_t i = 0; i < COMMAND_TABLES; i++) {
		for (const struct command *c = command_tables[i]; c->name; c++) {
			snprintf(line, sizeof(line), "%s 1 2 3 4 5 6 7", c->name);
			snprintf(row, sizeof(row), "{ \"command\": \"%s\",", c->name);
			assert_false(command_ok(line)); /* nothing takes so much */
			if (!strstr(context.error, "commands a virtual pen") !=
			    !!strstr(json_object_to_json_string(list), row))
				fail_msg("%s: %s", c->name, context.error);
		}
	}
	json_object_put(reply);
}

/* Each command has its row in the document that people read. */
static void readme_knows_every_command(void **state)
{
	FILE *file = fopen("tests/gadget/README.md", "re");
	static char text[65536];
	char word[32];

	if (!file)
		fail_msg("no tests/gadget/README.md; tests run in the top folder");
	assert_in_range(fread(text, 1, sizeof(text) - 1, file), 1, sizeof(text) - 2);
	fclose(file);
	for (size_t i = 0; i < COMMAND_TABLES; i++) {
		for (const struct command *c = command_tables[i]; c->name; c++) {
			snprintf(word, sizeof(word), "`%s%s", c->name, c->min_args ? " " : "");
			if (!strstr(text, word))
				fail_msg("README.md says nothing of %s", c->name);
		}
	}
}

static void refused_command_changes_nothing(void **state)
{
	struct mnpen_cartridge before = port->pen->model.cartridge;
	const uint32_t made = gadget.tags.made;

	assert_false(command_ok("cartridge insert lot=A length=wrong"));
	assert_memory_equal(&before, &port->pen->model.cartridge, sizeof(before));
	assert_int_equal(gadget.tags.made, made);
	assert_false(command_ok("drift depth 70000"));
	assert_int_equal(port->pen->model.drift_depth_um, 0);
	assert_false(command_ok("garbage x"));
	assert_int_equal(port->pen->misbehave.garbage, 0);
}

static void reply_tells_when_it_took_effect(void **state)
{
	static const char *const lines[] = {"trigger press", "power-cycle", "state", "log"};

	for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
		uint64_t before_ns = now_monotonic_ns();
		struct json_object *reply = command_run(&context, lines[i]);
		struct json_object *member;

		assert_true(json_object_object_get_ex(reply, "now_ns", &member));
		/* The pen counts microseconds. */
		assert_in_range(json_object_get_uint64(member) + 1000, before_ns,
				now_monotonic_ns() + 1000);
		json_object_put(reply);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_context, teardown_gadget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_command_of_the_interface),
		TEST(pen_comes_out_of_the_box),
		TEST(state_has_exactly_the_agreed_keys),
		TEST(cartridge_keeps_its_claim_in_the_drawer),
		TEST(cable_commands_reach_the_pen),
		TEST(errors_tell_the_way_out),
		TEST(help_lists_every_command_once),
		TEST(other_devices_take_what_their_help_says),
		TEST(readme_knows_every_command),
		TEST(refused_command_changes_nothing),
		TEST(reply_tells_when_it_took_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
