// SPDX-License-Identifier: GPL-2.0-only
/* The terminal. */
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "cli/term.h"
#include "driver/base/cleanup.h"

/* What every terminal since the VT220 and xterm takes; what one does not know, it leaves out. The
 * screen is cleared before it is left, for a console that has only one. */
#define SCREEN_ON "\033[?1049h\033[?25l\033[?7l\033[H\033[2J"
#define SCREEN_OFF "\033[0m\033[H\033[2J\033[?7h\033[?25h\033[?1049l"

static struct termios before;
static volatile sig_atomic_t before_known, keys_changed, screen_changed;

/* A description of our own, which does not wait: that of stdout is the shell's as well. */
static volatile sig_atomic_t out_fd = -EBADF;
static char rest[TERM_WRITE_MAX];
static size_t rest_at, rest_len;

static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/* ---- what and whose it is ---- */

enum term_place term_place(void)
{
	pid_t group = tcgetpgrp(STDOUT_FILENO);

	if (group < 0)
		return errno == EIO ? TERM_GONE : TERM_OURS;
	return group == getpgrp() ? TERM_OURS : TERM_OTHERS;
}

bool term_can_draw(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (!no_color || !*no_color) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

bool term_has_blocks(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void term_size(unsigned int *ret_columns, unsigned int *ret_rows)
{
	struct winsize size = {0};

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*ret_columns = size.ws_col ? size.ws_col : 80;
	*ret_rows = size.ws_row ? size.ws_row : 24;
}

bool term_keys_ours(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* ---- putting back ---- */

/* Also called by a signal handler, so that nothing here may be more than a system call. */
static bool leave_screen(void)
{
	static const char off[] = SCREEN_OFF;

	if (!screen_changed)
		return true;
	if (write(out_fd, off, sizeof(off) - 1) < 0 && errno == EAGAIN)
		return false;
	screen_changed = 0;
	return true;
}

static void on_crash(int signal_number)
{
	(void)leave_screen();
	if (keys_changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	raise(signal_number); /* SA_RESETHAND: it ends the program now */
}

static void watch_crashes(void)
{
	struct sigaction action = {.sa_handler = on_crash,
				   .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

	for (size_t i = 0; i < ELEMENTSOF(crashes); i++)
		sigaction(crashes[i], &action, NULL);
}

static void unwatch_crashes(void)
{
	for (size_t i = 0; i < ELEMENTSOF(crashes) && !keys_changed && !screen_changed; i++)
		signal(crashes[i], SIG_DFL);
}

/* ---- keys ---- */

/* Not from the background: the shell has its own settings there. What was typed for us and not
 * read is not for the shell either. */
void term_keys_off(void)
{
	if (!keys_changed)
		return;
	keys_changed = 0;
	if (term_keys_ours()) {
		tcflush(STDIN_FILENO, TCIFLUSH);
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	}
	unwatch_crashes();
}

bool term_keys_on(void)
{
	struct termios keys;

	if (!term_keys_ours())
		return false;
	/* once only: after a stop and a continuation they may be our own */
	if (!before_known && tcgetattr(STDIN_FILENO, &before) < 0)
		return false;
	before_known = 1;
	keys = before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	keys.c_cc[VSUSP] = _POSIX_VDISABLE;
	keys_changed = 1;
	watch_crashes();
	if (tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0)
		return true;
	term_keys_off();
	return false;
}

/* ---- writing ---- */

bool term_writable(void)
{
	struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&fd, 1, 0) > 0;
}

/* A terminal that is another user's (after su) cannot be opened again. */
bool term_open(void)
{
	if (out_fd < 0 && isatty(STDOUT_FILENO))
		out_fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return out_fd >= 0;
}

/* How much of it went out. */
static ssize_t push(const char *text, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(out_fd, text + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int term_write(const char *text, size_t len)
{
	ssize_t n = push(rest + rest_at, rest_len);

	if (n < 0)
		return (int)n;
	rest_at += (size_t)n;
	rest_len -= (size_t)n;
	if (rest_len > 0)
		return -EAGAIN;
	n = push(text, len);
	if (n < 0)
		return (int)n;
	rest_at = 0;
	rest_len = MIN(len - (size_t)n, sizeof(rest));
	memcpy(rest, text + n, rest_len);
	return 0;
}

/* ---- the screen ---- */

int term_screen_on(void)
{
	static const char on[] = SCREEN_ON;
	int r = term_write(on, sizeof(on) - 1);

	if (r < 0)
		return r;
	screen_changed = 1;
	watch_crashes();
	return 0;
}

void term_screen_off(int wait_ms)
{
	struct pollfd fd = {.fd = out_fd, .events = POLLOUT};

	rest_len = 0; /* of a frame that nobody will see: the next escape ends a cut one */
	if (!leave_screen() && poll(&fd, 1, wait_ms) > 0)
		(void)leave_screen();
	unwatch_crashes();
}
