// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the owner of a pen asks of the USB transport.
 */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/usb_place.h"

#define REQTYPE_INTERFACE_OUT 0x01
#define SET_INTERFACE 11

static uint64_t deadline_in(unsigned int ms)
{
	return now_usec() + (ms ? ms : HOST_CONTROL_TIMEOUT_MS) * USEC_PER_MSEC;
}

static struct usb_setup class_request(const struct host_control *control)
{
	return (struct usb_setup){
		.request_type = control->in ? MNPEN_REQTYPE_IN : MNPEN_REQTYPE_OUT,
		.request = (uint8_t)control->request,
		.value = control->value,
		.index = MNPEN_IF_CONTROL,
		.length = control->len,
	};
}

/* ---- what was taken back: told to tap and owner when what took its place is out ---- */

struct taken_back {
	struct usb_transfer *transfers[HOST_INTERRUPT_URBS + 1];
	size_t n;
	host_done done; /* of the control transfer or setting among them */
	void *userdata;
};

static void take_back(struct usb *u, struct usb_transfer *t, struct taken_back *taken)
{
	if (t->kind != USB_SAMPLES) {
		taken->done = t->done;
		taken->userdata = t->userdata;
	}
	if (taken->n < ELEMENTSOF(taken->transfers))
		taken->transfers[taken->n++] = t;
	usb_cancel(u, t);
}

static void tell_taken_back(struct usb *u, const struct taken_back *taken)
{
	uint64_t now = now_usec();

	/* None of them has been used anew: that takes a turn of the loop. */
	for (size_t i = 0; i < taken->n; i++)
		usb_ended(u, taken->transfers[i], now, -ENOENT, 0);
}

static void answer_taken_back(const struct taken_back *taken)
{
	if (taken->done)
		taken->done(taken->userdata, -ECANCELED, NULL, 0);
}

static void stream_off(struct usb *u, struct taken_back *taken)
{
	u->streaming = false;
	for (size_t i = 0; i < USB_TRANSFERS; i++)
		if (u->transfers[i].kind == USB_SAMPLES && u->transfers[i].state == USB_FLYING)
			take_back(u, &u->transfers[i], taken);
}

/* Nobody waits any more for a SET_INTERFACE of the helper; one that it makes already goes on. */
static void forget_setting(struct usb *u, struct taken_back *taken)
{
	if (u->setting.done) {
		taken->done = u->setting.done;
		taken->userdata = u->setting.userdata;
	}
	u->setting.done = NULL;
	u->setting.wanted = false;
}

/* ---- SET_INTERFACE by the helper, and what waits for its end ---- */

void usb_setting_lend(struct usb *u)
{
	struct usb_setting *s = &u->setting;

	if (!s->wanted || s->lent || u->broken || usb_transfers_flying(u, -1) > 0)
		return;
	s->wanted = false;
	s->lent = true;
	s->id = ++u->last_id;
	u->link.alt = s->alt;
	usb_tell_setting(u, 1);
	for (size_t i = 0; i < ELEMENTSOF(u->fds); i++)
		if (u->fds[i])
			(void)sd_event_source_set_enabled(u->fds[i], SD_EVENT_OFF);
	usb_helper_start(u->helper, USB_JOB_SET_ALT);
}

static int send_stop(struct usb *u, uint16_t reason, uint64_t deadline_usec, host_done done,
		     void *userdata)
{
	struct usb_transfer *t = usb_transfer_get(u, USB_STOP);
	const struct usb_setup setup = {
		.request_type = MNPEN_REQTYPE_OUT,
		.request = MNPEN_REQ_STOP,
		.value = reason,
		.index = MNPEN_IF_CONTROL,
	};

	if (!t)
		return -EAGAIN;
	t->in = false;
	t->len = 0;
	t->deadline_usec = deadline_usec;
	t->done = done;
	t->userdata = userdata;
	/* A device that takes no transfer is closed, and that stops the pen. */
	return usb_submit_control(u, t, &setup, NULL) < 0 ? -EAGAIN : 0;
}

static void nobody(void *userdata, int result, const uint8_t *data, size_t len)
{
}

static void send_owed_stop(struct usb *u)
{
	struct usb_owed owed = u->stop;
	int r;

	if (!owed.owed)
		return;
	u->stop = (struct usb_owed){0};
	r = send_stop(u, owed.reason, deadline_in(0), owed.done ? owed.done : nobody,
		      owed.userdata);
	if (r == 0)
		usb_begun(u, usb_transfer_ep0(u));
	else if (owed.done)
		owed.done(owed.userdata, -ENODEV, NULL, 0);
}

void usb_setting_done(struct usb *u, int result)
{
	struct usb_setting *s = &u->setting;
	host_done done = s->wanted ? NULL : s->done; /* else it is the next one's */

	s->lent = false;
	if (!s->wanted)
		s->done = NULL;
	usb_tell_setting(u, result);
	for (size_t i = 0; i < ELEMENTSOF(u->fds); i++)
		if (u->fds[i])
			(void)sd_event_source_set_enabled(u->fds[i], SD_EVENT_ON);
	if (u->state == USB_ONLINE && !u->broken)
		send_owed_stop(u);
	if (result == -ENODEV)
		usb_break(u, -ENODEV, "unplugged");
	if (done)
		done(s->userdata, result, NULL, 0);
}

void usb_setting_expire(struct usb *u, uint64_t now)
{
	host_done done;

	if (u->setting.done && u->setting.deadline_usec <= now) {
		done = u->setting.done;
		u->setting.done = NULL;
		u->setting.wanted = false;
		done(u->setting.userdata, -ETIMEDOUT, NULL, 0);
	}
	/* It still goes, late rather than never. */
	if (u->stop.done && u->stop.deadline_usec <= now) {
		done = u->stop.done;
		u->stop.done = NULL;
		done(u->stop.userdata, -ETIMEDOUT, NULL, 0);
	}
}

void usb_setting_end(struct usb *u, int result)
{
	struct usb_setting setting = u->setting;
	struct usb_owed stop = u->stop;

	u->setting.done = NULL;
	u->setting.wanted = false;
	u->stop = (struct usb_owed){0};
	if (setting.done)
		setting.done(setting.userdata, result, NULL, 0);
	if (stop.done)
		stop.done(stop.userdata, result, NULL, 0);
}

/* ---- the table of operations ---- */

static bool online(const struct usb *u)
{
	return u->state == USB_ONLINE && !u->broken;
}

static bool ep0_taken(struct usb *u)
{
	return usb_transfer_ep0(u) || u->setting.wanted || u->setting.lent;
}

static struct usb_transfer *get_control(struct usb *u, bool in, uint16_t len,
					unsigned int timeout_ms, host_done done, void *userdata)
{
	struct usb_transfer *t = usb_transfer_get(u, USB_EP0);

	if (!t)
		return NULL;
	t->in = in;
	t->len = len;
	t->deadline_usec = deadline_in(timeout_ms);
	t->done = done;
	t->userdata = userdata;
	return t;
}

static int usb_control(struct host *host, const struct host_control *control, host_done done,
		       void *userdata)
{
	struct usb *u = usb_of(host);
	const struct usb_setup setup = class_request(control);
	struct usb_transfer *t;

	if (!online(u))
		return -ENOTCONN;
	if (ep0_taken(u))
		return -EBUSY;
	t = get_control(u, control->in, control->len, control->timeout_ms, done, userdata);
	if (!t)
		return -EBUSY;
	if (usb_submit_control(u, t, &setup, control->data) < 0) {
		usb_kick(u);
		return -ENOTCONN;
	}
	usb_begun(u, t);
	usb_kick(u);
	return 0;
}

/* Setting 0 as a transfer like another: it goes out at once, its time limit holds, and nothing of
 * the kernel waits. The kernel believes in setting 1 until then, and so returns to 0 once more when
 * the node is closed. */
static int rest(struct usb *u, unsigned int timeout_ms, host_done done, void *userdata)
{
	const struct usb_setup setup = {
		.request_type = REQTYPE_INTERFACE_OUT,
		.request = SET_INTERFACE,
		.value = MNPEN_ALT_REST,
		.index = MNPEN_IF_CONTROL,
	};
	struct usb_transfer *t = get_control(u, false, 0, timeout_ms, done, userdata);
	struct usb_transfer *flying = usb_transfer_ep0(u);
	struct taken_back taken = {0};
	int r;

	if (u->setting.lent || !t)
		return -EBUSY;
	r = usb_submit_control(u, t, &setup, NULL);
	if (flying)
		take_back(u, flying, &taken);
	forget_setting(u, &taken);
	stream_off(u, &taken);
	tell_taken_back(u, &taken);
	if (r == 0)
		usb_begun(u, t);
	usb_kick(u);
	answer_taken_back(&taken);
	return r < 0 ? -EBUSY : 0;
}

static int usb_set_alt(struct host *host, uint8_t alt, unsigned int timeout_ms, host_done done,
		       void *userdata)
{
	struct usb *u = usb_of(host);
	struct usb_transfer *flying = usb_transfer_ep0(u);
	struct taken_back taken = {0};

	if (!online(u))
		return -ENOTCONN;
	if (alt == MNPEN_ALT_REST)
		return rest(u, timeout_ms, done, userdata);
	if (u->setting.done)
		return -EBUSY;
	if (flying)
		take_back(u, flying, &taken);
	stream_off(u, &taken);
	u->setting.wanted = true;
	u->setting.alt = alt;
	u->setting.deadline_usec = deadline_in(timeout_ms);
	u->setting.done = done;
	u->setting.userdata = userdata;
	tell_taken_back(u, &taken);
	usb_kick(u);
	answer_taken_back(&taken);
	return 0;
}

static int usb_stream(struct host *host, bool on)
{
	struct usb *u = usb_of(host);
	struct taken_back taken = {0};

	if (!online(u))
		return -ENOTCONN;
	if (on) {
		u->streaming = true;
		if (!u->setting.lent)
			usb_stream_fill(u);
	} else {
		stream_off(u, &taken);
	}
	tell_taken_back(u, &taken);
	usb_kick(u);
	return 0;
}

/* The helper is in SET_INTERFACE, which is a stop in itself; ours follows it. */
static int owe_stop(struct usb *u, uint16_t reason, host_done done, void *userdata)
{
	struct taken_back taken = {0};

	if (u->stop.done)
		return -EALREADY;
	u->stop = (struct usb_owed){
		.owed = true,
		.reason = reason,
		.deadline_usec = deadline_in(0),
		.done = done,
		.userdata = userdata,
	};
	forget_setting(u, &taken);
	usb_kick(u);
	answer_taken_back(&taken);
	return 0;
}

/* STOP is with the kernel before what is in flight is taken back: that waits for the host
 * controller, and it must not be for STOP to wait with it. */
static int usb_stop(struct host *host, uint16_t reason, host_done done, void *userdata)
{
	struct usb *u = usb_of(host);
	struct usb_transfer *flying = usb_transfer_ep0(u);
	struct taken_back taken = {0};
	int r;

	if (!online(u))
		return -ENOTCONN;
	if (u->setting.lent)
		return owe_stop(u, reason, done, userdata);
	if (flying && flying->kind == USB_STOP)
		return -EALREADY;
	r = send_stop(u, reason, deadline_in(0), done, userdata);
	if (r < 0) {
		usb_kick(u);
		return r;
	}
	if (flying)
		take_back(u, flying, &taken);
	forget_setting(u, &taken);
	tell_taken_back(u, &taken);
	usb_begun(u, usb_transfer_ep0(u));
	usb_kick(u);
	answer_taken_back(&taken);
	return 0;
}

static int usb_reset(struct host *host)
{
	struct usb *u = usb_of(host);

	if (!online(u))
		return -ENOTCONN;
	u->was_reset = true;
	usb_break(u, -ECONNRESET, "device reset, to stop the pen");
	return 0;
}

static void usb_free(struct host *host)
{
	usb_release(usb_of(host));
}

const struct host_ops usb_ops = {
	.name = "usb",
	.control = usb_control,
	.set_alt = usb_set_alt,
	.stream = usb_stream,
	.stop = usb_stop,
	.reset = usb_reset,
	.free = usb_free,
};
