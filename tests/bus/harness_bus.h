/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * D-Bus as a client sees it. Calls return their outcome as a word: "" = done, "Limit" for
 * org.mnpen1.Error.Limit, the full name of an error that is not the project's.
 */
#ifndef MNPEN_HARNESS_BUS_H
#define MNPEN_HARNESS_BUS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "daemon/api/names.h"

#define BUS_WORD_MAX 96
#define BUS_EVENTS_MAX 256

/** struct bus_event - one Event signal; details as "key=value key=value " */
struct bus_event {
	char path[96];
	char kind[32];
	char details[384];
};

/** struct client - a connection, the outcome of its last call, and what it was told */
struct client {
	sd_bus *bus;
	char word[BUS_WORD_MAX];
	char message[640];
	struct bus_event events[BUS_EVENTS_MAX];
	unsigned int n_events;
	unsigned int n_removed; /* InterfacesRemoved */
	char removed[96];	/* the last object that went */
};

/** struct answer - of a call that was sent and not waited for */
struct answer {
	sd_bus_slot *slot;
	bool there;
	char word[BUS_WORD_MAX];
	char message[640];
};

/** bus_open() - a new connection to @address; fails the test when there is none */
sd_bus *bus_open(const char *address);

struct client *client_new(const char *address);
struct client *client_free(struct client *client); /* leaves the bus; returns NULL */

/** client_call() - call the daemon and wait
 * @ret_reply: NULL, or the reply when the outcome is "" (to be unreferenced), else NULL
 * Return: the outcome, valid until the client's next call; the error's text is in ->message. */
const char *client_call(struct client *client, sd_bus_message **ret_reply, const char *path,
			const char *interface, const char *member, const char *types, ...);
const char *client_call_v(struct client *client, sd_bus_message **ret_reply, const char *path,
			  const char *interface, const char *member, const char *types,
			  va_list args);

/** client_send() - call without waiting; client_pump() brings the answer */
void client_send(struct client *client, struct answer *answer, const char *path,
		 const char *interface, const char *member, const char *types, ...);
/** client_answer() - wait for it; fails the test after @timeout_ms */
const char *client_answer(struct client *client, struct answer *answer, int timeout_ms);

/** client_pump() - take in what came, waiting at most @ms for it */
void client_pump(struct client *client, int ms);

/** client_event() - the @index-th event of @kind since the last client_forget(), or NULL */
const struct bus_event *client_event(struct client *client, const char *kind, unsigned int index);
void client_forget(struct client *client);

/* Properties; an error fails the test. Strings are valid until the next call but three. */
const char *client_string(struct client *client, const char *path, const char *interface,
			  const char *property);
/** client_number() - of type y, u, t, b or i */
int64_t client_number(struct client *client, const char *path, const char *interface,
		      const char *property);
/** client_entry() - value of @key in a property of type a{sv} or a{ss}, as text; "" = no such */
const char *client_entry(struct client *client, const char *path, const char *interface,
			 const char *property, const char *key);

/** bus_text() - a basic value or a variant of one, as text into @buf; what else is skipped */
int bus_text(sd_bus_message *message, char *buf, size_t size);

#endif
