// SPDX-License-Identifier: GPL-2.0-only
/* Reads a file's text by a table of sections and keys; collects every error with its line. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/ini.h"
#include "daemon/conf/parse.h"
#include "driver/base/cleanup.h"

static int report_add(struct conf_report *report, char *line)
{
	char **lines = reallocarray(report->lines, report->n_lines + 1, sizeof(*report->lines));

	if (!lines) {
		free(line);
		return -ENOMEM;
	}
	report->lines = lines;
	report->lines[report->n_lines++] = line;
	return 0;
}

int conf_report_line(struct conf_report *report, const char *format, ...)
{
	char *line;
	va_list ap;
	int length;

	va_start(ap, format);
	length = vasprintf(&line, format, ap);
	va_end(ap);
	return length < 0 ? -ENOMEM : report_add(report, line);
}

void conf_report_free(struct conf_report *report)
{
	for (size_t i = 0; i < report->n_lines; i++)
		free(report->lines[i]);
	free(report->lines);
	memset(report, 0, sizeof(*report));
}

void conf_complain(struct conf_parser *parser, unsigned int line, const char *format, ...)
{
	_cleanup_free_ char *what = NULL;
	va_list ap;
	int length;

	if (++parser->n_errors > CONF_ERRORS_MAX)
		return;
	va_start(ap, format);
	length = vasprintf(&what, format, ap);
	va_end(ap);
	if (length < 0) {
		what = NULL;
		parser->error = -ENOMEM;
	} else if (conf_report_line(parser->report, "%s:%u: %s", parser->file, line, what) < 0) {
		parser->error = -ENOMEM;
	}
}

unsigned int conf_given(const struct conf_parser *parser, size_t key)
{
	return parser->key_good[key] ? parser->key_line[key] : 0;
}

/* "Depth, MaxDepth, Speed", for the error of an unknown key */
static void list_keys(char *buf, size_t size, const struct conf_section *section)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < section->n_keys && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 section->keys[i].name);
}

static void list_sections(char *buf, size_t size, const struct conf_schema *schema)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < schema->n_sections && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s[%s%s]", i ? ", " : "",
					 schema->sections[i].name,
					 schema->sections[i].titled ? " NAME" : "");
}

static void finish_section(struct conf_parser *parser)
{
	const struct conf_section *section = parser->section;

	if (!section)
		return;
	for (size_t i = 0; i < section->n_keys; i++) {
		const struct conf_key *key = &section->keys[i];

		if (key->mandatory && !parser->key_line[i])
			conf_complain(parser, parser->section_line,
				      "%s is missing in this section; allowed: %s", key->name,
				      key->allowed);
	}
	if (section->end)
		section->end(parser, parser->target);
	parser->section = NULL;
}

/* Sets ret_title to what follows a titled section's name, NULL for others. */
static const struct conf_section *find_section(const struct conf_schema *schema, const char *title,
					       const char **ret_title)
{
	for (size_t i = 0; i < schema->n_sections; i++) {
		const struct conf_section *section = &schema->sections[i];
		size_t len = strlen(section->name);

		if (strncmp(title, section->name, len))
			continue;
		if (!section->titled && !title[len]) {
			*ret_title = NULL;
			return section;
		}
		if (section->titled && (!title[len] || title[len] == ' ')) {
			*ret_title = title[len] ? title + len + 1 : "";
			return section;
		}
	}
	return NULL;
}

static void begin_section(struct conf_parser *parser, const struct conf_section *section,
			  const char *title)
{
	unsigned int bit = 1u << (unsigned int)(section - parser->schema->sections);

	if (!section->titled && (parser->seen_sections & bit)) {
		conf_complain(parser, parser->section_line,
			      "[%s] stands here a second time; allowed: once", section->name);
		return;
	}
	parser->seen_sections |= bit;
	parser->target = section->begin(parser, title);
	if (parser->target)
		parser->section = section;
}

static void on_section(void *userdata, unsigned int line, const char *title)
{
	struct conf_parser *parser = userdata;
	const struct conf_section *section;
	const char *rest;
	char allowed[64];

	finish_section(parser);
	parser->in_section = true;
	parser->section_line = line;
	memset(parser->key_line, 0, sizeof(parser->key_line));
	memset(parser->key_good, 0, sizeof(parser->key_good));
	if (!title)
		return;
	section = find_section(parser->schema, title, &rest);
	if (!section) {
		list_sections(allowed, sizeof(allowed), parser->schema);
		conf_complain(parser, line, "unknown section [%s]; allowed: %s", title, allowed);
		return;
	}
	begin_section(parser, section, rest);
}

static void take_value(struct conf_parser *parser, size_t index, const char *value)
{
	const struct conf_key *key = &parser->section->keys[index];
	unsigned int line = parser->key_line[index];
	const char *wrong = "it is empty";

	if (*value)
		wrong = key->parse(parser, key, value, parser->target);
	if (wrong)
		conf_complain(parser, line, "value '%s' of %s: %s; allowed: %s", value, key->name,
			      wrong, key->allowed);
	else
		parser->key_good[index] = true;
}

static void on_entry(void *userdata, unsigned int line, const char *name, const char *value)
{
	struct conf_parser *parser = userdata;
	const struct conf_section *section = parser->section;
	char allowed[256];

	if (!parser->in_section) {
		list_sections(allowed, sizeof(allowed), parser->schema);
		conf_complain(parser, line, "%s stands before any section; allowed: after %s", name,
			      allowed);
	}
	/* A refused section has been complained about; its keys would only repeat that. */
	if (!section)
		return;
	for (size_t i = 0; i < section->n_keys; i++) {
		if (strcmp(section->keys[i].name, name))
			continue;
		if (parser->key_line[i]) {
			conf_complain(parser, line,
				      "%s stands here a second time, first in line %u; "
				      "allowed: once in a section",
				      name, parser->key_line[i]);
			return;
		}
		parser->key_line[i] = line;
		take_value(parser, i, value);
		return;
	}
	list_keys(allowed, sizeof(allowed), section);
	conf_complain(parser, line, "unknown key '%s'; allowed: %s", name, allowed);
}

static void on_error(void *userdata, unsigned int line, const char *what)
{
	conf_complain(userdata, line, "%s", what);
}

static void finish_file(struct conf_parser *parser)
{
	const struct conf_schema *schema = parser->schema;

	finish_section(parser);
	for (size_t i = 0; i < schema->n_sections; i++)
		if (schema->sections[i].mandatory && !(parser->seen_sections & 1u << i))
			conf_complain(parser, 1, "there is no [%s%s] section; allowed: %s",
				      schema->sections[i].name,
				      schema->sections[i].titled ? " NAME" : "",
				      schema->sections[i].titled ? "one or more" : "one");
	if (parser->n_errors > CONF_ERRORS_MAX &&
	    conf_report_line(parser->report, "%s: %u more errors", parser->file,
			     parser->n_errors - CONF_ERRORS_MAX) < 0)
		parser->error = -ENOMEM;
}

int conf_parse(const struct conf_schema *schema, void *object, const char *file, const char *data,
	       size_t len, struct conf_report *report)
{
	static const struct strict_ini_sink sink = {on_section, on_entry, on_error};
	struct conf_parser parser = {
		.schema = schema, .object = object, .file = file, .report = report};
	int r;

	if (len > CONF_FILE_MAX) {
		conf_complain(&parser, 1, "%zu bytes of text; allowed: at most %d", len,
			      CONF_FILE_MAX);
		return parser.error ? parser.error : (int)parser.n_errors;
	}
	r = strict_ini_read(data, len, &sink, &parser);
	if (r < 0)
		return r;
	finish_file(&parser);
	return parser.error ? parser.error : (int)parser.n_errors;
}
