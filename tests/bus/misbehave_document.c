// SPDX-License-Identifier: GPL-2.0-only
/* docs/misbehaviour.md says what the rows say: no more rows, no fewer, no other words. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/bus/misbehave.h"

#define DOCUMENT "docs/misbehaviour.md"
#define PROGRAMS "tests/bus/test_misbehave_*.c"
#define LINE_MAX_LEN 1024

struct text {
	char buf[LINE_MAX_LEN];
	size_t used;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->used += (size_t)vsnprintf(text->buf + text->used, sizeof(text->buf) - text->used,
					format, args);
	va_end(args);
	assert_true(text->used < sizeof(text->buf));
}

/* ---- a row in the words of the document ---- */

/* "@&Stop" and "@sleep 60" are the test's way to write them. */
static void add_commands(struct text *text, const char *commands)
{
	add(text, "`");
	for (const char *at = commands; *at; at++) {
		if (*at == ';')
			add(text, "; ");
		else if (*at != '@' && *at != '&')
			add(text, "%c", *at);
	}
	add(text, "`");
}

/* "a|b" */
static void add_words(struct text *text, const char *words)
{
	add(text, "`");
	for (const char *at = words; *at; at++) {
		if (*at == '|')
			add(text, "` or `");
		else
			add(text, "%c", *at);
	}
	add(text, "`");
}

static void add_drive(struct text *text, const char *pen, int ms)
{
	if (pen && *pen) {
		add(text, ", pen ");
		add_words(text, pen);
	}
	if (ms > 0)
		add(text, ", %d ms", ms);
}

static void add_then(struct text *text, const struct mis_row *row)
{
	add(text, ", then `%s`", strstr(row->then, "@Disarm") ? "disarm" : "request");
	add_drive(text, row->then_pen, row->then_ms);
}

static void add_end(struct text *text, const struct mis_cell *cell)
{
	switch (cell->end) {
	case MIS_NONE:
		add(text, "-");
		return;
	case MIS_STAYS:
		add(text, "stays");
		return;
	case MIS_DISARMED:
		add_words(text, cell->why);
		break;
	case MIS_FAULT:
		add(text, "fault ");
		add_words(text, cell->pen);
		add_drive(text, NULL, cell->ms);
		return;
	case MIS_GONE:
		add(text, "gone, ");
		add_words(text, cell->why ? cell->why : "gone");
		break;
	case MIS_TOLD:
		add(text, "STOP ");
		add_words(text, cell->why);
		break;
	case MIS_RUNS:
		add(text, "starts");
		break;
	case MIS_PAUSED:
		add(text, "pauses");
		break;
	}
	add_drive(text, cell->pen, cell->ms);
}

static void add_cell(struct text *text, const struct mis_row *row, const struct mis_cell *cell,
		     bool idle)
{
	add(text, " | ");
	if (cell->first) {
		add_commands(text, cell->first);
		add(text, " before: ");
	}
	add_end(text, cell);
	if (row->then && !idle && cell->end == MIS_STAYS)
		add_then(text, row);
	if (cell->also) {
		add(text, "; recorded: ");
		add(text, "%s", cell->also);
	}
	if (cell->alarm)
		add(text, "; **alarm**");
	if (cell->arm && !*cell->arm)
		add(text, "; Arm works");
	else if (cell->arm && *cell->arm == '~')
		add(text, "; Arm ends in `%s`", cell->arm + 1);
	else if (cell->arm) {
		add(text, "; Arm: ");
		add_words(text, cell->arm);
	}
}

static bool any(const struct mis_row *row, enum mis_end end)
{
	for (unsigned int s = 0; s < MIS_STATES; s++)
		if (row->cell[s].end == end)
			return true;
	return false;
}

static void add_heal(struct text *text, const struct mis_row *row)
{
	const char *comma = "";

	add(text, " | ");
	if (row->heal) {
		add_commands(text, row->heal);
		comma = ", ";
	}
	if (any(row, MIS_FAULT)) {
		add(text, "%sClearFault", comma);
		comma = ", ";
	}
	if (any(row, MIS_GONE)) {
		add(text, "%sa new session", comma);
		comma = ", ";
	}
	add(text, "%s |\n", *comma ? "" : "-");
}

static void make_line(struct text *text, const struct mis_row *row)
{
	*text = (struct text){0};
	add(text, "| ");
	add_commands(text, row->cause);
	if (row->then) {
		add(text, ", then ");
		add_commands(text, row->then);
	}
	for (unsigned int s = 0; s < MIS_STATES; s++)
		add_cell(text, row, &row->cell[s], s == MIS_IDLE);
	add_heal(text, row);
}

/* ---- the document ---- */

static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		fail_msg("no %s; tests run in the top folder", path);
	return file;
}

/* Whether @path has a line that is @wanted. */
static bool has_line(const char *path, const char *wanted)
{
	_cleanup_free_ char *line = NULL;
	FILE *file = open_file(path);
	bool found = false;
	size_t size = 0;

	while (!found && getline(&line, &size, file) > 0)
		found = strcmp(line, wanted) == 0;
	fclose(file);
	return found;
}

/* A table whose program is gone says what nobody has shown. */
static void check_heading(const char *line, const glob_t *programs)
{
	char define[160];

	snprintf(define, sizeof(define), "#define SECTION \"%.*s\"\n", (int)strcspn(line + 3, "\n"),
		 line + 3);
	for (size_t i = 0; i < programs->gl_pathc; i++)
		if (has_line(programs->gl_pathv[i], define))
			return;
	fail_msg("no program of %s has the section \"%s\" of %s", PROGRAMS, line + 3, DOCUMENT);
}

static void check_headings(void)
{
	_cleanup_free_ char *line = NULL;
	FILE *file = open_file(DOCUMENT);
	glob_t programs;
	size_t size = 0;

	assert_int_equal(glob(PROGRAMS, 0, NULL, &programs), 0);
	while (getline(&line, &size, file) > 0)
		if (strncmp(line, "## ", 3) == 0)
			check_heading(line, &programs);
	globfree(&programs);
	fclose(file);
}

/* Rows in the document are lines that begin with a command. */
static unsigned int compare(FILE *file, const char *section, const struct mis_row *rows,
			    size_t n_rows)
{
	_cleanup_free_ char *line = NULL;
	unsigned int wrong = 0;
	bool inside = false;
	struct text text;
	size_t size = 0, at = 0;

	while (getline(&line, &size, file) > 0) {
		if (strncmp(line, "## ", 3) == 0)
			inside = strncmp(line + 3, section, strlen(section)) == 0 &&
				 line[3 + strlen(section)] == '\n';
		if (!inside || strncmp(line, "| `", 3) != 0)
			continue;
		if (at < n_rows)
			make_line(&text, &rows[at]);
		wrong += at >= n_rows || strcmp(line, text.buf) != 0;
		at++;
	}
	return wrong + (at < n_rows ? (unsigned int)(n_rows - at) : 0);
}

void mis_check_document(const char *section, const struct mis_row *rows, size_t n_rows)
{
	FILE *file = open_file(DOCUMENT);
	unsigned int wrong = compare(file, section, rows, n_rows);
	struct text text;

	fclose(file);
	for (size_t i = 0; wrong && i < n_rows; i++) {
		make_line(&text, &rows[i]);
		print_message("%s", text.buf);
	}
	if (wrong)
		fail_msg("%u rows of \"%s\" in %s are not those of the test; they are above", wrong,
			 section, DOCUMENT);
	check_headings();
}
