/* SPDX-License-Identifier: GPL-2.0-only */
/* A pen model in a known state, for the tests of the virtual pen. Included once a test binary. */
#ifndef MNPEN_TEST_GADGET_FIXTURE_H
#define MNPEN_TEST_GADGET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/model/input.h"
#include "tests/gadget/model/model.h"

#define TODAY 20000
#define TOKEN 0x1122334455667788ULL
#define MS 1000ULL /* in the model's microseconds */

static struct model pen;

static const struct mnpen_cartridge fixture_cartridge = {
	.uid = {1, 2, 3, 4, 5, 6, 7, 8},
	.lot = "LOT1",
	.needles = 14,
	.length_um = 2500,
	.expires_days = TODAY,
};

static inline void pass(uint64_t us)
{
	model_advance(&pen, pen.now_us + us);
}

static inline enum mnpen_error send(uint8_t code, const uint8_t *data, uint16_t len)
{
	struct model_request request = {
		.code = code, .alt_work = true, .length = len, .data = data};
	uint8_t reply[MNPEN_RECORD_MAX];
	size_t reply_len;

	return model_request(&pen, &request, reply, &reply_len);
}

static inline struct mnpen_error_record last_error(void)
{
	struct model_request request = {
		.code = MNPEN_REQ_GET_ERROR, .in = true, .length = MNPEN_ERROR_SIZE};
	uint8_t reply[MNPEN_RECORD_MAX];
	struct mnpen_error_record error;
	size_t len;

	assert_int_equal(model_request(&pen, &request, reply, &len), MNPEN_ERR_NONE);
	assert_int_equal(mnpen_error_decode(&error, reply, len), 0);
	return error;
}

static inline struct mnpen_arm fixture_arm(void)
{
	return (struct mnpen_arm){
		.token = TOKEN,
		.cmd = pen.last_cmd + 1,
		.depth_limit_um = 1000,
		.speed_min_rpm = 4000,
		.speed_max_rpm = 7000,
		.lease_ms = 300,
		.run_limit_ms = 600000,
	};
}

static inline enum mnpen_error send_arm(const struct mnpen_arm *arm)
{
	uint8_t buf[MNPEN_ARM_SIZE];

	mnpen_arm_encode(buf, arm);
	return send(MNPEN_REQ_ARM, buf, sizeof(buf));
}

static inline enum mnpen_error send_claim(uint64_t token)
{
	struct mnpen_claim claim = {.token = token, .cmd = pen.last_cmd + 1, .today_days = TODAY};
	uint8_t buf[MNPEN_CLAIM_SIZE];

	mnpen_claim_encode(buf, &claim);
	return send(MNPEN_REQ_CLAIM_CARTRIDGE, buf, sizeof(buf));
}

static inline enum mnpen_error send_target(uint16_t depth_um, uint16_t speed_rpm)
{
	struct mnpen_target target = {.token = TOKEN,
				      .cmd = pen.last_cmd + 1,
				      .depth_um = depth_um,
				      .speed_rpm = speed_rpm};
	uint8_t buf[MNPEN_TARGET_SIZE];

	mnpen_target_encode(buf, &target);
	return send(MNPEN_REQ_SET_TARGET, buf, sizeof(buf));
}

static inline enum mnpen_error send_lease(uint8_t enable)
{
	struct mnpen_lease lease = {.token = TOKEN,
				    .counter = pen.lease_counter + 1,
				    .limits_crc = pen.arm.crc,
				    .enable = enable};
	uint8_t buf[MNPEN_LEASE_SIZE];

	mnpen_lease_encode(buf, &lease);
	return send(MNPEN_REQ_LEASE, buf, sizeof(buf));
}

/* Time in which the host does its duty: a lease every 50 ms while there is an arm. */
static inline void pass_leased(uint64_t us)
{
	for (uint64_t end = pen.now_us + us; pen.now_us < end;) {
		pass(MIN(50 * MS, end - pen.now_us));
		if (pen.state == MNPEN_STATE_ARMED || pen.state == MNPEN_STATE_RUNNING)
			send_lease(1);
	}
}

/* BOOT is over, a claimed cartridge is in. No noise: seed 0. */
static inline void to_idle(void)
{
	model_init(&pen, 0, TODAY);
	model_insert_cartridge(&pen, &fixture_cartridge);
	pass(100 * MS);
	assert_int_equal(send_claim(TOKEN), MNPEN_ERR_NONE);
	assert_int_equal(pen.state, MNPEN_STATE_IDLE);
}

static inline void to_armed_with(const struct mnpen_arm *arm)
{
	assert_int_equal(send_arm(arm), MNPEN_ERR_NONE);
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
}

static inline void to_armed(void)
{
	struct mnpen_arm arm;

	to_idle();
	arm = fixture_arm();
	to_armed_with(&arm);
}

static inline void to_running(void)
{
	to_armed();
	assert_int_equal(send_target(500, 6000), MNPEN_ERR_NONE);
	assert_int_equal(send_lease(1), MNPEN_ERR_NONE);
	model_set_trigger(&pen, true);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
}

static inline void to_fault(void)
{
	to_idle();
	model_force_fault(&pen, MNPEN_FAULT_INGRESS);
	assert_int_equal(pen.state, MNPEN_STATE_FAULT);
}

static inline void to_boot(void)
{
	model_init(&pen, 0, TODAY);
	model_insert_cartridge(&pen, &fixture_cartridge);
}

static inline void to_state(enum mnpen_state state)
{
	switch (state) {
	case MNPEN_STATE_BOOT:
		to_boot();
		return;
	case MNPEN_STATE_IDLE:
		to_idle();
		return;
	case MNPEN_STATE_ARMED:
		to_armed();
		return;
	case MNPEN_STATE_RUNNING:
		to_running();
		return;
	case MNPEN_STATE_FAULT:
		to_fault();
		return;
	}
}

#endif
