// SPDX-License-Identifier: GPL-2.0-only
/* Which endpoints of a controller are the pen's, and the descriptors that a host gets then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/gadgetfs/directory.h"
#include "tests/gadget/usb/descriptors.h"

#define NAMES_MAX 12

/* The controllers' own names, as their drivers in Linux have them. */
#define DUMMY                                                                                      \
	"ep-aout", "ep-bin", "ep-ein", "ep10in-int", "ep1in-bulk", "ep1out-bulk", "ep2in-bulk",    \
		"ep5in-int"
#define PXA27X "ep1in-bulk", "ep2out-bulk", "ep3in-iso", "ep5in-int", "ep10in-int", "ep11in-bulk"

static struct usb_bytes config_of_pen(enum usb_speed speed)
{
	return descriptor_config(NULL, speed);
}

static size_t count(const char *const names[])
{
	size_t n = 0;

	while (n < NAMES_MAX && names[n])
		n++;
	return n;
}

static void controllers(void **state)
{
	static const struct {
		const char *what;
		const char *names[NAMES_MAX];
		int result;
		struct endpoint_map sample, hid;
	} cases[] = {
		{"dummy_udc: any number",
		 {"dummy_udc", DUMMY},
		 0,
		 {0x81, 0x81, "ep-bin"},
		 {0x82, 0x82, "ep-ein"}},
		{"pxa27x: fixed",
		 {"pxa27x_udc", PXA27X},
		 0,
		 {0x81, 0x85, "ep5in-int"},
		 {0x82, 0x8a, "ep10in-int"}},
		{"dwc2: fixed, any type",
		 {"20980000.usb", "ep1in", "ep1out", "ep2in", "ep2out"},
		 0,
		 {0x81, 0x81, "ep1in"},
		 {0x82, 0x82, "ep2in"}},
		{"lpc32xx: no direction",
		 {"ep1-int", "ep2-bulk", "ep3-iso", "ep4-int"},
		 0,
		 {0x81, 0x81, "ep1-int"},
		 {0x82, 0x84, "ep4-int"}},
		{"net2272: letters",
		 {"ep-a", "ep-b", "ep-c"},
		 0,
		 {0x81, 0x81, "ep-a"},
		 {0x82, 0x82, "ep-b"}},
		{"the fixed one has taken the other's number",
		 {"ep-a", "ep2in"},
		 0,
		 {0x81, 0x81, "ep-a"},
		 {0x82, 0x82, "ep2in"}},
		{"a number that is free",
		 {"ep-a", "ep2in-bulk", "ep3in-int"},
		 0,
		 {0x81, 0x81, "ep-a"},
		 {0x82, 0x83, "ep3in-int"}},
		{"bulk only",
		 {"ep1in-bulk", "ep3in-bulk"},
		 0,
		 {0x81, 0x81, "ep1in-bulk"},
		 {0x82, 0x83, "ep3in-bulk"}},
		{"the number 2 is gone already",
		 {"ep2in-int", "ep-z"},
		 0,
		 {0x81, 0x81, "ep-z"},
		 {0x82, 0x82, "ep2in-int"}},
		{"both move",
		 {"ep2in-bulk", "ep7in-int", "ep2-int"},
		 0,
		 {0x81, 0x87, "ep7in-int"},
		 {0x82, 0x82, "ep2-int"}},
		{"one number, two files",
		 {"ep3in-int", "ep3-int", "ep3in-bulk"},
		 -ENOSPC,
		 {0},
		 {0}},
		{"only one", {"ep1in-int", "ep2out-int"}, -ENOSPC, {0}, {0}},
		{"none", {"dummy_udc"}, -ENOSPC, {0}, {0}},
		{"no names of endpoints",
		 {"ep", "ep-", "ep-A", "ep0", "ep16in", "epin", "ep1inx", "ep1in-", "ep-aout",
		  "xep1"},
		 -ENOSPC,
		 {0},
		 {0}},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct endpoints plan = {.count = 99};
		int r = endpoints_plan(config_of_pen(USB_SPEED_HIGH), cases[i].names,
				       count(cases[i].names), &plan);

		if (r != cases[i].result || plan.count != (r < 0 ? 99 : 2))
			fail_msg("%s: %d, %zu endpoints", cases[i].what, r, plan.count);
		if (r < 0)
			continue;
		if (memcmp(&plan.map[0], &cases[i].sample, sizeof(plan.map[0])) != 0 ||
		    memcmp(&plan.map[1], &cases[i].hid, sizeof(plan.map[1])) != 0)
			fail_msg("%s: %02x at %02x (%s), %02x at %02x (%s)", cases[i].what,
				 plan.map[0].device, plan.map[0].host, plan.map[0].file,
				 plan.map[1].device, plan.map[1].host, plan.map[1].file);
	}
}

/* What is no interrupt IN endpoint, or one too many. */
static void other_endpoints(void **state)
{
	static const char *const names[] = {"ep-a", "ep-b", "ep-c", "ep-d", "ep-e"};
	static const struct {
		uint8_t config[64];
		size_t len;
		int result;
	} cases[] = {
		{{9, 2, 16, 0, 1, 1, 0, 0xc0, 50, 7, 5, 0x81, 3, 8, 0, 1}, 16, 0},
		{{9, 2, 16, 0, 1, 1, 0, 0xc0, 50, 7, 5, 0x01, 3, 8, 0, 1}, 16, -EOPNOTSUPP},
		{{9, 2, 16, 0, 1, 1, 0, 0xc0, 50, 7, 5, 0x81, 2, 8, 0, 1}, 16, -EOPNOTSUPP},
		{{9, 2, 16, 0, 1, 1, 0, 0xc0, 50, 7, 5, 0x81, 1, 8, 0, 1}, 16, -EOPNOTSUPP},
		/* in two settings it is one endpoint */
		{{9, 2, 23, 0, 1, 1, 0, 0xc0, 50, 7, 5, 0x81, 3, 8, 0, 1, 7, 5, 0x81, 3, 8, 0, 2},
		 23,
		 0},
		{{7, 5, 0x81, 3, 8, 0, 1, 7, 5, 0x82, 3, 8, 0, 1,
		  7, 5, 0x83, 3, 8, 0, 1, 7, 5, 0x84, 3, 8, 0, 1},
		 28,
		 0},
		{{7, 5, 0x81, 3, 8, 0,	  1, 7, 5, 0x82, 3, 8, 0,    1, 7, 5, 0x83, 3,
		  8, 0, 1,    7, 5, 0x84, 3, 8, 0, 1,	 7, 5, 0x85, 3, 8, 0, 1},
		 35,
		 -EOPNOTSUPP},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct endpoints plan;
		int r = endpoints_plan((struct usb_bytes){cases[i].config, cases[i].len}, names,
				       ELEMENTSOF(names), &plan);

		if (r != cases[i].result)
			fail_msg("case %zu: %d", i, r);
	}
}

/* The pen's configuration at high speed, written by hand, with the addresses of a pxa27x. */
static const uint8_t moved[] = {
	0x09, 0x02, 0x3b, 0x00, 0x02, 0x01, 0x00, 0xc0, 0x32, /* configuration */
	0x09, 0x04, 0x00, 0x00, 0x00, 0xff, 0x4d, 0x01, 0x00, /* interface 0 alt 0 */
	0x09, 0x04, 0x00, 0x01, 0x01, 0xff, 0x4d, 0x01, 0x00, /* interface 0 alt 1 */
	0x07, 0x05, 0x85, 0x03, 0x40, 0x00, 0x04,	      /* samples */
	0x09, 0x04, 0x01, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, /* interface 1 */
	0x09, 0x21, 0x11, 0x01, 0x00, 0x01, 0x22, 0x3d, 0x00, /* HID 1.11 */
	0x07, 0x05, 0x8a, 0x03, 0x08, 0x00, 0x07,
};

static void addresses_are_rewritten(void **state)
{
	static const char *const fixed[] = {PXA27X}, *const same[] = {DUMMY};
	const struct usb_bytes config = config_of_pen(USB_SPEED_HIGH);
	const uint8_t long_config[ENDPOINTS_CONFIG_MAX + 1] = {9, 2};
	uint8_t buf[ENDPOINTS_CONFIG_MAX];
	struct endpoints plan;

	assert_int_equal(endpoints_plan(config, fixed, ELEMENTSOF(fixed), &plan), 0);
	assert_true(endpoints_moved(&plan));
	assert_int_equal(endpoints_rewrite(&plan, config, buf), sizeof(moved));
	assert_memory_equal(buf, moved, sizeof(moved));
	assert_int_equal(endpoints_to_device(&plan, 0x85), 0x81);
	assert_int_equal(endpoints_to_device(&plan, 0x8a), 0x82);
	assert_int_equal(endpoints_to_device(&plan, 0x80), 0x80);
	assert_int_equal(endpoints_to_device(&plan, 0x81), ENDPOINT_NONE);

	assert_int_equal(endpoints_plan(config, same, ELEMENTSOF(same), &plan), 0);
	assert_false(endpoints_moved(&plan));
	assert_int_equal(endpoints_rewrite(&plan, config, buf), (int)config.len);
	assert_memory_equal(buf, config.data, config.len);

	plan.count = 1;
	assert_int_equal(endpoints_rewrite(&plan, config, buf), -ENOENT);
	assert_int_equal(
		endpoints_rewrite(&plan, (struct usb_bytes){long_config, sizeof(long_config)}, buf),
		-EMSGSIZE);
}

static void touch(const char *folder, const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
}

static void empty(const char *folder, const struct directory *directory)
{
	for (size_t i = 0; i < directory->count; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", folder, directory->names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

static void a_folder_and_its_control_file(void **state)
{
	char folder[] = "/tmp/mnpen-gadgetfs-XXXXXX";
	struct directory directory;
	char error[512];

	assert_non_null(mkdtemp(folder));
	assert_int_equal(directory_read(&directory, folder), 0);
	assert_null(directory_control(&directory));
	touch(folder, "ep5in-int");
	touch(folder, "ep-a");
	assert_int_equal(directory_read(&directory, folder), 0);
	assert_null(directory_control(&directory));
	touch(folder, "dummy_udc");
	assert_int_equal(directory_read(&directory, folder), 0);
	assert_int_equal(directory.count, 3);
	/* sorted, so that each run chooses the same */
	assert_string_equal(directory.names[0], "dummy_udc");
	assert_string_equal(directory.names[1], "ep-a");
	assert_string_equal(directory.names[2], "ep5in-int");
	assert_string_equal(directory_control(&directory), "dummy_udc");

	/* No GadgetFS is mounted there: what mends it. */
	assert_int_equal(directory_check(folder, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "not mounted"));
	assert_non_null(strstr(error, "mount -t gadgetfs gadgetfs /tmp/mnpen-gadgetfs-"));
	touch(folder, "a-name-that-is-longer-than-any-of-the-kernel");
	assert_int_equal(directory_read(&directory, folder), -E2BIG);
	touch(folder, "x");
	snprintf(directory.names[directory.count++], ENDPOINT_NAME_MAX, "x");
	assert_int_equal(unlink(strcat(strcpy(error, folder),
				       "/a-name-that-is-longer-than-any-of-the-kernel")),
			 0);
	empty(folder, &directory);
	assert_int_equal(directory_read(&directory, folder), -ENOENT);
	assert_int_equal(directory_check(folder, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "no such folder"));
	assert_non_null(strstr(error, "mkdir -p /tmp/mnpen-gadgetfs-"));
	assert_non_null(strstr(error, "mount -t gadgetfs gadgetfs /tmp/mnpen-gadgetfs-"));
	assert_int_equal(directory_check("/dev/null/x", error, sizeof(error)), -ENOTDIR);
	assert_non_null(strstr(error, "Not a directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(controllers),
		cmocka_unit_test(other_endpoints),
		cmocka_unit_test(addresses_are_rewritten),
		cmocka_unit_test(a_folder_and_its_control_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
