// SPDX-License-Identifier: GPL-2.0-only
/* Requests as the guard takes them: an ioctl each, with the bytes of the wire inside. Pure. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/host/chardev_place.h"
#include "driver/proto/wire.h"

#define TIMEOUT_MAX_MS 1000

/* All arguments with data have it right behind the head. */
#define DATA_OFFSET sizeof(struct mnpen_guard_head)
_Static_assert(offsetof(struct mnpen_guard_info, data) == DATA_OFFSET, "behind the head");
_Static_assert(offsetof(struct mnpen_guard_claim, data) == DATA_OFFSET, "behind the head");
_Static_assert(MNPEN_GUARD_INFO_SIZE == MNPEN_INFO_SIZE, "one size");
_Static_assert(MNPEN_GUARD_SAMPLE_SIZE == MNPEN_SAMPLE_SIZE, "one size");
_Static_assert(MNPEN_GUARD_CARTRIDGE_SIZE == MNPEN_CARTRIDGE_SIZE, "one size");
_Static_assert(MNPEN_GUARD_ARM_SIZE == MNPEN_ARM_SIZE, "one size");
_Static_assert(MNPEN_GUARD_TARGET_SIZE == MNPEN_TARGET_SIZE, "one size");
_Static_assert(MNPEN_GUARD_LEASE_SIZE == MNPEN_LEASE_SIZE, "one size");
_Static_assert(MNPEN_GUARD_CLAIM_SIZE == MNPEN_CLAIM_SIZE, "one size");

static const struct kind {
	enum mnpen_request request;
	unsigned long number;
	bool in;
	uint16_t len; /* on the wire */
	bool moves;
} kinds[] = {
	{MNPEN_REQ_GET_INFO, MNPEN_GUARD_IOC_INFO, true, MNPEN_INFO_SIZE, false},
	{MNPEN_REQ_GET_STATUS, MNPEN_GUARD_IOC_STATUS, true, MNPEN_SAMPLE_SIZE, false},
	{MNPEN_REQ_ARM, MNPEN_GUARD_IOC_ARM, false, MNPEN_ARM_SIZE, true},
	{MNPEN_REQ_SET_TARGET, MNPEN_GUARD_IOC_TARGET, false, MNPEN_TARGET_SIZE, true},
	{MNPEN_REQ_LEASE, MNPEN_GUARD_IOC_LEASE, false, MNPEN_LEASE_SIZE, true},
	{MNPEN_REQ_CLEAR_FAULT, MNPEN_GUARD_IOC_CLEAR, false, 0, false},
	{MNPEN_REQ_SET_STREAM, MNPEN_GUARD_IOC_STREAM, false, MNPEN_STREAM_SIZE, false},
	{MNPEN_REQ_GET_CARTRIDGE, MNPEN_GUARD_IOC_CARTRIDGE, true, MNPEN_CARTRIDGE_SIZE, false},
	{MNPEN_REQ_CLAIM_CARTRIDGE, MNPEN_GUARD_IOC_CLAIM, false, MNPEN_CLAIM_SIZE, false},
};

static const struct kind *kind_of(const struct host_control *control)
{
	for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
		if (kinds[i].request == control->request)
			return &kinds[i];
	return NULL;
}

static void begin(struct chardev_call *ret, unsigned long number, unsigned int timeout_ms)
{
	*ret = (struct chardev_call){.number = number};
	ret->argument.head.timeout_ms =
		MIN(timeout_ms ? timeout_ms : HOST_CONTROL_TIMEOUT_MS, TIMEOUT_MAX_MS);
}

int chardev_call_make(struct chardev_call *ret, const struct host_control *control)
{
	const struct kind *kind = kind_of(control);

	/* What the guard has no ioctl for cannot be asked through it; a slip of the caller. */
	if (!kind || kind->in != control->in || kind->len != control->len || control->value != 0)
		return -EINVAL;
	begin(ret, kind->number, control->timeout_ms);
	ret->moves = kind->moves;
	if (control->request == MNPEN_REQ_SET_STREAM)
		ret->argument.value.value = wire_get32(control->data);
	else if (!control->in)
		memcpy((uint8_t *)&ret->argument + DATA_OFFSET, control->data, control->len);
	return 0;
}

void chardev_call_alt(struct chardev_call *ret, uint8_t alt, unsigned int timeout_ms)
{
	begin(ret, MNPEN_GUARD_IOC_ALT, timeout_ms);
	ret->argument.value.value = alt;
}

void chardev_call_stop(struct chardev_call *ret, uint16_t reason, uint32_t flags)
{
	begin(ret, MNPEN_GUARD_IOC_STOP, HOST_CONTROL_TIMEOUT_MS);
	ret->argument.value.value = reason;
	ret->argument.value.flags = flags;
}

const uint8_t *chardev_call_data(const struct chardev_call *call)
{
	return (const uint8_t *)&call->argument + DATA_OFFSET;
}

void chardev_call_error(uint8_t ret[MNPEN_ERROR_SIZE], const struct chardev_call *call)
{
	const struct mnpen_guard_head *head = &call->argument.head;

	ret[0] = head->request;
	ret[1] = head->code;
	wire_put16(ret + 2, head->detail);
	wire_put32(ret + 4, head->cmd);
}

void chardev_setup_bytes(uint8_t ret[HOST_SETUP_SIZE], uint8_t type, uint8_t request,
			 uint16_t value, uint16_t len)
{
	ret[0] = type;
	ret[1] = request;
	wire_put16(ret + 2, value);
	wire_put16(ret + 4, MNPEN_IF_CONTROL);
	wire_put16(ret + 6, len);
}
