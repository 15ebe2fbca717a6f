// SPDX-License-Identifier: GPL-2.0-only
/*
 * STOP: it has a URB of its own, made beforehand, and waits for nobody. Whatever request is in
 * flight is taken back, since EP0 is a queue.
 */
#include <linux/ktime.h>
#include <linux/slab.h>

#include "driver/kmod/mnpen.h"

/* A STOP that has been out for so long is sent anew by the next one. */
#define RENEW_AFTER_NS (50 * NSEC_PER_MSEC)

/* With @pen->lock held. */
static void submit(struct pen *pen)
{
	struct pen_stop *stop = &pen->stop;
	int r;

	stop->again = false;
	stop->sent = stop->asked;
	stop->sent_ns = ktime_get_boottime_ns();
	stop->setup->wValue = cpu_to_le16(stop->reason);
	r = usb_submit_urb(stop->urb, GFP_ATOMIC);
	stop->busy = !r;
	if (r) {
		stop->status = r;
		stop->done = stop->sent;
		wake_up_all(&stop->wait);
	}
}

static void complete_stop(struct urb *urb)
{
	struct pen *pen = urb->context;
	struct pen_stop *stop = &pen->stop;
	bool renewed = urb->status == -ECONNRESET;
	unsigned long flags;

	spin_lock_irqsave(&pen->lock, flags);
	stop->busy = false;
	if (!renewed) {
		stop->status = urb->status;
		stop->done = stop->sent;
	}
	if (renewed || stop->again)
		submit(pen);
	spin_unlock_irqrestore(&pen->lock, flags);
	wake_up_all(&stop->wait);
}

int pen_stop_init(struct pen *pen)
{
	struct pen_stop *stop = &pen->stop;

	init_waitqueue_head(&stop->wait);
	/* epoch 0 is what a caller gives who has none */
	stop->asked = 1;
	stop->sent = 1;
	stop->done = 1;
	stop->urb = usb_alloc_urb(0, GFP_KERNEL);
	stop->setup = kzalloc(sizeof(*stop->setup), GFP_KERNEL);
	if (!stop->urb || !stop->setup)
		return -ENOMEM;
	stop->setup->bRequestType = USB_DIR_OUT | USB_TYPE_CLASS | USB_RECIP_INTERFACE;
	stop->setup->bRequest = REQ_STOP;
	usb_fill_control_urb(stop->urb, pen->udev, usb_sndctrlpipe(pen->udev, 0),
			     (unsigned char *)stop->setup, NULL, 0, complete_stop, pen);
	return 0;
}

void pen_stop_free(struct pen *pen)
{
	usb_free_urb(pen->stop.urb);
	kfree(pen->stop.setup);
}

/**
 * pen_stop_locked() - send STOP; what was begun before is not carried out any more
 * @pen: with its lock held
 * @reason: wValue
 *
 * Return: what pen_stop_renew() is to be told once the lock is released.
 */
bool pen_stop_locked(struct pen *pen, u16 reason)
{
	struct pen_stop *stop = &pen->stop;
	u64 now_ns = ktime_get_boottime_ns();
	bool renew = false;

	if (!++stop->asked)
		stop->asked = 1;
	stop->reason = reason;
	guard_disarm(&pen->guard, 0, now_ns);
	if (stop->busy) {
		/* It may have overtaken what this one is to end, so there will be another. */
		stop->again = true;
		renew = now_ns - stop->sent_ns >= RENEW_AFTER_NS;
	} else {
		submit(pen);
	}
	/* Its completion takes no lock of ours. It is taken back behind the STOP's back. */
	usb_unlink_urb(pen->request.urb);
	return renew;
}

/**
 * pen_stop_renew() - take a STOP back that nobody answers, which sends it anew
 * @pen: without its lock
 * @renew: what pen_stop_locked() said
 */
void pen_stop_renew(struct pen *pen, bool renew)
{
	if (renew)
		usb_unlink_urb(pen->stop.urb);
}

/**
 * pen_stop() - send STOP now
 * @pen: any context
 * @reason: wValue
 *
 * Return: the ticket for pen_stop_wait().
 */
u32 pen_stop(struct pen *pen, u16 reason)
{
	unsigned long flags;
	bool renew;
	u32 ticket;

	spin_lock_irqsave(&pen->lock, flags);
	renew = pen_stop_locked(pen, reason);
	ticket = pen->stop.asked;
	spin_unlock_irqrestore(&pen->lock, flags);
	pen_stop_renew(pen, renew);
	return ticket;
}

/**
 * pen_guard_stop_locked() - pen_stop_locked() for a reason of the guard's, which it counts
 * @pen: with its lock held
 * @reason: MNPEN_GUARD_STOP_*
 *
 * Return: as pen_stop_locked().
 */
bool pen_guard_stop_locked(struct pen *pen, u16 reason)
{
	bool renew = pen_stop_locked(pen, reason);

	/* only now: a console may take its time */
	pen->guard_stops++;
	pen->last_reason = reason;
	dev_warn_ratelimited(&pen->intf->dev, "pen stopped: %s\n", pen_reason_name(reason));
	return renew;
}

/**
 * pen_guard_stop() - STOP because of what happens around the pen
 * @pen: any context
 * @reason: MNPEN_GUARD_STOP_*; counted only if the pen was armed or its drive on
 *
 * Return: as pen_stop().
 */
u32 pen_guard_stop(struct pen *pen, u16 reason)
{
	unsigned long flags;
	bool renew;
	u32 ticket;

	spin_lock_irqsave(&pen->lock, flags);
	if (pen->guard.armed || pen->guard.driven)
		renew = pen_guard_stop_locked(pen, reason);
	else
		renew = pen_stop_locked(pen, reason);
	ticket = pen->stop.asked;
	spin_unlock_irqrestore(&pen->lock, flags);
	pen_stop_renew(pen, renew);
	return ticket;
}

/**
 * pen_stop_wait() - wait for the answer to a STOP; no signal ends that
 * @pen: process context
 * @ticket: which
 * @timeout_ms: how long
 *
 * Return: 0; -ETIMEDOUT: it stays on its way; or as pen_errno().
 */
int pen_stop_wait(struct pen *pen, u32 ticket, u32 timeout_ms)
{
	struct pen_stop *stop = &pen->stop;

	if (!wait_event_timeout(stop->wait, (s32)(READ_ONCE(stop->done) - ticket) >= 0,
				msecs_to_jiffies(timeout_ms)))
		return -ETIMEDOUT;
	return pen_errno(READ_ONCE(stop->status));
}
