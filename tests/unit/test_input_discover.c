// SPDX-License-Identifier: GPL-2.0-only
/* Which event nodes are told of, over devices that are what the test says. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <systemd/sd-device.h>

#include "daemon/input/discover.h"

/* ---- devices ---- */

struct sd_device {
	const char *subsystem, *sysname, *syspath, *devname;
	const char *properties[8]; /* name, value, ... */
	const char *attributes[8];
	sd_device *parent, *usb;
	sd_device_action_t action;
};

struct sd_device_monitor {
	sd_device_monitor_handler_t handler;
	void *userdata;
	bool matches;
};

struct sd_device_enumerator {
	unsigned int at;
	bool matches_subsystem, matches_name;
};

static sd_device_monitor monitor;
static sd_device_enumerator enumerator;
static sd_device *present[8];
static int new_error, start_error;
static bool freed;

#define WRAP(type, name, ...)                                                                      \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

WRAP(int, sd_device_monitor_new, sd_device_monitor **ret)
{
	monitor = (sd_device_monitor){0};
	*ret = &monitor;
	return new_error;
}

WRAP(int, sd_device_monitor_filter_add_match_subsystem_devtype, sd_device_monitor *m,
     const char *subsystem, const char *devtype)
{
	assert_null(devtype);
	m->matches = !strcmp(subsystem, "input");
	return 0;
}

WRAP(int, sd_device_monitor_attach_event, sd_device_monitor *m, sd_event *event)
{
	return 0;
}

WRAP(int, sd_device_monitor_start, sd_device_monitor *m, sd_device_monitor_handler_t callback,
     void *userdata)
{
	m->handler = callback;
	m->userdata = userdata;
	return start_error;
}

WRAP(sd_event_source *, sd_device_monitor_get_event_source, sd_device_monitor *m)
{
	return NULL;
}

WRAP(sd_device_monitor *, sd_device_monitor_unref, sd_device_monitor *m)
{
	freed = true;
	return NULL;
}

WRAP(int, sd_device_enumerator_new, sd_device_enumerator **ret)
{
	assert_non_null(monitor.handler); /* subscribed first: in between nothing is missed */
	enumerator = (sd_device_enumerator){0};
	*ret = &enumerator;
	return 0;
}

WRAP(sd_device_enumerator *, sd_device_enumerator_unref, sd_device_enumerator *e)
{
	return NULL;
}

WRAP(int, sd_device_enumerator_add_match_subsystem, sd_device_enumerator *e, const char *subsystem,
     int match)
{
	e->matches_subsystem = match && !strcmp(subsystem, "input");
	return 0;
}

WRAP(int, sd_device_enumerator_add_match_sysname, sd_device_enumerator *e, const char *sysname)
{
	e->matches_name = !strcmp(sysname, "event*");
	return 0;
}

WRAP(int, sd_device_enumerator_allow_uninitialized, sd_device_enumerator *e)
{
	return 0;
}

WRAP(sd_device *, sd_device_enumerator_get_device_next, sd_device_enumerator *e)
{
	return present[e->at] ? present[e->at++] : NULL;
}

WRAP(sd_device *, sd_device_enumerator_get_device_first, sd_device_enumerator *e)
{
	assert_true(e->matches_subsystem && e->matches_name);
	e->at = 0;
	return __wrap_sd_device_enumerator_get_device_next(e);
}

static int give(const char *value, const char **ret)
{
	if (!value)
		return -ENOENT;
	*ret = value;
	return 0;
}

WRAP(int, sd_device_get_subsystem, sd_device *d, const char **ret)
{
	return give(d->subsystem, ret);
}

WRAP(int, sd_device_get_sysname, sd_device *d, const char **ret)
{
	return give(d->sysname, ret);
}

WRAP(int, sd_device_get_syspath, sd_device *d, const char **ret)
{
	return give(d->syspath, ret);
}

WRAP(int, sd_device_get_devname, sd_device *d, const char **ret)
{
	return give(d->devname, ret);
}

static int find(const char *const pairs[8], const char *name, const char **ret)
{
	for (size_t i = 0; i < 8 && pairs[i]; i += 2)
		if (!strcmp(pairs[i], name))
			return give(pairs[i + 1], ret);
	return -ENOENT;
}

WRAP(int, sd_device_get_property_value, sd_device *d, const char *key, const char **ret)
{
	return find(d->properties, key, ret);
}

WRAP(int, sd_device_get_sysattr_value, sd_device *d, const char *attribute, const char **ret)
{
	return find(d->attributes, attribute, ret);
}

WRAP(int, sd_device_get_parent, sd_device *d, sd_device **ret)
{
	*ret = d->parent;
	return d->parent ? 0 : -ENOENT;
}

WRAP(int, sd_device_get_parent_with_subsystem_devtype, sd_device *d, const char *subsystem,
     const char *devtype, sd_device **ret)
{
	assert_string_equal(subsystem, "usb");
	assert_string_equal(devtype, "usb_device");
	*ret = d->usb;
	return d->usb ? 0 : -ENOENT;
}

WRAP(int, sd_device_get_action, sd_device *d, sd_device_action_t *ret)
{
	*ret = d->action;
	return 0;
}

/* ---- what is told ---- */

static char told[1024];

static void on_node(void *userdata, const struct discover_node *n)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof(told) - used, "%s %s '%s' '%s' %d:%04x:%04x%s%s|", n->syspath,
		 n->node, n->name, n->serial, n->usb, n->vendor_id, n->product_id,
		 n->pedal ? " pedal" : "", n->keys ? " keys" : "");
}

static void on_gone(void *userdata, const char *syspath)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof(told) - used, "%s gone|", syspath);
}

static void expect(const char *text)
{
	assert_string_equal(told, text);
	told[0] = '\0';
}

static struct discover *start(void)
{
	static const struct discover_callbacks callbacks = {.node = on_node, .gone = on_gone};
	struct discover *discover = NULL;

	told[0] = '\0';
	freed = false;
	assert_int_equal(discover_new(&discover, NULL, -210, &callbacks, NULL), 0);
	assert_true(monitor.matches);
	return discover;
}

static void send(sd_device *device, sd_device_action_t action)
{
	device->action = action;
	assert_int_equal(monitor.handler(&monitor, device, monitor.userdata), 0);
}

/* ---- tests ---- */

static sd_device input3 = {.attributes = {"name", "Foot Pedal"}};
static sd_device usb = {.attributes = {"idVendor", "0426", "idProduct", "3011", "serial", "P1"}};
static sd_device pedal = {
	.subsystem = "input",
	.sysname = "event3",
	.syspath = "/sys/x/event3",
	.devname = "/dev/input/event3",
	.properties = {"MNPEN_PEDAL", "1", "ID_INPUT_KEYBOARD", "1"},
	.parent = &input3,
	.usb = &usb,
};
static sd_device keyboard = {
	.subsystem = "input",
	.sysname = "event0",
	.syspath = "/sys/i8042/event0",
	.devname = "/dev/input/event0",
	.properties = {"ID_INPUT_KEY", "1", "MNPEN_PEDAL", "0"},
};
static sd_device parent = {.subsystem = "input", .sysname = "input3", .syspath = "/sys/x"};

static void there_already(void **state)
{
	struct discover *discover;

	present[0] = &parent;
	present[1] = &pedal;
	present[2] = &keyboard;
	present[3] = NULL;
	discover = start();
	expect("/sys/x/event3 /dev/input/event3 'Foot Pedal' 'P1' 1:0426:3011 pedal keys|"
	       "/sys/i8042/event0 /dev/input/event0 '' '' 0:0000:0000 keys|");
	discover_free(discover);
	assert_true(freed);
}

static void coming_and_going(void **state)
{
	struct discover *discover;
	sd_device nodeless = pedal;

	present[0] = NULL;
	discover = start();
	expect("");
	send(&pedal, SD_DEVICE_ADD);
	send(&pedal, SD_DEVICE_CHANGE); /* a rule may have come to mark it */
	send(&parent, SD_DEVICE_ADD);
	expect("/sys/x/event3 /dev/input/event3 'Foot Pedal' 'P1' 1:0426:3011 pedal keys|"
	       "/sys/x/event3 /dev/input/event3 'Foot Pedal' 'P1' 1:0426:3011 pedal keys|");
	send(&pedal, SD_DEVICE_REMOVE);
	send(&parent, SD_DEVICE_REMOVE);
	expect("/sys/x/event3 gone|");
	nodeless.devname = NULL;
	send(&nodeless, SD_DEVICE_ADD);
	expect("");
	discover_free(discover);
}

/* A device that lies about its ids has none; without a serial it is no pen, but may be a pedal. */
static void odd_ids(void **state)
{
	static const struct {
		const char *vendor, *product;
		bool usb;
	} cases[] = {
		{"0426", "3011", true}, {"", "3011", false},   {"0426", "zz", false},
		{"10000", "1", false},	{NULL, "3011", false}, {"0426", "3011x", false},
	};
	struct discover *discover;

	present[0] = NULL;
	discover = start();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sd_device odd_usb = {
			.attributes = {"idVendor", cases[i].vendor, "idProduct", cases[i].product}};
		sd_device odd = pedal;

		odd.usb = &odd_usb;
		send(&odd, SD_DEVICE_ADD);
		assert_non_null(strstr(told, cases[i].usb ? "'' 1:0426:3011 pedal" : "'' 0:"));
		told[0] = '\0';
	}
	discover_free(discover);
}

static void without_udev(void **state)
{
	static const struct discover_callbacks callbacks = {.node = on_node, .gone = on_gone};
	struct discover *discover;

	new_error = -EAFNOSUPPORT;
	assert_int_equal(discover_new(&discover, NULL, 0, &callbacks, NULL), -EAFNOSUPPORT);
	new_error = 0;
	start_error = -EPERM;
	assert_int_equal(discover_new(&discover, NULL, 0, &callbacks, NULL), -EPERM);
	start_error = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_already),
		cmocka_unit_test(coming_and_going),
		cmocka_unit_test(odd_ids),
		cmocka_unit_test(without_udev),
	};

	return cmocka_run_group_tests_name("input_discover", tests, NULL, NULL);
}
