// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a place: a device is plugged in, opened, lost, closed, opened again, unplugged.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/usb_place.h"

#define FREE_TURNS 100 /* of 10 ms: how long host_free() waits for transfers to come back */

void usb_break(struct usb *u, int error, const char *format, ...)
{
	va_list args;
	int r;

	if (u->state != USB_ONLINE || u->broken)
		return;
	u->broken = true;
	u->error = error;
	va_start(args, format);
	vsnprintf(u->why, sizeof(u->why), format, args);
	va_end(args);
	if (u->dispatching)
		return;
	r = sd_event_source_set_enabled(u->defer, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("%s: cannot schedule the end of a broken connection: %s", u->node,
			  strerror(-r));
}

/* ---- closed: what next ---- */

static void wait_and_try(struct usb *u)
{
	u->state = USB_WAITING;
	u->phase_end_usec = now_usec() + u->backoff_ms * USEC_PER_MSEC;
	u->backoff_ms = MIN(u->backoff_ms * 2, USB_BACKOFF_MAX_MS);
}

static void closed(struct usb *u, bool refused)
{
	if (!u->node[0])
		u->state = USB_EMPTY;
	else if (refused)
		u->state = USB_REFUSED;
	else
		wait_and_try(u);
}

void usb_start_closing(struct usb *u)
{
	usb_forget_fds(u);
	usb_transfers_free(u);
	u->state = u->was_reset && u->node[0] ? USB_RESETTING : USB_CLOSING;
	u->link.hand_over = u->handing_over;
	u->handing_over = false;
	usb_helper_start(u->helper, u->state == USB_RESETTING ? USB_JOB_RESET : USB_JOB_CLOSE);
}

/* ---- from here to there ---- */

static const char *open_error(const struct usb *u, int error)
{
	switch (-error) {
	case EPROTO:
		return u->enumeration.why ? u->enumeration.why : "it answers what was not asked";
	case EACCES:
	case EPERM:
		return "not permitted: is mnpen's udev rule installed, and mnpend its user?";
	case EBUSY:
		return "another program has its interface";
	case EPIPE:
		return "it refuses to be enumerated";
	}
	return strerror(-error);
}

static void report(struct usb *u, int error, const char *what, const char *why)
{
	if (!u->was_online && error == u->reported)
		return;
	u->reported = error;
	u->was_online = false;
	if (log_allowed(&u->log_limit))
		log_warning("%s: %s%s", u->node[0] ? u->node : "USB device", what, why);
	u->host.callbacks->offline(&u->host, u->host.userdata, error);
}

static void opened(struct usb *u, int result)
{
	if (result < 0) {
		bool refused = result == -EPROTO && u->enumeration.why;

		if (u->node[0])
			report(u, result,
			       refused ? "no pen: " : "cannot open: ", open_error(u, result));
		closed(u, refused);
		return;
	}
	u->was_reset = u->gone = false;
	if (!u->node[0]) { /* meanwhile */
		u->state = USB_LEAVING;
		return;
	}
	u->state = USB_ONLINE;
	result = usb_transfers_new(u);
	if (result >= 0)
		result = usb_watch_fds(u);
	if (result < 0)
		usb_break(u, result, "cannot use it: %s", strerror(-result));
	if (u->broken)
		return;
	u->was_online = true;
	u->reported = 0;
	u->backoff_ms = USB_BACKOFF_MIN_MS;
	u->host.callbacks->online(&u->host, u->host.userdata, &u->enumeration.identity);
}

/* Every transfer's owner hears first, the owner of the pen last. */
void usb_take_down(struct usb *u)
{
	int result = u->was_reset ? -ECANCELED : -ENODEV;

	u->state = USB_LEAVING;
	u->broken = u->streaming = u->slow_told = false;
	u->phase_end_usec = now_usec() + HOST_SETUP_TIMEOUT_MS * USEC_PER_MSEC;
	for (size_t i = 0; i < USB_TRANSFERS; i++) {
		struct usb_transfer *t = &u->transfers[i];
		host_done done = t->done;

		if (t->state != USB_FLYING)
			continue;
		if (!u->setting.lent)
			usb_cancel(u, t);
		t->state = USB_CANCELLED;
		usb_ended(u, t, now_usec(), -ESHUTDOWN, 0);
		if (t->kind != USB_SAMPLES && done)
			done(t->userdata, result, NULL, 0);
	}
	usb_setting_end(u, result);
	report(u, u->error, "", u->why);
}

/* ---- the helper ---- */

static int run_job(void *userdata, int job)
{
	struct usb *u = userdata;

	switch ((enum usb_job)job) {
	case USB_JOB_OPEN:
		return usb_link_open(&u->link, &u->enumeration, &u->host, u->opening);
	case USB_JOB_SET_ALT:
		return usb_link_set_alt(&u->link);
	case USB_JOB_RESET:
		return usb_link_reset(&u->link);
	case USB_JOB_CLOSE:
		usb_link_close(&u->link);
		return 0;
	}
	return -EINVAL;
}

static void on_job_done(void *userdata, int job, int result)
{
	struct usb *u = userdata;

	usb_enter(u);
	switch ((enum usb_job)job) {
	case USB_JOB_OPEN:
		opened(u, result);
		break;
	case USB_JOB_SET_ALT:
		usb_setting_done(u, result);
		break;
	case USB_JOB_RESET:
		if (result < 0 && log_allowed(&u->log_limit))
			log_warning("%s: device reset: %s", u->node, strerror(-result));
		u->was_reset = false;
		u->state = USB_CLOSING;
		usb_helper_start(u->helper, USB_JOB_CLOSE);
		break;
	case USB_JOB_CLOSE:
		closed(u, false);
		break;
	}
	usb_leave(u);
}

void usb_start_opening(struct usb *u)
{
	u->state = USB_OPENING;
	snprintf(u->opening, sizeof(u->opening), "%s", u->node);
	usb_helper_start(u->helper, USB_JOB_OPEN);
}

/* ---- plugged in, taken out ---- */

void host_usb_plug(struct host *host, const char *node)
{
	struct usb *u = usb_of(host);

	snprintf(u->node, sizeof(u->node), "%s", node);
	u->reported = 0;
	u->backoff_ms = USB_BACKOFF_MIN_MS;
	u->state = USB_WAITING;
	u->phase_end_usec = now_usec();
	usb_schedule(u);
}

void host_usb_unplug(struct host *host)
{
	struct usb *u = usb_of(host);

	if (u->state == USB_WAITING || u->state == USB_REFUSED)
		u->state = USB_EMPTY;
	usb_break(u, -ENODEV, "unplugged");
	u->node[0] = '\0';
	usb_schedule(u);
}

void host_usb_hand_over(struct host *host)
{
	struct usb *u = usb_of(host);

	u->handing_over = u->state == USB_ONLINE;
	usb_break(u, -ENODEV, "left to the kernel's driver");
	host_usb_unplug(host);
}

bool host_usb_empty(const struct host *host)
{
	return ((const struct usb *)host)->state == USB_EMPTY;
}

/* ---- made and freed ---- */

/* Nobody hears of anything any more. Return: whether libusb has given all of them back. */
static bool end_transfers(struct usb *u)
{
	struct timeval turn = {.tv_usec = 10000};

	u->streaming = false;
	for (size_t i = 0; i < USB_TRANSFERS; i++)
		if (u->transfers[i].state == USB_FLYING)
			usb_cancel(u, &u->transfers[i]);
	for (int i = 0; i < FREE_TURNS && usb_transfers_flying(u, -1) > 0; i++)
		(void)libusb_handle_events_timeout_completed(u->link.context, &turn, NULL);
	return usb_transfers_flying(u, -1) == 0;
}

void usb_release(struct usb *u)
{
	bool given_back = true;

	u->host.tap = NULL;
	(void)usb_helper_wait(u->helper);
	if (u->link.context) {
		usb_forget_fds(u);
		given_back = end_transfers(u);
	}
	if (given_back) {
		usb_transfers_free(u);
		usb_link_close(&u->link);
	} else {
		/* They are the kernel's still; the process ends anyway. */
		log_error("USB device: transfers never came back, left open");
	}
	u->helper = usb_helper_free(u->helper);
	sd_event_source_disable_unref(u->timer);
	sd_event_source_disable_unref(u->defer);
	sd_event_unref(u->event);
	if (given_back)
		free(u);
}

DEFINE_CLEANUP(struct usb *, usb_release)

int host_usb_new(struct host **ret, sd_event *event, const struct host_callbacks *callbacks,
		 void *userdata)
{
	_cleanup_(usb_release_cleanup) struct usb *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return -ENOMEM;
	u->host = (struct host){.ops = &usb_ops, .callbacks = callbacks, .userdata = userdata};
	u->event = sd_event_ref(event);
	u->link.fd = -EBADF;
	r = usb_add_sources(u);
	if (r >= 0)
		r = usb_helper_new(&u->helper, event, run_job, on_job_done, u);
	if (r < 0)
		return r;
	*ret = &TAKE_PTR(u)->host;
	return 0;
}
