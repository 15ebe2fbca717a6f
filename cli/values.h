/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values for people. The daemon's dictionaries carry the unit in the key ("depth_um"); here the
 * unit moves to the value ("depth", "0.50 mm"), also for keys that this program does not know.
 */
#ifndef MNPEN_CLI_VALUES_H
#define MNPEN_CLI_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "cli/json.h"
#include "driver/base/units.h"

#define VALUE_SIZE 160

/** value_text() - @value as text, by the unit at the end of @key. Return: @buf. */
char *value_text(const char *key, json_object *value, char *buf, size_t size);

/** value_label() - @key without its unit, blanks for underscores. Return: @buf. */
char *value_label(const char *key, char *buf, size_t size);

/** value_depth(), value_speed(), value_time() - unit_format() into a buffer of VALUE_SIZE */
char *value_depth(uint64_t depth_um, char *buf);
char *value_speed(uint64_t speed_rpm, char *buf);
char *value_time(uint64_t ms, char *buf);

/** values_line() - a dictionary as "depth 0.50 mm, source pen". Return: @buf. */
char *values_line(json_object *values, char *buf, size_t size);

#endif
