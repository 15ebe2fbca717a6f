/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a file may hold: sections, keys, the kind and range of each value. One table for each sort
 * of file (station.c, profile.c, device.c); reading, complaining and the rules that hold for every
 * key (known, once, not empty, there when mandatory) are here once.
 */
#ifndef MNPEN_CONF_PARSE_H
#define MNPEN_CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/conf/conf.h"
#include "driver/base/units.h"

#define CONF_KEYS_MAX 16   /* per section */
#define CONF_ERRORS_MAX 50 /* reported of one file; the rest is counted */

struct conf_parser;

/** struct conf_key - one key of a section */
struct conf_key {
	const char *name;
	/*
	 * Puts @value into its field of @target. Returns NULL, or what is wrong with it as a
	 * clause (static, or in the parser's detail); out of memory goes to the parser's error.
	 */
	const char *(*parse)(struct conf_parser *parser, const struct conf_key *key,
			     const char *value, void *target);
	size_t offset; /* CONF_FIELD() fills these two */
	size_t size;
	enum unit_kind unit; /* for conf_value_unit() */
	uint64_t min;	     /* in the unit's base */
	uint64_t max;
	const char *allowed; /* for people: the range with units, the words */
	bool mandatory;
};

#define CONF_FIELD(type, member)                                                                   \
	.offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

/** struct conf_section - one sort of section; [NAME], or [NAME title] when it is @titled */
struct conf_section {
	const char *name;
	bool titled;
	bool mandatory;
	const struct conf_key *keys;
	size_t n_keys;
	/* Returns what the keys' offsets count from; NULL after a complaint. */
	void *(*begin)(struct conf_parser *parser, const char *title);
	/* Checks that need several keys; may be NULL. */
	void (*end)(struct conf_parser *parser, void *target);
};

struct conf_schema {
	const struct conf_section *sections;
	size_t n_sections;
};

/** struct conf_parser - one file being read */
struct conf_parser {
	const struct conf_schema *schema;
	void *object; /* what the file becomes */
	const char *file;
	struct conf_report *report;

	const struct conf_section *section; /* NULL: before the first, or in a refused one */
	bool in_section;
	unsigned int section_line;
	void *target;
	unsigned int seen_sections;	      /* a bit for each of the schema's */
	unsigned int key_line[CONF_KEYS_MAX]; /* where it stands in this section; 0 = not yet */
	bool key_good[CONF_KEYS_MAX];

	unsigned int n_errors;
	int error; /* -ENOMEM */
	char detail[128];
};

/**
 * conf_parse() - read a file's text into @object by @schema
 * @file: stands for the file in messages
 *
 * What @object holds after errors is not to be used, only to be freed.
 * Return: number of errors, each reported; -ENOMEM.
 */
int conf_parse(const struct conf_schema *schema, void *object, const char *file, const char *data,
	       size_t len, struct conf_report *report);

/** conf_complain() - report an error at @line of the file */
void conf_complain(struct conf_parser *parser, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** conf_given() - the line of a key of this section that has a good value, else 0 */
unsigned int conf_given(const struct conf_parser *parser, size_t key);

/** conf_report_line() - add a line; 0 or -ENOMEM */
int conf_report_line(struct conf_report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Values, in values.c; see struct conf_key's parse. Fields of 2, 4 or 8 bytes take numbers. */
const char *conf_value_unit(struct conf_parser *parser, const struct conf_key *key,
			    const char *value, void *target);
const char *conf_value_days(struct conf_parser *parser, const struct conf_key *key,
			    const char *value, void *target);
const char *conf_value_bool(struct conf_parser *parser, const struct conf_key *key,
			    const char *value, void *target);
const char *conf_value_text(struct conf_parser *parser, const struct conf_key *key,
			    const char *value, void *target);
const char *conf_value_pedal(struct conf_parser *parser, const struct conf_key *key,
			     const char *value, void *target);

/** conf_unit() - conf_value_unit() without the storing, for lists */
const char *conf_unit(struct conf_parser *parser, const struct conf_key *key, const char *value,
		      uint64_t *ret_base);

/** conf_number() - digits alone, in the key's range */
const char *conf_number(const struct conf_key *key, const char *digits, uint64_t *ret);

/** conf_store() - put a number into a key's field */
void conf_store(const struct conf_key *key, void *target, uint64_t value);

/** conf_next_item() - the next item of a list by commas and blanks, cut off *@list; NULL = end */
char *conf_next_item(char **list);

#endif
