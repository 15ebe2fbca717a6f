// SPDX-License-Identifier: GPL-2.0-only
/* $PAGER, or less. */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/term.h"
#include "driver/base/cleanup.h"

static pid_t pager; /* 0 = none runs */
static bool opened;
static unsigned int opened_columns;

static bool wanted(const struct cli *cli)
{
	const char *program = getenv("PAGER"), *term = getenv("TERM");

	if (cli->json || cli->no_pager || opened || !isatty(STDOUT_FILENO))
		return false;
	return !(program && *program == '\0') && term && strcmp(term, "dumb") != 0;
}

/* In the child. A pager that is not there is no reason to show nothing. */
static void become_pager(int input)
{
	const char *program = getenv("PAGER");

	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(input, STDIN_FILENO) < 0)
		_exit(1);
	(void)setenv("LESS", "FRX", 0); /* one screen: it ends by itself, and the text stays */
	/* In a shell of its own, which a word too many ends; 126 and 127: it could not be started,
	 * and has read nothing */
	if (program && program[strspn(program, " \t")])
		execlp("sh", "sh", "-c", "(eval \"$PAGER\"); [ $? -lt 126 ] || exec cat", NULL);
	execlp("less", "less", NULL);
	execlp("more", "more", NULL);
	execlp("cat", "cat", NULL);
	_exit(1);
}

void pager_open(const struct cli *cli)
{
	int fds[2];

	if (!wanted(cli) || pipe2(fds, O_CLOEXEC) < 0)
		return;
	fflush(stdout);
	opened_columns = pager_columns();
	pager = fork();
	if (pager == 0)
		become_pager(fds[0]);
	if (pager > 0 && dup2(fds[1], STDOUT_FILENO) >= 0) {
		opened = true;
		signal(SIGPIPE, SIG_IGN); /* it may be left before the end */
		signal(SIGINT, SIG_IGN);  /* Ctrl-C is the pager's */
	}
	close(fds[0]);
	close(fds[1]);
}

void pager_close(void)
{
	int null;

	if (pager <= 0)
		return;
	fflush(stdout);
	/* The end of the file is what it waits for. */
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		close(STDOUT_FILENO);
	close_fd(null);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	pager = 0;
}

bool pager_opened(void)
{
	return opened;
}

unsigned int pager_columns(void)
{
	unsigned int columns, rows;

	if (opened)
		return opened_columns;
	if (!isatty(STDOUT_FILENO))
		return 0;
	term_size(&columns, &rows);
	return columns;
}
