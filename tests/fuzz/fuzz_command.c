// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a tester types at the virtual pens: lines of the control socket, and scenario files, which
 * are checked and then run in virtual time. Every line has one answer of one line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/loop.h"
#include "tests/gadget/control/command.h"
#include "tests/gadget/control/scenario.h"

#define PENS 2
#define LINES_MAX 200

static void check_reply(struct json_object *reply, const char *line)
{
	struct json_object *error = NULL;
	const char *text;

	CHECK(reply, "no answer to \"%s\"", line);
	text = json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN);
	CHECK(text && *text && !strchr(text, '\n'), "an answer of more than a line to \"%s\"",
	      line);
	if (json_object_object_get_ex(reply, "error", &error))
		CHECK(*json_object_get_string(error), "an error without a word: \"%s\"", line);
	json_object_put(reply);
}

static void fuzz_commands(struct gadget *gadget, char *text)
{
	struct command_context context = {.gadget = gadget};
	char *rest = text, *line;

	for (int n = 0; n < LINES_MAX && (line = strsep(&rest, "\n")); n++) {
		check_reply(command_run(&context, line), line);
		CHECK(context.pen < PENS, "pen %u", context.pen);
		loop_pass(gadget->event, 1000);
		if (loop_exited(gadget->event))
			return;
	}
}

static void fuzz_scenario(struct gadget *gadget, const char *text)
{
	_cleanup_close_ int fd = memfd_create("scenario", MFD_CLOEXEC);
	struct scenario *scenario = NULL;
	size_t len = strlen(text);
	char path[32];

	CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len, "no file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (scenario_load(&scenario, gadget, path) < 0)
		return;
	loop_pass(gadget->event, 3000000);
	scenario_free(scenario);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct device_options options = {.speed = USB_SPEED_HIGH, .today_days = 20000};
	struct fuzz_input input = {data, size};
	bool scenario = fuzz_u8(&input) == 'S';
	char *text = fuzz_text(&input);
	struct gadget gadget;
	sd_event *event = loop_new();

	CHECK(!gadget_init(&gadget, event, &options, "FUZZ", PENS), "no pens");
	if (scenario)
		fuzz_scenario(&gadget, text);
	else
		fuzz_commands(&gadget, text);
	gadget_done(&gadget);
	loop_free(event);
	free(text);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_EMERG);
	return 0;
}
