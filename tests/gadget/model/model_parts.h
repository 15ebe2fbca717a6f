/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the model share with each other and with nobody else. */
#ifndef MNPEN_GADGET_MODEL_PARTS_H
#define MNPEN_GADGET_MODEL_PARTS_H

#include "tests/gadget/model/model.h"

static inline bool model_armed(const struct model *model)
{
	return model->state == MNPEN_STATE_ARMED || model->state == MNPEN_STATE_RUNNING;
}

/* The only writer of the state; drive, target and lease follow from it. */
void model_enter(struct model *model, enum mnpen_state state, enum mnpen_stop_reason reason);

/* ARM was accepted. */
void model_enter_armed(struct model *model, const struct mnpen_arm *arm);

/* Computes the motor up to now; before anything that changes what acts on it. */
void model_settle(struct model *model);

/* What the supply, current and heat sensors show; an ordered fault shows there too. */
uint16_t model_supply_mv(const struct model *model);
uint16_t model_current_ma(const struct model *model);
int16_t model_temp_dc(const struct model *model);

/* Looks at every fault cause now and latches those whose time is full. */
void model_check_faults(struct model *model);

/* When the next fault cause will have held for its time, or MODEL_NEVER. */
uint64_t model_faults_next_us(const struct model *model);

/* One more streamed sample, taken now. */
void model_stream_sample(struct model *model);

/* SET_STREAM, or the end of the stream by a bus event (period 0). */
void model_set_stream(struct model *model, uint32_t period_us);

#endif
