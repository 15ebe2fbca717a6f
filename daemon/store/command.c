// SPDX-License-Identifier: GPL-2.0-only
/* Main thread: a command, from the ring and into it. */
#include <errno.h>
#include <string.h>

#include "daemon/store/command.h"
#include "driver/base/clock.h"

int command_text(struct command *command, const char *text, const char **ret)
{
	size_t len;

	*ret = NULL;
	if (!text)
		return 0;
	len = strnlen(text, STORE_TEXT_MAX + 1);
	if (len > STORE_TEXT_MAX || len + 1 > sizeof(command->text) - command->used)
		return -E2BIG;
	*ret = memcpy(command->text + command->used, text, len + 1);
	command->used += len + 1;
	return 0;
}

int command_details(struct command *command, const struct field *fields, size_t n_fields)
{
	char *at = command->text + command->used;
	int r = fields_json(at, sizeof(command->text) - command->used, fields, n_fields);

	if (r < 0)
		return -E2BIG;
	command->details = at;
	command->used += (size_t)r + 1;
	return 0;
}

struct command *command_new(struct store *store, enum command_kind kind, uint64_t now)
{
	struct command *command = NULL;

	if (store->outstanding < QUEUE_COMPLETION_SLOTS)
		command = ring_reserve(&store->queue.commands);
	if (!command) {
		store->queue_full = true;
		return NULL;
	}
	memset(command, 0, offsetof(struct command, text));
	command->kind = kind;
	command->usec = now;
	command->wall_usec = wall_usec();
	return command;
}

void command_put(struct store *store)
{
	ring_put(&store->queue.commands);
	store->outstanding++;
	queue_wake(store->queue.wake_fd);
}

void record_lost_events(struct store *store, uint64_t now)
{
	struct command *command;

	if (!store->events_unreported)
		return;
	command = command_new(store, COMMAND_EVENT, now);
	if (!command)
		return;
	command->name = "events-lost";
	if (command_details(command, &FIELD_U("events", store->events_unreported), 1) < 0)
		return;
	command_put(store);
	store->events_unreported = 0;
}

void record_event_lost(struct store *store)
{
	store->events_lost++;
	store->events_unreported++;
}

struct open_session *record_session(struct store *store, const char *id)
{
	for (size_t i = 0; i < STORE_SESSIONS_MAX; i++) {
		struct open_session *session = &store->sessions[i];

		if (session->used && !session->ending && !strcmp(session->id, id))
			return session;
	}
	return NULL;
}
