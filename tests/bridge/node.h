/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device as programs find it: its folder in sysfs, the uevents and the device node.
 *
 * Programs poll the node of a USB device, and the file that umockdev would put there is always
 * ready. The node is therefore a pseudo terminal: it takes output (POLLOUT, "reap something") or
 * not, as flow control says, and hanging it up gives POLLERR like usbfs after an unplug. It is one
 * for all who have the node open: a program may be woken for what another one has to reap, and
 * finds nothing.
 */
#ifndef MNPEN_BRIDGE_NODE_H
#define MNPEN_BRIDGE_NODE_H

#include <stdbool.h>
#include <umockdev.h>

#include "tests/bridge/device.h"

struct node {
	UMockdevTestbed *testbed;
	UMockdevIoctlBase *handler;
	char *dev;	       /* "/dev/bus/usb/001/002"; NULL = there is no device */
	char *sys;	       /* its folder in sysfs */
	GPtrArray *interfaces; /* folders of its interfaces */
	int master_fd, slave_fd;
	bool ready;
};

void node_init(struct node *node, UMockdevIoctlBase *handler);

/** node_plug() - the device appears. 0 or negative errno of the pseudo terminal */
int node_plug(struct node *node, const struct device *device);

/** node_unplug() - and disappears: who polls it sees an error, then the uevents come */
void node_unplug(struct node *node);

void node_free(struct node *node);

/** node_set_ready() - whether there is something to reap */
void node_set_ready(struct node *node, bool ready);

/** node_show() - tell sysfs the configuration and the alternate settings in force */
void node_show(struct node *node, const struct device *device);

#endif
