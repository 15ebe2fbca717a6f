// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "driver/base/thread.h"
#include "tests/gadget/gadgetfs/writer.h"

/* Ends a write that waits for the host; sent to its thread alone. */
#define SIGNAL_STOP SIGUSR1
/* A signal that came before the write has begun ends nothing: so it is sent until one does. */
#define STOP_AGAIN_NS 1000000L

struct packet {
	size_t len;
	uint8_t data[WRITER_PACKET_MAX];
};

struct writer {
	int fd;
	int wake_fd;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct packet queue[WRITER_PACKETS];
	size_t count;
	bool stop;
	bool failed;
	bool ended;
};

static void on_stop(int signal_number)
{
}

static void unblock_stop(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGNAL_STOP);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* With the lock held, which it gives up for the write. */
static void write_first(struct writer *writer)
{
	struct packet packet = writer->queue[0];
	int error;

	pthread_mutex_unlock(&writer->lock);
	error = write(writer->fd, packet.data, packet.len) < 0 ? errno : 0;
	pthread_mutex_lock(&writer->lock);
	if (error == EINTR)
		return;
	if (error) {
		writer->failed = true;
		/* These are the bus's own way to say that the host has gone; ep0 tells it too. */
		if (error != ESHUTDOWN && error != ENODEV && error != ECONNRESET)
			log_warning("an endpoint takes no packets any more: %s", strerror(error));
		return;
	}
	writer->count--;
	memmove(&writer->queue[0], &writer->queue[1], writer->count * sizeof(writer->queue[0]));
	eventfd_write(writer->wake_fd, 1);
}

static void *run(void *userdata)
{
	struct writer *writer = userdata;

	unblock_stop();
	pthread_mutex_lock(&writer->lock);
	while (!writer->stop) {
		if (writer->count && !writer->failed)
			write_first(writer);
		else
			pthread_cond_wait(&writer->changed, &writer->lock);
	}
	writer->ended = true;
	pthread_cond_broadcast(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

static int open_endpoint(const char *path, const uint8_t *descriptors, size_t len)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || write(fd, descriptors, len) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static struct writer *writer_free(struct writer *writer)
{
	pthread_cond_destroy(&writer->changed);
	pthread_mutex_destroy(&writer->lock);
	close_fd(writer->fd);
	free(writer);
	return NULL;
}

int writer_start(struct writer **ret, const char *path, const uint8_t *descriptors, size_t len,
		 int wake_fd)
{
	/* Without SA_RESTART: the write is to end. */
	static const struct sigaction action = {.sa_handler = on_stop};
	struct writer *writer = calloc(1, sizeof(*writer));
	pthread_condattr_t monotonic;
	int r;

	if (!writer)
		return -ENOMEM;
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	writer->wake_fd = wake_fd;
	writer->fd = open_endpoint(path, descriptors, len);
	r = writer->fd;
	if (r >= 0)
		r = sigaction(SIGNAL_STOP, &action, NULL) < 0 ? -errno : 0;
	if (r >= 0)
		r = thread_start(&writer->thread, "endpoint", run, writer);
	if (r < 0) {
		writer_free(writer);
		return r;
	}
	*ret = writer;
	return 0;
}

/* With the lock held. */
static void wait_ended(struct writer *writer)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += STOP_AGAIN_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&writer->changed, &writer->lock, &until);
}

struct writer *writer_stop(struct writer *writer)
{
	if (!writer)
		return NULL;
	pthread_mutex_lock(&writer->lock);
	writer->stop = true;
	pthread_cond_broadcast(&writer->changed);
	while (!writer->ended) {
		pthread_kill(writer->thread, SIGNAL_STOP);
		wait_ended(writer);
	}
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
	return writer_free(writer);
}

size_t writer_room(struct writer *writer)
{
	size_t room;

	pthread_mutex_lock(&writer->lock);
	room = writer->failed ? 0 : WRITER_PACKETS - writer->count;
	pthread_mutex_unlock(&writer->lock);
	return room;
}

void writer_put(struct writer *writer, const uint8_t *data, size_t len)
{
	struct packet *packet;

	pthread_mutex_lock(&writer->lock);
	packet = &writer->queue[writer->count++];
	packet->len = len;
	memcpy(packet->data, data, len);
	pthread_cond_broadcast(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
}
