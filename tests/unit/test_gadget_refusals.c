// SPDX-License-Identifier: GPL-2.0-only
/* What the pen refuses, with which reason, and in which order. */
#include "tests/unit/gadget_fixture.h"

#define B (1u << MNPEN_STATE_BOOT)
#define I (1u << MNPEN_STATE_IDLE)
#define A (1u << MNPEN_STATE_ARMED)
#define R (1u << MNPEN_STATE_RUNNING)
#define F (1u << MNPEN_STATE_FAULT)
#define ALL (B | I | A | R | F)

/* protocol.md's table of requests, once more by hand: where each is allowed in alt 1 and alt 0. */
static const struct {
	uint8_t code;
	bool in;
	uint16_t size;
	unsigned int work;
	unsigned int rest;
} requests[] = {
	{0x01, true, 64, ALL, ALL},  {0x02, true, 48, ALL, ALL},  {0x03, false, 32, I, 0},
	{0x04, false, 16, A | R, 0}, {0x05, false, 24, A | R, 0}, {0x06, false, 0, ALL, ALL},
	{0x07, false, 0, F, F},	     {0x08, false, 4, ALL, 0},	  {0x09, true, 48, ALL, ALL},
	{0x0a, false, 16, I, 0},     {0x0b, true, 8, ALL, ALL},
};

static const uint8_t zeros[MNPEN_RECORD_MAX + 1];

static enum mnpen_error ask(struct model_request request)
{
	uint8_t reply[MNPEN_RECORD_MAX];
	size_t len;

	if (!request.in && !request.data)
		request.data = zeros;
	return model_request(&pen, &request, reply, &len);
}

static void every_state_with_every_request_and_alt(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
		for (unsigned int from = 0; from <= MNPEN_STATE_MAX; from++) {
			for (int alt = 0; alt < 2; alt++) {
				unsigned int allowed = alt ? requests[i].work : requests[i].rest;
				enum mnpen_error error;

				to_state((enum mnpen_state)from);
				error = ask((struct model_request){.code = requests[i].code,
								   .in = requests[i].in,
								   .alt_work = alt,
								   .length = requests[i].size});
				/* A record of zeros fails later, if it gets past the state. */
				if (allowed & 1u << from)
					assert_int_not_equal(error, MNPEN_ERR_BAD_STATE);
				else
					assert_int_equal(error, MNPEN_ERR_BAD_STATE);
			}
		}
	}
}

static void unsupported_comes_first(void **state)
{
	static const struct model_request cases[] = {
		{.code = 0x00},
		{.code = 0x0c},
		{.code = 0xff},
		{.code = 0x01, .in = false},
		{.code = 0x06, .in = true},
		{.code = 0x06, .foreign = true},
		/* Every other reason as well. */
		{.code = 0x03, .in = true, .length = 7, .value = 9},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		to_boot();
		assert_int_equal(ask(cases[i]), MNPEN_ERR_UNSUPPORTED);
		assert_int_equal(last_error().request, cases[i].code);
	}
}

static void length_comes_before_state(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
		for (int step = -1; step <= 1; step += 2) {
			if (!requests[i].size && step < 0)
				continue;
			to_boot();
			assert_int_equal(ask((struct model_request){
						 .code = requests[i].code,
						 .in = requests[i].in,
						 .value = 1,
						 .length = (uint16_t)(requests[i].size + step)}),
					 MNPEN_ERR_BAD_LENGTH);
		}
	}
}

static void value_of_wvalue(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
		bool is_stop = requests[i].code == MNPEN_REQ_STOP;

		if (!requests[i].in && !is_stop && requests[i].code != MNPEN_REQ_SET_STREAM)
			continue;
		to_idle();
		assert_int_equal(ask((struct model_request){.code = requests[i].code,
							    .in = requests[i].in,
							    .alt_work = true,
							    .value = 0x100,
							    .length = requests[i].size}),
				 is_stop ? MNPEN_ERR_NONE : MNPEN_ERR_BAD_VALUE);
		assert_int_equal(last_error().detail, 0);
	}
}

/* A record, changed at one place, with its CRC made right again when asked. */
struct damage {
	uint8_t offset;
	uint8_t value;
	bool keep_crc;
	uint16_t wvalue;
	enum mnpen_error error;
	uint16_t detail;
};

static void check_refusal(uint8_t code, const struct damage *damage, uint32_t cmd)
{
	struct mnpen_sample before = model_sample(&pen), after;
	struct mnpen_error_record error = last_error();

	assert_int_equal(error.request, code);
	assert_int_equal(error.code, damage->error);
	assert_int_equal(error.detail, damage->detail);
	assert_int_equal(error.cmd, cmd);
	after = model_sample(&pen);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void arm_refusals_in_order(void **state)
{
	/* Each later row is one reason less: the first that is there counts. */
	static const struct damage cases[] = {
		{12, 0xff, true, 1, MNPEN_ERR_CRC, 28},	      /* depth_limit low byte */
		{12, 0xff, false, 1, MNPEN_ERR_BAD_VALUE, 0}, /* wValue */
		{24, 1, false, 0, MNPEN_ERR_BAD_VALUE, 24},   /* trigger mode */
		{25, 1, false, 0, MNPEN_ERR_BAD_VALUE, 25},   /* reserved */
		{27, 1, false, 0, MNPEN_ERR_BAD_VALUE, 25},
		{17, 0x01, false, 0, MNPEN_ERR_BAD_VALUE, 14}, /* max below min */
		{13, 0xff, false, 0, MNPEN_ERR_LIMIT, 12},
		{13, 0x00, false, 0, MNPEN_ERR_NONE, 0}, /* 232 um: off the step, still a limit */
		{17, 0xff, false, 0, MNPEN_ERR_LIMIT, 16},
		{15, 0x01, false, 0, MNPEN_ERR_LIMIT, 14},
		{19, 0xff, false, 0, MNPEN_ERR_LIMIT, 18},
		{19, 0x00, false, 0, MNPEN_ERR_LIMIT, 18},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct mnpen_arm arm;
		uint8_t buf[MNPEN_ARM_SIZE];

		to_idle();
		arm = fixture_arm();
		mnpen_arm_encode(buf, &arm);
		buf[cases[i].offset] = cases[i].value;
		if (!cases[i].keep_crc) {
			uint32_t crc = mnpen_crc32(buf, MNPEN_ARM_CRC_OFFSET);

			for (int byte = 0; byte < 4; byte++)
				buf[MNPEN_ARM_CRC_OFFSET + byte] = (uint8_t)(crc >> 8 * byte);
		}
		assert_int_equal(ask((struct model_request){.code = MNPEN_REQ_ARM,
							    .alt_work = true,
							    .value = cases[i].wvalue,
							    .length = sizeof(buf),
							    .data = buf}),
				 cases[i].error);
		if (cases[i].error != MNPEN_ERR_NONE)
			check_refusal(MNPEN_REQ_ARM, &cases[i], arm.cmd);
	}
}

static enum mnpen_error arm_changed(void (*change)(struct mnpen_arm *arm))
{
	struct mnpen_arm arm;

	to_idle();
	arm = fixture_arm();
	change(&arm);
	return send_arm(&arm);
}

static void no_token(struct mnpen_arm *arm)
{
	arm->token = 0;
	arm->cmd = 0;
}

static void old_cmd(struct mnpen_arm *arm)
{
	arm->cmd = pen.last_cmd;
	arm->run_limit_ms = 0;
}

static void no_run(struct mnpen_arm *arm)
{
	arm->run_limit_ms = 0;
	arm->depth_limit_um = 9999;
}

static void too_deep(struct mnpen_arm *arm)
{
	arm->depth_limit_um = 2501;
	arm->token++; /* nor is the cartridge claimed for it */
}

static void other_token(struct mnpen_arm *arm)
{
	arm->token++;
}

static void at_the_edges(struct mnpen_arm *arm)
{
	arm->depth_limit_um = 2500;
	arm->speed_min_rpm = 1800;
	arm->speed_max_rpm = 9000;
	arm->lease_ms = 1000;
	arm->run_limit_ms = 1;
}

static void arm_precedence(void **state)
{
	assert_int_equal(arm_changed(no_token), MNPEN_ERR_BAD_TOKEN);
	assert_int_equal(arm_changed(old_cmd), MNPEN_ERR_STALE);
	assert_int_equal(last_error().detail, 8);
	assert_int_equal(arm_changed(no_run), MNPEN_ERR_BAD_VALUE);
	assert_int_equal(last_error().detail, 20);
	assert_int_equal(arm_changed(too_deep), MNPEN_ERR_LIMIT);
	assert_int_equal(arm_changed(other_token), MNPEN_ERR_CARTRIDGE);
	assert_int_equal(arm_changed(at_the_edges), MNPEN_ERR_NONE);
}

static void arm_needs_a_usable_cartridge(void **state)
{
	struct mnpen_cartridge unreadable = fixture_cartridge;
	struct mnpen_arm arm;

	to_idle();
	arm = fixture_arm();
	model_remove_cartridge(&pen);
	assert_int_equal(send_arm(&arm), MNPEN_ERR_CARTRIDGE);
	model_insert_cartridge(&pen, &fixture_cartridge); /* fresh, not claimed */
	assert_int_equal(send_arm(&arm), MNPEN_ERR_CARTRIDGE);
	unreadable.flags = MNPEN_CARTRIDGE_UNREADABLE;
	unreadable.claimed_token = TOKEN;
	model_insert_cartridge(&pen, &unreadable);
	assert_int_equal(send_arm(&arm), MNPEN_ERR_CARTRIDGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_with_every_request_and_alt),
		cmocka_unit_test(unsupported_comes_first),
		cmocka_unit_test(length_comes_before_state),
		cmocka_unit_test(value_of_wvalue),
		cmocka_unit_test(arm_refusals_in_order),
		cmocka_unit_test(arm_precedence),
		cmocka_unit_test(arm_needs_a_usable_cartridge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
