// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_bus.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/harness_process.h"

#define CALL_SEC 10
#define OURS API_ERROR("")

sd_bus *bus_open(const char *address)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_negotiate_fds(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, CALL_SEC * USEC_PER_SEC *
								(unsigned int)time_scale());
	if (r < 0)
		fail_msg("cannot connect to %s: %s", address, strerror(-r));
	return bus;
}

int bus_text(sd_bus_message *message, char *buf, size_t size)
{
	const char *contents;
	union {
		const char *s;
		uint64_t t;
		int64_t x;
		uint32_t u;
		int32_t i;
		uint16_t q;
		uint8_t y;
		int b;
	} value = {0};
	char type;
	int r = sd_bus_message_peek_type(message, &type, &contents);

	buf[0] = '\0';
	if (r <= 0)
		return r;
	if (type == 'v') {
		r = sd_bus_message_enter_container(message, 'v', contents);
		if (r >= 0)
			r = bus_text(message, buf, size);
		return r < 0 ? r : sd_bus_message_exit_container(message);
	}
	if (!strchr("sotxuiqyb", type))
		return sd_bus_message_skip(message, NULL);
	r = sd_bus_message_read_basic(message, type, &value);
	if (type == 's' || type == 'o')
		snprintf(buf, size, "%s", value.s);
	else if (type == 't' || type == 'x')
		snprintf(buf, size, "%" PRIi64, value.x);
	else if (type == 'u')
		snprintf(buf, size, "%" PRIu32, value.u);
	else if (type == 'i' || type == 'b')
		snprintf(buf, size, "%" PRIi32, value.i);
	else if (type == 'q')
		snprintf(buf, size, "%" PRIu16, value.q);
	else
		snprintf(buf, size, "%" PRIu8, value.y);
	return r;
}

/* {key: value, ...} → "key=value key=value " */
static int read_details(sd_bus_message *message, char *buf, size_t size)
{
	size_t used = 0;
	int r = sd_bus_message_enter_container(message, 'a', NULL);
	char value[256];

	buf[0] = '\0';
	while (r >= 0 && sd_bus_message_at_end(message, 0) == 0) {
		const char *key = NULL;

		r = sd_bus_message_enter_container(message, 'e', NULL);
		if (r >= 0)
			r = sd_bus_message_read(message, "s", &key);
		if (r >= 0)
			r = bus_text(message, value, sizeof(value));
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
		if (r < 0)
			break;
		used += (size_t)snprintf(buf + used, size - used, "%s=%s ", key, value);
		used = MIN(used, size - 1);
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int on_event(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct client *client = userdata;
	struct bus_event *event = &client->events[client->n_events % BUS_EVENTS_MAX];
	uint64_t seq, usec;
	const char *kind;

	if (sd_bus_message_read(message, "tts", &seq, &usec, &kind) < 0)
		return 0;
	snprintf(event->path, sizeof(event->path), "%s", sd_bus_message_get_path(message));
	snprintf(event->kind, sizeof(event->kind), "%s", kind);
	if (read_details(message, event->details, sizeof(event->details)) >= 0)
		client->n_events++;
	return 0;
}

static int on_removed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct client *client = userdata;
	const char *path;

	if (sd_bus_message_read(message, "o", &path) < 0)
		return 0;
	client->n_removed++;
	snprintf(client->removed, sizeof(client->removed), "%s", path);
	return 0;
}

struct client *client_new(const char *address)
{
	struct client *client = calloc(1, sizeof(*client));

	assert_non_null(client);
	client->bus = bus_open(address);
	assert_true(sd_bus_match_signal(client->bus, NULL, API_BUS_NAME, NULL, API_PEN, "Event",
					on_event, client) >= 0);
	assert_true(sd_bus_match_signal(client->bus, NULL, API_BUS_NAME, NULL,
					"org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
					on_removed, client) >= 0);
	return client;
}

struct client *client_free(struct client *client)
{
	if (client) {
		sd_bus_close_unref(client->bus);
		free(client);
	}
	return NULL;
}

static void take_error(const sd_bus_error *error, char word[BUS_WORD_MAX], char *message,
		       size_t size)
{
	const char *name = error && error->name ? error->name : "";

	if (strncmp(name, OURS, strlen(OURS)) == 0)
		name += strlen(OURS);
	snprintf(word, BUS_WORD_MAX, "%s", name);
	snprintf(message, size, "%s", error && error->message ? error->message : "");
}

const char *client_call_v(struct client *client, sd_bus_message **ret_reply, const char *path,
			  const char *interface, const char *member, const char *types,
			  va_list args)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	int r;

	r = sd_bus_message_new_method_call(client->bus, &call, API_BUS_NAME, path, interface,
					   member);
	if (r >= 0)
		r = sd_bus_message_appendv(call, types, args);
	assert_true(r >= 0);
	r = sd_bus_call(client->bus, call, 0, &error, &reply);
	sd_bus_message_unref(call);
	if (r < 0 && !sd_bus_error_is_set(&error))
		sd_bus_error_set_errno(&error, r);
	take_error(&error, client->word, client->message, sizeof(client->message));
	sd_bus_error_free(&error);
	if (ret_reply)
		*ret_reply = reply;
	else
		sd_bus_message_unref(reply);
	return client->word;
}

const char *client_call(struct client *client, sd_bus_message **ret_reply, const char *path,
			const char *interface, const char *member, const char *types, ...)
{
	const char *word;
	va_list args;

	va_start(args, types);
	word = client_call_v(client, ret_reply, path, interface, member, types, args);
	va_end(args);
	return word;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct answer *answer = userdata;

	take_error(sd_bus_message_get_error(reply), answer->word, answer->message,
		   sizeof(answer->message));
	answer->there = true;
	return 0;
}

void client_send(struct client *client, struct answer *answer, const char *path,
		 const char *interface, const char *member, const char *types, ...)
{
	sd_bus_message *call = NULL;
	va_list args;
	int r;

	*answer = (struct answer){0};
	r = sd_bus_message_new_method_call(client->bus, &call, API_BUS_NAME, path, interface,
					   member);
	va_start(args, types);
	if (r >= 0)
		r = sd_bus_message_appendv(call, types, args);
	va_end(args);
	if (r >= 0)
		r = sd_bus_call_async(client->bus, &answer->slot, call, on_answer, answer, 0);
	if (r >= 0)
		r = sd_bus_flush(client->bus);
	sd_bus_message_unref(call);
	assert_true(r >= 0);
}

void client_pump(struct client *client, int ms)
{
	int r;

	do {
		r = sd_bus_process(client->bus, NULL);
	} while (r > 0);
	if (r == 0 && ms > 0) {
		r = sd_bus_wait(client->bus, (unsigned int)ms * USEC_PER_MSEC);
		while (r > 0)
			r = sd_bus_process(client->bus, NULL);
	}
	assert_true(r >= 0 || r == -EINTR);
}

const char *client_answer(struct client *client, struct answer *answer, int timeout_ms)
{
	uint64_t end = usec_after_ms(timeout_ms);

	while (!answer->there && now_usec() < end)
		client_pump(client, 10);
	answer->slot = sd_bus_slot_unref(answer->slot);
	if (!answer->there)
		fail_msg("no answer after %d ms", timeout_ms * time_scale());
	return answer->word;
}

const struct bus_event *client_event(struct client *client, const char *kind, unsigned int index)
{
	client_pump(client, 0);
	for (unsigned int i = 0; i < MIN(client->n_events, BUS_EVENTS_MAX); i++)
		if (strcmp(client->events[i].kind, kind) == 0 && index-- == 0)
			return &client->events[i];
	return NULL;
}

void client_forget(struct client *client)
{
	client_pump(client, 0);
	client->n_events = 0;
}

/* ---- properties ---- */

static char *scratch(void)
{
	static char buffers[4][512];
	static unsigned int next;

	return buffers[next++ % 4];
}

static sd_bus_message *get(struct client *client, const char *path, const char *interface,
			   const char *property)
{
	sd_bus_message *reply = NULL;
	const char *word = client_call(client, &reply, path, "org.freedesktop.DBus.Properties",
				       "Get", "ss", interface, property);

	if (*word)
		fail_msg("%s of %s: %s: %s", property, path, word, client->message);
	return reply;
}

const char *client_string(struct client *client, const char *path, const char *interface,
			  const char *property)
{
	sd_bus_message *reply = get(client, path, interface, property);
	char *text = scratch();

	assert_true(bus_text(reply, text, 512) >= 0);
	sd_bus_message_unref(reply);
	return text;
}

int64_t client_number(struct client *client, const char *path, const char *interface,
		      const char *property)
{
	return strtoll(client_string(client, path, interface, property), NULL, 10);
}

const char *client_entry(struct client *client, const char *path, const char *interface,
			 const char *property, const char *key)
{
	sd_bus_message *reply = get(client, path, interface, property);
	char *text = scratch(), details[512], needle[64];
	const char *found;

	snprintf(needle, sizeof(needle), "%s=", key);
	assert_true(sd_bus_message_enter_container(reply, 'v', NULL) >= 0);
	assert_true(read_details(reply, details, sizeof(details)) >= 0);
	sd_bus_message_unref(reply);
	found = strstr(details, needle);
	text[0] = '\0';
	if (found)
		snprintf(text, 512, "%.*s", (int)strcspn(found + strlen(needle), " "),
			 found + strlen(needle));
	return text;
}
