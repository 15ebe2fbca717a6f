// SPDX-License-Identifier: GPL-2.0-only
/* Hosts that come and go, and hosts that mean ill: the server neither grows nor falls. */
#include "tests/bus/harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "tests/bus/harness_host.h"

#define IMPORTS 10000
#define GROWTH_KB 2048 /* of memory that thousands of hosts may leave behind */

static const uint8_t get_status[8] = {0xa1, 0x02, 0, 0, 0, 0, 48, 0};
static const uint8_t set_alt_1[8] = {0x01, 0x0b, 0x01, 0, 0, 0, 0, 0};

static struct rig *start(void **state)
{
	return rig_start(state, &(struct rig_options){.no_daemon = true, .no_polkit = true});
}

/* Descriptors of the server when nobody is there but us on its control socket. */
static unsigned int count_at_rest(struct rig *rig)
{
	int fd = host_attach(rig->gadget_port, 1);
	unsigned int count;

	gadget_do(rig->control_fd, "dial 1");
	count = host_count_fds(rig->gadget.pid) - 1;
	host_drop(fd);
	return count;
}

/* A sanitizer keeps what was freed, so its builds say nothing of growth. */
static void assert_no_growth(struct rig *rig, unsigned long before_kb)
{
	unsigned long now_kb = host_rss_kb(rig->gadget.pid);

	print_message("# %lu kB resident before, %lu kB after\n", before_kb, now_kb);
	if (time_scale() == 1)
		assert_true(now_kb <= before_kb + GROWTH_KB);
}

/* ---- hosts that come and go ---- */

/* Now politely, now with a reset; URBs under way, answers not read, a request half sent. */
static void come_and_go(struct rig *rig, unsigned int turn)
{
	uint8_t urbs[8 * HOST_HEADER];
	int fd = host_attach(rig->gadget_port, 1);

	if (turn % 4 == 1)
		host_make_submit(urbs, 1, 1, false, 0, 0, set_alt_1);
	for (uint32_t i = turn % 4 == 1; i < 8; i++)
		host_make_submit(urbs + i * HOST_HEADER, 1, i + 1, true, turn % 4 == 1, 64,
				 turn % 4 == 1 ? NULL : get_status);
	if (turn % 4)
		host_send(fd, urbs, sizeof(urbs) - (turn % 4 == 3 ? 20 : 0));
	if (turn % 16)
		host_drop(fd);
	else
		close(fd);
}

static void test_churn(void **state)
{
	struct rig *rig = start(state);
	unsigned int fds = count_at_rest(rig);
	unsigned long rss_kb;
	unsigned int turn = 0;
	uint8_t sample[48];
	int watcher;

	while (turn < IMPORTS / 10)
		come_and_go(rig, turn++);
	rss_kb = host_rss_kb(rig->gadget.pid);
	while (turn < IMPORTS)
		come_and_go(rig, turn++);
	host_await_fds(rig->gadget.pid, fds);
	assert_no_growth(rig, rss_kb);
	watcher = host_attach(rig->gadget_port, 1);
	host_ask_status(watcher, 1, 1, sample);
	close(watcher);
	rig_stop(rig);
}

/* ---- hosts that mean ill ---- */

/* A request and a command, cut off after each of their bytes. */
static void cut_short(struct rig *rig)
{
	static const uint8_t request[40] = {0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0, '1', '-', '1'};
	uint8_t urb[HOST_HEADER + 4];

	for (size_t i = 0; i < sizeof(request); i++) {
		int fd = host_connect(rig->gadget_port);

		if (i)
			host_send(fd, request, i);
		host_drop(fd);
	}
	host_make_submit(urb, 1, 1, false, 0, 4, (uint8_t[8]){0x21, 8, 0, 0, 0, 0, 4, 0});
	memset(urb + HOST_HEADER, 0, 4);
	for (size_t i = 0; i < sizeof(urb); i++) {
		int fd = host_attach(rig->gadget_port, 1);

		if (i)
			host_send(fd, urb, i);
		host_drop(fd);
	}
}

/** struct malice - a field of a CMD_SUBMIT that is set wrong, and whether that ends it all */
struct malice {
	unsigned int offset;
	uint32_t value;
	bool ends;
};

static const struct malice malices[] = {
	{0, 0, true},
	{0, 3, true},
	{0, 0xffffffff, true},
	{8, 0, true},
	{8, 0x10003, true},
	{8, 0xffffffff, true},
	{12, 2, true},
	{12, 0xffffffff, true},
	{16, 16, true},
	{16, 0xffffffff, true},
	{16, 15, false},
	{16, 3, false},
	{20, 0xffffffff, false},
	{24, 0xffffffff, true},
	{24, 0x80000000, true},
	{24, 0x7fffffff, false},
	{24, 0, false},
	{28, 0xffffffff, false},
	{32, 1, true},
	{32, 0x80000000, true},
	{32, 0xffffffff, false},
	{36, 0xffffffff, false},
	{40, 0xffffffff, false},
	{44, 0xffffffff, false},
};

static void wrong_fields(struct rig *rig)
{
	uint8_t urb[HOST_HEADER], answer[HOST_HEADER], sample[48];

	for (size_t i = 0; i < ELEMENTSOF(malices); i++) {
		int fd = host_attach(rig->gadget_port, 1);

		host_make_submit(urb, 1, 1, true, 0, 48, get_status);
		host_put32(urb + malices[i].offset, malices[i].value);
		host_send(fd, urb, sizeof(urb));
		if (malices[i].ends) {
			host_await_end(fd);
			close(fd);
			continue;
		}
		host_read(fd, answer, sizeof(answer));
		assert_int_equal(host_get32(answer), HOST_RET_SUBMIT);
		assert_true(host_get32(answer + 24) <= sizeof(sample));
		host_read(fd, sample, host_get32(answer + 24));
		host_ask_status(fd, 1, 2, sample); /* the connection is as good as before */
		host_drop(fd);
	}
}

/* Cancelling what is not there, what was answered, and ever the same; the same number twice. */
static void unlink_storm(struct rig *rig)
{
	enum { STORM = 20000, CHUNK = 500 };
	static uint8_t urbs[CHUNK * HOST_HEADER];
	uint8_t answer[HOST_HEADER], sample[48];
	int fd = host_attach(rig->gadget_port, 1);
	uint32_t answers = 0;

	assert_int_equal(host_control_out(fd, 1, 1, set_alt_1), 0);
	for (uint32_t i = 0; i < STORM; i += CHUNK) {
		memset(urbs, 0, sizeof(urbs));
		for (uint32_t k = 0; k < CHUNK; k++) {
			uint8_t *urb = urbs + k * HOST_HEADER;

			/* Three of them wait; the same number is used by all that do. */
			if (k < 3) {
				host_make_submit(urb, 1, 7, true, 1, 64, NULL);
				continue;
			}
			host_put32(urb, HOST_UNLINK);
			host_put32(urb + 4, i + k);
			host_put32(urb + 8, 0x10002);
			host_put32(urb + 20, k < 6 ? 7 : k % 3 ? 1 : 0x40000000 + i + k);
		}
		host_send(fd, urbs, sizeof(urbs));
		/* As many as it can hold of those that came early are not answered yet. */
		for (; answers < (i + CHUNK) / CHUNK * (CHUNK - 3) - 64; answers++) {
			host_read(fd, answer, sizeof(answer));
			assert_int_equal(host_get32(answer), HOST_RET_UNLINK);
			assert_int_equal(host_get32(answer + 24), 0);
		}
	}
	/* All of them are, in the end. */
	for (; answers < STORM / CHUNK * (CHUNK - 3); answers++) {
		host_read(fd, answer, sizeof(answer));
		assert_int_equal(host_get32(answer), HOST_RET_UNLINK);
	}
	host_ask_status(fd, 1, 0x7fffffff, sample);
	host_drop(fd);
}

static void random_bytes(struct rig *rig)
{
	uint32_t random = 1;
	uint8_t noise[4096];

	for (int i = 0; i < 300; i++) {
		int fd = i % 2 ? host_attach(rig->gadget_port, 1) : host_connect(rig->gadget_port);

		for (size_t k = 0; k < sizeof(noise); k++) {
			random = random * 1664525 + 1013904223;
			noise[k] = (uint8_t)(random >> 24);
		}
		if (i % 2) /* past the first checks */
			host_make_submit(noise, 1, random, i % 4 == 1, random % 4, random % 5000,
					 noise + 40);
		(void)send(fd, noise, sizeof(noise), MSG_NOSIGNAL);
		host_drop(fd);
	}
}

static void test_malice(void **state)
{
	struct rig *rig = start(state);
	unsigned int fds = count_at_rest(rig);
	unsigned long rss_kb = host_rss_kb(rig->gadget.pid);
	uint8_t sample[48];
	int fd;

	cut_short(rig);
	wrong_fields(rig);
	unlink_storm(rig);
	random_bytes(rig);
	host_await_fds(rig->gadget.pid, fds);
	assert_no_growth(rig, rss_kb);
	fd = host_attach(rig->gadget_port, 1);
	host_ask_status(fd, 1, 1, sample);
	close(fd);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_churn),
		RIG_TEST(test_malice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
