// SPDX-License-Identifier: GPL-2.0-only
/* Names of endpoint files, the choice among them, and the addresses that follow from it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/gadgetfs/endpoints.h"

#define ENDPOINT_ADDRESS_OFFSET 2
#define ENDPOINT_ATTRIBUTES_OFFSET 3
#define ENDPOINT_SIZE 7
#define TRANSFER_MASK 3
#define TRANSFER_INTERRUPT 3
#define NUMBER_MASK 0x0f
#define NUMBER_MAX 15
#define ANY_NUMBER 0

/* The lower the better; UNFIT is none at all. */
enum fit { FIT_SAME, FIT_MOVED, FIT_BULK, FIT_BULK_MOVED, UNFIT };

struct endpoint_name {
	uint8_t number; /* ANY_NUMBER: whatever it is given */
	bool bulk;	/* made for bulk */
};

/* Takes @word off the front of @text, if it stands there. */
static bool take(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len) != 0)
		return false;
	*text += len;
	return true;
}

/* Whether that is the file of an endpoint that can be interrupt IN. */
static bool parse_name(const char *text, struct endpoint_name *ret)
{
	struct endpoint_name name = {0};

	if (!take(&text, "ep"))
		return false;
	if (text[0] == '-' && islower((unsigned char)text[1])) {
		text += 2;
	} else {
		char *end;
		unsigned long number = strtoul(text, &end, 10);

		if (!isdigit((unsigned char)*text) || number < 1 || number > NUMBER_MAX)
			return false;
		name.number = (uint8_t)number;
		text = end;
	}
	take(&text, "in");
	name.bulk = take(&text, "-bulk");
	if (!name.bulk)
		take(&text, "-int");
	if (*text) /* "out", "-iso", or something that nobody has told us of */
		return false;
	*ret = name;
	return true;
}

static bool number_taken(const struct endpoints *endpoints, uint8_t number)
{
	for (size_t i = 0; i < endpoints->count; i++)
		if ((endpoints->map[i].host & NUMBER_MASK) == number)
			return true;
	return false;
}

static bool file_taken(const struct endpoints *endpoints, const char *file)
{
	for (size_t i = 0; i < endpoints->count; i++)
		if (!strcmp(endpoints->map[i].file, file))
			return true;
	return false;
}

/* The number that a file with a free choice gets: @wanted, or the first one that is left. */
static uint8_t free_number(const struct endpoints *endpoints, uint8_t wanted)
{
	uint8_t number = 1;

	if (!number_taken(endpoints, wanted))
		return wanted;
	while (number_taken(endpoints, number))
		number++;
	return number;
}

/* How well the file @text does for an endpoint of the number @wanted, and the number it has then */
static enum fit judge(const struct endpoints *endpoints, const char *text, uint8_t wanted,
		      uint8_t *ret_number)
{
	struct endpoint_name name;

	if (strlen(text) >= ENDPOINT_NAME_MAX || !parse_name(text, &name) ||
	    file_taken(endpoints, text))
		return UNFIT;
	if (name.number != ANY_NUMBER && number_taken(endpoints, name.number))
		return UNFIT;
	*ret_number = name.number != ANY_NUMBER ? name.number : free_number(endpoints, wanted);
	if (name.bulk)
		return *ret_number == wanted ? FIT_BULK : FIT_BULK_MOVED;
	return *ret_number == wanted ? FIT_SAME : FIT_MOVED;
}

static int choose(struct endpoints *endpoints, uint8_t address, const char *const names[],
		  size_t n_names)
{
	struct endpoint_map *map = &endpoints->map[endpoints->count];
	enum fit best = UNFIT;

	for (size_t i = 0; i < n_names; i++) {
		uint8_t number = ANY_NUMBER;
		enum fit fit = judge(endpoints, names[i], address & NUMBER_MASK, &number);

		if (fit >= best)
			continue;
		best = fit;
		*map = (struct endpoint_map){.device = address, .host = number | USB_DIR_IN};
		snprintf(map->file, sizeof(map->file), "%s", names[i]);
	}
	if (best == UNFIT)
		return -ENOSPC;
	endpoints->count++;
	return 0;
}

static bool is_interrupt_in(const uint8_t *d)
{
	return d[ENDPOINT_ADDRESS_OFFSET] & USB_DIR_IN &&
	       (d[ENDPOINT_ATTRIBUTES_OFFSET] & TRANSFER_MASK) == TRANSFER_INTERRUPT;
}

static const struct endpoint_map *find(const struct endpoints *endpoints, uint8_t device)
{
	for (size_t i = 0; i < endpoints->count; i++)
		if (endpoints->map[i].device == device)
			return &endpoints->map[i];
	return NULL;
}

int endpoints_plan(struct usb_bytes config, const char *const names[], size_t n_names,
		   struct endpoints *ret)
{
	struct endpoints plan = {0};

	for (size_t i = 0; i < config.len; i += config.data[i]) {
		const uint8_t *d = config.data + i;
		int r;

		/* One that several settings have is one endpoint. */
		if (d[1] != USB_DT_ENDPOINT || find(&plan, d[ENDPOINT_ADDRESS_OFFSET]))
			continue;
		if (!is_interrupt_in(d) || plan.count == ENDPOINTS_MAX)
			return -EOPNOTSUPP;
		r = choose(&plan, d[ENDPOINT_ADDRESS_OFFSET], names, n_names);
		if (r < 0)
			return r;
	}
	*ret = plan;
	return 0;
}

int endpoints_rewrite(const struct endpoints *endpoints, struct usb_bytes config, uint8_t *buf)
{
	if (config.len > ENDPOINTS_CONFIG_MAX)
		return -EMSGSIZE;
	memcpy(buf, config.data, config.len);
	for (size_t i = 0; i < config.len; i += buf[i]) {
		const struct endpoint_map *map;

		if (buf[i + 1] != USB_DT_ENDPOINT)
			continue;
		map = find(endpoints, buf[i + ENDPOINT_ADDRESS_OFFSET]);
		if (!map)
			return -ENOENT;
		buf[i + ENDPOINT_ADDRESS_OFFSET] = map->host;
	}
	return (int)config.len;
}

bool endpoints_moved(const struct endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->count; i++)
		if (endpoints->map[i].host != endpoints->map[i].device)
			return true;
	return false;
}

uint8_t endpoints_to_device(const struct endpoints *endpoints, uint8_t address)
{
	for (size_t i = 0; i < endpoints->count; i++)
		if (endpoints->map[i].host == address)
			return endpoints->map[i].device;
	return address & ~USB_DIR_IN ? ENDPOINT_NONE : address;
}
