// SPDX-License-Identifier: GPL-2.0-only
/* The pen's life: power-on, time, states. Requests, faults and samples have their own files. */
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/model/model_parts.h"

#define CALIBRATED_BEFORE_DAYS 30
#define CALIBRATION_VALID_DAYS 365

/* Time 0. */
static void power_on(struct model *model)
{
	motor_drive(&model->motor, false);
	model->now_us = 0;
	model->motor_us = 0;
	model->step_us = 0;
	model->boot_end_us = MODEL_BOOT_US;
	model->state = MNPEN_STATE_BOOT;
	model->stop_reason = MNPEN_STOP_NONE;
	model->faults = 0;
	model->last_cmd = 0;
	model->error = (struct mnpen_error_record){0};
	model->enable = false;
	model->has_target = false;
	model->arm = (struct mnpen_arm){0};
	model->strokes = 0;
	model->run_us = 0;
	model->seq = 0;
	memset(model->holds, 0, sizeof(model->holds));
	model->cause_us = 0;
	model_set_stream(model, 0);
	model->queue = (struct model_queue){0};
}

void model_init(struct model *model, uint64_t seed, uint32_t today_days)
{
	memset(model, 0, sizeof(*model));
	model->info = (struct mnpen_info){
		.protocol = MNPEN_PROTOCOL_VERSION,
		.firmware = 0x0100,
		.depth_min_um = 100,
		.depth_max_um = 2500,
		.depth_step_um = 50,
		.depth_tolerance_um = 100,
		.speed_min_rpm = 1800, /* 30 strokes a second */
		.speed_max_rpm = 9000, /* 150 */
		.lease_min_ms = 100,
		.lease_max_ms = 1000,
		.features = MNPEN_FEATURE_BATTERY | MNPEN_FEATURE_CONTACT |
			    MNPEN_FEATURE_CARTRIDGE_TAG | MNPEN_FEATURE_INGRESS |
			    MNPEN_FEATURE_SLEEVE,
		.stream_min_us = 1000,
		.model = "mnpen-vpen",
		.calibrated_on_days = today_days - CALIBRATED_BEFORE_DAYS,
		.calibration_due_days =
			today_days - CALIBRATED_BEFORE_DAYS + CALIBRATION_VALID_DAYS,
	};
	motor_init(&model->motor, seed);
	model->sleeve = true;
	model->load = 1;
	power_on(model);
}

uint64_t model_age_us(const struct model *model)
{
	return model->before_us + model->now_us;
}

void model_power_cycle(struct model *model)
{
	/* Nothing withstands it, whatever the pen ignores: the drive is off, and the host's gone.
	 */
	model_enter(model, MNPEN_STATE_BOOT, MNPEN_STOP_NONE);
	model->oracle.bus_us = model_age_us(model);
	model->info.motor_total_s = (uint32_t)(model->total_run_us / 1000000);
	model->before_us += model->now_us;
	power_on(model);
}

void model_enter(struct model *model, enum mnpen_state state, enum mnpen_stop_reason reason)
{
	bool run = state == MNPEN_STATE_RUNNING;
	bool was_running = model->state == MNPEN_STATE_RUNNING;

	model_settle(model);
	model->state = state;
	model->stop_reason = reason;
	if (run && !was_running) {
		model->run_start_us = model->now_us;
		model->last_stroke_us = model->now_us;
		model->oracle.motor_on_us = model_age_us(model);
		model->step_us = model->now_us + MOTOR_STEP_US;
	} else if (!run && was_running) {
		model->run_us += model->now_us - model->run_start_us;
		model->total_run_us += model->now_us - model->run_start_us;
		model->oracle.motor_off_us = model_age_us(model);
	}
	motor_drive(&model->motor, run);
	if (!model_armed(model)) {
		model->enable = false;
		model->has_target = false;
	}
}

void model_enter_armed(struct model *model, const struct mnpen_arm *arm)
{
	model->arm = *arm;
	model->last_cmd = arm->cmd;
	model->lease_deadline_us = model->now_us + arm->lease_ms * 1000ULL;
	model->lease_counter = 0;
	model->strokes = 0;
	model->run_us = 0;
	model->too_deep = false;
	model_enter(model, MNPEN_STATE_ARMED, MNPEN_STOP_NONE);
}

uint64_t model_run_us(const struct model *model)
{
	if (model->state != MNPEN_STATE_RUNNING)
		return model->run_us;
	return model->run_us + (model->now_us - model->run_start_us);
}

bool model_active(const struct model *model)
{
	return model_armed(model) || !motor_resting(&model->motor);
}

static void count_stroke(struct model *model)
{
	uint32_t limit_um = (uint32_t)model->arm.depth_limit_um + model->info.depth_tolerance_um;

	model->strokes++;
	model->cartridge.strokes++;
	model->last_stroke_us = model->now_us;
	if (model->motor.stroke_peak_um > limit_um && !model->too_deep) {
		model->too_deep = true;
		model->oracle.depth_over_us = model_age_us(model);
	}
}

void model_settle(struct model *model)
{
	uint64_t dt_us = model->now_us - model->motor_us;
	struct motor_input input = {
		.set_rpm = model->target_speed_rpm,
		.set_depth_um = model->target_depth_um,
		.drift_depth_um = model->drift_depth_um,
		.drift_rpm = model->drift_speed_rpm,
		.load = model->load,
		.contact = model->contact,
		.needles = model->cartridge.needles,
	};

	model->motor_us = model->now_us;
	if (dt_us && motor_step(&model->motor, &input, dt_us))
		count_stroke(model);
	model->step_us =
		model->now_us + (motor_resting(&model->motor) ? MODEL_REST_STEP_US : MOTOR_STEP_US);
}

static uint64_t lease_end_us(const struct model *model)
{
	if (!model_armed(model) || model->ignore & MODEL_IGNORE_LEASE)
		return MODEL_NEVER;
	return model->lease_deadline_us;
}

static uint64_t run_end_us(const struct model *model)
{
	if (model->state != MNPEN_STATE_RUNNING || model->ignore & MODEL_IGNORE_LIMITS)
		return MODEL_NEVER;
	return model->run_start_us + model->arm.run_limit_ms * 1000ULL - model->run_us;
}

static uint64_t next_us(const struct model *model)
{
	uint64_t next = MIN(model->step_us, model->stream_next_us);

	if (model->state == MNPEN_STATE_BOOT)
		next = MIN(next, model->boot_end_us);
	next = MIN(next, lease_end_us(model));
	next = MIN(next, run_end_us(model));
	next = MIN(next, model_faults_next_us(model));
	/* What an "ignore ... off" finds overdue happens now, not in the past. */
	return MAX(next, model->now_us);
}

static void end_boot(struct model *model)
{
	if (model->forced & MNPEN_FAULT_SELFTEST) {
		model->faults = MNPEN_FAULT_SELFTEST;
		model_enter(model, MNPEN_STATE_FAULT, MNPEN_STOP_FAULT);
	} else {
		model_enter(model, MNPEN_STATE_IDLE, MNPEN_STOP_NONE);
	}
}

/* Everything that is due at model->now_us; the sample comes last and shows all of it. */
static void happen(struct model *model)
{
	if (model->step_us <= model->now_us)
		model_settle(model);
	if (model->state == MNPEN_STATE_BOOT && model->boot_end_us <= model->now_us)
		end_boot(model);
	model_check_faults(model);
	if (lease_end_us(model) <= model->now_us)
		model_enter(model, MNPEN_STATE_IDLE, MNPEN_STOP_LEASE);
	if (run_end_us(model) <= model->now_us)
		model_enter(model, MNPEN_STATE_IDLE, MNPEN_STOP_RUN_LIMIT);
	if (model->stream_next_us <= model->now_us)
		model_stream_sample(model);
}

void model_advance(struct model *model, uint64_t now_us)
{
	for (uint64_t next = next_us(model); next <= now_us; next = next_us(model)) {
		model->now_us = next;
		happen(model);
	}
	if (now_us > model->now_us)
		model->now_us = now_us;
}

static bool bus_ignored(const struct model *model, enum model_bus_event event)
{
	switch (event) {
	case MODEL_BUS_RESET:
	case MODEL_BUS_UNPLUG:
		return model->ignore & MODEL_IGNORE_RESET;
	case MODEL_BUS_CONFIGURATION:
	case MODEL_BUS_INTERFACE:
		return model->ignore & MODEL_IGNORE_ALT;
	case MODEL_BUS_SUSPEND:
		return false;
	}
	return false;
}

void model_bus(struct model *model, enum model_bus_event event)
{
	model->oracle.bus_us = model_age_us(model);
	if (event == MODEL_BUS_RESET || event == MODEL_BUS_UNPLUG)
		model->error = (struct mnpen_error_record){0};
	if (event == MODEL_BUS_UNPLUG)
		model->info.motor_total_s = (uint32_t)(model->total_run_us / 1000000);
	if (bus_ignored(model, event))
		return;
	model_set_stream(model, 0);
	model->queue = (struct model_queue){0};
	if (model_armed(model))
		model_enter(model, MNPEN_STATE_IDLE, MNPEN_STOP_BUS);
}
