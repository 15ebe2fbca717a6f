// SPDX-License-Identifier: GPL-2.0-only
/* USB devices that come and go, in whatever order and number udev tells of them. */
#include <errno.h>

#include "tests/unit/alarm_desk.h"

#include "daemon/pen/hotplug.h"
#include "driver/host/usb.h"
#include "driver/host/usb_watch.h"
#include "tests/unit/fake_host.h"

#define PORT "/sys/devices/pci/usb1/1-1"
#define NODE "/dev/bus/usb/001/002"

/* ---- places that do nothing ---- */

static struct place {
	struct host *host;
	char node[USB_NODE_MAX]; /* "" = empty */
	bool closing;		 /* unplugged, and not empty yet */
	unsigned int plugged;	 /* how often */
} places[STATION_PENS_MAX + 1];
static size_t n_places;
static bool slow_close;

static struct place *place_of(const struct host *host)
{
	size_t i = 0;

	while (i < n_places && places[i].host != host)
		i++;
	assert_true(i < n_places);
	return &places[i];
}

int __wrap_host_usb_new(struct host **ret, sd_event *event, const struct host_callbacks *callbacks,
			void *userdata);
int __wrap_host_usb_new(struct host **ret, sd_event *event, const struct host_callbacks *callbacks,
			void *userdata)
{
	int r = __wrap_host_usbip_new(ret, event, NULL, callbacks, userdata);

	places[n_places++] = (struct place){.host = *ret};
	return r;
}

void __wrap_host_usb_plug(struct host *host, const char *node);
void __wrap_host_usb_plug(struct host *host, const char *node)
{
	struct place *place = place_of(host);

	assert_string_equal(place->node, "");
	assert_false(place->closing);
	snprintf(place->node, sizeof(place->node), "%s", node);
	place->plugged++;
}

void __wrap_host_usb_unplug(struct host *host);
void __wrap_host_usb_unplug(struct host *host)
{
	struct place *place = place_of(host);

	assert_string_not_equal(place->node, "");
	place->node[0] = '\0';
	place->closing = slow_close;
	host->callbacks->offline(host, host->userdata, -ENODEV);
}

bool __wrap_host_usb_empty(const struct host *host);
bool __wrap_host_usb_empty(const struct host *host)
{
	const struct place *place = place_of(host);

	return !place->node[0] && !place->closing;
}

/* ---- udev ---- */

static void (*seen)(void *userdata, const struct usb_sight *sight);
static void *seen_userdata;
static const struct usb_sight *there; /* at the scan */
static int watch_error;

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

static void see(bool gone, const char *port, const char *node, const char *serial)
{
	const struct usb_sight sight = {gone, port, node, serial};

	seen(seen_userdata, &sight);
}

static void come(const char *node)
{
	see(false, PORT, node, NULL);
}

static void go(const char *node)
{
	see(true, PORT, node, NULL);
}

static int new_desk(void **state)
{
	n_places = 0;
	slow_close = false;
	there = NULL;
	watch_error = 0;
	fake_serial = NULL;
	log_set_level(LOG_EMERG); /* what goes wrong here is meant to */
	return desk_new(state);
}

static void bring_up(size_t index, const char *serial)
{
	struct mnpen_sample sample;

	fake_serial = serial;
	fake_bring_up((struct fake_host *)places[index].host, &sample);
}

/* ---- tests ---- */

static void seen_several_times(void **state)
{
	const struct usb_sight before = {.port = PORT, .node = NODE};
	struct desk *d = *state;

	there = &before;
	assert_int_equal(station_add_usb(d->station), 0);
	come(NODE); /* its event, which had come before the scan */
	come(NODE); /* and something about it changed */
	assert_int_equal(n_places, 1);
	assert_int_equal(places[0].plugged, 1);
	bring_up(0, "PEN-0001");
	assert_string_equal(pen_transport(station_pen_by_serial(d->station, "PEN-0001")->pen),
			    "fake");
	go(NODE);
	go(NODE);
	assert_null(station_pen_at(d->station, 0));
	assert_int_equal(places[0].plugged, 1);
}

/* At another node it was unplugged meanwhile, whether anybody told or not. */
static void plugged_in_again(void **state)
{
	struct desk *d = *state;

	assert_int_equal(station_add_usb(d->station), 0);
	come(NODE);
	bring_up(0, "PEN-0001");
	come("/dev/bus/usb/001/003");
	assert_int_equal(n_places, 1); /* the old one was closed at once */
	assert_string_equal(places[0].node, "/dev/bus/usb/001/003");
	assert_null(station_pen_at(d->station, 0)); /* and has to come up anew */
	go(NODE);				    /* late: it is not this one */
	assert_string_equal(places[0].node, "/dev/bus/usb/001/003");
	go(NULL); /* without a node, it is whatever is there */
	assert_string_equal(places[0].node, "");
	go("/dev/bus/usb/001/009");
}

/* The place of a device that takes its time to close is not given away. */
static void closing_slowly(void **state)
{
	struct desk *d = *state;

	assert_int_equal(station_add_usb(d->station), 0);
	slow_close = true;
	come(NODE);
	go(NODE);
	come("/dev/bus/usb/001/003");
	assert_int_equal(n_places, 2);
	assert_string_equal(places[1].node, "/dev/bus/usb/001/003");
	places[0].closing = false;
	see(false, PORT "-2", "/dev/bus/usb/001/004", NULL);
	assert_int_equal(n_places, 2);
}

/* The pen's own place, if it is free. */
static void matched_by_serial(void **state)
{
	struct desk *d = *state;

	assert_int_equal(station_add_usb(d->station), 0);
	see(false, PORT, NODE, "PEN-0001");
	see(false, PORT "-2", "/dev/bus/usb/001/003", "PEN-0002");
	bring_up(0, "PEN-0001");
	bring_up(1, "PEN-0002");
	assert_non_null(station_pen_by_serial(d->station, "PEN-0001"));
	assert_non_null(station_pen_by_serial(d->station, "PEN-0002"));
	go(NODE);
	see(true, PORT "-2", NULL, NULL);
	for (int i = 0; i < 2; i++) {
		see(false, PORT, NODE, "PEN-0002");
		assert_string_equal(places[1].node, NODE);
		see(true, PORT, NODE, NULL);
		see(false, PORT, NODE, "PEN-0001");
		assert_string_equal(places[0].node, NODE);
		see(true, PORT, NODE, NULL);
	}
	assert_int_equal(n_places, 2);
}

/* What waits for the store's answer is the old pen's. */
static void not_while_something_waits(void **state)
{
	struct session_request request = {0};
	struct desk *d = *state;

	assert_int_equal(station_add_usb(d->station), 0);
	come(NODE);
	go(NODE);
	d->station->pens[0]->request = &request;
	come(NODE);
	assert_int_equal(n_places, 2);
	d->station->pens[0]->request = NULL;
}

static void two_with_one_serial(void **state)
{
	struct desk *d = *state;
	const struct alarm *alarm;

	assert_int_equal(station_add_usb(d->station), 0);
	come(NODE);
	see(false, PORT "-2", "/dev/bus/usb/001/003", NULL);
	bring_up(0, "PEN-0001");
	bring_up(1, "PEN-0001");
	assert_ptr_equal(station_pen_by_serial(d->station, "PEN-0001"), d->station->pens[0]);
	assert_null(station_pen_at(d->station, 1));
	alarm = station_alarm_at(d->station, 0);
	assert_non_null(alarm);
	assert_string_equal(alarm->what.kind, "serial-twice");
	assert_string_equal(alarm->what.pen, "PEN-0001");
	assert_non_null(strstr(alarm->what.text, "PEN-0001, and is not used: unplug it"));
	assert_null(station_alarm_at(d->station, 1));
	/* Of the other pens none is concerned. */
	see(false, PORT "-3", "/dev/bus/usb/001/004", NULL);
	bring_up(2, "PEN-0003");
	assert_non_null(station_pen_by_serial(d->station, "PEN-0003"));
	wait_recorded(d, alarm);
}

static void no_room(void **state)
{
	struct desk *d = *state;
	char port[64], node[64];

	assert_int_equal(station_add_usb(d->station), 0);
	for (int i = 0; i < STATION_PENS_MAX + 1; i++) {
		snprintf(port, sizeof(port), PORT "-%d", i);
		snprintf(node, sizeof(node), "/dev/bus/usb/001/%03d", i + 2);
		see(false, port, node, NULL);
	}
	assert_int_equal(n_places, STATION_PENS_MAX);
	see(true, PORT "-7", NULL, NULL);
	see(false, port, node, NULL); /* now there is room */
	assert_string_equal(places[7].node, node);
}

static void a_thousand_cycles(void **state)
{
	struct desk *d = *state;
	char node[64];

	assert_int_equal(station_add_usb(d->station), 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(node, sizeof(node), "/dev/bus/usb/001/%03d", i % 126 + 2);
		come(node);
		bring_up(0, "PEN-0001");
		assert_non_null(station_pen_by_serial(d->station, "PEN-0001"));
		if (i % 2)
			go(node);
		((struct fake_host *)places[0].host)->log[0] = '\0';
		((struct fake_host *)places[0].host)->pending = false;
	}
	assert_int_equal(n_places, 1);
	assert_int_equal(d->station->n_pens, 1);
}

static void cannot_watch(void **state)
{
	struct desk *d = *state;

	watch_error = -EPERM;
	assert_int_equal(station_add_usb(d->station), -EPERM); /* and the station lives on */
	assert_null(station_pen_at(d->station, 0));
}

#define DESK_TEST(f) cmocka_unit_test_setup_teardown(f, new_desk, desk_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(seen_several_times),
		DESK_TEST(plugged_in_again),
		DESK_TEST(closing_slowly),
		DESK_TEST(matched_by_serial),
		DESK_TEST(not_while_something_waits),
		DESK_TEST(two_with_one_serial),
		DESK_TEST(no_room),
		DESK_TEST(a_thousand_cycles),
		DESK_TEST(cannot_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
