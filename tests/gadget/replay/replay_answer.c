// SPDX-License-Identifier: GPL-2.0-only
/* What the live host asks to know: the recorded pen's answers, with the live host's numbers. */
#include <string.h>

#include "tests/gadget/replay/replay_parts.h"

#define AHEAD_US 100000 /* an answer that was given so soon after this moment is the one */

/* The recorded answer of this moment: one that is just about to come, or else the one before; if
 * there is none, the first. */
static const struct recorded *find_answer(const struct replay *replay, enum mnpen_request request)
{
	const struct recording *rec = replay->recording;
	uint64_t soon_us = replay->now_us - replay->shift_us + AHEAD_US;

	for (size_t i = replay->at; replay->started && i < rec->n; i++) {
		const struct recorded *entry = &rec->entries[i];

		if (entry->usec > soon_us || (replay_rank(entry) != REPLAY_FREE && !replay->met[i]))
			break;
		if (recorded_is(entry, request) && entry->answered)
			return entry;
	}
	for (size_t i = replay->at; i-- > 0;)
		if (recorded_is(&rec->entries[i], request) && rec->entries[i].answered)
			return &rec->entries[i];
	for (size_t i = replay->at; i < rec->n; i++)
		if (recorded_is(&rec->entries[i], request) && rec->entries[i].answered)
			return &rec->entries[i];
	return NULL;
}

/* A token that the recorded host is yet to use is nobody's so far: the live one has another. */
static void translate_cartridge(struct replay *replay, uint8_t *reply)
{
	struct mnpen_cartridge c;

	if (mnpen_cartridge_decode(&c, reply, MNPEN_CARTRIDGE_SIZE) < 0)
		return;
	if (c.claimed_token && !replay_live(&replay->tokens, c.claimed_token, &c.claimed_token) &&
	    replay_token_of_host(replay->recording, c.claimed_token))
		c.claimed_token = 0;
	if (!c.claimed_token && replay->claimed && c.flags & MNPEN_CARTRIDGE_PRESENT)
		c.claimed_token = replay->claimed;
	mnpen_cartridge_encode(reply, &c);
}

static int answer_recorded(struct replay *replay, const struct usb_setup *setup, uint8_t *reply)
{
	const struct recorded *entry = find_answer(replay, setup->request);

	if (!entry || entry->status < 0)
		return replay_refuse(replay, setup->request, MNPEN_ERR_UNSUPPORTED, 0);
	if (entry->len > setup->length)
		return replay_refuse(replay, setup->request, MNPEN_ERR_BAD_LENGTH, 0);
	memcpy(reply, entry->data, entry->len);
	if (setup->request == MNPEN_REQ_GET_CARTRIDGE && entry->len == MNPEN_CARTRIDGE_SIZE)
		translate_cartridge(replay, reply);
	return (int)entry->len;
}

/* The last sample, at this moment; or the recorded answer, when that is all there was between two
 * samples, as in alternate setting 0. */
static int answer_status(struct replay *replay, uint8_t *reply)
{
	struct mnpen_sample sample = replay->last;

	if (!replay_status_ahead(replay, &sample))
		sample.time_us += replay->now_us - replay->last_us;
	mnpen_sample_encode(reply, &sample);
	return MNPEN_SAMPLE_SIZE;
}

int replay_answer(struct replay *replay, const struct usb_setup *setup, uint8_t *reply)
{
	if (setup->request == MNPEN_REQ_GET_STATUS)
		return answer_status(replay, reply);
	if (setup->request == MNPEN_REQ_GET_ERROR) {
		mnpen_error_encode(reply, &replay->error);
		return MNPEN_ERROR_SIZE;
	}
	return answer_recorded(replay, setup, reply);
}
