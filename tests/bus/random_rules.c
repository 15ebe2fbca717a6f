// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/random_rules.h"

#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"

#define NEVER UINT32_MAX
#define LEASE_MS 300
#define LEASE_SLACK_MS 50
#define PEN_MS 5	 /* of the model's time */
#define ESCALATE_MS 250	 /* STOP, STOP again, SET_INTERFACE 0: 100 ms apart */
#define FORGIVEN_MS 15	 /* MaxSampleAge comes 25 ms before the end of a lease, or more */
#define INTERFACE_MS 220 /* STOP -> SET_INTERFACE 0 */
#define RESET_MS 150	 /* then the connection is closed */
#define EP0_MS 100	 /* what is in flight on the only way of requests */
#define SPIN_UP_MS 200
#define TARGET_GRACE_MS 500
#define RESET_AFTER_MS 290 /* STOP -> the connection is closed, and a person called */
#define ALARM_AFTER_MS 320 /* the motor still on so long after STOP: likewise */
#define ALARM_SEEN_MS 600
#define CALM_MS 1000  /* what was odd before cannot be the reason any more */
#define LATE_MS 20    /* more, and "stale" or "unconfirmed" are the machine's */
#define FAST_RPM 8600 /* above the profile's 8000 and 5 % */
#define SLOW_RPM 2200 /* below its 2400 */

#define DEAF (ODD(IGNORE_STOP) | ODD(STALL_STOP))

static uint64_t ms_ns(uint64_t ms)
{
	return ms * 1000000;
}

static bool armed(const struct truth *t)
{
	return strcmp(t->state, "armed") == 0 || strcmp(t->state, "running") == 0;
}

/* How long it may take at most, with everything that was odd since @since_ns. NEVER when nothing
 * that listens is left: then only a hand is. */
static uint32_t bound_ms(const struct oracle *o, uint32_t within_ms, uint64_t since_ns)
{
	uint32_t seen = oracle_odd_since(o, since_ns);
	bool by_lease = seen & (RULES_QUIET | ODD(IGNORE_RESET));
	uint32_t ms = within_ms;

	if (seen & DEAF) {
		ms += ESCALATE_MS;
		if (seen & ODD(IGNORE_ALT))
			ms += RESET_MS;
		/* Not running, and by its word not even armed: the daemon has no reason to go on.
		 */
		if (seen & ODD(LIE_REST))
			by_lease = true;
	}
	if (seen & (ODD(STALL) | ODD(DELAY)))
		ms += EP0_MS;
	if (by_lease && seen & ODD(IGNORE_LEASE))
		return NEVER;
	if (by_lease)
		ms += LEASE_MS + LEASE_SLACK_MS;
	return ms * o->scale;
}

/* Whether more than @ms have passed that the machine cannot be blamed for. */
static bool over(const struct oracle *o, uint32_t ms, uint64_t from_ns, uint64_t to_ns)
{
	if (ms == NEVER || to_ns <= from_ns + ms_ns(ms))
		return false;
	return to_ns >
	       from_ns + ms_ns(ms) + (o->late_ns ? o->late_ns(o->userdata, from_ns, to_ns) : 0);
}

/* ---- duties ---- */

void rules_duty(struct oracle *o, const char *rule, uint64_t cause_ns, uint32_t within_ms,
		enum rules_who who)
{
	struct duty duty = {
		.rule = rule,
		.cause_ns = cause_ns,
		.within_ms = who == RULES_HOST ? within_ms : PEN_MS,
		.by_pen = who != RULES_HOST,
		.motor = who == RULES_PEN_MOTOR,
		.motor_was = o->truth.motor,
	};

	/* One of a kind: the older is the stricter. */
	for (size_t i = 0; i < o->n_duties; i++)
		if (strcmp(o->duties[i].rule, rule) == 0)
			return;
	if (armed(&o->truth) && o->n_duties < ORACLE_DUTIES_MAX)
		o->duties[o->n_duties++] = duty;
}

static void duty_check(struct oracle *o, const struct duty *duty, uint64_t rest_ns, bool rests)
{
	uint32_t ms = duty->by_pen ? PEN_MS : bound_ms(o, duty->within_ms, duty->cause_ns);
	bool late = duty->by_pen ? rest_ns > duty->cause_ns + ms_ns(PEN_MS)
				 : over(o, ms, duty->cause_ns, rest_ns);

	if (late)
		oracle_broken(o, duty->rule, "%s %.1f ms after its cause at %.1f ms, allowed %u",
			      rests ? "at rest" : "not at rest yet",
			      (double)(rest_ns - duty->cause_ns) / 1e6,
			      (double)duty->cause_ns / 1e6, ms);
	else if (rests)
		o->duties_met++;
}

void rules_rested(struct oracle *o, uint64_t ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n_duties; i++) {
		if (o->duties[i].cause_ns > ns)
			o->duties[kept++] = o->duties[i];
		else
			o->duties_met++;
	}
	o->n_duties = kept;
}

/* When it came to rest is known exactly of a motor; else it was after the look before this one. */
static uint64_t rest_ns(const struct duty *duty, const struct truth *before, const struct truth *t)
{
	if (duty->motor_was && t->motor_off_ns >= duty->cause_ns)
		return t->motor_off_ns;
	return MAX(duty->cause_ns, before->now_ns);
}

static void check_duties(struct oracle *o, const struct truth *before)
{
	const struct truth *t = &o->truth;
	size_t kept = 0;

	for (size_t i = 0; i < o->n_duties; i++) {
		struct duty *duty = &o->duties[i];
		bool rests = duty->motor ? !t->motor : !armed(t);

		duty_check(o, duty, rests ? rest_ns(duty, before, t) : t->now_ns, rests);
		if (!rests)
			o->duties[kept++] = *duty;
	}
	o->n_duties = kept;
}

/* ---- what must not last ---- */

struct standing {
	const char *rule;
	enum odd odd;
	bool motor; /* counts while the motor is on; else while the pen is armed */
	uint32_t within_ms;
	uint32_t excuse; /* what hides it from the daemon */
};

#define LIES (ODD(LIE_DEPTH) | ODD(LIE_DEEP) | ODD(LIE_REST) | ODD(LIE_ARMED))

static const struct standing standings[] = {
	{"silence", ODD_SILENT, false, 0, 0},
	{"frozen pen", ODD_FROZEN, false, 0, 0},
	{"hung daemon", ODD_HUNG, false, 0, 0},
	{"unplugged", ODD_UNPLUGGED, false, 0, 0},
	{"no samples", ODD_SKIP, false, 0, 0},
	{"refused lease", ODD_STALL_LEASE, false, 200, 0},
	{"late lease", ODD_DELAY_LEASE, false, 250, 0},
	{"says it rests", ODD_LIE_REST, false, 250, 0},
	{"runs and says armed", ODD_LIE_ARMED, true, 250, 0},
	{"says too deep", ODD_LIE_DEEP, false, RULES_HOST_MS, 0},
	{"says too fast", ODD_LIE_FAST, true, 250, 0},
	{"says too slow", ODD_LIE_SLOW, true, 2000, 0},
	{"says not enabled", ODD_LIE_DISABLED, true, 250, 0},
	{"says a longer lease", ODD_LIE_LEASE, false, 350, 0},
	{"says another target", ODD_LIE_TARGET, false, 350, 0},
	{"says another command", ODD_LIE_COMMAND, false, 350, 0},
	{"off its target", ODD_OFF_TARGET, true, 250, LIES},
	{"fault", ODD_FORCED_FAULT, false, 150, 0},
};

static void check_standing(struct oracle *o, const struct standing *s)
{
	const struct truth *t = &o->truth;
	uint64_t since_ns = MAX(o->on_ns[s->odd], s->motor ? t->motor_on_ns : o->armed_ns);
	uint32_t ms;

	if (!(o->odd & 1u << s->odd) || !(s->motor ? t->motor : armed(t)))
		return;
	if (s->odd == ODD_OFF_TARGET) /* three strokes at speed, and a new target has its grace */
		since_ns = MAX(MAX(since_ns, t->motor_on_ns + ms_ns(SPIN_UP_MS)),
			       o->target_ns + ms_ns(TARGET_GRACE_MS));
	if (oracle_odd_since(o, since_ns) & s->excuse)
		return;
	if (s->odd == ODD_OFF_TARGET && t->speed_rpm < SLOW_RPM) /* no strokes to judge */
		return;
	/* The few samples that "skip" may leave out are within what the station allows. */
	ms = bound_ms(o, s->within_ms, since_ns);
	if (over(o, ms, since_ns, t->now_ns))
		oracle_broken(o, s->rule, "%s for %.1f ms, allowed %u",
			      s->motor ? "runs on" : "still armed",
			      (double)(t->now_ns - since_ns) / 1e6, ms);
}

/* A condition that is seen, and since when. */
static void check_lasting(struct oracle *o, const char *rule, bool is, uint64_t *since_ns,
			  uint32_t within_ms)
{
	const struct truth *t = &o->truth;

	if (!is) {
		*since_ns = 0;
		return;
	}
	if (!*since_ns)
		*since_ns = t->now_ns;
	if (over(o, bound_ms(o, within_ms, *since_ns), *since_ns, t->now_ns))
		oracle_broken(o, rule, "for %.1f ms", (double)(t->now_ns - *since_ns) / 1e6);
}

static void check_motor(struct oracle *o)
{
	const struct truth *t = &o->truth;
	uint32_t seen = oracle_odd_since(o, t->motor_on_ns);
	bool unseen = seen & (ODD(LIE_SPEED) | ODD(LIE_REST) | ODD(LIE_ARMED));
	bool at_speed = t->motor && t->now_ns > t->motor_on_ns + ms_ns(500);

	if (t->motor && !t->trigger &&
	    over(o, bound_ms(o, 200, o->released_ns), o->released_ns, t->now_ns))
		oracle_broken(o, "runs without the trigger", "for %.1f ms",
			      (double)(t->now_ns - o->released_ns) / 1e6);
	check_lasting(o, "runs without an enabling lease", t->motor && !t->enable, &o->disabled_ns,
		      200);
	check_lasting(o, "too fast", t->motor && t->speed_rpm > FAST_RPM && !unseen, &o->fast_ns,
		      250);
	check_lasting(o, "too slow", at_speed && t->speed_rpm < SLOW_RPM && !unseen, &o->slow_ns,
		      350);
}

static void check_start(struct oracle *o, const struct truth *before)
{
	const struct truth *t = &o->truth;

	if (!t->motor_on_ns || t->motor_on_ns == before->motor_on_ns)
		return;
	o->runs++;
	if (!o->press_is_new || t->motor_on_ns + ms_ns(1) < o->pressed_ns ||
	    t->motor_on_ns > o->pressed_ns + ms_ns(1))
		oracle_broken(o, "started without a press",
			      "motor on at %.1f ms, the last press was at %.1f ms%s",
			      (double)t->motor_on_ns / 1e6, (double)o->pressed_ns / 1e6,
			      o->press_is_new ? "" : " and had started it already");
	if (o->pressed_ns < o->armed_ns)
		oracle_broken(o, "started without a press", "the press was before ARM");
	o->press_is_new = false;
}

/* The first stroke beyond the armed limit and its tolerance. */
static void check_depth(struct oracle *o, const struct truth *before)
{
	const struct truth *t = &o->truth;
	uint32_t seen = oracle_odd_since(o, t->motor_on_ns);

	if (!t->depth_over_ns || t->depth_over_ns == before->depth_over_ns || seen & LIES)
		return;
	/* By now it may be off already: the duty is held against what it was before. */
	if (seen & ODD(IGNORE_LIMITS)) {
		if (t->motor)
			rules_duty(o, "too deep", t->depth_over_ns, RULES_HOST_MS, RULES_HOST);
		else if (over(o, bound_ms(o, RULES_HOST_MS, t->depth_over_ns), t->depth_over_ns,
			      t->motor_off_ns))
			oracle_broken(o, "too deep", "seen late");
	} else if (t->motor || t->motor_off_ns > t->depth_over_ns + ms_ns(PEN_MS)) {
		oracle_broken(o, "too deep", "the pen itself did not stop");
	}
}

/* The drive on in spite of STOP and all behind it, and the daemon saw it: a person is called. */
static void check_alarm(struct oracle *o)
{
	const struct truth *t = &o->truth;
	uint64_t off_ns = t->motor ? t->now_ns : t->motor_off_ns;
	bool reset = !t->motor && strcmp(t->stop_reason, "bus") == 0 && o->cable_ns < o->stopped_ns;

	if (!o->stopped || o->alarm_of_ns == o->stopped_ns || t->motor_on_ns > o->stopped_ns ||
	    o->stopped_ns < o->armed_ns || off_ns < o->stopped_ns + ms_ns(RESET_AFTER_MS))
		return;
	if (oracle_odd_since(o, o->stopped_ns) & (RULES_QUIET | ODD(LIE_REST) | ODD(IGNORE_RESET)))
		return;
	if (!reset && !over(o, ALARM_AFTER_MS * o->scale, o->stopped_ns, off_ns))
		return;
	o->alarm_of_ns = o->stopped_ns;
	o->alarm_due_ns = t->now_ns + ms_ns(ALARM_SEEN_MS * o->scale);
}

/* Nothing is wrong, and still the daemon stops: it judges what it should not. */
void oracle_disarmed(struct oracle *o, const char *reason, uint64_t ns)
{
	static const char *const asked[] = {"request",	"stop-all",    "disarm",
					    "settings", "session-end", "client-gone"};
	uint64_t since_ns = ns - ms_ns(CALM_MS * o->scale);

	for (size_t i = 0; i < ELEMENTSOF(asked); i++)
		if (strcmp(reason, asked[i]) == 0)
			return;
	if (oracle_odd_since(o, since_ns) || o->odd_ns >= since_ns)
		return;
	if (o->late_ns && o->late_ns(o->userdata, since_ns, ns) > ms_ns(LATE_MS))
		return;
	oracle_broken(o, "stopped for nothing", "\"%s\", and nothing was odd for %d ms", reason,
		      CALM_MS);
}

/* The lease is for a host that is gone. One that is there says STOP, and to a pen that is deaf to
 * it SET_INTERFACE 0, 200 ms later and before the lease is over. */
static void check_lease(struct oracle *o, const struct truth *before)
{
	const struct truth *t = &o->truth;
	uint64_t lease_ns = MAX(t->last_lease_ns, o->armed_ns);
	uint64_t end_ns = lease_ns + ms_ns(LEASE_MS);
	uint32_t seen = oracle_odd_since(o, lease_ns);

	if (!armed(before) || armed(t) || strcmp(t->stop_reason, "lease") != 0)
		return;
	if (seen & ((RULES_QUIET & ~ODD(SKIP)) | ODD(IGNORE_RESET) | ODD(LIE_REST)))
		return;
	if (!o->stopped) {
		if (over(o, LEASE_MS - FORGIVEN_MS, lease_ns, end_ns))
			oracle_broken(o, "lease alone", "it ran out at %.1f ms, and no STOP came",
				      (double)end_ns / 1e6);
	} else if (o->interface_ns < o->stopped_ns && !(seen & ODD(DELAY)) &&
		   over(o, INTERFACE_MS * o->scale, o->stopped_ns, end_ns)) {
		oracle_broken(o, "lease alone",
			      "it ran out at %.1f ms, %.1f ms after STOP, and no SET_INTERFACE 0 "
			      "came",
			      (double)end_ns / 1e6, (double)(end_ns - o->stopped_ns) / 1e6);
	}
}

void oracle_truth(struct oracle *o, const struct truth *truth)
{
	struct truth before = o->truth;

	o->truth = *truth;
	check_start(o, &before);
	check_depth(o, &before);
	check_duties(o, &before);
	check_lease(o, &before);
	for (size_t i = 0; i < ELEMENTSOF(standings); i++)
		check_standing(o, &standings[i]);
	check_motor(o);
	check_alarm(o);
}
