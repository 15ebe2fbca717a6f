// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/input/discover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-device.h>

#include "driver/base/cleanup.h"

struct discover {
	sd_device_monitor *monitor;
	const struct discover_callbacks *callbacks;
	void *userdata;
};

static bool is_event_node(sd_device *device)
{
	const char *name, *subsystem;

	return sd_device_get_subsystem(device, &subsystem) >= 0 && !strcmp(subsystem, "input") &&
	       sd_device_get_sysname(device, &name) >= 0 && !strncmp(name, "event", 5);
}

static bool is_set(sd_device *device, const char *property)
{
	const char *value;

	return sd_device_get_property_value(device, property, &value) >= 0 && !strcmp(value, "1");
}

static bool parse_id(sd_device *usb, const char *attribute, uint16_t *ret)
{
	const char *text;
	unsigned long value;
	char *end;

	if (sd_device_get_sysattr_value(usb, attribute, &text) < 0 || !*text)
		return false;
	errno = 0;
	value = strtoul(text, &end, 16);
	if (errno || *end || value > UINT16_MAX)
		return false;
	*ret = (uint16_t)value;
	return true;
}

/* Short reads from sysfs, of what the kernel holds in memory. */
static void fill_usb(struct discover_node *node, sd_device *device)
{
	sd_device *usb;

	if (sd_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device", &usb) < 0)
		return;
	node->usb = parse_id(usb, "idVendor", &node->vendor_id) &&
		    parse_id(usb, "idProduct", &node->product_id);
	if (sd_device_get_sysattr_value(usb, "serial", &node->serial) < 0)
		node->serial = "";
}

static void fill_name(struct discover_node *node, sd_device *device)
{
	sd_device *input; /* the parent: inputN of eventN */

	if (sd_device_get_parent(device, &input) < 0 ||
	    sd_device_get_sysattr_value(input, "name", &node->name) < 0)
		node->name = "";
}

static void tell(struct discover *discover, sd_device *device)
{
	struct discover_node node = {.serial = ""};

	if (sd_device_get_syspath(device, &node.syspath) < 0 ||
	    sd_device_get_devname(device, &node.node) < 0)
		return; /* gone in the meantime: that is told as well */
	fill_usb(&node, device);
	fill_name(&node, device);
	node.pedal = is_set(device, DISCOVER_PEDAL_PROPERTY);
	node.keys = is_set(device, "ID_INPUT_KEY") || is_set(device, "ID_INPUT_KEYBOARD") ||
		    is_set(device, "ID_INPUT_MOUSE");
	discover->callbacks->node(discover->userdata, &node);
}

static int on_uevent(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
	struct discover *discover = userdata;
	sd_device_action_t action;
	const char *syspath;

	if (!is_event_node(device) || sd_device_get_action(device, &action) < 0)
		return 0;
	if (action != SD_DEVICE_REMOVE)
		tell(discover, device);
	else if (sd_device_get_syspath(device, &syspath) >= 0)
		discover->callbacks->gone(discover->userdata, syspath);
	return 0;
}

static int subscribe(struct discover *discover, sd_event *event, int64_t priority)
{
	sd_event_source *source;
	int r = sd_device_monitor_new(&discover->monitor);

	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(discover->monitor, "input",
									 NULL);
	if (r >= 0)
		r = sd_device_monitor_attach_event(discover->monitor, event);
	if (r >= 0)
		r = sd_device_monitor_start(discover->monitor, on_uevent, discover);
	if (r < 0)
		return r;
	source = sd_device_monitor_get_event_source(discover->monitor);
	return source ? sd_event_source_set_priority(source, priority) : 0;
}

static void enumerator_free(sd_device_enumerator *enumerator)
{
	sd_device_enumerator_unref(enumerator);
}

DEFINE_CLEANUP(sd_device_enumerator *, enumerator_free)

static int enumerate(struct discover *discover)
{
	_cleanup_(enumerator_free_cleanup) sd_device_enumerator *enumerator = NULL;
	int r = sd_device_enumerator_new(&enumerator);

	if (r >= 0)
		r = sd_device_enumerator_add_match_subsystem(enumerator, "input", true);
	if (r >= 0)
		r = sd_device_enumerator_add_match_sysname(enumerator, "event*");
	/* One that udev is not done with carries no mark yet, and is told of again. */
	if (r >= 0)
		r = sd_device_enumerator_allow_uninitialized(enumerator);
	if (r < 0)
		return r;
	for (sd_device *device = sd_device_enumerator_get_device_first(enumerator); device;
	     device = sd_device_enumerator_get_device_next(enumerator))
		if (is_event_node(device))
			tell(discover, device);
	return 0;
}

int discover_new(struct discover **ret, sd_event *event, int64_t priority,
		 const struct discover_callbacks *callbacks, void *userdata)
{
	struct discover *discover = calloc(1, sizeof(*discover));
	int r;

	if (!discover)
		return -ENOMEM;
	discover->callbacks = callbacks;
	discover->userdata = userdata;
	r = subscribe(discover, event, priority);
	if (r >= 0)
		r = enumerate(discover);
	if (r < 0) {
		discover_free(discover);
		return r;
	}
	*ret = discover;
	return 0;
}

struct discover *discover_free(struct discover *discover)
{
	if (!discover)
		return NULL;
	sd_device_monitor_unref(discover->monitor);
	free(discover);
	return NULL;
}
