// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/pen/hotplug.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "driver/host/usb.h"
#include "driver/host/usb_watch.h"

/* How long a device is left alone that the guard may be about to take, or that it has just let go
 * of: udev has to give the node back first. */
#define SETTLE_USEC 500000ULL
#define MOVE_RETRY_USEC 1000000ULL /* for a pen that is in use when the guard is loaded */
#define SERIAL_SIZE 64

enum way {
	WAY_NONE,
	WAY_USB,
	WAY_GUARD,
};

struct plugged {
	char port[PATH_MAX];	       /* "" = nothing */
	char usb_node[USB_NODE_MAX];   /* "" = not known */
	char guard_node[USB_NODE_MAX]; /* "" = the guard does not have it */
	char serial[SERIAL_SIZE];
	enum way way; /* that it has been opened by */
	struct pen *pen;
	uint64_t usb_from_usec; /* when it may be opened through usbfs */
	uint64_t move_usec; /* when it is looked at whether it can move to the guard; 0 = stays */
};

struct hotplug {
	struct usb_watch *watch;
	const struct hotplug_hooks *hooks;
	void *userdata;
	sd_event_source *timer;
	struct log_limit log_limit;
	struct plugged plugged[HOTPLUG_DEVICES_MAX];
};

/* "" finds a free place. */
static struct plugged *find(struct hotplug *hotplug, const char *port)
{
	for (size_t i = 0; i < ELEMENTSOF(hotplug->plugged); i++)
		if (strcmp(hotplug->plugged[i].port, port) == 0)
			return &hotplug->plugged[i];
	return NULL;
}

static void take_out(struct plugged *plugged)
{
	if (plugged->way != WAY_NONE)
		pen_usb_unplug(plugged->pen);
	plugged->way = WAY_NONE;
	plugged->move_usec = 0;
}

static void no_room(struct hotplug *hotplug, const char *node)
{
	if (log_allowed(&hotplug->log_limit))
		log_error("%s: no room for one more pen, %d are the limit: unplug one, then this "
			  "one, and plug it in again",
			  node, HOTPLUG_DEVICES_MAX);
}

static void put_in(struct hotplug *hotplug, struct plugged *plugged, enum way way)
{
	const char *node = way == WAY_GUARD ? plugged->guard_node : plugged->usb_node;
	struct pen *pen = hotplug->hooks->pen_for(hotplug->userdata,
						  plugged->serial[0] ? plugged->serial : NULL);
	int r = 0;

	if (!pen) {
		no_room(hotplug, node);
		return;
	}
	if (way == WAY_GUARD)
		r = pen_chardev_plug(pen, node);
	else
		pen_usb_plug(pen, node);
	if (r < 0) {
		log_error("%s: no place can be made for it: %s", node, strerrordesc_np(-r));
		return;
	}
	plugged->pen = pen;
	plugged->way = way;
}

/* Brings a device to where it belongs now; what has to wait is left to the timer. */
static void settle(struct hotplug *hotplug, struct plugged *plugged, uint64_t now)
{
	enum way way = plugged->guard_node[0] ? WAY_GUARD
		       : plugged->usb_node[0] ? WAY_USB
					      : WAY_NONE;

	if (way != plugged->way)
		take_out(plugged);
	if (way == WAY_NONE && !plugged->usb_node[0])
		plugged->port[0] = '\0';
	if (way == plugged->way || (way == WAY_USB && plugged->usb_from_usec > now))
		return;
	put_in(hotplug, plugged, way);
}

/* ---- later ---- */

static void schedule(struct hotplug *hotplug)
{
	uint64_t due = UINT64_MAX;
	int r = 0;

	for (size_t i = 0; i < ELEMENTSOF(hotplug->plugged); i++) {
		const struct plugged *p = &hotplug->plugged[i];

		if (!p->port[0])
			continue;
		if (p->way == WAY_NONE && p->usb_node[0] && p->usb_from_usec)
			due = MIN(due, p->usb_from_usec);
		if (p->move_usec)
			due = MIN(due, p->move_usec);
	}
	if (due != UINT64_MAX)
		r = sd_event_source_set_time(hotplug->timer, due);
	if (r >= 0)
		r = sd_event_source_set_enabled(hotplug->timer, due != UINT64_MAX ? SD_EVENT_ONESHOT
										  : SD_EVENT_OFF);
	if (r < 0)
		log_error("cannot set the timer of devices that come: %s", strerrordesc_np(-r));
}

/* The kernel's driver cannot take what usbfs has, so the pen is let go of, and offered to it. If it
 * does not want it, it comes back to where it was. */
static void move(struct hotplug *hotplug, struct plugged *plugged, uint64_t now)
{
	if (!hotplug->hooks->may_move(hotplug->userdata, plugged->pen)) {
		plugged->move_usec = now + MOVE_RETRY_USEC;
		return;
	}
	log_notice("pen %s is left to the kernel guard, which was loaded",
		   pen_serial(plugged->pen));
	plugged->move_usec = 0;
	plugged->way = WAY_NONE;
	plugged->usb_from_usec = now + SETTLE_USEC;
	pen_usb_hand_over(plugged->pen);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct hotplug *hotplug = userdata;
	uint64_t now = now_usec();

	for (size_t i = 0; i < ELEMENTSOF(hotplug->plugged); i++) {
		struct plugged *p = &hotplug->plugged[i];

		if (!p->port[0])
			continue;
		if (p->move_usec && p->move_usec <= now)
			move(hotplug, p, now);
		if (p->way == WAY_NONE && p->usb_from_usec && p->usb_from_usec <= now) {
			p->usb_from_usec = 0;
			settle(hotplug, p, now);
		}
	}
	schedule(hotplug);
	return 0;
}

/* ---- what is seen ---- */

static void see_driver(struct hotplug *hotplug, uint64_t now)
{
	for (size_t i = 0; i < ELEMENTSOF(hotplug->plugged); i++)
		if (hotplug->plugged[i].port[0] && hotplug->plugged[i].way == WAY_USB)
			hotplug->plugged[i].move_usec = now;
}

static struct plugged *place_for(struct hotplug *hotplug, const struct usb_sight *sight)
{
	struct plugged *plugged = find(hotplug, sight->port);

	if (plugged || sight->gone)
		return plugged;
	plugged = find(hotplug, "");
	if (!plugged || strlen(sight->port) >= sizeof(plugged->port) ||
	    strlen(sight->node) >= USB_NODE_MAX) {
		no_room(hotplug, sight->node);
		return NULL;
	}
	*plugged = (struct plugged){0};
	snprintf(plugged->port, sizeof(plugged->port), "%s", sight->port);
	return plugged;
}

/* The word of an old device must not take out the one that is there. */
static bool is_it(const char *node, const struct usb_sight *sight)
{
	return !sight->node || strcmp(node, sight->node) == 0;
}

static void see_gone(struct plugged *plugged, const struct usb_sight *sight, uint64_t now)
{
	if (sight->kind == USB_SIGHT_GUARD) {
		if (!plugged->guard_node[0] || !is_it(plugged->guard_node, sight))
			return;
		log_notice("the kernel guard has let go of %s", plugged->guard_node);
		plugged->guard_node[0] = '\0';
		plugged->usb_from_usec = now + SETTLE_USEC;
	} else if (is_it(plugged->usb_node, sight)) {
		plugged->usb_node[0] = plugged->guard_node[0] = '\0';
	}
}

/* A device that is seen again, be it by the scan or because something about it changed, is the same
 * one as long as its node is. At another node it was unplugged meanwhile. */
static void see_there(struct plugged *plugged, const struct usb_sight *sight, uint64_t now)
{
	bool guard = sight->kind == USB_SIGHT_GUARD;
	char *node = guard ? plugged->guard_node : plugged->usb_node;

	if (strcmp(node, sight->node) == 0)
		return;
	if (node[0]) {
		take_out(plugged);
		if (!guard) /* what the guard had was the old one */
			plugged->guard_node[0] = '\0';
	}
	snprintf(node, USB_NODE_MAX, "%s", sight->node);
	snprintf(plugged->serial, sizeof(plugged->serial), "%s",
		 sight->serial ? sight->serial : "");
	if (!guard)
		plugged->usb_from_usec = sight->awaited ? now + SETTLE_USEC : 0;
}

static void on_seen(void *userdata, const struct usb_sight *sight)
{
	struct hotplug *hotplug = userdata;
	uint64_t now = now_usec();
	struct plugged *plugged;

	if (sight->kind == USB_SIGHT_DRIVER) {
		see_driver(hotplug, now);
		schedule(hotplug);
		return;
	}
	plugged = place_for(hotplug, sight);
	if (!plugged)
		return;
	if (sight->gone)
		see_gone(plugged, sight, now);
	else
		see_there(plugged, sight, now);
	settle(hotplug, plugged, now);
	schedule(hotplug);
}

/* ---- made and freed ---- */

int hotplug_new(struct hotplug **ret, sd_event *event, const struct hotplug_hooks *hooks,
		void *userdata)
{
	struct hotplug *hotplug = calloc(1, sizeof(*hotplug));
	int r;

	if (!hotplug)
		return -ENOMEM;
	hotplug->hooks = hooks;
	hotplug->userdata = userdata;
	r = sd_event_add_time(event, &hotplug->timer, CLOCK_BOOTTIME, UINT64_MAX, 0, on_timer,
			      hotplug);
	if (r >= 0)
		r = sd_event_source_set_enabled(hotplug->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = usb_watch_new(&hotplug->watch, event, on_seen, hotplug);
	if (r < 0) {
		hotplug_free(hotplug);
		return r;
	}
	*ret = hotplug;
	return 0;
}

int hotplug_scan(struct hotplug *hotplug)
{
	return usb_watch_scan(hotplug->watch);
}

const char *hotplug_missing(void)
{
	return usb_watch_missing();
}

struct hotplug *hotplug_free(struct hotplug *hotplug)
{
	if (!hotplug)
		return NULL;
	usb_watch_free(hotplug->watch);
	sd_event_source_disable_unref(hotplug->timer);
	free(hotplug);
	return NULL;
}
