// SPDX-License-Identifier: GPL-2.0-only
/* What a line to the virtual pen makes odd, and what it ends. */
#include "tests/bus/random_odd.h"

#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"

static const char *const names[ODD_COUNT] = {
	[ODD_SILENT] = "silent",
	[ODD_FROZEN] = "frozen",
	[ODD_HUNG] = "daemon-hung",
	[ODD_UNPLUGGED] = "unplugged",
	[ODD_SKIP] = "skip",
	[ODD_IGNORE_STOP] = "ignore-stop",
	[ODD_IGNORE_LIMITS] = "ignore-limits",
	[ODD_IGNORE_LEASE] = "ignore-lease",
	[ODD_IGNORE_ENABLE] = "ignore-enable",
	[ODD_IGNORE_TRIGGER] = "ignore-trigger",
	[ODD_IGNORE_ALT] = "ignore-alt",
	[ODD_IGNORE_RESET] = "ignore-reset",
	[ODD_STALL_STOP] = "stall-stop",
	[ODD_STALL_LEASE] = "stall-lease",
	[ODD_STALL] = "stall",
	[ODD_DELAY_LEASE] = "delay-lease",
	[ODD_DELAY] = "delay",
	[ODD_LIE_REST] = "lie-rest",
	[ODD_LIE_ARMED] = "lie-armed",
	[ODD_LIE_RUNNING] = "lie-running",
	[ODD_LIE_DEPTH] = "lie-depth",
	[ODD_LIE_DEEP] = "lie-deep",
	[ODD_LIE_SPEED] = "lie-speed",
	[ODD_LIE_FAST] = "lie-fast",
	[ODD_LIE_SLOW] = "lie-slow",
	[ODD_LIE_DISABLED] = "lie-disabled",
	[ODD_LIE_LEASE] = "lie-lease",
	[ODD_LIE_TARGET] = "lie-target",
	[ODD_LIE_COMMAND] = "lie-command",
	[ODD_OFF_TARGET] = "off-target",
	[ODD_FORCED_FAULT] = "forced-fault",
};

#define STATES (ODD(LIE_REST) | ODD(LIE_ARMED) | ODD(LIE_RUNNING))
#define DEPTHS (ODD(LIE_DEPTH) | ODD(LIE_DEEP))
#define SPEEDS (ODD(LIE_SPEED) | ODD(LIE_FAST) | ODD(LIE_SLOW))
#define STALLS (ODD(STALL) | ODD(STALL_STOP) | ODD(STALL_LEASE))
#define DELAYS (ODD(DELAY) | ODD(DELAY_LEASE))

/* By the beginning of the line; the first that fits holds. */
static const struct {
	const char *line;
	uint32_t off, on;
} effects[] = {
	{"silence off", ODD(SILENT), 0},
	{"silence on", 0, ODD(SILENT)},
	{"freeze off", ODD(FROZEN), 0},
	{"freeze on", 0, ODD(FROZEN)},
	{"unplug", 0, ODD(UNPLUGGED)},
	{"replug", ODD(UNPLUGGED), 0},
	{"power-cycle", ODD(UNPLUGGED), 0},
	{"skip 0", ODD(SKIP), 0},
	{"skip 3000", 0, ODD(SKIP)}, /* a few are within what a station allows */
	{"ignore stop off", ODD(IGNORE_STOP), 0},
	{"ignore stop on", 0, ODD(IGNORE_STOP)},
	{"ignore limits off", ODD(IGNORE_LIMITS), 0},
	{"ignore limits on", 0, ODD(IGNORE_LIMITS)},
	{"ignore lease off", ODD(IGNORE_LEASE), 0},
	{"ignore lease on", 0, ODD(IGNORE_LEASE)},
	{"ignore enable off", ODD(IGNORE_ENABLE), 0},
	{"ignore enable on", 0, ODD(IGNORE_ENABLE)},
	{"ignore trigger off", ODD(IGNORE_TRIGGER), 0},
	{"ignore trigger on", 0, ODD(IGNORE_TRIGGER)},
	{"ignore alt off", ODD(IGNORE_ALT), 0},
	{"ignore alt on", 0, ODD(IGNORE_ALT)},
	{"ignore reset off", ODD(IGNORE_RESET), 0},
	{"ignore reset on", 0, ODD(IGNORE_RESET)},
	{"stall off", STALLS, 0},
	{"stall stop", 0, ODD(STALL) | ODD(STALL_STOP)},
	{"stall lease", 0, ODD(STALL) | ODD(STALL_LEASE)},
	{"stall ", 0, ODD(STALL)},
	{"delay off", DELAYS, 0},
	{"delay lease 120", 0, ODD(DELAY) | ODD(DELAY_LEASE)},
	{"delay ", 0, ODD(DELAY)},
	{"lie state off", STATES, 0},
	{"lie state armed", STATES, ODD(LIE_ARMED)},
	{"lie state running", STATES, ODD(LIE_RUNNING)},
	{"lie state ", STATES, ODD(LIE_REST)},
	{"lie depth off", DEPTHS, 0},
	{"lie depth 1500", DEPTHS, ODD(LIE_DEPTH) | ODD(LIE_DEEP)},
	{"lie depth ", DEPTHS, ODD(LIE_DEPTH)},
	{"lie speed off", SPEEDS, 0},
	{"lie speed 9500", SPEEDS, ODD(LIE_SPEED) | ODD(LIE_FAST)},
	{"lie speed ", SPEEDS, ODD(LIE_SPEED) | ODD(LIE_SLOW)},
	{"lie enabled off", ODD(LIE_DISABLED), 0},
	{"lie enabled ", 0, ODD(LIE_DISABLED)},
	{"lie lease off", ODD(LIE_LEASE), 0},
	{"lie lease ", 0, ODD(LIE_LEASE)},
	{"lie target off", ODD(LIE_TARGET), 0},
	{"lie target ", 0, ODD(LIE_TARGET)},
	{"lie command off", ODD(LIE_COMMAND), 0},
	{"lie command ", 0, ODD(LIE_COMMAND)},
	{"drift depth 0", ODD(OFF_TARGET), 0},
	{"drift depth ", 0, ODD(OFF_TARGET)},
	{"fault ", 0, ODD(FORCED_FAULT)},
	{"clear ", ODD(FORCED_FAULT), 0},
};

void odd_apply(const char *line, uint32_t *ret_off, uint32_t *ret_on)
{
	*ret_off = *ret_on = 0;
	for (size_t i = 0; i < ELEMENTSOF(effects); i++) {
		if (strncmp(line, effects[i].line, strlen(effects[i].line)) != 0)
			continue;
		*ret_off = effects[i].off;
		*ret_on = effects[i].on;
		return;
	}
}

const char *odd_words(uint32_t bits, char *buf, size_t size)
{
	size_t used = 0;

	snprintf(buf, size, "nothing");
	for (unsigned int i = 0; i < ODD_COUNT; i++)
		if (bits & 1u << i && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "",
						 names[i]);
	return buf;
}
