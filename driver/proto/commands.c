// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Records from the host to the pen: arm, target, lease, claim and the stream period.
 *
 * A refused value is reported with its field's offset, the first in the record when there are
 * several, so that every pen answers alike.
 */
#include <errno.h>
#include <string.h>

#include "driver/proto/records.h"
#include "driver/proto/wire.h"

enum arm_offset {
	ARM_TOKEN = 0,
	ARM_CMD = 8,
	ARM_DEPTH_LIMIT = 12,
	ARM_SPEED_MIN = 14,
	ARM_SPEED_MAX = 16,
	ARM_LEASE = 18,
	ARM_RUN_LIMIT = 20,
	ARM_TRIGGER_MODE = 24,
	ARM_RESERVED = 25,
	ARM_CRC = MNPEN_ARM_CRC_OFFSET,
};

enum lease_offset {
	LEASE_TOKEN = 0,
	LEASE_COUNTER = 8,
	LEASE_LIMITS_CRC = MNPEN_LEASE_CRC_OFFSET,
	LEASE_ENABLE = 16,
	LEASE_RESERVED = 17,
};

enum target_offset {
	TARGET_TOKEN = 0,
	TARGET_CMD = 8,
	TARGET_DEPTH = 12,
	TARGET_SPEED = 14,
};

enum claim_offset {
	CLAIM_TOKEN = 0,
	CLAIM_CMD = 8,
	CLAIM_TODAY = 12,
};

void mnpen_arm_encode(uint8_t buf[MNPEN_ARM_SIZE], const struct mnpen_arm *arm)
{
	memset(buf, 0, MNPEN_ARM_SIZE);
	wire_put64(buf + ARM_TOKEN, arm->token);
	wire_put32(buf + ARM_CMD, arm->cmd);
	wire_put16(buf + ARM_DEPTH_LIMIT, arm->depth_limit_um);
	wire_put16(buf + ARM_SPEED_MIN, arm->speed_min_rpm);
	wire_put16(buf + ARM_SPEED_MAX, arm->speed_max_rpm);
	wire_put16(buf + ARM_LEASE, arm->lease_ms);
	wire_put32(buf + ARM_RUN_LIMIT, arm->run_limit_ms);
	buf[ARM_TRIGGER_MODE] = arm->trigger_mode;
	wire_put32(buf + ARM_CRC, mnpen_crc32(buf, ARM_CRC));
}

void mnpen_arm_unpack(struct mnpen_arm *ret, const uint8_t buf[MNPEN_ARM_SIZE])
{
	*ret = (struct mnpen_arm){
		.token = wire_get64(buf + ARM_TOKEN),
		.cmd = wire_get32(buf + ARM_CMD),
		.depth_limit_um = wire_get16(buf + ARM_DEPTH_LIMIT),
		.speed_min_rpm = wire_get16(buf + ARM_SPEED_MIN),
		.speed_max_rpm = wire_get16(buf + ARM_SPEED_MAX),
		.lease_ms = wire_get16(buf + ARM_LEASE),
		.run_limit_ms = wire_get32(buf + ARM_RUN_LIMIT),
		.trigger_mode = buf[ARM_TRIGGER_MODE],
		.crc = wire_get32(buf + ARM_CRC),
	};
}

static enum mnpen_error refuse(enum mnpen_error error, uint16_t offset, uint16_t *ret_detail)
{
	*ret_detail = offset;
	return error;
}

enum mnpen_error mnpen_arm_check(const uint8_t buf[MNPEN_ARM_SIZE], uint16_t *ret_detail)
{
	/* Limits that were damaged on their way are no limits: the CRC comes before any value. */
	if (wire_get32(buf + ARM_CRC) != mnpen_crc32(buf, ARM_CRC))
		return refuse(MNPEN_ERR_CRC, ARM_CRC, ret_detail);
	if (wire_get16(buf + ARM_SPEED_MIN) > wire_get16(buf + ARM_SPEED_MAX))
		return refuse(MNPEN_ERR_BAD_VALUE, ARM_SPEED_MIN, ret_detail);
	if (!wire_get32(buf + ARM_RUN_LIMIT))
		return refuse(MNPEN_ERR_BAD_VALUE, ARM_RUN_LIMIT, ret_detail);
	if (buf[ARM_TRIGGER_MODE] != MNPEN_TRIGGER_HOLD)
		return refuse(MNPEN_ERR_BAD_VALUE, ARM_TRIGGER_MODE, ret_detail);
	if (!wire_is_zero(buf + ARM_RESERVED, ARM_CRC - ARM_RESERVED))
		return refuse(MNPEN_ERR_BAD_VALUE, ARM_RESERVED, ret_detail);
	return refuse(MNPEN_ERR_NONE, 0, ret_detail);
}

int mnpen_arm_decode(struct mnpen_arm *ret, const uint8_t *buf, size_t len)
{
	uint16_t detail;

	if (len != MNPEN_ARM_SIZE)
		return -EMSGSIZE;
	if (mnpen_arm_check(buf, &detail) != MNPEN_ERR_NONE || !wire_get64(buf + ARM_TOKEN))
		return -EBADMSG;
	mnpen_arm_unpack(ret, buf);
	return 0;
}

void mnpen_target_encode(uint8_t buf[MNPEN_TARGET_SIZE], const struct mnpen_target *target)
{
	wire_put64(buf + TARGET_TOKEN, target->token);
	wire_put32(buf + TARGET_CMD, target->cmd);
	wire_put16(buf + TARGET_DEPTH, target->depth_um);
	wire_put16(buf + TARGET_SPEED, target->speed_rpm);
}

void mnpen_target_unpack(struct mnpen_target *ret, const uint8_t buf[MNPEN_TARGET_SIZE])
{
	*ret = (struct mnpen_target){
		.token = wire_get64(buf + TARGET_TOKEN),
		.cmd = wire_get32(buf + TARGET_CMD),
		.depth_um = wire_get16(buf + TARGET_DEPTH),
		.speed_rpm = wire_get16(buf + TARGET_SPEED),
	};
}

int mnpen_target_decode(struct mnpen_target *ret, const uint8_t *buf, size_t len)
{
	if (len != MNPEN_TARGET_SIZE)
		return -EMSGSIZE;
	if (!wire_get64(buf + TARGET_TOKEN))
		return -EBADMSG;
	mnpen_target_unpack(ret, buf);
	return 0;
}

void mnpen_lease_encode(uint8_t buf[MNPEN_LEASE_SIZE], const struct mnpen_lease *lease)
{
	memset(buf, 0, MNPEN_LEASE_SIZE);
	wire_put64(buf + LEASE_TOKEN, lease->token);
	wire_put32(buf + LEASE_COUNTER, lease->counter);
	wire_put32(buf + LEASE_LIMITS_CRC, lease->limits_crc);
	buf[LEASE_ENABLE] = lease->enable;
}

void mnpen_lease_unpack(struct mnpen_lease *ret, const uint8_t buf[MNPEN_LEASE_SIZE])
{
	*ret = (struct mnpen_lease){
		.token = wire_get64(buf + LEASE_TOKEN),
		.counter = wire_get32(buf + LEASE_COUNTER),
		.limits_crc = wire_get32(buf + LEASE_LIMITS_CRC),
		.enable = buf[LEASE_ENABLE],
	};
}

enum mnpen_error mnpen_lease_check(const uint8_t buf[MNPEN_LEASE_SIZE], uint16_t *ret_detail)
{
	if (buf[LEASE_ENABLE] > 1)
		return refuse(MNPEN_ERR_BAD_VALUE, LEASE_ENABLE, ret_detail);
	if (!wire_is_zero(buf + LEASE_RESERVED, MNPEN_LEASE_SIZE - LEASE_RESERVED))
		return refuse(MNPEN_ERR_BAD_VALUE, LEASE_RESERVED, ret_detail);
	return refuse(MNPEN_ERR_NONE, 0, ret_detail);
}

int mnpen_lease_decode(struct mnpen_lease *ret, const uint8_t *buf, size_t len)
{
	uint16_t detail;

	if (len != MNPEN_LEASE_SIZE)
		return -EMSGSIZE;
	if (mnpen_lease_check(buf, &detail) != MNPEN_ERR_NONE || !wire_get64(buf + LEASE_TOKEN))
		return -EBADMSG;
	mnpen_lease_unpack(ret, buf);
	return 0;
}

void mnpen_claim_encode(uint8_t buf[MNPEN_CLAIM_SIZE], const struct mnpen_claim *claim)
{
	wire_put64(buf + CLAIM_TOKEN, claim->token);
	wire_put32(buf + CLAIM_CMD, claim->cmd);
	wire_put32(buf + CLAIM_TODAY, claim->today_days);
}

void mnpen_claim_unpack(struct mnpen_claim *ret, const uint8_t buf[MNPEN_CLAIM_SIZE])
{
	*ret = (struct mnpen_claim){
		.token = wire_get64(buf + CLAIM_TOKEN),
		.cmd = wire_get32(buf + CLAIM_CMD),
		.today_days = wire_get32(buf + CLAIM_TODAY),
	};
}

int mnpen_claim_decode(struct mnpen_claim *ret, const uint8_t *buf, size_t len)
{
	if (len != MNPEN_CLAIM_SIZE)
		return -EMSGSIZE;
	if (!wire_get64(buf + CLAIM_TOKEN))
		return -EBADMSG;
	mnpen_claim_unpack(ret, buf);
	return 0;
}

void mnpen_stream_encode(uint8_t buf[MNPEN_STREAM_SIZE], uint32_t period_us)
{
	wire_put32(buf, period_us);
}

int mnpen_stream_decode(uint32_t *ret_period_us, const uint8_t *buf, size_t len)
{
	if (len != MNPEN_STREAM_SIZE)
		return -EMSGSIZE;
	*ret_period_us = wire_get32(buf);
	return 0;
}
