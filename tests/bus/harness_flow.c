// SPDX-License-Identifier: GPL-2.0-only
/* The steps from a rig to running needles, and waiting for what follows. */
#include "tests/bus/harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define STEP_MS 5000
#define POLL_MS 2

void assert_outcome(struct rig *rig, const char *word, const char *expected, const char *call,
		    const char *file, int line)
{
	if (strcmp(word, expected) == 0)
		return;
	fprintf(stderr, "%s: \"%s\" instead of \"%s\": %s\n", call, word, expected,
		rig->client->message);
	_fail(file, line);
}

void assert_says(struct rig *rig, const char *text)
{
	if (!strstr(rig->client->message, text))
		fail_msg("\"%s\" does not say \"%s\"", rig->client->message, text);
}

#define CALL(path, interface)                                                                      \
	({                                                                                         \
		const char *_word;                                                                 \
		va_list _args;                                                                     \
		va_start(_args, types);                                                            \
		_word = client_call_v(rig->client, NULL, path, interface, member, types, _args);   \
		va_end(_args);                                                                     \
		_word;                                                                             \
	})

const char *pen_call(struct rig *rig, const char *member, const char *types, ...)
{
	return CALL(rig->pen, API_PEN);
}

const char *manager_call(struct rig *rig, const char *member, const char *types, ...)
{
	return CALL(API_ROOT, API_MANAGER);
}

const char *session_call(struct rig *rig, const char *member, const char *types, ...)
{
	return CALL(rig->session, API_SESSION);
}

const char *rig_begin_as(struct rig *rig, const char *profile, const char *client, const char *area)
{
	sd_bus_message *reply = NULL;
	const char *id, *path;
	const char *word;

	if (area)
		word = client_call(rig->client, &reply, API_ROOT, API_MANAGER, "BeginSession",
				   "ossa{sv}", rig->pen, profile, client, 1, "area", "s", area);
	else
		word = client_call(rig->client, &reply, API_ROOT, API_MANAGER, "BeginSession",
				   "ossa{sv}", rig->pen, profile, client, 0);
	if (*word)
		return word;
	assert_true(sd_bus_message_read(reply, "so", &id, &path) > 0);
	snprintf(rig->id, sizeof(rig->id), "%s", id);
	snprintf(rig->session, sizeof(rig->session), "%s", path);
	sd_bus_message_unref(reply);
	return word;
}

void rig_begin(struct rig *rig)
{
	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA));
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM));
}

/* ---- waiting ---- */

struct deadline {
	uint64_t end_usec;
	int ms;
};

static struct deadline in_ms(int ms)
{
	return (struct deadline){usec_after_ms(ms), ms * time_scale()};
}

/* True while there is time left, after a moment's rest. */
static bool goes_on(const struct deadline *deadline)
{
	sleep_ms(POLL_MS);
	return now_usec() < deadline->end_usec;
}

/* For a moment after a stop the daemon looks whether the pen's own word is true. */
void rig_arm(struct rig *rig)
{
	struct deadline deadline = in_ms(STEP_MS);

	while (strcmp(pen_call(rig, "Arm", ""), "Interlock") == 0 &&
	       strstr(rig->client->message, "stopping") && goes_on(&deadline))
		;
	assert_outcome(rig, rig->client->word, "", "Arm", __FILE__, __LINE__);
	assert_string_equal(rig_truth(rig).state, "armed");
	/* The lease that lets the trigger work follows the confirmed target. */
	while (!rig_truth(rig).enable && goes_on(&deadline))
		;
	assert_true(rig_truth(rig).enable);
}

/* At speed, so that what follows is measured on needles that work. */
void rig_run(struct rig *rig)
{
	struct deadline deadline = in_ms(STEP_MS);
	struct truth truth;

	gadget_do(rig->control_fd, "trigger press");
	rig_await_state(rig, "running", STEP_MS);
	do {
		truth = rig_truth(rig);
	} while ((truth.speed_rpm < RIG_SPEED_RPM * 8 / 10 || truth.strokes < 3) && truth.motor &&
		 goes_on(&deadline));
	if (!truth.motor)
		fail_msg("the pen stopped at its start: %s, %s", truth.stop_reason,
			 pen_word(rig, "DisarmReason"));
}

void rig_rearm(struct rig *rig)
{
	gadget_do(rig->control_fd, "trigger release");
	rig_await_word(rig, "State", "idle", STEP_MS);
	rig_await_value(rig, "DepthUm", 0, STEP_MS); /* needles take some milliseconds to go back */
	rig_arm(rig);
	rig_run(rig);
}

void rig_some_strokes(struct rig *rig)
{
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM));
	rig_arm(rig);
	rig_run(rig);
	gadget_do(rig->control_fd, "trigger release");
	rig_await_motor(rig, false, STEP_MS);
}

void rig_fresh_cartridge(struct rig *rig)
{
	gadget_do(rig->control_fd, "cartridge insert");
}

void rig_reload(struct rig *rig)
{
	static const char line[] = "configuration read again";
	_cleanup_free_ char *before = process_log(&rig->daemon);
	int seen = 0, now = 0;

	for (const char *at = before; (at = strstr(at, line)); at++)
		seen++;
	process_kill(&rig->daemon, SIGHUP);
	for (int i = 0; i < STEP_MS / 5 && now <= seen; i++) {
		_cleanup_free_ char *log = process_log(&rig->daemon);

		now = 0;
		for (const char *at = log; (at = strstr(at, line)); at++)
			now++;
		client_pump(rig->client, 5);
	}
	assert_int_equal(now, seen + 1);
}

struct truth rig_truth(struct rig *rig)
{
	return gadget_truth(rig->control_fd);
}

const char *pen_word(struct rig *rig, const char *property)
{
	return client_string(rig->client, rig->pen, API_PEN, property);
}

int64_t pen_value(struct rig *rig, const char *property)
{
	return client_number(rig->client, rig->pen, API_PEN, property);
}

void rig_await_state(struct rig *rig, const char *state, int ms)
{
	struct deadline deadline = in_ms(ms);
	struct truth truth = rig_truth(rig);

	while (strcmp(truth.state, state) != 0 && goes_on(&deadline))
		truth = rig_truth(rig);
	if (strcmp(truth.state, state) != 0)
		fail_msg("the pen is %s (%s) and not %s after %d ms", truth.state,
			 truth.stop_reason, state, deadline.ms);
}

struct truth rig_await_motor(struct rig *rig, bool on, int ms)
{
	struct deadline deadline = in_ms(ms);
	struct truth truth = rig_truth(rig);

	while (truth.motor != on && goes_on(&deadline))
		truth = rig_truth(rig);
	if (truth.motor != on)
		fail_msg("the motor is still %s after %d ms", on ? "off" : "on", deadline.ms);
	return truth;
}

void rig_await_word(struct rig *rig, const char *property, const char *value, int ms)
{
	struct deadline deadline = in_ms(ms);
	const char *word = pen_word(rig, property);

	while (strcmp(word, value) != 0 && goes_on(&deadline))
		word = pen_word(rig, property);
	if (strcmp(word, value) != 0)
		fail_msg("%s is \"%s\" and not \"%s\" after %d ms", property, word, value,
			 deadline.ms);
}

void rig_await_value(struct rig *rig, const char *property, int64_t value, int ms)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	rig_await_word(rig, property, text, ms);
}

void rig_await_number(struct rig *rig, const char *sql, int64_t value, int ms)
{
	struct deadline deadline = in_ms(ms);
	int64_t number = db_number(rig->db, sql);

	while (number != value && goes_on(&deadline))
		number = db_number(rig->db, sql);
	if (number != value)
		fail_msg("%s: %lld and not %lld after %d ms", sql, (long long)number,
			 (long long)value, deadline.ms);
}

const struct bus_event *rig_await_event(struct rig *rig, const char *kind, int ms)
{
	struct deadline deadline = in_ms(ms);
	const struct bus_event *event = client_event(rig->client, kind, 0);

	while (!event && goes_on(&deadline))
		event = client_event(rig->client, kind, 0);
	if (!event)
		fail_msg("no event \"%s\" after %d ms", kind, deadline.ms);
	return event;
}

void rig_await_healthy(struct rig *rig, bool healthy, int ms)
{
	struct deadline deadline = in_ms(ms);
	bool is;

	do {
		is = client_number(rig->client, API_ROOT, API_MANAGER, "StoreHealthy") != 0;
	} while (is != healthy && goes_on(&deadline));
	if (is != healthy)
		fail_msg("the store is still %s after %d ms", is ? "healthy" : "not healthy",
			 deadline.ms);
}

/* ---- the session's row ---- */

int64_t session_number(struct rig *rig, const char *expression)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "SELECT %s FROM session WHERE id = '%s'", expression, rig->id);
	return db_number(rig->db, sql);
}

const char *session_word(struct rig *rig, const char *expression)
{
	static char words[4][256];
	static unsigned int next;
	char *word = words[next++ % 4];
	char sql[256];

	snprintf(sql, sizeof(sql), "SELECT %s FROM session WHERE id = '%s'", expression, rig->id);
	return db_word(rig->db, sql, word, sizeof(words[0]));
}
