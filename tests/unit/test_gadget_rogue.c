// SPDX-License-Identifier: GPL-2.0-only
/* What a rogue stream says, packet by packet, and to the last of the N that were ordered. */
#include <stdio.h>

#include "tests/gadget/usb/misbehave.h"
#include "tests/unit/gadget_fixture.h"

static struct misbehave rogue;

static void to_streaming(void)
{
	uint8_t period[4] = {0xe8, 0x03, 0, 0};

	to_idle();
	rogue = (struct misbehave){.noise = noise_seed(1)};
	assert_int_equal(send(MNPEN_REQ_SET_STREAM, period, sizeof(period)), MNPEN_ERR_NONE);
	pass(20 * MS);
}

/* The next packets: numbers of samples, "g" for what is none, "h" for half of one. */
static const char *packets(unsigned int count)
{
	static char text[128];
	size_t used = 0;

	text[0] = 0;
	for (unsigned int i = 0; i < count; i++) {
		uint8_t buf[MNPEN_EP_SAMPLE_SIZE];
		struct mnpen_sample sample;
		int n = misbehave_packet(&rogue, &pen, buf, sizeof(buf));

		if (i)
			text[used++] = ' ';
		if (n == MNPEN_SAMPLE_SIZE / 2)
			text[used++] = 'h';
		else if (n == MNPEN_SAMPLE_SIZE && mnpen_sample_decode(&sample, buf, (size_t)n) < 0)
			text[used++] = 'g';
		else if (n == MNPEN_SAMPLE_SIZE)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%u",
						 sample.seq);
		else
			used += (size_t)snprintf(text + used, sizeof(text) - used, "(%d)", n);
		text[used] = 0;
	}
	return text;
}

static void so_many_and_no_more(void **state)
{
	static const struct {
		uint32_t garbage, cut_short, duplicate, skip;
		const char *packets;
	} cases[] = {
		{0, 0, 0, 0, "1 2 3 4 5 6 7 8"},
		{1, 0, 0, 0, "g 2 3 4 5 6 7 8"},
		{3, 0, 0, 0, "g g g 4 5 6 7 8"},
		{0, 1, 0, 0, "h 2 3 4 5 6 7 8"},
		{0, 3, 0, 0, "h h h 4 5 6 7 8"},
		{0, 0, 1, 0, "1 1 2 3 4 5 6 7"},
		{0, 0, 3, 0, "1 1 2 2 3 3 4 5"},
		{0, 0, 0, 1, "2 3 4 5 6 7 8 9"},
		{0, 0, 0, 3, "4 5 6 7 8 9 10 11"},
		/* Together: what is not sent counts for nothing else; a copy is a packet of its
		   own. */
		{0, 0, 1, 2, "3 3 4 5 6 7 8 9"},
		{1, 0, 1, 0, "g 1 2 3 4 5 6 7"},
		{2, 0, 1, 0, "g g 2 3 4 5 6 7"},
		{0, 1, 2, 0, "h 1 2 2 3 4 5 6"},
		{1, 2, 0, 0, "h h 3 4 5 6 7 8"},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		to_streaming();
		rogue.garbage = cases[i].garbage;
		rogue.cut_short = cases[i].cut_short;
		rogue.duplicate = cases[i].duplicate;
		rogue.skip = cases[i].skip;
		assert_string_equal(packets(8), cases[i].packets);
	}
}

static void more_skipped_than_there_are(void **state)
{
	to_streaming();
	rogue.skip = 30;
	assert_string_equal(packets(1), "(-11)"); /* -EAGAIN; 20 are gone */
	pass(10 * MS);
	assert_string_equal(packets(1), "(-11)");
	pass(1 * MS);
	assert_string_equal(packets(1), "31");
}

static void copy_is_sent_even_if_nothing_follows(void **state)
{
	uint8_t first[MNPEN_EP_SAMPLE_SIZE], second[MNPEN_EP_SAMPLE_SIZE];

	to_streaming();
	assert_string_equal(packets(19), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19");
	rogue.duplicate = 1;
	assert_int_equal(misbehave_packet(&rogue, &pen, first, sizeof(first)), MNPEN_SAMPLE_SIZE);
	assert_true(misbehave_packets(&rogue, &pen));
	pass(1 * MS); /* a new one does not come in between, nor does it change the copy */
	assert_int_equal(misbehave_packet(&rogue, &pen, second, sizeof(second)), MNPEN_SAMPLE_SIZE);
	assert_memory_equal(first, second, MNPEN_SAMPLE_SIZE);
	assert_string_equal(packets(2), "21 (-11)");
}

static void garbage_is_never_a_sample(void **state)
{
	uint8_t buf[MNPEN_EP_SAMPLE_SIZE];
	struct mnpen_sample sample;

	to_streaming();
	for (uint64_t seed = 0; seed < 2000; seed++) {
		rogue.noise = noise_seed(seed);
		rogue.garbage = 1;
		if (!pen.queue.count)
			pass(10 * MS);
		assert_int_equal(misbehave_packet(&rogue, &pen, buf, sizeof(buf)),
				 MNPEN_SAMPLE_SIZE);
		assert_int_equal(mnpen_sample_decode(&sample, buf, MNPEN_SAMPLE_SIZE), -EBADMSG);
	}
}

static struct mnpen_sample next(void)
{
	uint8_t buf[MNPEN_EP_SAMPLE_SIZE];
	struct mnpen_sample sample;

	assert_int_equal(misbehave_packet(&rogue, &pen, buf, sizeof(buf)), MNPEN_SAMPLE_SIZE);
	assert_int_equal(mnpen_sample_decode(&sample, buf, MNPEN_SAMPLE_SIZE), 0);
	return sample;
}

/* A lie is one field of the stream, until it is taken back; GET_STATUS goes on telling the truth.
 */
static void lies_change_one_field_each(void **state)
{
	static const uint16_t values[] = {0, 1, 1101, UINT16_MAX};
	struct mnpen_sample told;

	for (size_t i = 0; i < ELEMENTSOF(values); i++) {
		to_streaming();
		rogue.depth = (struct lie){.on = true, .value = values[i]};
		told = next();
		assert_int_equal(told.depth_um, values[i]);
		assert_int_equal(told.speed_rpm, 0);
		assert_int_equal(told.state, MNPEN_STATE_IDLE);
		rogue.depth.on = false;
		rogue.speed = (struct lie){.on = true, .value = values[i]};
		told = next();
		assert_int_equal(told.depth_um, 0);
		assert_int_equal(told.speed_rpm, values[i]);
		rogue.speed.on = false;
		rogue.state = (struct lie){.on = true, .value = MNPEN_STATE_RUNNING};
		told = next();
		assert_int_equal(told.speed_rpm, 0);
		assert_int_equal(told.state, MNPEN_STATE_RUNNING);
		assert_int_equal(told.flags & MNPEN_FLAG_DRIVE, 0);
		assert_int_equal(model_sample(&pen).state, MNPEN_STATE_IDLE);
		rogue.state.on = false;
		assert_int_equal(next().state, MNPEN_STATE_IDLE);
	}
}

/* The same of what the host had told it: each lie is its field, and nothing beside it. */
static void lies_about_orders_change_one_field_each(void **state)
{
	struct mnpen_sample truth, told;

	to_streaming();
	truth = next();
	assert_false(truth.flags & MNPEN_FLAG_ENABLED);
	rogue.enabled = (struct lie){.on = true, .value = 1};
	told = next();
	assert_int_equal(told.flags, truth.flags | MNPEN_FLAG_ENABLED);
	rogue.enabled.on = false;
	assert_int_equal(next().flags, truth.flags);

	rogue.lease = (struct lie){.on = true, .value = UINT16_MAX};
	rogue.target = (struct lie){.on = true, .value = 444};
	rogue.command = (struct lie){.on = true, .value = UINT32_MAX};
	told = next();
	assert_int_equal(told.lease_left_ms, UINT16_MAX);
	assert_int_equal(told.target_depth_um, 444);
	assert_int_equal(told.last_cmd, UINT32_MAX);
	assert_int_equal(told.target_speed_rpm, truth.target_speed_rpm);
	assert_int_equal(told.flags, truth.flags);
	assert_int_equal(model_sample(&pen).last_cmd, truth.last_cmd);
}

static void enabled_may_be_denied(void **state)
{
	uint8_t period[4] = {0xe8, 0x03, 0, 0};

	to_running();
	rogue = (struct misbehave){.noise = noise_seed(1)};
	rogue.enabled = (struct lie){.on = true, .value = 0};
	assert_int_equal(send(MNPEN_REQ_SET_STREAM, period, sizeof(period)), MNPEN_ERR_NONE);
	pass_leased(20 * MS);
	assert_true(model_sample(&pen).flags & MNPEN_FLAG_ENABLED);
	assert_false(next().flags & MNPEN_FLAG_ENABLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_and_no_more),
		cmocka_unit_test(more_skipped_than_there_are),
		cmocka_unit_test(copy_is_sent_even_if_nothing_follows),
		cmocka_unit_test(garbage_is_never_a_sample),
		cmocka_unit_test(lies_change_one_field_each),
		cmocka_unit_test(lies_about_orders_change_one_field_each),
		cmocka_unit_test(enabled_may_be_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
