// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/harness_documents.h"

#define RUN_MS 15000
#define WORDS_MAX 24

/** struct command_line - argv, and what it points to */
struct command_line {
	char words[512];
	const char *argv[WORDS_MAX + 2];
	char bus[160];
	char card[160];
	const char *environment[5];
};

/* As strtok_r(), and 'several words' are one. */
static char *next_word(char *text, char **state)
{
	char *word = text ? text : *state;
	const char *end = " ";

	word += strspn(word, " ");
	if (*word == '\0')
		return NULL;
	if (*word == '\'') {
		word++;
		end = "'";
	}
	*state = word + strcspn(word, end);
	if (**state)
		*(*state)++ = '\0';
	return word;
}

static void split(struct rig *rig, struct command_line *command, const char *line)
{
	char *state = NULL;
	const char *card;
	size_t n = 0;

	command->argv[n++] = program("mnpenctl");
	snprintf(command->words, sizeof(command->words), "%s", line);
	for (char *word = next_word(command->words, &state); word; word = next_word(NULL, &state)) {
		assert_true(n < WORDS_MAX);
		command->argv[n++] = word;
	}
	command->argv[n] = NULL;
	snprintf(command->bus, sizeof(command->bus), "DBUS_SYSTEM_BUS_ADDRESS=%s",
		 rig->bus_address);
	/* The words of the card: those that the test has written, or the shipped ones. */
	card = rig_path(rig, "aftercare.conf");
	snprintf(command->card, sizeof(command->card), "MNPEN_AFTERCARE=%s",
		 access(card, F_OK) == 0 ? card : program("data/aftercare.conf"));
	command->environment[0] = command->bus;
	command->environment[1] = "TERM=xterm";
	command->environment[2] = "LC_ALL=C.UTF-8";
	command->environment[3] = command->card;
	command->environment[4] = NULL;
}

/* A pipe whose reading end holds @input already. */
static int with_input(const char *input)
{
	int fds[2];

	if (!input)
		return 0;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], input, strlen(input)), (ssize_t)strlen(input));
	close(fds[1]);
	return fds[0];
}

static char *read_all(int fd)
{
	char part[4096], *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	ssize_t n;

	assert_non_null(memory);
	while ((n = read(fd, part, sizeof(part))) > 0)
		assert_int_equal(fwrite(part, 1, (size_t)n, memory), n);
	assert_true(n == 0);
	assert_int_equal(fclose(memory), 0);
	return text;
}

static json_object *parse_document(const char *text, const char *line)
{
	json_tokener *tokener = json_tokener_new();
	json_object *document = json_tokener_parse_ex(tokener, text, (int)strlen(text));
	const char *rest = text + json_tokener_get_parse_end(tokener);

	while (isspace((unsigned char)*rest))
		rest++;
	if (!document || *rest)
		fail_msg("mnpenctl %s: not one document: %s", line, text);
	json_tokener_free(tokener);
	assert_int_equal(json_value(document, "schema"), 1);
	return document;
}

/* One document a line; the last of them. */
static json_object *parse_lines(struct rig *rig, const char *text, int code, const char *line)
{
	_cleanup_free_ char *copy = strdup(text);
	json_object *last = NULL;
	char *state = NULL;

	assert_non_null(copy);
	for (char *one = strtok_r(copy, "\n", &state); one; one = strtok_r(NULL, "\n", &state)) {
		json_object_put(last);
		last = parse_document(one, line);
		/* what came before the end was no failure */
		documents_keep(rig, line, json_object_object_get(last, "error") ? code : 0, last);
	}
	return last;
}

static void take_json(struct rig *rig, struct cli_result *result, const char *line)
{
	bool flag = strncmp(line, "--json", 6) == 0 || strstr(line, " --json");

	if (flag && strstr(line, "monitor")) {
		result->json = parse_lines(rig, result->out, result->code, line);
	} else if (flag ||
		   (result->code == 0 && strstr(line, "--format json") && !strstr(line, " -o "))) {
		result->json = parse_document(result->out, line);
		documents_keep(rig, line, result->code, result->json);
	}
}

static struct cli_result run(struct rig *rig, const char *input, int ms, const char *line)
{
	static unsigned int runs;
	struct command_line command;
	struct process process = {0};
	struct process_options options = {.environment = command.environment};
	struct cli_result result = {0};
	int fds[2];
	char name[24];

	split(rig, &command, line);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	options.stdin_fd = with_input(input);
	options.stdout_fd = fds[1];
	snprintf(name, sizeof(name), "mnpenctl-%u", runs++);
	process_start(&process, rig->dir, name, command.argv, &options);
	close(fds[1]);
	if (options.stdin_fd)
		close(options.stdin_fd);
	if (ms) {
		sleep_ms(ms);
		process_kill(&process, SIGINT);
	}
	result.out = read_all(fds[0]);
	close(fds[0]);
	result.code = process_wait(&process, RUN_MS);
	result.err = process_log(&process);
	if (!process_sound(&process))
		fail_msg("mnpenctl %s: %s", line, result.err);
	take_json(rig, &result, line);
	return result;
}

struct cli_result cli_run(struct rig *rig, const char *input, const char *line)
{
	return run(rig, input, 0, line);
}

struct cli_result cli_run_for(struct rig *rig, int ms, const char *line)
{
	return run(rig, NULL, ms, line);
}

void cli_free(struct cli_result *result)
{
	json_object_put(result->json);
	free(result->out);
	free(result->err);
	*result = (struct cli_result){0};
}

size_t cli_sessions(struct rig *rig, const char *line)
{
	json_object *document = cli_json(rig, 0, line);
	size_t n = json_object_array_length(json_at(document, "sessions"));

	json_object_put(document);
	return n;
}

json_object *cli_json(struct rig *rig, int code, const char *line)
{
	struct cli_result result;
	json_object *document;
	char full[512];

	snprintf(full, sizeof(full), "--json %s", line);
	result = cli_run(rig, NULL, full);
	if (result.code != code)
		fail_msg("mnpenctl %s: %d and not %d: %s%s", full, result.code, code, result.out,
			 result.err);
	document = TAKE_PTR(result.json);
	cli_free(&result);
	return document;
}

json_object *json_at(json_object *object, const char *path)
{
	char copy[128], *state = NULL;
	json_object *at = object;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *key = strtok_r(copy, ".", &state); key; key = strtok_r(NULL, ".", &state)) {
		if (json_object_is_type(at, json_type_array))
			at = json_object_array_get_idx(at, strtoul(key, NULL, 10));
		else if (!json_object_object_get_ex(at, key, &at))
			fail_msg("no \"%s\" in %s", path, json_object_to_json_string(object));
	}
	return at;
}

const char *json_word(json_object *object, const char *path)
{
	json_object *at = json_at(object, path);

	return at ? json_object_get_string(at) : "";
}

int64_t json_value(json_object *object, const char *path)
{
	return json_object_get_int64(json_at(object, path));
}

/* ---- at a terminal ---- */

void cli_open(struct rig *rig, struct cli_terminal *terminal, const char *line)
{
	struct winsize size = {.ws_row = 24, .ws_col = 120};
	struct command_line command;
	struct process_options options = {.environment = command.environment, .terminal = true};
	int slave;

	*terminal = (struct cli_terminal){.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
	assert_true(terminal->fd >= 0);
	assert_int_equal(grantpt(terminal->fd), 0);
	assert_int_equal(unlockpt(terminal->fd), 0);
	slave = open(ptsname(terminal->fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(slave >= 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
	split(rig, &command, line);
	options.stdin_fd = slave;
	options.stdout_fd = slave;
	process_start(&terminal->process, rig->dir, "terminal", command.argv, &options);
	close(slave);
}

/* Whether there may be more to come. */
static bool take_in(struct cli_terminal *terminal, int ms)
{
	struct pollfd poller = {.fd = terminal->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&poller, 1, ms) <= 0)
		return true;
	/* Like a terminal that was scrolled: the latest half stays. */
	if (terminal->used > CLI_TEXT_MAX / 2) {
		memmove(terminal->seen, terminal->seen + terminal->used / 2,
			terminal->used - terminal->used / 2);
		terminal->used -= terminal->used / 2;
	}
	n = read(terminal->fd, terminal->seen + terminal->used, CLI_TEXT_MAX - 1 - terminal->used);
	if (n > 0)
		terminal->used += (size_t)n;
	terminal->seen[terminal->used] = '\0';
	return n > 0;
}

void cli_await(struct cli_terminal *terminal, const char *text, int ms)
{
	uint64_t end = usec_after_ms(ms);

	while (!strstr(terminal->seen, text) && now_usec() < end && take_in(terminal, 10))
		;
	if (!strstr(terminal->seen, text))
		fail_msg("the terminal does not show \"%s\": %s", text, terminal->seen);
}

void cli_type(struct cli_terminal *terminal, const char *keys)
{
	assert_int_equal(write(terminal->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

int cli_end(struct cli_terminal *terminal, int ms)
{
	uint64_t end = usec_after_ms(ms);
	_cleanup_free_ char *log = NULL;
	size_t used;
	int code;

	while (process_running(&terminal->process) && now_usec() < end)
		(void)take_in(terminal, 10);
	while (take_in(terminal, 0) && terminal->used < CLI_TEXT_MAX / 2) {
		struct pollfd poller = {.fd = terminal->fd, .events = POLLIN};

		if (poll(&poller, 1, 0) <= 0)
			break;
	}
	code = process_wait(&terminal->process, ms);
	terminal->fd = close_fd(terminal->fd);
	/* Standard error is the log's. */
	log = process_log(&terminal->process);
	used = terminal->used;
	snprintf(terminal->seen + used, CLI_TEXT_MAX - used, "%s", log);
	return code;
}
