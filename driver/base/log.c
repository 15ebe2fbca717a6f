// SPDX-License-Identifier: GPL-2.0-only
/*
 * A log line is built on the stack and leaves in one call, so that threads neither wait for each
 * other nor interleave. Whatever a device or client put into it is escaped: it can neither forge a
 * second line nor talk to a terminal.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION /* it would name this file for every line */
#include <systemd/sd-journal.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

#define LIMIT_LINES 10
#define LIMIT_WINDOW_USEC (10 * USEC_PER_SEC)

#define MESSAGE_MAX 1024 /* a longer message is cut, visibly */
#define ESCAPED_MAX 2048 /* one of nothing but control characters is cut here */
#define FIELD_MAX 128
#define LINE_MAX_SIZE 4096 /* PIPE_BUF: a write of no more is one piece in a pipe, too */
#define CUT_MARK "..."

static const char *program = "mnpen";
static bool to_journal;
static atomic_int max_level = LOG_INFO;
static atomic_uint lines_lost; /* because stderr is a pipe that nobody reads */

/** struct text - a bounded string under construction; what does not fit is cut */
struct text {
	char *buf;
	size_t size;
	size_t used;
};

static void text_add(struct text *text, const char *more)
{
	size_t len = MIN(strlen(more), text->size - 1 - text->used);

	memcpy(text->buf + text->used, more, len);
	text->used += len;
	text->buf[text->used] = '\0';
}

/* U+0080 to U+009F in UTF-8: control characters as well, and some terminals obey them */
static bool is_c1(const char *at)
{
	unsigned char first = (unsigned char)at[0], second = (unsigned char)at[1];

	return first == 0xc2 && second >= 0x80 && second <= 0x9f;
}

/* Control characters become \n, \t, \xNN; a backslash stays single, for the reader's sake. */
static void text_add_escaped(struct text *text, const char *more)
{
	for (; *more; more++) {
		unsigned char c = (unsigned char)*more;
		char piece[8] = {*more};

		if (c == '\n')
			snprintf(piece, sizeof(piece), "\\n");
		else if (c == '\t')
			snprintf(piece, sizeof(piece), "\\t");
		else if (c < 0x20 || c == 0x7f)
			snprintf(piece, sizeof(piece), "\\x%02x", c);
		else if (is_c1(more))
			snprintf(piece, sizeof(piece), "\\u00%02x", (unsigned char)*++more);
		text_add(text, piece);
	}
}

static void escape(char *ret, size_t size, const char *value)
{
	struct text text = {.buf = ret, .size = size};

	ret[0] = '\0';
	text_add_escaped(&text, value);
}

/* systemd names the journal's socket as "device:inode"; a redirected stderr differs from it. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	int end = 0;

	if (!stream || sscanf(stream, "%llu:%llu%n", &device, &inode, &end) != 2 || stream[end])
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_open(const char *name)
{
	program = name;
	to_journal = stderr_is_journal();
}

void log_set_level(int level)
{
	atomic_store_explicit(&max_level, level, memory_order_relaxed);
}

int log_level_parse(const char *name, int *ret_level)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {
		{"err", LOG_ERR},   {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
		{"info", LOG_INFO}, {"debug", LOG_DEBUG},
	};

	for (size_t i = 0; i < ELEMENTSOF(levels); i++) {
		if (strcmp(levels[i].name, name) == 0) {
			*ret_level = levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

bool log_allowed(struct log_limit *limit)
{
	uint64_t now;

	if (!limit)
		return true;
	now = now_usec();
	if (!limit->in_window || now - limit->window_start_usec >= LIMIT_WINDOW_USEC) {
		unsigned int suppressed = limit->suppressed;

		*limit = (struct log_limit){.window_start_usec = now};
		if (suppressed)
			log_warning("%u lines like the next one were suppressed", suppressed);
	}
	if (limit->in_window == LIMIT_LINES) {
		limit->suppressed++;
		return false;
	}
	limit->in_window++;
	return true;
}

struct log_field {
	const char *name;
	const char *value; /* escaped and bounded; NULL: no such field */
};

static int send_journal(int level, const struct log_context *context, const char *message)
{
	const char digit[] = {(char)('0' + level), '\0'};
	const struct log_field fields[] = {
		{"MESSAGE=", message},
		{"PRIORITY=", digit},
		{"SYSLOG_IDENTIFIER=", program},
		{"MNPEN_PEN=", context->pen},
		{"MNPEN_SESSION=", context->session},
		{"MNPEN_REASON=", context->reason},
		{"MNPEN_CHAIN_N=", context->chain_n},
		{"MNPEN_CHAIN_HEAD=", context->chain_head},
		{"MESSAGE_ID=", context->message_id},
	};
	struct iovec iov[ELEMENTSOF(fields)];
	char buf[LINE_MAX_SIZE];
	struct text text = {.buf = buf, .size = sizeof(buf)};
	int count = 0;

	for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
		size_t start = text.used;

		if (!fields[i].value)
			continue;
		text_add(&text, fields[i].name);
		text_add(&text, fields[i].value);
		iov[count++] = (struct iovec){buf + start, text.used - start};
	}
	return sd_journal_sendv(iov, count);
}

static void add_context(struct text *line, const struct log_context *context)
{
	const struct log_field fields[] = {
		{"pen=", context->pen},
		{"session=", context->session},
		{"reason=", context->reason},
	};
	bool any = false;

	for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
		if (!fields[i].value)
			continue;
		text_add(line, any ? " " : " [");
		text_add(line, fields[i].name);
		text_add(line, fields[i].value);
		any = true;
	}
	if (any)
		text_add(line, "]");
}

static const char *level_prefix(int level)
{
	if (level <= LOG_ERR)
		return ": error: ";
	return level == LOG_WARNING ? ": warning: " : ": ";
}

static void send_stderr(int level, const struct log_context *context, const char *message)
{
	char buf[LINE_MAX_SIZE], note[64];
	struct text line = {.buf = buf, .size = sizeof(buf)};
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	unsigned int missing;
	ssize_t n;

	/* The safety loop logs, too: a pipe that nobody reads must cost lines, never time. */
	if (poll(&out, 1, 0) == 0) {
		atomic_fetch_add_explicit(&lines_lost, 1, memory_order_relaxed);
		return;
	}
	missing = atomic_exchange_explicit(&lines_lost, 0, memory_order_relaxed);

	text_add(&line, program);
	text_add(&line, level_prefix(level));
	text_add(&line, message);
	add_context(&line, context);
	if (missing) {
		snprintf(note, sizeof(note), " (%u lines before this one were lost)", missing);
		text_add(&line, note);
	}
	text_add(&line, "\n");
	/* Beyond stderr there is nobody left to tell of a failure. */
	do
		n = write(STDERR_FILENO, line.buf, line.used);
	while (n < 0 && errno == EINTR);
}

/* Escapes a context's value into @buf; a field that is missing stays missing. */
static const char *context_value(char buf[FIELD_MAX], const char *value)
{
	if (!value)
		return NULL;
	escape(buf, FIELD_MAX, value);
	return buf;
}

static void send_line(int level, const struct log_context *context, const char *message)
{
	char text[ESCAPED_MAX], pen[FIELD_MAX], session[FIELD_MAX], reason[FIELD_MAX], n[FIELD_MAX],
		head[FIELD_MAX];
	const struct log_context escaped = {
		.pen = context_value(pen, context->pen),
		.session = context_value(session, context->session),
		.reason = context_value(reason, context->reason),
		.chain_n = context_value(n, context->chain_n),
		.chain_head = context_value(head, context->chain_head),
		.message_id = context->message_id,
	};

	escape(text, sizeof(text), message);
	/* What the journal does not take goes to stderr: the line is not lost. */
	if (!to_journal || send_journal(level, &escaped, text) < 0)
		send_stderr(level, &escaped, text);
}

void log_line(int level, const struct log_context *context, const char *format, ...)
{
	static const struct log_context no_context;
	char message[MESSAGE_MAX];
	int saved = errno, len;
	va_list ap;

	if (level > atomic_load_explicit(&max_level, memory_order_relaxed))
		return;
	va_start(ap, format);
	len = vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	if (len >= (int)sizeof(message))
		memcpy(message + sizeof(message) - sizeof(CUT_MARK), CUT_MARK, sizeof(CUT_MARK));
	else if (len < 0)
		snprintf(message, sizeof(message), "(message \"%s\" cannot be formatted)", format);
	send_line(level, context ? context : &no_context, message);
	errno = saved;
}
