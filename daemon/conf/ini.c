// SPDX-License-Identifier: GPL-2.0-only
/* A strict reader of INI text: checks each line before inih sees it, and counts. */
#include <ini.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "daemon/conf/ini.h"

struct reader {
	const char *data;
	size_t left;
	unsigned int line;
	unsigned int owed; /* this line went to inih and has to come back as an entry; 0 = none */
	const struct strict_ini_sink *sink;
	void *userdata;
};

static void complain(const struct reader *r, const char *what)
{
	r->sink->error(r->userdata, r->line, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Length of the character at @s, by RFC 3629; 0 = not UTF-8. Controls of U+0080..9F count as bad:
 * messages end up on terminals. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] > 0xf4 || len > left)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/* Complains and returns false when the bytes of a line are no text. */
static bool check_bytes(const struct reader *r, const char *line, size_t len)
{
	const unsigned char *s = (const unsigned char *)line;
	char what[96];

	for (size_t i = 0; i < len;) {
		size_t step = utf8_length(s + i, len - i);

		if (!step) {
			complain(r, "the line is not UTF-8 text; allowed: text saved as UTF-8");
			return false;
		}
		if ((s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f) {
			snprintf(what, sizeof(what),
				 "the line holds a %s (0x%02x); allowed: printable text and tabs",
				 s[i] ? "control character" : "NUL byte", s[i]);
			complain(r, what);
			return false;
		}
		i += step;
	}
	return true;
}

static bool check_line(const struct reader *r, const char *line, size_t len)
{
	char what[96];
	size_t blanks = 0;

	if (len > STRICT_INI_LINE_MAX) {
		snprintf(what, sizeof(what), "the line is %zu bytes long; allowed: at most %d", len,
			 STRICT_INI_LINE_MAX);
		complain(r, what);
		return false;
	}
	if (!check_bytes(r, line, len))
		return false;
	while (blanks < len && is_blank(line[blanks]))
		blanks++;
	if (blanks && blanks < len && line[blanks] != '#' && line[blanks] != ';') {
		complain(r, "the line begins with a blank, and lines cannot be continued; "
			    "allowed: a key or a section at the very beginning of its line");
		return false;
	}
	return true;
}

/* inih would cut a long section name and pass over what follows the bracket, so not left to it. */
static void read_section(const struct reader *r, const char *line)
{
	char title[STRICT_INI_LINE_MAX + 1];
	const char *end = strchr(line, ']');
	const char *rest = end ? end + 1 : line;

	while (is_blank(*rest))
		rest++;
	if (!end || (*rest && !(*rest == ';' && is_blank(rest[-1])))) {
		complain(r, "not a section header; allowed: [NAME] alone on its line");
		r->sink->section(r->userdata, r->line, NULL);
		return;
	}
	snprintf(title, sizeof(title), "%.*s", (int)(end - line - 1), line + 1);
	r->sink->section(r->userdata, r->line, title);
}

static void settle(struct reader *r)
{
	if (r->owed)
		r->sink->error(r->userdata, r->owed,
			       "not understood; allowed: KEY = VALUE, [SECTION], # comment");
	r->owed = 0;
}

/* Takes the next line off the text; @ret_len without its end. */
static const char *take_line(struct reader *r, size_t *ret_len)
{
	const char *line = r->data;
	const char *end = memchr(line, '\n', r->left);
	size_t taken = end ? (size_t)(end - line) + 1 : r->left;
	size_t len = end ? taken - 1 : taken;

	if (end && len && line[len - 1] == '\r')
		len--;
	r->data += taken;
	r->left -= taken;
	r->line++;
	*ret_len = len;
	return line;
}

/* inih's fgets(). A refused line reaches inih as an empty one. */
static char *next_line(char *str, int num, void *stream)
{
	struct reader *r = stream;
	const char *line;
	size_t len;

	settle(r);
	/* An inih built with a smaller buffer would cut lines: strict_ini_read() says so. */
	if (!r->left || num < STRICT_INI_LINE_MAX + 2)
		return NULL;
	line = take_line(r, &len);
	if (!check_line(r, line, len)) {
		if (line[0] == '[')
			r->sink->section(r->userdata, r->line, NULL);
		len = 0;
	}
	memcpy(str, line, len);
	str[len] = '\0';
	if (str[0] == '[') {
		read_section(r, str);
		len = 0;
	} else if (!strchr(";#", str[strspn(str, " \t")])) {
		/* strchr() finds the NUL of an empty line too */
		r->owed = r->line;
	}
	str[len] = '\n';
	str[len + 1] = '\0';
	return str;
}

static int take_entry(void *userdata, const char *section, const char *name, const char *value)
{
	struct reader *r = userdata;

	if (!name || !value)
		return 1;
	r->owed = 0;
	r->sink->entry(r->userdata, r->line, name, value);
	return 1;
}

int strict_ini_read(const char *data, size_t len, const struct strict_ini_sink *sink,
		    void *userdata)
{
	static const char bom[] = {'\xef', '\xbb', '\xbf'};
	struct reader r = {.data = data, .left = len, .sink = sink, .userdata = userdata};
	int result;

	if (len >= sizeof(bom) && !memcmp(data, bom, sizeof(bom))) {
		sink->error(userdata, 1,
			    "the file begins with a byte order mark; allowed: UTF-8 without one");
		r.data += sizeof(bom);
		r.left -= sizeof(bom);
	}
	result = ini_parse_stream(next_line, &r, take_entry, &r);
	if (r.left)
		sink->error(userdata, r.line + 1, "the INI library's line buffer is too small");
	return result == -2 ? -ENOMEM : 0;
}
