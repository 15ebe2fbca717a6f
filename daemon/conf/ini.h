/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strict reader of INI text, on top of inih, which by itself lets a continued line replace a
 * value, cuts long lines and section names, and tells its handler no line number.
 *
 * Knows nothing of keys or units; see parse.h for those.
 */
#ifndef MNPEN_CONF_INI_H
#define MNPEN_CONF_INI_H

#include <stddef.h>

/* What inih holds beside the line end and the NUL. */
#define STRICT_INI_LINE_MAX 198

/** struct strict_ini_sink - who hears what stands in the text; lines count from 1 */
struct strict_ini_sink {
	/* @title: what stands between the brackets; NULL = a header that was refused */
	void (*section)(void *userdata, unsigned int line, const char *title);
	/* @value: without surrounding blanks and comment; may be "" */
	void (*entry)(void *userdata, unsigned int line, const char *key, const char *value);
	/* @what: what is wrong and what is allowed */
	void (*error)(void *userdata, unsigned int line, const char *what);
};

/**
 * strict_ini_read() - read @len bytes at @data to the end, errors or not
 *
 * Refused, line by line: more than STRICT_INI_LINE_MAX bytes, a blank before a key or section, NUL
 * and control characters, bytes that are no UTF-8, a byte order mark, lines that are neither
 * section, "key = value", comment nor empty. LF and CR LF end a line.
 * Return: 0 (errors went to the sink); -ENOMEM.
 */
int strict_ini_read(const char *data, size_t len, const struct strict_ini_sink *sink,
		    void *userdata);

#endif
