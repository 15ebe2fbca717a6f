// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/pen_world.h"

#include <string.h>

#include "driver/base/clock.h"
#include "tests/fuzz/fuzz.h"

/* ---- the owner of the pen ---- */

static bool on_arrived(struct pen *pen, void *userdata)
{
	return true;
}

static void on_left(struct pen *pen, void *userdata)
{
}

static enum policy_reason on_may_run(struct pen *pen, void *userdata, uint64_t now)
{
	return ((struct world *)userdata)->may_run;
}

static void on_sample(struct pen *pen, void *userdata, uint64_t rx_usec, uint8_t verdict,
		      uint8_t flags, const uint8_t raw[MNPEN_SAMPLE_SIZE])
{
}

static void on_gap(struct pen *pen, void *userdata, uint32_t after_seq, uint32_t before_seq)
{
	CHECK(before_seq - after_seq > 1, "a gap of nothing, %u to %u", after_seq, before_seq);
}

static void on_disarmed(struct pen *pen, void *userdata, enum policy_reason reason, uint32_t run_ms)
{
	CHECK(reason != REASON_NONE, "disarmed for no reason");
}

static void on_event(struct pen *pen, void *userdata, const char *kind, const struct field *fields,
		     size_t n_fields)
{
}

static void on_alarm(struct pen *pen, void *userdata)
{
	((struct world *)userdata)->oracle.alarms++;
}

static void on_changed(struct pen *pen, void *userdata, unsigned int what)
{
}

static const struct pen_hooks hooks = {
	.arrived = on_arrived,
	.left = on_left,
	.may_run = on_may_run,
	.sample = on_sample,
	.gap = on_gap,
	.disarmed = on_disarmed,
	.event = on_event,
	.alarm = on_alarm,
	.changed = on_changed,
};

/* Every command that was taken has exactly one outcome. */
void world_done(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct world *w = userdata;

	w->outcomes++;
	CHECK(w->outcomes <= w->commands, "an outcome of no command");
}

/* ---- time and samples ---- */

void world_settle(struct world *w, bool proof)
{
	oracle_look(&w->oracle, proof);
	proof = link_serve(&w->link);
	oracle_look(&w->oracle, proof);
	loop_settle(w->event);
	proof = link_serve(&w->link);
	oracle_settled(&w->oracle, proof);
}

void world_deliver(struct world *w, const uint8_t *buf, size_t len)
{
	struct mnpen_sample sample;
	bool decodes = mnpen_sample_decode(&sample, buf, len) == 0;
	struct oracle_demand demand = oracle_before(&w->oracle, decodes ? &sample : NULL);

	w->samples++;
	w->link.host.callbacks->packet(&w->link.host, w->link.host.userdata, buf, len, now_usec());
	oracle_after(&w->oracle, &demand);
}

bool world_connected(const struct world *w)
{
	return w->link.streaming && w->link.alt == MNPEN_ALT_WORK && w->samples < SAMPLES_MAX;
}

/* All that waits reaches the daemon at once. */
void world_drain(struct world *w)
{
	if (!world_connected(w))
		w->queued = 0;
	for (unsigned int i = 0; i < w->queued && world_connected(w); i++)
		world_deliver(w, w->queue[i], MNPEN_SAMPLE_SIZE);
	if (w->queued && w->link.online)
		w->link.host.callbacks->drained(&w->link.host, w->link.host.userdata);
	w->queued = 0;
	world_settle(w, false);
}

static void pen_samples(struct world *w, uint32_t usec)
{
	policy_pen_step(&w->link.pen, usec);
	if (w->queued == QUEUE) {
		memmove(w->queue[0], w->queue[1], sizeof(w->queue) - sizeof(w->queue[0]));
		w->queued--;
	}
	link_say(&w->link, w->queue[w->queued++]);
}

void world_run(struct world *w, unsigned int n)
{
	for (unsigned int i = 0; i < n && w->samples < SAMPLES_MAX; i++) {
		loop_pass(w->event, PERIOD_US);
		oracle_settled(&w->oracle, false);
		pen_samples(w, PERIOD_US);
		world_drain(w);
	}
}

/* The network is quiet; the pen goes on, and the daemon's timers. */
void world_quiet(struct world *w, unsigned int ms, bool keep)
{
	while (ms > 0) {
		unsigned int step = ms < 10 ? ms : 10;

		loop_pass(w->event, step * USEC_PER_MSEC);
		for (unsigned int i = 0; i < step; i++) {
			pen_samples(w, PERIOD_US);
			w->queued -= !keep; /* lost on the way */
		}
		world_settle(w, false);
		ms -= step;
	}
}

/* The daemon gets no processor. */
void world_hang(struct world *w, unsigned int ms)
{
	loop_hang(ms * USEC_PER_MSEC);
	oracle_hang(&w->oracle, ms * USEC_PER_MSEC);
	for (unsigned int i = 0; i < ms; i++)
		pen_samples(w, PERIOD_US);
	world_drain(w);
}

void world_begin(struct world *w, uint8_t kind)
{
	w->event = loop_new();
	w->link.oracle = &w->oracle;
	w->link.features = kind & 1 ? MNPEN_FEATURE_CARTRIDGE_TAG : 0;
	w->oracle.has_tag = kind & 1;
	policy_pen_init(&w->link.pen, kind);
	link_next = &w->link;
	CHECK(!pen_new_usbip(&w->pen, w->event, "usbip://127.0.0.1:1/1-1", false, &hooks, w),
	      "no pen");
	w->oracle.pen = w->pen;
	pen_set_stream_period(w->pen, PERIOD_US);
	link_online(&w->link);
	world_settle(w, false);
	world_run(w, 2);
	CHECK(pen_present(w->pen), "an honest pen did not arrive");
}
