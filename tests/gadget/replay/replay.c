// SPDX-License-Identifier: GPL-2.0-only
/* The play: position, times, and the samples that come of them. */
#include "tests/gadget/replay/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/proto/names.h"
#include "tests/gadget/replay/replay_parts.h"

#define REPEAT_US 20000 /* while no host has said how often */

static bool is_set_interface(const struct recorded *entry)
{
	return entry->request && entry->setup.type == USB_RECIPIENT_INTERFACE &&
	       entry->setup.request == USB_SET_INTERFACE && entry->setup.index == MNPEN_IF_CONTROL;
}

enum replay_rank replay_rank(const struct recorded *entry)
{
	if (is_set_interface(entry) || recorded_is(entry, MNPEN_REQ_SET_STREAM))
		return REPLAY_SETTING;
	if (recorded_is(entry, MNPEN_REQ_CLAIM_CARTRIDGE) ||
	    recorded_is(entry, MNPEN_REQ_SET_TARGET) || recorded_is(entry, MNPEN_REQ_CLEAR_FAULT) ||
	    entry->turns)
		return REPLAY_STEP;
	return recorded_is(entry, MNPEN_REQ_ARM) ? REPLAY_ARM : REPLAY_FREE;
}

bool replay_driven(const struct replay *replay)
{
	return replay->last.state == MNPEN_STATE_RUNNING || replay->last.flags & MNPEN_FLAG_DRIVE;
}

bool replay_armed(const struct replay *replay)
{
	return replay->last.state == MNPEN_STATE_ARMED || replay_driven(replay);
}

/* ---- samples ---- */

static void push(struct replay *replay, const uint8_t *data, size_t len)
{
	struct replay_packet *packet;

	if (!replay->period_us)
		return;
	if (replay->count == MNPEN_QUEUE_SAMPLES) {
		replay->head++;
		replay->count--;
	}
	packet = &replay->queue[(replay->head + replay->count++) % MNPEN_QUEUE_SAMPLES];
	packet->len = MIN(len, sizeof(packet->data));
	memcpy(packet->data, data, packet->len);
}

int replay_pop(struct replay *replay, uint8_t *buf, size_t size)
{
	const struct replay_packet *packet;

	if (!replay->count)
		return -EAGAIN;
	packet = &replay->queue[replay->head++ % MNPEN_QUEUE_SAMPLES];
	replay->count--;
	if (packet->len > size)
		return -EOVERFLOW;
	memcpy(buf, packet->data, packet->len);
	return (int)packet->len;
}

static void set_last(struct replay *replay, const struct mnpen_sample *sample, uint64_t at_us)
{
	bool was_driven = replay_driven(replay);

	replay->last = *sample;
	replay->last_us = at_us;
	if (!was_driven && replay_driven(replay))
		replay->oracle.motor_on_us = at_us;
	else if (was_driven && !replay_driven(replay))
		replay->oracle.motor_off_us = at_us;
	if (!(sample->flags & MNPEN_FLAG_CARTRIDGE))
		replay->claimed = 0;
}

static void show(struct replay *replay, const struct mnpen_sample *sample, uint64_t at_us)
{
	uint8_t packet[MNPEN_SAMPLE_SIZE];

	set_last(replay, sample, at_us);
	mnpen_sample_encode(packet, sample);
	push(replay, packet, sizeof(packet));
}

/* From the recorded pen's clock and numbers to those that the live host has seen so far. */
static struct mnpen_sample translate(struct replay *replay, const struct mnpen_sample *recorded)
{
	struct mnpen_sample s = *recorded;
	bool forward = !replay->have_recorded || s.time_us > replay->recorded_time_us;
	uint64_t cmd;

	s.seq += replay->seq_offset;
	s.time_us += replay->time_offset;
	/* The host's jitter in the recorded times must not make a clock run back that did not. */
	if (forward && s.time_us <= replay->last.time_us) {
		replay->time_offset += replay->last.time_us + 1 - s.time_us;
		s.time_us = replay->last.time_us + 1;
	}
	if (replay_live(&replay->cmds, s.last_cmd, &cmd))
		s.last_cmd = (uint32_t)cmd;
	replay_lease_translate(replay, recorded, &s);
	replay->have_recorded = true;
	replay->recorded_time_us = recorded->time_us;
	replay->recorded_cmd = recorded->last_cmd;
	return s;
}

static void play_sample(struct replay *replay, const struct recorded *entry, uint64_t at_us)
{
	struct mnpen_sample sample;

	if (!recorded_sample(entry, &sample)) {
		push(replay, entry->data, entry->len);
		return;
	}
	sample = translate(replay, &sample);
	show(replay, &sample, at_us);
}

/* ---- waiting ---- */

static uint32_t repeat_period_us(const struct replay *replay)
{
	return replay->period_us ? replay->period_us : REPEAT_US;
}

static void wait_here(struct replay *replay, uint64_t now_us)
{
	replay->waiting = true;
	replay->repeat_us = MAX(replay->last_us + repeat_period_us(replay), now_us);
}

static void repeat(struct replay *replay)
{
	struct mnpen_sample sample = replay->last;

	sample.seq++;
	sample.time_us += replay->repeat_us - replay->last_us;
	replay_lease_left(replay, &sample);
	show(replay, &sample, replay->repeat_us);
	replay->repeat_us += repeat_period_us(replay);
}

/* After repetitions or a jump: the next recorded sample follows the last one that was shown as it
 * followed the one before it in the recording. */
static void link_numbers(struct replay *replay)
{
	const struct recording *rec = replay->recording;
	struct mnpen_sample before;

	for (size_t i = replay->at; i-- > 0;) {
		if (!recorded_sample(&rec->entries[i], &before))
			continue;
		replay->seq_offset = replay->last.seq - before.seq;
		replay->recorded_time_us = before.time_us;
		return;
	}
	for (size_t i = replay->at; i < rec->n; i++) {
		if (!recorded_sample(&rec->entries[i], &before))
			continue;
		replay->seq_offset = replay->last.seq + 1 - before.seq;
		return;
	}
}

/* The recorded moment of entry @index is now. */
static void move_clock(struct replay *replay, size_t index)
{
	uint64_t shift_us = replay->now_us - replay->recording->entries[index].usec;

	replay->time_offset += shift_us - replay->shift_us;
	replay->shift_us = shift_us;
}

void replay_go_on(struct replay *replay, size_t index)
{
	move_clock(replay, index);
	while (replay->at < index)
		replay_lease_skipped(replay, &replay->recording->entries[replay->at++]);
	replay->at = index + 1;
	replay->waiting = false;
	link_numbers(replay);
}

void replay_open_window(struct replay *replay, size_t begin)
{
	const struct recording *rec = replay->recording;
	size_t i = begin;

	while (i < rec->n && !recorded_is(&rec->entries[i], MNPEN_REQ_ARM))
		i++;
	replay->window = begin;
	replay->next_arm = i;
	replay->left_out = false;
}

/* ---- the pen does what the recorded one did not ---- */

static void cut_drive(struct replay *replay)
{
	const unsigned int off = MNPEN_FLAG_DRIVE | MNPEN_FLAG_ENABLED;
	struct mnpen_sample *s = &replay->last;

	if (replay_driven(replay))
		replay->oracle.motor_off_us = replay->now_us;
	s->flags &= (uint8_t)~off;
	s->depth_um = s->speed_rpm = s->motor_ma = 0;
}

static void wait_at(struct replay *replay, size_t index)
{
	replay->ended = index >= replay->recording->n;
	replay->at = MIN(index, replay->recording->n);
	wait_here(replay, replay->now_us);
}

void replay_leave_out(struct replay *replay)
{
	struct mnpen_sample *s = &replay->last;

	cut_drive(replay);
	if (s->state == MNPEN_STATE_RUNNING) {
		s->state = MNPEN_STATE_ARMED;
		s->stop_reason = MNPEN_STOP_DISABLED;
	}
	replay->left_out = true;
	wait_at(replay, replay->next_arm);
}

void replay_rest(struct replay *replay, enum mnpen_stop_reason reason, size_t index)
{
	struct mnpen_sample *s = &replay->last;

	cut_drive(replay);
	if (s->state == MNPEN_STATE_ARMED || s->state == MNPEN_STATE_RUNNING) {
		s->state = MNPEN_STATE_IDLE;
		s->stop_reason = (uint8_t)reason;
	}
	s->lease_left_ms = 0;
	replay->left_out = false;
	wait_at(replay, index);
}

void replay_start(struct replay *replay)
{
	if (replay->started || replay->at >= replay->recording->n)
		return;
	replay->started = true;
	/* Of what passed while nobody asked, nothing is made up for. */
	if (replay->recording->entries[replay->at].usec + replay->shift_us < replay->now_us)
		move_clock(replay, replay->at);
}

/* ---- the way of the play ---- */

/* What the pen said when it was asked: before its first sample, and while none came. */
static void pass_request(struct replay *replay, const struct recorded *entry, uint64_t at_us)
{
	struct mnpen_sample status;

	if (!recorded_is(entry, MNPEN_REQ_GET_STATUS) ||
	    mnpen_sample_decode(&status, entry->data, entry->len) < 0)
		return;
	status = translate(replay, &status);
	set_last(replay, &status, at_us);
}

bool replay_status_ahead(struct replay *replay, struct mnpen_sample *ret)
{
	for (size_t i = replay->at; replay->started && i < replay->recording->n; i++) {
		const struct recorded *entry = &replay->recording->entries[i];
		bool unmet = replay_rank(entry) != REPLAY_FREE && !replay->met[i];

		if (!entry->request || unmet)
			return false;
		if (recorded_is(entry, MNPEN_REQ_GET_STATUS) &&
		    mnpen_sample_decode(ret, entry->data, entry->len) == 0) {
			*ret = translate(replay, ret);
			return true;
		}
	}
	return false;
}

/* Returns false when the play has to wait. */
static bool step(struct replay *replay)
{
	const struct recorded *entry = &replay->recording->entries[replay->at];
	uint64_t due_us = entry->usec + replay->shift_us;

	if (due_us > replay->now_us)
		return false;
	if (replay_rank(entry) != REPLAY_FREE && !replay->met[replay->at] &&
	    !replay_driven(replay)) {
		wait_here(replay, due_us);
		return false;
	}
	replay_lease_recorded(replay, entry);
	if (entry->request)
		pass_request(replay, entry, due_us);
	else
		play_sample(replay, entry, due_us);
	replay->at++;
	return true;
}

void replay_advance(struct replay *replay, uint64_t now_us)
{
	if (now_us > replay->now_us)
		replay->now_us = now_us;
	if (!replay->started)
		return;
	while (!replay->waiting && !replay->ended && step(replay))
		replay->ended = replay->at == replay->recording->n;
	if (replay_lease_over(replay))
		replay_rest(replay, MNPEN_STOP_LEASE, replay->next_arm);
	/* A recording that was cut off in the middle of a run says no more of its motor. */
	if (replay->ended && !replay->waiting)
		replay_rest(replay, MNPEN_STOP_BUS, replay->recording->n);
	while (replay->waiting && replay->repeat_us <= replay->now_us)
		repeat(replay);
}

uint64_t replay_next_us(const struct replay *replay)
{
	if (!replay->started)
		return UINT64_MAX;
	if (replay->waiting)
		return replay->repeat_us;
	if (replay->ended)
		return UINT64_MAX;
	return replay->recording->entries[replay->at].usec + replay->shift_us;
}

const char *replay_waits_for(const struct replay *replay)
{
	const struct recorded *entry;

	if (!replay->started)
		return mnpen_request_name(MNPEN_REQ_SET_STREAM);
	if (!replay->waiting || replay->ended)
		return NULL;
	entry = &replay->recording->entries[replay->at];
	return is_set_interface(entry) ? "set-interface" : mnpen_request_name(entry->setup.request);
}

int replay_init(struct replay *replay, const struct recording *recording, uint64_t now_us)
{
	*replay = (struct replay){
		.recording = recording,
		.met = calloc(recording->n + 1, sizeof(bool)),
		.now_us = now_us,
		.start_us = now_us,
		.shift_us = now_us, /* the recording's times begin at 0 */
		.oracle.command = "none",
	};
	if (!replay->met)
		return -ENOMEM;
	replay_open_window(replay, 0);
	/* Who the pen is and how it is: not part of what waits for the host. */
	while (replay->at < recording->n && recording->entries[replay->at].request &&
	       replay_rank(&recording->entries[replay->at]) == REPLAY_FREE)
		pass_request(replay, &recording->entries[replay->at++], now_us);
	replay->ended = replay->at == recording->n;
	return 0;
}

void replay_done(struct replay *replay)
{
	free(replay->met);
	replay->met = NULL;
}
