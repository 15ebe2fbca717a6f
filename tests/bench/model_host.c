// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bench/model_host.h"

#include <errno.h>
#include <stdlib.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/usbip.h"
#include "driver/proto/records.h"
#include "tests/bench/bench.h"
#include "tests/gadget/model/input.h"

#define SEED 1
#define STEP_US 1000
#define LEASE_EVERY_US 75000
#define LOAD_EVERY_US 1000000
#define JITTER_MASK 63 /* microseconds by which packets come late, as on loopback */

struct request {
	bool there;
	int result;
	size_t len;
	uint8_t data[MNPEN_RECORD_MAX];
	host_done done;
	void *userdata;
};

struct model_host {
	struct host host; /* first */
	struct model model;
	struct request control;
	struct request stop;
	uint64_t start_usec; /* of the model, on the host's clock */
	uint32_t jitter;
	bool alt_work;
	bool playing;
	uint64_t play_us; /* when the packet played last was made */
};

static struct model_host *last;

struct model_host *model_host(void)
{
	return last;
}

struct model *model_host_pen(struct model_host *host)
{
	return &host->model;
}

/* ---- the transport ---- */

static struct model_host *of(struct host *host)
{
	return (struct model_host *)host;
}

static int ask(struct model_host *host, struct request *slot, const struct model_request *request)
{
	if (host->playing)
		return request->code == MNPEN_REQ_LEASE ? 0 : -EPROTO;
	if (model_request(&host->model, request, slot->data, &slot->len) != MNPEN_ERR_NONE)
		return -EPIPE;
	return 0;
}

static int on_control(struct host *h, const struct host_control *control, host_done done,
		      void *userdata)
{
	struct model_host *host = of(h);
	struct model_request request = {
		.code = (uint8_t)control->request,
		.in = control->in,
		.alt_work = host->alt_work,
		.value = control->value,
		.length = control->len,
		.data = control->data,
	};

	if (host->control.there)
		return -EBUSY;
	host->control = (struct request){.there = true, .done = done, .userdata = userdata};
	host->control.result = ask(host, &host->control, &request);
	return 0;
}

static int on_set_alt(struct host *h, uint8_t alt, unsigned int timeout_ms, host_done done,
		      void *userdata)
{
	struct model_host *host = of(h);

	model_bus(&host->model, MODEL_BUS_INTERFACE);
	host->alt_work = alt == MNPEN_ALT_WORK;
	host->control = (struct request){.there = true, .done = done, .userdata = userdata};
	return 0;
}

static int on_stream(struct host *h, bool on)
{
	return 0;
}

static int on_stop(struct host *h, uint16_t reason, host_done done, void *userdata)
{
	struct model_host *host = of(h);
	struct model_request request = {.code = MNPEN_REQ_STOP, .value = reason};

	if (host->stop.there)
		return -EALREADY;
	host->stop = (struct request){.there = true, .done = done, .userdata = userdata};
	host->stop.result = ask(host, &host->stop, &request);
	return 0;
}

static int on_reset(struct host *h)
{
	return -ENOTCONN;
}

static void on_free(struct host *h)
{
	last = NULL;
	free(of(h));
}

static const struct host_ops ops = {
	.name = "model",
	.control = on_control,
	.set_alt = on_set_alt,
	.stream = on_stream,
	.stop = on_stop,
	.reset = on_reset,
	.free = on_free,
};

int host_usbip_new(struct host **ret, sd_event *event, const struct usbip_url *url,
		   const struct host_callbacks *callbacks, void *userdata)
{
	static const struct mnpen_cartridge cartridge = {
		.uid = {1},
		.lot = "BENCH",
		.needles = 14,
		.length_um = 2500,
		.expires_days = UINT32_MAX,
	};
	struct model_host *host = calloc(1, sizeof(*host));

	if (!host)
		return -ENOMEM;
	host->host = (struct host){.ops = &ops, .callbacks = callbacks, .userdata = userdata};
	host->start_usec = now_usec();
	host->jitter = SEED;
	model_init(&host->model, SEED, wall_days());
	model_insert_cartridge(&host->model, &cartridge);
	/* The daemon renews by the real clock, of which next to nothing passes in a step. */
	model_set_ignore(&host->model, MODEL_IGNORE_LEASE, true);
	model_advance(&host->model, 2 * MODEL_BOOT_US);
	last = host;
	*ret = &host->host;
	return 0;
}

/* ---- time ---- */

static void answer(struct request *slot)
{
	struct request request = *slot;

	slot->there = false;
	request.done(request.userdata, request.result, request.data, request.len);
}

static void answer_all(struct model_host *host)
{
	while (host->stop.there || host->control.there)
		answer(host->stop.there ? &host->stop : &host->control);
}

void model_host_online(struct model_host *host)
{
	static const struct host_identity identity = {.serial = "BENCH001"};

	host->host.callbacks->online(&host->host, host->host.userdata, &identity);
	answer_all(host);
}

static void deliver(struct model_host *host, const uint8_t *packet, uint64_t time_us)
{
	const struct host_callbacks *callbacks = host->host.callbacks;

	host->jitter = host->jitter * 1664525 + 1013904223;
	callbacks->packet(&host->host, host->host.userdata, packet, MNPEN_SAMPLE_SIZE,
			  host->start_usec + time_us + (host->jitter >> 16 & JITTER_MASK));
	callbacks->drained(&host->host, host->host.userdata);
	answer_all(host);
}

void model_host_step(struct model_host *host)
{
	struct mnpen_sample sample;
	uint8_t packet[MNPEN_SAMPLE_SIZE];

	model_advance(&host->model, host->model.now_us + STEP_US);
	while (model_pop(&host->model, &sample)) {
		mnpen_sample_encode(packet, &sample);
		deliver(host, packet, sample.time_us);
	}
	answer_all(host);
}

static void renew(struct model *model)
{
	uint8_t buf[MNPEN_LEASE_SIZE], reply[MNPEN_RECORD_MAX];
	struct model_request request = {
		.code = MNPEN_REQ_LEASE, .alt_work = true, .length = sizeof(buf), .data = buf};
	size_t len;

	mnpen_lease_encode(buf, &(struct mnpen_lease){
					.token = model->arm.token,
					.counter = model->lease_counter + 1,
					.limits_crc = model->arm.crc,
					.enable = 1,
				});
	if (model_request(model, &request, reply, &len) != MNPEN_ERR_NONE)
		bench_die("the virtual pen refused a lease", -EPROTO);
}

void model_host_record(struct model_host *host, uint8_t (*packets)[MNPEN_SAMPLE_SIZE], size_t count)
{
	static const double loads[] = {1.0, 1.15, 0.9, 1.05, 0.85};
	struct model *model = &host->model;
	struct mnpen_sample sample;
	uint64_t start_us = model->now_us;

	for (size_t i = 0; i < count; i++) {
		uint64_t run_us = model->now_us - start_us;

		if (run_us % LEASE_EVERY_US == 0)
			renew(model);
		model_set_load(model, loads[run_us / LOAD_EVERY_US % ELEMENTSOF(loads)]);
		model_advance(model, model->now_us + STEP_US);
		if (!model_pop(model, &sample) || sample.state != MNPEN_STATE_RUNNING)
			bench_die("the virtual pen stopped while it was recorded", -EPROTO);
		mnpen_sample_encode(packets[i], &sample);
	}
	host->playing = true;
	host->play_us = start_us;
}

void model_host_play(struct model_host *host, const uint8_t packet[MNPEN_SAMPLE_SIZE])
{
	host->play_us += STEP_US;
	deliver(host, packet, host->play_us);
}
