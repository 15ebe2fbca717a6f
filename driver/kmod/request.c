// SPDX-License-Identifier: GPL-2.0-only
/* Requests on EP0 other than STOP, one at a time. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "driver/kmod/mnpen.h"

#define DEVICE_LOCK_MS 1000 /* for which it is tried to get */
#define DEVICE_LOCK_LOOK_MS 15

/* Takes no lock: pen_stop_locked() takes the request back with the pen's lock held. */
static void complete_request(struct urb *urb)
{
	struct pen *pen = urb->context;

	complete(&pen->request.done);
}

int pen_request_init(struct pen *pen)
{
	struct pen_request *request = &pen->request;

	init_completion(&request->done);
	request->urb = usb_alloc_urb(0, GFP_KERNEL);
	request->setup = kzalloc(sizeof(*request->setup), GFP_KERNEL);
	request->data = kzalloc(PEN_RECORD_MAX, GFP_KERNEL);
	return request->urb && request->setup && request->data ? 0 : -ENOMEM;
}

void pen_request_free(struct pen *pen)
{
	usb_free_urb(pen->request.urb);
	kfree(pen->request.setup);
	kfree(pen->request.data);
}

/**
 * pen_epoch() - the stop epoch, for struct pen_order
 * @pen: any context
 *
 * Return: what each STOP counts up; never 0.
 */
u32 pen_epoch(struct pen *pen)
{
	return READ_ONCE(pen->stop.asked);
}

static void fill(struct pen *pen, const struct pen_order *order, const void *data)
{
	struct pen_request *request = &pen->request;
	bool in = order->type & USB_DIR_IN;

	request->setup->bRequestType = order->type;
	request->setup->bRequest = order->request;
	request->setup->wValue = cpu_to_le16(order->value);
	request->setup->wLength = cpu_to_le16(order->len);
	if (!in && order->len)
		memcpy(request->data, data, order->len);
	usb_fill_control_urb(request->urb, pen->udev,
			     in ? usb_rcvctrlpipe(pen->udev, 0) : usb_sndctrlpipe(pen->udev, 0),
			     (unsigned char *)request->setup, request->data, order->len,
			     complete_request, pen);
}

/* Under the lock, so that a STOP either comes first or finds a request to take back. */
static int submit(struct pen *pen, u32 epoch)
{
	unsigned long flags;
	int r;

	reinit_completion(&pen->request.done);
	spin_lock_irqsave(&pen->lock, flags);
	if (pen->dead)
		r = -ENODEV;
	else if (pen->stop.asked != epoch)
		r = -ECANCELED;
	else
		r = pen_errno(usb_submit_urb(pen->request.urb, GFP_ATOMIC));
	spin_unlock_irqrestore(&pen->lock, flags);
	return r;
}

static int wait_for(struct pen_request *request, const struct pen_order *order)
{
	long left = msecs_to_jiffies(order->timeout_ms);

	if (order->exiting)
		left = wait_for_completion_timeout(&request->done, left);
	else
		left = wait_for_completion_killable_timeout(&request->done, left);
	if (left > 0)
		return pen_errno(request->urb->status);
	usb_kill_urb(request->urb);
	if (request->urb->status == -ENOENT)
		return left ? -EINTR : -ETIMEDOUT;
	return pen_errno(request->urb->status);
}

/**
 * pen_request() - carry out one request
 * @pen: with its request_lock held
 * @order: what
 * @data: of @order->len bytes; what came in, if it came
 *
 * Return: 0, -EPIPE refused, -ETIMEDOUT, -ECANCELED by a STOP, -EPROTO, -ENODEV; -EINTR the caller
 * is being killed.
 */
int pen_request(struct pen *pen, const struct pen_order *order, void *data)
{
	int r;

	fill(pen, order, data);
	r = submit(pen, order->epoch);
	if (r)
		return r;
	r = wait_for(&pen->request, order);
	if (r)
		return r;
	if (pen->request.urb->actual_length != order->len)
		return -EPROTO;
	if (order->type & USB_DIR_IN)
		memcpy(data, pen->request.data, order->len);
	return 0;
}

static bool is_gone(struct pen *pen)
{
	return pen->udev->state == USB_STATE_NOTATTACHED || READ_ONCE(pen->dead) ||
	       pen->intf->condition == USB_INTERFACE_UNBINDING ||
	       pen->intf->condition == USB_INTERFACE_UNBOUND;
}

/**
 * pen_lock_device() - take the lock of the USB device, which must be held to change its alternate
 * setting or to reset it: the core takes the setting's endpoints down under it, before it unbinds
 * @pen: without its request_lock; with its open_lock or without
 * @exiting: the caller may be a process that is being killed, and still has to wait
 *
 * Only tries, for 1 s: who has that lock may wait for one of the pen's, to unbind. Give it back
 * with usb_unlock_device().
 *
 * Return: 0, -ETIMEDOUT, -ENODEV; -EINTR the caller is being killed.
 */
int pen_lock_device(struct pen *pen, bool exiting)
{
	unsigned long end = jiffies + msecs_to_jiffies(DEVICE_LOCK_MS);

	while (!usb_trylock_device(pen->udev)) {
		if (is_gone(pen))
			return -ENODEV;
		if (!exiting && fatal_signal_pending(current))
			return -EINTR;
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		msleep(DEVICE_LOCK_LOOK_MS);
	}
	if (!is_gone(pen) && pen->udev->state != USB_STATE_SUSPENDED)
		return 0;
	usb_unlock_device(pen->udev);
	return -ENODEV;
}

/**
 * pen_set_alt() - put interface 0 into an alternate setting, which ends ARMED and RUNNING
 * @pen: with the lock of its USB device held, and its request_lock
 * @alt: PEN_ALT_*
 * @base: timeout_ms, epoch and exiting are taken from it
 *
 * usb_set_interface() gives a pen that does not answer 5 s. So the pen gets the request from here
 * first, in the time that it has; then the core may do it, which knows of the endpoints.
 *
 * Return: as pen_request().
 */
int pen_set_alt(struct pen *pen, u8 alt, const struct pen_order *base)
{
	struct pen_order order = {
		.type = USB_DIR_OUT | USB_TYPE_STANDARD | USB_RECIP_INTERFACE,
		.request = USB_REQ_SET_INTERFACE,
		.value = alt,
		.timeout_ms = base->timeout_ms,
		.epoch = base->epoch,
		.exiting = base->exiting,
	};
	unsigned long flags;
	int r;

	if (alt == PEN_ALT_WORK)
		pen->unsure = true;
	r = pen_request(pen, &order, NULL);
	if (r)
		return r;
	pen_stream_stop(pen);
	r = pen_errno(usb_set_interface(pen->udev, 0, alt));
	spin_lock_irqsave(&pen->lock, flags);
	guard_disarm(&pen->guard, 0, ktime_get_boottime_ns());
	pen->working = !r && alt == PEN_ALT_WORK;
	if (!r && alt == PEN_ALT_REST)
		pen->unsure = false;
	spin_unlock_irqrestore(&pen->lock, flags);
	if (pen->working)
		pen_stream_start(pen);
	return r;
}
