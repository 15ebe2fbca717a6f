/* SPDX-License-Identifier: GPL-2.0-only */
/* mnpenctl as people and scripts run it. */
#ifndef MNPEN_HARNESS_CLI_H
#define MNPEN_HARNESS_CLI_H

#include <json-c/json.h>

#include "tests/bus/harness.h"

#define CLI_TEXT_MAX 65536

/** struct cli_result - of one run */
struct cli_result {
	int code;
	json_object *json; /* of "--json" runs: the one document on standard output */
	char *out;
	char *err;
};

/** cli_run() - run "mnpenctl LINE", words by blanks and as one word what stands in '', with @input
 * (NULL = nothing) on standard input; fails the test when it hangs. With --json in @line, standard
 * output must be one document of schema 1 and nothing else, of "monitor" one a line and @json the
 * last of them. All of them are kept for documents_check(). Give the result to cli_free(). */
struct cli_result cli_run(struct rig *rig, const char *input, const char *line);
/** cli_run_for() - the same, ended by SIGINT after @ms */
struct cli_result cli_run_for(struct rig *rig, int ms, const char *line);
void cli_free(struct cli_result *result);

/** cli_json() - cli_run() of "--json LINE" that must end with @code; the document, to be put */
json_object *cli_json(struct rig *rig, int code, const char *line);

/** cli_sessions() - how many sessions "session list ..." in @line names */
size_t cli_sessions(struct rig *rig, const char *line);

/** json_at() - a member by "path.to.0.key"; fails the test when it is not there */
json_object *json_at(json_object *object, const char *path);
const char *json_word(json_object *object, const char *path);
int64_t json_value(json_object *object, const char *path);

/** struct cli_terminal - mnpenctl at a terminal */
struct cli_terminal {
	struct process process;
	int fd; /* what the person at the terminal sees and types */
	char seen[CLI_TEXT_MAX];
	size_t used;
};

void cli_open(struct rig *rig, struct cli_terminal *terminal, const char *line);
/** cli_await() - until @text was shown */
void cli_await(struct cli_terminal *terminal, const char *text, int ms);
void cli_type(struct cli_terminal *terminal, const char *keys);
/** cli_end() - its exit code, as process_wait(); what it still says is taken in */
int cli_end(struct cli_terminal *terminal, int ms);

#endif
