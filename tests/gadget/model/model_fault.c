// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault causes: what is wrong now, for how long it has been, and when that is a fault.
 *
 * The pen judges what its sensors show (rounded, with noise), because that is what the host sees
 * in the samples and must be able to understand.
 */
#include "driver/base/cleanup.h"
#include "tests/gadget/model/model_parts.h"

/* What a sensor shows when its fault has been ordered; well beyond its limit. */
#define FORCED_CURRENT_MA (MNPEN_OVERCURRENT_MA + 300)
#define FORCED_TEMP_DC (MNPEN_OVERTEMP_DC + 100)
#define FORCED_SUPPLY_MV (MNPEN_UNDERVOLT_MV - 300)

#define IGNORED_LIMITS (MNPEN_FAULT_OVERDEPTH | MNPEN_FAULT_OVERSPEED | MNPEN_FAULT_UNDERSPEED)

/* By bit number: how long a condition must hold to be a fault. */
static const uint32_t hold_ms[MNPEN_FAULT_COUNT] = {
	0, /* selftest: by BOOT only, or by order */
	0, /* overdepth: one stroke is enough */
	MNPEN_OVERSPEED_MS,
	MNPEN_UNDERSPEED_MS,
	MNPEN_STALL_MS,
	MNPEN_OVERCURRENT_MS,
	0, /* overtemp */
	MNPEN_UNDERVOLT_MS,
	0, /* cartridge lost */
	0, /* ingress */
	0, /* position sensor: its 250 ms are in the condition */
	0, /* internal */
};

uint16_t model_supply_mv(const struct model *model)
{
	if (model->forced & MNPEN_FAULT_UNDERVOLT)
		return FORCED_SUPPLY_MV;
	return motor_supply_mv(&model->motor);
}

uint16_t model_current_ma(const struct model *model)
{
	if (model->forced & MNPEN_FAULT_OVERCURRENT)
		return FORCED_CURRENT_MA;
	return motor_current_ma(&model->motor);
}

int16_t model_temp_dc(const struct model *model)
{
	if (model->forced & MNPEN_FAULT_OVERTEMP)
		return FORCED_TEMP_DC;
	return motor_temp_dc(&model->motor);
}

/* Conditions that only a driven motor can be in. */
static unsigned int running_causes(const struct model *model)
{
	uint64_t driven_us = model->now_us - model->run_start_us;
	uint32_t depth_limit_um =
		(uint32_t)model->arm.depth_limit_um + model->info.depth_tolerance_um;
	uint32_t speed_rpm = motor_speed_rpm(&model->motor);
	unsigned int causes = 0;

	if (model->strokes && model->motor.stroke_peak_um > depth_limit_um)
		causes |= MNPEN_FAULT_OVERDEPTH;
	if (speed_rpm * 100 > model->arm.speed_max_rpm * (100u + MNPEN_OVERSPEED_PERCENT))
		causes |= MNPEN_FAULT_OVERSPEED;
	if (driven_us >= MNPEN_UNDERSPEED_GRACE_MS * 1000ULL &&
	    speed_rpm < model->arm.speed_min_rpm)
		causes |= MNPEN_FAULT_UNDERSPEED;
	if (driven_us >= MNPEN_STALL_GRACE_MS * 1000ULL && speed_rpm < MNPEN_STALL_RPM)
		causes |= MNPEN_FAULT_STALLED;
	if (model->now_us - model->last_stroke_us >= MNPEN_POSITION_SENSOR_MS * 1000ULL)
		causes |= MNPEN_FAULT_POSITION_SENSOR;
	return causes;
}

/* Every condition that is there now, whatever its time. */
static unsigned int present_causes(const struct model *model)
{
	unsigned int causes = model->forced;

	if (model->state == MNPEN_STATE_BOOT)
		return 0;
	if (model->state == MNPEN_STATE_RUNNING)
		causes |= running_causes(model);
	if (model_current_ma(model) > MNPEN_OVERCURRENT_MA)
		causes |= MNPEN_FAULT_OVERCURRENT;
	if (model_temp_dc(model) > MNPEN_OVERTEMP_DC)
		causes |= MNPEN_FAULT_OVERTEMP;
	if (model_supply_mv(model) < MNPEN_UNDERVOLT_MV)
		causes |= MNPEN_FAULT_UNDERVOLT;
	/* Only a fault while it is latched: an empty slot in IDLE is nothing. */
	if (model->faults & MNPEN_FAULT_CARTRIDGE_LOST &&
	    !(model->cartridge.flags & MNPEN_CARTRIDGE_PRESENT))
		causes |= MNPEN_FAULT_CARTRIDGE_LOST;
	/* Gone by power-on only. */
	causes |= model->faults & MNPEN_FAULT_SELFTEST;
	if (model->ignore & MODEL_IGNORE_LIMITS)
		causes &= ~(unsigned int)IGNORED_LIMITS;
	return causes;
}

void model_check_faults(struct model *model)
{
	unsigned int causes = present_causes(model);
	uint16_t full = 0;

	if (causes)
		model->cause_us = model->now_us;
	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT; bit++) {
		struct model_hold *hold = &model->holds[bit];

		if (!(causes & 1u << bit)) {
			hold->on = false;
			continue;
		}
		if (!hold->on)
			*hold = (struct model_hold){.on = true, .since_us = model->now_us};
		if (model->now_us - hold->since_us >= hold_ms[bit] * 1000ULL)
			full |= (uint16_t)(1u << bit);
	}
	if (!full)
		return;
	model->faults |= full;
	if (model->state != MNPEN_STATE_FAULT)
		model_enter(model, MNPEN_STATE_FAULT, MNPEN_STOP_FAULT);
}

uint64_t model_faults_next_us(const struct model *model)
{
	uint64_t next = MODEL_NEVER;

	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT; bit++)
		if (model->holds[bit].on && !(model->faults & 1u << bit))
			next = MIN(next, model->holds[bit].since_us + hold_ms[bit] * 1000ULL);
	return next;
}
