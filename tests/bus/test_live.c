// SPDX-License-Identifier: GPL-2.0-only
/* The live view as a person sees it; the pen is disarmed and the terminal as before, however it
 * ends. */
#include "tests/bus/harness_cli.h"
#include "tests/bus/harness_tmux.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000
/* Shows at the end how the terminal was before and is now, and the exit code. */
#define AT_TERMINAL(command)                                                                       \
	"clear; stty -a >$TTYS.before; (echo $BASHPID >$TTYS.pid; exec " command                   \
	"); echo code=$?; stty -a >$TTYS.after; cmp $TTYS.before $TTYS.after && echo same tty"

static struct rig *start(void **state, struct screen *screen, unsigned int width,
			 unsigned int height)
{
	struct rig *rig;
	char line[128];

	screen_require();
	rig = rig_start(state, NULL);
	rig_begin(rig);
	screen_open(rig, screen, width, height);
	snprintf(line, sizeof(line), "TTYS=%s/tty", rig->dir);
	screen_line(screen, line);
	return rig;
}

static void start_armed(struct rig *rig, struct screen *screen)
{
	screen_line(screen, AT_TERMINAL("$CTL arm"));
	screen_await(screen, " ARMED", STEP_MS);
	screen_await(screen, "released", STEP_MS);
	while (!rig_truth(rig).enable)
		sleep_ms(2);
	screen_await_is(screen, "#{alternate_on} #{cursor_flag} #{wrap_flag}", "1 0 0", STEP_MS);
}

static void run(struct rig *rig, struct screen *screen)
{
	rig_run(rig);
	screen_await(screen, "RUNNING", STEP_MS);
	screen_await(screen, "PRESSED", STEP_MS);
	screen_await(screen, "0.50 mm", STEP_MS);
	screen_await(screen, "running: ", STEP_MS);
}

static pid_t view_pid(struct rig *rig)
{
	_cleanup_fclose_ FILE *file = fopen(rig_path(rig, "tty.pid"), "re");
	char text[24];

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	return (pid_t)strtol(text, NULL, 10);
}

/* As it was: screen, cursor, line ends, keys; with the last word and the exit code on it. */
static void assert_restored(struct screen *screen, const char *word, const char *code)
{
	screen_await(screen, code, STEP_MS);
	screen_await(screen, "same tty", STEP_MS);
	screen_await(screen, word, STEP_MS);
	screen_await_is(screen, "#{alternate_on} #{cursor_flag} #{wrap_flag}", "0 1 1", STEP_MS);
}

static void assert_disarmed(struct rig *rig, const char *reason)
{
	struct truth truth = rig_await_motor(rig, false, STEP_MS);

	assert_string_equal(truth.stop_reason, "host");
	rig_await_word(rig, "DisarmReason", reason, STEP_MS);
	rig_await_state(rig, "idle", STEP_MS);
	assert_int_equal(pen_value(rig, "Armed"), 0);
}

/* Fills the window: the title on its first row, how to stop on its last, nothing scrolled away. A
 * window that has just become smaller still shows rows of the larger one. */
static void assert_fills(struct screen *screen, unsigned int height)
{
	static const char title[] = " " RIG_SERIAL "  " RIG_PROFILE " / " RIG_AREA;
	char first[1024] = "", last[1024] = "";

	for (int i = 0; i < STEP_MS / 20; i++) {
		screen_look(screen);
		screen_row(screen, 0, first, sizeof(first));
		screen_row(screen, height - 1, last, sizeof(last));
		if (strstr(first, title) && strstr(last, "STOP"))
			return;
		sleep_ms(20);
	}
	fail_msg("row 1 is \"%s\", row %u is \"%s\" of\n%s", first, height, last, screen->text);
}

/* The bars of depth and speed, with their limits. */
static void assert_bars(struct screen *screen, bool wide)
{
	screen_await(screen, "█│···", STEP_MS);
	screen_await(screen, wide ? "] limit 1.00 +0.10 mm" : "] 1.00", STEP_MS);
	screen_await(screen, wide ? "] 2400 to 8000 rpm" : "] 2400-8000", STEP_MS);
}

static void try_size(void **state, unsigned int width, unsigned int height)
{
	bool wide = width >= 80;
	struct screen screen;
	struct rig *rig = start(state, &screen, width, height);

	start_armed(rig, &screen);
	run(rig, &screen);
	assert_fills(&screen, height);
	assert_bars(&screen, wide);
	/* smaller and larger, with the needles running */
	screen_resize(&screen, 20, 5);
	screen_await(&screen, "RUNNING trigger ON\n", STEP_MS);
	screen_await(&screen, "SPACE:STOP q:leave\n", STEP_MS);
	screen_resize(&screen, 100, 30);
	assert_fills(&screen, 30);
	screen_resize(&screen, width, height);
	assert_fills(&screen, height);
	assert_bars(&screen, wide);
	assert_true(rig_truth(rig).motor);

	screen_type(&screen, "Space");
	assert_disarmed(rig, "request");
	assert_restored(&screen, "was disarmed: request", "code=1");

	gadget_do(rig->control_fd, "trigger release");
	start_armed(rig, &screen);
	run(rig, &screen);
	screen_type(&screen, "q");
	assert_disarmed(rig, "disarm");
	assert_restored(&screen, RIG_SERIAL " is disarmed", "code=0");
	screen_close(&screen);
	rig_stop(rig);
}

static void test_80_by_24(void **state)
{
	try_size(state, 80, 24);
}

static void test_40_by_12(void **state)
{
	try_size(state, 40, 12);
}

static void test_200_by_50(void **state)
{
	try_size(state, 200, 50);
}

static void test_enter_and_control_c(void **state)
{
	static const struct {
		const char *key, *reason, *code;
	} cases[] = {{"Enter", "request", "code=1"}, {"C-c", "disarm", "code=0"}};
	struct screen screen;
	struct rig *rig = start(state, &screen, 80, 24);

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		start_armed(rig, &screen);
		run(rig, &screen);
		screen_type(&screen, cases[i].key);
		assert_disarmed(rig, cases[i].reason);
		assert_restored(&screen, "disarmed", cases[i].code);
		gadget_do(rig->control_fd, "trigger release");
	}
	screen_close(&screen);
	rig_stop(rig);
}

static void test_signals(void **state)
{
	static const struct {
		int signal;
		const char *reason, *word, *code;
	} cases[] = {
		{SIGTERM, "disarm", RIG_SERIAL " is disarmed", "code=0"},
		{SIGHUP, "disarm", "the terminal is gone", "code=1"},
		{SIGSEGV, "client-gone", "Segmentation fault", "code=139"},
		{SIGABRT, "client-gone", "Aborted", "code=134"},
	};
	struct screen screen;
	struct rig *rig = start(state, &screen, 80, 24);

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		start_armed(rig, &screen);
		run(rig, &screen);
		assert_int_equal(kill(view_pid(rig), cases[i].signal), 0);
		assert_disarmed(rig, cases[i].reason);
		assert_restored(&screen, cases[i].word, cases[i].code);
		gadget_do(rig->control_fd, "trigger release");
	}
	screen_close(&screen);
	rig_stop(rig);
}

/* The window is closed, or the machine at the other end of ssh is gone. */
static void test_terminal_goes_away(void **state)
{
	struct screen screen;
	struct rig *rig = start(state, &screen, 80, 24);
	pid_t view;

	start_armed(rig, &screen);
	run(rig, &screen);
	view = view_pid(rig);
	screen_kill(&screen);
	rig_await_motor(rig, false, STEP_MS);
	rig_await_value(rig, "Armed", 0, STEP_MS);
	screen_await_end(view);
	rig_stop(rig);
}

/* The daemon's own stop, while the panel is up. */
static void test_trip(void **state)
{
	struct screen screen;
	struct rig *rig = start(state, &screen, 80, 24);

	start_armed(rig, &screen);
	gadget_do(rig->control_fd, "ignore limits on");
	run(rig, &screen);
	gadget_do(rig->control_fd, "drift depth 800");
	assert_disarmed(rig, "depth-limit");
	assert_restored(&screen, "was disarmed: depth-limit", "code=1");
	screen_close(&screen);
	rig_stop(rig);
}

/* Colour says nothing that the text does not say. */
static void test_monitor(void **state)
{
	struct screen screen;
	struct rig *rig = start(state, &screen, 80, 24);

	rig_arm(rig);
	screen_line(&screen, AT_TERMINAL("$CTL monitor"));
	screen_await(&screen, " ARMED", STEP_MS);
	screen_type(&screen, "q");
	assert_restored(&screen, RIG_SERIAL " is left as it is: armed", "code=0");
	assert_true(rig_truth(rig).enable);
	assert_done(rig, pen_call(rig, "Disarm", ""));

	screen_line(&screen, AT_TERMINAL("$CTL monitor"));
	screen_await(&screen, "IDLE, not armed", STEP_MS);
	if (strstr(TMUX(&screen, "capture-pane", "-p", "-e"), "41m"))
		fail_msg("red, and nothing is wrong: %s", screen.text);
	gadget_do(rig->control_fd, "lie depth 1150");
	screen_await(&screen, "! OVER limit 1.00", STEP_MS);
	screen_await(&screen, "1.15 mm", STEP_MS);
	if (!strstr(TMUX(&screen, "capture-pane", "-p", "-e"), "41m"))
		fail_msg("not red: %s", screen.text);
	gadget_do(rig->control_fd, "lie depth off");
	screen_await_gone(&screen, "OVER", STEP_MS);
	gadget_do(rig->control_fd, "silence on");
	screen_await(&screen, "STALE", STEP_MS);
	screen_await(&screen, "-- mm", STEP_MS);
	gadget_do(rig->control_fd, "silence off");
	screen_type(&screen, "C-c");
	assert_restored(&screen, "", "code=0");
	screen_close(&screen);
	rig_stop(rig);
}

static bool stands_twice(const char *text, const char *what)
{
	const char *first = strstr(text, what);

	return first && strstr(first + 1, what);
}

static void await_twice(struct screen *screen, const char *what)
{
	for (int i = 0; i < STEP_MS / 20 && !stands_twice(screen_look(screen), what); i++)
		sleep_ms(20);
	if (!stands_twice(screen->text, what))
		fail_msg("the screen does not show \"%s\" twice:\n%s", what, screen->text);
}

static void test_plain(void **state)
{
	static const char *const commands[] = {AT_TERMINAL("env TERM=dumb $CTL monitor"),
					       AT_TERMINAL("env NO_COLOR=1 $CTL monitor")};
	static const char two[] = "idle  trigger released  depth 0.00 of 1.00 mm";
	struct screen screen;
	struct rig *rig = start(state, &screen, 120, 24);

	for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
		/* what stands there from before would be taken for the answer */
		screen_line(&screen, "clear");
		screen_await_gone(&screen, two, STEP_MS);
		screen_line(&screen, commands[i]);
		await_twice(&screen, two);
		screen_await_is(&screen, "#{alternate_on} #{cursor_flag} #{wrap_flag}", "0 1 1",
				STEP_MS);
		screen_type(&screen, "q");
		assert_restored(&screen, two, "code=0");
	}
	screen_close(&screen);
	rig_stop(rig);
}

/* What is typed there is the shell's, and so is the screen. */
static void test_background(void **state)
{
	struct screen screen;
	struct rig *rig = start(state, &screen, 80, 24);

	screen_line(&screen, "clear; $CTL arm & echo $! >$TTYS.pid");
	screen_await(&screen, "is armed: hold the trigger to run", STEP_MS);
	screen_line(&screen, "echo q   q"); /* q, blanks, enter */
	screen_await(&screen, "\nq q\n", STEP_MS);
	rig_run(rig);
	screen_await(&screen, "running: target depth 0.50 mm", STEP_MS);
	sleep_ms(700); /* of which plain lines would take some */
	if (strstr(screen_look(&screen), "trigger pressed"))
		fail_msg("drawn over the prompt:\n%s", screen.text);
	screen_await_is(&screen, "#{alternate_on} #{cursor_flag}", "0 1", STEP_MS);
	assert_true(rig_truth(rig).motor);

	screen_line(&screen, "fg");
	screen_await(&screen, " RUNNING", STEP_MS);
	assert_fills(&screen, 24);
	/* stopped from elsewhere, and back again */
	assert_int_equal(kill(view_pid(rig), SIGSTOP), 0);
	screen_await(&screen, "Stopped", STEP_MS);
	screen_line(&screen, "fg");
	screen_await_gone(&screen, "Stopped", STEP_MS);
	assert_fills(&screen, 24);
	screen_type(&screen, "Space");
	assert_disarmed(rig, "request");
	screen_await(&screen, "was disarmed: request", STEP_MS);
	screen_await_is(&screen, "#{alternate_on} #{cursor_flag} #{wrap_flag}", "0 1 1", STEP_MS);
	screen_close(&screen);
	rig_stop(rig);
}

/* A terminal that takes nothing any more, as over a connection that hangs: frames are lost, keys
 * are not. */
static void test_terminal_that_does_not_read(void **state)
{
	struct cli_terminal terminal;
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	cli_open(rig, &terminal, "arm");
	cli_await(&terminal, "is armed", STEP_MS);
	while (!rig_truth(rig).enable)
		sleep_ms(2);
	rig_run(rig);
	for (unsigned short i = 0; i < 400; i++) {
		struct winsize size = {.ws_row = (unsigned short)(40 + i % 2), .ws_col = 250};

		assert_int_equal(ioctl(terminal.fd, TIOCSWINSZ, &size), 0);
		sleep_ms(2);
	}
	assert_true(rig_truth(rig).motor);
	cli_type(&terminal, " ");
	assert_disarmed(rig, "request");
	assert_int_equal(cli_end(&terminal, STEP_MS), 1);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_80_by_24),
		RIG_TEST(test_40_by_12),
		RIG_TEST(test_200_by_50),
		RIG_TEST(test_enter_and_control_c),
		RIG_TEST(test_signals),
		RIG_TEST(test_terminal_goes_away),
		RIG_TEST(test_trip),
		RIG_TEST(test_monitor),
		RIG_TEST(test_plain),
		RIG_TEST(test_background),
		RIG_TEST(test_terminal_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
