// SPDX-License-Identifier: GPL-2.0-only
/* Samples: the stream and its queue, what they say in each phase, and how a rogue pen spoils it. */
#include <errno.h>

#include "tests/gadget/usb/misbehave.h"
#include "tests/unit/gadget_fixture.h"

static struct misbehave rogue;

static enum mnpen_error send_stream(uint32_t period_us)
{
	uint8_t buf[MNPEN_STREAM_SIZE];

	mnpen_stream_encode(buf, period_us);
	return send(MNPEN_REQ_SET_STREAM, buf, sizeof(buf));
}

static void to_streaming(void)
{
	to_idle();
	assert_int_equal(send_stream(1000), MNPEN_ERR_NONE);
	rogue = (struct misbehave){.noise = noise_seed(1)};
}

static void period_has_a_minimum(void **state)
{
	to_idle();
	assert_int_equal(send_stream(1), MNPEN_ERR_LIMIT);
	assert_int_equal(send_stream(999), MNPEN_ERR_LIMIT);
	assert_int_equal(last_error().detail, 0);
	assert_int_equal(pen.stream_next_us, MODEL_NEVER);
	assert_int_equal(send_stream(1000), MNPEN_ERR_NONE);
	assert_int_equal(send_stream(0), MNPEN_ERR_NONE);
	assert_int_equal(pen.stream_next_us, MODEL_NEVER);
}

static void samples_come_at_their_time(void **state)
{
	struct mnpen_sample sample;
	uint64_t start_us;

	to_idle();
	assert_int_equal(send_stream(1500), MNPEN_ERR_NONE);
	start_us = pen.now_us;
	pass(10 * MS); /* late on purpose */
	for (uint32_t i = 1; i <= 6; i++) {
		assert_true(model_pop(&pen, &sample));
		assert_int_equal(sample.seq, i);
		assert_int_equal(sample.time_us, start_us + i * 1500);
	}
	assert_false(model_pop(&pen, &sample));
	assert_int_equal(model_sample(&pen).seq, 6);
}

static void queue_keeps_the_newest(void **state)
{
	struct mnpen_sample sample;

	to_streaming();
	pass(100 * MS);
	assert_int_equal(pen.seq, 100);
	assert_true(model_pop(&pen, &sample));
	assert_int_equal(sample.seq, 100 - MNPEN_QUEUE_SAMPLES + 1);
	assert_int_equal(send_stream(2000), MNPEN_ERR_NONE); /* empties it; seq goes on */
	assert_false(model_pop(&pen, &sample));
	pass(2 * MS);
	assert_true(model_pop(&pen, &sample));
	assert_int_equal(sample.seq, 101);
}

static void bus_events_end_the_stream(void **state)
{
	static const enum model_bus_event events[] = {MODEL_BUS_RESET, MODEL_BUS_SUSPEND,
						      MODEL_BUS_CONFIGURATION, MODEL_BUS_INTERFACE,
						      MODEL_BUS_UNPLUG};
	struct mnpen_sample sample;

	for (size_t i = 0; i < ELEMENTSOF(events); i++) {
		to_streaming();
		pass(5 * MS);
		model_bus(&pen, events[i]);
		pass(5 * MS);
		assert_false(model_pop(&pen, &sample));
		assert_int_equal(pen.stream_next_us, MODEL_NEVER);
	}
}

static void a_run_in_samples(void **state)
{
	struct mnpen_sample sample;
	uint64_t cut_us;

	to_running();
	sample = model_sample(&pen);
	assert_int_equal(sample.state, MNPEN_STATE_RUNNING);
	assert_int_equal(sample.flags, MNPEN_FLAG_TRIGGER | MNPEN_FLAG_ENABLED |
					       MNPEN_FLAG_CARTRIDGE | MNPEN_FLAG_SLEEVE |
					       MNPEN_FLAG_CALIBRATION | MNPEN_FLAG_DRIVE);
	assert_int_equal(sample.depth_um, 0); /* no stroke yet */
	assert_int_equal(sample.lease_left_ms, 300);
	pass_leased(1000 * MS);
	sample = model_sample(&pen);
	assert_int_equal(sample.depth_um, 500);
	assert_int_equal(sample.target_depth_um, 500);
	assert_int_equal(sample.target_speed_rpm, 6000);
	assert_in_range(sample.speed_rpm, 5990, 6010);
	assert_in_range(sample.strokes, 85, 100);
	assert_int_equal(sample.run_ms, 1000);
	assert_int_equal(pen.cartridge.strokes, sample.strokes);

	model_set_trigger(&pen, false);
	cut_us = pen.now_us;
	sample = model_sample(&pen);
	assert_int_equal(sample.flags & (MNPEN_FLAG_DRIVE | MNPEN_FLAG_TRIGGER), 0);
	assert_int_equal(sample.stop_reason, MNPEN_STOP_TRIGGER);
	pass(MNPEN_RETRACT_MS * MS);
	assert_int_equal(model_sample(&pen).depth_um, 0);
	pass_leased(500 * MS - MNPEN_RETRACT_MS * MS);
	assert_int_equal(model_sample(&pen).speed_rpm, 0);
	assert_int_equal(model_sample(&pen).strokes, sample.strokes);
	assert_int_equal(pen.oracle.motor_off_us, cut_us);

	/* Running again: the last stroke's depth until there is a new one. */
	model_set_trigger(&pen, true);
	assert_int_equal(model_sample(&pen).depth_um, 500);
}

static void same_inputs_same_samples(void **state)
{
	struct mnpen_sample first = {0}, second = {0};

	/* However often one looks. */
	for (int run = 0; run < 2; run++) {
		model_init(&pen, 42, TODAY);
		model_insert_cartridge(&pen, &fixture_cartridge);
		pass(100 * MS);
		send_claim(TOKEN);
		send_arm(&(struct mnpen_arm){.token = TOKEN,
					     .cmd = 2,
					     .depth_limit_um = 1000,
					     .speed_min_rpm = 4000,
					     .speed_max_rpm = 7000,
					     .lease_ms = 1000,
					     .run_limit_ms = 100000});
		send_target(500, 6000);
		send_lease(1);
		model_set_trigger(&pen, true);
		for (int i = 0; i < 777; i++) {
			if (run) {
				pass(333);
				pass(667);
				model_sample(&pen);
			}
		}
		if (!run)
			pass(777 * MS);
		*(run ? &second : &first) = model_sample(&pen);
	}
	assert_true(first.strokes > 50);
	assert_memory_equal(&first, &second, sizeof(first));
}

static int packet(uint8_t *buf)
{
	return misbehave_packet(&rogue, &pen, buf, MNPEN_EP_SAMPLE_SIZE);
}

static struct mnpen_sample good_packet(void)
{
	uint8_t buf[MNPEN_EP_SAMPLE_SIZE];
	struct mnpen_sample sample;

	assert_int_equal(packet(buf), MNPEN_SAMPLE_SIZE);
	assert_int_equal(mnpen_sample_decode(&sample, buf, MNPEN_SAMPLE_SIZE), 0);
	return sample;
}

static void rogue_stream(void **state)
{
	uint8_t buf[MNPEN_EP_SAMPLE_SIZE];
	struct mnpen_sample sample;

	to_streaming();
	assert_int_equal(packet(buf), -EAGAIN);
	pass(20 * MS);
	assert_int_equal(good_packet().seq, 1);
	rogue.duplicate = 1;
	assert_int_equal(good_packet().seq, 2);
	assert_int_equal(good_packet().seq, 2);
	assert_int_equal(good_packet().seq, 3);
	rogue.skip = 2;
	assert_int_equal(good_packet().seq, 6);
	rogue.garbage = 1;
	assert_int_equal(packet(buf), MNPEN_SAMPLE_SIZE);
	assert_int_equal(mnpen_sample_decode(&sample, buf, MNPEN_SAMPLE_SIZE), -EBADMSG);
	rogue.cut_short = 1;
	assert_int_equal(packet(buf), MNPEN_SAMPLE_SIZE / 2);
	rogue.depth = (struct lie){.on = true, .value = 777};
	rogue.speed = (struct lie){.on = true, .value = 4321};
	rogue.state = (struct lie){.on = true, .value = MNPEN_STATE_RUNNING};
	sample = good_packet();
	assert_int_equal(sample.seq, 9);
	assert_int_equal(sample.depth_um, 777);
	assert_int_equal(sample.speed_rpm, 4321);
	assert_int_equal(sample.state, MNPEN_STATE_RUNNING);
	assert_int_equal(misbehave_packet(&rogue, &pen, buf, MNPEN_SAMPLE_SIZE - 1), -EOVERFLOW);
}

/* ARM while the needles still go back: 0 until the first stroke, whatever they show. */
static void depth_is_0_from_arm_to_the_first_stroke(void **state)
{
	struct mnpen_arm arm = fixture_arm();

	to_running();
	pass_leased(500 * MS);
	assert_int_equal(send(MNPEN_REQ_STOP, NULL, 0), MNPEN_ERR_NONE);
	assert_true(model_sample(&pen).depth_um > 0); /* at rest it is where they are */
	arm.cmd = pen.last_cmd + 1;
	assert_int_equal(send_arm(&arm), MNPEN_ERR_NONE);
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
	assert_int_equal(model_sample(&pen).depth_um, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(period_has_a_minimum),
		cmocka_unit_test(samples_come_at_their_time),
		cmocka_unit_test(queue_keeps_the_newest),
		cmocka_unit_test(bus_events_end_the_stream),
		cmocka_unit_test(a_run_in_samples),
		cmocka_unit_test(same_inputs_same_samples),
		cmocka_unit_test(rogue_stream),
		cmocka_unit_test(depth_is_0_from_arm_to_the_first_stroke),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
