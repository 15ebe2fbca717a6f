// SPDX-License-Identifier: GPL-2.0-only
/* devices.d: what is known of a pen model. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/parts.h"
#include "daemon/conf/parse.h"
#include "driver/base/cleanup.h"

void conf_device_free(struct conf_device *device)
{
	if (!device)
		return;
	free(device->path);
	free(device);
}

/* As info.model of the protocol: printable ASCII. */
static const char *parse_model(struct conf_parser *parser, const struct conf_key *key,
			       const char *value, void *target)
{
	struct conf_device *device = target;
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x20 || value[i] > 0x7e)
			return "it holds a character that no pen can report";
	if (len > MNPEN_MODEL_SIZE)
		return "too long";
	snprintf(device->model, sizeof(device->model), "%s", value);
	return NULL;
}

static const char *add_length(struct conf_device *device, uint64_t length_um)
{
	if (device->n_needle_lengths == CONF_NEEDLE_LENGTHS_MAX)
		return "too many lengths";
	for (size_t i = 0; i < device->n_needle_lengths; i++)
		if (device->needle_lengths_um[i] == length_um)
			return "a length stands there twice";
	device->needle_lengths_um[device->n_needle_lengths++] = (uint16_t)length_um;
	return NULL;
}

static const char *parse_lengths(struct conf_parser *parser, const struct conf_key *key,
				 const char *value, void *target)
{
	struct conf_device *device = target;
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy;
	const char *wrong = NULL;
	uint64_t length_um;
	char *item;

	if (!copy)
		parser->error = -ENOMEM;
	while (!wrong && (item = conf_next_item(&rest))) {
		wrong = conf_unit(parser, key, item, &length_um);
		if (!wrong)
			wrong = add_length(device, length_um);
	}
	/* No length at all would stand for any length. */
	if (!wrong && copy && !device->n_needle_lengths)
		wrong = "the list is empty";
	return wrong;
}

static void *begin_device(struct conf_parser *parser, const char *title)
{
	return parser->object;
}

#define DEVICE(member) CONF_FIELD(struct conf_device, member)

static const struct conf_key device_keys[] = {
	{.name = "Model",
	 .parse = parse_model,
	 .allowed = "1 to 16 printable ASCII characters, as the pen reports them",
	 .mandatory = true},
	{"MaxDepth", conf_value_unit, DEVICE(max_depth_um), UNIT_DEPTH, CONF_DEPTH_MIN_UM,
	 CONF_DEPTH_MAX_UM, CONF_DEPTH_ALLOWED, true},
	{"Tolerance", conf_value_unit, DEVICE(tolerance_um), UNIT_DEPTH, 1, 500, "1um to 500um",
	 false},
	{.name = "NeedleLengths",
	 .parse = parse_lengths,
	 .unit = UNIT_DEPTH,
	 .min = CONF_DEPTH_MIN_UM,
	 .max = CONF_DEPTH_MAX_UM,
	 .allowed = "up to 16 lengths of " CONF_DEPTH_ALLOWED
		    " with commas or blanks between, such as 0.5mm, 1mm"},
	{"BatteryRunTime", conf_value_unit, DEVICE(battery_run_ms), UNIT_TIME, 60000, 24 * 3600000u,
	 "1min to 24h", false},
};

static const struct conf_section sections[] = {
	{.name = "Device",
	 .mandatory = true,
	 .keys = device_keys,
	 .n_keys = ELEMENTSOF(device_keys),
	 .begin = begin_device},
};

static const struct conf_schema schema = {sections, ELEMENTSOF(sections)};

int conf_device_parse(struct conf_device **ret, const char *file, const char *text, size_t len,
		      struct conf_report *report)
{
	struct conf_device *device = calloc(1, sizeof(*device));
	int r = -ENOMEM;

	if (!device)
		return -ENOMEM;
	device->path = strdup(file);
	if (device->path)
		r = conf_parse(&schema, device, file, text, len, report);
	if (r < 0) {
		conf_device_free(device);
		return r;
	}
	*ret = device;
	return r;
}
