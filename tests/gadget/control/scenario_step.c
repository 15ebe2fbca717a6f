// SPDX-License-Identifier: GPL-2.0-only
/* Parser of scenario files. All of a file is checked before any of it runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "driver/proto/names.h"
#include "tests/gadget/control/scenario_check.h"

DEFINE_CLEANUP(struct scenario_check *, scenario_check_free)

#define BLANKS " \t\r\n"
#define STEPS_MAX 10000
#define MS_MAX 86400000 /* a day */
#define TEXT_OF(number) #number
#define MS_RANGE(max) "0 to " TEXT_OF(max) " ms"
#define ERRORS_MAX 20 /* then the file is given up */

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, BLANKS);
}

/* The rest after @word if @text begins with it, else NULL. */
static const char *after_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(text, word, len) != 0 || (text[len] && !strchr(BLANKS, text[len])))
		return NULL;
	return skip_blanks(text + len);
}

/* The rest after a number of milliseconds, or NULL. */
static const char *parse_ms(const char *text, uint32_t *ret_ms)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || value < 0 || value > MS_MAX || (*end && !strchr(BLANKS, *end)))
		return NULL;
	*ret_ms = (uint32_t)value;
	return skip_blanks(end);
}

static void trim_end(char *text)
{
	size_t len = strlen(text);

	while (len && strchr(BLANKS, text[len - 1]))
		text[--len] = 0;
}

static int parse_wait(struct step *step, const char *rest, const char **ret_error)
{
	unsigned int state;

	if (mnpen_state_parse(rest, &state) < 0) {
		*ret_error = "wait takes boot, idle, armed, running or fault";
		return -EINVAL;
	}
	step->kind = STEP_WAIT;
	step->state = (enum mnpen_state)state;
	return 1;
}

static int parse_expect(struct step *step, const char *rest, const char **ret_error)
{
	const char *named = after_word(rest, "state");
	const char *within;
	size_t key, value;

	*ret_error = "the form is: expect KEY=VALUE [within MS], with " MS_RANGE(MS_MAX);
	if (named)
		rest = named;
	key = strcspn(rest, "=" BLANKS);
	if (!key || rest[key] != '=')
		return -EINVAL;
	value = strcspn(rest + key + 1, BLANKS);
	if (value >= sizeof(step->value))
		return -EINVAL;
	memcpy(step->text, rest, key);
	memcpy(step->value, rest + key + 1, value);
	rest = skip_blanks(rest + key + 1 + value);
	step->kind = STEP_EXPECT;
	if (!*rest)
		return 1;
	within = after_word(rest, "within");
	rest = within ? parse_ms(within, &step->within_ms) : NULL;
	return rest && !*rest ? 1 : -EINVAL;
}

int step_parse(struct step *ret, const char *line, const char **ret_error)
{
	struct step step = {0};
	char text[COMMAND_LINE_MAX];
	const char *rest, *at, *word;
	int r = 1;

	if (strcspn(line, "#") >= sizeof(text)) {
		*ret_error = "the line is too long";
		return -EINVAL;
	}
	memcpy(text, line, strcspn(line, "#"));
	text[strcspn(line, "#")] = 0;
	trim_end(text);
	rest = skip_blanks(text);
	if (!*rest)
		return 0;
	at = after_word(rest, "at");
	if (at) {
		rest = parse_ms(at, &step.at_ms);
		if (!rest || !*rest) {
			*ret_error = "the form is: at MS COMMAND, with " MS_RANGE(MS_MAX);
			return -EINVAL;
		}
		step.timed = true;
	}
	if ((word = after_word(rest, "wait"))) {
		r = parse_wait(&step, word, ret_error);
	} else if ((word = after_word(rest, "expect"))) {
		r = parse_expect(&step, word, ret_error);
	} else {
		memcpy(step.text, rest, strlen(rest) + 1);
	}
	if (r > 0)
		*ret = step;
	return r;
}

static int parse_line(struct step *step, const char *line, struct scenario_check *check,
		      const char **ret_error)
{
	int r = step_parse(step, line, ret_error);
	int checked;

	if (r <= 0)
		return r;
	checked = scenario_check_step(check, step, ret_error);
	return checked < 0 ? checked : r;
}

/* Every wrong line is told, not the first one only. */
static int parse_file(FILE *file, const char *path, struct scenario_check *check,
		      struct step *steps, size_t *ret_n_steps)
{
	_cleanup_free_ char *line = NULL;
	unsigned int number = 0, errors = 0;
	const char *error = "out of memory";
	size_t size = 0, n = 0;
	int r;

	while (errors < ERRORS_MAX && getline(&line, &size, file) >= 0) {
		number++;
		if (n == STEPS_MAX) {
			log_error("%s:%u: more than %d steps", path, number, STEPS_MAX);
			return -E2BIG;
		}
		r = parse_line(&steps[n], line, check, &error);
		if (r < 0) {
			log_error("%s:%u: %.*s: %s", path, number,
				  (int)MIN(strcspn(line, "\n"), (size_t)COMMAND_LINE_MAX), line,
				  error);
			errors++;
		}
		if (r > 0)
			steps[n++].line = number;
	}
	if (ferror(file)) {
		log_error("cannot read %s", path);
		return -EIO;
	}
	*ret_n_steps = n;
	return errors ? -EINVAL : 0;
}

int scenario_parse(const char *path, const struct gadget *gadget, struct step **ret_steps,
		   size_t *ret_n_steps)
{
	_cleanup_(scenario_check_free_cleanup) struct scenario_check *check = NULL;
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	_cleanup_free_ struct step *steps = NULL;
	int r = -errno;

	if (!file) {
		log_error("cannot open the scenario %s: %s", path, strerror(-r));
		return r;
	}
	steps = calloc(STEPS_MAX, sizeof(*steps));
	r = steps ? scenario_check_new(&check, gadget->server->n_ports, gadget->cabled) : -ENOMEM;
	if (r < 0) {
		log_error("cannot check the scenario %s: %s", path, strerror(-r));
		return r;
	}
	r = parse_file(file, path, check, steps, ret_n_steps);
	if (r >= 0)
		*ret_steps = TAKE_PTR(steps);
	return r;
}
