// SPDX-License-Identifier: GPL-2.0-only
/* Samples: from the pen's interrupt endpoint to the judgement, and into the ring. */
#include <linux/ktime.h>
#include <linux/slab.h>

#include "driver/kmod/mnpen.h"

#define REVIVE_MS 20

static int index_of(const struct pen_stream *stream, const struct urb *urb)
{
	int i;

	for (i = 0; i < PEN_URBS; i++)
		if (stream->urbs[i] == urb)
			break;
	return i;
}

/* With the lock held, so that none is sent once pen_stream_stop() has begun. */
static void submit(struct pen *pen, struct urb *urb)
{
	struct pen_stream *stream = &pen->stream;

	if (!stream->on)
		return;
	usb_anchor_urb(urb, &stream->flying);
	if (!usb_submit_urb(urb, GFP_ATOMIC))
		return;
	usb_unanchor_urb(urb);
	__set_bit(index_of(stream, urb), &stream->parked);
	queue_delayed_work(system_wq, &stream->revive, msecs_to_jiffies(REVIVE_MS));
}

/* With the lock held. Return: as pen_stop_locked(). */
static bool take_packet(struct pen *pen, const u8 *data, u32 len)
{
	u64 now_ns = ktime_get_boottime_ns();
	struct mnpen_guard_sample sample = {
		.boottime_ns = now_ns,
		.length = len,
	};
	u16 reason = guard_judge(&pen->guard, data, len, now_ns);
	bool renew = false;

	if (reason) {
		sample.flags = MNPEN_GUARD_VIOLATION | (reason & 0xff) << MNPEN_GUARD_REASON_SHIFT;
		renew = pen_guard_stop_locked(pen, reason);
	}
	pen->samples++;
	memcpy(sample.data, data, min_t(u32, len, sizeof(sample.data)));
	if (pen->open && !pen->dead && !pen_ring_put(&pen->ring, &sample))
		pen->overruns++;
	return renew;
}

static void complete_packet(struct urb *urb)
{
	struct pen *pen = urb->context;
	struct pen_stream *stream = &pen->stream;
	unsigned long flags;
	bool renew = false;

	spin_lock_irqsave(&pen->lock, flags);
	switch (urb->status) {
	case 0:
	case -EOVERFLOW: /* longer than its endpoint allows: no sample, whatever is in it */
		renew = take_packet(pen, urb->transfer_buffer,
				    urb->status ? 0 : urb->actual_length);
		submit(pen, urb);
		break;
	case -ENOENT:
	case -ECONNRESET:
	case -ESHUTDOWN:
		break;
	default:
		/* Not at once again: a pen that is being pulled out does that by the thousand. */
		__set_bit(index_of(stream, urb), &stream->parked);
		queue_delayed_work(system_wq, &stream->revive, msecs_to_jiffies(REVIVE_MS));
		break;
	}
	spin_unlock_irqrestore(&pen->lock, flags);
	pen_stop_renew(pen, renew);
	wake_up_interruptible_poll(&pen->readers, EPOLLIN | EPOLLRDNORM);
}

static void revive(struct work_struct *work)
{
	struct pen *pen = container_of(work, struct pen, stream.revive.work);
	unsigned long flags;
	int i;

	spin_lock_irqsave(&pen->lock, flags);
	for (i = 0; i < PEN_URBS; i++)
		if (pen->stream.on && __test_and_clear_bit(i, &pen->stream.parked))
			submit(pen, pen->stream.urbs[i]);
	spin_unlock_irqrestore(&pen->lock, flags);
}

int pen_stream_init(struct pen *pen, const struct usb_endpoint_descriptor *ep)
{
	struct pen_stream *stream = &pen->stream;
	void *data;
	int i;

	init_usb_anchor(&stream->flying);
	INIT_DELAYED_WORK(&stream->revive, revive);
	stream->pipe = usb_rcvintpipe(pen->udev, ep->bEndpointAddress);
	stream->interval = ep->bInterval;
	stream->size = usb_endpoint_maxp(ep);
	for (i = 0; i < PEN_URBS; i++) {
		stream->urbs[i] = usb_alloc_urb(0, GFP_KERNEL);
		data = kzalloc(stream->size, GFP_KERNEL);
		if (!stream->urbs[i] || !data) {
			kfree(data);
			return -ENOMEM;
		}
		usb_fill_int_urb(stream->urbs[i], pen->udev, stream->pipe, data, stream->size,
				 complete_packet, pen, stream->interval);
		stream->urbs[i]->transfer_flags |= URB_FREE_BUFFER;
	}
	return 0;
}

void pen_stream_free(struct pen *pen)
{
	int i;

	for (i = 0; i < PEN_URBS; i++)
		usb_free_urb(pen->stream.urbs[i]);
}

/**
 * pen_stream_start() - keep the transfers in flight
 * @pen: in alternate setting 1, none of them in flight
 */
void pen_stream_start(struct pen *pen)
{
	unsigned long flags;
	int i;

	spin_lock_irqsave(&pen->lock, flags);
	pen->stream.on = !pen->dead;
	pen->stream.parked = 0;
	for (i = 0; i < PEN_URBS; i++)
		submit(pen, pen->stream.urbs[i]);
	spin_unlock_irqrestore(&pen->lock, flags);
}

/**
 * pen_stream_stop() - take the transfers back and wait for their end
 * @pen: process context; sleeps
 */
void pen_stream_stop(struct pen *pen)
{
	unsigned long flags;

	spin_lock_irqsave(&pen->lock, flags);
	pen->stream.on = false;
	spin_unlock_irqrestore(&pen->lock, flags);
	usb_kill_anchored_urbs(&pen->stream.flying);
	cancel_delayed_work_sync(&pen->stream.revive);
}
