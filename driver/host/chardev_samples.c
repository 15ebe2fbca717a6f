// SPDX-License-Identifier: GPL-2.0-only
/* What the pen says by itself: samples out of the guard's ring, into the safety loop. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/chardev_place.h"

static void tell_violation(struct chardev *c, const struct mnpen_guard_sample *sample)
{
	uint8_t reason = (uint8_t)(sample->flags >> MNPEN_GUARD_REASON_SHIFT);
	struct log_context context = {.pen = c->link.enumeration.identity.serial,
				      .message_id = LOG_ID_STOP};

	if (log_allowed(&c->guard_limit))
		log_line(LOG_WARNING, &context, "the kernel guard has stopped the pen: %s",
			 host_guard_reason(reason));
	if (c->host.callbacks->guarded)
		c->host.callbacks->guarded(&c->host, c->host.userdata, reason);
}

static void hand_out(struct chardev *c, const struct mnpen_guard_sample *sample)
{
	/* The guard cuts what is too long: one byte more, and every judge sees that it was. */
	uint8_t packet[MNPEN_GUARD_SAMPLE_SIZE + 1] = {0};
	size_t len = MIN((size_t)sample->length, sizeof(packet));
	uint64_t usec = MIN(sample->boottime_ns / NSEC_PER_USEC, now_usec());

	memcpy(packet, sample->data, sizeof(sample->data));
	chardev_tell_sample(c, usec, packet, len);
	if (sample->flags & MNPEN_GUARD_VIOLATION)
		tell_violation(c, sample);
	if (!c->broken)
		c->host.callbacks->packet(&c->host, c->host.userdata, packet, len, usec);
}

/* Return: samples, 0 = none are there, or the device is broken now */
static size_t fetch(struct chardev *c)
{
	ssize_t r = read(c->link.fd, c->samples, sizeof(c->samples));

	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (r == 0 || (r < 0 && errno == ENODEV))
		chardev_break(c, -ENODEV, "unplugged, or its kernel driver was taken away");
	else if (r < 0)
		chardev_break(c, -EIO, "its samples cannot be read: %s", strerror(errno));
	else if ((size_t)r % sizeof(c->samples[0]) != 0)
		chardev_break(c, -EPROTO, "the kernel module is of another version");
	return r > 0 && !c->broken ? (size_t)r / sizeof(c->samples[0]) : 0;
}

size_t chardev_read(struct chardev *c)
{
	size_t total = 0, n;

	while (!c->broken && total < CHARDEV_SAMPLES_PER_TURN && (n = fetch(c)) > 0) {
		for (size_t i = 0; i < n && c->streaming && !c->broken; i++)
			hand_out(c, &c->samples[i]);
		total += n;
		if (n < CHARDEV_READ_SAMPLES)
			break;
	}
	/* Also when it broke behind the last good packet: what came is judged before it is lost. */
	if (total > 0 && c->streaming && !c->was_reset)
		c->host.callbacks->drained(&c->host, c->host.userdata);
	return total;
}

void chardev_discard(struct chardev *c)
{
	size_t total = 0, n;

	while (!c->broken && total < CHARDEV_SAMPLES_PER_TURN && (n = fetch(c)) > 0)
		total += n;
}
