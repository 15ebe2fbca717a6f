// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands in files of other programs and in ours as well: USB ids in the udev rules, in the
 * driver's table and in the virtual pen; rights in polkit's files and in the daemon; names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/api/names.h"
#include "driver/base/cleanup.h"
#include "driver/host/ids.h"
#include "driver/proto/proto.h"
#include "tests/gadget/usb/descriptors.h"
#include "tests/gadget/usb/identity.h"
#include "tests/gadget/usb/usbtest.h"

#define RULES "udev/72-mnpen.rules.in"
#define MODULE "driver/kmod/main.c"
#define POLICY "daemon/data/org.mnpen1.policy.in"
#define POLKIT_RULES "daemon/data/org.mnpen1.rules.in"
#define BUS_SERVICE "daemon/data/org.mnpen1.service.in"

static char *read_file(const char *path)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		fail_msg("%s cannot be read; tests run in the top folder", path);
	assert_true(getdelim(&text, &size, '\0', file) > 0);
	return text;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		n++;
	return n;
}

static void rules_have_the_ids_of_the_table(void **state)
{
	_cleanup_free_ char *rules = read_file(RULES);
	uint16_t vendor_id, product_id;
	char rule[128];
	size_t n = 0;

	while (host_ids_at(n, &vendor_id, &product_id)) {
		assert_true(host_ids_match(vendor_id, product_id));
		snprintf(rule, sizeof(rule),
			 "\nATTRS{idVendor}==\"%04x\", ATTRS{idProduct}==\"%04x\", "
			 "ENV{MNPEN_PEN}=\"1\"\n",
			 vendor_id, product_id);
		if (count(rules, rule) != 1)
			fail_msg("%s has this not exactly once:%s", RULES, rule);
		n++;
	}
	assert_true(n > 0);
	assert_int_equal(count(rules, "{idVendor}"), n); /* and no others */
	assert_int_equal(count(rules, "{idProduct}"), n);
}

static void rules_have_the_interface(void **state)
{
	_cleanup_free_ char *rules = read_file(RULES);
	char triple[32];

	snprintf(triple, sizeof(triple), "\"*:%02x%02x%02x:*\"", MNPEN_IF_CLASS, MNPEN_IF_SUBCLASS,
		 MNPEN_IF_PROTOCOL);
	assert_int_equal(count(rules, triple), 1);
	assert_int_equal(count(rules, "ID_USB_INTERFACES"), 1);
}

/* The kernel module has the ids from where the daemon has them, and says the rest of a pen itself.
 */
static void module_has_the_interface(void **state)
{
	_cleanup_free_ char *module = read_file(MODULE);
	char line[64];

	assert_int_equal(count(module, "MNPEN_USB_IDS(PEN_ID)"), 1);
	assert_int_equal(count(module, "USB_DEVICE_AND_INTERFACE_INFO(vendor, product, PEN_CLASS,"),
			 1);
	assert_int_equal(count(module, "#define PEN_CLASS USB_CLASS_VENDOR_SPEC\n"), 1);
	snprintf(line, sizeof(line), "#define PEN_SUBCLASS 0x%02x\n", MNPEN_IF_SUBCLASS);
	assert_int_equal(count(module, line), 1);
	snprintf(line, sizeof(line), "#define PEN_PROTOCOL 0x%02x\n", MNPEN_IF_PROTOCOL);
	assert_int_equal(count(module, line), 1);
}

static uint16_t le16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

/* The virtual pen is one by its ids and by its interface 0, in both of its settings. */
static void virtual_pen_is_in_the_table(void **state)
{
	struct usb_bytes device = descriptor_device(NULL);
	unsigned int n = 0;

	assert_true(host_ids_match(le16(device.data + 8), le16(device.data + 10)));
	assert_false(host_ids_match(USBTEST_VENDOR_ID, USBTEST_PRODUCT_ID));
	for (int speed = USB_SPEED_FULL; speed <= USB_SPEED_HIGH; speed++) {
		struct usb_bytes config = descriptor_config(NULL, (enum usb_speed)speed);

		for (size_t at = 0; at < config.len; at += config.data[at]) {
			const uint8_t *d = config.data + at;

			if (d[1] != USB_DT_INTERFACE || d[2] != MNPEN_IF_CONTROL)
				continue;
			assert_int_equal(d[5], MNPEN_IF_CLASS);
			assert_int_equal(d[6], MNPEN_IF_SUBCLASS);
			assert_int_equal(d[7], MNPEN_IF_PROTOCOL);
			n++;
		}
	}
	assert_int_equal(n, 4);
}

/* polkit knows every right that is asked for, no other, and gives none away. */
static void polkit_has_the_rights(void **state)
{
	static const char *const actions[] = {API_ACTION_OPERATE, API_ACTION_READ_RECORDS,
					      API_ACTION_MANAGE_PROFILES, API_ACTION_ERASE};
	static const char *const levels[] = {"<allow_any>auth_admin<",
					     "<allow_inactive>auth_admin<",
					     "<allow_active>auth_admin"};
	_cleanup_free_ char *policy = read_file(POLICY);
	_cleanup_free_ char *rules = read_file(POLKIT_RULES);
	char action[64];

	for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
		snprintf(action, sizeof(action), "<action id=\"%s\">", actions[i]);
		assert_int_equal(count(policy, action), 1);
		assert_int_equal(count(rules, actions[i]), i == 0);
	}
	assert_int_equal(count(policy, "<action "), ELEMENTSOF(actions));
	/* Without it polkit does not answer a daemon that is not root. */
	assert_int_equal(count(policy, "policykit.owner\">unix-user:@USER@<"), ELEMENTSOF(actions));
	for (size_t i = 0; i < ELEMENTSOF(levels); i++)
		assert_int_equal(count(policy, levels[i]), ELEMENTSOF(actions));
	assert_int_equal(count(policy, "<allow_"), ELEMENTSOF(actions) * ELEMENTSOF(levels));
	assert_int_equal(count(rules, "action.id"), 1);
	assert_int_equal(count(rules, "subject.local && subject.active"), 1);
}

static void bus_starts_the_unit(void **state)
{
	_cleanup_free_ char *service = read_file(BUS_SERVICE);

	assert_non_null(strstr(service, "\nName=" API_BUS_NAME "\n"));
	assert_non_null(strstr(service, "\nSystemdService=mnpend.service\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_have_the_ids_of_the_table),
		cmocka_unit_test(rules_have_the_interface),
		cmocka_unit_test(module_has_the_interface),
		cmocka_unit_test(virtual_pen_is_in_the_table),
		cmocka_unit_test(polkit_has_the_rights),
		cmocka_unit_test(bus_starts_the_unit),
	};

	return cmocka_run_group_tests_name("system_files", tests, NULL, NULL);
}
