// SPDX-License-Identifier: GPL-2.0-only
/* The terminal. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "cli/term.h"
#include "driver/base/cleanup.h"

static struct termios before;
static volatile sig_atomic_t changed;

static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

bool term_can_draw(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (!no_color || !*no_color) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

unsigned int term_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return MAX(size.ws_col, 20u);
}

void term_keys_off(void)
{
	if (!changed)
		return;
	changed = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	for (size_t i = 0; i < ELEMENTSOF(crashes); i++)
		signal(crashes[i], SIG_DFL);
}

static void on_crash(int signal_number)
{
	if (changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	raise(signal_number); /* SA_RESETHAND: it ends the program now */
}

bool term_keys_on(void)
{
	struct sigaction action = {.sa_handler = on_crash,
				   .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
	struct termios keys;

	if (tcgetattr(STDIN_FILENO, &before) < 0 || tcgetpgrp(STDIN_FILENO) != getpgrp())
		return false;
	keys = before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	keys.c_cc[VSUSP] = _POSIX_VDISABLE;
	for (size_t i = 0; i < ELEMENTSOF(crashes); i++)
		sigaction(crashes[i], &action, NULL);
	changed = 1;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &keys) == 0)
		return true;
	term_keys_off();
	return false;
}

bool term_writable(void)
{
	struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&fd, 1, 0) > 0;
}
