// SPDX-License-Identifier: GPL-2.0-only
/* One command to a gadget, and its answer. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/control/tell.h"

#define COMMAND_MAX 1024

static int fail(const char *path, const char *what)
{
	fprintf(stderr, "mnpen-gadget: %s: %s: %s\n", path, what, strerror(errno));
	return 1;
}

static bool join(char *line, size_t size, char *const *words, int n_words)
{
	size_t used = 0;

	for (int i = 0; i < n_words; i++) {
		int n = snprintf(line + used, size - used, "%s%s", words[i],
				 i + 1 < n_words ? " " : "\n");

		if (n < 0 || (size_t)n >= size - used)
			return false;
		used += (size_t)n;
	}
	return used > 0;
}

int tell(const char *path, char *const *words, int n_words)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_fclose_ FILE *stream = NULL;
	_cleanup_free_ char *answer = NULL;
	char line[COMMAND_MAX];
	size_t size = 0;
	int error, fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return fail(path, "control socket");
	}
	if (!join(line, sizeof(line), words, n_words)) {
		fputs("mnpen-gadget: --tell needs a command after the socket, such as \"state\"\n",
		      stderr);
		return 1;
	}
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(path, "socket");
	stream = fdopen(fd, "r");
	if (!stream) {
		close_fd(fd);
		return fail(path, "socket");
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(path, "nobody listens");
	/* Who hangs up before that may have said why. A line fits into an empty socket as a whole.
	 */
	error = send(fd, line, strlen(line), MSG_NOSIGNAL) < 0 ? errno : 0;
	errno = 0;
	if (getline(&answer, &size, stream) < 0) {
		errno = error ? error : errno ? errno : ECONNRESET;
		return fail(path, error ? "cannot send the command" : "no answer");
	}
	fputs(answer, stdout);
	return strncmp(answer, "{\"error\"", 8) == 0 ? 1 : 0;
}
