// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The protocol's names, one table an enum: the number is the index. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "driver/proto/names.h"
#include "driver/proto/proto.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const states[] = {
	[MNPEN_STATE_BOOT] = "boot",   [MNPEN_STATE_IDLE] = "idle",
	[MNPEN_STATE_ARMED] = "armed", [MNPEN_STATE_RUNNING] = "running",
	[MNPEN_STATE_FAULT] = "fault",
};

static const char *const stop_reasons[] = {
	[MNPEN_STOP_NONE] = "none",	      [MNPEN_STOP_HOST] = "host",
	[MNPEN_STOP_TRIGGER] = "trigger",     [MNPEN_STOP_LEASE] = "lease",
	[MNPEN_STOP_DISABLED] = "disabled",   [MNPEN_STOP_RUN_LIMIT] = "run-limit",
	[MNPEN_STOP_FAULT] = "fault",	      [MNPEN_STOP_BUS] = "bus",
	[MNPEN_STOP_CARTRIDGE] = "cartridge",
};

static const char *const errors[] = {
	[MNPEN_ERR_NONE] = "none",
	[MNPEN_ERR_BAD_LENGTH] = "bad-length",
	[MNPEN_ERR_BAD_STATE] = "bad-state",
	[MNPEN_ERR_BAD_TOKEN] = "bad-token",
	[MNPEN_ERR_BAD_VALUE] = "bad-value",
	[MNPEN_ERR_LIMIT] = "limit",
	[MNPEN_ERR_STALE] = "stale",
	[MNPEN_ERR_CRC] = "crc",
	[MNPEN_ERR_CARTRIDGE] = "cartridge",
	[MNPEN_ERR_FAULT] = "fault",
	[MNPEN_ERR_UNSUPPORTED] = "unsupported",
};

static const char *const requests[] = {
	[MNPEN_REQ_NONE] = "none",
	[MNPEN_REQ_GET_INFO] = "get-info",
	[MNPEN_REQ_GET_STATUS] = "get-status",
	[MNPEN_REQ_ARM] = "arm",
	[MNPEN_REQ_SET_TARGET] = "set-target",
	[MNPEN_REQ_LEASE] = "lease",
	[MNPEN_REQ_STOP] = "stop",
	[MNPEN_REQ_CLEAR_FAULT] = "clear-fault",
	[MNPEN_REQ_SET_STREAM] = "set-stream",
	[MNPEN_REQ_GET_CARTRIDGE] = "get-cartridge",
	[MNPEN_REQ_CLAIM_CARTRIDGE] = "claim-cartridge",
	[MNPEN_REQ_GET_ERROR] = "get-error",
};

/* by bit number, in the order of MNPEN_FAULT_* */
static const char *const faults[MNPEN_FAULT_COUNT] = {
	"selftest", "overdepth", "overspeed",	   "underspeed", "stalled",	    "overcurrent",
	"overtemp", "undervolt", "cartridge-lost", "ingress",	 "position-sensor", "internal",
};

static const char *name_of(const char *const *table, size_t count, unsigned int number)
{
	return number < count ? table[number] : "unknown";
}

static int number_of(const char *const *table, size_t count, const char *name, unsigned int *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i], name) == 0) {
			*ret = (unsigned int)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *mnpen_state_name(unsigned int state)
{
	return name_of(states, COUNT(states), state);
}

const char *mnpen_stop_reason_name(unsigned int reason)
{
	return name_of(stop_reasons, COUNT(stop_reasons), reason);
}

const char *mnpen_error_name(unsigned int code)
{
	return name_of(errors, COUNT(errors), code);
}

const char *mnpen_request_name(unsigned int request)
{
	return name_of(requests, COUNT(requests), request);
}

const char *mnpen_fault_name(unsigned int bit)
{
	return name_of(faults, COUNT(faults), bit);
}

int mnpen_state_parse(const char *name, unsigned int *ret)
{
	return number_of(states, COUNT(states), name, ret);
}

int mnpen_stop_reason_parse(const char *name, unsigned int *ret)
{
	return number_of(stop_reasons, COUNT(stop_reasons), name, ret);
}

int mnpen_request_parse(const char *name, unsigned int *ret)
{
	return number_of(requests, COUNT(requests), name, ret);
}

int mnpen_fault_parse(const char *name, uint16_t *ret_mask)
{
	unsigned int bit;
	int r = number_of(faults, COUNT(faults), name, &bit);

	if (r < 0)
		return r;
	*ret_mask = (uint16_t)(1u << bit);
	return 0;
}
