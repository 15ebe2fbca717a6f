// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/tape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0a
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET 6
#define LINKTYPE_USBMON 220
#define USBMON_SIZE 64
#define INTERRUPT 1
#define CONTROL 2
#define BODY_MAX 512
#define START_USEC UINT64_C(1700000000000000)

struct tape {
	uint8_t *bytes;
	size_t len;
	uint64_t usec;
	uint64_t id;
};

struct body {
	uint8_t bytes[BODY_MAX];
	size_t len;
};

static void put(struct body *body, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		body->bytes[body->len++] = (uint8_t)(i < 8 ? value >> 8 * i : 0);
}

static void add_block(struct tape *tape, uint32_t type, const struct body *body)
{
	struct body frame = {0};
	size_t padded = (body->len + 3) / 4 * 4;
	uint8_t *p = tape->bytes + tape->len;

	if (tape->len + 12 + padded > TAPE_MAX)
		return;
	put(&frame, type, 4);
	put(&frame, 12 + padded, 4);
	memset(p, 0, 12 + padded);
	memcpy(p, frame.bytes, 8);
	memcpy(p + 8, body->bytes, body->len);
	memcpy(p + 8 + padded, frame.bytes + 4, 4);
	tape->len += 12 + padded;
}

static void add_section(struct tape *tape)
{
	struct body section = {0}, interface = {0};

	put(&section, 0x1a2b3c4d, 4);
	put(&section, 1, 4);
	put(&section, UINT64_MAX, 8);
	add_block(tape, BLOCK_SECTION, &section);
	put(&interface, LINKTYPE_USBMON, 8);
	add_block(tape, BLOCK_INTERFACE, &interface);
}

/** struct stage - one event of usbmon */
struct stage {
	char event;
	uint8_t type;
	uint8_t endpoint;
	const uint8_t *setup; /* NULL = none */
	int status;
	const uint8_t *data;
	uint8_t len;
};

static void add_stage(struct tape *tape, const struct stage *stage)
{
	struct body body = {0};

	put(&body, 0, 4);
	put(&body, tape->usec >> 32, 4);
	put(&body, tape->usec & UINT32_MAX, 4);
	put(&body, USBMON_SIZE + stage->len, 4);
	put(&body, USBMON_SIZE + stage->len, 4);
	put(&body, tape->id, 8);
	put(&body, (uint8_t)stage->event, 1);
	put(&body, stage->type, 1);
	put(&body, stage->endpoint, 1);
	put(&body, 2, 1);
	put(&body, 1, 2);
	put(&body, stage->setup ? 0 : '-', 2);
	put(&body, tape->usec / 1000000, 8);
	put(&body, tape->usec % 1000000, 4);
	put(&body, (uint32_t)stage->status, 4);
	put(&body, stage->len, 4);
	put(&body, stage->len, 4);
	if (stage->setup)
		memcpy(body.bytes + body.len, stage->setup, 8);
	body.len += 8;
	put(&body, 0, 16);
	if (stage->len)
		memcpy(body.bytes + body.len, stage->data, stage->len);
	body.len += stage->len;
	add_block(tape, BLOCK_PACKET, &body);
}

static void add_request(struct tape *tape, enum tape_event kind, int status,
			struct fuzz_input *input)
{
	uint8_t setup[8], data[UINT8_MAX], len;
	struct stage stage = {.event = 'S', .type = CONTROL, .setup = setup};

	fuzz_bytes(input, setup, sizeof(setup));
	len = fuzz_u8(input);
	len = (uint8_t)fuzz_bytes(input, data, len);
	stage.endpoint = setup[0] & 0x80;
	stage.status = -EINPROGRESS;
	stage.data = data;
	stage.len = stage.endpoint ? 0 : len;
	tape->id++;
	add_stage(tape, &stage);
	if (kind == TAPE_OPEN)
		return;
	tape->usec += 100;
	stage.event = 'C';
	stage.setup = NULL;
	stage.status = status;
	stage.len = stage.endpoint && status == 0 ? len : 0;
	add_stage(tape, &stage);
}

static void add_packet(struct tape *tape, struct fuzz_input *input)
{
	uint8_t data[UINT8_MAX];
	struct stage stage = {.event = 'C', .type = INTERRUPT, .endpoint = 0x81, .data = data};

	stage.len = (uint8_t)fuzz_bytes(input, data, fuzz_u8(input));
	tape->id++;
	add_stage(tape, &stage);
}

static void add_odd_block(struct tape *tape, struct fuzz_input *input)
{
	uint8_t type = fuzz_u8(input);
	struct body body = {0};

	body.len = fuzz_bytes(input, body.bytes, fuzz_u8(input));
	add_block(tape, type, &body);
}

static void add_event(struct tape *tape, struct fuzz_input *input)
{
	uint8_t first = fuzz_u8(input);
	enum tape_event kind = first & 7;

	tape->usec += (uint64_t)fuzz_u8(input) << (first >> 5) * 3;
	switch (kind) {
	case TAPE_PACKET:
		add_packet(tape, input);
		break;
	case TAPE_ANSWERED:
		add_request(tape, kind, 0, input);
		break;
	case TAPE_REFUSED:
		add_request(tape, kind, -EPIPE, input);
		break;
	case TAPE_TAKEN_BACK:
		add_request(tape, kind, -ENOENT, input);
		break;
	case TAPE_OPEN:
		add_request(tape, kind, -EINPROGRESS, input);
		break;
	case TAPE_END:
		add_stage(tape, &(struct stage){.event = 'C', .type = CONTROL});
		break;
	case TAPE_BLOCK:
		add_odd_block(tape, input);
		break;
	case TAPE_SECTION:
		add_section(tape);
		break;
	}
}

size_t tape_make(uint8_t **ret_bytes, struct fuzz_input *input)
{
	struct tape tape = {.bytes = malloc(TAPE_MAX), .usec = START_USEC};

	CHECK(tape.bytes, "no memory");
	add_section(&tape);
	while (input->left)
		add_event(&tape, input);
	*ret_bytes = tape.bytes;
	return tape.len;
}
