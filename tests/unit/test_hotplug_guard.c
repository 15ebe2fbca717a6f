// SPDX-License-Identifier: GPL-2.0-only
/* Pens that are had over the kernel guard, or not, or not any more. */
#include "tests/unit/hotplug_world.h"

#include "driver/base/clock.h"

static void await_handed(struct desk *d, const struct place *place)
{
	uint64_t end = now_usec() + 3 * USEC_PER_SEC;

	while (!place->handed && now_usec() < end)
		assert_return_code(sd_event_run(d->f.event, 10000), 0);
	assert_true(place->handed);
}

/* The guard was there before: the device is not looked for in usbfs at all. */
static void guard_first(void **state)
{
	struct desk *d = *state;

	assert_int_equal(station_add_usb(d->station), 0);
	awaited = true;
	come(NODE);
	assert_nobody_has(NODE);
	see_guard(false, GUARD);
	see_guard(false, GUARD);
	assert_true(await_node(d, GUARD)->guard);
	come(NODE); /* its node was given to root meanwhile */
	assert_nobody_has(NODE);
	see_guard(true, GUARD); /* unplugged: the driver first */
	go(NODE);
	assert_nobody_has(GUARD);
	run_for(d, 700);
	assert_nobody_has(NODE);
	assert_int_equal(d->station->n_pens, 1);
}

/* Its node comes first; and what the guard does not want is had through usbfs. */
static void guard_in_any_order(void **state)
{
	struct desk *d = *state;

	assert_int_equal(station_add_usb(d->station), 0);
	see_guard(false, GUARD);
	assert_true(await_node(d, GUARD)->guard);
	come(NODE);
	assert_nobody_has(NODE);
	go(NODE);
	assert_nobody_has(GUARD);
	awaited = true;
	come(NODE);
	assert_nobody_has(NODE);
	assert_false(await_node(d, NODE)->guard);
}

/* Unbound, and bound again: the pen moves, and its place is the same. */
static void moves(void **state)
{
	struct desk *d = *state;
	struct place *usb;

	assert_int_equal(station_add_usb(d->station), 0);
	come(NODE);
	usb = await_node(d, NODE);
	bring_up(0, "PEN-0001");
	see_driver();
	await_handed(d, usb);
	assert_null(station_pen_at(d->station, 0));
	assert_nobody_has(NODE);
	see_guard(false, GUARD);
	assert_true(await_node(d, GUARD)->guard);
	bring_up(1, "PEN-0001");
	assert_non_null(station_pen_by_serial(d->station, "PEN-0001"));
	see_driver(); /* it has moved already */
	see_guard(true, GUARD);
	assert_nobody_has(GUARD);
	assert_null(station_pen_at(d->station, 0));
	assert_ptr_equal(await_node(d, NODE), usb);
	assert_int_equal(d->station->n_pens, 1);
	assert_int_equal(n_places, 2);
}

/* Loaded, and it does not take the pen: that comes back to where it was, and is not asked again. */
static void not_wanted(void **state)
{
	struct desk *d = *state;
	struct place *usb;

	assert_int_equal(station_add_usb(d->station), 0);
	come(NODE);
	usb = await_node(d, NODE);
	see_driver();
	await_handed(d, usb);
	assert_nobody_has(NODE);
	usb->handed = false;
	assert_ptr_equal(await_node(d, NODE), usb);
	run_for(d, 1200);
	assert_false(usb->handed);
}

/* A pen with a session stays where it is until that is over. */
static void not_in_a_session(void **state)
{
	struct session_request request = {0};
	struct desk *d = *state;

	assert_int_equal(station_add_usb(d->station), 0);
	come(NODE);
	bring_up(0, "PEN-0001");
	d->station->pens[0]->request = &request;
	see_driver();
	run_for(d, 200);
	assert_string_equal(places[0].node, NODE);
	d->station->pens[0]->request = NULL;
	await_handed(d, &places[0]);
}

static void ports(void **state)
{
	static const struct {
		const char *path;
		size_t len;
	} rows[] = {
		{"/sys/devices/pci0/usb1/1-1/1-1:1.0/mnpen/mnpen0", 26},
		{"/sys/devices/mnpen/usb1/1-1/1-1:1.0/mnpen/mnpen63", 27},
		{"/sys/devices/pci0/usb1/1-1/1-1:1.0", 0},
		{"mnpen/mnpen0", 0},
		{"/mnpen/mnpen0", 0},
		{"", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(usb_watch_port(rows[i].path), rows[i].len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(guard_first), DESK_TEST(guard_in_any_order), DESK_TEST(moves),
		DESK_TEST(not_wanted),	DESK_TEST(not_in_a_session),   cmocka_unit_test(ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
