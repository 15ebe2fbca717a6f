// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a USB/IP connection: event sources, the deadlines of everything, taking down what
 * broke and trying again.
 */
#include "driver/host/usbip_conn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

void usbip_break(struct usbip *u, int error, const char *format, ...)
{
	va_list args;
	int r;

	if (u->state == USBIP_WAITING || u->state == USBIP_BROKEN)
		return;
	u->state = USBIP_BROKEN;
	u->error = error;
	va_start(args, format);
	vsnprintf(u->why, sizeof(u->why), format, args);
	va_end(args);
	if (u->dispatching)
		return;
	r = sd_event_source_set_enabled(u->defer, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("%s: cannot schedule the end of a broken connection: %s", u->url.text,
			  strerror(-r));
}

void usbip_close_socket(struct usbip *u)
{
	u->io = sd_event_source_disable_unref(u->io);
	if (u->fd >= 0)
		shutdown(u->fd, SHUT_RDWR);
	u->fd = close_fd(u->fd);
}

/* Every transfer's owner hears first, the owner of the pen last. */
static void take_down(struct usbip *u)
{
	int result = u->was_reset ? -ECANCELED : -ENODEV;
	bool report = u->was_online || u->error != u->reported;

	usbip_close_socket(u);
	u->state = USBIP_WAITING;
	u->phase_deadline_usec = now_usec() + u->backoff_ms * USEC_PER_MSEC;
	u->backoff_ms = MIN(u->backoff_ms * 2, USBIP_BACKOFF_MAX_MS);
	u->was_online = u->was_reset = u->streaming = false;
	u->tx.n = u->tx.sent = 0;
	for (size_t i = 0; i < ELEMENTSOF(u->urbs.urbs); i++) {
		struct usbip_urb *urb = &u->urbs.urbs[i];

		if (urb->state == USBIP_URB_FLYING) {
			usbip_ended(u, urb, now_usec(), -ESHUTDOWN, NULL, 0);
			usbip_finish(urb, result, NULL, 0);
		}
		urb->state = USBIP_URB_FREE;
	}
	if (!report)
		return;
	u->reported = u->error;
	if (log_allowed(&u->log_limit))
		log_warning("%s: %s", u->url.text, u->why);
	u->host.callbacks->offline(&u->host, u->host.userdata, u->error);
}

void usbip_flush(struct usbip *u)
{
	int r;

	if (u->fd < 0 || u->state == USBIP_CONNECTING || u->state == USBIP_BROKEN)
		return;
	r = usbip_tx_flush(&u->tx, u->fd);
	if (r < 0)
		usbip_break(u, r == -EPIPE ? -ENODEV : r, "cannot send to the server: %s",
			    strerror(-r));
}

static void watch(struct usbip *u)
{
	uint32_t events = EPOLLIN;
	int r;

	if (!u->io)
		return;
	if (u->state == USBIP_CONNECTING)
		events = EPOLLOUT;
	else if (u->tx.n > 0)
		events |= EPOLLOUT;
	r = sd_event_source_set_io_events(u->io, events);
	if (r < 0)
		usbip_break(u, r, "cannot watch the socket: %s", strerror(-r));
}

static void schedule(struct usbip *u)
{
	uint64_t deadline = 0;
	int r;

	switch (u->state) {
	case USBIP_WAITING:
	case USBIP_CONNECTING:
	case USBIP_IMPORTING:
		deadline = u->phase_deadline_usec;
		break;
	case USBIP_ENUMERATING:
	case USBIP_ONLINE:
		deadline = usbip_urb_deadline(&u->urbs);
		break;
	case USBIP_BROKEN:
		break;
	}
	if (deadline) {
		r = sd_event_source_set_time(u->timer, deadline);
		if (r >= 0)
			r = sd_event_source_set_enabled(u->timer, SD_EVENT_ONESHOT);
	} else {
		r = sd_event_source_set_enabled(u->timer, SD_EVENT_OFF);
	}
	if (r < 0)
		log_error("%s: cannot set the timer of a transfer: %s", u->url.text, strerror(-r));
}

void usbip_enter(struct usbip *u)
{
	u->dispatching = true;
}

void usbip_leave(struct usbip *u)
{
	usbip_flush(u);
	watch(u);
	if (u->state == USBIP_BROKEN)
		take_down(u);
	u->dispatching = false;
	schedule(u);
}

void usbip_kick(struct usbip *u)
{
	if (u->dispatching)
		return;
	usbip_flush(u);
	watch(u);
	schedule(u);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct usbip *u = userdata;

	usbip_enter(u);
	if (u->state == USBIP_CONNECTING)
		usbip_connected(u);
	else if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		usbip_receive(u);
	usbip_leave(u);
	return 0;
}

static void expire_urb(struct usbip *u, struct usbip_urb *urb)
{
	struct usbip_urb expired = *urb;

	switch (urb->state) {
	case USBIP_URB_FREE:
		return;
	case USBIP_URB_FLYING:
		usbip_cancel(u, urb, false);
		/* Out before anybody hears of it. If the socket does not take it, a STOP that the
		 * owner answers with takes it along. */
		usbip_flush(u);
		usbip_ended(u, &expired, now_usec(), -ENOENT, NULL, 0);
		if (expired.done)
			expired.done(expired.userdata, -ETIMEDOUT, NULL, 0);
		return;
	case USBIP_URB_LATE:
		if (!usbip_tx_holds(&u->tx, urb->seqnum)) {
			urb->state = USBIP_URB_FREE;
			return;
		}
		usbip_break(u, -ETIMEDOUT, "the server has not read for %d ms while STOP waits",
			    HOST_SETUP_TIMEOUT_MS);
		return;
	case USBIP_URB_UNLINKING:
	case USBIP_URB_RETURNED:
		usbip_break(u, -ETIMEDOUT,
			    "the server has not answered a cancellation within %d ms",
			    HOST_SETUP_TIMEOUT_MS);
		return;
	}
}

static void expire_urbs(struct usbip *u)
{
	uint64_t now = now_usec();

	for (size_t i = 0; i < ELEMENTSOF(u->urbs.urbs) && u->state != USBIP_BROKEN; i++) {
		struct usbip_urb *urb = &u->urbs.urbs[i];

		if (urb->state != USBIP_URB_FREE && urb->deadline_usec && urb->deadline_usec <= now)
			expire_urb(u, urb);
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct usbip *u = userdata;

	usbip_enter(u);
	switch (u->state) {
	case USBIP_WAITING:
		usbip_connect(u);
		break;
	case USBIP_CONNECTING:
	case USBIP_IMPORTING:
		usbip_break(u, -ETIMEDOUT, "the server has not answered the %s within %d ms",
			    u->state == USBIP_CONNECTING ? "connection" : "import",
			    HOST_SETUP_TIMEOUT_MS);
		break;
	case USBIP_ENUMERATING:
	case USBIP_ONLINE:
		expire_urbs(u);
		break;
	case USBIP_BROKEN:
		break;
	}
	usbip_leave(u);
	return 0;
}

static int on_defer(sd_event_source *source, void *userdata)
{
	struct usbip *u = userdata;

	usbip_enter(u);
	usbip_leave(u);
	return 0;
}

int usbip_watch_socket(struct usbip *u)
{
	int r = sd_event_add_io(u->event, &u->io, u->fd, EPOLLOUT, on_io, u);

	if (r >= 0)
		r = sd_event_source_set_priority(u->io, HOST_EVENT_PRIORITY);
	return r;
}

static int add_sources(struct usbip *u)
{
	int r;

	r = sd_event_add_defer(u->event, &u->defer, on_defer, u);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(u->defer, SD_EVENT_OFF);
	if (r < 0)
		return r;
	r = sd_event_source_set_priority(u->defer, HOST_EVENT_PRIORITY);
	if (r < 0)
		return r;
	r = sd_event_add_time(u->event, &u->timer, CLOCK_BOOTTIME, now_usec(), 1, on_timer, u);
	if (r < 0)
		return r;
	/* Behind the socket: an answer that is here when the loop was late is no timeout. */
	return sd_event_source_set_priority(u->timer, HOST_EVENT_PRIORITY + 1);
}

void usbip_release(struct usbip *u)
{
	usbip_close_socket(u);
	sd_event_source_disable_unref(u->timer);
	sd_event_source_disable_unref(u->defer);
	sd_event_unref(u->event);
	free(u);
}

DEFINE_CLEANUP(struct usbip *, usbip_release)

int host_usbip_new(struct host **ret, sd_event *event, const struct usbip_url *url,
		   const struct host_callbacks *callbacks, void *userdata)
{
	_cleanup_(usbip_release_cleanup) struct usbip *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return -ENOMEM;
	u->host = (struct host){.ops = &usbip_ops, .callbacks = callbacks, .userdata = userdata};
	u->event = sd_event_ref(event);
	u->fd = -EBADF;
	u->url = *url;
	u->state = USBIP_WAITING;
	u->backoff_ms = USBIP_BACKOFF_MIN_MS;
	r = add_sources(u);
	if (r < 0)
		return r;
	*ret = &TAKE_PTR(u)->host;
	return 0;
}
