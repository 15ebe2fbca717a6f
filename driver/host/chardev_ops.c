// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the owner of a pen asks of the transport over the kernel guard.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/chardev_place.h"

#define REQTYPE_INTERFACE_OUT 0x01
#define SET_INTERFACE 11

static bool online(const struct chardev *c)
{
	return c->state == CHARDEV_ONLINE && !c->broken;
}

static uint64_t deadline_in(unsigned int ms)
{
	return now_usec() + (ms ? ms : HOST_CONTROL_TIMEOUT_MS) * USEC_PER_MSEC;
}

/* ---- the end of a request: the place first, for done() may well make the next one ---- */

static struct chardev_request take_request(struct chardev *c)
{
	struct chardev_request request = c->request;

	c->request.state = CHARDEV_NONE;
	c->request.done = NULL;
	return request;
}

/* Nobody waits for it any more. What the thread is in goes on, and nobody hears of its end. */
static struct chardev_request abandon(struct chardev *c, int status)
{
	struct chardev_request request = take_request(c);

	if (request.state == CHARDEV_FLYING)
		chardev_tell_ended(c, request.id, request.setup, status, NULL, 0);
	return request;
}

static void tell(const struct chardev_request *request, int result)
{
	if (request->state != CHARDEV_NONE)
		request->done(request->userdata, result, NULL, 0);
}

/* The guard has asked the pen why already. */
static void keep_error(struct chardev *c)
{
	uint8_t setup[HOST_SETUP_SIZE];
	uint64_t id = ++c->last_id;

	chardev_call_error(c->last_error, &c->call);
	chardev_setup_bytes(setup, MNPEN_REQTYPE_IN, MNPEN_REQ_GET_ERROR, 0, MNPEN_ERROR_SIZE);
	chardev_tell_begun(c, id, setup, NULL, 0);
	chardev_tell_ended(c, id, setup, 0, c->last_error, MNPEN_ERROR_SIZE);
}

static int urb_status(int result)
{
	switch (-result) {
	case 0:
	case EPIPE:
	case EPROTO:
		return result;
	case ENODEV:
		return -ESHUTDOWN;
	}
	return -ENOENT;
}

/* What a transport may say, of what an ioctl may: a request that the kernel ended, and not we, was
 * ended by a STOP of the guard's own. */
static int result_of(int result)
{
	switch (-result) {
	case 0:
	case EPIPE:
	case ETIMEDOUT:
	case ERANGE:
	case ENODEV:
		return result;
	}
	return -EPROTO;
}

void chardev_called(struct chardev *c, int result)
{
	struct chardev_request request;
	uint8_t data[MNPEN_RECORD_MAX] = {0};
	size_t len = 0;

	c->host.ceilings = c->link.ceilings;
	/* That of one which nobody waits for is older than what a STOP has said since. */
	if (c->request.state == CHARDEV_FLYING)
		c->epoch = c->call.argument.head.epoch;
	if (result == -ENODEV)
		chardev_break(c, -ENODEV, "unplugged, or its kernel driver was taken away");
	if (c->request.state != CHARDEV_FLYING)
		return;
	request = take_request(c);
	if (result == 0 && request.in) {
		len = request.len;
		memcpy(data, chardev_call_data(&c->call), len);
	}
	chardev_tell_ended(c, request.id, request.setup, urb_status(result), data, len);
	if (result == -EPIPE && request.what != CHARDEV_SETTING)
		keep_error(c);
	request.done(request.userdata, result_of(result), len ? data : NULL, len);
}

void chardev_answer_known(struct chardev *c)
{
	struct chardev_request request;

	if (c->request.state != CHARDEV_ANSWERED)
		return;
	request = take_request(c);
	request.done(request.userdata, 0, c->last_error, sizeof(c->last_error));
}

/* ---- its beginning ---- */

void chardev_start_queued(struct chardev *c)
{
	struct chardev_request *request = &c->request;

	if (request->state != CHARDEV_QUEUED || usb_helper_busy(c->requester) || c->broken)
		return;
	request->state = CHARDEV_FLYING;
	request->id = ++c->last_id;
	c->call = request->call;
	c->call.argument.head.epoch = c->call.moves ? c->epoch : 0;
	chardev_tell_begun(c, request->id, request->setup, request->data,
			   request->in ? 0 : request->len);
	usb_helper_start(c->requester, CHARDEV_JOB_CALL);
}

static void queue(struct chardev *c, uint16_t what, unsigned int timeout_ms, host_done done,
		  void *userdata)
{
	c->request.state = CHARDEV_QUEUED;
	c->request.what = what;
	c->request.deadline_usec = deadline_in(timeout_ms);
	c->request.done = done;
	c->request.userdata = userdata;
}

static int chardev_control(struct host *host, const struct host_control *control, host_done done,
			   void *userdata)
{
	struct chardev *c = chardev_of(host);
	struct chardev_call call;

	if (!online(c))
		return -ENOTCONN;
	if (c->request.state != CHARDEV_NONE || c->stop.flying)
		return -EBUSY;
	if (control->request == MNPEN_REQ_GET_ERROR) {
		queue(c, MNPEN_REQ_GET_ERROR, control->timeout_ms, done, userdata);
		c->request.state = CHARDEV_ANSWERED;
		return sd_event_source_set_enabled(c->defer, SD_EVENT_ONESHOT);
	}
	if (chardev_call_make(&call, control) < 0)
		return -EINVAL;
	queue(c, (uint16_t)control->request, control->timeout_ms, done, userdata);
	c->request.call = call;
	c->request.in = control->in;
	c->request.len = control->len;
	memcpy(c->request.data, control->data, sizeof(c->request.data));
	chardev_setup_bytes(c->request.setup, control->in ? MNPEN_REQTYPE_IN : MNPEN_REQTYPE_OUT,
			    (uint8_t)control->request, control->value, control->len);
	chardev_kick(c);
	return 0;
}

/* ---- SET_INTERFACE: the kernel's, for either setting; what it takes the place of may be on its
 * way still, and has 50 ms at most while a pen may be armed ---- */

static int chardev_set_alt(struct host *host, uint8_t alt, unsigned int timeout_ms, host_done done,
			   void *userdata)
{
	struct chardev *c = chardev_of(host);
	struct chardev_request before;

	if (!online(c))
		return -ENOTCONN;
	if (alt != MNPEN_ALT_REST && c->request.state != CHARDEV_NONE &&
	    c->request.what == CHARDEV_SETTING)
		return -EBUSY;
	before = abandon(c, -ENOENT);
	c->streaming = false;
	chardev_listen(c);
	queue(c, CHARDEV_SETTING, timeout_ms, done, userdata);
	chardev_call_alt(&c->request.call, alt, timeout_ms);
	c->request.in = false;
	c->request.len = 0;
	chardev_setup_bytes(c->request.setup, REQTYPE_INTERFACE_OUT, SET_INTERFACE, alt, 0);
	chardev_kick(c);
	tell(&before, -ECANCELED);
	return 0;
}

static int chardev_stream(struct host *host, bool on)
{
	struct chardev *c = chardev_of(host);

	if (!online(c))
		return -ENOTCONN;
	if (on && !c->streaming)
		chardev_discard(c);
	c->streaming = on;
	chardev_listen(c);
	return c->broken ? -ENOTCONN : 0;
}

void chardev_listen(struct chardev *c)
{
	int r = sd_event_source_set_io_events(c->io, c->streaming ? EPOLLIN : 0);

	if (r < 0)
		chardev_break(c, r, "cannot wait for its samples: %s", strerror(-r));
}

/* ---- STOP ---- */

static void wait_for_stop(struct chardev *c)
{
	if (usb_helper_busy(c->stopper)) {
		c->stop.wait_again = true;
		return;
	}
	c->stop.wait_again = false;
	chardev_call_stop(&c->waiting, 0, MNPEN_GUARD_STOP_WAIT);
	c->stop_fd = c->link.fd;
	usb_helper_start(c->stopper, CHARDEV_JOB_STOPPED);
}

static void end_stop(struct chardev *c, int result, int status)
{
	struct chardev_stop stop = c->stop;

	c->stop.flying = false;
	c->stop.done = NULL;
	if (!stop.flying)
		return;
	chardev_tell_ended(c, stop.id, stop.setup, status, NULL, 0);
	stop.done(stop.userdata, result, NULL, 0);
}

void chardev_stopped(struct chardev *c, int result)
{
	if (result == -ENODEV)
		chardev_break(c, -ENODEV, "unplugged, or its kernel driver was taken away");
	if (c->stop.wait_again && online(c))
		wait_for_stop(c);
	else
		end_stop(c, result_of(result), urb_status(result));
}

/* The kernel has it when this returns, and what was in flight is on its way back: nothing of ours
 * slept, and no other thread had to run. What the thread has not taken to the kernel yet is of an
 * epoch that is over. */
static int chardev_stop(struct host *host, uint16_t reason, host_done done, void *userdata)
{
	struct chardev *c = chardev_of(host);
	struct chardev_request before;
	struct chardev_call call;
	int r;

	if (!online(c))
		return -ENOTCONN;
	if (c->stop.flying)
		return -EALREADY;
	chardev_call_stop(&call, reason, MNPEN_GUARD_STOP_SUBMIT);
	r = chardev_link_call(c->link.fd, &call);
	if (r < 0) {
		chardev_break(c, r == -ENODEV ? -ENODEV : -EIO, "it takes no STOP: %s",
			      strerror(-r));
		return -EAGAIN;
	}
	c->epoch = call.argument.head.epoch;
	before = abandon(c, -ENOENT);
	c->stop.flying = true;
	c->stop.id = ++c->last_id;
	c->stop.deadline_usec = deadline_in(0);
	c->stop.done = done;
	c->stop.userdata = userdata;
	chardev_setup_bytes(c->stop.setup, MNPEN_REQTYPE_OUT, MNPEN_REQ_STOP, reason, 0);
	chardev_tell_begun(c, c->stop.id, c->stop.setup, NULL, 0);
	wait_for_stop(c);
	chardev_kick(c);
	tell(&before, -ECANCELED);
	return 0;
}

/* ---- the rest ---- */

void chardev_expire(struct chardev *c, uint64_t now)
{
	struct chardev_request request;

	if (c->request.state != CHARDEV_NONE && c->request.deadline_usec <= now) {
		request = abandon(c, -ENOENT);
		tell(&request, -ETIMEDOUT);
	}
	if (c->stop.flying && c->stop.deadline_usec <= now)
		end_stop(c, -ETIMEDOUT, -ENOENT);
}

void chardev_end_all(struct chardev *c, int result)
{
	struct chardev_request request = abandon(c, -ESHUTDOWN);

	c->stop.wait_again = false;
	tell(&request, result);
	end_stop(c, result, -ESHUTDOWN);
}

static int chardev_reset(struct host *host)
{
	struct chardev *c = chardev_of(host);

	if (!online(c))
		return -ENOTCONN;
	c->was_reset = true;
	chardev_break(c, -ECONNRESET, "device reset, to stop the pen");
	return 0;
}

static void chardev_free(struct host *host)
{
	chardev_release(chardev_of(host));
}

const struct host_ops chardev_ops = {
	.name = "chardev",
	.control = chardev_control,
	.set_alt = chardev_set_alt,
	.stream = chardev_stream,
	.stop = chardev_stop,
	.reset = chardev_reset,
	.free = chardev_free,
};
