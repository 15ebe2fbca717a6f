// SPDX-License-Identifier: GPL-2.0-only
#include "tests/shared/policy_pen.h"

#define STEP_US 200

uint32_t policy_pen_random(struct policy_pen *pen, uint32_t below)
{
	pen->seed = pen->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((pen->seed >> 33) % below);
}

static double noise(struct policy_pen *pen, uint32_t amplitude)
{
	return (double)policy_pen_random(pen, 2 * amplitude + 1) - amplitude;
}

void policy_pen_init(struct policy_pen *pen, uint64_t seed)
{
	*pen = (struct policy_pen){
		.s = {.state = MNPEN_STATE_IDLE, .supply_mv = 4000, .battery_pct = 90},
		.seed = seed * 0x9e3779b97f4a7c15ULL + 1,
	};
	pen->s.time_us = 1000 * policy_pen_random(pen, 100000);
	pen->s.seq = policy_pen_random(pen, 1000);
	pen->s.last_cmd = policy_pen_random(pen, 1000);
	pen->spin_up_us = 10000 + policy_pen_random(pen, 110000);
	pen->brake_us = 5000 + policy_pen_random(pen, 45000);
	pen->extend_um_ms = 60 + policy_pen_random(pen, 100);
	pen->cut_us = policy_pen_random(pen, 5000);
	pen->lease_round_us = policy_pen_random(pen, 1000);
}

static void leave_running(struct policy_pen *pen, enum mnpen_state state,
			  enum mnpen_stop_reason reason)
{
	if (pen->s.state == MNPEN_STATE_RUNNING)
		pen->left_us = pen->s.time_us;
	pen->s.state = (uint8_t)state;
	pen->s.stop_reason = (uint8_t)reason;
}

static bool drive_on(const struct policy_pen *pen)
{
	if (pen->s.state == MNPEN_STATE_RUNNING)
		return true;
	return pen->left_us && pen->s.time_us - pen->left_us < pen->cut_us;
}

static void turn(struct policy_pen *pen, bool drive)
{
	double load_ma = drive ? 60 + noise(pen, 20) : 0;
	double spin_ma = 0, set_rpm = drive ? pen->s.target_speed_rpm : 0;

	if (drive)
		spin_ma = (set_rpm - pen->speed_rpm) / 10;
	pen->speed_rpm +=
		(set_rpm - pen->speed_rpm) * STEP_US / (drive ? pen->spin_up_us : pen->brake_us);
	if (pen->speed_rpm < 2)
		pen->speed_rpm = 0;
	if (drive)
		pen->current_ma = load_ma + (spin_ma > 0 ? spin_ma : 0);
	else
		pen->current_ma -= pen->current_ma * STEP_US / 140000;
}

static void stroke(struct policy_pen *pen)
{
	double depth_um = pen->peak_um + noise(pen, POLICY_PEN_TOLERANCE_UM - 10);

	pen->s.strokes++;
	pen->phase -= 1;
	pen->peak_um = 0;
	pen->stroke_um = depth_um > 0 ? (uint16_t)depth_um : 0;
}

static void move(struct policy_pen *pen, bool running)
{
	double goal_um = running ? pen->s.target_depth_um : 0;
	/* in within 25 ms from wherever it is */
	double reach_um = (running ? pen->extend_um_ms : 125) * (STEP_US / 1000.0);

	if (pen->position_um < goal_um)
		pen->position_um += reach_um < goal_um - pen->position_um
					    ? reach_um
					    : goal_um - pen->position_um;
	else
		pen->position_um -= reach_um < pen->position_um - goal_um
					    ? reach_um
					    : pen->position_um - goal_um;
	if (pen->position_um > pen->peak_um)
		pen->peak_um = pen->position_um;
}

static void substep(struct policy_pen *pen)
{
	bool running = pen->s.state == MNPEN_STATE_RUNNING;
	bool drive = drive_on(pen);

	pen->s.time_us += STEP_US;
	if (running)
		pen->run_us += STEP_US;
	turn(pen, drive);
	move(pen, running);
	if (drive)
		pen->phase += pen->speed_rpm * STEP_US / 60e6;
	if (pen->phase >= 1)
		stroke(pen);
}

static uint16_t lease_left_ms(const struct policy_pen *pen)
{
	bool armed = pen->s.state == MNPEN_STATE_ARMED || pen->s.state == MNPEN_STATE_RUNNING;

	if (!armed || pen->lease_end_us <= pen->s.time_us)
		return 0;
	return (uint16_t)((pen->lease_end_us - pen->s.time_us + pen->lease_round_us) / 1000);
}

void policy_pen_step(struct policy_pen *pen, uint32_t usec)
{
	struct mnpen_sample *s = &pen->s;
	double speed_rpm;

	for (uint32_t done = 0; done < usec; done += STEP_US)
		substep(pen);
	s->seq++;
	s->flags = (uint8_t)(MNPEN_FLAG_CARTRIDGE | MNPEN_FLAG_CALIBRATION |
			     (pen->trigger ? MNPEN_FLAG_TRIGGER : 0u) |
			     (pen->enable ? MNPEN_FLAG_ENABLED : 0u) |
			     (drive_on(pen) ? MNPEN_FLAG_DRIVE : 0u));
	if (s->state == MNPEN_STATE_RUNNING)
		s->depth_um = s->strokes ? pen->stroke_um : 0;
	else
		s->depth_um = (uint16_t)pen->position_um;
	speed_rpm = pen->speed_rpm > 100 ? pen->speed_rpm + noise(pen, 20) : pen->speed_rpm;
	s->speed_rpm = (uint16_t)speed_rpm;
	s->motor_ma = (uint16_t)pen->current_ma;
	s->run_ms = (uint32_t)(pen->run_us / 1000);
	s->lease_left_ms = lease_left_ms(pen);
}

void policy_pen_arm(struct policy_pen *pen, uint32_t cmd, uint16_t lease_ms)
{
	if (pen->s.state != MNPEN_STATE_IDLE || cmd <= pen->s.last_cmd)
		return;
	pen->s.last_cmd = cmd;
	pen->s.state = MNPEN_STATE_ARMED;
	pen->s.stop_reason = MNPEN_STOP_NONE;
	pen->s.strokes = 0;
	pen->run_us = 0;
	pen->enable = false;
	pen->has_target = false;
	pen->s.target_depth_um = 0;
	pen->s.target_speed_rpm = 0;
	pen->lease_ms = lease_ms;
	pen->lease_end_us = pen->s.time_us + 1000ULL * lease_ms;
}

void policy_pen_target(struct policy_pen *pen, uint32_t cmd, uint16_t depth_um, uint16_t rpm)
{
	pen->s.last_cmd = cmd;
	pen->s.target_depth_um = depth_um;
	pen->s.target_speed_rpm = rpm;
	pen->has_target = true;
}

void policy_pen_lease(struct policy_pen *pen, bool enable)
{
	if (pen->s.state != MNPEN_STATE_ARMED && pen->s.state != MNPEN_STATE_RUNNING)
		return;
	pen->enable = enable;
	pen->lease_end_us = pen->s.time_us + 1000ULL * pen->lease_ms;
}

void policy_pen_stop(struct policy_pen *pen)
{
	leave_running(pen, MNPEN_STATE_IDLE, MNPEN_STOP_HOST);
	pen->enable = false;
}

void policy_pen_trigger(struct policy_pen *pen, bool down)
{
	bool pressed = down && !pen->trigger;

	pen->trigger = down;
	if (pressed && pen->s.state == MNPEN_STATE_ARMED && pen->enable && pen->has_target) {
		pen->s.state = MNPEN_STATE_RUNNING;
		pen->s.stop_reason = MNPEN_STOP_NONE;
		pen->phase = 0;
		pen->peak_um = 0;
	}
	if (!down && pen->s.state == MNPEN_STATE_RUNNING)
		leave_running(pen, MNPEN_STATE_ARMED, MNPEN_STOP_TRIGGER);
}
