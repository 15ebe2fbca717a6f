// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/pen/hotplug.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "driver/host/usb.h"
#include "driver/host/usb_watch.h"

struct plugged {
	char port[PATH_MAX]; /* "" = nothing */
	char node[USB_NODE_MAX];
	struct pen *pen;
};

struct hotplug {
	struct usb_watch *watch;
	struct pen *(*pen_for)(void *userdata, const char *serial);
	void *userdata;
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
	plugged->port[0] = '\0';
	pen_usb_unplug(plugged->pen);
}

static void put_in(struct hotplug *hotplug, const struct usb_sight *sight)
{
	struct plugged *plugged = find(hotplug, "");
	struct pen *pen = plugged ? hotplug->pen_for(hotplug->userdata, sight->serial) : NULL;

	if (!pen || strlen(sight->port) >= sizeof(plugged->port) ||
	    strlen(sight->node) >= sizeof(plugged->node)) {
		if (log_allowed(&hotplug->log_limit))
			log_error("%s: no room for one more pen, %d are the limit: unplug one, "
				  "then this one, and plug it in again",
				  sight->node, HOTPLUG_DEVICES_MAX);
		return;
	}
	snprintf(plugged->port, sizeof(plugged->port), "%s", sight->port);
	snprintf(plugged->node, sizeof(plugged->node), "%s", sight->node);
	plugged->pen = pen;
	pen_usb_plug(pen, sight->node);
}

/* A device that is seen again, be it by the scan or because something about it changed, is the same
 * one as long as its node is. At another node it was unplugged meanwhile. */
static void on_seen(void *userdata, const struct usb_sight *sight)
{
	struct hotplug *hotplug = userdata;
	struct plugged *plugged = find(hotplug, sight->port);

	if (sight->gone) {
		/* The word of an old device must not take out the one that is there. */
		if (plugged && (!sight->node || strcmp(plugged->node, sight->node) == 0))
			take_out(plugged);
		return;
	}
	if (plugged && strcmp(plugged->node, sight->node) == 0)
		return;
	if (plugged)
		take_out(plugged);
	put_in(hotplug, sight);
}

int hotplug_new(struct hotplug **ret, sd_event *event,
		struct pen *(*pen_for)(void *userdata, const char *serial), void *userdata)
{
	struct hotplug *hotplug = calloc(1, sizeof(*hotplug));
	int r;

	if (!hotplug)
		return -ENOMEM;
	hotplug->pen_for = pen_for;
	hotplug->userdata = userdata;
	r = usb_watch_new(&hotplug->watch, event, on_seen, hotplug);
	if (r < 0) {
		free(hotplug);
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
	free(hotplug);
	return NULL;
}
