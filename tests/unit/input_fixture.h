/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event nodes that do what the test says, and a discovery that tells of them. Tests that use it
 * wrap evdev_*, discover_new and discover_free (tests/unit/NAME.wrap).
 */
#ifndef MNPEN_TEST_INPUT_FIXTURE_H
#define MNPEN_TEST_INPUT_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/input/discover.h"
#include "daemon/input/evdev.h"
#include "daemon/input/input.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define NODES 4
#define QUEUE_MAX 128

/* ---- a node ---- */

struct queued {
	int result; /* of evdev_next() */
	struct input_event event;
	uint64_t usec;
};

struct evdev {
	unsigned int number;
	int fd; /* readable while there are events */
	int other_fd;
	bool open, grabbed;
	int open_error, grab_error, level_error;
	bool press_at_grab; /* a foot comes down between the level and the grab */
	uint8_t bits[PEDAL_BITS_SIZE];
	struct queued queue[QUEUE_MAX];
	unsigned int first, n;
	unsigned int level_asked;
};

static struct evdev nodes[NODES];

int __wrap_evdev_open(struct evdev **ret, const char *node);
struct evdev *__wrap_evdev_close(struct evdev *evdev);
int __wrap_evdev_fd(const struct evdev *evdev);
int __wrap_evdev_next(struct evdev *evdev, struct input_event *ret, uint64_t *ret_usec);
int __wrap_evdev_level(const struct evdev *evdev, uint8_t ret_bits[PEDAL_BITS_SIZE]);
int __wrap_evdev_grab(struct evdev *evdev, bool grab);

int __wrap_evdev_open(struct evdev **ret, const char *node)
{
	struct evdev *evdev = &nodes[node[strlen("/dev/input/event")] - '0'];
	int pair[2];

	assert_false(evdev->open);
	if (evdev->open_error)
		return evdev->open_error;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
	evdev->fd = pair[0];
	evdev->other_fd = pair[1];
	evdev->open = true;
	*ret = evdev;
	return 0;
}

struct evdev *__wrap_evdev_close(struct evdev *evdev)
{
	if (!evdev)
		return NULL;
	assert_true(evdev->open);
	evdev->open = evdev->grabbed = false;
	close(evdev->fd);
	close_fd(evdev->other_fd);
	return NULL;
}

int __wrap_evdev_fd(const struct evdev *evdev)
{
	return evdev->fd;
}

int __wrap_evdev_next(struct evdev *evdev, struct input_event *ret, uint64_t *ret_usec)
{
	const struct queued *q = &evdev->queue[evdev->first];
	char ignored[QUEUE_MAX];

	if (evdev->first == evdev->n) {
		assert_true(read(evdev->fd, ignored, sizeof(ignored)) >= 0 || errno == EAGAIN);
		evdev->first = evdev->n = 0;
		return -EAGAIN;
	}
	evdev->first++;
	*ret = q->event;
	*ret_usec = q->usec;
	return q->result;
}

int __wrap_evdev_level(const struct evdev *evdev, uint8_t ret_bits[PEDAL_BITS_SIZE])
{
	nodes[evdev->number].level_asked++;
	if (evdev->level_error)
		return evdev->level_error;
	memcpy(ret_bits, evdev->bits, PEDAL_BITS_SIZE);
	return 0;
}

static inline void set_level(unsigned int number, unsigned int code, bool down)
{
	uint8_t *byte = &nodes[number].bits[code / 8];
	unsigned int bit = 1u << (code % 8);

	*byte = (uint8_t)(down ? *byte | bit : *byte & ~bit);
}

int __wrap_evdev_grab(struct evdev *evdev, bool grab)
{
	if (evdev->grab_error)
		return evdev->grab_error;
	if (grab) /* whoever saw the press would never see the release */
		assert_false(pedal_any_down(evdev->bits));
	evdev->grabbed = grab;
	if (grab && evdev->press_at_grab)
		set_level(evdev->number, KEY_A, true);
	return 0;
}

static inline void push(unsigned int number, int result, unsigned int type, unsigned int code,
			int value, uint64_t usec)
{
	struct evdev *evdev = &nodes[number];
	assert_true(evdev->n < QUEUE_MAX);
	evdev->queue[evdev->n++] = (struct queued){
		.result = result,
		.event = {.type = (uint16_t)type, .code = (uint16_t)code, .value = value},
		.usec = usec,
	};
	assert_int_equal(write(evdev->other_fd, "", 1), 1);
}

/* The key moves and says so. */
static inline void key(unsigned int number, unsigned int code, int value)
{
	set_level(number, code, value);
	usleep(10); /* later than what was before, on a clock of microseconds */
	push(number, 0, EV_KEY, code, value, now_usec());
}

/* ---- discovery, and what is told ---- */

struct fixture {
	sd_event *event;
	struct input *input;
	char log[1024]; /* "held:down released:up FAKE0001:dial+3 " */
	uint64_t made_usec;
};

static const struct discover_callbacks *discover_callbacks;
static void *discover_userdata;
static int discover_error;

int __wrap_discover_new(struct discover **ret, sd_event *event, int64_t priority,
			const struct discover_callbacks *callbacks, void *userdata);
struct discover *__wrap_discover_free(struct discover *discover);

int __wrap_discover_new(struct discover **ret, sd_event *event, int64_t priority,
			const struct discover_callbacks *callbacks, void *userdata)
{
	assert_int_equal(priority, INPUT_EVENT_PRIORITY);
	discover_callbacks = callbacks;
	discover_userdata = userdata;
	*ret = NULL;
	return discover_error;
}

struct discover *__wrap_discover_free(struct discover *discover)
{
	return NULL;
}

static const char *const paths[NODES] = {"/sys/a/event0", "/sys/b/event1", "/sys/c/event2",
					 "/sys/d/event3"};
static const char *const dev_nodes[NODES] = {"/dev/input/event0", "/dev/input/event1",
					     "/dev/input/event2", "/dev/input/event3"};

static inline void appear(unsigned int number, bool pedal, uint16_t vendor_id)
{
	const struct discover_node node = {
		.syspath = paths[number],
		.node = dev_nodes[number],
		.name = number ? "Other" : "Foot",
		.serial = "FAKE0001",
		.usb = vendor_id != 0,
		.vendor_id = vendor_id,
		.product_id = 0x3011,
		.pedal = pedal,
		.keys = true,
	};

	discover_callbacks->node(discover_userdata, &node);
}

static inline bool on_is_pen(void *userdata, uint16_t vendor_id, uint16_t product_id)
{
	return vendor_id == 0x1209;
}

static inline void on_pedal(void *userdata, enum input_pedal pedal, const char *cause,
			    uint64_t made_usec)
{
	static const char *const names[] = {"none", "unusable", "released", "held"};
	struct fixture *f = userdata;
	size_t used = strlen(f->log);

	snprintf(f->log + used, sizeof(f->log) - used, "%s:%s ", names[pedal], cause);
	f->made_usec = made_usec;
}

static inline void on_depth(void *userdata, const char *serial, enum input_depth by, int steps)
{
	struct fixture *f = userdata;
	size_t used = strlen(f->log);

	snprintf(f->log + used, sizeof(f->log) - used, "%s:%s%+d ", serial,
		 by == INPUT_DEPTH_DIAL ? "dial" : "button", steps);
}

static const struct input_callbacks callbacks = {
	.is_pen = on_is_pen,
	.pedal = on_pedal,
	.depth = on_depth,
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	memset(nodes, 0, sizeof(nodes));
	for (unsigned int i = 0; i < NODES; i++)
		nodes[i].number = i;
	discover_error = 0;
	assert_true(sd_event_new(&f->event) >= 0);
	assert_int_equal(input_new(&f->input, f->event, &callbacks, f), 0);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	input_free(f->input);
	for (unsigned int i = 0; i < NODES; i++)
		assert_false(nodes[i].open);
	sd_event_unref(f->event);
	free(f);
	return 0;
}

static inline void settle(struct fixture *f)
{
	while (sd_event_run(f->event, 0) > 0)
		;
}

static inline void expect(struct fixture *f, const char *log)
{
	settle(f);
	assert_string_equal(f->log, log);
	f->log[0] = '\0';
}

/* Waits for the timer that tries again. */
static inline void expect_later(struct fixture *f, const char *log)
{
	uint64_t until = now_usec() + 20 * INPUT_RETRY_USEC;

	while (!f->log[0] && now_usec() < until)
		assert_true(sd_event_run(f->event, INPUT_RETRY_USEC) >= 0);
	expect(f, log);
}

#define INPUT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
