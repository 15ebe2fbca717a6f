/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading a session's record: streams by OpenRecord, and the summary as a tree. */
#ifndef MNPEN_CLI_RECORD_H
#define MNPEN_CLI_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/json.h"

/** record_open() - a stream of session @id. @ret_fd: the caller's to close, blocking */
enum cli_exit record_open(struct cli *cli, const char *id, const char *what, int *ret_fd);

/** record_summary() - the session's summary, an object; the caller's to put */
enum cli_exit record_summary(struct cli *cli, const char *id, json_object **ret);

/** record_kept() - how many of the session's samples are kept at full rate */
uint64_t record_kept(json_object *summary);

/** record_check_count() - whether @count samples, or negative errno of the stream (-EBADMSG: it
 * ends within one), are what the summary promised: a pipe whose writer died ends like any other */
enum cli_exit record_check_count(const struct cli *cli, int64_t count, uint64_t promised);

/** record_read_full() - read until @size bytes or the end
 * Return: bytes read, less than @size only at the end; negative errno. */
long record_read_full(int fd, void *buf, size_t size);

#endif
