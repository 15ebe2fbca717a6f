// SPDX-License-Identifier: GPL-2.0-only
/* What the live host asks, and which recorded moment that is. */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/proto/names.h"
#include "tests/gadget/replay_parts.h"

/* ---- which entry ---- */

size_t replay_next_arm(const struct replay *replay)
{
	const struct recording *rec = replay->recording;
	size_t i = replay->window;

	while (i < rec->n && (replay->met[i] || !recorded_is(&rec->entries[i], MNPEN_REQ_ARM)))
		i++;
	return i;
}

/* @data: NULL when only the request counts */
static size_t find_unmet(const struct replay *replay, const struct usb_setup *setup,
			 const uint8_t *data)
{
	const struct recording *rec = replay->recording;
	size_t end = replay_next_arm(replay);

	for (size_t i = replay->window; i < end; i++) {
		const struct recorded *entry = &rec->entries[i];

		if (replay->met[i] || !entry->request || entry->setup.type != setup->type ||
		    entry->setup.request != setup->request || entry->setup.index != setup->index)
			continue;
		if (!data ||
		    (entry->len == setup->length && memcmp(entry->data, data, setup->length) == 0))
			return i;
	}
	return REPLAY_NONE;
}

/* The entry that a command of the live host is. */
static size_t find_command(const struct replay *replay, const struct usb_setup *setup,
			   const uint8_t *data)
{
	size_t arm = replay_next_arm(replay);

	if (setup->request == MNPEN_REQ_ARM)
		return arm < replay->recording->n ? arm : REPLAY_NONE;
	/* Of settings the same ones: a period of the stream at rest is not the one at work. */
	return find_unmet(replay, setup, setup->request == MNPEN_REQ_SET_STREAM ? data : NULL);
}

/* Whether a jump to @index would pass something that the live host is still to send. */
static bool passes_step(const struct replay *replay, size_t index)
{
	for (size_t i = replay->at; i < index; i++)
		if (!replay->met[i] && replay_rank(&replay->recording->entries[i]) > REPLAY_SETTING)
			return true;
	return false;
}

static void meet(struct replay *replay, size_t index)
{
	enum replay_rank rank = replay_rank(&replay->recording->entries[index]);

	replay->met[index] = true;
	if (rank == REPLAY_ARM)
		replay->window = index + 1;
	/* A host that lags behind the play, as while the drive is on, changes nothing. */
	if (index >= replay->at && !replay_driven(replay) &&
	    (rank != REPLAY_SETTING || !passes_step(replay, index)))
		replay_go_on(replay, index);
}

/* ---- outcomes ---- */

int replay_refuse(struct replay *replay, uint8_t request, enum mnpen_error code, uint32_t cmd)
{
	replay->error =
		(struct mnpen_error_record){.request = request, .code = (uint8_t)code, .cmd = cmd};
	return -EPIPE;
}

static uint32_t command_number(const uint8_t *data, size_t len)
{
	struct mnpen_claim claim = {0};

	/* In ARM, SET_TARGET and CLAIM it stands at the same place. */
	if (data && len >= MNPEN_CLAIM_SIZE)
		mnpen_claim_unpack(&claim, data);
	return claim.cmd;
}

/* GET_ERROR came right behind the refusal. */
static int refuse_as_recorded(struct replay *replay, size_t index, uint32_t live_cmd)
{
	const struct recording *rec = replay->recording;
	const struct recorded *refused = &rec->entries[index];
	struct mnpen_error_record error = {.request = refused->setup.request};

	for (size_t i = index + 1; i < rec->n; i++) {
		const struct recorded *entry = &rec->entries[i];

		if (!entry->request)
			continue;
		if (recorded_is(entry, MNPEN_REQ_GET_ERROR))
			(void)mnpen_error_decode(&error, entry->data, entry->len);
		break;
	}
	if (error.cmd == command_number(refused->data, refused->len))
		error.cmd = live_cmd;
	replay->error = error;
	return -EPIPE;
}

static int as_recorded(struct replay *replay, size_t index, const uint8_t *data, size_t len)
{
	const struct recorded *entry = &replay->recording->entries[index];
	struct mnpen_claim recorded, live; /* token and number stand there in each of them */

	if (entry->answered && entry->status < 0)
		return refuse_as_recorded(replay, index, command_number(data, len));
	if (len < MNPEN_CLAIM_SIZE || entry->len < MNPEN_CLAIM_SIZE)
		return 0;
	mnpen_claim_unpack(&recorded, entry->data);
	mnpen_claim_unpack(&live, data);
	replay_pair(&replay->cmds, recorded.cmd, live.cmd);
	replay_pair(&replay->tokens, recorded.token, live.token);
	return 0;
}

/* ---- commands ---- */

static uint64_t token_of(const uint8_t *data)
{
	struct mnpen_claim claim;

	mnpen_claim_unpack(&claim, data);
	return claim.token;
}

static void armed(struct replay *replay, const uint8_t *data)
{
	replay->oracle.token = token_of(data);
	replay_lease_armed(replay, data);
}

/* A recording that began in a session has no CLAIM for it; a host that begins one makes it. */
static int claim_unrecorded(struct replay *replay, const uint8_t *data)
{
	struct mnpen_claim claim;

	mnpen_claim_unpack(&claim, data);
	replay_pair(&replay->cmds, replay->recorded_cmd, claim.cmd);
	replay->last.last_cmd = claim.cmd;
	return 0;
}

static int unrecorded(struct replay *replay, const struct usb_setup *setup, const uint8_t *data,
		      size_t len)
{
	switch ((enum mnpen_request)setup->request) {
	case MNPEN_REQ_SET_STREAM:
		return 0;
	case MNPEN_REQ_CLAIM_CARTRIDGE:
		return claim_unrecorded(replay, data);
	case MNPEN_REQ_CLEAR_FAULT:
		if (replay->last.state == MNPEN_STATE_FAULT)
			return replay_refuse(replay, setup->request, MNPEN_ERR_FAULT, 0);
		break;
	case MNPEN_REQ_ARM:
	case MNPEN_REQ_SET_TARGET:
	case MNPEN_REQ_NONE:
	case MNPEN_REQ_GET_INFO:
	case MNPEN_REQ_GET_STATUS:
	case MNPEN_REQ_LEASE:
	case MNPEN_REQ_STOP:
	case MNPEN_REQ_GET_CARTRIDGE:
	case MNPEN_REQ_GET_ERROR:
		break;
	}
	return replay_refuse(replay, setup->request, MNPEN_ERR_BAD_STATE,
			     command_number(data, len));
}

static void set_stream(struct replay *replay, const uint8_t *data, size_t len)
{
	if (mnpen_stream_decode(&replay->period_us, data, len) < 0)
		return;
	replay->count = 0;
	if (replay->period_us)
		replay_start(replay);
}

static int command(struct replay *replay, const struct usb_setup *setup, const uint8_t *data,
		   size_t len)
{
	size_t index = find_command(replay, setup, data);
	int r;

	if (index != REPLAY_NONE) {
		meet(replay, index);
		r = as_recorded(replay, index, data, len);
	} else {
		r = unrecorded(replay, setup, data, len);
	}
	if (r == 0 && setup->request == MNPEN_REQ_SET_STREAM)
		set_stream(replay, data, len);
	else if (r == 0 && setup->request == MNPEN_REQ_CLAIM_CARTRIDGE)
		replay->claimed = token_of(data);
	else if (r == 0 && setup->request == MNPEN_REQ_ARM)
		armed(replay, data);
	return r;
}

/* The recorded run goes on as it did after this, or is left out if it did not have it. */
static void end_run(struct replay *replay, size_t index, enum mnpen_stop_reason reason)
{
	if (index == REPLAY_NONE) {
		replay_rest(replay, reason, replay_next_arm(replay));
		return;
	}
	replay->met[index] = true;
	if (index >= replay->at)
		replay_go_on(replay, index);
}

static int stop(struct replay *replay, const struct usb_setup *setup)
{
	replay->oracle.stop_us = replay->now_us;
	if (replay_armed(replay))
		end_run(replay, find_unmet(replay, setup, NULL), MNPEN_STOP_HOST);
	return 0;
}

void replay_set_interface(struct replay *replay, bool lost)
{
	const struct usb_setup setup = {.type = USB_RECIPIENT_INTERFACE,
					.request = USB_SET_INTERFACE};
	size_t index = lost ? REPLAY_NONE : find_unmet(replay, &setup, NULL);

	replay->oracle.bus_us = replay->now_us;
	replay->period_us = 0;
	replay->count = 0;
	if (replay->started && replay_armed(replay))
		end_run(replay, index, MNPEN_STOP_BUS);
	else if (index != REPLAY_NONE)
		meet(replay, index);
}

/* The recorded LEASE that does what this one does; the others are not waited for. */
static void turn(struct replay *replay, bool enable)
{
	const struct recording *rec = replay->recording;

	for (size_t i = replay->window; i < replay_next_arm(replay); i++) {
		struct mnpen_lease lease;

		if (!rec->entries[i].turns || replay->met[i])
			continue;
		mnpen_lease_unpack(&lease, rec->entries[i].data);
		if (lease.enable != enable)
			continue;
		meet(replay, i);
		replay_lease_recorded(replay, &rec->entries[i]);
		return;
	}
	/* A run that the recorded host did not end so has no more of it to show. */
	if (!enable)
		replay_rest(replay, MNPEN_STOP_DISABLED, replay_next_arm(replay));
}

/* As the recorded pen answered the last one before this moment. */
static int lease(struct replay *replay, const struct usb_setup *setup, const uint8_t *data,
		 size_t len)
{
	struct mnpen_lease live;

	mnpen_lease_unpack(&live, data);
	if (!replay_armed(replay))
		return replay_refuse(replay, setup->request, MNPEN_ERR_BAD_STATE, live.counter);
	if (live.enable != replay->lease.enabled)
		turn(replay, live.enable);
	for (size_t i = replay->at; i-- > replay->window;) {
		const struct recorded *entry = &replay->recording->entries[i];

		if (!recorded_is(entry, MNPEN_REQ_LEASE))
			continue;
		if (entry->answered && entry->status < 0)
			return refuse_as_recorded(replay, i, live.counter);
		break;
	}
	replay->oracle.lease_us = replay->now_us;
	replay_lease_renewed(replay, live.enable);
	return 0;
}

int replay_request(struct replay *replay, const struct usb_setup *setup, const uint8_t *data,
		   size_t len, uint8_t *reply)
{
	static const uint8_t sizes[] = {
		[MNPEN_REQ_ARM] = MNPEN_ARM_SIZE,
		[MNPEN_REQ_SET_TARGET] = MNPEN_TARGET_SIZE,
		[MNPEN_REQ_LEASE] = MNPEN_LEASE_SIZE,
		[MNPEN_REQ_SET_STREAM] = MNPEN_STREAM_SIZE,
		[MNPEN_REQ_CLAIM_CARTRIDGE] = MNPEN_CLAIM_SIZE,
		[MNPEN_REQ_GET_ERROR] = 0,
	};

	if ((setup->type & ~USB_DIR_IN) != MNPEN_REQTYPE_OUT || setup->index != MNPEN_IF_CONTROL ||
	    setup->request >= ELEMENTSOF(sizes))
		return replay_refuse(replay, setup->request, MNPEN_ERR_UNSUPPORTED, 0);
	if (setup->type & USB_DIR_IN)
		return replay_answer(replay, setup, reply);
	replay->oracle.command = mnpen_request_name(setup->request);
	replay->oracle.command_us = replay->now_us;
	if (len != sizes[setup->request] || len != setup->length)
		return replay_refuse(replay, setup->request, MNPEN_ERR_BAD_LENGTH, 0);
	if (setup->request == MNPEN_REQ_STOP)
		return stop(replay, setup);
	if (setup->request == MNPEN_REQ_LEASE)
		return lease(replay, setup, data, len);
	return command(replay, setup, data, len);
}

bool replay_unanswered(const struct replay *replay, const struct usb_setup *setup)
{
	size_t index = REPLAY_NONE;

	if (setup->type != MNPEN_REQTYPE_OUT || setup->index != MNPEN_IF_CONTROL)
		return false;
	if (setup->request == MNPEN_REQ_STOP && replay_armed(replay))
		index = find_unmet(replay, setup, NULL);
	else if (setup->request != MNPEN_REQ_STOP && setup->request != MNPEN_REQ_LEASE)
		index = find_command(replay, setup, NULL);
	return index != REPLAY_NONE && !replay->recording->entries[index].answered;
}
