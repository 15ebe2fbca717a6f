/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Records of the pen's protocol as C structs, and their way to and from bytes.
 *
 * Each record has up to four functions:
 *   mnpen_X_encode(buf, x)       writes exactly MNPEN_X_SIZE bytes; cannot fail
 *   mnpen_X_unpack(x, buf)       reads the layout and judges nothing
 *   mnpen_X_check(buf, &detail)  judges bytes as the pen does: CRC, then values; returns the
 *                                refusal and, in *ret_detail, the offset of the offending field
 *   mnpen_X_decode(x, buf, len)  length + check + unpack, for whoever just reads
 *
 * The pen needs the pieces one by one, because its order of refusals puts state, token and
 * sequence between length and value (§Records). decode returns 0, -EMSGSIZE (wrong length) or
 * -EBADMSG (a byte that the protocol forbids); *ret stays untouched on failure. Any thread.
 *
 * Units stand in the names: _um micrometres of needle protrusion, _rpm strokes per minute, _ma,
 * _mv, _dc tenths of a degree Celsius, _days since 1970-01-01.
 */
#ifndef MNPEN_RECORDS_H
#define MNPEN_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/proto/proto.h"

/** struct mnpen_info - what a pen says of itself; but for its calibration and its motor time
 * constant while it is plugged in */
struct mnpen_info {
	uint16_t protocol; /* 0x0100; another major number is refused */
	uint16_t firmware; /* BCD */
	uint16_t depth_min_um;
	uint16_t depth_max_um;
	uint16_t depth_step_um;
	uint16_t depth_tolerance_um; /* declared accuracy, plus or minus */
	uint16_t speed_min_rpm;
	uint16_t speed_max_rpm;
	uint16_t lease_min_ms;
	uint16_t lease_max_ms;
	uint32_t features; /* MNPEN_FEATURE_* */
	uint32_t stream_min_us;
	uint32_t motor_total_s;
	char model[MNPEN_MODEL_SIZE + 1]; /* printable ASCII, always terminated here */
	uint32_t calibrated_on_days;
	uint32_t calibration_due_days;
};

/** struct mnpen_arm - limits under which a hand may run the motor */
struct mnpen_arm {
	uint64_t token; /* of the session: random, never 0 */
	uint32_t cmd;
	uint16_t depth_limit_um;
	uint16_t speed_min_rpm;
	uint16_t speed_max_rpm;
	uint16_t lease_ms;
	uint32_t run_limit_ms; /* motor time allowed until the next ARM, > 0 */
	uint8_t trigger_mode;  /* MNPEN_TRIGGER_HOLD */
	uint32_t crc;	       /* encode computes it and ignores what stands here */
};

struct mnpen_target {
	uint64_t token;
	uint32_t cmd;
	uint16_t depth_um; /* a multiple of info.depth_step_um */
	uint16_t speed_rpm;
};

struct mnpen_lease {
	uint64_t token;
	uint32_t counter;    /* strictly increasing from 1 since ARM */
	uint32_t limits_crc; /* arm.crc */
	uint8_t enable;	     /* 1: the trigger may run the motor */
};

struct mnpen_claim {
	uint64_t token;
	uint32_t cmd;
	uint32_t today_days;
};

struct mnpen_cartridge {
	uint8_t uid[MNPEN_UID_SIZE];
	char lot[MNPEN_LOT_SIZE + 1];
	uint16_t needles;
	uint16_t length_um;
	uint32_t expires_days;
	uint32_t strokes;
	uint64_t claimed_token; /* 0 = never used */
	uint8_t flags;		/* MNPEN_CARTRIDGE_* */
};

struct mnpen_error_record {
	uint8_t request; /* enum mnpen_request, or whatever code was refused */
	uint8_t code;	 /* enum mnpen_error */
	uint16_t detail; /* offset of the offending field, or 0 */
	uint32_t cmd;	 /* for LEASE the counter */
};

/** struct mnpen_sample - the pen at one moment; also the answer to GET_STATUS */
struct mnpen_sample {
	uint32_t seq; /* streamed samples, from 1 since power-on */
	uint32_t last_cmd;
	uint64_t time_us;  /* since power-on */
	uint8_t state;	   /* enum mnpen_state */
	uint8_t flags;	   /* MNPEN_FLAG_* */
	uint16_t faults;   /* MNPEN_FAULT_* */
	uint16_t depth_um; /* peak of stroke number `strokes`; rest position while not running */
	uint16_t speed_rpm;
	uint16_t target_depth_um;
	uint16_t target_speed_rpm;
	uint16_t motor_ma;
	int16_t motor_temp_dc;
	uint16_t supply_mv;
	uint8_t battery_pct; /* 0..100 */
	uint8_t stop_reason; /* enum mnpen_stop_reason */
	uint32_t strokes;    /* completed with the drive on since ARM */
	uint32_t run_ms;     /* since ARM */
	uint16_t lease_left_ms;
};

void mnpen_info_encode(uint8_t buf[MNPEN_INFO_SIZE], const struct mnpen_info *info);
int mnpen_info_decode(struct mnpen_info *ret, const uint8_t *buf, size_t len);

/** struct mnpen_finding - what a record has that the protocol does not allow; of texts and reserved
 * bytes the first byte that is wrong */
struct mnpen_finding {
	const char *field; /* static; as in struct mnpen_info, or "length", "reserved" */
	uint32_t value;
	uint32_t min; /* allowed */
	uint32_t max;
};

/** mnpen_info_finding() - why decode refuses. Return: false when it does not; @ret is untouched */
bool mnpen_info_finding(struct mnpen_finding *ret, const uint8_t *buf, size_t len);

void mnpen_arm_encode(uint8_t buf[MNPEN_ARM_SIZE], const struct mnpen_arm *arm);
void mnpen_arm_unpack(struct mnpen_arm *ret, const uint8_t buf[MNPEN_ARM_SIZE]);
enum mnpen_error mnpen_arm_check(const uint8_t buf[MNPEN_ARM_SIZE], uint16_t *ret_detail);
int mnpen_arm_decode(struct mnpen_arm *ret, const uint8_t *buf, size_t len);

void mnpen_target_encode(uint8_t buf[MNPEN_TARGET_SIZE], const struct mnpen_target *target);
void mnpen_target_unpack(struct mnpen_target *ret, const uint8_t buf[MNPEN_TARGET_SIZE]);
int mnpen_target_decode(struct mnpen_target *ret, const uint8_t *buf, size_t len);

void mnpen_lease_encode(uint8_t buf[MNPEN_LEASE_SIZE], const struct mnpen_lease *lease);
void mnpen_lease_unpack(struct mnpen_lease *ret, const uint8_t buf[MNPEN_LEASE_SIZE]);
enum mnpen_error mnpen_lease_check(const uint8_t buf[MNPEN_LEASE_SIZE], uint16_t *ret_detail);
int mnpen_lease_decode(struct mnpen_lease *ret, const uint8_t *buf, size_t len);

void mnpen_claim_encode(uint8_t buf[MNPEN_CLAIM_SIZE], const struct mnpen_claim *claim);
void mnpen_claim_unpack(struct mnpen_claim *ret, const uint8_t buf[MNPEN_CLAIM_SIZE]);
int mnpen_claim_decode(struct mnpen_claim *ret, const uint8_t *buf, size_t len);

void mnpen_cartridge_encode(uint8_t buf[MNPEN_CARTRIDGE_SIZE], const struct mnpen_cartridge *c);
int mnpen_cartridge_decode(struct mnpen_cartridge *ret, const uint8_t *buf, size_t len);

void mnpen_error_encode(uint8_t buf[MNPEN_ERROR_SIZE], const struct mnpen_error_record *error);
int mnpen_error_decode(struct mnpen_error_record *ret, const uint8_t *buf, size_t len);

void mnpen_sample_encode(uint8_t buf[MNPEN_SAMPLE_SIZE], const struct mnpen_sample *sample);
int mnpen_sample_decode(struct mnpen_sample *ret, const uint8_t *buf, size_t len);

void mnpen_stream_encode(uint8_t buf[MNPEN_STREAM_SIZE], uint32_t period_us);
int mnpen_stream_decode(uint32_t *ret_period_us, const uint8_t *buf, size_t len);

/** mnpen_crc32() - CRC-32/ISO-HDLC (reflected 0x04c11db7, init and xorout all ones) */
uint32_t mnpen_crc32(const uint8_t *buf, size_t len);

/** mnpen_serial_valid() - true for [A-Za-z0-9-]{4,32}; NULL is not valid */
bool mnpen_serial_valid(const char *serial);

#endif
