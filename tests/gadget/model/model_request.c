// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: what the pen accepts, and the order in which it refuses (docs/protocol.md §Requests):
 * unsupported, length, state, token, stale, crc, value, limit, cartridge or fault.
 *
 * A refusal changes nothing but GET_ERROR's answer.
 */
#include "driver/base/cleanup.h"
#include "tests/gadget/model/model_parts.h"

/* Offsets that a refusal names; driver/proto names those of the value checks. */
#define CMD_OFFSET 8 /* in arm, target, claim; a lease has its counter there */
#define ARM_DEPTH_OFFSET 12
#define ARM_SPEED_MIN_OFFSET 14
#define ARM_SPEED_MAX_OFFSET 16
#define ARM_LEASE_OFFSET 18
#define LEASE_CRC_OFFSET 12
#define TARGET_DEPTH_OFFSET 12
#define TARGET_SPEED_OFFSET 14

struct refusal {
	enum mnpen_error code;
	uint16_t detail;
};

/* One request on its way through its checks. */
struct call {
	const struct model_request *request;
	uint32_t cmd; /* for GET_ERROR; 0 where the record has none */
	uint8_t *reply;
};

static struct refusal refuse(enum mnpen_error code, unsigned int detail)
{
	return (struct refusal){.code = code, .detail = (uint16_t)detail};
}

static struct refusal accept(void)
{
	return refuse(MNPEN_ERR_NONE, 0);
}

static struct refusal get_info(struct model *model, struct call *call)
{
	mnpen_info_encode(call->reply, &model->info);
	return accept();
}

static struct refusal get_status(struct model *model, struct call *call)
{
	struct mnpen_sample sample = model_sample(model);

	mnpen_sample_encode(call->reply, &sample);
	return accept();
}

static bool reads_tags(const struct model *model)
{
	return model->info.features & MNPEN_FEATURE_CARTRIDGE_TAG;
}

static struct refusal get_cartridge(struct model *model, struct call *call)
{
	struct mnpen_cartridge cartridge = {0};

	/* A tag that cannot be read tells nothing but that it is there. */
	if (!reads_tags(model) || model->cartridge.flags & MNPEN_CARTRIDGE_UNREADABLE)
		cartridge.flags = model->cartridge.flags;
	else
		cartridge = model->cartridge;
	if (model->sleeve)
		cartridge.flags |= MNPEN_CARTRIDGE_SLEEVE;
	mnpen_cartridge_encode(call->reply, &cartridge);
	return accept();
}

static struct refusal get_error(struct model *model, struct call *call)
{
	mnpen_error_encode(call->reply, &model->error);
	return accept();
}

static bool outside(uint32_t value, uint32_t min, uint32_t max)
{
	return value < min || value > max;
}

static struct refusal arm_limits(const struct mnpen_info *info, const struct mnpen_arm *arm)
{
	if (outside(arm->depth_limit_um, info->depth_min_um, info->depth_max_um))
		return refuse(MNPEN_ERR_LIMIT, ARM_DEPTH_OFFSET);
	if (outside(arm->speed_min_rpm, info->speed_min_rpm, info->speed_max_rpm))
		return refuse(MNPEN_ERR_LIMIT, ARM_SPEED_MIN_OFFSET);
	if (outside(arm->speed_max_rpm, info->speed_min_rpm, info->speed_max_rpm))
		return refuse(MNPEN_ERR_LIMIT, ARM_SPEED_MAX_OFFSET);
	if (outside(arm->lease_ms, info->lease_min_ms, info->lease_max_ms))
		return refuse(MNPEN_ERR_LIMIT, ARM_LEASE_OFFSET);
	return accept();
}

static bool cartridge_usable(const struct mnpen_cartridge *cartridge)
{
	return (cartridge->flags & MNPEN_CARTRIDGE_PRESENT) &&
	       !(cartridge->flags & MNPEN_CARTRIDGE_UNREADABLE);
}

static struct refusal arm(struct model *model, struct call *call)
{
	struct refusal refusal = accept();
	struct mnpen_arm arm;

	mnpen_arm_unpack(&arm, call->request->data);
	if (!arm.token)
		return refuse(MNPEN_ERR_BAD_TOKEN, 0);
	if (arm.cmd <= model->last_cmd)
		return refuse(MNPEN_ERR_STALE, CMD_OFFSET);
	refusal.code = mnpen_arm_check(call->request->data, &refusal.detail);
	if (refusal.code == MNPEN_ERR_CRC)
		return refusal;
	if (call->request->value)
		return refuse(MNPEN_ERR_BAD_VALUE, 0);
	if (refusal.code != MNPEN_ERR_NONE)
		return refusal;
	refusal = arm_limits(&model->info, &arm);
	if (refusal.code != MNPEN_ERR_NONE)
		return refusal;
	if (reads_tags(model) &&
	    (!cartridge_usable(&model->cartridge) || model->cartridge.claimed_token != arm.token))
		return refuse(MNPEN_ERR_CARTRIDGE, 0);
	model_enter_armed(model, &arm);
	return accept();
}

static struct refusal set_target(struct model *model, struct call *call)
{
	struct mnpen_target target;

	mnpen_target_unpack(&target, call->request->data);
	if (!target.token || target.token != model->arm.token)
		return refuse(MNPEN_ERR_BAD_TOKEN, 0);
	if (target.cmd <= model->last_cmd)
		return refuse(MNPEN_ERR_STALE, CMD_OFFSET);
	if (call->request->value)
		return refuse(MNPEN_ERR_BAD_VALUE, 0);
	if (target.depth_um % model->info.depth_step_um)
		return refuse(MNPEN_ERR_BAD_VALUE, TARGET_DEPTH_OFFSET);
	if (outside(target.depth_um, model->info.depth_min_um, model->arm.depth_limit_um))
		return refuse(MNPEN_ERR_LIMIT, TARGET_DEPTH_OFFSET);
	if (outside(target.speed_rpm, model->arm.speed_min_rpm, model->arm.speed_max_rpm))
		return refuse(MNPEN_ERR_LIMIT, TARGET_SPEED_OFFSET);
	model_settle(model);
	model->last_cmd = target.cmd;
	model->has_target = true;
	model->target_depth_um = target.depth_um;
	model->target_speed_rpm = target.speed_rpm;
	return accept();
}

static struct refusal lease(struct model *model, struct call *call)
{
	struct refusal refusal;
	struct mnpen_lease lease;

	mnpen_lease_unpack(&lease, call->request->data);
	if (!lease.token || lease.token != model->arm.token)
		return refuse(MNPEN_ERR_BAD_TOKEN, 0);
	if (lease.counter <= model->lease_counter)
		return refuse(MNPEN_ERR_STALE, CMD_OFFSET);
	if (lease.limits_crc != model->arm.crc)
		return refuse(MNPEN_ERR_CRC, LEASE_CRC_OFFSET);
	if (call->request->value)
		return refuse(MNPEN_ERR_BAD_VALUE, 0);
	refusal.code = mnpen_lease_check(call->request->data, &refusal.detail);
	if (refusal.code != MNPEN_ERR_NONE)
		return refusal;
	model->lease_counter = lease.counter;
	model->lease_deadline_us = model->now_us + model->arm.lease_ms * 1000ULL;
	model->oracle.lease_us = model_age_us(model);
	model->enable = lease.enable;
	if (!model->enable && model->state == MNPEN_STATE_RUNNING &&
	    !(model->ignore & MODEL_IGNORE_ENABLE))
		model_enter(model, MNPEN_STATE_ARMED, MNPEN_STOP_DISABLED);
	return accept();
}

/* wValue is the host's own reason number: any is right. */
static struct refusal stop(struct model *model, struct call *call)
{
	if (model_armed(model) && !(model->ignore & MODEL_IGNORE_STOP))
		model_enter(model, MNPEN_STATE_IDLE, MNPEN_STOP_HOST);
	return accept();
}

static struct refusal clear_fault(struct model *model, struct call *call)
{
	if (call->request->value)
		return refuse(MNPEN_ERR_BAD_VALUE, 0);
	model_check_faults(model);
	if (model->now_us - model->cause_us < MNPEN_FAULT_CLEAR_MS * 1000ULL)
		return refuse(MNPEN_ERR_FAULT, 0);
	model->faults = 0;
	/* Why it stopped stays to be read until the next ARM. */
	model_enter(model, MNPEN_STATE_IDLE, model->stop_reason);
	return accept();
}

static struct refusal set_stream(struct model *model, struct call *call)
{
	uint32_t period_us = 0;

	if (call->request->value)
		return refuse(MNPEN_ERR_BAD_VALUE, 0);
	mnpen_stream_decode(&period_us, call->request->data, call->request->length);
	if (period_us && period_us < model->info.stream_min_us)
		return refuse(MNPEN_ERR_LIMIT, 0);
	model_set_stream(model, period_us);
	return accept();
}

static struct refusal claim(struct model *model, struct call *call)
{
	struct mnpen_cartridge *cartridge = &model->cartridge;
	struct mnpen_claim claim;

	mnpen_claim_unpack(&claim, call->request->data);
	if (!claim.token)
		return refuse(MNPEN_ERR_BAD_TOKEN, 0);
	if (claim.cmd <= model->last_cmd)
		return refuse(MNPEN_ERR_STALE, CMD_OFFSET);
	if (call->request->value)
		return refuse(MNPEN_ERR_BAD_VALUE, 0);
	if (!cartridge_usable(cartridge) || claim.today_days > cartridge->expires_days)
		return refuse(MNPEN_ERR_CARTRIDGE, 0);
	if (cartridge->claimed_token && cartridge->claimed_token != claim.token)
		return refuse(MNPEN_ERR_CARTRIDGE, 0);
	model->last_cmd = claim.cmd;
	cartridge->claimed_token = claim.token;
	return accept();
}

#define IN(state) (1u << MNPEN_STATE_##state)
#define ANY (IN(BOOT) | IN(IDLE) | IN(ARMED) | IN(RUNNING) | IN(FAULT))

struct rule {
	struct refusal (*handle)(struct model *model, struct call *call);
	bool in;
	uint16_t size;
	unsigned int states;
	bool alt_work;
};

static const struct rule rules[] = {
	[MNPEN_REQ_GET_INFO] = {get_info, true, MNPEN_INFO_SIZE, ANY, false},
	[MNPEN_REQ_GET_STATUS] = {get_status, true, MNPEN_SAMPLE_SIZE, ANY, false},
	[MNPEN_REQ_ARM] = {arm, false, MNPEN_ARM_SIZE, IN(IDLE), true},
	[MNPEN_REQ_SET_TARGET] = {set_target, false, MNPEN_TARGET_SIZE, IN(ARMED) | IN(RUNNING),
				  true},
	[MNPEN_REQ_LEASE] = {lease, false, MNPEN_LEASE_SIZE, IN(ARMED) | IN(RUNNING), true},
	[MNPEN_REQ_STOP] = {stop, false, 0, ANY, false},
	[MNPEN_REQ_CLEAR_FAULT] = {clear_fault, false, 0, IN(FAULT), false},
	[MNPEN_REQ_SET_STREAM] = {set_stream, false, MNPEN_STREAM_SIZE, ANY, true},
	[MNPEN_REQ_GET_CARTRIDGE] = {get_cartridge, true, MNPEN_CARTRIDGE_SIZE, ANY, false},
	[MNPEN_REQ_CLAIM_CARTRIDGE] = {claim, false, MNPEN_CLAIM_SIZE, IN(IDLE), true},
	[MNPEN_REQ_GET_ERROR] = {get_error, true, MNPEN_ERROR_SIZE, ANY, false},
};

static uint32_t get_cmd(const uint8_t *record)
{
	const uint8_t *cmd = record + CMD_OFFSET;

	return cmd[0] | (uint32_t)cmd[1] << 8 | (uint32_t)cmd[2] << 16 | (uint32_t)cmd[3] << 24;
}

static struct refusal judge(struct model *model, struct call *call)
{
	const struct model_request *request = call->request;
	const struct rule *rule;

	if (request->foreign || request->code >= ELEMENTSOF(rules) || !rules[request->code].handle)
		return refuse(MNPEN_ERR_UNSUPPORTED, 0);
	if (request->code == MNPEN_REQ_CLAIM_CARTRIDGE && !reads_tags(model))
		return refuse(MNPEN_ERR_UNSUPPORTED, 0);
	rule = &rules[request->code];
	if (rule->in != request->in)
		return refuse(MNPEN_ERR_UNSUPPORTED, 0);
	if (rule->size != request->length)
		return refuse(MNPEN_ERR_BAD_LENGTH, 0);
	if (!rule->in && rule->size > CMD_OFFSET)
		call->cmd = get_cmd(request->data);
	if (!(rule->states & 1u << model->state) || (rule->alt_work && !request->alt_work))
		return refuse(MNPEN_ERR_BAD_STATE, 0);
	if (rule->in && request->value)
		return refuse(MNPEN_ERR_BAD_VALUE, 0);
	return rule->handle(model, call);
}

enum mnpen_error model_request(struct model *model, const struct model_request *request,
			       uint8_t reply[MNPEN_RECORD_MAX], size_t *ret_len)
{
	struct call call = {.request = request, .reply = reply};
	struct refusal refusal = judge(model, &call);

	if (refusal.code == MNPEN_ERR_NONE) {
		*ret_len = request->in ? request->length : 0;
		return MNPEN_ERR_NONE;
	}
	model->error = (struct mnpen_error_record){
		.request = request->code,
		.code = (uint8_t)refusal.code,
		.detail = refusal.detail,
		.cmd = call.cmd,
	};
	return refusal.code;
}
