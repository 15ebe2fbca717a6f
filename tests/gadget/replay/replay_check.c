// SPDX-License-Identifier: GPL-2.0-only
/* What every pen refuses, whatever the recorded one did: in the order of docs/protocol.md. */
#include "driver/base/cleanup.h"
#include "tests/gadget/replay/replay_parts.h"

/* Offsets that a refusal names. */
#define LEASE_COUNTER_OFFSET 8
#define LEASE_CRC_OFFSET 12

static enum mnpen_error check_value(const struct usb_setup *setup)
{
	return setup->value ? MNPEN_ERR_BAD_VALUE : MNPEN_ERR_NONE;
}

static enum mnpen_error check_arm(const struct usb_setup *setup, const uint8_t *data,
				  uint16_t *ret_detail)
{
	enum mnpen_error error;
	uint16_t detail = 0;
	struct mnpen_arm arm;

	mnpen_arm_unpack(&arm, data);
	if (!arm.token)
		return MNPEN_ERR_BAD_TOKEN;
	error = mnpen_arm_check(data, &detail);
	if (error != MNPEN_ERR_CRC && check_value(setup) != MNPEN_ERR_NONE)
		return MNPEN_ERR_BAD_VALUE;
	*ret_detail = detail;
	return error;
}

static enum mnpen_error check_claim(const struct usb_setup *setup, const uint8_t *data)
{
	struct mnpen_claim claim;

	mnpen_claim_unpack(&claim, data);
	return claim.token ? check_value(setup) : MNPEN_ERR_BAD_TOKEN;
}

/* Of a pen at rest the token says nothing: it refuses for its state, or as the recorded one did. */
static enum mnpen_error check_target(const struct replay *replay, const struct usb_setup *setup,
				     const uint8_t *data)
{
	struct mnpen_target target;

	mnpen_target_unpack(&target, data);
	if (replay_armed(replay) && (!target.token || target.token != replay->lease.token))
		return MNPEN_ERR_BAD_TOKEN;
	return check_value(setup);
}

static enum mnpen_error check_lease(const struct replay *replay, const struct usb_setup *setup,
				    const uint8_t *data, uint16_t *ret_detail)
{
	struct mnpen_lease lease;

	if (!replay_armed(replay))
		return MNPEN_ERR_BAD_STATE;
	mnpen_lease_unpack(&lease, data);
	if (!lease.token || lease.token != replay->lease.token)
		return MNPEN_ERR_BAD_TOKEN;
	if (lease.counter <= replay->lease.counter) {
		*ret_detail = LEASE_COUNTER_OFFSET;
		return MNPEN_ERR_STALE;
	}
	if (lease.limits_crc != replay->lease.limits_crc) {
		*ret_detail = LEASE_CRC_OFFSET;
		return MNPEN_ERR_CRC;
	}
	if (check_value(setup) != MNPEN_ERR_NONE)
		return MNPEN_ERR_BAD_VALUE;
	return mnpen_lease_check(data, ret_detail);
}

static enum mnpen_error check_record(const struct replay *replay, const struct usb_setup *setup,
				     const uint8_t *data, uint16_t *ret_detail)
{
	switch ((enum mnpen_request)setup->request) {
	case MNPEN_REQ_STOP: /* its wValue is the host's own reason */
		return MNPEN_ERR_NONE;
	case MNPEN_REQ_ARM:
		return check_arm(setup, data, ret_detail);
	case MNPEN_REQ_CLAIM_CARTRIDGE:
		return check_claim(setup, data);
	case MNPEN_REQ_SET_TARGET:
		return check_target(replay, setup, data);
	case MNPEN_REQ_LEASE:
		return check_lease(replay, setup, data, ret_detail);
	case MNPEN_REQ_NONE:
	case MNPEN_REQ_GET_INFO:
	case MNPEN_REQ_GET_STATUS:
	case MNPEN_REQ_GET_CARTRIDGE:
	case MNPEN_REQ_GET_ERROR:
	case MNPEN_REQ_CLEAR_FAULT:
	case MNPEN_REQ_SET_STREAM:
		break;
	}
	return check_value(setup);
}

enum mnpen_error replay_check(const struct replay *replay, const struct usb_setup *setup,
			      const uint8_t *data, size_t len, uint16_t *ret_detail)
{
	static const uint8_t sizes[] = {
		[MNPEN_REQ_GET_INFO] = MNPEN_INFO_SIZE,
		[MNPEN_REQ_GET_STATUS] = MNPEN_SAMPLE_SIZE,
		[MNPEN_REQ_ARM] = MNPEN_ARM_SIZE,
		[MNPEN_REQ_SET_TARGET] = MNPEN_TARGET_SIZE,
		[MNPEN_REQ_LEASE] = MNPEN_LEASE_SIZE,
		[MNPEN_REQ_SET_STREAM] = MNPEN_STREAM_SIZE,
		[MNPEN_REQ_GET_CARTRIDGE] = MNPEN_CARTRIDGE_SIZE,
		[MNPEN_REQ_CLAIM_CARTRIDGE] = MNPEN_CLAIM_SIZE,
		[MNPEN_REQ_GET_ERROR] = MNPEN_ERROR_SIZE,
	};

	if (setup->request == MNPEN_REQ_NONE || setup->request >= ELEMENTSOF(sizes) ||
	    setup->type != recorded_type(setup->request) || setup->index != MNPEN_IF_CONTROL)
		return MNPEN_ERR_UNSUPPORTED;
	if (setup->length != sizes[setup->request] ||
	    (!(setup->type & USB_DIR_IN) && len != setup->length))
		return MNPEN_ERR_BAD_LENGTH;
	return check_record(replay, setup, data, ret_detail);
}
