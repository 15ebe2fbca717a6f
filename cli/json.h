/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON: the documents that --json prints, and D-Bus messages read into trees (a dictionary becomes
 * an object, a variant what it holds). The tree is how this program looks at replies: what a newer
 * daemon adds is kept, what an older one lacks reads as 0, "" or false.
 *
 * A json_object that cannot be allocated ends as null in the output, as json-c does; nothing of
 * what this program does to a pen depends on one.
 */
#ifndef MNPEN_CLI_JSON_H
#define MNPEN_CLI_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "driver/base/cleanup.h"

static inline void json_cleanup(json_object **object)
{
	json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_cleanup)

/** json_document() - {"schema":1} */
json_object *json_document(void);

/** json_print() - @object on one line of stdout */
void json_print(json_object *object);

void json_add_string(json_object *object, const char *key, const char *value); /* NULL = null */
/** json_add_text() - the same, and "" = null: what there is not is null in every document */
void json_add_text(json_object *object, const char *key, const char *value);
void json_add_u64(json_object *object, const char *key, uint64_t value);
void json_add_i64(json_object *object, const char *key, int64_t value);
void json_add_bool(json_object *object, const char *key, bool value);
/** json_add_shared() - a reference to @value, so that both trees own it; NULL = @otherwise */
void json_add_shared(json_object *object, const char *key, json_object *value,
		     json_object *otherwise);

/** json_given() - a copy of the dictionary @object whose "" are null; NULL = null; to be put
 * @zero_too: 0 stands for "not given" as well */
json_object *json_given(json_object *object, bool zero_too);

/* Reading: a key that is not there, or of another type, is NULL, 0, "" or false. */
json_object *json_get(json_object *object, const char *key);
const char *json_string(json_object *object, const char *key);
uint64_t json_u64(json_object *object, const char *key);
uint32_t json_u32(json_object *object, const char *key);
int32_t json_i32(json_object *object, const char *key);
bool json_flag(json_object *object, const char *key);

/**
 * json_from_bus() - the next complete value of @message as a tree
 * Return: 0; -ENODATA when there is none; -EBADMSG, -EOPNOTSUPP (a file descriptor), -ENOMEM.
 */
int json_from_bus(sd_bus_message *message, json_object **ret);

#endif
