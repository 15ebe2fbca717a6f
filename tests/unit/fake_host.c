/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/clock.h"
#include "driver/proto/names.h"
#include "tests/unit/fake_host.h"

struct fake_host *fake_last;
const char *fake_serial;
uint32_t fake_features;

static struct fake_host *fake_of(struct host *host)
{
	return (struct fake_host *)host;
}

static void note(struct fake_host *fake, const char *format, ...)
{
	size_t used = strlen(fake->log);
	va_list ap;

	va_start(ap, format);
	vsnprintf(fake->log + used, sizeof(fake->log) - used, format, ap);
	va_end(ap);
}

void fake_host_clear(struct fake_host *fake)
{
	fake->log[0] = '\0';
}

static int fake_control(struct host *host, const struct host_control *control, host_done done,
			void *userdata)
{
	struct fake_host *fake = fake_of(host);

	if (fake->pending || fake->stop_done)
		return -EBUSY;
	note(fake, "%s ", mnpen_request_name(control->request));
	fake->pending = true;
	fake->control = *control;
	fake->done = done;
	fake->userdata = userdata;
	return 0;
}

static void cancel(struct fake_host *fake)
{
	if (!fake->pending)
		return;
	fake->pending = false;
	fake->done(fake->userdata, -ECANCELED, NULL, 0);
}

static int fake_set_alt(struct host *host, uint8_t alt, unsigned int timeout_ms, host_done done,
			void *userdata)
{
	struct fake_host *fake = fake_of(host);

	note(fake, "alt%u ", alt);
	cancel(fake);
	fake->pending = true;
	fake->control = (struct host_control){0};
	fake->done = done;
	fake->userdata = userdata;
	return 0;
}

static int fake_stream(struct host *host, bool on)
{
	note(fake_of(host), "stream%c ", on ? '+' : '-');
	return 0;
}

static int fake_stop(struct host *host, uint16_t reason, host_done done, void *userdata)
{
	struct fake_host *fake = fake_of(host);

	if (fake->stop_done)
		return -EALREADY;
	note(fake, "stop:%u ", reason);
	fake->stop_done = done;
	fake->stop_userdata = userdata;
	cancel(fake);
	return 0;
}

static int fake_reset(struct host *host)
{
	note(fake_of(host), "reset ");
	return 0;
}

static void fake_free(struct host *host)
{
	fake_last = NULL;
	free(fake_of(host));
}

static const struct host_ops fake_ops = {
	.name = "fake",
	.control = fake_control,
	.set_alt = fake_set_alt,
	.stream = fake_stream,
	.stop = fake_stop,
	.reset = fake_reset,
	.free = fake_free,
};

int __wrap_host_usbip_new(struct host **ret, sd_event *event, const struct usbip_url *url,
			  const struct host_callbacks *callbacks, void *userdata)
{
	struct fake_host *fake = calloc(1, sizeof(*fake));

	if (!fake)
		return -ENOMEM;
	fake->host = (struct host){.ops = &fake_ops, .callbacks = callbacks, .userdata = userdata};
	fake_last = fake;
	*ret = &fake->host;
	return 0;
}

void fake_host_answer(struct fake_host *fake, int result, const void *data, size_t len)
{
	assert_true(fake->pending);
	fake->pending = false;
	fake->done(fake->userdata, result, data, len);
}

void fake_host_answer_stop(struct fake_host *fake, int result)
{
	host_done done = fake->stop_done;

	assert_non_null(done);
	fake->stop_done = NULL;
	done(fake->stop_userdata, result, NULL, 0);
}

void fake_host_packet(struct fake_host *fake, const void *buf, size_t len)
{
	fake->host.callbacks->packet(&fake->host, fake->host.userdata, buf, len, now_usec());
}

void fake_host_sample(struct fake_host *fake, const struct mnpen_sample *sample)
{
	uint8_t buf[MNPEN_SAMPLE_SIZE];

	mnpen_sample_encode(buf, sample);
	fake_host_packet(fake, buf, sizeof(buf));
	fake->host.callbacks->drained(&fake->host, fake->host.userdata);
}

struct mnpen_sample *fake_next_sample(struct mnpen_sample *sample)
{
	sample->seq++;
	sample->time_us += 1000;
	return sample;
}

void fake_set_up(struct fake_host *fake, struct mnpen_sample *sample)
{
	struct host_identity identity = {.vendor_id = 0x1209};
	const struct mnpen_info info = {
		.protocol = 0x0100,
		.firmware = 0x0100,
		.depth_min_um = 100,
		.depth_max_um = 2500,
		.depth_step_um = 50,
		.depth_tolerance_um = 100,
		.speed_min_rpm = 1800,
		.speed_max_rpm = 9000,
		.lease_min_ms = 100,
		.lease_max_ms = 1000,
		.features = fake_features,
		.stream_min_us = 1000,
		.model = "fake",
		.calibration_due_days = wall_days() + 365,
	};
	const struct mnpen_cartridge cartridge = {.flags = 0};
	uint8_t buf[MNPEN_RECORD_MAX];

	*sample = (struct mnpen_sample){
		.seq = 1,
		.time_us = 5000000,
		.state = MNPEN_STATE_IDLE,
		.flags = MNPEN_FLAG_CALIBRATION,
		.battery_pct = 100,
		.supply_mv = 3900,
	};
	snprintf(identity.serial, sizeof(identity.serial), "%s",
		 fake_serial ? fake_serial : "FAKE0001");
	fake->host.callbacks->online(&fake->host, fake->host.userdata, &identity);
	fake_host_answer_stop(fake, 0);
	mnpen_info_encode(buf, &info);
	fake_host_answer(fake, 0, buf, MNPEN_INFO_SIZE);
	mnpen_sample_encode(buf, sample);
	fake_host_answer(fake, 0, buf, MNPEN_SAMPLE_SIZE);
	mnpen_cartridge_encode(buf, &cartridge);
	fake_host_answer(fake, 0, buf, MNPEN_CARTRIDGE_SIZE);
	fake_host_answer(fake, 0, NULL, 0); /* SET_INTERFACE 1 */
	fake_host_answer(fake, 0, NULL, 0); /* SET_STREAM */
}

void fake_bring_up(struct fake_host *fake, struct mnpen_sample *sample)
{
	fake_set_up(fake, sample);
	fake_host_sample(fake, sample);
}

/* ---- the owner ---- */

static bool on_arrived(struct pen *pen, void *userdata)
{
	struct fake_owner *owner = userdata;

	owner->arrived += !owner->refuse_arrival;
	return !owner->refuse_arrival;
}

static void on_left(struct pen *pen, void *userdata)
{
	((struct fake_owner *)userdata)->left++;
}

static enum policy_reason on_may_run(struct pen *pen, void *userdata, uint64_t now)
{
	return ((struct fake_owner *)userdata)->may_run;
}

static void on_sample(struct pen *pen, void *userdata, uint64_t rx_usec, uint8_t verdict,
		      uint8_t flags, const uint8_t raw[MNPEN_SAMPLE_SIZE])
{
	struct fake_owner *owner = userdata;

	owner->samples++;
	note(owner->host, "%s", verdict ? "told " : "");
}

static void on_gap(struct pen *pen, void *userdata, uint32_t after, uint32_t before)
{
	((struct fake_owner *)userdata)->gaps += before - after - 1;
}

static void on_disarmed(struct pen *pen, void *userdata, enum policy_reason reason, uint32_t run_ms)
{
	struct fake_owner *owner = userdata;

	owner->disarmed++;
	owner->disarm_reason = reason;
}

static void on_event(struct pen *pen, void *userdata, const char *kind, const struct field *fields,
		     size_t n_fields)
{
}

static void on_alarm(struct pen *pen, void *userdata)
{
	((struct fake_owner *)userdata)->alarms++;
}

static void on_changed(struct pen *pen, void *userdata, unsigned int what)
{
}

static bool on_pedal_down(struct pen *pen, void *userdata)
{
	struct fake_owner *owner = userdata;

	owner->pedal_asked++;
	return !owner->pedal_up;
}

const struct pen_hooks fake_hooks = {
	.arrived = on_arrived,
	.left = on_left,
	.may_run = on_may_run,
	.pedal_down = on_pedal_down,
	.sample = on_sample,
	.gap = on_gap,
	.disarmed = on_disarmed,
	.event = on_event,
	.alarm = on_alarm,
	.changed = on_changed,
};

void fake_host_done(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct fake_owner *owner = userdata;

	owner->results++;
	owner->result = *result;
}

void fake_host_noted(struct pen *pen, void *userdata, const struct pen_result *result)
{
	fake_host_done(pen, userdata, result);
	note(((struct fake_owner *)userdata)->host, "done ");
}
