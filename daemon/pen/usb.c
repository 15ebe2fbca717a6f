// SPDX-License-Identifier: GPL-2.0-only
/* Pens over USB. A file of its own: what does without them does without libusb. */
#include "driver/host/usb.h"

#include "daemon/pen/parts.h"

int pen_new_usb(struct pen **ret, sd_event *event, const struct pen_hooks *hooks, void *userdata)
{
	struct pen *pen;
	int r = pen_new(&pen, event, hooks, userdata);

	if (r < 0)
		return r;
	r = host_usb_new(&pen->host, event, &pen_callbacks, pen);
	if (r < 0) {
		pen_free(pen);
		return r;
	}
	pen->ep0.host = pen->host;
	pen->usb = true;
	*ret = pen;
	return 0;
}

void pen_usb_plug(struct pen *pen, const char *node)
{
	host_usb_plug(pen->host, node);
}

void pen_usb_unplug(struct pen *pen)
{
	host_usb_unplug(pen->host);
}

bool pen_usb_empty(const struct pen *pen)
{
	return pen->usb && host_usb_empty(pen->host);
}
