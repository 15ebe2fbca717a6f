/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What brings a host to a device, where that is not a connection of USB/IP: one cable, one device.
 *
 * An implementation is a struct that begins with a struct cable.
 */
#ifndef MNPEN_GADGET_CABLE_H
#define MNPEN_GADGET_CABLE_H

#include <stdint.h>

struct cable;

/**
 * struct cable_ops - what can be done with it
 * @plug: Returns 0, or a negative errno that has been logged. One that is plugged in stays so
 * @unplug: the host is gone when it returns; the device is told by the caller
 * @run: carry out and send whatever can be; the device has been advanced to @now_ns
 * @next_ns: when @run has something to do next if nothing comes; USB_NEVER
 *
 * Times are CLOCK_MONOTONIC.
 */
struct cable_ops {
	int (*plug)(struct cable *cable);
	void (*unplug)(struct cable *cable);
	void (*run)(struct cable *cable, uint64_t now_ns);
	uint64_t (*next_ns)(const struct cable *cable, uint64_t now_ns);
};

struct cable {
	const struct cable_ops *ops;
};

#endif
