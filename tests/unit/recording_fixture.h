/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings made for a test, block by block: pcapng and usbmon written from their documents, and
 * not by the project's own encoder. Included once a test binary.
 */
#ifndef MNPEN_TEST_RECORDING_FIXTURE_H
#define MNPEN_TEST_RECORDING_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/proto/records.h"
#include "tests/gadget/replay/recording.h"

#define TAPE_SIZE 262144
#define TAPE_SERIAL "TAPE0001"

/** struct tape - a file in the making */
struct tape {
	uint8_t bytes[TAPE_SIZE];
	size_t len;
	bool big;		 /* endian */
	uint64_t ticks_per_usec; /* 1, or 1000 with a resolution of nanoseconds */
	uint64_t usec;		 /* of the next event */
	uint64_t id;
};

static struct tape tape;

static inline void tape_put(uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		size_t byte = tape.big ? size - 1 - i : i;

		tape.bytes[tape.len++] = (uint8_t)(byte < 8 ? value >> 8 * byte : 0);
	}
}

static inline void tape_bytes(const void *data, size_t len)
{
	if (len)
		memcpy(tape.bytes + tape.len, data, len);
	tape.len += len;
	while (tape.len % 4)
		tape.bytes[tape.len++] = 0;
}

/* @body: all between the two lengths */
static inline size_t tape_begin(uint32_t type)
{
	size_t at = tape.len;

	tape_put(type, 4);
	tape_put(0, 4);
	return at;
}

static inline void tape_end(size_t at)
{
	size_t end = tape.len + 4;

	tape_put(end - at, 4);
	tape.len = at + 4;
	tape_put(end - at, 4);
	tape.len = end;
}

static inline void tape_section(void)
{
	size_t at = tape_begin(0x0a0d0d0a);

	tape_put(0x1a2b3c4d, 4);
	tape_put(1, 2);
	tape_put(0, 2);
	tape_put(UINT64_MAX, 8);
	tape_end(at);
}

/* @resolution: 6 or 9 decimal places; 0 = not said, which is 6 */
static inline void tape_interface(unsigned int linktype, unsigned int resolution)
{
	size_t at = tape_begin(1);

	tape_put(linktype, 2);
	tape_put(0, 2);
	tape_put(0, 4);
	if (resolution) {
		tape_put(2, 2); /* a name before it */
		tape_put(5, 2);
		tape_bytes("usb1x", 5);
		tape_put(9, 2);
		tape_put(1, 2);
		tape_bytes((uint8_t[]){(uint8_t)resolution}, 1);
		tape_put(0, 4);
	}
	tape_end(at);
	tape.ticks_per_usec = resolution == 9 ? 1000 : 1;
}

/** struct tape_event - an event as usbmon has it */
struct tape_event {
	char event;
	uint8_t type; /* 1 interrupt, 2 control */
	uint8_t endpoint;
	uint8_t device; /* 0 = 2 */
	const uint8_t *setup;
	int status;
	const void *data;
	size_t len;
	uint64_t id;
};

static inline void tape_event(const struct tape_event *e)
{
	uint64_t ticks = tape.usec * tape.ticks_per_usec;
	size_t at = tape_begin(6);

	tape_put(0, 4);
	tape_put(ticks >> 32, 4);
	tape_put(ticks & UINT32_MAX, 4);
	tape_put(64 + e->len, 4);
	tape_put(64 + e->len, 4);
	tape_put(e->id, 8);
	tape_put((uint8_t)e->event, 1);
	tape_put(e->type, 1);
	tape_put(e->endpoint, 1);
	tape_put(e->device ? e->device : 2, 1);
	tape_put(1, 2);
	tape_put(e->setup ? 0 : '-', 1);
	tape_put(0, 1);
	tape_put(tape.usec / 1000000, 8);
	tape_put(tape.usec % 1000000, 4);
	tape_put((uint32_t)e->status, 4);
	tape_put(e->len, 4);
	tape_put(e->len, 4);
	tape_bytes(e->setup ? e->setup : (const uint8_t[8]){0}, 8);
	tape_put(0, 16);
	tape_bytes(e->data, e->len);
	tape_end(at);
}

/* A control transfer; its end comes 100 us after its beginning. */
static inline void tape_control(uint8_t type, uint8_t request, uint16_t value, const void *data,
				size_t len, int status)
{
	const uint8_t setup[8] = {type, request, (uint8_t)value, (uint8_t)(value >> 8),
				  0,	0,	 (uint8_t)len,	 (uint8_t)(len >> 8)};
	bool in = type & 0x80;
	struct tape_event e = {
		.event = 'S',
		.type = 2,
		.endpoint = in ? 0x80 : 0,
		.setup = setup,
		.status = -EINPROGRESS,
		.data = in ? NULL : data,
		.len = in ? 0 : len,
		.id = ++tape.id,
	};

	tape_event(&e);
	tape.usec += 100;
	e.event = 'C';
	e.setup = NULL;
	e.status = status;
	e.data = in && !status ? data : NULL;
	e.len = in && !status ? len : 0;
	tape_event(&e);
}

static inline void tape_packet(const void *data, size_t len)
{
	tape_event(&(struct tape_event){.event = 'C',
					.type = 1,
					.endpoint = 0x81,
					.data = data,
					.len = len,
					.id = ++tape.id});
}

static inline void tape_sample(const struct mnpen_sample *sample)
{
	uint8_t buf[MNPEN_SAMPLE_SIZE];

	mnpen_sample_encode(buf, sample);
	tape_packet(buf, sizeof(buf));
}

static const uint8_t tape_device[18] = {18,   1,    0,	  2,	0, 0, 0, 64, 0x09,
					0x12, 0x01, 0x00, 0x00, 1, 5, 6, 7,  1};
static const uint8_t tape_config[34] = {
	9, 2, 34, 0, 1, 3, 0,	 0x80, 50, 9, 4, 0, 0,	  0, 0xff, 0x4d, 1,
	0, 9, 4,  0, 1, 1, 0xff, 0x4d, 1,  0, 7, 5, 0x81, 3, 64,   0,	 4,
};
static const struct mnpen_info tape_info = {
	.protocol = 0x0100,
	.depth_max_um = 2500,
	.depth_step_um = 10,
	.speed_max_rpm = 9000,
	.lease_min_ms = 50,
	.lease_max_ms = 1000,
	.stream_min_us = 1000,
	.model = "tape",
};

static inline void tape_string(uint8_t index, const char *text)
{
	uint8_t buf[64] = {(uint8_t)(2 + 2 * strlen(text)), 3};

	for (size_t i = 0; text[i]; i++)
		buf[2 + 2 * i] = (uint8_t)text[i];
	tape_control(0x80, 6, (uint16_t)(0x300 | index), buf, buf[0], 0);
}

/* Who the pen is, as a capture begins. */
static inline void tape_pen(const struct mnpen_sample *status,
			    const struct mnpen_cartridge *cartridge)
{
	uint8_t buf[MNPEN_RECORD_MAX];

	tape_control(0x80, 6, 0x100, tape_device, sizeof(tape_device), 0);
	tape_control(0x80, 6, 0x200, tape_config, 9, 0);
	tape_control(0x80, 6, 0x200, tape_config, sizeof(tape_config), 0);
	tape_string(5, "maker");
	tape_string(6, "taped pen");
	tape_string(7, TAPE_SERIAL);
	mnpen_info_encode(buf, &tape_info);
	tape_control(0xa1, 1, 0, buf, MNPEN_INFO_SIZE, 0);
	mnpen_sample_encode(buf, status);
	tape_control(0xa1, 2, 0, buf, MNPEN_SAMPLE_SIZE, 0);
	mnpen_cartridge_encode(buf, cartridge);
	tape_control(0xa1, 9, 0, buf, MNPEN_CARTRIDGE_SIZE, 0);
}

static inline void tape_new(bool big, unsigned int resolution)
{
	memset(&tape, 0, sizeof(tape));
	tape.big = big;
	tape.usec = 1700000000000000;
	tape_section();
	tape_interface(220, resolution);
}

/* The recording of the first @len bytes, or NULL and what is wrong with it. */
static inline struct recording *tape_parse(size_t len, char *error, size_t size)
{
	struct recording *recording = NULL;
	uint8_t *copy = malloc(len + 1);

	assert_non_null(copy);
	memcpy(copy, tape.bytes, len);
	error[0] = '\0';
	if (recording_parse(&recording, copy, len, error, size) < 0)
		assert_true(error[0]);
	return recording;
}

static inline struct recording *tape_recording(void)
{
	char error[256];
	struct recording *recording = tape_parse(tape.len, error, sizeof(error));

	if (!recording)
		fail_msg("%s", error);
	return recording;
}

#endif
