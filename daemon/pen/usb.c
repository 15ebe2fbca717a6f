// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pens of this machine, over libusb or over the kernel guard: one place for both, since it is the
 * same pen. A file of its own: what does without them does without libusb.
 */
#include "driver/host/usb.h"

#include "daemon/pen/parts.h"
#include "driver/host/chardev.h"

int pen_new_usb(struct pen **ret, sd_event *event, const struct pen_hooks *hooks, void *userdata)
{
	struct pen *pen;
	int r = pen_new(&pen, event, hooks, userdata);

	if (r < 0)
		return r;
	r = host_usb_new(&pen->usb, event, &pen_callbacks, pen);
	if (r < 0) {
		pen_free(pen);
		return r;
	}
	pen->host = pen->ep0.host = pen->usb;
	*ret = pen;
	return 0;
}

static void use(struct pen *pen, struct host *host)
{
	pen->host = pen->ep0.host = host;
}

void pen_usb_plug(struct pen *pen, const char *node)
{
	use(pen, pen->usb);
	host_usb_plug(pen->host, node);
}

int pen_chardev_plug(struct pen *pen, const char *node)
{
	int r = 0;

	/* Most machines have no guard, and so no threads for it. */
	if (!pen->chardev)
		r = host_chardev_new(&pen->chardev, pen->event, &pen_callbacks, pen);
	if (r < 0)
		return r;
	use(pen, pen->chardev);
	host_chardev_plug(pen->host, node);
	return 0;
}

void pen_usb_unplug(struct pen *pen)
{
	if (pen->host == pen->chardev)
		host_chardev_unplug(pen->host);
	else
		host_usb_unplug(pen->host);
}

void pen_usb_hand_over(struct pen *pen)
{
	host_usb_hand_over(pen->usb);
}

bool pen_usb_empty(const struct pen *pen)
{
	return pen->usb && host_usb_empty(pen->usb) &&
	       (!pen->chardev || host_chardev_empty(pen->chardev));
}
