// SPDX-License-Identifier: GPL-2.0-only
/* The words of the card: lines, and what stands in braces. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/aftercare.h"
#include "cli/files.h"
#include "driver/base/cleanup.h"

#define HOURS_MAX 1000
#define DAYS_MAX 1000
#define COLUMNS 76
#define ALLOWED "{T}, {T+24h}, {T+7d}, {next-from}, {next-until}, {no-next}, {session}"

/** struct filling - a line at work */
struct filling {
	const struct aftercare *care;
	struct aftercare_flaw *flaw;
	FILE *out;
	bool left_out; /* it speaks of a date that there is not */
};

enum cli_exit aftercare_file(struct cli *cli, const char **ret_path, char **ret_text)
{
	static const char clinics[] = MNPEN_SYSCONFDIR "/aftercare.conf";
	static const char shipped[] = MNPEN_DATADIR "/aftercare.conf";
	const char *named = getenv("MNPEN_AFTERCARE");
	const char *path = named && *named				   ? named
			   : access(clinics, F_OK) == 0 || errno != ENOENT ? clinics
									   : shipped;

	*ret_path = path;
	return file_read(cli, path, ret_text);
}

static int flawed(struct filling *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int flawed(struct filling *f, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(f->flaw->what, sizeof(f->flaw->what), format, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- what stands in braces ---- */

/* "T+24h", "T+7d" */
static int put_later(struct filling *f, const char *word)
{
	char date[AFTERCARE_DATE_SIZE], *end;
	unsigned long number = strtoul(word + 2, &end, 10);
	bool hours = strcmp(end, "h") == 0, days = strcmp(end, "d") == 0;

	if (end == word + 2 || word[2] < '0' || word[2] > '9' || (!hours && !days))
		return flawed(f, "{%.40s} is no time; allowed: {T+24h}, {T+7d}", word);
	if (number > (hours ? HOURS_MAX : DAYS_MAX))
		return flawed(f, "{%.40s} is too far away; allowed: up to {T+%dh} and {T+%dd}",
			      word, HOURS_MAX, DAYS_MAX);
	fputs(hours ? aftercare_after_hours(f->care->ended_usec, (uint32_t)number, date)
		    : aftercare_after_days(f->care->ended_usec, (uint32_t)number, date),
	      f->out);
	return 0;
}

static void put_next(struct filling *f, uint32_t days)
{
	char date[AFTERCARE_DATE_SIZE];

	if (days)
		fputs(aftercare_after_days(f->care->ended_usec, days, date), f->out);
	else
		f->left_out = true;
}

static int put_word(struct filling *f, const char *word)
{
	char date[AFTERCARE_DATE_SIZE];

	if (strcmp(word, "T") == 0)
		fputs(aftercare_after_hours(f->care->ended_usec, 0, date), f->out);
	else if (strncmp(word, "T+", 2) == 0)
		return put_later(f, word);
	else if (strcmp(word, "next-from") == 0)
		put_next(f, f->care->next_min_days);
	else if (strcmp(word, "next-until") == 0)
		put_next(f, f->care->next_max_days);
	else if (strcmp(word, "no-next") == 0)
		f->left_out |= f->care->next_min_days || f->care->next_max_days;
	else if (strcmp(word, "session") == 0)
		fputs(f->care->session, f->out);
	else
		return flawed(f, "there is no {%.40s}; allowed: " ALLOWED, word);
	return 0;
}

static int put_line(struct filling *f, const char *line)
{
	while (*line) {
		size_t plain = strcspn(line, "{}"), len;
		char word[64];
		int r;

		fwrite(line, 1, plain, f->out);
		line += plain;
		if (!*line)
			break;
		len = strcspn(line, "}");
		if (*line == '}' || !line[len] || len > sizeof(word))
			return flawed(f, "a brace stands alone; allowed: " ALLOWED);
		snprintf(word, sizeof(word), "%.*s", (int)len - 1, line + 1);
		r = put_word(f, word);
		if (r < 0)
			return r;
		line += len + 1;
	}
	return 0;
}

/* ---- lines ---- */

/* Kind and text of a line that begins something. */
static struct report_line begun(const char *line)
{
	struct report_line result = {.kind = REPORT_PARAGRAPH, .text = line};

	if (line[0] == '=')
		result.kind = REPORT_HEADING;
	else if (line[0] == '-')
		result.kind = REPORT_ITEM;
	else if (line[strspn(line, " \t\r")] == '\0')
		result.kind = REPORT_BLANK;
	if (result.kind != REPORT_PARAGRAPH)
		result.text += strspn(line, "=-");
	result.text += strspn(result.text, " \t");
	return result;
}

/* A whole one, continuations included. */
static int fill_line(struct report *report, struct filling *f, const char *line)
{
	const struct report_line source = begun(line);
	_cleanup_free_ char *text = NULL;
	struct report_line *slot;
	size_t len = 0;
	int r;

	f->left_out = false;
	f->out = open_memstream(&text, &len);
	if (!f->out) {
		report->failed = true;
		return 0;
	}
	r = put_line(f, source.text);
	if (fclose(f->out) != 0)
		report->failed = true;
	if (r < 0 || f->left_out || report->failed ||
	    (source.kind == REPORT_BLANK && report->n_card == 0))
		return r;
	slot = report_add(report, card);
	if (slot)
		*slot = (struct report_line){source.kind, report_text(report, "%s", text)};
	return 0;
}

/* What begins with a blank and goes on with letters belongs to the line before. */
static bool continues(const char *text)
{
	size_t blanks = strspn(text, " \t\r");

	return blanks > 0 && text[blanks] != '\n' && text[blanks] != '\0';
}

/* Writes the line at @text and those that continue it. Return: what is behind them. */
static const char *take_line(FILE *out, const char *text, unsigned int *number)
{
	for (bool first = true; first || continues(text); first = false) {
		size_t len;

		if (!first) {
			text += strspn(text, " \t");
			fputc(' ', out);
		}
		len = strcspn(text, "\n");
		fwrite(text, 1, len > 0 && text[len - 1] == '\r' ? len - 1 : len, out);
		text += len + (text[len] == '\n');
		++*number;
	}
	return text;
}

int aftercare_fill(struct report *report, const char *text, const struct aftercare *care,
		   struct aftercare_flaw *ret_flaw)
{
	struct filling f = {.care = care, .flaw = ret_flaw};
	unsigned int number = 0;
	int r = 0;

	while (*text && r >= 0 && !report->failed) {
		_cleanup_free_ char *line = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&line, &len);

		ret_flaw->line = number + 1;
		if (!out) {
			report->failed = true;
			return 0;
		}
		text = take_line(out, text, &number);
		if (fclose(out) != 0)
			report->failed = true;
		else if (line[0] != '#')
			r = fill_line(report, &f, line);
	}
	return r;
}

/* ---- plain text ---- */

/* Columns up to the next blank: letters, not bytes. */
static unsigned int word_width(const char *text, size_t len)
{
	unsigned int width = 0;

	for (size_t i = 0; i < len; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

static void print_broken(FILE *stream, const char *text, unsigned int indent)
{
	unsigned int column = indent;

	while (*text) {
		size_t len;
		unsigned int width;

		text += strspn(text, " \t");
		len = strcspn(text, " \t");
		width = word_width(text, len);
		if (column > indent && column + 1 + width > COLUMNS) {
			fprintf(stream, "\n%*s", (int)indent, "");
			column = indent;
		}
		fprintf(stream, "%s%.*s", column > indent ? " " : "", (int)len, text);
		column += width + (column > indent);
		text += len;
	}
	fputc('\n', stream);
}

void aftercare_print(const struct report *report, FILE *stream)
{
	for (size_t i = 0; i < report->n_card; i++) {
		const struct report_line *line = &report->card[i];

		if (line->kind == REPORT_HEADING && i > 0 &&
		    report->card[i - 1].kind != REPORT_BLANK)
			fputc('\n', stream);
		if (line->kind == REPORT_ITEM)
			fputs("- ", stream);
		if (line->kind == REPORT_BLANK)
			fputc('\n', stream);
		else
			print_broken(stream, line->text, line->kind == REPORT_ITEM ? 2 : 0);
	}
}
