// SPDX-License-Identifier: GPL-2.0-only
/* From commands to a misbehaving pen, and back to one that is armed. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/harness_cli.h"
#include "tests/bus/misbehave_parts.h"

#define RECOVER_MS 12000  /* set-up of a pen is tried again after 5 s */
#define SLOW_USEC 1500000 /* worth a line */
#define POLL_MS 3

/* ---- commands ---- */

static void pause_pen(struct mis *mis, int ms)
{
	process_kill(&mis->rig->gadget, SIGSTOP);
	sleep_ms(ms);
	process_kill(&mis->rig->gadget, SIGCONT);
}

static void send_call(struct mis *mis, const char *member, const char *argument)
{
	struct rig *rig = mis->rig;
	struct answer *answer = &mis->answers[mis->n_answers++];

	assert_true(mis->n_answers <= ELEMENTSOF(mis->answers));
	if (argument)
		client_send(rig->client, answer, rig->pen, API_PEN, member, "uu",
			    (uint32_t)strtoul(argument, NULL, 10), RIG_SPEED_RPM);
	else
		client_send(rig->client, answer, rig->pen, API_PEN, member, "");
}

static void call(struct mis *mis, const char *member, const char *argument)
{
	mis->called_ns = now_monotonic_ns();
	if (argument)
		(void)pen_call(mis->rig, member, "uu", (uint32_t)strtoul(argument, NULL, 10),
			       RIG_SPEED_RPM);
	else
		(void)pen_call(mis->rig, member, "");
}

static void await_state(struct mis *mis, const char *state)
{
	uint64_t end = usec_after_ms(MIS_STEP_MS);

	while (strcmp(rig_truth(mis->rig).state, state) != 0 && now_usec() < end)
		sleep_ms(1);
}

/* Until the pen has it; it may take its time to answer. */
static void await_request(struct mis *mis, const char *request)
{
	uint64_t end = usec_after_ms(MIS_STEP_MS);

	while (strcmp(rig_truth(mis->rig).last_command, request) != 0 && now_usec() < end)
		sleep_ms(1);
}

/* "@word [argument]" */
static void run_own(struct mis *mis, char *command)
{
	char *argument = strchr(command, ' ');

	if (argument)
		*argument++ = '\0';
	if (strcmp(command, "sleep") == 0)
		sleep_ms((int)strtol(argument, NULL, 10));
	else if (strcmp(command, "pause") == 0)
		pause_pen(mis, (int)strtol(argument, NULL, 10));
	else if (strcmp(command, "await") == 0)
		await_state(mis, argument);
	else if (strcmp(command, "seen") == 0)
		await_request(mis, argument);
	else if (command[0] == '&')
		send_call(mis, command + 1, argument);
	else
		call(mis, command, argument);
}

void mis_commands(struct mis *mis, const char *commands, uint64_t *ret_first_ns)
{
	char text[256], *save = NULL;
	bool first = true;

	assert_true(strlen(commands) < sizeof(text));
	strcpy(text, commands);
	for (char *word = strtok_r(text, ";", &save); word; word = strtok_r(NULL, ";", &save)) {
		uint64_t ns = now_monotonic_ns();

		word += strspn(word, " ");
		if (word[0] == '@')
			run_own(mis, word + 1);
		else
			ns = gadget_do(mis->rig->control_fd, "%s", word);
		if (first && ret_first_ns)
			*ret_first_ns = ns;
		first = false;
	}
}

/* ---- looking ---- */

bool mis_property(struct mis *mis, const char *property, char *buf, size_t size)
{
	struct client *client = mis->rig->client;
	sd_bus_message *reply = NULL;
	bool there;

	if (*client_call(client, &reply, mis->rig->pen, "org.freedesktop.DBus.Properties", "Get",
			 "ss", API_PEN, property))
		return false;
	there = bus_text(reply, buf, size) >= 0;
	sd_bus_message_unref(reply);
	return there;
}

uint64_t mis_stop_ns(struct mis *mis, uint64_t since_ns)
{
	json_object *answer = gadget_ask(mis->rig->control_fd, "log 64");
	json_object *log = json_at(answer, "log");
	uint64_t found = 0;

	for (size_t i = 0; i < json_object_array_length(log) && !found; i++) {
		json_object *entry = json_object_array_get_idx(log, i);
		uint64_t ns = (uint64_t)json_value(entry, "ns");

		if (strcmp(json_word(entry, "request"), "stop") == 0 && ns >= since_ns)
			found = ns;
	}
	json_object_put(answer);
	return found;
}

/* ---- back to work ---- */

/* Refuses Arm as long as it stands; a person acknowledges it. */
static void acknowledge(struct mis *mis)
{
	json_object *document = cli_json(mis->rig, 0, "alarm list");
	json_object *alarms = json_at(document, "alarms");

	if (json_object_array_length(alarms) != 1)
		mis_complain(mis, "%zu alarms stand", json_object_array_length(alarms));
	for (size_t i = 0; i < json_object_array_length(alarms); i++) {
		json_object *alarm = json_object_array_get_idx(alarms, i);

		if (strcmp(json_word(alarm, "kind"), "drive-on") != 0)
			mis_complain(mis, "the alarm is %s", json_word(alarm, "kind"));
		assert_done(mis->rig, manager_call(mis->rig, "AcknowledgeAlarm", "s",
						   json_word(alarm, "id")));
	}
	json_object_put(document);
}

/* A session that was interrupted does not go on: its needles are used, its target is dropped. */
static void begin_anew(struct mis *mis)
{
	struct rig *rig = mis->rig;

	rig_fresh_cartridge(rig);
	if (!*rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA))
		(void)pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM);
}

/* One step towards an armed pen, by the refusal's own words. Returns whether that was all. */
static bool step(struct mis *mis, bool *alarm_seen)
{
	struct client *client = mis->rig->client;
	const char *word = pen_call(mis->rig, "Arm", "");

	if (!*word)
		return true;
	if (strcmp(word, "Fault") == 0)
		(void)pen_call(mis->rig, "ClearFault", "");
	else if (strstr(client->message, "alarm")) {
		*alarm_seen = true;
		acknowledge(mis);
	} else if (strstr(client->message, "no session")) {
		begin_anew(mis);
	} else if (strstr(client->message, "armed already")) {
		(void)pen_call(mis->rig, "Disarm", "");
	}
	return false;
}

static void take_answers(struct mis *mis)
{
	for (unsigned int i = 0; i < mis->n_answers; i++)
		(void)client_answer(mis->rig->client, &mis->answers[i], 2 * MIS_STEP_MS);
	mis->n_answers = 0;
}

void mis_recover(struct mis *mis)
{
	uint64_t begin = now_usec(), end = usec_after_ms(RECOVER_MS);
	bool alarm_seen = false, armed = false;

	take_answers(mis);
	gadget_do(mis->rig->control_fd, "trigger release");
	if (mis->row && mis->row->heal)
		mis_commands(mis, mis->row->heal, NULL);
	while (!armed && now_usec() < end) {
		armed = step(mis, &alarm_seen);
		if (!armed)
			sleep_ms(POLL_MS);
	}
	if (!armed)
		fail_msg("%s: the healed pen does not arm: %s: %s", mis->name,
			 mis->rig->client->word, mis->rig->client->message);
	if (now_usec() - begin > SLOW_USEC)
		print_message("# %s | armed again after %.1f s\n", mis->name,
			      (double)(now_usec() - begin) / USEC_PER_SEC);
	if (strcmp(rig_truth(mis->rig).state, "armed") != 0)
		mis_complain(mis, "told to be armed, it is %s", rig_truth(mis->rig).state);
	if (mis->cell && alarm_seen != mis->cell->alarm)
		mis_complain(mis, "%s alarm stood", alarm_seen ? "an" : "no");
	if (alarm_seen && !mis_log_has(mis, "ALARM: "))
		mis_complain(mis, "the log says nothing of the alarm");
}

static bool at_speed(const struct truth *truth)
{
	return truth->speed_rpm >= RIG_SPEED_RPM * 8 / 10 && truth->strokes >= 3;
}

static bool run(struct mis *mis)
{
	uint64_t end = usec_after_ms(MIS_STEP_MS);
	struct truth truth;

	gadget_do(mis->rig->control_fd, "trigger press");
	do {
		sleep_ms(POLL_MS);
		truth = rig_truth(mis->rig);
	} while (!(truth.motor && at_speed(&truth)) && strcmp(truth.state, "idle") != 0 &&
		 now_usec() < end);
	if (truth.motor && at_speed(&truth))
		return true;
	mis_complain(mis, "the armed pen does not run: %s, %s", truth.state, truth.stop_reason);
	return false;
}

static bool rest(struct mis *mis)
{
	uint64_t end = usec_after_ms(MIS_STEP_MS);
	char state[24] = "";

	(void)pen_call(mis->rig, "Disarm", "");
	while (mis_property(mis, "State", state, sizeof(state)) && strcmp(state, "idle") != 0 &&
	       now_usec() < end)
		sleep_ms(POLL_MS);
	if (strcmp(state, "idle") != 0)
		mis_complain(mis, "disarmed, it is %s", state);
	return strcmp(state, "idle") == 0;
}

bool mis_enter(struct mis *mis)
{
	switch (mis->state) {
	case MIS_IDLE:
		return rest(mis);
	case MIS_ARMED:
		return true;
	case MIS_RUNNING:
		return run(mis);
	}
	return false;
}
