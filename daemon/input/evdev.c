// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/input/evdev.h"

#include <errno.h>
#include <fcntl.h>
#include <libevdev/libevdev.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

struct evdev {
	struct libevdev *dev;
	int fd;
};

DEFINE_CLEANUP(struct evdev *, evdev_close)

int evdev_open(struct evdev **ret, const char *node)
{
	_cleanup_(evdev_close_cleanup) struct evdev *evdev = calloc(1, sizeof(*evdev));
	int r;

	if (!evdev)
		return -ENOMEM;
	evdev->fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (evdev->fd < 0)
		return -errno;
	r = libevdev_new_from_fd(evdev->fd, &evdev->dev);
	if (r < 0)
		return r;
	/* The clock that decides here: what a press is compared with must count the same. */
	r = libevdev_set_clock_id(evdev->dev, CLOCK_BOOTTIME);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(evdev);
	return 0;
}

struct evdev *evdev_close(struct evdev *evdev)
{
	if (!evdev)
		return NULL;
	libevdev_free(evdev->dev);
	close_fd(evdev->fd);
	free(evdev);
	return NULL;
}

int evdev_fd(const struct evdev *evdev)
{
	return evdev->fd;
}

/* libevdev tells what changed while nobody read, as events that are none: they go. */
static int drop_differences(struct evdev *evdev)
{
	struct input_event ignored;
	int r;

	do {
		r = libevdev_next_event(evdev->dev, LIBEVDEV_READ_FLAG_SYNC, &ignored);
	} while (r == LIBEVDEV_READ_STATUS_SYNC);
	return r < 0 && r != -EAGAIN ? r : -EOVERFLOW;
}

int evdev_next(struct evdev *evdev, struct input_event *ret, uint64_t *ret_usec)
{
	struct input_event event;
	int r = libevdev_next_event(evdev->dev, LIBEVDEV_READ_FLAG_NORMAL, &event);

	if (r == LIBEVDEV_READ_STATUS_SYNC)
		return drop_differences(evdev);
	if (r < 0)
		return r;
	*ret = event;
	*ret_usec =
		(uint64_t)event.input_event_sec * USEC_PER_SEC + (uint64_t)event.input_event_usec;
	return 0;
}

/* Not libevdev's view, which is as old as the last event that was read. */
int evdev_level(const struct evdev *evdev, uint8_t ret_bits[PEDAL_BITS_SIZE])
{
	uint8_t bits[PEDAL_BITS_SIZE] = {0};

	if (ioctl(evdev->fd, EVIOCGKEY(sizeof(bits)), bits) < 0)
		return -errno;
	for (unsigned int i = 0; i < PEDAL_BITS_SIZE; i++)
		ret_bits[i] = bits[i];
	return 0;
}

int evdev_grab(struct evdev *evdev, bool grab)
{
	return libevdev_grab(evdev->dev, grab ? LIBEVDEV_GRAB : LIBEVDEV_UNGRAB);
}
