// SPDX-License-Identifier: GPL-2.0-only
/* Whole files, or none. */
#include <fcntl.h>
#include <signal.h>
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

enum cli_exit file_read(struct cli *cli, const char *path, char **ret)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *text = NULL;
	size_t n;

	if (!file)
		return unreadable(cli, path, errno);
	text = calloc(1, TEXT_MAX + 2);
	if (!text)
		return cli_no_memory(cli);
	n = fread(text, 1, TEXT_MAX + 1, file);
	if (ferror(file))
		return unreadable(cli, path, errno);
	if (n > TEXT_MAX)
		return cli_fail(cli, CLI_FAILED, "File", NULL, "%s is larger than %d KiB", path,
				TEXT_MAX / 1024);
	if (!text_valid(text, n))
		return cli_fail(cli, CLI_FAILED, "File", "save it as plain UTF-8 text",
				"%s is not text: it holds a NUL byte, or bytes that are not UTF-8",
				path);
	*ret = TAKE_PTR(text);
	return CLI_DONE;
}

enum cli_exit file_read_secret(struct cli *cli, const char *option, const char *value, char **ret)
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
				 "--%s - found nothing on standard input", option);
	if (!text_valid(line, (size_t)n))
		return cli_usage(cli, NULL, "--%s: what standard input gave is not UTF-8 text",
				 option);
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
		bad = fsync(fileno(output->stream)) < 0 ||
		      rename(output->temporary, output->path) < 0;
	if (bad) {
		int error = errno;
		enum cli_exit code = unwritable(cli, output->name, error);

		output_abort(output);
		return code;
	}
	unfinished = NULL;
	free(output->temporary);
	output->temporary = NULL;
	output_abort(output);
	return CLI_DONE;
}
