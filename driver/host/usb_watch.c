// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/usb_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-device.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "driver/host/ids.h"

#define USB_FOLDER "/dev/bus/usb"
#define GUARD_SUBSYSTEM "mnpen" /* of the nodes, whose names begin so as well */
#define GUARD_DRIVER "/sys/bus/usb/drivers/mnpen"
#define UDEV_SOCKET "/run/udev/control"
/* Events that wait while the loop is late, of USB devices alone: room for some hundred. */
#define RECEIVE_BYTES (256 * 1024)

struct usb_watch {
	sd_device_monitor *monitor;
	void (*seen)(void *userdata, const struct usb_sight *sight);
	void *userdata;
};

/* PRODUCT=1209/1/100, in hex: it comes with the event, no file is read for it. */
static bool may_be_pen(sd_device *device)
{
	const char *product;
	unsigned int vendor_id, product_id;

	return sd_device_get_property_value(device, "PRODUCT", &product) >= 0 &&
	       sscanf(product, "%x/%x/", &vendor_id, &product_id) == 2 && vendor_id <= UINT16_MAX &&
	       product_id <= UINT16_MAX &&
	       host_ids_match((uint16_t)vendor_id, (uint16_t)product_id);
}

static void see(struct usb_watch *watch, sd_device *device, bool gone)
{
	struct usb_sight sight = {.kind = USB_SIGHT_DEVICE, .gone = gone};

	if (!may_be_pen(device) || sd_device_get_syspath(device, &sight.port) < 0)
		return;
	if (sd_device_get_devname(device, &sight.node) < 0)
		sight.node = NULL;
	if (sd_device_get_property_value(device, "ID_SERIAL_SHORT", &sight.serial) < 0)
		sight.serial = NULL;
	sight.awaited = !gone && access(GUARD_DRIVER, F_OK) == 0;
	if (gone || sight.node)
		watch->seen(watch->userdata, &sight);
}

size_t usb_watch_port(const char *path)
{
	const char *end = strstr(path, "/" GUARD_SUBSYSTEM "/" GUARD_SUBSYSTEM);

	while (end > path && *--end != '/')
		;
	return end ? (size_t)(end - path) : 0;
}

static const char *serial_of(sd_device *guard)
{
	const char *serial;
	sd_device *usb; /* the one's above */

	if (sd_device_get_parent_with_subsystem_devtype(guard, "usb", "usb_device", &usb) < 0 ||
	    sd_device_get_property_value(usb, "ID_SERIAL_SHORT", &serial) < 0)
		return NULL;
	return serial;
}

/* A pen that is unplugged loses its driver first. Nothing is to be opened in its place then. */
static void see_guard(struct usb_watch *watch, sd_device *device, bool gone)
{
	struct usb_sight sight = {.kind = USB_SIGHT_GUARD, .gone = gone};
	char port[PATH_MAX];
	const char *path;
	size_t len;

	if (sd_device_get_syspath(device, &path) < 0)
		return;
	len = usb_watch_port(path);
	if (len == 0 || len >= sizeof(port))
		return;
	memcpy(port, path, len);
	port[len] = '\0';
	sight.port = port;
	if (sd_device_get_devname(device, &sight.node) < 0)
		sight.node = NULL;
	if (gone && access(port, F_OK) < 0) {
		sight.kind = USB_SIGHT_DEVICE;
		sight.node = NULL;
	}
	if (!gone)
		sight.serial = serial_of(device);
	if (gone || sight.node)
		watch->seen(watch->userdata, &sight);
}

static void see_driver(struct usb_watch *watch, sd_device *device, bool gone)
{
	const struct usb_sight sight = {.kind = USB_SIGHT_DRIVER};
	const char *path;

	if (!gone && sd_device_get_syspath(device, &path) >= 0 && strcmp(path, GUARD_DRIVER) == 0)
		watch->seen(watch->userdata, &sight);
}

static int on_event(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
	struct usb_watch *watch = userdata;
	sd_device_action_t action;
	const char *subsystem;
	bool gone;

	if (sd_device_get_action(device, &action) < 0 ||
	    sd_device_get_subsystem(device, &subsystem) < 0)
		return 0;
	gone = action == SD_DEVICE_REMOVE;
	if (strcmp(subsystem, GUARD_SUBSYSTEM) == 0)
		see_guard(watch, device, gone);
	else if (strcmp(subsystem, "drivers") == 0)
		see_driver(watch, device, gone);
	else
		see(watch, device, gone);
	return 0;
}

static int start(struct usb_watch *watch, sd_event *event)
{
	int r = sd_device_monitor_new(&watch->monitor);

	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(watch->monitor, "usb",
									 "usb_device");
	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(watch->monitor,
									 GUARD_SUBSYSTEM, NULL);
	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(watch->monitor, "drivers",
									 NULL);
	if (r >= 0)
		r = sd_device_monitor_attach_event(watch->monitor, event);
	/* The size that there is will do where it may not be set. */
	if (r >= 0 && sd_device_monitor_set_receive_buffer_size(watch->monitor, RECEIVE_BYTES) < 0)
		log_debug("the size of udev's socket stays as it is");
	return r < 0 ? r : sd_device_monitor_start(watch->monitor, on_event, watch);
}

int usb_watch_new(struct usb_watch **ret, sd_event *event,
		  void (*seen)(void *userdata, const struct usb_sight *sight), void *userdata)
{
	struct usb_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;
	watch->seen = seen;
	watch->userdata = userdata;
	r = start(watch, event);
	if (r < 0) {
		usb_watch_free(watch);
		return r;
	}
	*ret = watch;
	return 0;
}

DEFINE_CLEANUP(sd_device_enumerator *, sd_device_enumerator_unref)

static int scan(struct usb_watch *watch, const char *subsystem, const char *devtype,
		void (*tell)(struct usb_watch *watch, sd_device *device, bool gone))
{
	_cleanup_(sd_device_enumerator_unref_cleanup) sd_device_enumerator *enumerator = NULL;
	int r = sd_device_enumerator_new(&enumerator);

	/* What udev has not seen to yet, it will still tell of. */
	if (r >= 0)
		r = sd_device_enumerator_add_match_subsystem(enumerator, subsystem, 1);
	if (r >= 0 && devtype)
		r = sd_device_enumerator_add_match_property(enumerator, "DEVTYPE", devtype);
	if (r < 0)
		return r;
	for (sd_device *device = sd_device_enumerator_get_device_first(enumerator); device;
	     device = sd_device_enumerator_get_device_next(enumerator))
		tell(watch, device, false);
	return 0;
}

/* The guard's first: what it has is not looked for behind it. */
int usb_watch_scan(struct usb_watch *watch)
{
	int r = scan(watch, GUARD_SUBSYSTEM, NULL, see_guard);

	return r < 0 ? r : scan(watch, "usb", "usb_device", see);
}

const char *usb_watch_missing(void)
{
	if (access(USB_FOLDER, F_OK) < 0)
		return "there is no " USB_FOLDER;
	if (access(UDEV_SOCKET, F_OK) < 0)
		return "udev does not run, which tells of what is plugged in";
	return NULL;
}

struct usb_watch *usb_watch_free(struct usb_watch *watch)
{
	if (!watch)
		return NULL;
	if (watch->monitor)
		(void)sd_device_monitor_stop(watch->monitor);
	sd_device_monitor_unref(watch->monitor);
	free(watch);
	return NULL;
}
