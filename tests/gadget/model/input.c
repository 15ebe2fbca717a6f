// SPDX-License-Identifier: GPL-2.0-only
/* Hand, body and surroundings of the virtual pen. */
#include "tests/gadget/model/input.h"
#include "tests/gadget/model/model_parts.h"

/* The last look at the causes as they were, so that "gone since" starts at this very moment. */
static void before_change(struct model *model)
{
	model_check_faults(model);
	model_settle(model);
}

void model_set_trigger(struct model *model, bool pressed)
{
	bool edge = pressed && !model->trigger;
	bool released = !pressed && model->trigger;
	bool enabled = model->enable || model->ignore & MODEL_IGNORE_ENABLE;

	before_change(model);
	model->trigger = pressed;
	if (edge && model->state == MNPEN_STATE_ARMED && enabled && model->has_target)
		model_enter(model, MNPEN_STATE_RUNNING, MNPEN_STOP_NONE);
	else if (released && model->state == MNPEN_STATE_RUNNING &&
		 !(model->ignore & MODEL_IGNORE_TRIGGER))
		model_enter(model, MNPEN_STATE_ARMED, MNPEN_STOP_TRIGGER);
	model_check_faults(model);
}

void model_set_contact(struct model *model, bool contact)
{
	before_change(model);
	model->contact = contact;
}

void model_set_sleeve(struct model *model, bool fitted)
{
	model->sleeve = fitted;
}

void model_remove_cartridge(struct model *model)
{
	if (!(model->cartridge.flags & MNPEN_CARTRIDGE_PRESENT))
		return;
	before_change(model);
	model->cartridge = (struct mnpen_cartridge){0};
	if (model->state == MNPEN_STATE_ARMED) {
		model_enter(model, MNPEN_STATE_IDLE, MNPEN_STOP_CARTRIDGE);
	} else if (model->state == MNPEN_STATE_RUNNING) {
		model->faults |= MNPEN_FAULT_CARTRIDGE_LOST;
		model_enter(model, MNPEN_STATE_FAULT, MNPEN_STOP_FAULT);
	}
	model_check_faults(model);
}

void model_insert_cartridge(struct model *model, const struct mnpen_cartridge *cartridge)
{
	model_remove_cartridge(model);
	before_change(model);
	model->cartridge = *cartridge;
	model->cartridge.flags |= MNPEN_CARTRIDGE_PRESENT;
	model_check_faults(model);
}

void model_set_heat(struct model *model, int16_t temp_dc)
{
	before_change(model);
	model->motor.heat_dc = temp_dc - MOTOR_AMBIENT_DC;
	model_check_faults(model);
}

void model_set_battery(struct model *model, uint8_t percent)
{
	before_change(model);
	model->motor.battery_pct = percent;
	model_check_faults(model);
}

void model_set_load(struct model *model, double factor)
{
	before_change(model);
	model->load = factor;
}

void model_set_drift_depth(struct model *model, int32_t drift_um)
{
	before_change(model);
	model->drift_depth_um = drift_um;
}

void model_set_drift_speed(struct model *model, int32_t drift_rpm)
{
	before_change(model);
	model->drift_speed_rpm = drift_rpm;
}

void model_force_fault(struct model *model, uint16_t mask)
{
	before_change(model);
	model->forced |= mask;
	model_check_faults(model);
}

void model_clear_cause(struct model *model, uint16_t mask)
{
	before_change(model);
	model->forced &= (uint16_t)~mask;
	if (mask & MNPEN_FAULT_OVERDEPTH)
		model->drift_depth_um = 0;
	if (mask & (MNPEN_FAULT_OVERSPEED | MNPEN_FAULT_UNDERSPEED))
		model->drift_speed_rpm = 0;
	if (mask & MNPEN_FAULT_STALLED)
		model->load = 1;
	if (mask & MNPEN_FAULT_OVERTEMP)
		model->motor.heat_dc = 0;
	if (mask & MNPEN_FAULT_UNDERVOLT)
		model->motor.battery_pct = 100;
	model_check_faults(model);
}

void model_set_ignore(struct model *model, unsigned int mask, bool on)
{
	before_change(model);
	if (on)
		model->ignore |= mask;
	else
		model->ignore &= ~mask;
	model_check_faults(model);
}
