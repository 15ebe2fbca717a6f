/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A station's places on USB that do nothing, and a udev of which the test has the word. Tests that
 * use it wrap what is in tests/unit/test_hotplug.wrap.
 */
#ifndef MNPEN_TEST_HOTPLUG_WORLD_H
#define MNPEN_TEST_HOTPLUG_WORLD_H

#include "tests/unit/alarm_desk.h"

#include "daemon/pen/hotplug.h"
#include "driver/host/usb.h"
#include "driver/host/usb_watch.h"

#define PORT "/sys/devices/pci/usb1/1-1"
#define NODE "/dev/bus/usb/001/002"
#define GUARD "/dev/mnpen0"

struct place {
	struct host *host;
	char node[USB_NODE_MAX]; /* "" = empty */
	bool closing;		 /* unplugged, and not empty yet */
	unsigned int plugged;	 /* how often */
	bool guard;		 /* of the transport over it */
	bool handed;		 /* left to a kernel driver */
};

extern struct place places[2 * STATION_PENS_MAX + 1];
extern size_t n_places;
extern bool slow_close;

extern const struct usb_sight *there; /* at the scan; NULL = nothing */
extern int watch_error;
extern bool awaited; /* the guard may be about to take what comes */

void see(bool gone, const char *port, const char *node, const char *serial);
void come(const char *node);
void go(const char *node);
void see_guard(bool gone, const char *node);
void see_driver(void);

/** run_for() - the loop */
void run_for(struct desk *d, unsigned int ms);
/** await_node() - which place has @node; it is waited for */
struct place *await_node(struct desk *d, const char *node);
void assert_nobody_has(const char *node);
void bring_up(size_t index, const char *serial);

int new_desk(void **state);

#define DESK_TEST(f) cmocka_unit_test_setup_teardown(f, new_desk, desk_free)

#endif
