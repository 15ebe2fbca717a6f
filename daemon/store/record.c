// SPDX-License-Identifier: GPL-2.0-only
/* Main thread: what is to be recorded goes into the rings. */
#include <errno.h>
#include <string.h>

#include "daemon/store/command.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

static const size_t session_texts[] = {
	offsetof(struct store_session, pen),
	offsetof(struct store_session, model),
	offsetof(struct store_session, transport),
	offsetof(struct store_session, profile),
	offsetof(struct store_session, profile_digest),
	offsetof(struct store_session, area),
	offsetof(struct store_session, client),
	offsetof(struct store_session, operator_name),
	offsetof(struct store_session, screening),
	offsetof(struct store_session, consent),
	offsetof(struct store_session, sign_off),
	offsetof(struct store_session, cartridge),
	offsetof(struct store_session, cartridge_uid),
	offsetof(struct store_session, cartridge_lot),
};

static struct open_session *session_slot(struct store *store)
{
	for (size_t i = 0; i < STORE_SESSIONS_MAX; i++)
		if (!store->sessions[i].used)
			return &store->sessions[i];
	return NULL;
}

void record_release(struct store *store, uint16_t tag)
{
	struct open_session *session = &store->sessions[QUEUE_TAG_SLOT(tag)];

	*session = (struct open_session){.tag = QUEUE_TAG_NEXT(tag)};
}

static int begin_fill(struct command *command, const struct store_session *session)
{
	struct field fields[SEGMENT_FIELDS + 1] = {FIELD_S("profile", session->profile)};
	size_t n_fields = 1;
	int r;

	command->session = *session;
	command->session.segment.profile = session->profile;
	command->session.segment.area = session->area;
	command->session.segment.area_size_cm2 = session->area_size_cm2;
	r = segment_texts(command, &command->session.segment);
	for (size_t i = 0; i < ELEMENTSOF(session_texts) && r >= 0; i++) {
		const char **text =
			(const char **)(void *)((char *)&command->session + session_texts[i]);

		r = command_text(command, *text, text);
	}
	command->pen = command->session.pen;
	n_fields += segment_fields(fields + n_fields, &command->session.segment);
	return r < 0 ? r : command_details(command, fields, n_fields);
}

int store_session_begin(struct store *store, const struct store_session *session, store_done done,
			void *userdata)
{
	struct open_session *slot;
	struct command *command;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	if (!session->id[0] || !memchr(session->id, '\0', sizeof(session->id)))
		return -EINVAL;
	if (record_session(store, session->id))
		return -EEXIST;
	record_lost_events(store, session->started_usec);
	slot = session_slot(store);
	command = slot ? command_new(store, COMMAND_BEGIN, session->started_usec) : NULL;
	if (!command)
		return -EAGAIN;
	r = begin_fill(command, session);
	if (r < 0)
		return r;
	slot->used = true;
	memcpy(slot->id, session->id, sizeof(slot->id));
	command->tag = slot->tag;
	command->wall_usec = session->started_wall_usec;
	command->done = done;
	command->userdata = userdata;
	command_put(store);
	return 0;
}

int store_session_end(struct store *store, const char *id, const char *outcome, uint64_t now_usec,
		      store_done done, void *userdata)
{
	struct open_session *session;
	struct command *command;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	if (!outcome)
		return -EINVAL;
	session = record_session(store, id);
	if (!session)
		return -ENOENT;
	record_lost_events(store, now_usec);
	command = command_new(store, COMMAND_END, now_usec);
	if (!command)
		return -EAGAIN;
	r = command_text(command, outcome, &command->name);
	if (r >= 0)
		r = command_details(command, &FIELD_S("outcome", outcome), 1);
	if (r < 0)
		return r;
	command->tag = session->tag;
	command->barrier = ring_head(&store->queue.samples);
	command->lost = session->lost;
	command->done = done;
	command->userdata = userdata;
	session->ending = true;
	command_put(store);
	return 0;
}

static int event_fill(struct command *command, const char *id, const char *pen, const char *kind,
		      const struct field *fields, size_t n_fields)
{
	int r = command_text(command, id, &command->id);

	if (r >= 0)
		r = command_text(command, pen, &command->pen);
	if (r >= 0)
		r = command_text(command, kind, &command->name);
	return r < 0 ? r : command_details(command, fields, n_fields);
}

int store_event(struct store *store, const char *id, const char *pen, const char *kind,
		uint64_t now_usec, const struct field *fields, size_t n_fields, store_done done,
		void *userdata)
{
	struct command *command;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	if (!kind)
		return -EINVAL;
	record_lost_events(store, now_usec);
	command = command_new(store, COMMAND_EVENT, now_usec);
	if (!command) {
		record_event_lost(store);
		return -EAGAIN;
	}
	r = event_fill(command, id, pen, kind, fields, n_fields);
	if (r < 0)
		return r;
	command->done = done;
	command->userdata = userdata;
	command_put(store);
	return 0;
}

int store_sample(struct store *store, const char *id, uint64_t host_usec, uint8_t verdict,
		 uint8_t flags, const uint8_t sample[MNPEN_SAMPLE_SIZE])
{
	struct ring *samples = &store->queue.samples;
	struct open_session *session;
	struct sample_slot *slot;

	if (!store->open)
		return -ESHUTDOWN;
	session = record_session(store, id);
	if (!session)
		return -ENOENT;
	slot = ring_reserve(samples);
	if (!slot) {
		session->lost++;
		store->samples_lost++;
		store->queue_full = true;
		return -EAGAIN;
	}
	slot->host_usec = host_usec;
	slot->lost = session->lost;
	slot->tag = session->tag;
	slot->verdict = verdict;
	slot->flags = flags;
	memcpy(slot->sample, sample, sizeof(slot->sample));
	session->lost = 0;
	ring_put(samples);
	/* The writer comes by itself in time, unless many pens fill the ring faster. */
	if (ring_fill(samples) == samples->capacity / 2)
		queue_wake(store->queue.wake_fd);
	return 0;
}

int store_gap(struct store *store, const char *id, uint32_t after_seq, uint32_t before_seq,
	      uint64_t missing, const char *reason, uint64_t now_usec)
{
	struct open_session *session;
	struct command *command;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	if (!reason)
		return -EINVAL;
	session = record_session(store, id);
	if (!session)
		return -ENOENT;
	record_lost_events(store, now_usec);
	command = command_new(store, COMMAND_GAP, now_usec);
	if (!command) {
		record_event_lost(store);
		return -EAGAIN;
	}
	r = command_text(command, reason, &command->name);
	if (r < 0)
		return r;
	command->tag = session->tag;
	command->after_seq = after_seq;
	command->before_seq = before_seq;
	command->missing = missing;
	command_put(store);
	return 0;
}

int store_hold(struct store *store, const struct store_hold *hold, uint64_t now_usec,
	       store_done done, void *userdata)
{
	struct command *command;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	if (!hold->client || !hold->client[0] || !hold->reason || !hold->reason[0])
		return -EINVAL;
	record_lost_events(store, now_usec);
	command = command_new(store, COMMAND_HOLD, now_usec);
	if (!command)
		return -EAGAIN;
	command->hold = *hold;
	r = command_text(command, hold->client, &command->hold.client);
	if (r >= 0)
		r = command_text(command, hold->reason, &command->hold.reason);
	if (r < 0)
		return r;
	command->done = done;
	command->userdata = userdata;
	command_put(store);
	return 0;
}
