// SPDX-License-Identifier: GPL-2.0-only
/* What follows from a cause, held against what was to follow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/misbehave_parts.h"

#define POLL_MS 3
#define REACT_MS 5000
#define STAYS_MS 150 /* two leases at least, all of them later than the cause */
#define IDLE_STAYS_USEC 60000U
#define IDLE_SILENT_USEC 350000U /* older than MaxSampleAge of the rig: no sample will come */
#define PENS_OWN_MS 5		 /* up to here the pen itself is measured, in its own time */

static const char *const state_names[] = MIS_STATE_NAMES;

/* ---- what the daemon told of it ---- */

static const char *disarm_details(struct mis *mis)
{
	const struct bus_event *event = client_event(mis->rig->client, "disarmed", 0);

	return event ? event->details : NULL;
}

/* "key=" in "key=value key=value " */
static void value_of(const char *details, const char *key, char *buf, size_t size)
{
	const char *at = strstr(details, key);

	buf[0] = '\0';
	if (at)
		snprintf(buf, size, "%.*s", (int)strcspn(at + strlen(key), " "), at + strlen(key));
}

static void check_disarmed(struct mis *mis, const char *why, const char *from)
{
	const char *details = disarm_details(mis);
	char reason[32], value[32];

	if (!details) {
		mis_complain(mis, "no event \"disarmed\"; last answer: \"%s\" %s",
			     mis->rig->client->word, mis->rig->client->message);
		return;
	}
	value_of(details, "reason=", reason, sizeof(reason));
	snprintf(mis->reaction, sizeof(mis->reaction), "%s", reason);
	if (!mis_one_of(why, reason))
		mis_complain(mis, "disarmed for %s, not %s", reason, why);
	value_of(details, "from=", value, sizeof(value));
	if (!mis_one_of(from, value))
		mis_complain(mis, "disarmed from %s, not %s", value, from);
	if (!mis_log_says(mis, value, reason))
		mis_complain(mis, "the log does not say \"%s -> ...: %s\"", value, reason);
	mis_record(mis, "disarmed", "reason", reason);
}

static bool await_event(struct mis *mis, const char *kind)
{
	uint64_t end = usec_after_ms(REACT_MS);

	while (!client_event(mis->rig->client, kind, 0) && now_usec() < end)
		client_pump(mis->rig->client, POLL_MS);
	return client_event(mis->rig->client, kind, 0);
}

static void check_also(struct mis *mis)
{
	char kinds[96], *save = NULL;

	snprintf(kinds, sizeof(kinds), "%s", mis->cell->also ? mis->cell->also : "");
	for (char *kind = strtok_r(kinds, " ", &save); kind; kind = strtok_r(NULL, " ", &save)) {
		if (strcmp(kind, "gap") != 0 && !await_event(mis, kind))
			mis_complain(mis, "no event \"%s\"", kind);
		mis_record(mis, kind, NULL, NULL);
	}
}

/* ---- what became of the pen ---- */

static bool at_rest(const struct truth *truth)
{
	return !truth->motor && strcmp(truth->state, "armed") != 0 &&
	       strcmp(truth->state, "running") != 0;
}

static void check_drive(struct mis *mis, const struct truth *truth, const char *pen, int ms)
{
	double allowed_ms = ms <= PENS_OWN_MS ? ms : (ms + MIS_AT_ONCE_MS) * time_scale();

	if (*pen && !mis_one_of(pen, truth->stop_reason))
		mis_complain(mis, "the pen stopped by %s, not %s", truth->stop_reason, pen);
	if (mis->state != MIS_RUNNING || ms < 0)
		return;
	if (truth->motor_off_ns < mis->cause_ns && strcmp(mis->reaction, "transfer") == 0)
		return; /* the late request had stopped it before the call did */
	if (truth->motor_off_ns < mis->cause_ns) {
		mis_complain(mis, "the drive was off before the cause");
		return;
	}
	mis->ms = (double)(truth->motor_off_ns - mis->cause_ns) / 1e6;
	if (mis->ms > allowed_ms)
		mis_complain(mis, "the drive was on for %.1f ms, allowed %.0f", mis->ms,
			     allowed_ms);
}

static struct truth await_rest(struct mis *mis, bool told)
{
	uint64_t end = usec_after_ms(REACT_MS);
	struct truth truth = rig_truth(mis->rig);

	while ((!at_rest(&truth) || (told && !disarm_details(mis))) && now_usec() < end) {
		sleep_ms(POLL_MS);
		truth = rig_truth(mis->rig);
	}
	if (!at_rest(&truth))
		mis_complain(mis, "the pen is %s, motor %s", truth.state,
			     truth.motor ? "on" : "off");
	return truth;
}

static void expect_disarmed(struct mis *mis, const char *why, const char *pen, int ms)
{
	struct truth truth = await_rest(mis, true);

	/* What it says may be a pause or a start before it is a reason to stop. */
	check_disarmed(mis, why, "armed|running|arming");
	check_drive(mis, &truth, pen ? pen : "host", ms);
}

static void expect_fault(struct mis *mis)
{
	uint64_t end = usec_after_ms(REACT_MS);
	/* A lease may be under way to a pen that has just stopped: its refusal is known first. */
	const char *why = mis->cell->why ? mis->cell->why : "fault|pen";
	struct truth truth = await_rest(mis, mis->state != MIS_IDLE);
	char state[24] = "";

	while (mis_property(mis, "State", state, sizeof(state)) && strcmp(state, "fault") != 0 &&
	       now_usec() < end)
		sleep_ms(POLL_MS);
	truth = rig_truth(mis->rig);
	snprintf(mis->reaction, sizeof(mis->reaction), "fault %s", truth.faults);
	if (strcmp(state, "fault") != 0)
		mis_complain(mis, "the daemon says %s of a pen in %s", state, truth.state);
	if (!mis_one_of(mis->cell->pen, truth.faults))
		mis_complain(mis, "its fault is \"%s\", not %s", truth.faults, mis->cell->pen);
	if (mis->state != MIS_IDLE)
		check_disarmed(mis, why, state_names[mis->state]);
	check_drive(mis, &truth, "", mis->cell->ms);
	if (!await_event(mis, "fault"))
		mis_complain(mis, "no event \"fault\"");
	mis_record(mis, "fault", "faults", truth.faults);
}

static void expect_gone(struct mis *mis)
{
	const char *pen = mis->cell->pen ? mis->cell->pen : "bus";
	struct truth truth;

	if (!await_event(mis, "interrupted"))
		mis_complain(mis, "the session was not interrupted");
	mis_record(mis, "interrupted", "reason", "gone");
	if (mis->cell->alarm)
		mis_record(mis, "alarm", "alarm", "drive-on");
	truth = await_rest(mis, mis->state != MIS_IDLE);
	if (mis->state != MIS_IDLE)
		check_disarmed(mis, mis->cell->why ? mis->cell->why : "gone", "armed|running");
	else
		snprintf(mis->reaction, sizeof(mis->reaction), "gone");
	check_drive(mis, &truth, mis->state == MIS_IDLE ? "" : pen, mis->cell->ms);
}

static void expect_told(struct mis *mis)
{
	uint64_t end = usec_after_ms(REACT_MS);
	char why[32] = "";

	while (!(mis_stop_ns(mis, mis->cause_ns) &&
		 mis_property(mis, "DisarmReason", why, sizeof(why)) &&
		 mis_one_of(mis->cell->why, why)) &&
	       now_usec() < end)
		sleep_ms(POLL_MS);
	if (!mis_stop_ns(mis, mis->cause_ns))
		mis_complain(mis, "no STOP came");
	if (!mis_one_of(mis->cell->why, why))
		mis_complain(mis, "it was told to stop for %s, not %s", why, mis->cell->why);
	snprintf(mis->reaction, sizeof(mis->reaction), "STOP %s", why);
}

static bool idle_seen(struct mis *mis)
{
	char text[24] = "";
	uint64_t now = now_usec();

	return (mis_property(mis, "LastSampleUsec", text, sizeof(text)) &&
		strtoull(text, NULL, 10) > mis->cause_usec + IDLE_STAYS_USEC) ||
	       now > mis->cause_usec + IDLE_SILENT_USEC;
}

static void expect_stays(struct mis *mis, const char *as)
{
	uint64_t end = usec_after_ms(REACT_MS), since_ns = now_monotonic_ns();
	struct truth truth = rig_truth(mis->rig);

	while (now_usec() < end && !disarm_details(mis) &&
	       (mis->state == MIS_IDLE ? !idle_seen(mis)
				       : truth.last_lease_ns < since_ns + STAYS_MS * 1000000ull ||
						 strcmp(truth.state, as) != 0)) {
		sleep_ms(POLL_MS);
		truth = rig_truth(mis->rig);
	}
	if (disarm_details(mis))
		mis_complain(mis, "it did not stay: %s", disarm_details(mis));
	if (strcmp(truth.state, as) != 0 || truth.motor != (strcmp(as, "running") == 0))
		mis_complain(mis, "it is %s and not %s", truth.state, as);
	snprintf(mis->reaction, sizeof(mis->reaction), "%s", as);
}

static void expect_paused(struct mis *mis)
{
	struct truth truth;

	expect_stays(mis, "armed");
	truth = rig_truth(mis->rig);
	check_drive(mis, &truth, mis->cell->pen ? mis->cell->pen : "trigger", mis->cell->ms);
}

/* The stop while it lasts: nothing stands in its way. */
static void stop_it(struct mis *mis)
{
	const struct mis_row *row = mis->row;
	int ms = row->then_ms ? row->then_ms : MIS_AT_ONCE_MS;
	bool under_way = strchr(row->then, '&');
	const char *why = strstr(row->then, "@Disarm") ? "disarm" : "request";
	uint64_t stop_ns;

	mis->cause_usec = now_usec();
	mis_commands(mis, row->then, NULL);
	mis->cause_ns = mis->called_ns;
	/* A request that is late enough by itself is a stop, too. */
	expect_disarmed(mis, under_way ? "request|transfer" : why, row->then_pen, ms);
	stop_ns = mis_stop_ns(mis, mis->called_ns);
	if (!stop_ns)
		mis_complain(mis, "no STOP at the pen");
	else if (under_way)
		measure_add(&mis->stops, mis->called_ns, stop_ns);
	if (stop_ns && (double)(stop_ns - mis->called_ns) / 1e6 > 2 * MIS_AT_ONCE_MS * time_scale())
		mis_complain(mis, "STOP came after %.1f ms",
			     (double)(stop_ns - mis->called_ns) / 1e6);
}

/* After a refusal nothing may be left that is armed. */
static void await_idle(struct mis *mis)
{
	uint64_t end = usec_after_ms(REACT_MS);
	struct truth truth = rig_truth(mis->rig);

	while (!at_rest(&truth) && now_usec() < end) {
		sleep_ms(POLL_MS);
		truth = rig_truth(mis->rig);
	}
	if (!at_rest(&truth))
		mis_complain(mis, "refused, and it is %s", truth.state);
}

static void try_arm(struct mis *mis)
{
	const char *expected = mis->cell->arm;
	const char *word = pen_call(mis->rig, "Arm", "");
	size_t used = strlen(mis->reaction);

	if (expected[0] == '~') {
		expect_disarmed(mis, expected + 1, "", 0);
		return;
	}
	snprintf(mis->reaction + used, sizeof(mis->reaction) - used, ", %s", *word ? word : "arms");
	if (!mis_one_of(expected, word))
		mis_complain(mis, "Arm: \"%s\", not \"%s\": %s", word, expected,
			     mis->rig->client->message);
	if (*word)
		await_idle(mis);
	else if (strcmp(rig_truth(mis->rig).state, "armed") != 0)
		mis_complain(mis, "told to be armed, it is %s", rig_truth(mis->rig).state);
}

void mis_expect(struct mis *mis)
{
	switch (mis->cell->end) {
	case MIS_NONE:
		break;
	case MIS_STAYS:
		expect_stays(mis, state_names[mis->state]);
		break;
	case MIS_DISARMED:
		expect_disarmed(mis, mis->cell->why, mis->cell->pen, mis->cell->ms);
		break;
	case MIS_FAULT:
		expect_fault(mis);
		break;
	case MIS_GONE:
		expect_gone(mis);
		break;
	case MIS_TOLD:
		expect_told(mis);
		break;
	case MIS_RUNS:
		expect_stays(mis, "running");
		break;
	case MIS_PAUSED:
		expect_paused(mis);
		break;
	}
	if (mis->cell->arm)
		try_arm(mis);
	if (mis->row->then && mis->state != MIS_IDLE && mis->cell->end == MIS_STAYS)
		stop_it(mis);
	check_also(mis);
}
