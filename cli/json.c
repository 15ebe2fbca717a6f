// SPDX-License-Identifier: GPL-2.0-only
/* JSON documents and trees. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/json.h"

json_object *json_document(void)
{
	json_object *document = json_object_new_object();

	json_object_object_add(document, "schema", json_object_new_int(1));
	return document;
}

void json_print(json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
}

void json_add_string(json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

void json_add_text(json_object *object, const char *key, const char *value)
{
	json_add_string(object, key, value && *value ? value : NULL);
}

void json_add_u64(json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void json_add_i64(json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void json_add_bool(json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

void json_add_shared(json_object *object, const char *key, json_object *value,
		     json_object *otherwise)
{
	if (value)
		json_object_put(otherwise);
	json_object_object_add(object, key, value ? json_object_get(value) : otherwise);
}

static bool blank(json_object *value, bool zero_too)
{
	if (json_object_is_type(value, json_type_string))
		return *json_object_get_string(value) == '\0';
	return zero_too && json_object_is_type(value, json_type_int) &&
	       json_object_get_uint64(value) == 0;
}

json_object *json_given(json_object *object, bool zero_too)
{
	json_object *copy;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	copy = json_object_new_object();
	json_object_object_foreach(object, key, value)
	{
		json_add_shared(copy, key, blank(value, zero_too) ? NULL : value, NULL);
	}
	return copy;
}

json_object *json_get(json_object *object, const char *key)
{
	json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

const char *json_string(json_object *object, const char *key)
{
	json_object *value = json_get(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

uint64_t json_u64(json_object *object, const char *key)
{
	json_object *value = json_get(object, key);

	return json_object_is_type(value, json_type_int) ? json_object_get_uint64(value) : 0;
}

uint32_t json_u32(json_object *object, const char *key)
{
	uint64_t value = json_u64(object, key);

	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

int32_t json_i32(json_object *object, const char *key)
{
	json_object *value = json_get(object, key);

	return json_object_is_type(value, json_type_int) ? json_object_get_int(value) : 0;
}

bool json_flag(json_object *object, const char *key)
{
	json_object *value = json_get(object, key);

	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

static int read_basic(sd_bus_message *message, char type, json_object **ret)
{
	union {
		uint8_t y;
		int b;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
		double d;
		const char *s;
	} value;
	int r;

	if (type == SD_BUS_TYPE_UNIX_FD)
		return -EOPNOTSUPP;
	r = sd_bus_message_read_basic(message, type, &value);
	if (r < 0)
		return r;

	switch (type) {
	case SD_BUS_TYPE_BYTE:
		*ret = json_object_new_uint64(value.y);
		return 0;
	case SD_BUS_TYPE_BOOLEAN:
		*ret = json_object_new_boolean(value.b);
		return 0;
	case SD_BUS_TYPE_INT16:
		*ret = json_object_new_int64(value.n);
		return 0;
	case SD_BUS_TYPE_UINT16:
		*ret = json_object_new_uint64(value.q);
		return 0;
	case SD_BUS_TYPE_INT32:
		*ret = json_object_new_int64(value.i);
		return 0;
	case SD_BUS_TYPE_UINT32:
		*ret = json_object_new_uint64(value.u);
		return 0;
	case SD_BUS_TYPE_INT64:
		*ret = json_object_new_int64(value.x);
		return 0;
	case SD_BUS_TYPE_UINT64:
		*ret = json_object_new_uint64(value.t);
		return 0;
	case SD_BUS_TYPE_DOUBLE:
		*ret = json_object_new_double(value.d);
		return 0;
	case SD_BUS_TYPE_STRING:
	case SD_BUS_TYPE_OBJECT_PATH:
	case SD_BUS_TYPE_SIGNATURE:
		*ret = json_object_new_string(value.s);
		return 0;
	default:
		return -EBADMSG;
	}
}

/* One entry of a dictionary. Keys are strings or paths here. */
static int read_entry(sd_bus_message *message, const char *contents, json_object *object)
{
	json_object *value = NULL;
	const char *key = NULL;
	int r;

	if (contents[0] != SD_BUS_TYPE_STRING && contents[0] != SD_BUS_TYPE_OBJECT_PATH)
		return -EBADMSG;
	r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, contents);
	if (r >= 0)
		r = sd_bus_message_read_basic(message, contents[0], &key);
	if (r >= 0)
		r = key ? json_from_bus(message, &value) : -EBADMSG;
	if (r < 0)
		return r;
	json_object_object_add(object, key, value);
	return sd_bus_message_exit_container(message);
}

static int read_entries(sd_bus_message *message, json_object *object)
{
	const char *contents;
	char type;
	int r;

	while ((r = sd_bus_message_peek_type(message, &type, &contents)) > 0) {
		r = read_entry(message, contents, object);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_items(sd_bus_message *message, json_object *array)
{
	json_object *value;
	int r;

	while ((r = json_from_bus(message, &value)) == 0)
		json_object_array_add(array, value);
	return r == -ENODATA ? 0 : r;
}

static int read_container(sd_bus_message *message, char type, const char *contents,
			  json_object **ret)
{
	bool dict = type == SD_BUS_TYPE_ARRAY && contents[0] == SD_BUS_TYPE_DICT_ENTRY_BEGIN;
	_cleanup_json_ json_object *tree = NULL;
	int r;

	r = sd_bus_message_enter_container(message, type, contents);
	if (r < 0)
		return r;
	if (type == SD_BUS_TYPE_VARIANT) {
		r = json_from_bus(message, &tree);
	} else {
		tree = dict ? json_object_new_object() : json_object_new_array();
		if (!tree)
			return -ENOMEM;
		r = dict ? read_entries(message, tree) : read_items(message, tree);
	}
	if (r < 0)
		return r;
	r = sd_bus_message_exit_container(message);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(tree);
	return 0;
}

int json_from_bus(sd_bus_message *message, json_object **ret)
{
	const char *contents;
	char type;
	int r;

	r = sd_bus_message_peek_type(message, &type, &contents);
	if (r < 0)
		return r;
	if (r == 0)
		return -ENODATA;
	if (type == SD_BUS_TYPE_ARRAY || type == SD_BUS_TYPE_VARIANT ||
	    type == SD_BUS_TYPE_STRUCT || type == SD_BUS_TYPE_STRUCT_BEGIN)
		return read_container(message, type, contents, ret);
	return read_basic(message, type, ret);
}
