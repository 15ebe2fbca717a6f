// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole streams of samples into daemon/pen and daemon/policy as they are, with the commands of an
 * operator, a hand on the trigger, a transport that loses and delays, and a pen that lies. What may
 * not happen is in pen_oracle.c. An input is a sequence of operations, a byte each with what
 * belongs to it; bytes that name none are passed over, so that any input means something.
 */
#include <errno.h>
#include <string.h>

#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pen_world.h"

static void op_arm(struct world *w, struct fuzz_input *input)
{
	uint8_t kind = fuzz_u8(input), session = fuzz_u8(input);
	struct pen_arm arm = {
		.token = 0x1122334455667788,
		.epoch = pen_epoch(w->pen) - (kind & 1),
		.limits = {.depth_um = (uint16_t)(500 + 100 * (kind >> 5)),
			   .tolerance_um = 100,
			   .speed_min_rpm = 2400,
			   .speed_max_rpm = 6000},
		.run_left_ms = kind & 2 ? 400 : 60000,
		.lease_ms = kind & 4 ? 100 : 300,
		.max_age_usec = kind & 8 ? 200000 : 50000,
		.arm_timeout_usec = kind & 16 ? 400000 : 120000000,
		.session_end_usec = session ? now_usec() + session * 20000ULL : 0,
		.target_depth_um = 400,
		.target_speed_rpm = 3000,
	};
	int r = pen_arm(w->pen, &arm, world_done, w);

	CHECK(r < 0 || !(kind & 1), "armed with an epoch from before a stop");
	if (r == 0) {
		w->commands++;
		oracle_armed(&w->oracle, &arm);
	}
}

static void op_target(struct world *w, struct fuzz_input *input)
{
	uint16_t um = (uint16_t)(100 + 50 * (fuzz_u8(input) % 8));

	if (pen_set_target(w->pen, um, (uint16_t)(2400 + 16 * fuzz_u8(input) % 3600), world_done,
			   w) == 0)
		w->commands++;
}

static void op_stop(struct world *w, struct fuzz_input *input)
{
	unsigned int stops = w->oracle.stops;
	int r = pen_stop(w->pen, (enum policy_reason)(1 + fuzz_u8(input) % 7));

	if (r != -ENODEV)
		CHECK(w->oracle.stops > stops, "Stop() sent no STOP");
	CHECK(!pen_is_live(w->pen), "armed behind Stop()");
}

static void op_rest(struct world *w, struct fuzz_input *input)
{
	int r = -1;

	switch (fuzz_u8(input) % 3) {
	case 0:
		r = pen_claim(w->pen, 7, 20000, world_done, w);
		break;
	case 1:
		r = pen_clear_fault(w->pen, world_done, w);
		break;
	case 2:
		r = pen_refresh(w->pen, world_done, w);
		break;
	}
	w->commands += r == 0;
}

static void op_lie(struct world *w, struct fuzz_input *input)
{
	static const uint8_t sizes[] = {1, 2, 4, 2};
	struct link_lie *lie = &w->link.lies[w->link.next_lie++ % LINK_LIES];
	uint8_t how = fuzz_u8(input);

	lie->size = sizes[how & 3];
	lie->add = how & 4;
	lie->offset = (uint8_t)(fuzz_u8(input) % (MNPEN_SAMPLE_SIZE - lie->size + 1u));
	lie->value = lie->size == 1   ? fuzz_u8(input)
		     : lie->size == 2 ? fuzz_u16(input)
				      : fuzz_u32(input);
	lie->left = fuzz_u8(input);
}

static void op_raw(struct world *w, struct fuzz_input *input)
{
	uint8_t buf[MNPEN_EP_SAMPLE_SIZE];
	size_t len = fuzz_u8(input) % (sizeof(buf) + 1);

	fuzz_bytes(input, buf, len);
	if (!world_connected(w))
		return;
	world_deliver(w, buf, len);
	w->link.host.callbacks->drained(&w->link.host, w->link.host.userdata);
}

static void op_answers(struct world *w, struct fuzz_input *input)
{
	uint8_t how = fuzz_u8(input);

	w->link.plan = (enum link_plan)(how % PLANS);
	w->link.plan_left = how / PLANS;
}

static void op_world(struct world *w, struct fuzz_input *input)
{
	uint8_t what = fuzz_u8(input);

	switch (what % 8) {
	case 0:
		link_offline(&w->link, -ENODEV);
		oracle_look(&w->oracle, true);
		break;
	case 1:
		link_online(&w->link);
		break;
	case 2:
		w->may_run = what & 8 ? REASON_STORE : REASON_NONE;
		break;
	case 3:
		w->link.deaf = what & 8;
		break;
	case 4:
		w->link.stop_blocked = what & 8;
		break;
	case 5:
		pen_set_stream_period(w->pen, what & 8 ? 4000 : PERIOD_US);
		break;
	case 6: /* the pen goes to rest by itself */
		policy_pen_stop(&w->link.pen);
		break;
	case 7:
		w->link.pen.s.faults = what & 8;
		w->link.pen.s.state = MNPEN_STATE_FAULT;
		break;
	}
}

static void operate(struct world *w, struct fuzz_input *input)
{
	switch (fuzz_u8(input) % 16) {
	case 0:
		world_run(w, fuzz_u8(input));
		return;
	case 1:
		world_run(w, 4);
		return;
	case 2:
		op_arm(w, input);
		break;
	case 3:
		policy_pen_trigger(&w->link.pen, !w->link.pen.trigger);
		break;
	case 4:
		op_lie(w, input);
		break;
	case 5:
		op_target(w, input);
		break;
	case 6:
		op_stop(w, input);
		break;
	case 7:
		world_quiet(w, fuzz_u8(input), true);
		break;
	case 8:
		world_quiet(w, fuzz_u8(input), false);
		break;
	case 9:
		world_drain(w);
		return;
	case 10:
		world_hang(w, fuzz_u8(input));
		return;
	case 11:
		op_raw(w, input);
		break;
	case 12:
		op_answers(w, input);
		break;
	case 13:
		op_rest(w, input);
		break;
	case 14:
		op_world(w, input);
		break;
	case 15:
		policy_pen_step(&w->link.pen, PERIOD_US); /* a sample that is lost */
		break;
	}
	world_settle(w, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct world w = {0};

	world_begin(&w, fuzz_u8(&input));
	while (input.left && w.samples < SAMPLES_MAX)
		operate(&w, &input);
	link_offline(&w.link, -ENODEV);
	CHECK(w.commands == w.outcomes, "%u commands, %u outcomes", w.commands, w.outcomes);
	pen_free(w.pen);
	loop_free(w.event);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_EMERG);
	return 0;
}
