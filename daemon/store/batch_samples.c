// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "daemon/store/batch.h"

int batch_write_trend(struct batch *batch, const struct batch_session *session,
		      const struct trend *trend)
{
	return rows_trend(&batch->rows, session->n, trend,
			  batch_wall_usec(session, trend->start_usec));
}

static int write_block(struct batch *batch, const struct batch_session *session, size_t count)
{
	size_t size;
	int r;

	if (!count)
		return 0;
	r = block_encode(batch->codec, batch->samples, count, batch->block, sizeof(batch->block),
			 &size);
	if (r < 0)
		return r;
	batch->bytes += size;
	return rows_block(&batch->rows, session->n, batch->samples, count, batch->block, size);
}

int batch_write_lost(struct batch *batch, struct batch_session *session, uint32_t lost,
		     int64_t before_seq, uint64_t usec)
{
	struct row_gap gap = {
		.session = session->n,
		.after_seq = session->last_seq,
		.before_seq = before_seq,
		.missing = lost,
		.reason = "queue-full",
		.usec = usec,
		.wall_usec = batch_wall_usec(session, usec),
	};

	session->totals.gaps += lost;
	return rows_gap(&batch->rows, &gap);
}

/* Every sample is kept; only those that decode say anything about the session. */
static int write_sample(struct batch *batch, struct batch_session *session,
			const struct sample_slot *slot, struct block_sample *ret)
{
	struct totals *totals = &session->totals;
	uint64_t strokes = totals->strokes, run_ms = totals->run_ms;
	struct mnpen_sample decoded;
	struct trend done;
	int r = 0;

	ret->host_usec = slot->host_usec;
	ret->verdict = slot->verdict;
	ret->flags = slot->flags;
	memcpy(ret->sample, slot->sample, sizeof(ret->sample));
	totals->samples++;
	session->changed = true;
	if (slot->lost)
		r = batch_write_lost(batch, session, slot->lost, block_sample_seq(ret),
				     slot->host_usec);
	if (r < 0 || mnpen_sample_decode(&decoded, slot->sample, sizeof(slot->sample)) < 0)
		return r;
	session->last_seq = decoded.seq;
	totals_add(totals, &decoded);
	if (session->segment.open)
		segment_add(&session->segment.totals, &decoded, totals->strokes - strokes,
			    totals->run_ms - run_ms, session->needles);
	if (trend_add(&session->trend, session->started_usec, slot->host_usec, &decoded, &done))
		r = batch_write_trend(batch, session, &done);
	return r;
}

static int write_session_samples(struct batch *batch, struct batch_session *session, uint64_t end)
{
	size_t count = 0;
	int r = 0;

	for (uint64_t at = batch->position; at < end && r >= 0; at++) {
		const struct sample_slot *slot = ring_at(&batch->queue->samples, at);

		if (slot->tag != session->tag)
			continue;
		r = write_sample(batch, session, slot, &batch->samples[count++]);
		if (r >= 0 && count == BLOCK_SAMPLES_MAX) {
			r = write_block(batch, session, count);
			batch->samples_matched += count;
			count = 0;
		}
	}
	batch->samples_matched += count;
	return r < 0 ? r : write_block(batch, session, count);
}

int batch_write_samples(struct batch *batch, uint64_t end)
{
	int r = 0;

	if (end <= batch->position)
		return 0;
	for (size_t i = 0; i < STORE_SESSIONS_MAX && r >= 0; i++)
		if (batch->sessions[i].open)
			r = write_session_samples(batch, &batch->sessions[i], end);
	batch->position = end;
	return r;
}
