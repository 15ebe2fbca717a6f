// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/hotplug_world.h"

#include <errno.h>

#include "driver/base/clock.h"
#include "driver/host/chardev.h"
#include "tests/unit/fake_host.h"

/* ---- places that do nothing ---- */

struct place places[2 * STATION_PENS_MAX + 1];
size_t n_places;
bool slow_close;

static struct place *place_of(const struct host *host)
{
	size_t i = 0;

	while (i < n_places && places[i].host != host)
		i++;
	assert_true(i < n_places);
	return &places[i];
}

static int new_place(struct host **ret, sd_event *event, const struct host_callbacks *callbacks,
		     void *userdata, bool guard)
{
	int r = __wrap_host_usbip_new(ret, event, NULL, callbacks, userdata);

	places[n_places++] = (struct place){.host = *ret, .guard = guard};
	return r;
}

int __wrap_host_usb_new(struct host **ret, sd_event *event, const struct host_callbacks *callbacks,
			void *userdata);
int __wrap_host_usb_new(struct host **ret, sd_event *event, const struct host_callbacks *callbacks,
			void *userdata)
{
	return new_place(ret, event, callbacks, userdata, false);
}

int __wrap_host_chardev_new(struct host **ret, sd_event *event,
			    const struct host_callbacks *callbacks, void *userdata);
int __wrap_host_chardev_new(struct host **ret, sd_event *event,
			    const struct host_callbacks *callbacks, void *userdata)
{
	return new_place(ret, event, callbacks, userdata, true);
}

static void plug(struct host *host, const char *node, bool guard)
{
	struct place *place = place_of(host);

	assert_string_equal(place->node, "");
	assert_false(place->closing);
	assert_int_equal(place->guard, guard);
	snprintf(place->node, sizeof(place->node), "%s", node);
	place->plugged++;
}

static void unplug(struct host *host, bool guard)
{
	struct place *place = place_of(host);

	assert_string_not_equal(place->node, "");
	assert_int_equal(place->guard, guard);
	place->node[0] = '\0';
	place->closing = slow_close;
	host->callbacks->offline(host, host->userdata, -ENODEV);
}

static bool is_empty(const struct host *host)
{
	const struct place *place = place_of(host);

	return !place->node[0] && !place->closing;
}

void __wrap_host_usb_plug(struct host *host, const char *node);
void __wrap_host_usb_plug(struct host *host, const char *node)
{
	plug(host, node, false);
}

void __wrap_host_chardev_plug(struct host *host, const char *node);
void __wrap_host_chardev_plug(struct host *host, const char *node)
{
	plug(host, node, true);
}

void __wrap_host_usb_unplug(struct host *host);
void __wrap_host_usb_unplug(struct host *host)
{
	unplug(host, false);
}

void __wrap_host_chardev_unplug(struct host *host);
void __wrap_host_chardev_unplug(struct host *host)
{
	unplug(host, true);
}

void __wrap_host_usb_hand_over(struct host *host);
void __wrap_host_usb_hand_over(struct host *host)
{
	unplug(host, false);
	place_of(host)->handed = true;
}

bool __wrap_host_usb_empty(const struct host *host);
bool __wrap_host_usb_empty(const struct host *host)
{
	return is_empty(host);
}

bool __wrap_host_chardev_empty(const struct host *host);
bool __wrap_host_chardev_empty(const struct host *host)
{
	return is_empty(host);
}

/* ---- udev ---- */

static void (*seen)(void *userdata, const struct usb_sight *sight);
static void *seen_userdata;
const struct usb_sight *there;
int watch_error;
bool awaited;

int __wrap_usb_watch_new(struct usb_watch **ret, sd_event *event,
			 void (*callback)(void *userdata, const struct usb_sight *sight),
			 void *userdata);
int __wrap_usb_watch_new(struct usb_watch **ret, sd_event *event,
			 void (*callback)(void *userdata, const struct usb_sight *sight),
			 void *userdata)
{
	seen = callback;
	seen_userdata = userdata;
	*ret = NULL;
	return watch_error;
}

int __wrap_usb_watch_scan(struct usb_watch *watch);
int __wrap_usb_watch_scan(struct usb_watch *watch)
{
	if (there)
		seen(seen_userdata, there);
	return 0;
}

void see(bool gone, const char *port, const char *node, const char *serial)
{
	const struct usb_sight sight = {
		.gone = gone,
		.awaited = awaited,
		.port = port,
		.node = node,
		.serial = serial,
	};

	seen(seen_userdata, &sight);
}

void see_guard(bool gone, const char *node)
{
	const struct usb_sight sight = {
		.kind = USB_SIGHT_GUARD, .gone = gone, .port = PORT, .node = node};

	seen(seen_userdata, &sight);
}

void see_driver(void)
{
	seen(seen_userdata, &(struct usb_sight){.kind = USB_SIGHT_DRIVER});
}

void run_for(struct desk *d, unsigned int ms)
{
	uint64_t end = now_usec() + ms * USEC_PER_MSEC;

	while (now_usec() < end)
		assert_return_code(sd_event_run(d->f.event, 10000), 0);
}

struct place *await_node(struct desk *d, const char *node)
{
	uint64_t end = now_usec() + 3 * USEC_PER_SEC;

	do {
		for (size_t i = 0; i < n_places; i++)
			if (strcmp(places[i].node, node) == 0)
				return &places[i];
		assert_return_code(sd_event_run(d->f.event, 10000), 0);
	} while (now_usec() < end);
	fail_msg("nobody has %s", node);
	return NULL;
}

void assert_nobody_has(const char *node)
{
	for (size_t i = 0; i < n_places; i++)
		assert_string_not_equal(places[i].node, node);
}

void come(const char *node)
{
	see(false, PORT, node, NULL);
}

void go(const char *node)
{
	see(true, PORT, node, NULL);
}

int new_desk(void **state)
{
	n_places = 0;
	slow_close = false;
	there = NULL;
	watch_error = 0;
	awaited = false;
	fake_serial = NULL;
	log_set_level(LOG_EMERG); /* what goes wrong here is meant to */
	return desk_new(state);
}

void bring_up(size_t index, const char *serial)
{
	struct mnpen_sample sample;

	fake_serial = serial;
	fake_bring_up((struct fake_host *)places[index].host, &sample);
}
