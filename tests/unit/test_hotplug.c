// SPDX-License-Identifier: GPL-2.0-only
/* USB devices that come and go, in whatever order and number udev tells of them. */
#include "tests/unit/hotplug_world.h"

#include <errno.h>

#include "tests/unit/fake_host.h"

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
