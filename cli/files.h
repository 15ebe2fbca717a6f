/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that a command reads whole, and files that it writes whole or not at all. */
#ifndef MNPEN_CLI_FILES_H
#define MNPEN_CLI_FILES_H

#include <stdio.h>

#include "cli/cli.h"

/** struct file_flaw - what keeps the bytes of a file from being text; line 0 = nothing does */
struct file_flaw {
	unsigned int line;
	char what[96]; /* and what is allowed */
};

/** file_read() - the text of @path, a regular file of at most 64 KiB of UTF-8; never blocks. @ret
 * is the caller's to free. */
enum cli_exit file_read(struct cli *cli, const char *path, char **ret);

/** file_read_flawed() - file_read(), but with a flaw it is done too, and @ret stays untouched */
enum cli_exit file_read_flawed(struct cli *cli, const char *path, char **ret,
			       struct file_flaw *flaw);

/** file_read_secret() - @value, or, when it is "-", the first line of standard input
 *
 * For what must not stand in a process list: a client's id. @what: where it stands, for messages:
 * "--client". @ret is the caller's to free. */
enum cli_exit file_read_secret(struct cli *cli, const char *what, const char *value, char **ret);

/**
 * struct output - standard output, or a file that appears under its name when it is complete
 *
 * The text goes to a hidden file beside it (0600), which output_abort() and the signals that end
 * a program by hand remove.
 */
struct output {
	FILE *stream;
	const char *name; /* for messages; the caller's */
	char *path;	  /* NULL: standard output, or something that is no regular file */
	char *temporary;  /* set while it exists */
	bool fresh;	  /* of output_create(): nothing is replaced */
};

/** output_open() - @path NULL or "-": standard output */
enum cli_exit output_open(struct cli *cli, struct output *output, const char *path);

/** file_is_new() - what output_create() will say of a file that is there, before there is work
 * that would be in vain */
enum cli_exit file_is_new(struct cli *cli, const char *path);

/** output_create() - the same for a file that must not be there yet, and appears only if that is
 * still so at the end */
enum cli_exit output_create(struct cli *cli, struct output *output, const char *path);

/** output_commit() - flush, sync, rename; on failure the file is gone */
enum cli_exit output_commit(struct cli *cli, struct output *output);

/** output_abort() - remove what was written; nothing after output_commit() */
void output_abort(struct output *output);

#endif
