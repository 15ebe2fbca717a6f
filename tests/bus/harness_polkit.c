// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_polkit.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
#include "tests/bus/harness_bus.h"

#define ACTIONS_MAX 8

struct count {
	char action[64];
	unsigned int asked;
};

struct polkit {
	pthread_t thread;
	int stop_fd;
	sd_bus *bus;
	sd_event *event;

	pthread_mutex_t lock; /* of what follows */
	bool yes;
	int delay_ms;
	struct count counts[ACTIONS_MAX];
	char subject[64];
};

/* A question whose answer has to wait. */
struct question {
	sd_bus_message *message;
	bool yes;
};

static int on_due(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct question *question = userdata;

	return sd_bus_reply_method_return(question->message, "(bba{ss})", (int)question->yes, 0, 0);
}

static void question_free(void *userdata)
{
	struct question *question = userdata;

	sd_bus_message_unref(question->message);
	free(question);
}

/* The question belongs to its timer, and the timer to the event loop. */
static int answer_later(struct polkit *polkit, sd_bus_message *message, bool yes, int delay_ms)
{
	struct question *question = calloc(1, sizeof(*question));
	sd_event_source *timer;
	int r;

	if (!question)
		return -ENOMEM;
	*question = (struct question){sd_bus_message_ref(message), yes};
	r = sd_event_add_time_relative(polkit->event, &timer, CLOCK_MONOTONIC,
				       (uint64_t)delay_ms * 1000, 1, on_due, question);
	if (r < 0) {
		question_free(question);
		return r;
	}
	sd_event_source_set_destroy_callback(timer, question_free);
	r = sd_event_source_set_floating(timer, true);
	sd_event_source_unref(timer);
	return r < 0 ? r : 1;
}

static void remember(struct polkit *polkit, const char *action, const char *subject)
{
	size_t i = 0;

	while (i < ACTIONS_MAX - 1 && polkit->counts[i].asked &&
	       strcmp(polkit->counts[i].action, action) != 0)
		i++;
	snprintf(polkit->counts[i].action, sizeof(polkit->counts[i].action), "%s", action);
	polkit->counts[i].asked++;
	snprintf(polkit->subject, sizeof(polkit->subject), "%s", subject);
}

/* (sa{sv}): ("system-bus-name", {"name": ":1.7"}) */
static int read_subject(sd_bus_message *message, const char **ret_name)
{
	const char *kind, *key;
	int r;

	r = sd_bus_message_enter_container(message, 'r', "sa{sv}");
	if (r >= 0)
		r = sd_bus_message_read(message, "s", &kind);
	if (r >= 0 && strcmp(kind, "system-bus-name") != 0)
		return -EINVAL;
	if (r >= 0)
		r = sd_bus_message_enter_container(message, 'a', "{sv}");
	if (r >= 0)
		r = sd_bus_message_enter_container(message, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_read(message, "sv", &key, "s", ret_name);
	if (r >= 0 && strcmp(key, "name") != 0)
		return -EINVAL;
	for (int i = 0; r >= 0 && i < 3; i++)
		r = sd_bus_message_exit_container(message);
	return r;
}

static int on_check(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct polkit *polkit = userdata;
	const char *subject, *action;
	int delay_ms, r;
	bool yes;

	r = read_subject(message, &subject);
	if (r >= 0)
		r = sd_bus_message_read(message, "s", &action);
	if (r < 0)
		return r;
	pthread_mutex_lock(&polkit->lock);
	remember(polkit, action, subject);
	yes = polkit->yes;
	delay_ms = polkit->delay_ms;
	pthread_mutex_unlock(&polkit->lock);
	if (delay_ms)
		return answer_later(polkit, message, yes, delay_ms);
	return sd_bus_reply_method_return(message, "(bba{ss})", (int)yes, 0, 0);
}

static int on_cancel(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	return sd_bus_reply_method_return(message, "");
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", on_check,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("CancelCheckAuthorization", "s", "", on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static int on_stop(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	return sd_event_exit(userdata, 0);
}

static void *run(void *userdata)
{
	struct polkit *polkit = userdata;

	(void)sd_event_loop(polkit->event);
	return NULL;
}

struct polkit *polkit_new(const char *address)
{
	struct polkit *polkit = calloc(1, sizeof(*polkit));

	assert_non_null(polkit);
	pthread_mutex_init(&polkit->lock, NULL);
	polkit->yes = true;
	polkit->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(polkit->stop_fd >= 0);
	assert_true(sd_event_new(&polkit->event) >= 0);
	polkit->bus = bus_open(address);
	assert_true(sd_event_add_io(polkit->event, NULL, polkit->stop_fd, EPOLLIN, on_stop,
				    polkit->event) >= 0);
	assert_true(sd_bus_add_object_vtable(
			    polkit->bus, NULL, "/org/freedesktop/PolicyKit1/Authority",
			    "org.freedesktop.PolicyKit1.Authority", vtable, polkit) >= 0);
	assert_true(sd_bus_request_name(polkit->bus, "org.freedesktop.PolicyKit1", 0) >= 0);
	assert_true(sd_bus_attach_event(polkit->bus, polkit->event, 0) >= 0);
	assert_int_equal(pthread_create(&polkit->thread, NULL, run, polkit), 0);
	return polkit;
}

struct polkit *polkit_free(struct polkit *polkit)
{
	uint64_t one = 1;

	if (!polkit)
		return NULL;
	if (write(polkit->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(polkit->thread, NULL);
	sd_bus_detach_event(polkit->bus);
	sd_bus_close_unref(polkit->bus);
	sd_event_unref(polkit->event);
	close_fd(polkit->stop_fd);
	pthread_mutex_destroy(&polkit->lock);
	free(polkit);
	return NULL;
}

void polkit_say(struct polkit *polkit, bool yes, int delay_ms)
{
	pthread_mutex_lock(&polkit->lock);
	polkit->yes = yes;
	polkit->delay_ms = delay_ms;
	pthread_mutex_unlock(&polkit->lock);
}

unsigned int polkit_asked(struct polkit *polkit, const char *action)
{
	unsigned int asked = 0;

	pthread_mutex_lock(&polkit->lock);
	for (size_t i = 0; i < ACTIONS_MAX; i++)
		if (!action || strcmp(polkit->counts[i].action, action) == 0)
			asked += polkit->counts[i].asked;
	pthread_mutex_unlock(&polkit->lock);
	return asked;
}

void polkit_subject(struct polkit *polkit, char *name, unsigned long size)
{
	pthread_mutex_lock(&polkit->lock);
	snprintf(name, size, "%s", polkit->subject);
	pthread_mutex_unlock(&polkit->lock);
}
