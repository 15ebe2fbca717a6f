// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls. All but a STOP that is only handed over may wait for the device, and are made
 * by the threads of a place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <systemd/sd-device.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/host/chardev_place.h"

DEFINE_CLEANUP(sd_device *, sd_device_unref)

static uint16_t read_number(const char *folder, const char *name)
{
	_cleanup_fclose_ FILE *file = NULL;
	unsigned int value = 0;
	char path[512];

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return 0;
	file = fopen(path, "re");
	if (!file || fscanf(file, "%u", &value) != 1 || value >= UINT16_MAX)
		return 0;
	return (uint16_t)MAX(value, 1u); /* 0 is a ceiling as well, and no pen does so little */
}

/* A file that is not there sets no ceiling. If it was only not to be read, the guard refuses the
 * ARM above it all the same. */
void chardev_link_ceilings(struct chardev_link *link)
{
	link->ceilings = (struct host_ceilings){
		.depth_um = read_number(link->folder, "depth_ceiling_um"),
		.speed_rpm = read_number(link->folder, "speed_ceiling_rpm"),
	};
}

/* By number and not by name: what is open is what is described, also if the name is another's now.
 */
static int describe(struct chardev_link *link, struct host *host)
{
	_cleanup_(sd_device_unref_cleanup) sd_device *device = NULL;
	sd_device *usb; /* the one's above */
	const char *folder;
	struct stat st;
	int r;

	if (fstat(link->fd, &st) < 0)
		return -errno;
	r = sd_device_new_from_devnum(&device, 'c', st.st_rdev);
	if (r >= 0)
		r = sd_device_get_syspath(device, &folder);
	if (r < 0)
		return r;
	snprintf(link->folder, sizeof(link->folder), "%s", folder);
	r = sd_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device", &usb);
	if (r >= 0)
		r = sd_device_get_syspath(usb, &folder);
	return r < 0 ? r : chardev_describe(&link->enumeration, host, folder);
}

int chardev_link_open(struct chardev_link *link, struct host *host, const char *node)
{
	int r;

	usbip_enum_begin(&link->enumeration, USBIP_SPEED_FULL);
	link->fd = open(node, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (link->fd < 0)
		return -errno;
	r = describe(link, host);
	if (r < 0) {
		chardev_link_close(link);
		return r;
	}
	chardev_link_ceilings(link);
	return 0;
}

int chardev_link_call(int fd, struct chardev_call *call)
{
	int r;

	/* Only a signal can do that, before anything was sent. */
	do
		r = ioctl(fd, call->number, &call->argument);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

void chardev_link_close(struct chardev_link *link)
{
	link->fd = close_fd(link->fd);
}
