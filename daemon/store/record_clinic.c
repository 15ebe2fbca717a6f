// SPDX-License-Identifier: GPL-2.0-only
/* Main thread: areas that are worked on, and cartridges that are bound. */
#include <errno.h>
#include <string.h>

#include "daemon/store/command.h"
#include "driver/base/cleanup.h"

static bool is_long(const char *name)
{
	return name && strnlen(name, STORE_NAME_MAX) == STORE_NAME_MAX;
}

size_t segment_fields(struct field fields[SEGMENT_FIELDS], const struct store_segment *s)
{
	size_t n = 0;

	fields[n++] = FIELD_S("area", s->area);
	if (!s->area)
		return n;
	if (s->area_size_cm2)
		fields[n++] = FIELD_U("area_size_cm2", s->area_size_cm2);
	if (s->depth_limit_um)
		fields[n++] = FIELD_U("depth_limit_um", s->depth_limit_um);
	if (s->speed_limit_min_rpm)
		fields[n++] = FIELD_U("speed_limit_min_rpm", s->speed_limit_min_rpm);
	if (s->speed_limit_max_rpm)
		fields[n++] = FIELD_U("speed_limit_max_rpm", s->speed_limit_max_rpm);
	if (s->density_warning_per_cm2)
		fields[n++] = FIELD_U("density_warning_per_cm2", s->density_warning_per_cm2);
	return n;
}

int segment_texts(struct command *command, struct store_segment *segment)
{
	int r = is_long(segment->profile) || is_long(segment->area) ? -E2BIG : 0;

	if (r >= 0)
		r = command_text(command, segment->profile, &segment->profile);
	return r < 0 ? r : command_text(command, segment->area, &segment->area);
}

static int segment_fill(struct command *command, const char *pen, const char *kind,
			const struct store_segment *segment, const struct field *fields,
			size_t n_fields)
{
	struct field all[SEGMENT_FIELDS + STORE_SEGMENT_FIELDS];
	size_t n = segment_fields(all, segment);
	int r = n_fields > STORE_SEGMENT_FIELDS ? -E2BIG : 0;

	command->segment = *segment;
	if (r >= 0)
		r = segment_texts(command, &command->segment);
	if (r >= 0)
		r = command_text(command, pen, &command->pen);
	if (r >= 0)
		r = command_text(command, kind, &command->name);
	for (size_t i = 0; i < n_fields && r >= 0; i++)
		all[n++] = fields[i];
	return r < 0 ? r : command_details(command, all, n);
}

int store_segment(struct store *store, const char *id, const char *pen, const char *kind,
		  const struct store_segment *segment, uint64_t now_usec,
		  const struct field *fields, size_t n_fields, store_done done, void *userdata)
{
	struct open_session *session;
	struct command *command;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	session = record_session(store, id);
	if (!session)
		return -ENOENT;
	record_lost_events(store, now_usec);
	command = command_new(store, COMMAND_SEGMENT, now_usec);
	if (!command) {
		record_event_lost(store);
		return -EAGAIN;
	}
	r = segment_fill(command, pen, kind, segment, fields, n_fields);
	if (r < 0)
		return r;
	command->tag = session->tag;
	command->barrier = ring_head(&store->queue.samples);
	command->done = done;
	command->userdata = userdata;
	command_put(store);
	return 0;
}

static int cartridge_fill(struct command *command, const char *pen,
			  const struct store_cartridge *cartridge)
{
	const struct field fields[] = {
		FIELD_S("uid", cartridge->uid),
		FIELD_S("serial", cartridge->serial),
		FIELD_S("lot", cartridge->lot),
		FIELD_U("expires_days", cartridge->expires_days),
		FIELD_U("needles", cartridge->needles),
		FIELD_U("length_um", cartridge->length_um),
	};
	struct store_cartridge *copy = &command->cartridge;
	int r = command_text(command, pen, &command->pen);

	*copy = *cartridge;
	if (r >= 0)
		r = command_text(command, cartridge->uid, &copy->uid);
	if (r >= 0)
		r = command_text(command, cartridge->serial, &copy->serial);
	if (r >= 0)
		r = command_text(command, cartridge->lot, &copy->lot);
	return r < 0 ? r : command_details(command, fields, ELEMENTSOF(fields));
}

int store_cartridge(struct store *store, const char *id, const char *pen,
		    const struct store_cartridge *cartridge, uint64_t now_usec, store_done done,
		    void *userdata)
{
	struct open_session *session;
	struct command *command;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	if (!cartridge->lot || (!cartridge->uid && !cartridge->serial))
		return -EINVAL;
	session = record_session(store, id);
	if (!session)
		return -ENOENT;
	record_lost_events(store, now_usec);
	command = command_new(store, COMMAND_CARTRIDGE, now_usec);
	if (!command)
		return -EAGAIN;
	r = cartridge_fill(command, pen, cartridge);
	if (r < 0)
		return r;
	command->tag = session->tag;
	command->barrier = ring_head(&store->queue.samples);
	command->done = done;
	command->userdata = userdata;
	command_put(store);
	return 0;
}
