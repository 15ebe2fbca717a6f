// SPDX-License-Identifier: GPL-2.0-only
/*
 * The XML of daemon/api is the source of truth: what the daemon's vtables say of themselves, asked
 * over a real D-Bus connection, must be the same, down to names of arguments and change flags.
 *
 * Both texts become a list of lines, sorted, and the lists are compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "daemon/bus/parts.h"

#define LINES_MAX 128
#define LINE_MAX_SIZE 320

/** struct facts - one interface as lines: "method Arm", "arg 0 in SetTarget depth_um u", ... */
struct facts {
	char lines[LINES_MAX][LINE_MAX_SIZE];
	size_t n;
};

static void add(struct facts *facts, const char *what, const char *owner, const char *name,
		const char *rest)
{
	assert_true(facts->n < LINES_MAX);
	snprintf(facts->lines[facts->n++], LINE_MAX_SIZE, "%s %s %s %s", what, owner, name, rest);
}

/* ---- reading XML: elements and attributes, one after the other ---- */

/** struct element - "<name a="b">", "</name>" */
struct element {
	char name[32];
	char text[512];
	bool is_end;
	bool is_empty; /* <name/> */
};

/* The next element from @at on; NULL when there is none. Comments and declarations are no elements.
 */
static const char *next_element(const char *at, struct element *ret)
{
	const char *end;
	size_t len;

	for (;;) {
		at = strchr(at, '<');
		if (!at)
			return NULL;
		if (strncmp(at, "<!--", 4) == 0)
			at = strstr(at, "-->");
		else if (at[1] == '!' || at[1] == '?')
			at = strchr(at, '>');
		else
			break;
		assert_non_null(at);
	}
	end = strchr(at, '>');
	assert_non_null(end);
	ret->is_end = at[1] == '/';
	ret->is_empty = end[-1] == '/';
	at += ret->is_end ? 2 : 1;
	len = (size_t)(end - at) - ret->is_empty;
	assert_true(len < sizeof(ret->text));
	memcpy(ret->text, at, len);
	ret->text[len] = '\0';
	len = strcspn(ret->text, " \n");
	assert_true(len < sizeof(ret->name));
	memcpy(ret->name, ret->text, len);
	ret->name[len] = '\0';
	return end + 1;
}

/* The value of an attribute into @buf, "" when it is not there. */
static const char *attribute(const struct element *element, const char *name, char buf[64])
{
	char start[40];
	const char *at;
	size_t len;

	snprintf(start, sizeof(start), " %s=\"", name);
	at = strstr(element->text, start);
	buf[0] = '\0';
	if (!at)
		return buf;
	at += strlen(start);
	len = strcspn(at, "\"");
	assert_true(len < 64);
	memcpy(buf, at, len);
	buf[len] = '\0';
	return buf;
}

struct reading {
	struct facts *facts;
	bool wanted; /* within the interface that is asked for */
	char member[64];
	unsigned int n_args;
	char property[128]; /* "u read": told at its end, when the flag is known */
	char property_flag[64];
};

static void read_argument(struct reading *reading, const struct element *element)
{
	char name[64], type[64], direction[64], what[96];

	/* With its number: the lines are sorted, and the order of arguments counts. */
	snprintf(what, sizeof(what), "arg %u %s", reading->n_args++,
		 attribute(element, "direction", direction));
	add(reading->facts, what, reading->member, attribute(element, "name", name),
	    attribute(element, "type", type));
}

static void read_annotation(struct reading *reading, const struct element *element)
{
	char name[64], value[64];

	attribute(element, "name", name);
	attribute(element, "value", value);
	if (strcmp(name, "org.freedesktop.DBus.Property.EmitsChangedSignal") == 0)
		snprintf(reading->property_flag, sizeof(reading->property_flag), "%s", value);
	else
		add(reading->facts, "annotation", reading->member, name, value);
}

static void read_property(struct reading *reading, const struct element *element)
{
	char type[64], access[64];

	snprintf(reading->property, sizeof(reading->property), "%s %s",
		 attribute(element, "type", type), attribute(element, "access", access));
	snprintf(reading->property_flag, sizeof(reading->property_flag), "true");
}

static void end_property(struct reading *reading)
{
	add(reading->facts, "property", reading->member, reading->property, reading->property_flag);
}

static void read_element(struct reading *reading, const struct element *element,
			 const char *interface)
{
	char name[64];

	attribute(element, "name", name);
	if (strcmp(element->name, "interface") == 0) {
		reading->wanted = !element->is_end && strcmp(name, interface) == 0;
		return;
	}
	if (!reading->wanted)
		return;
	if (element->is_end) {
		if (strcmp(element->name, "property") == 0)
			end_property(reading);
		return;
	}
	if (strcmp(element->name, "arg") == 0) {
		read_argument(reading, element);
		return;
	}
	if (strcmp(element->name, "annotation") == 0) {
		read_annotation(reading, element);
		return;
	}
	snprintf(reading->member, sizeof(reading->member), "%s", name);
	reading->n_args = 0;
	if (strcmp(element->name, "property") != 0) {
		add(reading->facts, element->name, name, "", "");
		return;
	}
	read_property(reading, element);
	if (element->is_empty)
		end_property(reading);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void read_facts(struct facts *ret, const char *xml, const char *interface)
{
	struct reading reading = {.facts = ret};
	struct element element;

	ret->n = 0;
	while ((xml = next_element(xml, &element)))
		read_element(&reading, &element, interface);
	qsort(ret->lines, ret->n, LINE_MAX_SIZE, compare_lines);
}

/* ---- what the daemon says ---- */

struct wire {
	sd_bus *server;
	sd_bus *client;
	char *xml;
};

static void wire_open(struct wire *wire)
{
	int fds[2];
	sd_id128_t id;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	assert_true(sd_id128_randomize(&id) >= 0);
	assert_true(sd_bus_new(&wire->server) >= 0);
	assert_true(sd_bus_set_fd(wire->server, fds[0], fds[0]) >= 0);
	assert_true(sd_bus_set_server(wire->server, 1, id) >= 0);
	assert_true(sd_bus_start(wire->server) >= 0);
	assert_true(sd_bus_new(&wire->client) >= 0);
	assert_true(sd_bus_set_fd(wire->client, fds[1], fds[1]) >= 0);
	assert_true(sd_bus_start(wire->client) >= 0);
}

static int on_introspected(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct wire *wire = userdata;
	const char *xml;

	assert_null(sd_bus_message_get_error(m));
	assert_true(sd_bus_message_read(m, "s", &xml) > 0);
	wire->xml = strdup(xml);
	return 0;
}

static void wire_introspect(struct wire *wire)
{
	assert_true(sd_bus_call_method_async(wire->client, NULL, NULL, "/object",
					     "org.freedesktop.DBus.Introspectable", "Introspect",
					     on_introspected, wire, "") >= 0);
	for (int turns = 0; !wire->xml && turns < 10000; turns++) {
		assert_true(sd_bus_process(wire->server, NULL) >= 0);
		assert_true(sd_bus_process(wire->client, NULL) >= 0);
	}
	assert_non_null(wire->xml);
}

static void read_vtable(struct facts *ret, const char *interface, const sd_bus_vtable *vtable)
{
	struct wire wire = {0};

	wire_open(&wire);
	assert_true(sd_bus_add_object_vtable(wire.server, NULL, "/object", interface, vtable,
					     NULL) >= 0);
	wire_introspect(&wire);
	read_facts(ret, wire.xml, interface);
	free(wire.xml);
	sd_bus_close_unref(wire.client);
	sd_bus_close_unref(wire.server);
}

/* ---- the comparison ---- */

static void read_api(struct facts *ret, const char *interface)
{
	static char text[32768];
	char path[128];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "daemon/api/%s.xml", interface);
	file = fopen(path, "re");
	assert_non_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	assert_true(len > 0 && len < sizeof(text) - 1);
	text[len] = '\0';
	fclose(file);
	read_facts(ret, text, interface);
}

static void compare(const char *interface, const sd_bus_vtable *vtable, size_t at_least)
{
	static struct facts api, daemon;

	read_api(&api, interface);
	read_vtable(&daemon, interface, vtable);
	for (size_t i = 0; i < MIN(api.n, daemon.n); i++)
		assert_string_equal(daemon.lines[i], api.lines[i]);
	assert_int_equal(daemon.n, api.n);
	assert_true(api.n >= at_least);
}

static void test_manager(void **state)
{
	compare(API_MANAGER, manager_vtable, 40);
}

static void test_pen(void **state)
{
	compare(API_PEN, pen_vtable, 40);
}

static void test_profile(void **state)
{
	compare(API_PROFILE, profile_vtable, 16);
}

static void test_session(void **state)
{
	compare(API_SESSION, session_vtable, 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manager),
		cmocka_unit_test(test_pen),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
