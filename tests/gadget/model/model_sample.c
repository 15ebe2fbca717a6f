// SPDX-License-Identifier: GPL-2.0-only
/* What the pen says of itself: samples and their queue. */
#include "tests/gadget/model/model_parts.h"

uint16_t model_depth_um(const struct model *model)
{
	/* From ARM on nothing is measured until the first stroke. */
	if (model_armed(model) && !model->strokes)
		return 0;
	if (model->state == MNPEN_STATE_RUNNING)
		return model->motor.stroke_peak_um;
	return motor_protrusion_um(&model->motor);
}

static uint8_t sample_flags(const struct model *model)
{
	/* The calibration data of a virtual pen is always intact; it never charges. */
	unsigned int flags = MNPEN_FLAG_CALIBRATION;

	if (model->trigger)
		flags |= MNPEN_FLAG_TRIGGER;
	if (model->contact)
		flags |= MNPEN_FLAG_CONTACT;
	if (model->enable)
		flags |= MNPEN_FLAG_ENABLED;
	if (model->cartridge.flags & MNPEN_CARTRIDGE_PRESENT)
		flags |= MNPEN_FLAG_CARTRIDGE;
	if (model->sleeve)
		flags |= MNPEN_FLAG_SLEEVE;
	if (model->motor.drive)
		flags |= MNPEN_FLAG_DRIVE;
	return (uint8_t)flags;
}

static uint16_t lease_left_ms(const struct model *model)
{
	if (!model_armed(model) || model->lease_deadline_us <= model->now_us)
		return 0;
	/* Rounded up: 0 means that nothing is left. */
	return (uint16_t)((model->lease_deadline_us - model->now_us + 999) / 1000);
}

struct mnpen_sample model_sample(const struct model *model)
{
	return (struct mnpen_sample){
		.seq = model->seq,
		.last_cmd = model->last_cmd,
		.time_us = model->now_us,
		.state = (uint8_t)model->state,
		.flags = sample_flags(model),
		.faults = model->faults,
		.depth_um = model_depth_um(model),
		.speed_rpm = motor_speed_rpm(&model->motor),
		.target_depth_um = model->has_target ? model->target_depth_um : 0,
		.target_speed_rpm = model->has_target ? model->target_speed_rpm : 0,
		.motor_ma = model_current_ma(model),
		.motor_temp_dc = model_temp_dc(model),
		.supply_mv = model_supply_mv(model),
		.battery_pct = motor_battery_pct(&model->motor),
		.stop_reason = (uint8_t)model->stop_reason,
		.strokes = model->strokes,
		.run_ms = (uint32_t)(model_run_us(model) / 1000),
		.lease_left_ms = lease_left_ms(model),
	};
}

void model_set_stream(struct model *model, uint32_t period_us)
{
	model->stream_period_us = period_us;
	model->stream_next_us = period_us ? model->now_us + period_us : MODEL_NEVER;
	if (period_us)
		model->queue = (struct model_queue){0};
}

void model_stream_sample(struct model *model)
{
	struct model_queue *queue = &model->queue;
	unsigned int tail;

	model->seq++;
	model->stream_next_us += model->stream_period_us;
	if (queue->count == MNPEN_QUEUE_SAMPLES) {
		/* The oldest goes; the gap in seq shows it. */
		queue->head = (queue->head + 1) % MNPEN_QUEUE_SAMPLES;
		queue->count--;
	}
	tail = (queue->head + queue->count) % MNPEN_QUEUE_SAMPLES;
	queue->sample[tail] = model_sample(model);
	queue->count++;
}

bool model_pop(struct model *model, struct mnpen_sample *ret)
{
	struct model_queue *queue = &model->queue;

	if (!queue->count)
		return false;
	*ret = queue->sample[queue->head];
	queue->head = (queue->head + 1) % MNPEN_QUEUE_SAMPLES;
	queue->count--;
	return true;
}
