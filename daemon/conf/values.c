// SPDX-License-Identifier: GPL-2.0-only
/* Values of keys: text to number, word or string, checked against the key's range. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/parse.h"

#define MS_PER_DAY 86400000u

static const char BELOW[] = "below the smallest allowed";
static const char ABOVE[] = "above the largest allowed";

void conf_store(const struct conf_key *key, void *target, uint64_t value)
{
	void *field = (char *)target + key->offset;

	if (key->size == sizeof(uint16_t))
		*(uint16_t *)field = (uint16_t)value;
	else if (key->size == sizeof(uint32_t))
		*(uint32_t *)field = (uint32_t)value;
	else
		*(uint64_t *)field = value;
}

static const char *check_range(const struct conf_key *key, uint64_t base)
{
	return base < key->min ? BELOW : base > key->max ? ABOVE : NULL;
}

const char *conf_unit(struct conf_parser *parser, const struct conf_key *key, const char *value,
		      uint64_t *ret_base)
{
	const char *wrong;
	uint64_t base;
	int r = unit_parse(key->unit, value, &base);

	if (r == -ENODATA || r == -ENOTUNIQ) {
		snprintf(parser->detail, sizeof(parser->detail), "%s: %s", unit_strerror(r),
			 unit_allowed(key->unit));
		return parser->detail;
	}
	if (r < 0)
		return unit_strerror(r);
	wrong = check_range(key, base);
	if (!wrong)
		*ret_base = base;
	return wrong;
}

const char *conf_value_unit(struct conf_parser *parser, const struct conf_key *key,
			    const char *value, void *target)
{
	uint64_t base = 0;
	const char *wrong = conf_unit(parser, key, value, &base);

	if (!wrong)
		conf_store(key, target, base);
	return wrong;
}

const char *conf_value_days(struct conf_parser *parser, const struct conf_key *key,
			    const char *value, void *target)
{
	uint64_t ms = 0;
	const char *wrong = conf_unit(parser, key, value, &ms);

	if (wrong)
		return wrong;
	if (ms % MS_PER_DAY)
		return "not a whole number of days";
	conf_store(key, target, ms / MS_PER_DAY);
	return NULL;
}

const char *conf_value_bool(struct conf_parser *parser, const struct conf_key *key,
			    const char *value, void *target)
{
	bool *field = (bool *)((char *)target + key->offset);

	if (strcmp(value, "yes") && strcmp(value, "no"))
		return "not one of the words";
	*field = value[0] == 'y';
	return NULL;
}

const char *conf_value_text(struct conf_parser *parser, const struct conf_key *key,
			    const char *value, void *target)
{
	char **field = (char **)((char *)target + key->offset);

	*field = strdup(value);
	if (!*field)
		parser->error = -ENOMEM;
	return NULL;
}

const char *conf_pedal_name(enum conf_pedal pedal)
{
	switch (pedal) {
	case CONF_PEDAL_OPTIONAL:
		return "optional";
	case CONF_PEDAL_REQUIRED:
		return "required";
	case CONF_PEDAL_OFF:
		return "off";
	}
	return "unknown";
}

const char *conf_value_pedal(struct conf_parser *parser, const struct conf_key *key,
			     const char *value, void *target)
{
	static const enum conf_pedal all[] = {CONF_PEDAL_OPTIONAL, CONF_PEDAL_REQUIRED,
					      CONF_PEDAL_OFF};
	enum conf_pedal *field = (enum conf_pedal *)((char *)target + key->offset);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strcmp(value, conf_pedal_name(all[i]))) {
			*field = all[i];
			return NULL;
		}
	}
	return "not one of the words";
}

const char *conf_number(const struct conf_key *key, const char *digits, uint64_t *ret)
{
	uint64_t number = 0;

	if (!*digits || digits[strspn(digits, "0123456789")])
		return "not a whole number";
	for (const char *d = digits; *d; d++) {
		/* Larger than any range, long before it could overflow. */
		if (number > UINT32_MAX)
			return ABOVE;
		number = number * 10 + (uint64_t)(*d - '0');
	}
	if (check_range(key, number))
		return check_range(key, number);
	*ret = number;
	return NULL;
}

char *conf_next_item(char **list)
{
	char *item = *list ? *list + strspn(*list, ", \t") : NULL;

	if (!item || !*item)
		return NULL;
	*list = item + strcspn(item, ", \t");
	if (**list)
		*(*list)++ = '\0';
	return item;
}
