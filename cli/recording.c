// SPDX-License-Identifier: GPL-2.0-only
#include "cli/recording.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "cli/term.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/uapi/capture.h"

static void stop(struct recording *r, enum record_end end, int error)
{
	if (r->end != RECORD_RUNS)
		return;
	r->end = end;
	r->error = error;
}

/* ---- the data ---- */

/* A disk that is far behind: events stay with mnpend, where those that are lost are counted. */
static void pause_capture(struct recording *r, bool pause)
{
	int error = sd_event_source_set_enabled(r->source, pause ? SD_EVENT_OFF : SD_EVENT_ON);

	if (error < 0)
		stop(r, RECORD_BROKEN, error);
}

/* Return: whether there may be more. */
static bool take_block(struct recording *r)
{
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX];
	ssize_t n;

	if (!capture_file_has_room(&r->file)) {
		pause_capture(r, true);
		return false;
	}
	n = recv(r->capture_fd, block, sizeof(block), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0)
		stop(r, RECORD_BROKEN, -errno);
	else if (n == 0)
		stop(r, RECORD_ENDED, 0);
	else if (capture_count(&r->counts, block, (size_t)n) < 0)
		stop(r, RECORD_BROKEN, -EBADMSG);
	else
		capture_file_put(&r->file, block, (size_t)n);
	return r->end == RECORD_RUNS;
}

static int on_capture(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct recording *r = userdata;
	int error;

	while (take_block(r))
		;
	error = capture_file_flush(&r->file);
	if (error < 0)
		stop(r, RECORD_UNWRITTEN, error);
	return 0;
}

static int on_written(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct recording *r = userdata;

	capture_file_woken(&r->file);
	pause_capture(r, false);
	return on_capture(NULL, r->capture_fd, 0, r);
}

/* ---- what ends it ---- */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	stop(userdata, RECORD_QUIT, 0);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	stop(userdata, RECORD_QUIT, 0);
	return 0;
}

static int on_key(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	char keys[64];
	ssize_t n = read(fd, keys, sizeof(keys));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0 || memchr(keys, 'q', (size_t)n) || memchr(keys, 'Q', (size_t)n))
		stop(userdata, RECORD_QUIT, 0);
	return 0;
}

static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};

static int mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ELEMENTSOF(signals); i++)
		sigaddset(&set, signals[i]);
	return sigprocmask(how, &set, NULL) < 0 ? -errno : 0;
}

int recording_prepare(struct recording *r, uint64_t seconds)
{
	int error;

	signal(SIGPIPE, SIG_IGN); /* a write says EPIPE */
	error = mask_signals(SIG_BLOCK);
	if (error < 0)
		return error;
	error = sd_event_new(&r->event);
	for (size_t i = 0; error >= 0 && i < ELEMENTSOF(signals); i++)
		error = sd_event_add_signal(r->event, NULL, signals[i], on_signal, r);
	if (error >= 0)
		error = sd_event_add_io(r->event, &r->source, r->capture_fd, EPOLLIN, on_capture,
					r);
	if (error >= 0)
		error = sd_event_add_io(r->event, NULL, r->file.wake_fd, EPOLLIN, on_written, r);
	if (error >= 0 && seconds)
		error = sd_event_add_time_relative(r->event, NULL, CLOCK_BOOTTIME,
						   seconds * USEC_PER_SEC, 1000, on_time, r);
	if (error >= 0 && term_keys_on())
		error = sd_event_add_io(r->event, NULL, STDIN_FILENO, EPOLLIN, on_key, r);
	return error;
}

static void finish(struct recording *r)
{
	int error;

	/* what had come when it was ended belongs to it */
	if (r->end == RECORD_QUIT) {
		r->end = RECORD_RUNS;
		(void)on_capture(NULL, r->capture_fd, 0, r);
		stop(r, RECORD_QUIT, 0);
	}
	/* Whoever reads a pipe may be in no hurry: another Ctrl-C then ends it at once. */
	(void)mask_signals(SIG_UNBLOCK);
	error = capture_file_close(&r->file, &r->cut_error);
	if (error < 0 && r->end != RECORD_BROKEN) {
		r->end = RECORD_UNWRITTEN;
		r->error = error;
	}
}

void recording_run(struct recording *r)
{
	int error = 0;

	while (error >= 0 && r->end == RECORD_RUNS)
		error = sd_event_run(r->event, UINT64_MAX);
	if (error < 0)
		stop(r, RECORD_BROKEN, error);
	finish(r);
}

void recording_free(struct recording *r)
{
	r->source = sd_event_source_unref(r->source);
	r->event = sd_event_unref(r->event);
	r->capture_fd = close_fd(r->capture_fd);
	(void)capture_file_close(&r->file, &r->cut_error); /* when nothing was recorded */
}
