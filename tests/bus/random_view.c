// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon shows of a pen, held against what is true of it; and what the pen was asked. */
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/random_odd.h"
#include "tests/bus/random_run.h"

#define ANSWER_MS 1000 /* a property is memory of the main thread; it waits for nothing */
#define AGREE_MS 700   /* how long the daemon's word may differ from what is true */
#define BUS_MS 3000    /* a bus event ends the stream, and at rest that is noticed in two seconds */
#define LOG_SHORT 24
#define LOG_ALL 1024

#define PROPERTIES "org.freedesktop.DBus.Properties"

/* NULL: there is no such object, as there is no such pen now. */
static sd_bus_message *get(struct run *run, const char *path, const char *interface,
			   const char *property)
{
	struct client *client = run->rig->client;
	uint64_t sent_ns = now_monotonic_ns(), ns;
	sd_bus_message *reply = NULL;

	(void)client_call(client, &reply, path, PROPERTIES, "Get", "ss", interface, property);
	ns = now_monotonic_ns();
	if (ns - sent_ns >
	    ANSWER_MS * 1000000ull * run->oracle.scale + canary_late_ns(run->canary, sent_ns, ns))
		oracle_broken(&run->oracle, "does not answer", "%s after %.1f ms", property,
			      (double)(ns - sent_ns) / 1e6);
	return reply;
}

static bool get_text(struct run *run, const char *property, char *ret, size_t size)
{
	sd_bus_message *reply = get(run, run->rig->pen, API_PEN, property);
	bool there = reply && bus_text(reply, ret, size) >= 0;

	sd_bus_message_unref(reply);
	return there;
}

static bool get_faults(struct run *run, char *ret, size_t size)
{
	sd_bus_message *reply = get(run, run->rig->pen, API_PEN, "Faults");
	size_t used = 0;
	const char *name;
	bool there = reply && sd_bus_message_enter_container(reply, 'v', "as") > 0 &&
		     sd_bus_message_enter_container(reply, 'a', "s") >= 0;

	ret[0] = '\0';
	while (there && used < size && sd_bus_message_read(reply, "s", &name) > 0)
		used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? "," : "", name);
	sd_bus_message_unref(reply);
	return there;
}

/* The ids out of aa{sv}. */
static void get_alarms(struct run *run, struct view *view)
{
	sd_bus_message *reply = get(run, API_ROOT, API_MANAGER, "Alarms");
	const char *key;

	if (!reply || sd_bus_message_enter_container(reply, 'v', "aa{sv}") <= 0 ||
	    sd_bus_message_enter_container(reply, 'a', "a{sv}") < 0)
		oracle_broken(&run->oracle, "does not answer", "Alarms: %s",
			      run->rig->client->message);
	while (reply && sd_bus_message_enter_container(reply, 'a', "{sv}") > 0) {
		while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
			char text[64];

			assert_true(sd_bus_message_read(reply, "s", &key) > 0);
			assert_true(bus_text(reply, text, sizeof(text)) >= 0);
			if (strcmp(key, "id") == 0 && view->alarms < ELEMENTSOF(view->alarm_ids))
				snprintf(view->alarm_ids[view->alarms], sizeof(view->alarm_ids[0]),
					 "%.23s", text);
			sd_bus_message_exit_container(reply);
		}
		view->alarms++;
		sd_bus_message_exit_container(reply);
	}
	sd_bus_message_unref(reply);
}

void view_read(struct run *run, struct view *ret)
{
	struct view view = {0};
	char armed[8] = "";

	view.there = get_text(run, "State", view.state, sizeof(view.state)) &&
		     get_text(run, "Armed", armed, sizeof(armed)) &&
		     get_faults(run, view.faults, sizeof(view.faults));
	view.armed = strcmp(armed, "1") == 0;
	get_alarms(run, &view);
	*ret = view;
}

bool view_session(struct run *run, char *path, size_t size)
{
	return get_text(run, "Session", path, size) && strcmp(path, "/") != 0;
}

/* Times at which the daemon cannot know, or is told what is not so. */
static bool in_the_dark(const struct run *run, uint64_t since_ns)
{
	const uint32_t dark = ODD(SILENT) | ODD(FROZEN) | ODD(HUNG) | ODD(UNPLUGGED) | ODD(SKIP) |
			      ODD(IGNORE_STOP) | ODD(STALL) | ODD(DELAY) | ODD(LIE_REST) |
			      ODD(LIE_ARMED) | ODD(LIE_RUNNING) | ODD(IGNORE_RESET);

	return oracle_odd_since(&run->oracle, since_ns) & dark;
}

static bool agrees(const struct view *view, const struct truth *truth)
{
	bool armed = strcmp(truth->state, "armed") == 0 || strcmp(truth->state, "running") == 0;

	return strcmp(view->state, truth->state) == 0 && view->armed == armed &&
	       strcmp(view->faults, truth->faults) == 0;
}

void view_judge(struct run *run)
{
	struct oracle *oracle = &run->oracle;
	struct truth truth;
	uint64_t ns;

	view_read(run, &run->view);
	truth = rig_truth(run->rig);
	ns = truth.now_ns;
	oracle_view(oracle, run->view.alarms,
		    run->view.there && strcmp(run->view.state, "fault") == 0, ns);
	if (!run->view.there || agrees(&run->view, &truth) || in_the_dark(run, ns)) {
		run->differs_ns = 0;
		return;
	}
	if (!run->differs_ns)
		run->differs_ns = ns;
	if (in_the_dark(run, run->differs_ns) ||
	    ns < MAX(oracle->cable_ns, truth.bus_ns) + BUS_MS * 1000000ull)
		run->differs_ns = ns;
	if (ns > run->differs_ns + AGREE_MS * 1000000ull * oracle->scale +
			 canary_late_ns(run->canary, run->differs_ns, ns))
		oracle_broken(oracle, "shows what is not so",
			      "for %.1f ms: %s, armed %d, faults \"%s\"; the pen is %s, faults "
			      "\"%s\"",
			      (double)(ns - run->differs_ns) / 1e6, run->view.state,
			      run->view.armed, run->view.faults, truth.state, truth.faults);
}

/* ---- the pen's log ---- */

static const char *word(json_object *entry, const char *key)
{
	return json_object_get_string(json_object_object_get(entry, key));
}

static uint64_t number(json_object *entry, const char *key)
{
	return json_object_get_uint64(json_object_object_get(entry, key));
}

/* Index of the first entry that is new. Several may have come at the same time. */
static size_t first_new(const struct run *run, json_object *log)
{
	size_t i = json_object_array_length(log), same = 0;

	while (i > 0 && number(json_object_array_get_idx(log, i - 1), "ns") >= run->log_ns)
		i--;
	for (; i < json_object_array_length(log) && same < run->log_same; i++, same++)
		if (number(json_object_array_get_idx(log, i), "ns") > run->log_ns)
			break;
	return i;
}

static json_object *ask(struct run *run, unsigned int count, json_object **ret_log)
{
	char line[16];
	json_object *answer;

	snprintf(line, sizeof(line), "log %u", count);
	answer = gadget_ask(run->rig->control_fd, line);
	*ret_log = json_object_object_get(answer, "log");
	return answer;
}

void view_log(struct run *run)
{
	json_object *log, *answer = ask(run, LOG_SHORT, &log);
	size_t i = first_new(run, log);

	if (i == 0 && json_object_array_length(log) == LOG_SHORT) {
		json_object_put(answer);
		answer = ask(run, LOG_ALL, &log);
		i = first_new(run, log);
	}
	for (; i < json_object_array_length(log); i++) {
		json_object *entry = json_object_array_get_idx(log, i);
		uint64_t ns = number(entry, "ns");

		run->log_same = ns == run->log_ns ? run->log_same + 1 : 1;
		run->log_ns = ns;
		oracle_request(&run->oracle, word(entry, "request"), word(entry, "result"),
			       number(entry, "value"), ns);
	}
	json_object_put(answer);
}
