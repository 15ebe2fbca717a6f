// SPDX-License-Identifier: GPL-2.0-only
/* What the judge of a random run is told, and what it remembers. The rules are in random_rules.c.
 */
#include "tests/bus/random_oracle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/bus/random_odd.h"
#include "tests/bus/random_rules.h"

#define CLIENT_GONE_MS 100

void oracle_init(struct oracle *o)
{
	*o = (struct oracle){.scale = 1, .stopped = true};
}

void oracle_broken(struct oracle *o, const char *rule, const char *format, ...)
{
	va_list args;

	if (o->rule[0])
		return;
	snprintf(o->rule, sizeof(o->rule), "%s", rule);
	va_start(args, format);
	vsnprintf(o->why, sizeof(o->why), format, args);
	va_end(args);
}

uint32_t oracle_odd_since(const struct oracle *o, uint64_t ns)
{
	uint32_t bits = o->odd;

	for (unsigned int i = 0; i < ODD_COUNT; i++)
		if (o->off_ns[i] && o->off_ns[i] >= ns)
			bits |= 1u << i;
	return bits;
}

static void change(struct oracle *o, uint32_t off, uint32_t on, uint64_t ns)
{
	for (unsigned int i = 0; i < ODD_COUNT; i++) {
		uint32_t bit = 1u << i;

		if (off & o->odd & bit)
			o->off_ns[i] = ns;
		if (on & ~o->odd & bit)
			o->on_ns[i] = ns;
	}
	o->odd = (o->odd & ~off) | on;
}

void oracle_hung(struct oracle *o, bool hung, uint64_t ns)
{
	change(o, hung ? 0 : ODD(HUNG), hung ? ODD(HUNG) : 0, ns);
}

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Events on the bus: the pen stops by itself, unless it is one that does not care. */
static bool is_bus_event(const struct oracle *o, const char *text)
{
	if (starts(text, "suspend") || starts(text, "power-cycle"))
		return true;
	return (starts(text, "unplug") || starts(text, "reset")) && !(o->odd & ODD(IGNORE_RESET));
}

static bool is_hand(const char *text)
{
	static const char *const lines[] = {"trigger", "contact", "sleeve", "button", "dial"};

	for (size_t i = 0; i < ELEMENTSOF(lines); i++)
		if (starts(text, lines[i]))
			return true;
	return false;
}

static bool is_bad_sample(const char *text)
{
	static const char *const lines[] = {"garbage ", "short ", "duplicate "};

	for (size_t i = 0; i < ELEMENTSOF(lines); i++)
		if (starts(text, lines[i]))
			return text[strlen(lines[i])] != '0';
	return false;
}

void oracle_action(struct oracle *o, const char *text, uint64_t ns, const struct truth *truth)
{
	struct truth before = o->truth;
	uint32_t off, on;

	if (starts(text, "trigger press") && !before.trigger) {
		o->pressed_ns = ns;
		o->press_is_new = true;
	}
	if (starts(text, "trigger release") && before.trigger) {
		o->released_ns = ns;
		if (before.motor && !(o->odd & ODD(IGNORE_TRIGGER)))
			rules_duty(o, "release", ns, 0, RULES_PEN_MOTOR);
	}
	if (!is_hand(text))
		o->odd_ns = ns;
	if (is_bus_event(o, text)) {
		o->cable_ns = ns;
		rules_duty(o, "bus event", ns, 0, RULES_PEN);
	}
	if (starts(text, "cartridge"))
		rules_duty(o, "cartridge", ns, 0, RULES_PEN);
	if (is_bad_sample(text))
		rules_duty(o, "bad sample", ns, RULES_HOST_MS, RULES_HOST);
	odd_apply(text, &off, &on);
	change(o, off, on, ns);
	oracle_truth(o, truth);
}

/* ---- requests ---- */

static bool waits_at(const struct oracle_call *call, uint64_t ns)
{
	if (call->sent_ns > ns || (call->answered_ns && call->answered_ns < ns))
		return false;
	return !call->dead_ns || ns <= call->dead_ns + CLIENT_GONE_MS * 1000000ull;
}

/* Whether a stop was carried out between @call and @ns: what waited since then must not arm. */
static bool overtaken(const struct oracle *o, const struct oracle_call *call, uint64_t ns)
{
	for (size_t i = 0; i < o->n_stops; i++) {
		const struct oracle_call *stop = &o->stops[i % ORACLE_CALLS_MAX];

		if (stop->sent_ns > call->sent_ns && stop->answered_ns && stop->answered_ns < ns)
			return true;
	}
	return false;
}

static void judge_arm_request(struct oracle *o, uint64_t ns)
{
	const struct oracle_call *call = NULL;

	for (size_t i = 0; i < MIN(o->n_arms, (size_t)ORACLE_CALLS_MAX); i++)
		if (waits_at(&o->arms[i], ns) && !overtaken(o, &o->arms[i], ns))
			call = &o->arms[i];
	if (!call && !(oracle_odd_since(o, o->stopped_ns) & RULES_QUIET))
		oracle_broken(o, "armed unasked",
			      "ARM at %.1f ms, and no Arm() waits that no stop overtook",
			      (double)ns / 1e6);
	if (o->alarm_ns && o->alarm_ns < ns)
		oracle_broken(o, "armed under an alarm",
			      "ARM %.1f ms after an alarm was seen to stand",
			      (double)(ns - o->alarm_ns) / 1e6);
	if (o->fault_ns && o->fault_ns < ns)
		oracle_broken(o, "armed under a fault",
			      "ARM %.1f ms after the daemon knew of the fault",
			      (double)(ns - o->fault_ns) / 1e6);
}

void oracle_request(struct oracle *o, const char *request, const char *result, uint64_t value,
		    uint64_t ns)
{
	bool ok = strcmp(result, "ok") == 0;

	if (strcmp(request, "arm") == 0) {
		judge_arm_request(o, ns);
		if (!ok)
			return;
		o->armed++;
		o->armed_ns = ns;
		o->stopped = false;
		rules_rested(o, ns); /* only a pen that rests takes it */
	} else if (strcmp(request, "stop") == 0 || starts(request, "set-")) {
		if (strcmp(request, "set-target") == 0) {
			o->target_ns = ok ? ns : o->target_ns;
			return;
		}
		if (strcmp(request, "set-stream") == 0)
			return;
		if (strcmp(request, "set-interface") == 0)
			o->interface_ns = ns;
		if (!o->stopped)
			o->stopped_ns = ns;
		o->stopped = true;
	} else if (strcmp(request, "lease") == 0 && o->stopped) {
		oracle_broken(o, "lease after stop",
			      "LEASE (%s) at %.1f ms, %.1f ms after the pen was told to stop",
			      result, (double)ns / 1e6, (double)(ns - o->stopped_ns) / 1e6);
	}
}

/* ---- calls ---- */

static size_t call_sent(struct oracle_call *calls, size_t *n, uint64_t ns)
{
	size_t number = (*n)++;

	calls[number % ORACLE_CALLS_MAX] = (struct oracle_call){.sent_ns = ns};
	return number;
}

size_t oracle_arm_sent(struct oracle *o, uint64_t ns)
{
	return call_sent(o->arms, &o->n_arms, ns);
}

size_t oracle_stop_sent(struct oracle *o, uint64_t ns)
{
	rules_duty(o, "stop call", ns, RULES_CALL_MS, RULES_HOST);
	return call_sent(o->stops, &o->n_stops, ns);
}

void oracle_arm_answered(struct oracle *o, size_t number, uint64_t ns)
{
	o->arms[number % ORACLE_CALLS_MAX].answered_ns = ns;
}

void oracle_stop_answered(struct oracle *o, size_t number, uint64_t ns)
{
	o->stops[number % ORACLE_CALLS_MAX].answered_ns = ns;
}

void oracle_rest_promised(struct oracle *o, const char *rule, uint64_t sent_ns, uint64_t done_ns)
{
	uint32_t took_ms = (uint32_t)((done_ns - sent_ns) / 1000000);

	/* Counted from when it was sent: the next ARM may be out before we hear of this. */
	rules_duty(o, rule, sent_ns, took_ms + RULES_HOST_MS, RULES_HOST);
}

void oracle_client_gone(struct oracle *o, uint64_t ns)
{
	for (size_t i = 0; i < MIN(o->n_arms, (size_t)ORACLE_CALLS_MAX); i++)
		if (!o->arms[i].answered_ns && !o->arms[i].dead_ns)
			o->arms[i].dead_ns = ns;
	rules_duty(o, "client gone", ns, RULES_CALL_MS, RULES_HOST);
}

/* ---- what the daemon shows ---- */

void oracle_view(struct oracle *o, unsigned int alarms, bool fault, uint64_t ns)
{
	if (!alarms)
		o->alarm_ns = 0;
	else if (!o->alarm_ns)
		o->alarm_ns = ns;
	if (alarms)
		o->alarm_due_ns = 0;
	else if (o->alarm_due_ns && ns > o->alarm_due_ns)
		oracle_broken(o, "no alarm",
			      "the motor ran on after STOP and everything behind "
			      "it, and no alarm stands");
	if (!fault || strcmp(o->truth.state, "fault") != 0)
		o->fault_ns = 0;
	else if (!o->fault_ns)
		o->fault_ns = ns;
}

void oracle_acknowledging(struct oracle *o)
{
	o->alarm_ns = o->alarm_due_ns = 0;
	o->alarm_of_ns = o->stopped_ns; /* it stood, whether we saw it in between or not */
}

void oracle_clearing(struct oracle *o)
{
	o->fault_ns = 0;
}

void oracle_words(const struct oracle *o, char *buf, size_t size)
{
	const struct truth *t = &o->truth;
	char odd[400];
	size_t used;

	used = (size_t)snprintf(
		buf, size,
		"at %.1f ms: %s, motor %s, trigger %s, enable %d, stop reason %s, faults \"%s\"\n"
		"odd: %s\n"
		"ARM %.1f, STOP %.1f%s, motor on %.1f off %.1f, press %.1f release %.1f, lease "
		"%.1f, bus %.1f, too deep %.1f\n",
		(double)t->now_ns / 1e6, t->state, t->motor ? "on" : "off",
		t->trigger ? "pressed" : "released", t->enable, t->stop_reason, t->faults,
		odd_words(o->odd, odd, sizeof(odd)), (double)o->armed_ns / 1e6,
		(double)o->stopped_ns / 1e6, o->stopped ? "" : " (before it)",
		(double)t->motor_on_ns / 1e6, (double)t->motor_off_ns / 1e6,
		(double)o->pressed_ns / 1e6, (double)o->released_ns / 1e6,
		(double)t->last_lease_ns / 1e6, (double)t->bus_ns / 1e6,
		(double)t->depth_over_ns / 1e6);
	for (size_t i = 0; i < o->n_duties && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "duty: %s since %.1f, %u ms\n",
					 o->duties[i].rule, (double)o->duties[i].cause_ns / 1e6,
					 o->duties[i].within_ms);
}
