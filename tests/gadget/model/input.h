/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What hand, body and surroundings do to the virtual pen, at the present moment: the caller has
 * advanced the model before.
 */
#ifndef MNPEN_GADGET_INPUT_H
#define MNPEN_GADGET_INPUT_H

#include "tests/gadget/model/model.h"

void model_set_trigger(struct model *model, bool pressed);
void model_set_contact(struct model *model, bool contact);
void model_set_sleeve(struct model *model, bool fitted);

/** model_insert_cartridge() - @cartridge with its tag; one that is in comes out first */
void model_insert_cartridge(struct model *model, const struct mnpen_cartridge *cartridge);
void model_remove_cartridge(struct model *model);

/** model_set_heat() - motor temperature, from which it cools down again */
void model_set_heat(struct model *model, int16_t temp_dc);
void model_set_battery(struct model *model, uint8_t percent);

/** model_set_load() - factor on every torque that brakes the motor, >= 0 */
void model_set_load(struct model *model, double factor);
void model_set_drift_depth(struct model *model, int32_t drift_um);
void model_set_drift_speed(struct model *model, int32_t drift_rpm);

/** model_force_fault() - a fault cause by order: @mask stays there until cleared */
void model_force_fault(struct model *model, uint16_t mask);

/** model_clear_cause() - takes the causes of @mask away, ordered or real; the fault stays latched
 */
void model_clear_cause(struct model *model, uint16_t mask);

/** model_set_ignore() - MODEL_IGNORE_* bits on or off */
void model_set_ignore(struct model *model, unsigned int mask, bool on);

#endif
