// SPDX-License-Identifier: GPL-2.0-only
/* The stream of a rogue pen. */
#include <errno.h>
#include <string.h>

#include "tests/gadget/usb/misbehave.h"

#define STATE_OFFSET 16 /* in a sample; a number above MNPEN_STATE_MAX is what no decoder takes */

bool misbehave_stalls(const struct misbehave *misbehave, uint8_t code)
{
	return code < MISBEHAVE_REQUESTS && misbehave->stalled & 1u << code;
}

void misbehave_stream_end(struct misbehave *misbehave)
{
	misbehave->repeat = false;
}

bool misbehave_packets(const struct misbehave *misbehave, const struct model *model)
{
	return misbehave->repeat || model->queue.count;
}

static bool next_sample(struct misbehave *misbehave, struct model *model, struct mnpen_sample *ret)
{
	if (misbehave->repeat) {
		misbehave->repeat = false;
		*ret = misbehave->last;
		return true;
	}
	do {
		if (!model_pop(model, ret))
			return false;
	} while (misbehave->skip && misbehave->skip--);
	if (misbehave->duplicate) {
		misbehave->duplicate--;
		misbehave->repeat = true;
		misbehave->last = *ret;
	}
	return true;
}

static void lie(const struct misbehave *misbehave, struct mnpen_sample *sample)
{
	if (misbehave->state.on)
		sample->state = (uint8_t)misbehave->state.value;
	if (misbehave->depth.on)
		sample->depth_um = (uint16_t)misbehave->depth.value;
	if (misbehave->speed.on)
		sample->speed_rpm = (uint16_t)misbehave->speed.value;
	if (misbehave->lease.on)
		sample->lease_left_ms = (uint16_t)misbehave->lease.value;
	if (misbehave->target.on)
		sample->target_depth_um = (uint16_t)misbehave->target.value;
	if (misbehave->command.on)
		sample->last_cmd = misbehave->command.value;
	if (misbehave->enabled.on && misbehave->enabled.value)
		sample->flags |= MNPEN_FLAG_ENABLED;
	else if (misbehave->enabled.on)
		sample->flags &= (uint8_t)~MNPEN_FLAG_ENABLED;
}

int misbehave_packet(struct misbehave *misbehave, struct model *model, uint8_t *buf, size_t size)
{
	uint8_t packet[MNPEN_SAMPLE_SIZE];
	struct mnpen_sample sample;
	size_t len = sizeof(packet);

	if (!next_sample(misbehave, model, &sample))
		return -EAGAIN;
	lie(misbehave, &sample);
	mnpen_sample_encode(packet, &sample);
	if (misbehave->garbage) {
		misbehave->garbage--;
		for (size_t i = 0; i < len; i++)
			packet[i] = (uint8_t)noise_next(&misbehave->noise);
		packet[STATE_OFFSET] |= 0x80;
	}
	if (misbehave->cut_short) {
		misbehave->cut_short--;
		len /= 2;
	}
	if (len > size)
		return -EOVERFLOW;
	memcpy(buf, packet, len);
	return (int)len;
}
