// SPDX-License-Identifier: GPL-2.0-only
/* a{sv}, in and out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bus/parts.h"

#define DICT_KEYS_MAX 16

int append_text(sd_bus_message *m, const char *text)
{
	_cleanup_free_ char *copy = NULL;
	int r = sd_bus_message_append_basic(m, 's', text ? text : "");

	if (r != -EINVAL || !text)
		return r;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	text_plain(copy);
	return sd_bus_message_append_basic(m, 's', copy);
}

int dict_s(sd_bus_message *m, const char *key, const char *value)
{
	int r = sd_bus_message_open_container(m, 'e', "sv");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', key);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "s");
	if (r >= 0)
		r = append_text(m, value);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int dict_u(sd_bus_message *m, const char *key, uint32_t value)
{
	return sd_bus_message_append(m, "{sv}", key, "u", value);
}

int dict_t(sd_bus_message *m, const char *key, uint64_t value)
{
	return sd_bus_message_append(m, "{sv}", key, "t", value);
}

int dict_b(sd_bus_message *m, const char *key, bool value)
{
	return sd_bus_message_append(m, "{sv}", key, "b", (int)value);
}

static int dict_integer(sd_bus_message *m, const char *key, int64_t value)
{
	if (value >= INT32_MIN && value <= INT32_MAX)
		return sd_bus_message_append(m, "{sv}", key, "i", (int32_t)value);
	return sd_bus_message_append(m, "{sv}", key, "x", value);
}

static int dict_field(sd_bus_message *m, const struct field *field)
{
	switch (field->type) {
	case FIELD_STRING:
		return dict_s(m, field->key, field->string);
	case FIELD_UINT:
		if (field->uint <= UINT32_MAX)
			return dict_u(m, field->key, (uint32_t)field->uint);
		return dict_t(m, field->key, field->uint);
	case FIELD_INT:
		return dict_integer(m, field->key, field->integer);
	case FIELD_BOOL:
		return dict_b(m, field->key, field->boolean);
	}
	return -EINVAL;
}

int dict_fields(sd_bus_message *m, const struct field *fields, size_t n_fields)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	for (size_t i = 0; r >= 0 && i < n_fields; i++)
		r = dict_field(m, &fields[i]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* ---- reading ---- */

static int refuse_key(struct refusal *refusal, const char *name, const struct dict_key *keys,
		      size_t n_keys)
{
	char allowed[256] = "none";
	size_t used = 0;

	for (size_t i = 0; i < n_keys && used < sizeof(allowed); i++)
		used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s%s",
					 i ? ", " : "", keys[i].key);
	return refuse(refusal, REFUSAL_INVALID_ARGUMENT, "unknown option '%.64s'; allowed: %s",
		      name, allowed);
}

static const char *type_name(char type)
{
	if (type == 's')
		return "a text (s)";
	return type == 't' ? "a time (t)" : "yes or no (b)";
}

static int read_value(sd_bus_message *m, const struct dict_key *key, struct refusal *refusal)
{
	const char type[] = {key->type, '\0'};
	const char *contents;

	if (sd_bus_message_peek_type(m, NULL, &contents) <= 0)
		return -EBADMSG;
	if (strcmp(contents, type) != 0)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "option '%s' is %s, not of type %s", key->key, type_name(key->type),
			      contents);
	return sd_bus_message_read(m, "v", type, key->value);
}

static int read_entry(sd_bus_message *m, const struct dict_key *keys, size_t n_keys,
		      bool seen[DICT_KEYS_MAX], struct refusal *refusal)
{
	const char *name;
	size_t i = 0;
	int r = sd_bus_message_read_basic(m, 's', &name);

	if (r <= 0)
		return -EBADMSG;
	while (i < n_keys && strcmp(keys[i].key, name) != 0)
		i++;
	if (i == n_keys)
		return refuse_key(refusal, name, keys, n_keys);
	if (seen[i])
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT, "option '%s' is given twice",
			      keys[i].key);
	seen[i] = true;
	r = read_value(m, &keys[i], refusal);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

int dict_read(sd_bus_message *m, const struct dict_key *keys, size_t n_keys,
	      struct refusal *refusal)
{
	bool seen[DICT_KEYS_MAX] = {0};
	int r;

	refuse(refusal, REFUSAL_INVALID_ARGUMENT, "the options cannot be read");
	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_entry(m, keys, n_keys, seen, refusal);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

char *hex_text(const uint8_t *bytes, size_t n, char *buf)
{
	for (size_t i = 0; i < n; i++)
		snprintf(buf + 2 * i, 3, "%02x", bytes[i]);
	return buf;
}
