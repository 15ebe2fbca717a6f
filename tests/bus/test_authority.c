// SPDX-License-Identifier: GPL-2.0-only
/* Who may: polkit's word for each method, late words, no words, and clients that leave. */
#include "tests/bus/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define STEP_MS 5000
#define SLOW_MS 600

/* Whatever is not named here is denied together with its right. */
static const char *const free_for_all[] = {"StopAll", "Stop", "Disarm", "CheckProfile", "Explain"};

static bool is_free(const char *method)
{
	for (size_t i = 0; i < ELEMENTSOF(free_for_all); i++)
		if (strcmp(free_for_all[i], method) == 0)
			return true;
	return false;
}

/* The value of attribute @name in the tag at @tag, into @value; false when it has none. */
static bool attribute(const char *tag, const char *name, char *value, size_t size)
{
	const char *end = strchr(tag, '>'), *at = strstr(tag, name);

	if (!end || !at || at > end)
		return false;
	at += strlen(name) + 2; /* =" */
	snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
	return true;
}

/* An argument of each type that the interfaces use; what it says does not matter. */
static int append_any(struct rig *rig, sd_bus_message *call, const char *type)
{
	if (strcmp(type, "a{sv}") == 0)
		return sd_bus_message_append(call, "a{sv}", 0);
	if (strcmp(type, "o") == 0)
		return sd_bus_message_append(call, "o", rig->pen);
	if (strcmp(type, "s") == 0)
		return sd_bus_message_append(call, "s", "x");
	if (strcmp(type, "u") == 0)
		return sd_bus_message_append(call, "u", 1);
	if (strcmp(type, "b") == 0)
		return sd_bus_message_append(call, "b", 1);
	fail_msg("no argument of type %s at hand", type);
	return -1;
}

/* Call the method whose element begins at @element and ends at @end; its outcome in @word. */
static void call_element(struct rig *rig, const char *path, const char *interface,
			 const char *element, const char *end, const char *method, char *word,
			 size_t size)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL;
	char type[32], direction[8];

	assert_true(sd_bus_message_new_method_call(rig->client->bus, &call, API_BUS_NAME, path,
						   interface, method) >= 0);
	for (const char *arg = strstr(element, "<arg "); arg && arg < end;
	     arg = strstr(arg + 1, "<arg ")) {
		assert_true(attribute(arg, "type", type, sizeof(type)));
		if (!attribute(arg, "direction", direction, sizeof(direction)) ||
		    strcmp(direction, "in") == 0)
			assert_true(append_any(rig, call, type) >= 0);
	}
	(void)sd_bus_call(rig->client->bus, call, 0, &error, NULL);
	snprintf(word, size, "%s", error.name ? error.name : "");
	sd_bus_error_free(&error);
	sd_bus_message_unref(call);
}

/* Every method of @interface as the daemon itself describes it. Returns how many. */
static unsigned int deny_all(struct rig *rig, const char *path, const char *interface)
{
	sd_bus_message *reply = NULL;
	char needle[64], method[64], word[96];
	const char *xml, *at, *end, *close;
	unsigned int n = 0;

	assert_done(rig, client_call(rig->client, &reply, path,
				     "org.freedesktop.DBus.Introspectable", "Introspect", ""));
	assert_true(sd_bus_message_read(reply, "s", &xml) > 0);
	snprintf(needle, sizeof(needle), "<interface name=\"%s\"", interface);
	at = strstr(xml, needle);
	assert_non_null(at);
	end = strstr(at, "</interface>");
	while ((at = strstr(at, "<method ")) && at < end) {
		assert_true(attribute(at, "name", method, sizeof(method)));
		close = strchr(at, '>');
		close = close[-1] == '/' ? close : strstr(at, "</method>");
		call_element(rig, path, interface, at, close, method, word, sizeof(word));
		if (is_free(method) ? strstr(word, "NotAuthorized") != NULL
				    : strcmp(word, API_ERROR("NotAuthorized")) != 0)
			fail_msg("%s.%s, denied: \"%s\"", interface, method, word);
		at = close;
		n++;
	}
	sd_bus_message_unref(reply);
	return n;
}

static void test_denied(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	char subject[64];
	const char *name;

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	polkit_say(rig->polkit, false, 0);
	assert_true(deny_all(rig, rig->session, API_SESSION) >= 3);
	assert_true(rig_truth(rig).motor); /* nothing of it had an effect */
	assert_refused(rig, pen_call(rig, "SetTarget", "uu", 300, 5000), "NotAuthorized");
	assert_int_equal(pen_value(rig, "TargetDepthUm"), RIG_DEPTH_UM);
	assert_done(rig, pen_call(rig, "Stop", ""));
	assert_false(rig_truth(rig).motor);
	assert_true(deny_all(rig, rig->pen, API_PEN) >= 8);
	assert_true(deny_all(rig, API_ROOT, API_MANAGER) >= 13);
	assert_string_equal(rig_truth(rig).state, "idle");
	assert_string_equal(pen_word(rig, "Session"), rig->session);

	/* It was asked about the caller, and for the right right. */
	polkit_subject(rig->polkit, subject, sizeof(subject));
	assert_true(sd_bus_get_unique_name(rig->client->bus, &name) >= 0);
	assert_string_equal(subject, name);
	assert_true(polkit_asked(rig->polkit, API_ACTION_OPERATE) >= 10);
	assert_int_equal(polkit_asked(rig->polkit, API_ACTION_READ_RECORDS), 3);
	assert_int_equal(polkit_asked(rig->polkit, API_ACTION_MANAGE_PROFILES), 2);
	assert_int_equal(polkit_asked(rig->polkit, API_ACTION_ERASE), 3);
	rig_stop(rig);
}

/* A stop that comes while polkit thinks: what waited does not arm, whatever polkit says then. */
static void stop_meanwhile(struct rig *rig, const char *what)
{
	struct answer answer;
	uint64_t before;

	polkit_say(rig->polkit, true, SLOW_MS);
	client_send(rig->client, &answer, rig->pen, API_PEN, "Arm", "");
	sleep_ms(SLOW_MS / 4);
	polkit_say(rig->polkit, true, 0);
	before = now_usec();
	if (strcmp(what, "StopAll") == 0)
		assert_done(rig, manager_call(rig, what, ""));
	else
		assert_done(rig, pen_call(rig, what, ""));
	assert_true(now_usec() - before <
		    (unsigned int)(SLOW_MS / 2 * time_scale()) * USEC_PER_MSEC);
	assert_false(answer.there);
	if (strcmp(client_answer(rig->client, &answer, STEP_MS), "Interlock") != 0)
		fail_msg("Arm after %s: \"%s\" %s", what, answer.word, answer.message);
	assert_string_equal(rig_truth(rig).state, "idle");
	assert_int_equal(pen_value(rig, "Armed"), 0);
}

static void test_slow(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct truth truth;

	rig_begin(rig);
	gadget_do(rig->control_fd, "trigger press");
	stop_meanwhile(rig, "Stop");
	stop_meanwhile(rig, "StopAll");
	stop_meanwhile(rig, "Disarm");
	truth = rig_truth(rig);
	assert_int_equal(truth.motor_on_ns, 0);
	assert_string_equal(truth.token, "0000000000000000");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'armed'"), 0);
	gadget_do(rig->control_fd, "trigger release");
	rig_arm(rig); /* what is asked after the stop is a new request */
	rig_stop(rig);
}

/* The same for the other two that carry an epoch. */
static void test_slow_others(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct answer answer;

	polkit_say(rig->polkit, true, SLOW_MS);
	client_send(rig->client, &answer, API_ROOT, API_MANAGER, "BeginSession", "ossa{sv}",
		    rig->pen, RIG_PROFILE, "client-1", 0);
	sleep_ms(SLOW_MS / 4);
	assert_done(rig, pen_call(rig, "Stop", ""));
	assert_string_equal(client_answer(rig->client, &answer, STEP_MS), "Interlock");
	assert_string_equal(pen_word(rig, "Session"), "/");

	client_send(rig->client, &answer, rig->pen, API_PEN, "SetTarget", "uu", 500, 6000);
	sleep_ms(SLOW_MS / 4);
	assert_done(rig, pen_call(rig, "Stop", ""));
	assert_string_equal(client_answer(rig->client, &answer, STEP_MS), "Interlock");
	assert_int_equal(pen_value(rig, "TargetDepthUm"), 0);
	rig_stop(rig);
}

/* As another user: the outcome of Arm as an exit code, 0 = denied. Only root can do that. */
static int as_nobody(const struct rig *rig)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		sd_bus_error error = SD_BUS_ERROR_NULL;
		sd_bus *bus = NULL;
		bool denied;

		if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0 ||
		    sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, rig->bus_address) < 0 ||
		    sd_bus_set_bus_client(bus, 1) < 0 || sd_bus_start(bus) < 0)
			_exit(2);
		(void)sd_bus_call_method(bus, API_BUS_NAME, rig->pen, API_PEN, "Arm", &error, NULL,
					 "");
		denied = sd_bus_error_has_name(&error, API_ERROR("NotAuthorized"));
		_exit(denied && sd_bus_call_method(bus, API_BUS_NAME, rig->pen, API_PEN, "Stop",
						   NULL, NULL, "") >= 0
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_no_polkit(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_polkit = true});

	rig_begin(rig);
	rig_arm(rig);
	if (geteuid() == 0) {
		assert_int_equal(chmod(rig->dir, 0711), 0);
		assert_int_equal(as_nobody(rig), 0);
		assert_string_equal(rig_truth(rig).state, "idle"); /* anybody may stop */
	}
	rig_stop(rig);
}

static void test_client_leaves(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct client *other = client_new(rig->bus_address);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	client_free(other); /* one who has nothing to do with it */
	sleep_ms(100);
	assert_true(rig_truth(rig).motor);
	assert_done(rig, pen_call(rig, "Stop", ""));

	gadget_do(rig->control_fd, "trigger release");
	other = client_new(rig->bus_address);
	assert_done(rig, client_call(other, NULL, rig->pen, API_PEN, "Arm", ""));
	rig_run(rig);
	client_free(other);
	assert_string_equal(rig_await_motor(rig, false, STEP_MS).stop_reason, "host");
	rig_await_word(rig, "DisarmReason", "client-gone", STEP_MS);
	assert_int_equal(pen_value(rig, "Armed"), 0);
	assert_string_equal(pen_word(rig, "Session"), rig->session); /* the session stays */
	rig_stop(rig);
}

/* He leaves while polkit thinks about his Arm. */
static void test_client_leaves_early(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct client *other = client_new(rig->bus_address);
	struct answer answer;

	rig_begin(rig);
	polkit_say(rig->polkit, true, SLOW_MS);
	client_send(other, &answer, rig->pen, API_PEN, "Arm", "");
	sleep_ms(SLOW_MS / 4);
	answer.slot = sd_bus_slot_unref(answer.slot);
	client_free(other);
	sleep_ms(SLOW_MS + 200);
	assert_int_equal(pen_value(rig, "Armed"), 0);
	assert_string_equal(rig_truth(rig).state, "idle");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'armed'"), 0);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_denied),	      RIG_TEST(test_slow),
		RIG_TEST(test_slow_others),   RIG_TEST(test_no_polkit),
		RIG_TEST(test_client_leaves), RIG_TEST(test_client_leaves_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
