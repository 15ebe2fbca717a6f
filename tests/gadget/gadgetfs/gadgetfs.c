// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cable. The control file is told of by SIGIO, not by poll(): the kernel's poll() says nothing
 * of the data of an OUT request (6.1).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "tests/gadget/gadgetfs/gadgetfs_parts.h"

#define TAG_DEVICE 0 /* what the kernel expects before the descriptors */
#define TAG_SIZE 4
#define DEVICE_SIZE 18
#define PRIORITY 20 /* above that of any host on the same machine */

static struct gadgetfs *to_gadgetfs(struct cable *cable)
{
	return (struct gadgetfs *)(void *)cable;
}

static int open_control(const struct gadgetfs *gadgetfs, char *error, size_t size)
{
	char path[PATH_MAX];
	int fd, r;

	snprintf(path, sizeof(path), "%s/%s", gadgetfs->dir, gadgetfs->controller);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	r = -errno;
	if (r == -EBUSY)
		snprintf(error, size, "another process has %s; \"fuser -v %s\" tells which", path,
			 path);
	else if (r == -EACCES)
		snprintf(error, size,
			 "%s is not yours; run mnpen-gadget as root, or give it to "
			 "your user: chown USER %s",
			 path, path);
	else
		snprintf(error, size, "%s: %s", path, strerror(-r));
	return r;
}

/* Returns the length of what was put at @p, or negative errno. */
static int put_config(const struct gadgetfs *gadgetfs, enum usb_speed speed, uint8_t *p)
{
	struct usb_bytes config = gadgetfs->usb->function->config(gadgetfs->usb, speed);

	if (gadgetfs->planned)
		return endpoints_rewrite(&gadgetfs->endpoints, config, p);
	if (config.len > ENDPOINTS_CONFIG_MAX)
		return -EMSGSIZE;
	memcpy(p, config.data, config.len);
	return (int)config.len;
}

/* From here on the host sees the device. */
static int write_descriptors(const struct gadgetfs *gadgetfs, int fd)
{
	struct usb_bytes device = gadgetfs->usb->function->device(gadgetfs->usb);
	uint8_t message[TAG_SIZE + 2 * ENDPOINTS_CONFIG_MAX + DEVICE_SIZE];
	const uint32_t tag = TAG_DEVICE;
	size_t len = TAG_SIZE;
	int n;

	memcpy(message, &tag, TAG_SIZE);
	n = put_config(gadgetfs, USB_SPEED_FULL, message + len);
	if (n < 0)
		return n;
	len += (size_t)n;
	n = gadgetfs->high ? put_config(gadgetfs, USB_SPEED_HIGH, message + len) : 0;
	if (n < 0)
		return n;
	len += (size_t)n;
	memcpy(message + len, device.data, DEVICE_SIZE);
	len += DEVICE_SIZE;
	return write(fd, message, len) < 0 ? -errno : 0;
}

static int start(struct gadgetfs *gadgetfs, char *error, size_t size)
{
	_cleanup_close_ int fd = open_control(gadgetfs, error, size);
	int r;

	if (fd < 0)
		return fd;
	r = write_descriptors(gadgetfs, fd);
	if (r == -EBUSY || r == -ENODEV)
		snprintf(error, size,
			 "the controller %s is taken by another gadget; \"grep . "
			 "/sys/class/udc/*/function\" tells which: remove it (rmmod, or its UDC in "
			 "configfs)",
			 gadgetfs->controller);
	else if (r < 0)
		snprintf(error, size, "the kernel does not take the descriptors for %s: %s",
			 gadgetfs->controller, strerror(-r));
	if (r < 0)
		return r;
	/* The owner first: no signal goes to nobody. */
	if (fcntl(fd, F_SETOWN, getpid()) < 0 ||
	    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC) < 0) {
		r = -errno;
		snprintf(error, size, "%s: %s", gadgetfs->controller, strerror(-r));
		return r;
	}
	gadgetfs->ep0.fd = TAKE_FD(fd);
	return 0;
}

static void stop(struct gadgetfs *gadgetfs)
{
	pipes_close(gadgetfs, -1);
	gadgetfs->ep0.fd = close_fd(gadgetfs->ep0.fd);
	gadgetfs->ep0.phase = EP0_EVENTS;
	gadgetfs->ep0.orphan.kind = EP0_ORPHAN_NONE;
	gadgetfs->connected = gadgetfs->configured = false;
}

/* The endpoints' files are there now. */
static int plan(struct gadgetfs *gadgetfs, char *error, size_t size)
{
	const char *names[DIRECTORY_FILES_MAX];
	struct directory directory;
	int r = directory_read(&directory, gadgetfs->dir);

	if (r < 0) {
		snprintf(error, size, "%s: %s", gadgetfs->dir, strerror(-r));
		return r;
	}
	for (size_t i = 0; i < directory.count; i++)
		names[i] = directory.names[i];
	r = endpoints_plan(usb_config(gadgetfs->usb), names, directory.count, &gadgetfs->endpoints);
	if (r < 0)
		snprintf(error, size,
			 "the controller %s has no interrupt IN endpoint for each of "
			 "the device's; \"ls %s\" lists what it has",
			 gadgetfs->controller, gadgetfs->dir);
	gadgetfs->planned = r >= 0;
	return r;
}

/*
 * Which endpoints there are, only a controller that has its descriptors tells. When that changes
 * them, the device goes again: hosts wait 100 ms before they ask what a new one is.
 */
static int attach(struct gadgetfs *gadgetfs, char *error, size_t size)
{
	bool first = !gadgetfs->planned;
	int r = start(gadgetfs, error, size);

	if (r < 0 || !first)
		return r;
	r = plan(gadgetfs, error, size);
	if (r >= 0 && !endpoints_moved(&gadgetfs->endpoints))
		return 0;
	stop(gadgetfs);
	return r < 0 ? r : start(gadgetfs, error, size);
}

static int cable_plug(struct cable *cable)
{
	char error[512];
	int r = attach(to_gadgetfs(cable), error, sizeof(error));

	if (r < 0)
		log_error("cannot plug the device in: %s", error);
	return r;
}

static void cable_unplug(struct cable *cable)
{
	stop(to_gadgetfs(cable));
}

static void cable_run(struct cable *cable, uint64_t now_ns)
{
	struct gadgetfs *gadgetfs = to_gadgetfs(cable);

	ep0_run(gadgetfs, now_ns);
	/* A command may have changed the device's setting. */
	pipes_sync(gadgetfs);
	pipes_run(gadgetfs);
}

static uint64_t cable_next_ns(const struct cable *cable, uint64_t now_ns)
{
	const struct gadgetfs *gadgetfs = (const struct gadgetfs *)(const void *)cable;

	return MIN(ep0_next_ns(gadgetfs), pipes_next_ns(gadgetfs, now_ns));
}

static const struct cable_ops ops = {cable_plug, cable_unplug, cable_run, cable_next_ns};

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct gadgetfs *gadgetfs = userdata;

	gadgetfs->due(gadgetfs->userdata);
	return 0;
}

static int on_writers(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct gadgetfs *gadgetfs = userdata;
	eventfd_t count;

	eventfd_read(fd, &count);
	gadgetfs->due(gadgetfs->userdata);
	return 0;
}

static int watch(struct gadgetfs *gadgetfs)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	r = -pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (r >= 0)
		r = sd_event_add_signal(gadgetfs->event, &gadgetfs->ep0_source, SIGIO, on_signal,
					gadgetfs);
	if (r < 0)
		return r;
	gadgetfs->writers_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (gadgetfs->writers_fd < 0)
		return -errno;
	return sd_event_add_io(gadgetfs->event, &gadgetfs->writers_source, gadgetfs->writers_fd,
			       EPOLLIN, on_writers, gadgetfs);
}

/*
 * The kernel acknowledges a request with data by itself, and forgets it when the host's next one is
 * there before we have read it: ARM, say, is lost then, and nobody told. So this process waits for
 * no other; the threads that it starts do not either.
 */
static void hurry(void)
{
	const struct sched_param param = {.sched_priority = PRIORITY};

	if (sched_setscheduler(0, SCHED_FIFO, &param) < 0)
		log_warning("no real-time priority (%s): requests of a quick host may be lost; run "
			    "mnpen-gadget as root, or raise its RLIMIT_RTPRIO",
			    strerror(errno));
}

static int find_control(struct gadgetfs *gadgetfs, char *error, size_t size)
{
	struct directory directory;
	const char *name;
	int r = directory_check(gadgetfs->dir, error, size);

	if (r < 0)
		return r;
	r = directory_read(&directory, gadgetfs->dir);
	name = r < 0 ? NULL : directory_control(&directory);
	if (!name) {
		snprintf(error, size,
			 "GadgetFS has no control file there: umount %s and mount it "
			 "again",
			 gadgetfs->dir);
		return r < 0 ? r : -ENODEV;
	}
	snprintf(gadgetfs->controller, sizeof(gadgetfs->controller), "%s", name);
	return 0;
}

int gadgetfs_new(struct gadgetfs **ret, sd_event *event, const char *dir, struct usb_device *usb,
		 void (*due)(void *userdata), void *userdata, char *error, size_t size)
{
	struct gadgetfs *gadgetfs = calloc(1, sizeof(*gadgetfs));
	int r;

	snprintf(error, size, "%s", strerror(ENOMEM));
	if (!gadgetfs)
		return -ENOMEM;
	gadgetfs->cable.ops = &ops;
	gadgetfs->event = sd_event_ref(event);
	gadgetfs->usb = usb;
	gadgetfs->due = due;
	gadgetfs->userdata = userdata;
	gadgetfs->dir = dir;
	gadgetfs->high = usb->speed == USB_SPEED_HIGH;
	gadgetfs->ep0.fd = gadgetfs->writers_fd = -EBADF;
	r = find_control(gadgetfs, error, size);
	if (r >= 0) {
		r = watch(gadgetfs);
		if (r < 0)
			snprintf(error, size, "%s", strerror(-r));
	}
	if (r >= 0) {
		hurry();
		r = attach(gadgetfs, error, size);
	}
	if (r < 0) {
		gadgetfs_free(gadgetfs);
		return r;
	}
	*ret = gadgetfs;
	return 0;
}

struct gadgetfs *gadgetfs_free(struct gadgetfs *gadgetfs)
{
	if (!gadgetfs)
		return NULL;
	stop(gadgetfs);
	sd_event_source_disable_unref(gadgetfs->ep0_source);
	sd_event_source_disable_unref(gadgetfs->writers_source);
	close_fd(gadgetfs->writers_fd);
	sd_event_unref(gadgetfs->event);
	free(gadgetfs);
	return NULL;
}

struct cable *gadgetfs_cable(struct gadgetfs *gadgetfs)
{
	return &gadgetfs->cable;
}

const char *gadgetfs_controller(const struct gadgetfs *gadgetfs)
{
	return gadgetfs->controller;
}
