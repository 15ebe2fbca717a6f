// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual pen's server as a program: many pens, many hosts, and its end. Meanwhile the host
 * that has a pen is answered.
 */
#include "tests/bus/harness.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/harness_host.h"

#define PENS 64
#define CAP 512 /* connections of the server, as its header says */
#define END_MS 10000

static const uint8_t get_status[8] = {0xa1, 0x02, 0, 0, 0, 0, 48, 0};
static const uint8_t set_alt_1[8] = {0x01, 0x0b, 0x01, 0, 0, 0, 0, 0};

static struct rig *start(void **state, unsigned int pens)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)4096);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return rig_start(state,
			 &(struct rig_options){.no_daemon = true, .no_polkit = true, .pens = pens});
}

/* ---- many pens ---- */

/* @missing: the number of one that is not there, or 0 */
static void list_all(struct rig *rig, unsigned int pens, unsigned int missing)
{
	uint8_t head[12], device[HOST_DEVICE + 8];
	int fd = host_connect(rig->gadget_port);
	char busid[32];

	host_send(fd, (uint8_t[HOST_OP]){0x01, 0x11, 0x80, 0x05}, HOST_OP);
	host_read(fd, head, sizeof(head));
	assert_memory_equal(head, ((uint8_t[]){0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0}), 8);
	assert_int_equal(host_get32(head + 8), pens - !!missing);
	for (unsigned int i = 1; i <= pens; i++) {
		if (i == missing)
			continue;
		host_read(fd, device, sizeof(device));
		snprintf(busid, sizeof(busid), "1-%u", i);
		assert_string_equal((char *)device + 256, busid);
		assert_int_equal(host_get32(device + 288), 1);
		assert_int_equal(host_get32(device + 292), i + 1);
		assert_int_equal(device[311], 2);
	}
	host_await_end(fd);
	close(fd);
}

/** struct enumeration - what a host asks a device that it does not know */
struct enumeration {
	uint8_t setup[8];
	int length; /* of the answer; -1 = no data */
};

static const struct enumeration enumeration[] = {
	{{0x80, 6, 0, 1, 0, 0, 8, 0}, 8}, /* the beginning of the device descriptor */
	{{0x80, 6, 0, 1, 0, 0, 18, 0}, 18},
	{{0x80, 6, 0, 6, 0, 0, 10, 0}, 10},		  /* qualifier */
	{{0x80, 6, 0, 2, 0, 0, 9, 0}, 9},		  /* configuration */
	{{0x80, 6, 0, 3, 0, 0, 255, 0}, 4},		  /* languages */
	{{0x80, 6, 1, 3, 0x09, 0x04, 255, 0}, 2 + 2 * 5}, /* "mnpen" */
	{{0x80, 6, 2, 3, 0x09, 0x04, 255, 0}, 2 + 2 * 17},
	{{0x80, 0, 0, 0, 0, 0, 2, 0}, 2},   /* GET_STATUS */
	{{0x00, 9, 1, 0, 0, 0, 0, 0}, -1},  /* SET_CONFIGURATION */
	{{0x80, 8, 0, 0, 0, 0, 1, 0}, 1},   /* GET_CONFIGURATION */
	{{0x21, 10, 0, 0, 1, 0, 0, 0}, -1}, /* SET_IDLE */
	{{0x01, 11, 1, 0, 0, 0, 0, 0}, -1}, /* SET_INTERFACE */
	{{0x81, 10, 0, 0, 0, 0, 1, 0}, 1},  /* GET_INTERFACE */
};

static void enumerate(int fd, unsigned int number, const char *serial)
{
	static const uint8_t get_serial[8] = {0x80, 6, 3, 3, 0x09, 0x04, 255, 0};
	uint8_t data[255];
	int n;

	for (size_t i = 0; i < ELEMENTSOF(enumeration); i++) {
		const struct enumeration *e = &enumeration[i];

		n = e->length < 0 ? host_control_out(fd, number, (uint32_t)i + 1, e->setup)
				  : host_control_in(fd, number, (uint32_t)i + 1, e->setup, data,
						    e->setup[6]);
		if (n != MAX(e->length, 0))
			fail_msg("pen %u: step %zu of the enumeration gives %d", number, i, n);
	}
	n = host_control_in(fd, number, 100, get_serial, data, 255);
	assert_int_equal(n, 2 + 2 * strlen(serial));
	for (size_t i = 0; i < strlen(serial); i++)
		assert_int_equal(data[2 + 2 * i], serial[i]);
}

static void test_64_pens(void **state)
{
	struct rig *rig = start(state, PENS);
	int other_control = gadget_connect(rig_path(rig, "pens"));
	int fds[PENS + 1];
	uint8_t sample[48];
	char serial[40];

	assert_true(other_control >= 0);
	list_all(rig, PENS, 0);
	for (unsigned int i = 1; i <= PENS; i++) {
		fds[i] = host_attach(rig->gadget_port, i);
		snprintf(serial, sizeof(serial), RIG_SERIAL "-%u", i);
		enumerate(fds[i], i, serial);
	}
	list_all(rig, PENS, 0); /* while all of them are attached */
	/* "pen N" holds for its connection, and means that pen only. */
	gadget_do(rig->control_fd, "pen 7");
	gadget_do(other_control, "pen 64");
	gadget_do(rig->control_fd, "trigger press");
	gadget_do(other_control, "contact on");
	for (unsigned int i = 1; i <= PENS; i++) {
		host_ask_status(fds[i], i, 200, sample);
		assert_int_equal(sample[17] & 3, i == 7 ? 1 : i == 64 ? 2 : 0);
	}
	gadget_do(rig->control_fd, "unplug");
	list_all(rig, PENS, 7);
	close_fd(other_control);
	for (unsigned int i = 1; i <= PENS; i++)
		close(fds[i]);
	rig_stop(rig);
}

/* ---- many hosts ---- */

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Median time of a request to the pen, in microseconds; @between is done before each. */
static uint64_t round_trip_us(int fd, uint32_t *seqnum, void (*between)(void *), void *userdata)
{
	uint64_t usec[201];
	uint8_t sample[48];

	for (size_t i = 0; i < ELEMENTSOF(usec); i++) {
		uint64_t begin;

		if (between)
			between(userdata);
		begin = now_usec();
		host_ask_status(fd, 1, ++*seqnum, sample);
		usec[i] = now_usec() - begin;
	}
	qsort(usec, ELEMENTSOF(usec), sizeof(usec[0]), compare);
	return usec[ELEMENTSOF(usec) / 2];
}

/* Against what it was on the same machine a moment ago; a bound, and no benchmark. */
static void assert_bearable(const char *what, uint64_t before_us, uint64_t now_us)
{
	print_message("# a request took %llu us alone, %llu us with %s\n",
		      (unsigned long long)before_us, (unsigned long long)now_us, what);
	if (now_us > 50 * before_us + 20000)
		fail_msg("with %s", what);
}

struct crowd {
	struct rig *rig;
	int fds[2 * CAP];
	size_t n;
	size_t turn;
};

/* Idle; stuck in the middle of a request; lists that nobody reads; a pen whose answers nobody
 * reads. */
static void join(struct crowd *crowd)
{
	static uint8_t flood[100 * HOST_HEADER];
	int fd = host_connect(crowd->rig->gadget_port);
	const uint8_t list[HOST_OP] = {0x01, 0x11, 0x80, 0x05};

	switch (crowd->n % 4) {
	case 1:
		host_send(fd, "\x01\x11\x80\x03", 1 + crowd->n % 3);
		break;
	case 2:
		host_send(fd, list, sizeof(list));
		break;
	case 3:
		if (crowd->n / 4 + 2 > PENS)
			break;
		host_ask_import(fd, (unsigned int)crowd->n / 4 + 2);
		for (uint32_t i = 0; i < 100; i++)
			host_make_submit(flood + i * HOST_HEADER, (unsigned int)crowd->n / 4 + 2,
					 i + 1, true, 0, 48, get_status);
		host_send(fd, flood, sizeof(flood));
		break;
	}
	crowd->fds[crowd->n++] = fd;
}

/* One more byte from one of those that are slow. */
static void dribble(void *userdata)
{
	struct crowd *crowd = userdata;
	int fd = crowd->fds[crowd->turn++ % crowd->n];

	(void)send(fd, "\0", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void knock(void *userdata)
{
	struct crowd *crowd = userdata;

	for (int i = 0; i < 5; i++)
		host_drop(host_connect(crowd->rig->gadget_port));
}

static void test_crowd(void **state)
{
	struct rig *rig = start(state, PENS);
	struct crowd crowd = {.rig = rig};
	int host = host_attach(rig->gadget_port, 1);
	unsigned int fds = host_count_fds(rig->gadget.pid);
	uint32_t seqnum = 0;
	uint64_t alone_us = round_trip_us(host, &seqnum, NULL, NULL);
	char byte;
	int fd;

	while (crowd.n < 500)
		join(&crowd);
	assert_bearable("500 others", alone_us, round_trip_us(host, &seqnum, dribble, &crowd));
	assert_bearable("a flood of connections", alone_us,
			round_trip_us(host, &seqnum, knock, &crowd));
	gadget_do(rig->control_fd, "dial 1");
	/* Up to the cap, beyond which one is closed at once and without a word. */
	do {
		assert_true(crowd.n < ELEMENTSOF(crowd.fds));
		fd = host_connect(rig->gadget_port);
		crowd.fds[crowd.n++] = fd;
	} while (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 5) == 0);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	assert_bearable("a full house", alone_us, round_trip_us(host, &seqnum, NULL, NULL));
	while (crowd.n)
		host_drop(crowd.fds[--crowd.n]);
	host_await_fds(rig->gadget.pid, fds);
	list_all(rig, PENS, 0);
	close(host);
	rig_stop(rig);
}

/* ---- the end ---- */

/* However the server ends, its hosts see the end of the stream, and the port is free again. */
static void test_death(void **state)
{
	static const int signals[] = {SIGKILL, SIGTERM};
	struct rig *rig = start(state, 1);

	for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
		int fd = host_attach(rig->gadget_port, 1), idle = host_connect(rig->gadget_port);
		uint8_t urb[HOST_HEADER];
		char *log;

		assert_int_equal(host_control_out(fd, 1, 1, set_alt_1), 0);
		host_make_submit(urb, 1, 2, true, 1, 64, NULL);
		host_send(fd, urb, sizeof(urb));
		process_kill(&rig->gadget, signals[i]);
		assert_int_equal(process_wait(&rig->gadget, END_MS),
				 signals[i] == SIGTERM ? 0 : 128 + SIGKILL);
		log = process_log(&rig->gadget);
		if (strstr(log, "error"))
			fail_msg("its last words: %s", log);
		free(log);
		host_await_end(fd);
		host_await_end(idle);
		close(fd);
		close(idle);
		close(rig->control_fd);
		rig_start_gadget(rig); /* at the same port, and the old control socket's path */
	}
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_64_pens),
		RIG_TEST(test_crowd),
		RIG_TEST(test_death),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
