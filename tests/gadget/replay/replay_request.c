// SPDX-License-Identifier: GPL-2.0-only
/* What the live host asks, and which recorded moment that is. */
#include <errno.h>
#include <string.h>

#include "driver/proto/names.h"
#include "tests/gadget/replay/replay_parts.h"

/* ---- which entry ---- */

/* @data: NULL when only the request counts */
static size_t find_unmet(const struct replay *replay, const struct usb_setup *setup,
			 const uint8_t *data)
{
	const struct recording *rec = replay->recording;

	for (size_t i = replay->window; i < replay->next_arm; i++) {
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
	if (setup->request == MNPEN_REQ_ARM)
		return replay->next_arm < replay->recording->n ? replay->next_arm : REPLAY_NONE;
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
		replay_open_window(replay, index + 1);
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

/* A command that the recording does not have is accepted: samples show its number. */
static int accept_unrecorded(struct replay *replay, const uint8_t *data, size_t len)
{
	uint32_t cmd = command_number(data, len);

	replay_pair(&replay->cmds, replay->recorded_cmd, cmd);
	replay->last.last_cmd = cmd;
	return 0;
}

/* To a pen whose recorded run is left out while it is armed. */
static int target_left_out(struct replay *replay, const uint8_t *data, size_t len)
{
	struct mnpen_target target;

	mnpen_target_unpack(&target, data);
	replay->last.target_depth_um = target.depth_um;
	replay->last.target_speed_rpm = target.speed_rpm;
	return accept_unrecorded(replay, data, len);
}

static int unrecorded(struct replay *replay, const struct usb_setup *setup, const uint8_t *data,
		      size_t len)
{
	switch ((enum mnpen_request)setup->request) {
	case MNPEN_REQ_SET_STREAM:
		return 0;
	case MNPEN_REQ_CLAIM_CARTRIDGE:
		/* A recording that began in a session has no CLAIM for it; a host that begins one
		 * makes it. */
		return accept_unrecorded(replay, data, len);
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
	size_t index;
	int r;

	if (replay->left_out && replay_armed(replay) && setup->request == MNPEN_REQ_SET_TARGET)
		return target_left_out(replay, data, len);
	index = find_command(replay, setup, data);
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
		replay_lease_armed(replay, data);
	return r;
}

/* The recorded run goes on as it did after this, or is left out if it did not have it. */
static void end_run(struct replay *replay, size_t index, enum mnpen_stop_reason reason)
{
	if (index == REPLAY_NONE || replay->left_out) {
		replay_rest(replay, reason, replay->next_arm);
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

	for (size_t i = replay->window; i < replay->next_arm; i++) {
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
	/* A run that the recorded host did not disable so has no more of it to show. */
	if (!enable)
		replay_leave_out(replay);
}

/* The last LEASE of the run before this moment, if the recorded pen refused it. */
static size_t find_refused_lease(const struct replay *replay)
{
	for (size_t i = replay->at; i-- > replay->window;) {
		const struct recorded *entry = &replay->recording->entries[i];

		if (recorded_is(entry, MNPEN_REQ_LEASE))
			return entry->answered && entry->status < 0 ? i : REPLAY_NONE;
	}
	return REPLAY_NONE;
}

/* As the recorded pen answered the last one before this moment. */
static int lease(struct replay *replay, const uint8_t *data)
{
	struct mnpen_lease live;
	size_t refused;

	mnpen_lease_unpack(&live, data);
	if (!replay->left_out && live.enable != replay->lease.enabled)
		turn(replay, live.enable);
	refused = replay->left_out ? REPLAY_NONE : find_refused_lease(replay);
	if (refused != REPLAY_NONE)
		return refuse_as_recorded(replay, refused, live.counter);
	/* No recorded sample will say it. */
	if (replay->left_out && live.enable)
		replay->last.flags |= MNPEN_FLAG_ENABLED;
	else if (replay->left_out)
		replay->last.flags &= (uint8_t)~MNPEN_FLAG_ENABLED;
	replay->oracle.lease_us = replay->now_us;
	replay_lease_renewed(replay, &live);
	return 0;
}

static int refuse_wrong(struct replay *replay, const struct usb_setup *setup, const uint8_t *data,
			size_t len, enum mnpen_error error, uint16_t detail)
{
	bool record = error != MNPEN_ERR_UNSUPPORTED && error != MNPEN_ERR_BAD_LENGTH;
	int r = replay_refuse(replay, setup->request, error,
			      record ? command_number(data, len) : 0);

	replay->error.detail = detail;
	return r;
}

int replay_request(struct replay *replay, const struct usb_setup *setup, const uint8_t *data,
		   size_t len, uint8_t *reply)
{
	uint16_t detail = 0;
	enum mnpen_error error = replay_check(replay, setup, data, len, &detail);

	if (error != MNPEN_ERR_UNSUPPORTED && !(setup->type & USB_DIR_IN)) {
		replay->oracle.command = mnpen_request_name(setup->request);
		replay->oracle.command_us = replay->now_us;
	}
	if (error != MNPEN_ERR_NONE)
		return refuse_wrong(replay, setup, data, len, error, detail);
	if (setup->type & USB_DIR_IN)
		return replay_answer(replay, setup, reply);
	if (setup->request == MNPEN_REQ_STOP)
		return stop(replay, setup);
	if (setup->request == MNPEN_REQ_LEASE)
		return lease(replay, data);
	return command(replay, setup, data, len);
}

bool replay_unanswered(const struct replay *replay, const struct usb_setup *setup)
{
	size_t index = REPLAY_NONE;

	if (setup->type != MNPEN_REQTYPE_OUT || setup->index != MNPEN_IF_CONTROL)
		return false;
	if (setup->request == MNPEN_REQ_STOP && replay_armed(replay) && !replay->left_out)
		index = find_unmet(replay, setup, NULL);
	else if (setup->request != MNPEN_REQ_STOP && setup->request != MNPEN_REQ_LEASE)
		index = find_command(replay, setup, NULL);
	return index != REPLAY_NONE && !replay->recording->entries[index].answered;
}
