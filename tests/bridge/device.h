/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device as a kernel keeps it: its descriptors, the configuration and alternate settings that
 * are in force, and which open file has claimed which interface.
 */
#ifndef MNPEN_BRIDGE_DEVICE_H
#define MNPEN_BRIDGE_DEVICE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/bridge/link.h"

#define DEVICE_INTERFACES 32 /* as many as usbfs can tell apart */

enum device_string {
	DEVICE_MANUFACTURER,
	DEVICE_PRODUCT,
	DEVICE_SERIAL,
	DEVICE_STRINGS,
};

struct device_interface {
	bool there; /* in the configuration in force */
	uint8_t alt;
	const void *owner; /* the struct file that claimed it */
};

struct device {
	struct link link;
	unsigned int number; /* on the bus; another one after each plugging in; 0 = unplugged */
	uint8_t configuration;
	GByteArray *descriptors; /* device descriptor, then all configurations, as in sysfs */
	char *strings[DEVICE_STRINGS];
	struct device_interface interfaces[DEVICE_INTERFACES];
};

/** struct device_endpoint - one endpoint of the configuration in force */
struct device_endpoint {
	uint8_t interface;
	uint8_t alt;
	uint8_t address;
	uint8_t type; /* USB_ENDPOINT_XFER_* */
	uint8_t interval;
};

/** device_attach() - connect, read the descriptors and set the first configuration */
int device_attach(struct device *device);

/** device_reset() - as a bus reset: there is none in USB/IP, so the device is let go and imported
 * again. Return: 0; -ENODEV it did not come back, or is another one now */
int device_reset(struct device *device);

void device_free(struct device *device);

/** device_configured() - @value is now in force; every alternate setting is 0 */
void device_configured(struct device *device, uint8_t value);

/** device_config() - the configuration descriptor of @value and its length, or NULL */
const uint8_t *device_config(const struct device *device, uint8_t value, size_t *ret_len);

/** device_has_setting() - whether @interface has alternate setting @alt */
bool device_has_setting(const struct device *device, uint8_t interface, uint8_t alt);

/** device_find_endpoint() - @active: only of the alternate settings in force. 0 or -ENOENT */
int device_find_endpoint(const struct device *device, uint8_t address, bool active,
			 struct device_endpoint *ret);

/** device_interval() - of an interrupt endpoint, in (micro)frames */
uint32_t device_interval(const struct device *device, const struct device_endpoint *endpoint);

#endif
