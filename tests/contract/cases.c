// SPDX-License-Identifier: GPL-2.0-only
/* The promises of driver/host/host.h, one a function. Each begins and ends with a pen online. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/clock.h"
#include "driver/proto/records.h"
#include "tests/contract/contract.h"

#define REASON 0x1234 /* of STOPs, 4660 */
#define PERIOD_US 10000
#define PACKETS 20

static int ask(struct contract *c, enum mnpen_request request, uint16_t len,
	       unsigned int timeout_ms)
{
	const struct host_control control = {
		.request = request, .in = true, .len = len, .timeout_ms = timeout_ms};

	return host_control(c->host, &control, contract_done, contract_request(c));
}

/* It takes as long as a busy machine likes. */
static int ask_status(struct contract *c)
{
	return ask(c, MNPEN_REQ_GET_STATUS, MNPEN_SAMPLE_SIZE, 1000);
}

static int stop(struct contract *c)
{
	return host_stop(c->host, REASON, contract_done, contract_request(c));
}

static int set_alt(struct contract *c, uint8_t alt)
{
	return host_set_alt(c->host, alt, 1000, contract_done, contract_request(c));
}

static int lease(struct contract *c)
{
	struct host_control control = {
		.request = MNPEN_REQ_LEASE, .len = MNPEN_LEASE_SIZE, .timeout_ms = 1000};

	mnpen_lease_encode(control.data, &(struct mnpen_lease){.token = 1, .counter = 1});
	return host_control(c->host, &control, contract_done, contract_request(c));
}

static bool silent(struct contract *c)
{
	return c->n_heard == c->n_checked;
}

/* ---- who it is ---- */

static bool identity(struct contract *c)
{
	const uint8_t *setup, *data;
	size_t at = 0, len, n = 0;

	REQUIRE(strcmp(host_transport_name(c->host), c->options->transport) == 0);
	REQUIRE(strcmp(c->identity.serial, "VPEN0001") == 0);
	REQUIRE(c->identity.manufacturer[0] && c->identity.product[0]);
	REQUIRE(c->identity.vendor_id == MNPEN_USB_VENDOR_ID);
	REQUIRE(c->identity.product_id == MNPEN_USB_PRODUCT_ID);
	REQUIRE(c->host->speed_mbit == 12 || c->host->speed_mbit == 480);
	/* For captures: device, configuration and four strings at least. */
	while (host_next_descriptor(c->host, &at, &setup, &data, &len))
		n++;
	REQUIRE(n >= 6);
	REQUIRE(c->host->ceilings.depth_um == 0 && c->host->ceilings.speed_rpm == 0);
	return true;
}

/* ---- requests ---- */

static bool control_in(struct contract *c)
{
	static const struct {
		enum mnpen_request request;
		uint16_t len;
	} rows[] = {{MNPEN_REQ_GET_INFO, MNPEN_INFO_SIZE},
		    {MNPEN_REQ_GET_STATUS, MNPEN_SAMPLE_SIZE},
		    {MNPEN_REQ_GET_CARTRIDGE, MNPEN_CARTRIDGE_SIZE}};
	struct mnpen_info info;
	struct mnpen_sample sample;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		REQUIRE(ask(c, rows[i].request, rows[i].len, 1000) == 0);
		REQUIRE(silent(c)); /* never from inside the call */
		REQUIRE(contract_expect(c, HEARD_DONE, 0));
		REQUIRE(c->heard[c->n_checked - 1].seq == rows[i].len);
		if (rows[i].request == MNPEN_REQ_GET_INFO)
			REQUIRE(mnpen_info_decode(&info, c->data, rows[i].len) == 0);
		if (rows[i].request == MNPEN_REQ_GET_STATUS)
			REQUIRE(mnpen_sample_decode(&sample, c->data, rows[i].len) == 0);
	}
	REQUIRE(ask(c, MNPEN_REQ_GET_INFO, 0, 1000) == -EINVAL);
	return true;
}

static bool control_out_refused(struct contract *c)
{
	struct mnpen_error_record error;

	REQUIRE(lease(c) == 0); /* nothing is armed */
	REQUIRE(contract_expect(c, HEARD_DONE, -EPIPE));
	REQUIRE(ask(c, MNPEN_REQ_GET_ERROR, MNPEN_ERROR_SIZE, 1000) == 0);
	REQUIRE(silent(c));
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	REQUIRE(mnpen_error_decode(&error, c->data, MNPEN_ERROR_SIZE) == 0);
	REQUIRE(error.request == MNPEN_REQ_LEASE);
	REQUIRE(error.code == MNPEN_ERR_BAD_STATE);
	return true;
}

static bool one_at_a_time(struct contract *c)
{
	REQUIRE(ask_status(c) == 0);
	REQUIRE(ask_status(c) == -EBUSY);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	REQUIRE(ask_status(c) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	REQUIRE(silent(c));
	return true;
}

/* No answer in time, and once there is one again, it is that of the next request. */
static bool timeout(struct contract *c)
{
	uint64_t before;

	REQUIRE(contract_tell(c, "freeze on"));
	before = now_usec();
	REQUIRE(ask(c, MNPEN_REQ_GET_STATUS, MNPEN_SAMPLE_SIZE, 50) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, -ETIMEDOUT));
	REQUIRE(now_usec() - before >= 50 * USEC_PER_MSEC);
	REQUIRE(now_usec() - before < 500 * USEC_PER_MSEC * c->options->scale);
	REQUIRE(contract_tell(c, "freeze off"));
	REQUIRE(ask_status(c) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	REQUIRE(silent(c));
	return true;
}

/* ---- STOP ---- */

static bool stopped(struct contract *c)
{
	REQUIRE(contract_tell(c, "delay stop 20"));
	REQUIRE(stop(c) == 0);
	REQUIRE(silent(c));
	REQUIRE(stop(c) == -EALREADY);
	REQUIRE(ask_status(c) == -EBUSY);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	REQUIRE(contract_tell(c, "delay off"));
	REQUIRE(contract_logged(c, "\"value\":4660"));
	REQUIRE(stop(c) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	REQUIRE(silent(c));
	return true;
}

/* What is in flight hears of it before the call returns, and keeps nobody waiting. */
static bool stop_cancels(struct contract *c)
{
	uint64_t before;

	REQUIRE(contract_tell(c, "delay get-status 600"));
	REQUIRE(ask_status(c) == 0);
	contract_run_for(c, 50);
	REQUIRE(silent(c));
	before = now_usec();
	REQUIRE(stop(c) == 0);
	REQUIRE(c->n_heard == c->n_checked + 1);
	REQUIRE(contract_expect(c, HEARD_DONE, -ECANCELED));
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	REQUIRE(now_usec() - before < 500 * USEC_PER_MSEC);
	REQUIRE(contract_tell(c, "delay off"));
	REQUIRE(ask_status(c) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	contract_run_for(c, 700); /* the late answer is nobody's */
	REQUIRE(silent(c));
	return true;
}

static bool stop_unanswered(struct contract *c)
{
	REQUIRE(contract_tell(c, "freeze on"));
	REQUIRE(stop(c) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, -ETIMEDOUT));
	REQUIRE(stop(c) == 0); /* the next one is not kept waiting */
	REQUIRE(contract_expect(c, HEARD_DONE, -ETIMEDOUT));
	REQUIRE(contract_tell(c, "freeze off"));
	contract_run_for(c, 100);
	REQUIRE(silent(c));
	REQUIRE(stop(c) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	return true;
}

/* ---- alternate settings and samples ---- */

static bool settings(struct contract *c)
{
	for (int i = 0; i < 3; i++) {
		REQUIRE(set_alt(c, 1) == 0);
		REQUIRE(silent(c));
		REQUIRE(contract_expect(c, HEARD_DONE, 0));
		REQUIRE(ask_status(c) == 0);
		REQUIRE(contract_expect(c, HEARD_DONE, 0));
		REQUIRE(set_alt(c, 0) == 0);
		REQUIRE(contract_expect(c, HEARD_DONE, 0));
	}
	REQUIRE(silent(c));
	return true;
}

static bool setting_cancels(struct contract *c)
{
	for (uint8_t alt = 0; alt < 2; alt++) {
		REQUIRE(contract_tell(c, "delay get-status 100"));
		REQUIRE(ask_status(c) == 0);
		contract_run_for(c, 20);
		REQUIRE(silent(c));
		REQUIRE(set_alt(c, alt) == 0);
		REQUIRE(contract_expect(c, HEARD_DONE, -ECANCELED));
		REQUIRE(contract_expect(c, HEARD_DONE, 0));
		REQUIRE(contract_tell(c, "delay off"));
	}
	REQUIRE(set_alt(c, 0) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	contract_run_for(c, 150);
	REQUIRE(silent(c));
	return true;
}

static bool start_stream(struct contract *c)
{
	struct host_control control = {
		.request = MNPEN_REQ_SET_STREAM, .len = MNPEN_STREAM_SIZE, .timeout_ms = 1000};

	mnpen_stream_encode(control.data, PERIOD_US);
	REQUIRE(set_alt(c, 1) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	REQUIRE(host_control(c->host, &control, contract_done, contract_request(c)) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	REQUIRE(host_stream(c->host, true) == 0);
	return true;
}

/* Each once, in order, with drained() behind what had come. */
static bool stream(struct contract *c)
{
	unsigned int packets = 0, behind = 0;
	uint32_t seq = 0;

	REQUIRE(start_stream(c));
	while (packets < PACKETS) {
		const struct contract_heard *heard = contract_next(c);

		REQUIRE(heard);
		if (heard->what == HEARD_DRAINED) {
			REQUIRE(behind > 0);
			behind = 0;
			continue;
		}
		REQUIRE(heard->what == HEARD_PACKET);
		REQUIRE(heard->value == MNPEN_SAMPLE_SIZE);
		REQUIRE(packets == 0 || heard->seq == seq + 1);
		seq = heard->seq;
		packets++;
		behind++;
	}
	REQUIRE(!c->odd_time);
	REQUIRE(host_stream(c->host, false) == 0);
	c->n_checked = c->n_heard;
	contract_run_for(c, 50);
	REQUIRE(silent(c));
	REQUIRE(set_alt(c, 0) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	return true;
}

/* STOP while samples come, and requests beside them. */
static bool stream_and_requests(struct contract *c)
{
	unsigned int done = 0;

	REQUIRE(start_stream(c));
	REQUIRE(ask_status(c) == 0);
	while (done < 10) {
		const struct contract_heard *heard = contract_next(c);

		REQUIRE(heard);
		if (heard->what != HEARD_DONE)
			continue;
		REQUIRE(heard->value == 0);
		done++;
		REQUIRE(done % 2 ? stop(c) == 0 : ask_status(c) == 0);
	}
	REQUIRE(host_stream(c->host, false) == 0);
	REQUIRE(set_alt(c, 0) == 0);
	for (;;) {
		const struct contract_heard *heard = contract_next(c);

		REQUIRE(heard);
		if (heard->what == HEARD_DONE && heard->n == c->n_requests - 1)
			return heard->value == 0;
	}
}

/* ---- gone, and back ---- */

static bool all_refused(struct contract *c)
{
	REQUIRE(ask_status(c) == -ENOTCONN);
	REQUIRE(set_alt(c, 1) == -ENOTCONN);
	REQUIRE(host_stream(c->host, true) == -ENOTCONN);
	REQUIRE(stop(c) == -ENOTCONN);
	REQUIRE(host_reset(c->host) == -ENOTCONN);
	return true;
}

static bool reset(struct contract *c)
{
	REQUIRE(contract_tell(c, "delay get-status 300"));
	REQUIRE(ask_status(c) == 0);
	REQUIRE(host_reset(c->host) == 0);
	REQUIRE(silent(c)); /* it follows from the loop */
	REQUIRE(all_refused(c));
	REQUIRE(contract_expect(c, HEARD_DONE, -ECANCELED));
	REQUIRE(contract_expect(c, HEARD_OFFLINE, -ECONNRESET));
	REQUIRE(contract_tell(c, "delay off"));
	REQUIRE(contract_expect(c, HEARD_ONLINE, 0));
	REQUIRE(ask_status(c) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	return true;
}

/* Whoever waits hears, each once; then nothing can be asked until it is back. */
static bool unplug(struct contract *c)
{
	REQUIRE(contract_tell(c, "delay get-status 3000"));
	REQUIRE(ask(c, MNPEN_REQ_GET_STATUS, MNPEN_SAMPLE_SIZE, 3000) == 0);
	contract_run_for(c, 20);
	REQUIRE(contract_tell(c, "unplug"));
	REQUIRE(contract_expect(c, HEARD_DONE, -ENODEV));
	REQUIRE(contract_expect(c, HEARD_OFFLINE, -ENODEV));
	REQUIRE(all_refused(c));
	contract_run_for(c, 300);
	REQUIRE(silent(c));
	REQUIRE(contract_tell(c, "delay off"));
	REQUIRE(contract_tell(c, "replug"));
	REQUIRE(contract_plug(c));
	REQUIRE(contract_expect(c, HEARD_ONLINE, 0));
	REQUIRE(ask_status(c) == 0);
	REQUIRE(contract_expect(c, HEARD_DONE, 0));
	return true;
}

const struct contract_case contract_cases[] = {
	{"identity", identity},
	{"control-in", control_in},
	{"control-out-refused", control_out_refused},
	{"one-at-a-time", one_at_a_time},
	{"timeout", timeout},
	{"stop", stopped},
	{"stop-cancels", stop_cancels},
	{"stop-unanswered", stop_unanswered},
	{"settings", settings},
	{"setting-cancels", setting_cancels},
	{"stream", stream},
	{"stream-and-requests", stream_and_requests},
	{"reset", reset},
	{"unplug", unplug},
	{NULL, NULL},
};
