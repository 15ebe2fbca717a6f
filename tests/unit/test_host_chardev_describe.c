// SPDX-License-Identifier: GPL-2.0-only
/* What a device behind the kernel guard is, by a folder that looks like one of sysfs. */
#include <fcntl.h>

#include "tests/unit/fake_chardev.h"

static char folder[] = "/tmp/mnpen-sysfs-XXXXXX";
static const char *const files[] = {"speed",   "descriptors", "manufacturer",
				    "product", "serial",      "bConfigurationValue"};

static void put(const char *name, const void *data, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
	if (!data)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_return_code(fd, errno);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static void put_line(const char *name, const char *line)
{
	put(name, line, strlen(line));
}

static void put_descriptors(void)
{
	uint8_t all[sizeof(fake_device) + sizeof(fake_config)];

	memcpy(all, fake_device, sizeof(fake_device));
	memcpy(all + sizeof(fake_device), fake_config, sizeof(fake_config));
	put("descriptors", all, sizeof(all));
}

static int make_pen(void **state)
{
	put_line("speed", "480\n");
	put_descriptors();
	put_line("manufacturer", "M\xc3\xbcller\n");
	put_line("product", "Pen\n");
	put_line("serial", "PEN-0001\n");
	put_line("bConfigurationValue", "7\n");
	return 0;
}

static int describe(struct usbip_enum *e, struct host *host)
{
	*host = (struct host){0};
	return chardev_describe(e, host, folder);
}

static void test_pen(void **state)
{
	const uint8_t *setup, *data;
	struct usbip_enum e;
	struct host host;
	size_t at = 0, len, n = 0;

	assert_int_equal(describe(&e, &host), 0);
	assert_string_equal(e.identity.serial, "PEN-0001");
	assert_string_equal(e.identity.manufacturer, "M?ller");
	assert_string_equal(e.identity.product, "Pen");
	assert_int_equal(e.identity.vendor_id, MNPEN_USB_VENDOR_ID);
	assert_int_equal(e.pen.endpoint, FAKE_ENDPOINT);
	assert_int_equal(e.pen.packet_max, 64);
	assert_int_equal(host.speed_mbit, 480);
	/* As a capture of any transport begins: device, configuration twice, four strings. */
	while (host_next_descriptor(&host, &at, &setup, &data, &len)) {
		assert_int_equal(setup[0], 0x80);
		assert_int_equal(setup[1], 6);
		if (n == 0)
			assert_memory_equal(data, fake_device, len);
		if (n > 3)
			assert_int_equal(setup[4] | setup[5] << 8, 0x0409);
		n++;
	}
	assert_int_equal(n, 7);
	put_line("speed", "12\n");
	assert_int_equal(describe(&e, &host), 0);
	assert_int_equal(host.speed_mbit, 12);
}

static void test_no_pen(void **state)
{
	static const struct {
		const char *file, *content;
	} rows[] = {
		{"speed", "5000\n"},
		{"descriptors", "no descriptors"},
		{"serial", "PEN/0001\n"},
		{"serial", "P\xc3\xa4N-0001\n"},
		{"serial", "\n"},
		{"bConfigurationValue", "\n"},
		{"bConfigurationValue", "1\n"},
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		struct usbip_enum e;
		struct host host;

		make_pen(NULL);
		put_line(rows[i].file, rows[i].content);
		assert_int_equal(describe(&e, &host), -EPROTO);
		assert_non_null(e.why);
	}
}

/* It went while it was looked at: no word on what it is. */
static void test_gone(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(files); i++) {
		struct usbip_enum e;
		struct host host;
		int r;

		make_pen(NULL);
		put(files[i], NULL, 0);
		r = describe(&e, &host);
		assert_int_equal(r, strcmp(files[i], "bConfigurationValue") ? -ENOENT : -EPROTO);
	}
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(files); i++)
		put(files[i], NULL, 0);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pen, make_pen),
		cmocka_unit_test(test_no_pen),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
