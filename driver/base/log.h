/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Logging: to the journal with fields when the journal listens on stderr, as text to stderr
 * otherwise. Deciding functions do not log; who acts on a verdict does.
 *
 * Never pass a client id: no log line, field or message carries one.
 */
#ifndef MNPEN_LOG_H
#define MNPEN_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/** struct log_context - journal fields of a line; any may be NULL */
struct log_context {
	const char *pen;	/* MNPEN_PEN= serial */
	const char *session;	/* MNPEN_SESSION= id */
	const char *reason;	/* MNPEN_REASON= machine-readable reason */
	const char *chain_n;	/* MNPEN_CHAIN_N= entry of the record's chain, decimal */
	const char *chain_head; /* MNPEN_CHAIN_HEAD= of it, 64 hex digits */
	const char *message_id; /* MESSAGE_ID= one of LOG_ID_* below, for safety events */
};

/* Message ids of safety events, fixed for ever so that journal queries keep working. */
#define LOG_ID_STOP "6f0c1d4e2b7a4b5f9a3e8c5d7b2f1a01"
#define LOG_ID_ALARM "6f0c1d4e2b7a4b5f9a3e8c5d7b2f1a02"
#define LOG_ID_STORE "6f0c1d4e2b7a4b5f9a3e8c5d7b2f1a03"
#define LOG_ID_SESSION "6f0c1d4e2b7a4b5f9a3e8c5d7b2f1a04"

/**
 * struct log_limit - rate limit for lines that a device or client can trigger
 *
 * Zero-initialised by its owner. Lines beyond 10 in 10 s are counted and reported as one.
 */
struct log_limit {
	uint64_t window_start_usec;
	unsigned int in_window;
	unsigned int suppressed;
};

/** log_open() - chooses journal or stderr; call once at start. @name: program name (static) */
void log_open(const char *name);
void log_set_level(int level);

/** log_level_parse() - "err", "warning", "notice", "info", "debug" → 0 and syslog level, or -EINVAL
 */
int log_level_parse(const char *name, int *ret_level);

/** log_allowed() - false when @limit says to drop this line; NULL allows everything */
bool log_allowed(struct log_limit *limit);

void log_line(int level, const struct log_context *context, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...) log_line(LOG_ERR, NULL, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, NULL, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, NULL, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, NULL, __VA_ARGS__)

#endif
