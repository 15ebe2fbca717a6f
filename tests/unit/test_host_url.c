// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/host/ids.h"
#include "driver/host/usbip.h"

static const struct {
	const char *text;
	int family;
	const char *address;
	uint16_t port;
	const char *busid;
	bool loopback;
} good[] = {
	{"usbip://127.0.0.1:3240/1-1", AF_INET, "127.0.0.1", 3240, "1-1", true},
	{"usbip://127.0.0.1/1-1", AF_INET, "127.0.0.1", 3240, "1-1", true},
	{"usbip://localhost:5000/1-2", AF_INET, "127.0.0.1", 5000, "1-2", true},
	{"usbip://127.200.3.4:1/3-2.4", AF_INET, "127.200.3.4", 1, "3-2.4", true},
	{"usbip://128.0.0.1:65535/1-1", AF_INET, "128.0.0.1", 65535, "1-1", false},
	{"usbip://[::1]:3241/1-1", AF_INET6, "::1", 3241, "1-1", true},
	{"usbip://[::1]/1-1", AF_INET6, "::1", 3240, "1-1", true},
	{"usbip://[fe80::1]/1-1", AF_INET6, "fe80::1", 3240, "1-1", false},
	{"usbip://10.0.0.1/aaaaaaaaaabbbbbbbbbbccccccccccd", AF_INET, "10.0.0.1", 3240,
	 "aaaaaaaaaabbbbbbbbbbccccccccccd", false},
};

static const char *const bad[] = {
	"",
	"usbip:/127.0.0.1/1-1",
	"usb://127.0.0.1/1-1",
	"USBIP://127.0.0.1/1-1",
	"usbip://",
	"usbip:///1-1",
	"usbip://127.0.0.1",
	"usbip://127.0.0.1/",
	"usbip://127.0.0.1/1-1/",
	"usbip://127.0.0.1/1 1",
	"usbip://127.0.0.1:/1-1",
	"usbip://127.0.0.1:0/1-1",
	"usbip://127.0.0.1:65536/1-1",
	"usbip://127.0.0.1:+80/1-1",
	"usbip://127.0.0.1:000080/1-1",
	"usbip://127.0.0.1:80x/1-1",
	"usbip://example.org:3240/1-1", /* nothing is looked up */
	"usbip://127.1/1-1",
	"usbip://::1/1-1",
	"usbip://[::1/1-1",
	"usbip://[::1]x/1-1",
	"usbip://[127.0.0.1]/1-1",
	"usbip://[]/1-1",
	"usbip://[::1%lo]/1-1",
	"usbip://127.0.0.1/aaaaaaaaaabbbbbbbbbbccccccccccdd", /* 32 characters */
	"usbip://0000000000000000000000000000000000000000000000000000000000127.0.0.1:3240/1-1",
	"usbip://127.0.0.1:3240/1-1usbip://127.0.0.1:3240/1-1usbip://127.0.0.1:3240/1-1usbip.xxx",
};

static void test_good(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(good); i++) {
		struct usbip_url url;
		char text[INET6_ADDRSTRLEN];
		const void *address;
		uint16_t port;

		assert_int_equal(usbip_url_parse(&url, good[i].text), 0);
		assert_int_equal(url.address.sa.sa_family, good[i].family);
		if (good[i].family == AF_INET) {
			assert_int_equal(url.address_len, sizeof(struct sockaddr_in));
			address = &url.address.in.sin_addr;
			port = url.address.in.sin_port;
		} else {
			assert_int_equal(url.address_len, sizeof(struct sockaddr_in6));
			address = &url.address.in6.sin6_addr;
			port = url.address.in6.sin6_port;
		}
		assert_non_null(inet_ntop(good[i].family, address, text, sizeof(text)));
		assert_string_equal(text, good[i].address);
		assert_int_equal(ntohs(port), good[i].port);
		assert_string_equal(url.busid, good[i].busid);
		assert_string_equal(url.text, good[i].text);
		assert_int_equal(usbip_url_is_loopback(&url), good[i].loopback);
	}
}

static void test_bad_leaves_result(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		struct usbip_url url, before;

		memset(&url, 0xa5, sizeof(url));
		before = url;
		if (usbip_url_parse(&url, bad[i]) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
		assert_memory_equal(&url, &before, sizeof(url));
	}
}

static void test_ids(void **state)
{
	assert_true(host_ids_match(0x1209, 0x0001));
	assert_false(host_ids_match(0x1209, 0x0002));
	assert_false(host_ids_match(0x120a, 0x0001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad_leaves_result),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
