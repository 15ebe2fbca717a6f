// SPDX-License-Identifier: GPL-2.0-only
/* Claim, target and lease: their rules and refusals, and how long a refusal can be asked for. */
#include "tests/unit/gadget_fixture.h"

static enum mnpen_error ask(struct model_request request)
{
	uint8_t reply[MNPEN_RECORD_MAX];
	size_t len;

	return model_request(&pen, &request, reply, &len);
}

static enum mnpen_error claim_on(uint64_t token, uint32_t today_days)
{
	struct mnpen_claim claim = {
		.token = token, .cmd = pen.last_cmd + 1, .today_days = today_days};
	uint8_t buf[MNPEN_CLAIM_SIZE];

	mnpen_claim_encode(buf, &claim);
	return send(MNPEN_REQ_CLAIM_CARTRIDGE, buf, sizeof(buf));
}

static void claim_rules(void **state)
{
	struct mnpen_cartridge unreadable = fixture_cartridge;

	to_idle();
	assert_int_equal(claim_on(TOKEN, TODAY), MNPEN_ERR_NONE); /* again */
	assert_int_equal(claim_on(TOKEN + 1, TODAY), MNPEN_ERR_CARTRIDGE);
	assert_int_equal(claim_on(TOKEN, TODAY + 1), MNPEN_ERR_CARTRIDGE); /* expired */
	assert_int_equal(claim_on(0, TODAY), MNPEN_ERR_BAD_TOKEN);
	model_insert_cartridge(&pen, &fixture_cartridge);
	assert_int_equal(claim_on(TOKEN + 1, TODAY), MNPEN_ERR_NONE);
	assert_int_equal(pen.cartridge.claimed_token, TOKEN + 1);
	model_remove_cartridge(&pen);
	assert_int_equal(claim_on(TOKEN, TODAY), MNPEN_ERR_CARTRIDGE);
	unreadable.flags = MNPEN_CARTRIDGE_UNREADABLE;
	model_insert_cartridge(&pen, &unreadable);
	assert_int_equal(claim_on(TOKEN, TODAY), MNPEN_ERR_CARTRIDGE);
}

/* A pen that reads no tag has nothing to claim, and arms with what is in. */
static void without_a_tag(void **state)
{
	const struct model_request question = {
		.code = MNPEN_REQ_GET_CARTRIDGE, .in = true, .length = MNPEN_CARTRIDGE_SIZE};
	uint8_t raw[MNPEN_RECORD_MAX] = {0};
	struct mnpen_cartridge read;
	struct mnpen_arm arm;
	size_t len;

	to_idle();
	pen.info.features &= ~MNPEN_FEATURE_CARTRIDGE_TAG;
	assert_int_equal(claim_on(TOKEN, TODAY), MNPEN_ERR_UNSUPPORTED);
	assert_int_equal(send(MNPEN_REQ_CLAIM_CARTRIDGE, raw, 3), MNPEN_ERR_UNSUPPORTED);
	model_insert_cartridge(&pen, &fixture_cartridge); /* claimed by nobody */
	assert_int_equal(model_request(&pen, &question, raw, &len), MNPEN_ERR_NONE);
	assert_int_equal(mnpen_cartridge_decode(&read, raw, len), 0);
	assert_int_equal(read.flags, MNPEN_CARTRIDGE_PRESENT | MNPEN_CARTRIDGE_SLEEVE);
	read.flags = 0;
	assert_memory_equal(&read, &(struct mnpen_cartridge){0}, sizeof(read));
	arm = fixture_arm();
	to_armed_with(&arm);
}

static void target_rules(void **state)
{
	static const struct {
		uint16_t depth_um, speed_rpm;
		enum mnpen_error error;
		uint16_t detail;
	} cases[] = {
		{100, 4000, MNPEN_ERR_NONE, 0},	  {1000, 7000, MNPEN_ERR_NONE, 0},
		{50, 4000, MNPEN_ERR_LIMIT, 12},  {1050, 4000, MNPEN_ERR_LIMIT, 12},
		{0, 4000, MNPEN_ERR_LIMIT, 12},	  {525, 9999, MNPEN_ERR_BAD_VALUE, 12},
		{500, 3999, MNPEN_ERR_LIMIT, 14}, {500, 7001, MNPEN_ERR_LIMIT, 14},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		uint32_t last_cmd;

		to_armed();
		last_cmd = pen.last_cmd;
		assert_int_equal(send_target(cases[i].depth_um, cases[i].speed_rpm),
				 cases[i].error);
		if (cases[i].error == MNPEN_ERR_NONE) {
			assert_int_equal(pen.last_cmd, last_cmd + 1);
			continue;
		}
		assert_int_equal(last_error().detail, cases[i].detail);
		assert_int_equal(last_error().cmd, last_cmd + 1);
		assert_int_equal(pen.last_cmd, last_cmd); /* a refusal does not consume it */
		assert_false(pen.has_target);
	}
}

struct lease_case {
	uint64_t token;
	uint32_t counter;
	uint32_t crc_error;
	uint16_t wvalue;
	uint8_t enable;
	uint8_t reserved;
	enum mnpen_error error;
	uint16_t detail;
};

static void lease_refusals_in_order(void **state)
{
	static const struct lease_case cases[] = {
		{TOKEN + 1, 0, 1, 1, 2, 1, MNPEN_ERR_BAD_TOKEN, 0},
		{0, 0, 1, 1, 2, 1, MNPEN_ERR_BAD_TOKEN, 0},
		{TOKEN, 0, 1, 1, 2, 1, MNPEN_ERR_STALE, 8},
		{TOKEN, 5, 1, 1, 2, 1, MNPEN_ERR_STALE, 8}, /* the last accepted */
		{TOKEN, 6, 1, 1, 2, 1, MNPEN_ERR_CRC, 12},
		{TOKEN, 6, 0, 1, 2, 1, MNPEN_ERR_BAD_VALUE, 0},
		{TOKEN, 6, 0, 0, 2, 1, MNPEN_ERR_BAD_VALUE, 16},
		{TOKEN, 6, 0, 0, 1, 1, MNPEN_ERR_BAD_VALUE, 17},
		{TOKEN, 6, 0, 0, 1, 0, MNPEN_ERR_NONE, 0},
		{TOKEN, UINT32_MAX, 0, 0, 1, 0, MNPEN_ERR_NONE, 0}, /* gaps are allowed */
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		const struct lease_case *c = &cases[i];
		uint8_t buf[MNPEN_LEASE_SIZE];
		uint64_t deadline_us;

		to_armed();
		pen.lease_counter = 5;
		deadline_us = pen.lease_deadline_us;
		pass(10 * MS);
		mnpen_lease_encode(buf,
				   &(struct mnpen_lease){.token = c->token,
							 .counter = c->counter,
							 .limits_crc = pen.arm.crc + c->crc_error,
							 .enable = c->enable});
		buf[23] = c->reserved;
		assert_int_equal(ask((struct model_request){.code = MNPEN_REQ_LEASE,
							    .alt_work = true,
							    .value = c->wvalue,
							    .length = sizeof(buf),
							    .data = buf}),
				 c->error);
		if (c->error == MNPEN_ERR_NONE) {
			assert_int_equal(pen.lease_deadline_us, deadline_us + 10 * MS);
			continue;
		}
		/* A refused lease does not renew. */
		assert_int_equal(pen.lease_deadline_us, deadline_us);
		assert_false(pen.enable);
		assert_int_equal(last_error().detail, c->detail);
		assert_int_equal(last_error().cmd, c->counter);
	}
}

static void error_is_kept_until_the_next_or_a_reset(void **state)
{
	to_idle();
	assert_int_equal(last_error().code, MNPEN_ERR_NONE);
	send_lease(1);
	assert_int_equal(last_error().request, MNPEN_REQ_LEASE);
	assert_int_equal(send_claim(TOKEN), MNPEN_ERR_NONE); /* success leaves it */
	model_bus(&pen, MODEL_BUS_INTERFACE);
	model_bus(&pen, MODEL_BUS_CONFIGURATION);
	model_bus(&pen, MODEL_BUS_SUSPEND);
	assert_int_equal(last_error().code, MNPEN_ERR_BAD_STATE);
	send(MNPEN_REQ_CLEAR_FAULT, NULL, 0);
	assert_int_equal(last_error().request, MNPEN_REQ_CLEAR_FAULT);
	model_bus(&pen, MODEL_BUS_RESET);
	assert_int_equal(last_error().code, MNPEN_ERR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claim_rules),
		cmocka_unit_test(without_a_tag),
		cmocka_unit_test(target_rules),
		cmocka_unit_test(lease_refusals_in_order),
		cmocka_unit_test(error_is_kept_until_the_next_or_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
