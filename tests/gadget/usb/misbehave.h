/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a rogue pen talks: stalled and late answers, silence, and a stream that does not say the
 * truth. What it does with its needles meanwhile is the model's (MODEL_IGNORE_*).
 */
#ifndef MNPEN_GADGET_MISBEHAVE_H
#define MNPEN_GADGET_MISBEHAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/gadget/model/model.h"

#define MISBEHAVE_REQUESTS 16 /* request codes 0..15 */

/** struct lie - a field of streamed samples that always says @value */
struct lie {
	bool on;
	uint32_t value;
};

struct misbehave {
	uint32_t stalled; /* bit by request code */
	uint32_t delay_ms[MISBEHAVE_REQUESTS];
	bool frozen; /* no answers at all; the host may cancel */

	/* How many of the next streamed samples are ... */
	uint32_t garbage;   /* ... not decodable */
	uint32_t cut_short; /* ... half as long */
	uint32_t duplicate; /* ... sent twice */
	uint32_t skip;	    /* ... not sent */
	bool repeat;	    /* @last once more */
	struct mnpen_sample last;

	struct lie state;
	struct lie depth;
	struct lie speed;
	struct lie enabled; /* 0 or 1: that bit of the flags */
	struct lie lease;   /* lease_left_ms */
	struct lie target;  /* depth */
	struct lie command; /* last_cmd */
	struct noise noise;
};

/** misbehave_stalls() - whether a class request of @code is refused without being looked at */
bool misbehave_stalls(const struct misbehave *misbehave, uint8_t code);

/** misbehave_stream_end() - what was to follow in the stream will not */
void misbehave_stream_end(struct misbehave *misbehave);

/** misbehave_packets() - whether misbehave_packet() has something to send */
bool misbehave_packets(const struct misbehave *misbehave, const struct model *model);

/**
 * misbehave_packet() - the next packet of the sample stream, as the host gets it
 * Return: its length; -EAGAIN when there is none; -EOVERFLOW when it is longer than @size
 */
int misbehave_packet(struct misbehave *misbehave, struct model *model, uint8_t *buf, size_t size);

#endif
