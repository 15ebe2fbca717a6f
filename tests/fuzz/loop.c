// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "driver/base/clock.h"
#include "tests/fuzz/fuzz.h"

#define DISPATCH_MAX 20000 /* at one moment: more is a loop that never rests */

enum kind {
	KIND_IO,
	KIND_TIME,
	KIND_DEFER,
};

struct sd_event_source {
	sd_event *event;
	sd_event_source *next;
	enum kind kind;
	bool gone; /* released by its owner, perhaps from inside its own callback */
	int enabled;
	int64_t priority;
	int fd;
	uint32_t events;
	uint64_t due_usec;
	sd_event_io_handler_t on_io;
	sd_event_time_handler_t on_time;
	sd_event_handler_t on_defer;
	void *userdata;
};

struct sd_event {
	sd_event_source *sources;
	unsigned int references;
	bool dispatching;
	bool exited;
	int exit_code;
};

static uint64_t clock_usec;

/* ---- clocks ---- */

uint64_t now_usec(void)
{
	return clock_usec;
}

uint64_t now_monotonic_ns(void)
{
	return clock_usec * NSEC_PER_USEC;
}

uint64_t wall_usec(void)
{
	return clock_usec + 1700000000 * USEC_PER_SEC;
}

bool wall_synchronized(void)
{
	return true;
}

uint32_t wall_days(void)
{
	return 20000;
}

/* ---- sources ---- */

static int add(sd_event *event, sd_event_source **ret, const sd_event_source *template)
{
	sd_event_source *source = malloc(sizeof(*source));

	if (!source)
		return -ENOMEM;
	*source = *template;
	source->event = event;
	source->next = event->sources;
	event->sources = source;
	*ret = source;
	return 0;
}

int sd_event_add_io(sd_event *event, sd_event_source **ret, int fd, uint32_t events,
		    sd_event_io_handler_t callback, void *userdata)
{
	return add(event, ret,
		   &(sd_event_source){.kind = KIND_IO,
				      .enabled = SD_EVENT_ON,
				      .fd = fd,
				      .events = events,
				      .on_io = callback,
				      .userdata = userdata});
}

int sd_event_add_time(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t usec,
		      uint64_t accuracy, sd_event_time_handler_t callback, void *userdata)
{
	return add(event, ret,
		   &(sd_event_source){.kind = KIND_TIME,
				      .enabled = SD_EVENT_ONESHOT,
				      .due_usec = usec,
				      .on_time = callback,
				      .userdata = userdata});
}

int sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock,
			       uint64_t usec, uint64_t accuracy, sd_event_time_handler_t callback,
			       void *userdata)
{
	return sd_event_add_time(event, ret, clock, clock_usec + usec, accuracy, callback,
				 userdata);
}

int sd_event_add_defer(sd_event *event, sd_event_source **ret, sd_event_handler_t callback,
		       void *userdata)
{
	return add(event, ret,
		   &(sd_event_source){.kind = KIND_DEFER,
				      .enabled = SD_EVENT_ONESHOT,
				      .on_defer = callback,
				      .userdata = userdata});
}

static void sweep(sd_event *event)
{
	for (sd_event_source **at = &event->sources; *at;) {
		sd_event_source *source = *at;

		if (source->gone) {
			*at = source->next;
			free(source);
		} else {
			at = &source->next;
		}
	}
}

sd_event_source *sd_event_source_disable_unref(sd_event_source *source)
{
	if (!source)
		return NULL;
	CHECK(!source->gone, "an event source was released twice");
	source->gone = true;
	if (!source->event->dispatching)
		sweep(source->event);
	return NULL;
}

int sd_event_source_set_enabled(sd_event_source *source, int enabled)
{
	CHECK(!source->gone, "an event source was used after its release");
	source->enabled = enabled;
	return 0;
}

int sd_event_source_set_priority(sd_event_source *source, int64_t priority)
{
	source->priority = priority;
	return 0;
}

int sd_event_source_set_time(sd_event_source *source, uint64_t usec)
{
	CHECK(!source->gone, "an event source was used after its release");
	source->due_usec = usec;
	return 0;
}

int sd_event_source_set_io_events(sd_event_source *source, uint32_t events)
{
	CHECK(!source->gone, "an event source was used after its release");
	source->events = events;
	return 0;
}

/* ---- the loop ---- */

int sd_event_new(sd_event **ret)
{
	sd_event *event = calloc(1, sizeof(*event));

	if (!event)
		return -ENOMEM;
	event->references = 1;
	*ret = event;
	return 0;
}

sd_event *sd_event_ref(sd_event *event)
{
	event->references++;
	return event;
}

sd_event *sd_event_unref(sd_event *event)
{
	if (!event || --event->references > 0)
		return NULL;
	CHECK(!event->sources, "an event source was left behind");
	free(event);
	return NULL;
}

sd_event *loop_new(void)
{
	sd_event *event;

	CHECK(sd_event_new(&event) == 0, "no memory");
	clock_usec = LOOP_START_USEC;
	return event;
}

void loop_free(sd_event *event)
{
	CHECK(event->references == 1, "%u references were left behind", event->references - 1);
	sd_event_unref(event);
}

int sd_event_exit(sd_event *event, int code)
{
	event->exited = true;
	event->exit_code = code;
	return 0;
}

int sd_event_get_exit_code(sd_event *event, int *ret)
{
	if (!event->exited)
		return -ENODATA;
	*ret = event->exit_code;
	return 0;
}

bool loop_exited(const sd_event *event)
{
	return event->exited;
}

/* What is ready of an I/O source; like epoll, hanging up is told without being asked for. */
static uint32_t ready(const sd_event_source *source)
{
	struct pollfd p = {.fd = source->fd, .events = (short)source->events};

	/* libFuzzer's alarm interrupts it */
	CHECK(TEMP_FAILURE_RETRY(poll(&p, 1, 0)) >= 0, "poll: %d", errno);
	CHECK(!(p.revents & POLLNVAL), "a closed file descriptor is still watched");
	return (uint32_t)p.revents;
}

static bool due(const sd_event_source *source, uint32_t *ret_events)
{
	if (source->gone || source->enabled == SD_EVENT_OFF)
		return false;
	switch (source->kind) {
	case KIND_IO:
		*ret_events = ready(source);
		return *ret_events != 0;
	case KIND_TIME:
		return source->due_usec <= clock_usec;
	case KIND_DEFER:
		return true;
	}
	return false;
}

static void dispatch(sd_event_source *source, uint32_t events)
{
	int r = 0;

	if (source->enabled == SD_EVENT_ONESHOT)
		source->enabled = SD_EVENT_OFF;
	source->event->dispatching = true;
	switch (source->kind) {
	case KIND_IO:
		r = source->on_io(source, source->fd, events, source->userdata);
		break;
	case KIND_TIME:
		r = source->on_time(source, source->due_usec, source->userdata);
		break;
	case KIND_DEFER:
		r = source->on_defer(source, source->userdata);
		break;
	}
	source->event->dispatching = false;
	if (r < 0)
		source->enabled = SD_EVENT_OFF;
	sweep(source->event);
}

static bool dispatch_first(sd_event *event)
{
	sd_event_source *first = NULL;
	uint32_t first_events = 0, events = 0;

	for (sd_event_source *source = event->sources; source; source = source->next) {
		if (first && source->priority >= first->priority)
			continue;
		if (!due(source, &events))
			continue;
		first = source;
		first_events = events;
	}
	if (first)
		dispatch(first, first_events);
	return first;
}

unsigned int loop_settle(sd_event *event)
{
	unsigned int n = 0;

	while (!event->exited && dispatch_first(event)) {
		n++;
		CHECK(n < DISPATCH_MAX, "the loop does not come to rest at one moment");
	}
	return n;
}

void loop_hang(uint64_t usec)
{
	clock_usec += usec;
}

void loop_pass(sd_event *event, uint64_t usec)
{
	uint64_t end = clock_usec + usec;

	loop_settle(event);
	while (!event->exited) {
		uint64_t next = UINT64_MAX;

		for (sd_event_source *source = event->sources; source; source = source->next)
			if (source->kind == KIND_TIME && source->enabled != SD_EVENT_OFF &&
			    source->due_usec < next)
				next = source->due_usec;
		if (next > end)
			break;
		clock_usec = next;
		loop_settle(event);
	}
	clock_usec = end;
}
