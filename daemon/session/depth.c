// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pen's own buttons and dial: wishes for a target that is deeper or less deep by steps of the
 * pen. They are a SetTarget in small, with its checks and its confirmation, and its refusals: what
 * does not fit any more is refused, step by step, and never clamped. Steps that come while a
 * request is under way wait for it, a few of them and for a short time; none waits across a stop.
 */
#include <errno.h>

#include "daemon/session/parts.h"
#include "driver/base/clock.h"

static void tell(struct station_pen *pen, const char *outcome, int steps, const char *why)
{
	const char *kind = pen->wish.kind;
	const struct field fields[] = {
		FIELD_S("outcome", outcome),
		FIELD_S("direction", steps < 0 ? "shallower" : "deeper"),
		FIELD_U("steps", steps < 0 ? 0u - (unsigned int)steps : (unsigned int)steps),
		FIELD_U("depth_um", pen->target_depth_um),
		FIELD_S("message", why),
	};

	if (flood_admit(&pen->flood, kind, pen_sample(pen->pen)->faults, now_usec()))
		record_event(pen, kind, fields, why ? 5 : 4, NULL, NULL);
}

static void tell_refused(struct station_pen *pen, int steps, const struct refusal *refusal)
{
	tell(pen, "refused", steps, refusal->message);
}

static void drop(struct station_pen *pen, const struct refusal *refusal)
{
	int steps = pen->wish.steps;

	pen->wish.steps = 0;
	if (steps)
		tell_refused(pen, steps, refusal);
}

/* What SetTarget does not ask for, because there a person looks at the number. */
static int check_ground(struct station_pen *pen, struct refusal *refusal)
{
	if (!pen->session || pen->session->end_outcome)
		return refuse(refusal, REFUSAL_NO_SUCH_SESSION, "no session is open");
	if (pen->target_depth_um == 0)
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "no target is set that could be changed; set one: mnpenctl target");
	if (pen_state(pen->pen) == FSM_FAULT || pen_sample(pen->pen)->faults)
		return refuse(refusal, REFUSAL_FAULT,
			      "a fault stands; mend its cause, then mnpenctl clear-fault %s",
			      pen_serial(pen->pen));
	return 0;
}

/* As many of @steps as fit; @refusal says why not more. */
static int fitting(struct station_pen *pen, int steps, struct refusal *refusal)
{
	int step_um = pen_info(pen->pen)->depth_step_um;
	int one = steps < 0 ? -1 : 1;

	for (; steps != 0; steps -= one) {
		int depth_um = pen->target_depth_um + steps * step_um;

		if (depth_um <= 0)
			refuse(refusal, REFUSAL_LIMIT, "it cannot go less deep than %u um",
			       pen_info(pen->pen)->depth_min_um);
		else if (limits_target(pen, (uint32_t)depth_um, pen->target_speed_rpm, refusal) ==
			 0)
			return steps;
	}
	return 0;
}

static void go_on(struct station_pen *pen);

static void on_done(void *userdata, const struct refusal *refusal)
{
	struct station_pen *pen = userdata;
	int steps = pen->wish.sent;

	pen->wish.sent = 0;
	if (!pen->listed)
		return;
	if (refusal)
		tell_refused(pen, steps, refusal);
	else
		tell(pen, pen_is_live(pen->pen) ? "confirmed" : "kept", steps, NULL);
	go_on(pen);
}

static void send_steps(struct station_pen *pen, struct refusal *refusal)
{
	struct depth_wish *wish = &pen->wish;
	int steps = fitting(pen, wish->steps, refusal);
	int over = wish->steps - steps;
	uint32_t depth_um =
		pen->target_depth_um + (uint32_t)(steps * pen_info(pen->pen)->depth_step_um);

	wish->steps = 0;
	if (over)
		tell_refused(pen, over, refusal);
	if (!steps)
		return;
	wish->sent = steps;
	if (station_set_target(pen, wish->epoch, depth_um, pen->target_speed_rpm, on_done, pen,
			       refusal) == 0)
		return;
	wish->sent = 0;
	tell_refused(pen, steps, refusal);
}

static int on_wait(sd_event_source *source, uint64_t usec, void *userdata)
{
	go_on(userdata);
	return 0;
}

/* Return: 0 = later; negative errno. */
static int wait_a_little(struct station_pen *pen)
{
	uint64_t due = now_usec() + DEPTH_WAIT_USEC;

	if (pen->wish.timer) {
		(void)sd_event_source_set_time(pen->wish.timer, due);
		return sd_event_source_set_enabled(pen->wish.timer, SD_EVENT_ONESHOT);
	}
	return sd_event_add_time(pen->station->event, &pen->wish.timer, CLOCK_BOOTTIME, due, 1,
				 on_wait, pen);
}

static void go_on(struct station_pen *pen)
{
	struct depth_wish *wish = &pen->wish;
	struct refusal refusal;

	if (!pen->listed || !wish->steps || wish->sent)
		return;
	if (wish->epoch != pen_epoch(pen->pen)) {
		refuse_command(&refusal, "the step", -ESTALE);
		drop(pen, &refusal);
	} else if (check_ground(pen, &refusal) < 0) {
		drop(pen, &refusal);
	} else if (!pen->request) {
		send_steps(pen, &refusal);
	} else if (now_usec() >= wish->since_usec + DEPTH_PATIENCE_USEC || wait_a_little(pen) < 0) {
		refuse_command(&refusal, "the step", -EBUSY);
		drop(pen, &refusal);
	}
}

static bool too_many(int steps)
{
	return steps > DEPTH_STEPS_MAX || steps < -DEPTH_STEPS_MAX;
}

void station_step_depth(struct station_pen *pen, const char *kind, int steps)
{
	struct depth_wish *wish = &pen->wish;
	struct refusal refusal;

	/* Wishes of before a stop are answered as such, not added to. */
	if (wish->steps && wish->epoch != pen_epoch(pen->pen))
		go_on(pen);
	if (!wish->steps && !wish->sent) {
		wish->epoch = pen_epoch(pen->pen);
		wish->since_usec = now_usec();
	}
	wish->kind = kind;
	if (too_many(steps) || too_many(wish->steps + steps)) {
		refuse(&refusal, REFUSAL_BUSY, "more than %d steps at once; turn it slowly",
		       DEPTH_STEPS_MAX);
		tell_refused(pen, steps, &refusal);
		return;
	}
	wish->steps += steps;
	go_on(pen);
}

void depth_forget(struct station_pen *pen)
{
	pen->wish.steps = 0;
	pen->wish.timer = sd_event_source_disable_unref(pen->wish.timer);
}
