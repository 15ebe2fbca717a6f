// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_logind.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/harness_bus.h"
#include "tests/bus/harness_process.h"

#define PATH "/org/freedesktop/login1"
#define LOCKS 2
#define MANAGER "org.freedesktop.login1.Manager"

struct logind {
	pthread_t thread;
	int wake_fd;
	sd_bus *bus;
	sd_event *event;

	pthread_mutex_t lock; /* of what follows */
	bool stop;
	const char *member; /* signal to be sent; NULL = none */
	bool begins;
	unsigned int held;
	uint64_t released_ns; /* the last one; 0 = none since all were held */
};

/* The other end of the lock's pipe was closed, by whoever had it last. */
static int on_released(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct logind *logind = userdata;

	pthread_mutex_lock(&logind->lock);
	logind->held--;
	logind->released_ns = now_monotonic_ns();
	pthread_mutex_unlock(&logind->lock);
	sd_event_source_disable_unref(source);
	return 0;
}

static int on_inhibit(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *what, *who, *why, *mode;
	struct logind *logind = userdata;
	sd_event_source *source;
	int fds[2], r;

	if (sd_bus_message_read(m, "ssss", &what, &who, &why, &mode) < 0)
		return -EINVAL;
	/* What a service may have by the defaults of logind's rights: one of the two at a time. */
	if ((strcmp(what, "sleep") != 0 && strcmp(what, "shutdown") != 0) ||
	    strcmp(mode, "delay") != 0)
		return -EACCES;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	r = sd_event_add_io(logind->event, &source, fds[0], 0, on_released, logind);
	if (r >= 0)
		r = sd_event_source_set_io_fd_own(source, 1);
	if (r >= 0) {
		pthread_mutex_lock(&logind->lock);
		if (++logind->held == LOCKS)
			logind->released_ns = 0;
		pthread_mutex_unlock(&logind->lock);
		r = sd_bus_reply_method_return(m, "h", fds[1]);
	}
	close_fd(fds[1]);
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Inhibit", "ssss", "h", on_inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct logind *logind = userdata;
	const char *member;
	uint64_t count;
	bool begins, stop;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return -EIO;
	pthread_mutex_lock(&logind->lock);
	member = logind->member;
	begins = logind->begins;
	stop = logind->stop;
	logind->member = NULL;
	pthread_mutex_unlock(&logind->lock);
	if (stop)
		return sd_event_exit(logind->event, 0);
	return member ? sd_bus_emit_signal(logind->bus, PATH, MANAGER, member, "b", (int)begins)
		      : 0;
}

static void *run(void *userdata)
{
	struct logind *logind = userdata;

	(void)sd_event_loop(logind->event);
	return NULL;
}

static void wake(struct logind *logind)
{
	uint64_t one = 1;

	assert_int_equal(write(logind->wake_fd, &one, sizeof(one)), sizeof(one));
}

struct logind *logind_new(const char *address)
{
	struct logind *logind = calloc(1, sizeof(*logind));

	assert_non_null(logind);
	pthread_mutex_init(&logind->lock, NULL);
	logind->wake_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(logind->wake_fd >= 0);
	assert_true(sd_event_new(&logind->event) >= 0);
	logind->bus = bus_open(address);
	assert_true(sd_event_add_io(logind->event, NULL, logind->wake_fd, EPOLLIN, on_wake,
				    logind) >= 0);
	assert_true(sd_bus_add_object_vtable(logind->bus, NULL, PATH, MANAGER, vtable, logind) >=
		    0);
	assert_true(sd_bus_request_name(logind->bus, "org.freedesktop.login1", 0) >= 0);
	assert_true(sd_bus_attach_event(logind->bus, logind->event, 0) >= 0);
	assert_int_equal(pthread_create(&logind->thread, NULL, run, logind), 0);
	return logind;
}

struct logind *logind_free(struct logind *logind)
{
	if (!logind)
		return NULL;
	pthread_mutex_lock(&logind->lock);
	logind->stop = true;
	pthread_mutex_unlock(&logind->lock);
	wake(logind);
	pthread_join(logind->thread, NULL);
	sd_bus_detach_event(logind->bus);
	sd_bus_close_unref(logind->bus);
	sd_event_unref(logind->event);
	close_fd(logind->wake_fd);
	pthread_mutex_destroy(&logind->lock);
	free(logind);
	return NULL;
}

void logind_says(struct logind *logind, const char *member, bool begins)
{
	pthread_mutex_lock(&logind->lock);
	assert_null(logind->member); /* the one before was sent */
	logind->member = member;
	logind->begins = begins;
	pthread_mutex_unlock(&logind->lock);
	wake(logind);
}

uint64_t logind_released_ns(struct logind *logind)
{
	uint64_t released_ns;

	pthread_mutex_lock(&logind->lock);
	released_ns = logind->released_ns;
	pthread_mutex_unlock(&logind->lock);
	return released_ns;
}

static unsigned int held(struct logind *logind)
{
	unsigned int n;

	pthread_mutex_lock(&logind->lock);
	n = logind->held;
	pthread_mutex_unlock(&logind->lock);
	return n;
}

void logind_await_locks(struct logind *logind, int ms)
{
	uint64_t end = usec_after_ms(ms);

	while (held(logind) != LOCKS) {
		if (now_usec() > end)
			fail_msg("%u delay locks are held, not %d", held(logind), LOCKS);
		sleep_ms(2);
	}
}
