// SPDX-License-Identifier: GPL-2.0-only
/* Pedals and pens on nodes that do what the test says: coming, grabbing, reading, going. */
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

static void set_level(unsigned int number, unsigned int code, bool down)
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

static void push(unsigned int number, int result, unsigned int type, unsigned int code, int value,
		 uint64_t usec)
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
static void key(unsigned int number, unsigned int code, int value)
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

static void appear(unsigned int number, bool pedal, uint16_t vendor_id)
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

static bool on_is_pen(void *userdata, uint16_t vendor_id, uint16_t product_id)
{
	return vendor_id == 0x1209;
}

static void on_pedal(void *userdata, enum input_pedal pedal, const char *cause, uint64_t made_usec)
{
	static const char *const names[] = {"none", "unusable", "released", "held"};
	struct fixture *f = userdata;
	size_t used = strlen(f->log);

	snprintf(f->log + used, sizeof(f->log) - used, "%s:%s ", names[pedal], cause);
	f->made_usec = made_usec;
}

static void on_depth(void *userdata, const char *serial, enum input_depth by, int steps)
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

static int setup(void **state)
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

static int teardown(void **state)
{
	struct fixture *f = *state;

	input_free(f->input);
	for (unsigned int i = 0; i < NODES; i++)
		assert_false(nodes[i].open);
	sd_event_unref(f->event);
	free(f);
	return 0;
}

static void settle(struct fixture *f)
{
	while (sd_event_run(f->event, 0) > 0)
		;
}

static void expect(struct fixture *f, const char *log)
{
	settle(f);
	assert_string_equal(f->log, log);
	f->log[0] = '\0';
}

/* Waits for the timer that tries again. */
static void expect_later(struct fixture *f, const char *log)
{
	uint64_t until = now_usec() + 20 * INPUT_RETRY_USEC;

	while (!f->log[0] && now_usec() < until)
		assert_true(sd_event_run(f->event, INPUT_RETRY_USEC) >= 0);
	expect(f, log);
}

/* ---- tests ---- */

static void pressed_and_released(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(input_pedal(f->input), INPUT_PEDAL_NONE);
	assert_false(input_pedal_down(f->input));
	appear(0, true, 0x0426);
	expect(f, "released:grabbed ");
	assert_true(nodes[0].grabbed);
	key(0, KEY_A, 1);
	expect(f, "held:down ");
	assert_int_equal(f->made_usec, nodes[0].queue[0].usec);
	assert_int_equal(input_pedal(f->input), INPUT_PEDAL_HELD);
	assert_true(input_pedal_down(f->input));
	push(0, 0, EV_KEY, KEY_A, 2, now_usec());
	push(0, 0, EV_MSC, MSC_SCAN, 0x70004, now_usec());
	push(0, 0, EV_SYN, SYN_REPORT, 0, now_usec());
	expect(f, "");
	key(0, KEY_A, 0);
	expect(f, "released:up ");
	assert_false(input_pedal_down(f->input));
}

/* Taken from others only while nothing on it is down, and then it has to be pressed anew. */
static void held_when_it_comes(void **state)
{
	struct fixture *f = *state;
	char text[256];

	set_level(0, KEY_A, true);
	appear(0, true, 0x0426);
	expect(f, "unusable:not-grabbed ");
	assert_false(nodes[0].grabbed);
	assert_non_null(strstr(input_describe(f->input, text, sizeof(text)), "lift the foot"));
	push(0, 0, EV_KEY, KEY_A, 2, now_usec());
	expect(f, "");
	key(0, KEY_A, 0);
	expect(f, "released:grabbed ");
	assert_true(nodes[0].grabbed);
	key(0, KEY_A, 1);
	expect(f, "held:down ");
}

static void pressed_while_it_is_taken(void **state)
{
	struct fixture *f = *state;

	nodes[0].press_at_grab = true;
	appear(0, true, 0x0426);
	expect(f, "unusable:not-grabbed ");
	assert_false(nodes[0].grabbed); /* its release goes where its press went */
	nodes[0].press_at_grab = false;
	set_level(0, KEY_A, false); /* and nothing tells of it */
	expect_later(f, "released:grabbed ");
}

/* What was queued before the grab went to others as well: no edge of ours. */
static void old_events_at_the_grab(void **state)
{
	struct fixture *f = *state;

	set_level(0, KEY_A, true);
	appear(0, true, 0x0426);
	key(0, KEY_A, 0);
	for (int i = 0; i < 70; i++) /* more than are read at once */
		push(0, 0, EV_KEY, KEY_A, i % 2 == 0, now_usec());
	expect(f, "unusable:not-grabbed released:grabbed ");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
}

static void grabbed_by_another(void **state)
{
	struct fixture *f = *state;
	char text[256];

	nodes[0].grab_error = -EBUSY;
	appear(0, true, 0x0426);
	expect(f, "unusable:not-grabbed ");
	assert_non_null(strstr(input_describe(f->input, text, sizeof(text)), "another program"));
	nodes[0].grab_error = 0;
	expect_later(f, "released:grabbed ");
}

static void not_to_be_opened(void **state)
{
	struct fixture *f = *state;
	char text[256];

	nodes[0].open_error = -EACCES;
	appear(0, true, 0x0426);
	expect(f, "unusable:not-grabbed ");
	assert_non_null(strstr(input_describe(f->input, text, sizeof(text)), "udev rule"));
	nodes[0].open_error = 0;
	expect_later(f, "released:grabbed ");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
}

static void events_lost(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	push(0, -EOVERFLOW, 0, 0, 0, 0); /* and it is still down */
	expect(f, "released:events-lost ");
	assert_false(input_pedal_down(f->input));
	push(0, 0, EV_KEY, KEY_A, 1, now_usec());
	push(0, 0, EV_KEY, KEY_A, 2, now_usec());
	expect(f, "");
	key(0, KEY_A, 0);
	expect(f, "");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
}

/* Up by its level, whatever the events say: the next lease is not to enable. */
static void level_contradicts(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	set_level(0, KEY_A, false);
	assert_false(input_pedal_down(f->input));
	assert_string_equal(f->log, "released:level "); /* before it returned */
	f->log[0] = '\0';
	key(0, KEY_A, 0);
	expect(f, "");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
	set_level(0, KEY_A, false); /* a second one that was pressed meanwhile is no substitute */
	set_level(0, KEY_B, true);
	assert_false(input_pedal_down(f->input));
	expect(f, "released:level ");
}

static void gone_while_held(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	push(0, -ENODEV, 0, 0, 0, 0); /* the node knows it first */
	expect(f, "none:gone ");
	assert_false(nodes[0].open);
	discover_callbacks->gone(discover_userdata, paths[0]);
	expect(f, "");

	set_level(0, KEY_A, false);
	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	discover_callbacks->gone(discover_userdata, paths[0]); /* udev does */
	expect(f, "none:gone ");

	set_level(0, KEY_A, false);
	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	nodes[0].level_error = -ENODEV; /* the renewal does */
	assert_false(input_pedal_down(f->input));
	expect(f, "none:gone ");

	nodes[0].level_error = 0;
	set_level(0, KEY_A, false);
	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	nodes[0].other_fd = close_fd(nodes[0].other_fd); /* it hangs up, and says no more */
	expect(f, "none:gone ");
}

/* Of two the one that was pressed has to stay down. */
static void two_pedals(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x0426);
	appear(1, true, 0x0426);
	expect(f, "released:grabbed ");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
	key(1, KEY_A, 1);
	expect(f, "");
	key(0, KEY_A, 0);
	expect(f, "released:up ");
	assert_false(input_pedal_down(f->input));
	key(0, KEY_A, 1);
	key(1, KEY_A, 0);
	expect(f, "held:down ");
	assert_true(input_pedal_down(f->input));
	discover_callbacks->gone(discover_userdata, paths[1]);
	expect(f, "");
	discover_callbacks->gone(discover_userdata, paths[0]);
	expect(f, "none:gone ");
}

/* Of two the one that works is enough; one that does not is no reason to do without. */
static void one_of_two_works(void **state)
{
	struct fixture *f = *state;

	nodes[0].grab_error = -EBUSY;
	appear(0, true, 0x0426);
	appear(1, true, 0x0426);
	expect(f, "unusable:not-grabbed released:grabbed ");
	discover_callbacks->gone(discover_userdata, paths[1]);
	expect(f, "unusable:gone ");
}

static void marked_later(void **state)
{
	struct fixture *f = *state;
	char text[256];

	appear(0, false, 0x0426);
	expect(f, "");
	assert_false(nodes[0].open);
	assert_string_equal(input_describe(f->input, text, sizeof(text)), "0426:3011 Foot");
	appear(0, true, 0x0426);
	expect(f, "released:grabbed ");
	assert_string_equal(input_describe(f->input, text, sizeof(text)), "");
	appear(0, true, 0x0426); /* told twice */
	expect(f, "");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
	appear(0, false, 0x0426); /* no more */
	expect(f, "none:gone ");
	assert_false(nodes[0].open);
	discover_callbacks->gone(discover_userdata, paths[0]);
	assert_string_equal(input_describe(f->input, text, sizeof(text)), "");
}

static void candidates(void **state)
{
	struct fixture *f = *state;
	char text[256], tiny[8];

	appear(0, false, 0x0426);
	appear(1, false, 0x05f3);
	appear(2, false, 0); /* not on USB: no ids to know it by */
	assert_string_equal(input_describe(f->input, text, sizeof(text)),
			    "0426:3011 Foot, 05f3:3011 Other");
	assert_string_equal(input_describe(f->input, tiny, sizeof(tiny)), "0426:30");
}

static void buttons_and_dial(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x1209); /* a pen's trigger is no pedal, whatever marks it */
	expect(f, "");
	assert_true(nodes[0].open);
	assert_false(nodes[0].grabbed);
	key(0, BTN_0, 1); /* the pen's own business */
	key(0, BTN_1, 1);
	push(0, 0, EV_KEY, BTN_1, 2, now_usec());
	key(0, BTN_1, 0);
	key(0, BTN_2, 1);
	push(0, 0, EV_REL, REL_DIAL, 3, now_usec());
	push(0, 0, EV_REL, REL_DIAL, -1, now_usec());
	push(0, 0, EV_REL, REL_DIAL, 0, now_usec());
	push(0, 0, EV_REL, REL_X, 5, now_usec());
	expect(f, "FAKE0001:button-1 FAKE0001:button+1 FAKE0001:dial+3 FAKE0001:dial-1 ");
	push(0, 0, EV_REL, REL_DIAL, 1, now_usec() - INPUT_STALE_USEC - 1);
	expect(f, "");
	push(0, -EOVERFLOW, 0, 0, 0, 0);
	push(0, -ENODEV, 0, 0, 0, 0);
	expect(f, "");
	assert_false(nodes[0].open);
}

static void without_udev(void **state)
{
	struct fixture *f = *state;
	struct input *input;

	discover_error = -EAFNOSUPPORT;
	assert_int_equal(input_new(&input, f->event, &callbacks, f), 0);
	assert_int_equal(input_pedal(input), INPUT_PEDAL_NONE);
	input_free(input);
	discover_callbacks = NULL;
}

#define INPUT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INPUT_TEST(pressed_and_released),
		INPUT_TEST(held_when_it_comes),
		INPUT_TEST(pressed_while_it_is_taken),
		INPUT_TEST(old_events_at_the_grab),
		INPUT_TEST(grabbed_by_another),
		INPUT_TEST(not_to_be_opened),
		INPUT_TEST(events_lost),
		INPUT_TEST(level_contradicts),
		INPUT_TEST(gone_while_held),
		INPUT_TEST(two_pedals),
		INPUT_TEST(one_of_two_works),
		INPUT_TEST(marked_later),
		INPUT_TEST(candidates),
		INPUT_TEST(buttons_and_dial),
		INPUT_TEST(without_udev),
	};

	return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
