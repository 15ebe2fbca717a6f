/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pen behind a GadgetFS that a test plays: its control file and its endpoint files. What was done
 * with them is written down as text. Included once a test binary, which wraps the functions below.
 */
#ifndef MNPEN_TEST_GADGETFS_FIXTURE_H
#define MNPEN_TEST_GADGETFS_FIXTURE_H

#include <stdio.h>

#include "tests/gadget/gadgetfs/gadgetfs_parts.h"
#include "tests/gadget/usb/pen.h"
#include "tests/unit/gadget_fixture.h"

#define SECOND_NS 1000000000ULL
#define MS_NS 1000000ULL
#define EVENTS_MAX 8

static struct pen device;
static struct gadgetfs fs;
static uint64_t now_ns;

/* --- the kernel's side --- */

static struct ep0_event events[EVENTS_MAX];
static size_t n_events;
static uint8_t out[EP0_DATA_MAX];
static int out_len;   /* of the OUT data that is there, or an error */
static bool given_up; /* the next answer finds that its host has gone on */
static bool reset;    /* and that nothing has come in its place */
static enum ep0_gone gone;
static struct ep0_orphan orphan;
static char did[1024];

static inline void note(const char *text)
{
	strncat(did, text, sizeof(did) - strlen(did) - 1);
	strncat(did, ";", sizeof(did) - strlen(did) - 1);
}

static inline int answered(const char *text)
{
	if (given_up) {
		given_up = false;
		note("too late");
		return -EIDRM;
	}
	note(text);
	return 0;
}

int __wrap_ep0_file_event(int fd, struct ep0_event *ret);
int __wrap_ep0_file_data(int fd, uint8_t *buf, size_t size);
int __wrap_ep0_file_reply(int fd, const uint8_t *data, size_t len);
int __wrap_ep0_file_ack(int fd);
int __wrap_ep0_file_stall_in(int fd);
int __wrap_ep0_file_stall_out(int fd);
enum ep0_gone __wrap_ep0_file_gone(int fd);
bool __wrap_ep0_file_replaced(int fd);
void __wrap_ep0_file_skip(int fd, struct ep0_orphan *ret);
void __wrap_ep0_file_leave(int fd, const struct ep0_orphan *which);
int __wrap_writer_start(struct writer **ret, const char *path, const uint8_t *descriptors,
			size_t len, int wake_fd);
struct writer *__wrap_writer_stop(struct writer *writer);
size_t __wrap_writer_room(struct writer *writer);
void __wrap_writer_put(struct writer *writer, const uint8_t *data, size_t len);

int __wrap_ep0_file_event(int fd, struct ep0_event *ret)
{
	if (!n_events)
		return -EAGAIN;
	*ret = events[0];
	memmove(&events[0], &events[1], --n_events * sizeof(events[0]));
	return 0;
}

int __wrap_ep0_file_data(int fd, uint8_t *buf, size_t size)
{
	if (out_len > 0)
		memcpy(buf, out, MIN(size, (size_t)out_len));
	return out_len;
}

int __wrap_ep0_file_reply(int fd, const uint8_t *data, size_t len)
{
	char text[32];

	snprintf(text, sizeof(text), "reply %zu", len);
	return answered(text);
}

int __wrap_ep0_file_ack(int fd)
{
	return answered("ack");
}

int __wrap_ep0_file_stall_in(int fd)
{
	return answered("stall-in");
}

int __wrap_ep0_file_stall_out(int fd)
{
	return answered("stall-out");
}

enum ep0_gone __wrap_ep0_file_gone(int fd)
{
	return gone;
}

bool __wrap_ep0_file_replaced(int fd)
{
	return !reset;
}

void __wrap_ep0_file_skip(int fd, struct ep0_orphan *ret)
{
	note("skip");
	*ret = orphan;
}

void __wrap_ep0_file_leave(int fd, const struct ep0_orphan *which)
{
	note(which->kind == EP0_ORPHAN_STALLED ? "leave-in" : "leave-out");
}

/* A writer is where it stands in the table of them. */
int __wrap_writer_start(struct writer **ret, const char *path, const uint8_t *descriptors,
			size_t len, int wake_fd)
{
	char text[128];

	/* the tag, and the endpoint at both speeds, with the host's address */
	assert_int_equal(len, 4 + 2 * 7);
	assert_int_equal(descriptors[4 + 2], descriptors[4 + 7 + 2]);
	snprintf(text, sizeof(text), "open %s as %02x", path, descriptors[4 + 2]);
	note(text);
	*ret = (struct writer *)(void *)ret;
	return 0;
}

struct writer *__wrap_writer_stop(struct writer *writer)
{
	if (writer)
		note((void *)writer == &fs.writers[0] ? "close 0" : "close 1");
	return NULL;
}

size_t __wrap_writer_room(struct writer *writer)
{
	return 1;
}

void __wrap_writer_put(struct writer *writer, const uint8_t *data, size_t len)
{
	char text[32];

	snprintf(text, sizeof(text), "put %zu", len);
	note(text);
}

/* --- the host's side --- */

static inline int start(void **state)
{
	static const char *const names[] = {"ep5in-int", "ep6in-int"};
	const struct device_options options = {.speed = USB_SPEED_HIGH, .today_days = TODAY};

	now_ns = SECOND_NS;
	pen_init(&device, &options, 1, "VPEN0001", now_ns);
	model_insert_cartridge(&device.model, &fixture_cartridge);
	now_ns += SECOND_NS;
	pen_advance(&device, now_ns);
	fs = (struct gadgetfs){.usb = &device.usb, .dir = "d", .high = true, .planned = true};
	assert_int_equal(endpoints_plan(usb_config(&device.usb), names, 2, &fs.endpoints), 0);
	n_events = 0;
	given_up = reset = false;
	gone = EP0_WAITS;
	out_len = -EAGAIN;
	did[0] = 0;
	return 0;
}

static inline void happens(enum ep0_event_kind kind)
{
	events[n_events++] = (struct ep0_event){.kind = kind, .speed = 3};
}

static inline void asks(uint8_t type, uint8_t request, uint16_t value, uint16_t index,
			uint8_t length)
{
	events[n_events++] = (struct ep0_event){
		.kind = EP0_EVENT_SETUP,
		.setup = {type, request, (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)index,
			  (uint8_t)(index >> 8), length},
	};
}

static inline void expect_did(const char *text)
{
	pen_advance(&device, now_ns);
	ep0_run(&fs, now_ns);
	if (strcmp(did, text) != 0)
		fail_msg("did \"%s\", not \"%s\"", did, text);
	did[0] = 0;
}

static inline void connect_and_configure(void)
{
	happens(EP0_EVENT_CONNECT);
	asks(0x00, 9, 1, 0, 0);
	expect_did("open d/ep6in-int as 86;ack;");
}

static inline void work(void)
{
	connect_and_configure();
	asks(0x01, 11, 1, 0, 0);
	expect_did("open d/ep5in-int as 85;ack;");
}

#endif
