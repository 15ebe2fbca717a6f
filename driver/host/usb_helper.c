// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/usb_helper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "driver/host/host.h"

#define JOB_END (-1)

struct usb_helper {
	pthread_t thread;
	bool running; /* the thread was made */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int job;    /* 0 = none; under the mutex */
	bool over;  /* the job's result is there; under the mutex */
	int result; /* likewise */

	/* the loop's */
	int (*run)(void *userdata, int job);
	void (*done)(void *userdata, int job, int result);
	void *userdata;
	int fd; /* readable when a job is over */
	sd_event_source *source;
	bool busy;
};

static void *thread_main(void *userdata)
{
	struct usb_helper *helper = userdata;

	pthread_mutex_lock(&helper->mutex);
	for (;;) {
		int job, result;

		while (helper->job == 0 || helper->over)
			pthread_cond_wait(&helper->changed, &helper->mutex);
		job = helper->job;
		if (job == JOB_END)
			break;
		pthread_mutex_unlock(&helper->mutex);
		result = helper->run(helper->userdata, job);
		pthread_mutex_lock(&helper->mutex);
		helper->result = result;
		helper->over = true;
		pthread_cond_broadcast(&helper->changed);
		if (eventfd_write(helper->fd, 1) < 0)
			log_error("a helper cannot tell that it is done: %s", strerror(errno));
	}
	pthread_mutex_unlock(&helper->mutex);
	return NULL;
}

static int take_result(struct usb_helper *helper, int *ret_job)
{
	eventfd_t count;
	int result;

	pthread_mutex_lock(&helper->mutex);
	while (!helper->over)
		pthread_cond_wait(&helper->changed, &helper->mutex);
	*ret_job = helper->job;
	result = helper->result;
	helper->job = 0;
	helper->over = false;
	pthread_mutex_unlock(&helper->mutex);
	(void)eventfd_read(helper->fd, &count); /* written behind the result: may come later */
	helper->busy = false;
	return result;
}

static bool is_over(struct usb_helper *helper)
{
	bool over;

	pthread_mutex_lock(&helper->mutex);
	over = helper->over;
	pthread_mutex_unlock(&helper->mutex);
	return over;
}

static int on_over(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct usb_helper *helper = userdata;
	eventfd_t count;
	int job, result;

	/* The word of a job that was waited for may come when the next one is under way. */
	if (!helper->busy || !is_over(helper)) {
		(void)eventfd_read(fd, &count);
		return 0;
	}
	result = take_result(helper, &job);
	helper->done(helper->userdata, job, result);
	return 0;
}

static int start(struct usb_helper *helper, sd_event *event)
{
	int r;

	helper->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (helper->fd < 0)
		return -errno;
	r = sd_event_add_io(event, &helper->source, helper->fd, EPOLLIN, on_over, helper);
	if (r >= 0)
		r = sd_event_source_set_priority(helper->source, HOST_EVENT_PRIORITY);
	if (r < 0)
		return r;
	r = -pthread_create(&helper->thread, NULL, thread_main, helper);
	helper->running = r == 0;
	return r;
}

int usb_helper_new(struct usb_helper **ret, sd_event *event, int (*run)(void *userdata, int job),
		   void (*done)(void *userdata, int job, int result), void *userdata)
{
	struct usb_helper *helper = calloc(1, sizeof(*helper));
	int r;

	if (!helper)
		return -ENOMEM;
	helper->run = run;
	helper->done = done;
	helper->userdata = userdata;
	helper->fd = -EBADF;
	pthread_mutex_init(&helper->mutex, NULL);
	pthread_cond_init(&helper->changed, NULL);
	r = start(helper, event);
	if (r < 0) {
		usb_helper_free(helper);
		return r;
	}
	*ret = helper;
	return 0;
}

static void set_job(struct usb_helper *helper, int job)
{
	pthread_mutex_lock(&helper->mutex);
	helper->job = job;
	pthread_cond_broadcast(&helper->changed);
	pthread_mutex_unlock(&helper->mutex);
}

void usb_helper_start(struct usb_helper *helper, int job)
{
	helper->busy = true;
	set_job(helper, job);
}

bool usb_helper_busy(const struct usb_helper *helper)
{
	return helper->busy;
}

int usb_helper_wait(struct usb_helper *helper)
{
	int job;

	return helper && helper->busy ? take_result(helper, &job) : 0;
}

struct usb_helper *usb_helper_free(struct usb_helper *helper)
{
	if (!helper)
		return NULL;
	(void)usb_helper_wait(helper);
	if (helper->running) {
		set_job(helper, JOB_END);
		pthread_join(helper->thread, NULL);
	}
	sd_event_source_disable_unref(helper->source);
	close_fd(helper->fd);
	pthread_cond_destroy(&helper->changed);
	pthread_mutex_destroy(&helper->mutex);
	free(helper);
	return NULL;
}
