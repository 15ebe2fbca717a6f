// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a place over the kernel guard: a pen is plugged in, opened, lost, closed, opened
 * again, unplugged.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/chardev_place.h"

void chardev_break(struct chardev *c, int error, const char *format, ...)
{
	va_list args;
	int r;

	if (c->state != CHARDEV_ONLINE || c->broken)
		return;
	c->broken = true;
	c->error = error;
	va_start(args, format);
	vsnprintf(c->why, sizeof(c->why), format, args);
	va_end(args);
	if (c->dispatching)
		return;
	r = sd_event_source_set_enabled(c->defer, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("%s: cannot schedule the end of a broken connection: %s", c->node,
			  strerror(-r));
}

static const char *open_error(const struct chardev *c, int error)
{
	switch (-error) {
	case EPROTO:
		if (c->link.enumeration.why)
			return c->link.enumeration.why;
		return "it is of another version";
	case EACCES:
	case EPERM:
		return "not permitted: is mnpen's udev rule installed, and mnpend its user?";
	case EBUSY:
		return "another program has it";
	}
	return strerror(-error);
}

static void report(struct chardev *c, int error, const char *what, const char *why)
{
	if (!c->was_online && error == c->reported)
		return;
	c->reported = error;
	c->was_online = false;
	if (log_allowed(&c->log_limit))
		log_warning("%s: %s%s", c->node[0] ? c->node : "pen behind the guard", what, why);
	c->host.callbacks->offline(&c->host, c->host.userdata, error);
}

static void closed(struct chardev *c, bool refused)
{
	if (!c->node[0]) {
		c->state = CHARDEV_EMPTY;
	} else if (refused) {
		c->state = CHARDEV_REFUSED;
	} else {
		c->state = CHARDEV_WAITING;
		c->pause_end_usec = now_usec() + c->backoff_ms * USEC_PER_MSEC;
		c->backoff_ms = MIN(c->backoff_ms * 2, CHARDEV_BACKOFF_MAX_MS);
	}
}

/* ---- the loop ---- */

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct chardev *c = userdata;
	size_t n;

	chardev_enter(c);
	n = chardev_read(c);
	if (n == 0 && revents & (EPOLLHUP | EPOLLERR))
		chardev_break(c, -ENODEV, "unplugged, or its kernel driver was taken away");
	chardev_leave(c);
	return 0;
}

static void opened(struct chardev *c, int result)
{
	if (result < 0) {
		bool refused = result == -EPROTO && c->link.enumeration.why;

		if (c->node[0])
			report(c, result,
			       refused ? "no pen: " : "cannot open: ", open_error(c, result));
		closed(c, refused);
		return;
	}
	c->was_reset = false;
	if (!c->node[0]) { /* meanwhile */
		c->state = CHARDEV_LEAVING;
		return;
	}
	c->state = CHARDEV_ONLINE;
	c->host.ceilings = c->link.ceilings;
	memset(c->last_error, 0, sizeof(c->last_error));
	c->epoch = 0;
	result = sd_event_add_io(c->event, &c->io, c->link.fd, 0, on_io, c);
	if (result >= 0)
		result = sd_event_source_set_priority(c->io, HOST_EVENT_PRIORITY);
	if (result < 0) {
		chardev_break(c, result, "cannot use it: %s", strerror(-result));
		return;
	}
	c->was_online = true;
	c->reported = 0;
	c->backoff_ms = CHARDEV_BACKOFF_MIN_MS;
	c->host.callbacks->online(&c->host, c->host.userdata, &c->link.enumeration.identity);
}

/* To close the node is a STOP, but waits for a thread that is in a request; this never sleeps. */
static void stop_first(struct chardev *c)
{
	struct chardev_call call;

	/* in other states there is no node, or a thread opens or closes it */
	if ((c->state == CHARDEV_ONLINE || c->state == CHARDEV_LEAVING) && c->error != -ENODEV &&
	    usb_helper_busy(c->requester)) {
		chardev_call_stop(&call, 0, MNPEN_GUARD_STOP_SUBMIT);
		(void)chardev_link_call(c->link.fd, &call); /* the close is next */
	}
}

/* Every request's owner hears first, the owner of the pen last. */
static void take_down(struct chardev *c)
{
	stop_first(c);
	c->state = CHARDEV_LEAVING;
	c->broken = c->streaming = false;
	c->io = sd_event_source_disable_unref(c->io);
	chardev_end_all(c, c->was_reset ? -ECANCELED : -ENODEV);
	c->host.ceilings = (struct host_ceilings){0};
	report(c, c->error, "", c->why);
}

static void start_closing(struct chardev *c)
{
	c->state = c->was_reset && c->node[0] ? CHARDEV_RESETTING : CHARDEV_CLOSING;
	usb_helper_start(c->requester,
			 c->state == CHARDEV_RESETTING ? CHARDEV_JOB_RESET : CHARDEV_JOB_CLOSE);
}

static void start_opening(struct chardev *c)
{
	c->state = CHARDEV_OPENING;
	snprintf(c->opening, sizeof(c->opening), "%s", c->node);
	usb_helper_start(c->requester, CHARDEV_JOB_OPEN);
}

static uint64_t next_deadline(const struct chardev *c)
{
	uint64_t due = UINT64_MAX;

	if (c->state == CHARDEV_WAITING)
		return c->pause_end_usec;
	if (c->state == CHARDEV_ONLINE && c->request.state != CHARDEV_NONE)
		due = c->request.deadline_usec;
	if (c->state == CHARDEV_ONLINE && c->stop.flying)
		due = MIN(due, c->stop.deadline_usec);
	return due;
}

static void schedule(struct chardev *c)
{
	uint64_t due = next_deadline(c);
	int r = 0;

	if (due != UINT64_MAX)
		r = sd_event_source_set_time(c->timer, due);
	if (r >= 0)
		r = sd_event_source_set_enabled(c->timer, due != UINT64_MAX ? SD_EVENT_ONESHOT
									    : SD_EVENT_OFF);
	if (r < 0)
		log_error("%s: cannot set the timer of a request: %s", c->node, strerror(-r));
}

void chardev_enter(struct chardev *c)
{
	c->dispatching = true;
}

void chardev_leave(struct chardev *c)
{
	if (c->state == CHARDEV_ONLINE && c->broken)
		take_down(c);
	if (c->state == CHARDEV_ONLINE)
		chardev_start_queued(c);
	if (c->state == CHARDEV_LEAVING && !usb_helper_busy(c->requester) &&
	    !usb_helper_busy(c->stopper))
		start_closing(c);
	c->dispatching = false;
	schedule(c);
}

void chardev_kick(struct chardev *c)
{
	if (c->state == CHARDEV_ONLINE)
		chardev_start_queued(c);
	if (!c->dispatching)
		schedule(c);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct chardev *c = userdata;
	uint64_t now = now_usec();

	chardev_enter(c);
	if (c->state == CHARDEV_WAITING && c->pause_end_usec <= now)
		start_opening(c);
	else if (c->state == CHARDEV_ONLINE)
		chardev_expire(c, now);
	chardev_leave(c);
	return 0;
}

static int on_defer(sd_event_source *source, void *userdata)
{
	struct chardev *c = userdata;

	chardev_enter(c);
	if (c->state == CHARDEV_ONLINE && !c->broken)
		chardev_answer_known(c);
	chardev_leave(c);
	return 0;
}

/* ---- the threads ---- */

static int run_job(void *userdata, int job)
{
	struct chardev *c = userdata;
	int r;

	switch ((enum chardev_job)job) {
	case CHARDEV_JOB_OPEN:
		return chardev_link_open(&c->link, &c->host, c->opening);
	case CHARDEV_JOB_CALL:
		r = chardev_link_call(c->link.fd, &c->call);
		if (r == 0 && c->call.number == MNPEN_GUARD_IOC_INFO)
			chardev_link_ceilings(&c->link);
		return r;
	case CHARDEV_JOB_RESET:
		c->call = (struct chardev_call){.number = MNPEN_GUARD_IOC_RESET};
		c->call.argument.head.timeout_ms = HOST_SETUP_TIMEOUT_MS;
		return chardev_link_call(c->link.fd, &c->call);
	case CHARDEV_JOB_CLOSE:
		chardev_link_close(&c->link);
		return 0;
	}
	return -EINVAL;
}

static void on_job_done(void *userdata, int job, int result)
{
	struct chardev *c = userdata;

	chardev_enter(c);
	switch ((enum chardev_job)job) {
	case CHARDEV_JOB_OPEN:
		opened(c, result);
		break;
	case CHARDEV_JOB_CALL:
		chardev_called(c, result);
		break;
	case CHARDEV_JOB_RESET:
		if (result < 0 && result != -ENODEV && log_allowed(&c->log_limit))
			log_warning("%s: device reset: %s", c->node, strerror(-result));
		c->was_reset = false;
		c->state = CHARDEV_CLOSING;
		usb_helper_start(c->requester, CHARDEV_JOB_CLOSE);
		break;
	case CHARDEV_JOB_CLOSE:
		closed(c, false);
		break;
	}
	chardev_leave(c);
}

static int run_stopper(void *userdata, int job)
{
	struct chardev *c = userdata;

	return chardev_link_call(c->stop_fd, &c->waiting);
}

static void on_stopper_done(void *userdata, int job, int result)
{
	struct chardev *c = userdata;

	chardev_enter(c);
	chardev_stopped(c, result);
	chardev_leave(c);
}

/* ---- plugged in, taken out ---- */

void host_chardev_plug(struct host *host, const char *node)
{
	struct chardev *c = chardev_of(host);

	snprintf(c->node, sizeof(c->node), "%s", node);
	c->reported = 0;
	c->backoff_ms = CHARDEV_BACKOFF_MIN_MS;
	c->state = CHARDEV_WAITING;
	c->pause_end_usec = now_usec();
	schedule(c);
}

void host_chardev_unplug(struct host *host)
{
	struct chardev *c = chardev_of(host);

	if (c->state == CHARDEV_WAITING || c->state == CHARDEV_REFUSED)
		c->state = CHARDEV_EMPTY;
	chardev_break(c, -ENODEV, "unplugged, or its kernel driver was taken away");
	c->node[0] = '\0';
	schedule(c);
}

bool host_chardev_empty(const struct host *host)
{
	return ((const struct chardev *)host)->state == CHARDEV_EMPTY;
}

/* ---- made and freed ---- */

void chardev_release(struct chardev *c)
{
	c->host.tap = NULL;
	stop_first(c);
	(void)usb_helper_wait(c->requester);
	(void)usb_helper_wait(c->stopper);
	sd_event_source_disable_unref(c->io);
	chardev_link_close(&c->link);
	c->requester = usb_helper_free(c->requester);
	c->stopper = usb_helper_free(c->stopper);
	sd_event_source_disable_unref(c->timer);
	sd_event_source_disable_unref(c->defer);
	sd_event_unref(c->event);
	free(c);
}

DEFINE_CLEANUP(struct chardev *, chardev_release)

static int add_sources(struct chardev *c)
{
	int r = sd_event_add_defer(c->event, &c->defer, on_defer, c);

	if (r >= 0)
		r = sd_event_source_set_enabled(c->defer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(c->defer, HOST_EVENT_PRIORITY);
	if (r >= 0)
		r = sd_event_add_time(c->event, &c->timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_timer,
				      c);
	if (r >= 0)
		r = sd_event_source_set_enabled(c->timer, SD_EVENT_OFF);
	/* Behind what has come: an answer that is here when the loop was late is no timeout. */
	if (r >= 0)
		r = sd_event_source_set_priority(c->timer, HOST_EVENT_PRIORITY + 1);
	return r;
}

int host_chardev_new(struct host **ret, sd_event *event, const struct host_callbacks *callbacks,
		     void *userdata)
{
	_cleanup_(chardev_release_cleanup) struct chardev *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->host = (struct host){.ops = &chardev_ops, .callbacks = callbacks, .userdata = userdata};
	c->event = sd_event_ref(event);
	c->link.fd = -EBADF;
	r = add_sources(c);
	if (r >= 0)
		r = usb_helper_new(&c->requester, event, run_job, on_job_done, c);
	if (r >= 0)
		r = usb_helper_new(&c->stopper, event, run_stopper, on_stopper_done, c);
	if (r < 0)
		return r;
	*ret = &TAKE_PTR(c)->host;
	return 0;
}
