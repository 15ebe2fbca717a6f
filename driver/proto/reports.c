// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Records from the pen to the host: info, cartridge, error and sample. The host trusts no pen:
 * a record with a byte that the protocol forbids is refused whole.
 */
#include <errno.h>
#include <string.h>

#include "driver/proto/records.h"
#include "driver/proto/wire.h"

enum info_offset {
	INFO_PROTOCOL = 0,
	INFO_FIRMWARE = 2,
	INFO_DEPTH_MIN = 4,
	INFO_DEPTH_MAX = 6,
	INFO_DEPTH_STEP = 8,
	INFO_DEPTH_TOLERANCE = 10,
	INFO_SPEED_MIN = 12,
	INFO_SPEED_MAX = 14,
	INFO_LEASE_MIN = 16,
	INFO_LEASE_MAX = 18,
	INFO_FEATURES = 20,
	INFO_STREAM_MIN = 24,
	INFO_MOTOR_TOTAL = 28,
	INFO_MODEL = 32,
	INFO_CALIBRATED_ON = 48,
	INFO_CALIBRATION_DUE = 52,
	INFO_RESERVED = 56,
};

enum cartridge_offset {
	CARTRIDGE_UID = 0,
	CARTRIDGE_LOT = MNPEN_CARTRIDGE_LOT_OFFSET,
	CARTRIDGE_NEEDLES = 20,
	CARTRIDGE_LENGTH = 22,
	CARTRIDGE_EXPIRES = 24,
	CARTRIDGE_STROKES = 28,
	CARTRIDGE_CLAIMED_TOKEN = MNPEN_CARTRIDGE_TOKEN_OFFSET,
	CARTRIDGE_FLAGS = 40,
	CARTRIDGE_RESERVED = 41,
};

enum error_offset {
	ERROR_REQUEST = 0,
	ERROR_CODE = 1,
	ERROR_DETAIL = 2,
	ERROR_CMD = 4,
};

enum sample_offset {
	SAMPLE_SEQ = 0,
	SAMPLE_LAST_CMD = 4,
	SAMPLE_TIME = 8,
	SAMPLE_STATE = 16,
	SAMPLE_FLAGS = 17,
	SAMPLE_FAULTS = 18,
	SAMPLE_DEPTH = 20,
	SAMPLE_SPEED = 22,
	SAMPLE_TARGET_DEPTH = 24,
	SAMPLE_TARGET_SPEED = 26,
	SAMPLE_MOTOR_MA = 28,
	SAMPLE_MOTOR_TEMP = 30,
	SAMPLE_SUPPLY = 32,
	SAMPLE_BATTERY = 34,
	SAMPLE_STOP_REASON = 35,
	SAMPLE_STROKES = 36,
	SAMPLE_RUN = 40,
	SAMPLE_LEASE_LEFT = 44,
	SAMPLE_RESERVED = 46,
};

#define MAJOR(version) ((version) >> 8)

void mnpen_info_encode(uint8_t buf[MNPEN_INFO_SIZE], const struct mnpen_info *info)
{
	memset(buf, 0, MNPEN_INFO_SIZE);
	wire_put16(buf + INFO_PROTOCOL, info->protocol);
	wire_put16(buf + INFO_FIRMWARE, info->firmware);
	wire_put16(buf + INFO_DEPTH_MIN, info->depth_min_um);
	wire_put16(buf + INFO_DEPTH_MAX, info->depth_max_um);
	wire_put16(buf + INFO_DEPTH_STEP, info->depth_step_um);
	wire_put16(buf + INFO_DEPTH_TOLERANCE, info->depth_tolerance_um);
	wire_put16(buf + INFO_SPEED_MIN, info->speed_min_rpm);
	wire_put16(buf + INFO_SPEED_MAX, info->speed_max_rpm);
	wire_put16(buf + INFO_LEASE_MIN, info->lease_min_ms);
	wire_put16(buf + INFO_LEASE_MAX, info->lease_max_ms);
	wire_put32(buf + INFO_FEATURES, info->features);
	wire_put32(buf + INFO_STREAM_MIN, info->stream_min_us);
	wire_put32(buf + INFO_MOTOR_TOTAL, info->motor_total_s);
	wire_text_put(buf + INFO_MODEL, info->model, MNPEN_MODEL_SIZE);
	wire_put32(buf + INFO_CALIBRATED_ON, info->calibrated_on_days);
	wire_put32(buf + INFO_CALIBRATION_DUE, info->calibration_due_days);
}

static void info_unpack(struct mnpen_info *ret, const uint8_t *buf)
{
	*ret = (struct mnpen_info){
		.protocol = wire_get16(buf + INFO_PROTOCOL),
		.firmware = wire_get16(buf + INFO_FIRMWARE),
		.depth_min_um = wire_get16(buf + INFO_DEPTH_MIN),
		.depth_max_um = wire_get16(buf + INFO_DEPTH_MAX),
		.depth_step_um = wire_get16(buf + INFO_DEPTH_STEP),
		.depth_tolerance_um = wire_get16(buf + INFO_DEPTH_TOLERANCE),
		.speed_min_rpm = wire_get16(buf + INFO_SPEED_MIN),
		.speed_max_rpm = wire_get16(buf + INFO_SPEED_MAX),
		.lease_min_ms = wire_get16(buf + INFO_LEASE_MIN),
		.lease_max_ms = wire_get16(buf + INFO_LEASE_MAX),
		.features = wire_get32(buf + INFO_FEATURES),
		.stream_min_us = wire_get32(buf + INFO_STREAM_MIN),
		.motor_total_s = wire_get32(buf + INFO_MOTOR_TOTAL),
		.calibrated_on_days = wire_get32(buf + INFO_CALIBRATED_ON),
		.calibration_due_days = wire_get32(buf + INFO_CALIBRATION_DUE),
	};
	wire_text_get(ret->model, buf + INFO_MODEL, MNPEN_MODEL_SIZE);
}

/* The first byte that does not belong into a text, or into reserved bytes: 0 = all do. */
static uint8_t bad_byte(const uint8_t *buf, size_t len, bool text)
{
	for (size_t i = 0; i < len; i++)
		if (text ? !wire_text_valid(buf, i + 1) : buf[i] != 0)
			return buf[i];
	return 0;
}

/* Unknown feature bits pass: a pen of a later minor version may have more than 1.0 knows of. */
static bool info_finding(const struct mnpen_info *info, const uint8_t *buf,
			 struct mnpen_finding *ret)
{
	const uint32_t version = MAJOR(MNPEN_PROTOCOL_VERSION) << 8;
	const uint8_t model = bad_byte(buf + INFO_MODEL, MNPEN_MODEL_SIZE, true);
	const struct mnpen_finding checks[] = {
		{"protocol", info->protocol, version, version | 0xff},
		{"depth_min_um", info->depth_min_um, 0, info->depth_max_um},
		{"depth_step_um", info->depth_step_um, 1, UINT16_MAX},
		{"speed_min_rpm", info->speed_min_rpm, 0, info->speed_max_rpm},
		{"lease_max_ms", info->lease_max_ms, 1, UINT16_MAX},
		{"lease_min_ms", info->lease_min_ms, 1, info->lease_max_ms},
		{"stream_min_us", info->stream_min_us, 1, UINT32_MAX},
		{"model", model ? model : (uint8_t)info->model[0], ' ', '~'},
		{"reserved", bad_byte(buf + INFO_RESERVED, MNPEN_INFO_SIZE - INFO_RESERVED, false),
		 0, 0},
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (checks[i].value >= checks[i].min && checks[i].value <= checks[i].max)
			continue;
		*ret = checks[i];
		return true;
	}
	/* What is printable, but stands behind the end of the text. */
	if (wire_text_valid(buf + INFO_MODEL, MNPEN_MODEL_SIZE))
		return false;
	*ret = (struct mnpen_finding){"model", model, 0, 0};
	return true;
}

bool mnpen_info_finding(struct mnpen_finding *ret, const uint8_t *buf, size_t len)
{
	struct mnpen_info info;

	if (len != MNPEN_INFO_SIZE) {
		*ret = (struct mnpen_finding){"length", (uint32_t)len, MNPEN_INFO_SIZE,
					      MNPEN_INFO_SIZE};
		return true;
	}
	info_unpack(&info, buf);
	return info_finding(&info, buf, ret);
}

int mnpen_info_decode(struct mnpen_info *ret, const uint8_t *buf, size_t len)
{
	struct mnpen_finding finding;
	struct mnpen_info info;

	if (len != MNPEN_INFO_SIZE)
		return -EMSGSIZE;
	info_unpack(&info, buf);
	if (info_finding(&info, buf, &finding))
		return -EBADMSG;
	*ret = info;
	return 0;
}

void mnpen_cartridge_encode(uint8_t buf[MNPEN_CARTRIDGE_SIZE], const struct mnpen_cartridge *c)
{
	memset(buf, 0, MNPEN_CARTRIDGE_SIZE);
	memcpy(buf + CARTRIDGE_UID, c->uid, MNPEN_UID_SIZE);
	wire_text_put(buf + CARTRIDGE_LOT, c->lot, MNPEN_LOT_SIZE);
	wire_put16(buf + CARTRIDGE_NEEDLES, c->needles);
	wire_put16(buf + CARTRIDGE_LENGTH, c->length_um);
	wire_put32(buf + CARTRIDGE_EXPIRES, c->expires_days);
	wire_put32(buf + CARTRIDGE_STROKES, c->strokes);
	wire_put64(buf + CARTRIDGE_CLAIMED_TOKEN, c->claimed_token);
	buf[CARTRIDGE_FLAGS] = c->flags;
}

static bool cartridge_valid(const uint8_t *buf)
{
	return !(buf[CARTRIDGE_FLAGS] & ~MNPEN_CARTRIDGE_FLAGS_ALL) &&
	       wire_text_valid(buf + CARTRIDGE_LOT, MNPEN_LOT_SIZE) &&
	       wire_is_zero(buf + CARTRIDGE_RESERVED, MNPEN_CARTRIDGE_SIZE - CARTRIDGE_RESERVED);
}

int mnpen_cartridge_decode(struct mnpen_cartridge *ret, const uint8_t *buf, size_t len)
{
	if (len != MNPEN_CARTRIDGE_SIZE)
		return -EMSGSIZE;
	if (!cartridge_valid(buf))
		return -EBADMSG;
	*ret = (struct mnpen_cartridge){
		.needles = wire_get16(buf + CARTRIDGE_NEEDLES),
		.length_um = wire_get16(buf + CARTRIDGE_LENGTH),
		.expires_days = wire_get32(buf + CARTRIDGE_EXPIRES),
		.strokes = wire_get32(buf + CARTRIDGE_STROKES),
		.claimed_token = wire_get64(buf + CARTRIDGE_CLAIMED_TOKEN),
		.flags = buf[CARTRIDGE_FLAGS],
	};
	memcpy(ret->uid, buf + CARTRIDGE_UID, MNPEN_UID_SIZE);
	wire_text_get(ret->lot, buf + CARTRIDGE_LOT, MNPEN_LOT_SIZE);
	return 0;
}

void mnpen_error_encode(uint8_t buf[MNPEN_ERROR_SIZE], const struct mnpen_error_record *error)
{
	buf[ERROR_REQUEST] = error->request;
	buf[ERROR_CODE] = error->code;
	wire_put16(buf + ERROR_DETAIL, error->detail);
	wire_put32(buf + ERROR_CMD, error->cmd);
}

int mnpen_error_decode(struct mnpen_error_record *ret, const uint8_t *buf, size_t len)
{
	if (len != MNPEN_ERROR_SIZE)
		return -EMSGSIZE;
	/* request is any byte: a host may have sent a code that no pen knows */
	if (buf[ERROR_CODE] > MNPEN_ERR_MAX)
		return -EBADMSG;
	*ret = (struct mnpen_error_record){
		.request = buf[ERROR_REQUEST],
		.code = buf[ERROR_CODE],
		.detail = wire_get16(buf + ERROR_DETAIL),
		.cmd = wire_get32(buf + ERROR_CMD),
	};
	return 0;
}

void mnpen_sample_encode(uint8_t buf[MNPEN_SAMPLE_SIZE], const struct mnpen_sample *sample)
{
	wire_put32(buf + SAMPLE_SEQ, sample->seq);
	wire_put32(buf + SAMPLE_LAST_CMD, sample->last_cmd);
	wire_put64(buf + SAMPLE_TIME, sample->time_us);
	buf[SAMPLE_STATE] = sample->state;
	buf[SAMPLE_FLAGS] = sample->flags;
	wire_put16(buf + SAMPLE_FAULTS, sample->faults);
	wire_put16(buf + SAMPLE_DEPTH, sample->depth_um);
	wire_put16(buf + SAMPLE_SPEED, sample->speed_rpm);
	wire_put16(buf + SAMPLE_TARGET_DEPTH, sample->target_depth_um);
	wire_put16(buf + SAMPLE_TARGET_SPEED, sample->target_speed_rpm);
	wire_put16(buf + SAMPLE_MOTOR_MA, sample->motor_ma);
	wire_put16(buf + SAMPLE_MOTOR_TEMP, (uint16_t)sample->motor_temp_dc);
	wire_put16(buf + SAMPLE_SUPPLY, sample->supply_mv);
	buf[SAMPLE_BATTERY] = sample->battery_pct;
	buf[SAMPLE_STOP_REASON] = sample->stop_reason;
	wire_put32(buf + SAMPLE_STROKES, sample->strokes);
	wire_put32(buf + SAMPLE_RUN, sample->run_ms);
	wire_put16(buf + SAMPLE_LEASE_LEFT, sample->lease_left_ms);
	wire_put16(buf + SAMPLE_RESERVED, 0);
}

static bool sample_valid(const uint8_t *buf)
{
	return buf[SAMPLE_STATE] <= MNPEN_STATE_MAX &&
	       !(wire_get16(buf + SAMPLE_FAULTS) & ~MNPEN_FAULTS_ALL) &&
	       buf[SAMPLE_BATTERY] <= 100 && buf[SAMPLE_STOP_REASON] <= MNPEN_STOP_MAX &&
	       !wire_get16(buf + SAMPLE_RESERVED);
}

int mnpen_sample_decode(struct mnpen_sample *ret, const uint8_t *buf, size_t len)
{
	if (len != MNPEN_SAMPLE_SIZE)
		return -EMSGSIZE;
	if (!sample_valid(buf))
		return -EBADMSG;
	*ret = (struct mnpen_sample){
		.seq = wire_get32(buf + SAMPLE_SEQ),
		.last_cmd = wire_get32(buf + SAMPLE_LAST_CMD),
		.time_us = wire_get64(buf + SAMPLE_TIME),
		.state = buf[SAMPLE_STATE],
		.flags = buf[SAMPLE_FLAGS],
		.faults = wire_get16(buf + SAMPLE_FAULTS),
		.depth_um = wire_get16(buf + SAMPLE_DEPTH),
		.speed_rpm = wire_get16(buf + SAMPLE_SPEED),
		.target_depth_um = wire_get16(buf + SAMPLE_TARGET_DEPTH),
		.target_speed_rpm = wire_get16(buf + SAMPLE_TARGET_SPEED),
		.motor_ma = wire_get16(buf + SAMPLE_MOTOR_MA),
		.motor_temp_dc = (int16_t)wire_get16(buf + SAMPLE_MOTOR_TEMP),
		.supply_mv = wire_get16(buf + SAMPLE_SUPPLY),
		.battery_pct = buf[SAMPLE_BATTERY],
		.stop_reason = buf[SAMPLE_STOP_REASON],
		.strokes = wire_get32(buf + SAMPLE_STROKES),
		.run_ms = wire_get32(buf + SAMPLE_RUN),
		.lease_left_ms = wire_get16(buf + SAMPLE_LEASE_LEFT),
	};
	return 0;
}
