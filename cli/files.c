// SPDX-License-Identifier: GPL-2.0-only
/* Whole files, or none. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/files.h"
#include "cli/text.h"
#include "driver/base/cleanup.h"

#define TEXT_MAX (64 * 1024)

/* What the signal handler removes; set while an output file is unfinished. */
static const char *volatile unfinished;

static enum cli_exit unreadable(struct cli *cli, const char *path, int error)
{
	return cli_fail(cli, CLI_FAILED, "File", NULL, "cannot read %s: %s", path, strerror(error));
}

static enum cli_exit not_regular(struct cli *cli, const char *path, mode_t mode)
{
	const char *kind = S_ISDIR(mode)    ? "a directory"
			   : S_ISFIFO(mode) ? "a pipe"
			   : S_ISSOCK(mode) ? "a socket"
					    : "a device";

	return cli_fail(cli, CLI_FAILED, "File", NULL, "%s is %s; allowed: a regular file", path,
			kind);
}

static void too_large(struct file_flaw *flaw, uintmax_t size)
{
	flaw->line = 1;
	snprintf(flaw->what, sizeof(flaw->what), "%ju bytes of text; allowed: at most %d", size,
		 TEXT_MAX);
}

/* D-Bus carries neither NUL nor what is not UTF-8, so that the daemon could not tell of it. */
static void find_flaw(struct file_flaw *flaw, const char *text, size_t n)
{
	unsigned int number = 1;
	size_t len;

	for (const char *line = text, *end = text + n; line < end; line += len + 1, number++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *nul;

		len = (size_t)((newline ? newline : end) - line);
		if (text_valid(line, len))
			continue;
		flaw->line = number;
		nul = memchr(line, '\0', len);
		snprintf(flaw->what, sizeof(flaw->what), "%s",
			 nul && text_valid(line, (size_t)(nul - line))
				 ? "the line holds a NUL byte (0x00); allowed: printable text and "
				   "tabs"
				 : "the line is not UTF-8 text; allowed: text saved as UTF-8");
		return;
	}
}

enum cli_exit file_read_flawed(struct cli *cli, const char *path, char **ret,
			       struct file_flaw *flaw)
{
	/* Without O_NONBLOCK, opening a pipe would wait for its writer. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t n = 0;
	ssize_t part;

	*flaw = (struct file_flaw){0};
	if (fd < 0 || fstat(fd, &st) < 0)
		return unreadable(cli, path, errno);
	if (!S_ISREG(st.st_mode))
		return not_regular(cli, path, st.st_mode);
	if (st.st_size > TEXT_MAX) {
		too_large(flaw, (uintmax_t)st.st_size);
		return CLI_DONE;
	}
	text = calloc(1, TEXT_MAX + 2);
	if (!text)
		return cli_no_memory(cli);
	do {
		part = read(fd, text + n, TEXT_MAX + 1 - n);
		if (part < 0 && errno != EINTR)
			return unreadable(cli, path, errno);
		n += part > 0 ? (size_t)part : 0;
	} while (part && n <= TEXT_MAX);
	if (n > TEXT_MAX) /* it has grown */
		too_large(flaw, n);
	else
		find_flaw(flaw, text, n);
	if (!flaw->line)
		*ret = TAKE_PTR(text);
	return CLI_DONE;
}

enum cli_exit file_read(struct cli *cli, const char *path, char **ret)
{
	struct file_flaw flaw;
	enum cli_exit code = file_read_flawed(cli, path, ret, &flaw);

	if (code == CLI_DONE && flaw.line)
		return cli_fail(cli, CLI_FAILED, "File", NULL, "%s:%u: %s", path, flaw.line,
				flaw.what);
	return code;
}

enum cli_exit file_read_secret(struct cli *cli, const char *what, const char *value, char **ret)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (strcmp(value, "-") != 0) {
		line = strdup(value);
		if (!line)
			return cli_no_memory(cli);
		*ret = TAKE_PTR(line);
		return CLI_DONE;
	}
	n = getline(&line, &size, stdin);
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		line[--n] = '\0';
	if (n <= 0)
		return cli_usage(cli, "write the id and a newline to standard input",
				 "%s - found nothing on standard input", what);
	if (!text_valid(line, (size_t)n))
		return cli_usage(cli, NULL, "%s: what standard input gave is not UTF-8 text", what);
	*ret = TAKE_PTR(line);
	return CLI_DONE;
}

static void remove_unfinished(int signal_number)
{
	if (unfinished)
		unlink(unfinished);
	raise(signal_number); /* SA_RESETHAND: now it does what it always does */
}

static void watch_signals(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	struct sigaction action = {.sa_handler = remove_unfinished,
				   .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

	for (size_t i = 0; i < ELEMENTSOF(signals); i++)
		sigaction(signals[i], &action, NULL);
}

static enum cli_exit unwritable(struct cli *cli, const char *path, int error)
{
	return cli_fail(cli, CLI_FAILED, "File", NULL, "cannot write %s: %s", path,
			strerror(error));
}

/* ".NAME.XXXXXX" beside @path */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *result;

	if (asprintf(&result, "%.*s.%s.XXXXXX", (int)(name - path), path, name) < 0)
		return NULL;
	return result;
}

enum cli_exit output_open(struct cli *cli, struct output *output, const char *path)
{
	_cleanup_free_ char *real = NULL;
	struct stat st;
	int fd;

	*output = (struct output){.stream = stdout, .name = "standard output"};
	if (!path || strcmp(path, "-") == 0)
		return CLI_DONE;
	output->name = path;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		/* a device, a pipe: there is no name to appear under */
		output->stream = fopen(path, "we");
		return output->stream ? CLI_DONE : unwritable(cli, path, errno);
	}
	real = realpath(path, NULL); /* behind a symbolic link; NULL when there is no file yet */
	output->path = real ? TAKE_PTR(real) : strdup(path);
	output->temporary = output->path ? temporary_name(output->path) : NULL;
	if (!output->temporary) {
		free(output->path);
		return cli_no_memory(cli);
	}
	watch_signals();
	fd = mkostemp(output->temporary, O_CLOEXEC);
	output->stream = fd < 0 ? NULL : fdopen(fd, "w");
	if (!output->stream) {
		int error = errno;

		close_fd(fd);
		if (fd >= 0)
			unlink(output->temporary);
		free(output->temporary);
		free(output->path);
		return unwritable(cli, path, error);
	}
	unfinished = output->temporary;
	return CLI_DONE;
}

static enum cli_exit already_there(struct cli *cli, const char *path)
{
	return cli_fail(cli, CLI_FAILED, "File",
			"take another name, or remove it if nobody needs it",
			"%s is there already, and is not written over", path);
}

enum cli_exit file_is_new(struct cli *cli, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return already_there(cli, path);
	return CLI_DONE;
}

enum cli_exit output_create(struct cli *cli, struct output *output, const char *path)
{
	enum cli_exit code = file_is_new(cli, path);

	if (code != CLI_DONE)
		return code;
	code = output_open(cli, output, path);
	if (code == CLI_DONE)
		output->fresh = true;
	return code;
}

/* The file gets its name. */
static int appear(const struct output *output)
{
	if (!output->fresh)
		return rename(output->temporary, output->path);
	if (renameat2(AT_FDCWD, output->temporary, AT_FDCWD, output->path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system that cannot do that: a second name replaces nothing either. */
	if (link(output->temporary, output->path) < 0)
		return -1;
	return unlink(output->temporary);
}

void output_abort(struct output *output)
{
	if (output->stream && output->stream != stdout)
		fclose(output->stream);
	if (output->temporary) {
		unlink(output->temporary);
		unfinished = NULL;
	}
	free(output->temporary);
	free(output->path);
	*output = (struct output){0};
}

enum cli_exit output_commit(struct cli *cli, struct output *output)
{
	bool bad = fflush(output->stream) != 0 || ferror(output->stream);

	if (!bad && output->temporary)
		bad = fsync(fileno(output->stream)) < 0 || appear(output) < 0;
	if (bad) {
		int error = errno;
		enum cli_exit code = output->fresh && error == EEXIST
					     ? already_there(cli, output->name)
					     : unwritable(cli, output->name, error);

		output_abort(output);
		return code;
	}
	unfinished = NULL;
	free(output->temporary);
	output->temporary = NULL;
	output_abort(output);
	return CLI_DONE;
}
