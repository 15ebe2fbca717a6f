// SPDX-License-Identifier: GPL-2.0-only
/*
 * A place in the loop: what it waits for, and what follows when the loop leaves it again.
 */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/usb_place.h"

/* ---- libusb's descriptors in the loop ---- */

static int on_fd(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct timeval now = {0};
	struct usb *u = userdata;
	int r;

	usb_enter(u);
	r = libusb_handle_events_timeout_completed(u->link.context, &now, NULL);
	if (r < 0 && r != LIBUSB_ERROR_INTERRUPTED)
		usb_break(u, -EIO, "cannot handle its events: %s", libusb_error_name(r));
	if (u->gone)
		usb_break(u, -ENODEV, "unplugged");
	/* Also when it broke behind the last good packet: what came is judged before it is lost. */
	if (u->got_packets && !u->was_reset)
		u->host.callbacks->drained(&u->host, u->host.userdata);
	u->got_packets = false;
	usb_leave(u);
	return 0;
}

static int add_fd(struct usb *u, const struct libusb_pollfd *pollfd)
{
	for (size_t i = 0; i < ELEMENTSOF(u->fds); i++) {
		int r;

		if (u->fds[i])
			continue;
		/* The bits of poll() and epoll are the same. */
		r = sd_event_add_io(u->event, &u->fds[i], pollfd->fd, (uint32_t)pollfd->events,
				    on_fd, u);
		if (r >= 0)
			r = sd_event_source_set_priority(u->fds[i], HOST_EVENT_PRIORITY);
		return r;
	}
	return -ENOBUFS;
}

/* libusb does not poll any more what says that the device is gone: neither may the loop, or it
 * would never sleep again. */
static void LIBUSB_CALL on_fd_removed(int fd, void *userdata)
{
	struct usb *u = userdata;

	for (size_t i = 0; i < ELEMENTSOF(u->fds); i++)
		if (u->fds[i] && sd_event_source_get_io_fd(u->fds[i]) == fd)
			u->fds[i] = sd_event_source_disable_unref(u->fds[i]);
	u->gone = true; /* behind what it still hands out */
}

int usb_watch_fds(struct usb *u)
{
	const struct libusb_pollfd **list = libusb_get_pollfds(u->link.context);
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && list[i]; i++)
		r = add_fd(u, list[i]);
	libusb_free_pollfds(list);
	libusb_set_pollfd_notifiers(u->link.context, NULL, on_fd_removed, u);
	return r;
}

void usb_forget_fds(struct usb *u)
{
	libusb_set_pollfd_notifiers(u->link.context, NULL, NULL, NULL);
	for (size_t i = 0; i < ELEMENTSOF(u->fds); i++)
		u->fds[i] = sd_event_source_disable_unref(u->fds[i]);
}

/* ---- time ---- */

static void complain(struct usb *u)
{
	if (u->slow_told)
		return;
	u->slow_told = true;
	log_warning("%s: the kernel has not given back its transfers for %d ms: not closed yet",
		    u->node[0] ? u->node : "USB device", HOST_SETUP_TIMEOUT_MS);
}

static void expire_transfers(struct usb *u, uint64_t now)
{
	for (size_t i = 0; i < USB_TRANSFERS && !u->broken; i++) {
		struct usb_transfer *t = &u->transfers[i];
		host_done done = t->done;

		if (t->state != USB_FLYING || !t->deadline_usec || t->deadline_usec > now)
			continue;
		/* Taken back before anybody hears of it: the answer may well be a STOP. */
		usb_cancel(u, t);
		usb_ended(u, t, now_usec(), -ENOENT, 0);
		done(t->userdata, -ETIMEDOUT, NULL, 0);
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct usb *u = userdata;
	uint64_t now = now_usec();

	usb_enter(u);
	switch (u->state) {
	case USB_WAITING:
		if (u->phase_end_usec <= now)
			usb_start_opening(u);
		break;
	case USB_ONLINE:
		expire_transfers(u, now);
		usb_setting_expire(u, now);
		break;
	case USB_LEAVING:
		if (u->phase_end_usec <= now)
			complain(u);
		break;
	case USB_EMPTY:
	case USB_OPENING:
	case USB_RESETTING:
	case USB_CLOSING:
	case USB_REFUSED:
		break;
	}
	usb_leave(u);
	return 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

static uint64_t next_deadline(const struct usb *u)
{
	uint64_t due = 0;

	switch (u->state) {
	case USB_WAITING:
		return u->phase_end_usec;
	case USB_LEAVING:
		return u->slow_told ? 0 : u->phase_end_usec;
	case USB_ONLINE:
		for (size_t i = 0; i < USB_TRANSFERS; i++)
			if (u->transfers[i].state == USB_FLYING)
				due = earlier(due, u->transfers[i].deadline_usec);
		due = earlier(due, u->setting.done ? u->setting.deadline_usec : 0);
		return earlier(due, u->stop.done ? u->stop.deadline_usec : 0);
	case USB_EMPTY:
	case USB_OPENING:
	case USB_RESETTING:
	case USB_CLOSING:
	case USB_REFUSED:
		break;
	}
	return 0;
}

void usb_schedule(struct usb *u)
{
	uint64_t due = next_deadline(u);
	int r = 0;

	if (due)
		r = sd_event_source_set_time(u->timer, due);
	if (r >= 0)
		r = sd_event_source_set_enabled(u->timer, due ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
	if (r < 0)
		log_error("%s: cannot set the timer of a transfer: %s", u->node, strerror(-r));
}

/* ---- dispatch ---- */

void usb_enter(struct usb *u)
{
	u->dispatching = true;
}

void usb_leave(struct usb *u)
{
	if (u->state == USB_ONLINE && u->broken)
		usb_take_down(u);
	if (u->state == USB_ONLINE && !u->setting.lent)
		usb_stream_fill(u);
	if (u->state == USB_ONLINE && u->broken) /* by that */
		usb_take_down(u);
	if (u->state == USB_ONLINE)
		usb_setting_lend(u);
	if (u->state == USB_LEAVING && !u->setting.lent && usb_transfers_flying(u, -1) == 0)
		usb_start_closing(u);
	u->dispatching = false;
	usb_schedule(u);
}

void usb_kick(struct usb *u)
{
	if (u->dispatching)
		return;
	if (u->state == USB_ONLINE)
		usb_setting_lend(u);
	usb_schedule(u);
}

static int on_defer(sd_event_source *source, void *userdata)
{
	struct usb *u = userdata;

	usb_enter(u);
	usb_leave(u);
	return 0;
}

int usb_add_sources(struct usb *u)
{
	int r = sd_event_add_defer(u->event, &u->defer, on_defer, u);

	if (r >= 0)
		r = sd_event_source_set_enabled(u->defer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(u->defer, HOST_EVENT_PRIORITY);
	if (r >= 0)
		r = sd_event_add_time(u->event, &u->timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_timer,
				      u);
	if (r >= 0)
		r = sd_event_source_set_enabled(u->timer, SD_EVENT_OFF);
	/* Behind what has come: an answer that is here when the loop was late is no timeout. */
	if (r >= 0)
		r = sd_event_source_set_priority(u->timer, HOST_EVENT_PRIORITY + 1);
	return r;
}
