// SPDX-License-Identifier: GPL-2.0-only
/* Completion by bash itself: what it would show behind a command line. */
#include "tests/bus/harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/harness_cli.h"

#define STEP_MS 5000
#define BASH "/bin/bash"

/* Sets the words as bash does, calls the function, prints what it found. */
static const char script[] = "set -u; PATH=$1:$PATH; cd \"$2\"; . \"$3\"; shift 3\n"
			     "COMP_WORDS=(\"$@\"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
			     "complete -p mnpenctl >/dev/null || exit 9\n"
			     "_mnpenctl; printf '%s ' \"${COMPREPLY[@]}\"\n";

/* The candidates for the last of the words of @line ("_" = an empty one), each followed by a blank;
 * to be freed. */
static char *complete_at(struct rig *rig, const char *address, const char *line)
{
	char bus[256], words[256], *state = NULL;
	char completion[256], build[256];
	const char *argv[24] = {BASH,	    "--norc", "-c",	script,
				"mnpenctl", build,    rig->dir, completion};
	const char *const environment[] = {bus, "LC_ALL=C.UTF-8", NULL};
	struct process shell = {0};
	size_t n = 8;

	assert_non_null(realpath("cli/completion/mnpenctl", completion));
	assert_non_null(realpath(program(""), build));
	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", address);
	snprintf(words, sizeof(words), "mnpenctl %s", line);
	for (char *word = strtok_r(words, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
		assert_true(n < ELEMENTSOF(argv) - 1);
		argv[n++] = strcmp(word, "_") == 0 ? "" : word;
	}
	(void)unlink(rig_path(rig, "shell.log"));
	process_start(&shell, rig->dir, "shell", argv,
		      &(struct process_options){.environment = environment});
	assert_int_equal(process_wait(&shell, STEP_MS), 0);
	return process_log(&shell); /* of standard error, too: which must be silent */
}

static void expect(struct rig *rig, const char *line, const char *candidates)
{
	_cleanup_free_ char *found = complete_at(rig, rig->bus_address, line);

	if (strcmp(found, candidates) != 0)
		fail_msg("\"mnpenctl %s\" completes to \"%s\" and not \"%s\"", line, found,
			 candidates);
}

#define GLOBAL "--json --no-pager --host --help --version "

static void test_words(void **state)
{
	static const struct {
		const char *line, *candidates;
	} cases[] = {
		{"_", "status pens profile session arm disarm stop target clear-fault monitor "
		      "record alarm client backup "},
		{"st", "status stop "},
		{"--json st", "status stop "},
		{"-H there st", "status stop "},
		{"--host = there st", "status stop "},
		{"session _", "begin area note end list show export verify report aftercare "},
		{"session e", "end export "},
		{"alarm _", "list ack "},
		{"nonsense _", " "},
		{"session nonsense _", " "},
		{"-", GLOBAL},
		{"session end -", "--session --outcome " GLOBAL},
		{"session end --outcome well -", "--session " GLOBAL},
		{"--json stop --j", " "},
		{"target --d", "--depth "},
		{"session export X --format _", "csv json "},
		{"session export X --format = j", "json "},
		{"session export X --format =", "csv json "},
		{"session export X --format=c", "--format=csv "},
		{"session begin --client _", " "},
		{"session note _", " "},
		{"pens _", " "},
	};
	struct rig *rig = rig_start(state, NULL);

	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		expect(rig, cases[i].line, cases[i].candidates);
	rig_stop(rig);
}

static void test_what_is_there(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.pens = 2});
	char line[128], both[160];

	expect(rig, "arm _", RIG_SERIAL "-1 " RIG_SERIAL "-2 ");
	expect(rig, "stop " RIG_SERIAL "-2", RIG_SERIAL "-2 ");
	expect(rig, "arm " RIG_SERIAL "-1 _", " ");
	expect(rig, "-H there arm _", " "); /* ssh could ask for a password */
	expect(rig, "profile show " RIG_PROFILE, RIG_PROFILE " ");
	expect(rig, "profile set " RIG_SERIAL "-1 benc", RIG_PROFILE " ");
	expect(rig, "profile set VP", RIG_SERIAL "-1 " RIG_SERIAL "-2 ");
	expect(rig, "profile set ben", RIG_PROFILE " "); /* the pen may be left out */
	expect(rig, "session begin --profile " RIG_PROFILE " --area _", "face thin ");
	expect(rig, "session begin --area _", " ");
	rig_begin(rig);
	expect(rig, "session begin --area f", "face ");
	expect(rig, "session begin --pen " RIG_SERIAL "-2 --area _", " ");
	expect(rig, "session area _", "face thin ");
	snprintf(both, sizeof(both), "%s ", rig->id);
	expect(rig, "session end --session _", both);
	expect(rig, "session area --session nope _", " ");
	expect(rig, "session show _", both);
	snprintf(line, sizeof(line), "session export %.9s", rig->id);
	expect(rig, line, both);
	expect(rig, "alarm ack _", " ");
	rig_stop(rig);
}

static void test_files(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_write(rig, "my profile.conf", "");
	rig_write(rig, "mine.conf", "");
	expect(rig, "profile check mi", "mine.conf ");
	expect(rig, "profile add my", "my profile.conf "); /* one word */
	expect(rig, "session begin --screening mi", "mine.conf ");
	expect(rig, "record mine", "mine.conf ");
	expect(rig, "record VPEN", RIG_SERIAL " ");
	expect(rig, "record " RIG_SERIAL " mine", "mine.conf ");
	rig_stop(rig);
}

/* Who may not read records without a password is not asked for one. */
static void test_asks_nobody(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	polkit_say(rig->polkit, false, 0);
	expect(rig, "session show _", " ");
	polkit_say(rig->polkit, true, 60000);
	expect(rig, "session show _", " ");
	expect(rig, "arm _", RIG_SERIAL " ");
	rig_stop(rig);
}

/* A bus that takes connections and never says a word. */
static int silent_bus(const struct rig *rig, char *address, size_t size)
{
	struct sockaddr_un where = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(where.sun_path, sizeof(where.sun_path), "%s", rig_path(rig, "silent"));
	snprintf(address, size, "unix:path=%s", where.sun_path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void expect_soon(struct rig *rig, const char *address)
{
	uint64_t end = usec_after_ms(3000);
	_cleanup_free_ char *values = complete_at(rig, address, "arm _");
	_cleanup_free_ char *words = complete_at(rig, address, "session e");

	assert_string_equal(values, " ");
	assert_string_equal(words, "end export ");
	assert_true(now_usec() < end);
}

static void test_without_daemon(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_close_ int bus = -EBADF;
	char address[160];

	process_kill(&rig->daemon, SIGSTOP);
	expect_soon(rig, rig->bus_address);
	process_kill(&rig->daemon, SIGCONT);
	process_kill(&rig->daemon, SIGTERM);
	assert_int_equal(process_wait(&rig->daemon, STEP_MS), 0);
	expect_soon(rig, rig->bus_address);
	expect_soon(rig, "unix:path=/nonexistent");
	bus = silent_bus(rig, address, sizeof(address));
	assert_true(bus >= 0);
	expect_soon(rig, address);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_words),	    RIG_TEST(test_what_is_there),  RIG_TEST(test_files),
		RIG_TEST(test_asks_nobody), RIG_TEST(test_without_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
