// SPDX-License-Identifier: GPL-2.0-only
/* ioctls of URBs: what is submitted stays in flight until the device ends it. */
#include <errno.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <stddef.h>
#include <string.h>

#include "tests/bridge/usbfs.h"

#define URB_LENGTH_MAX (16 * 1024 * 1024)

struct urb {
	struct link_transfer transfer; /* first: a transfer is cast to this */
	struct file *file;	       /* NULL = closed, nobody will reap it */
	gulong address;		       /* of the program's struct usbdevfs_urb */
	size_t offset;		       /* of the data in the program's buffer */
	int interface;		       /* whose endpoint it is; -1 = endpoint 0 */
	bool short_not_ok;
	UMockdevIoctlClient *discarder; /* waits in DISCARDURB; with a reference */
	uint8_t data[];
};

/* ---- reaping ---- */

/* Puts the oldest finished URB of @file into the program's memory. */
static int give_back(struct file *file, UMockdevIoctlClient *client)
{
	UMockdevIoctlData *where =
		usbfs_memory(umockdev_ioctl_client_get_arg(client), 0, sizeof(void *));
	g_autofree struct urb *urb = g_queue_pop_head(&file->completed);
	UMockdevIoctlData *memory, *buffer;
	struct usbdevfs_urb *theirs;

	if (--file->usbfs->reapable == 0)
		node_set_ready(&file->usbfs->node, false);
	if (!where)
		return -EFAULT;
	memcpy(where->data, &urb->address, sizeof(urb->address));
	memory = usbfs_memory(where, 0, sizeof(*theirs));
	if (!memory)
		return -EFAULT;
	theirs = (struct usbdevfs_urb *)(void *)memory->data;
	theirs->status = urb->transfer.status;
	theirs->actual_length = (int)urb->transfer.actual;
	theirs->error_count = 0;
	if (!urb->transfer.in || urb->transfer.actual == 0)
		return 0;
	buffer = usbfs_memory(memory, offsetof(struct usbdevfs_urb, buffer),
			      urb->offset + urb->transfer.actual);
	if (!buffer)
		return -EFAULT;
	memcpy(buffer->data + urb->offset, urb->data, urb->transfer.actual);
	return 0;
}

int urb_reap_nodelay(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	if (!g_queue_is_empty(&file->completed))
		return give_back(file, client);
	return usbfs_connected(file) ? -EAGAIN : -ENODEV;
}

int urb_reap(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	int r = urb_reap_nodelay(file, client, argument);

	/* umockdev lets one ioctl of a file through at a time; so nobody else waits here. */
	if (r != -EAGAIN)
		return r;
	file->reaper = g_object_ref(client);
	return USBFS_LATER;
}

static void urb_done(struct link_transfer *transfer)
{
	struct urb *urb = (struct urb *)transfer;
	struct file *file = urb->file;

	if (urb->discarder) {
		usbfs_complete(urb->discarder, 0);
		g_clear_object(&urb->discarder);
	}
	if (!file) {
		g_free(urb);
		return;
	}
	if (urb->short_not_ok && transfer->status == 0 && transfer->actual < transfer->len)
		transfer->status = -EREMOTEIO;
	g_queue_remove(&file->pending, urb);
	g_queue_push_tail(&file->completed, urb);
	if (file->usbfs->reapable++ == 0)
		node_set_ready(&file->usbfs->node, true);
	if (file->reaper) {
		usbfs_complete(file->reaper, give_back(file, file->reaper));
		g_clear_object(&file->reaper);
	}
}

/* ---- submitting ---- */

/* struct usbdevfs_urb counts the setup packet to its buffer. */
static int check_control(struct file *file, const struct usbdevfs_urb *theirs,
			 const uint8_t *buffer, struct usb_setup *ret)
{
	if (theirs->buffer_length < USBIP_SETUP_SIZE)
		return -EINVAL;
	*ret = (struct usb_setup){
		.request_type = buffer[0],
		.request = buffer[1],
		.value = (uint16_t)(buffer[2] | buffer[3] << 8),
		.index = (uint16_t)(buffer[4] | buffer[5] << 8),
		.length = (uint16_t)(buffer[6] | buffer[7] << 8),
	};
	if (theirs->buffer_length < USBIP_SETUP_SIZE + ret->length)
		return -EINVAL;
	return usbfs_check_recipient(file, ret);
}

static int check_data(struct file *file, const struct usbdevfs_urb *theirs,
		      struct device_endpoint *ret)
{
	int r = usbfs_check_endpoint(file, theirs->endpoint);

	if (r < 0)
		return r;
	r = device_find_endpoint(&file->usbfs->device, theirs->endpoint, true, ret);
	if (r < 0)
		return r;
	/* A "bulk" transfer of an interrupt endpoint is taken as what it is. */
	if (theirs->type == USBDEVFS_URB_TYPE_BULK)
		return ret->type == USB_ENDPOINT_XFER_BULK || ret->type == USB_ENDPOINT_XFER_INT
			       ? 0
			       : -EINVAL;
	if (theirs->type == USBDEVFS_URB_TYPE_INTERRUPT)
		return ret->type == USB_ENDPOINT_XFER_INT ? 0 : -EINVAL;
	return -EINVAL;
}

static struct urb *new_urb(struct file *file, gulong address, const struct usbdevfs_urb *theirs,
			   size_t len)
{
	struct urb *urb = g_malloc0(sizeof(*urb) + len);

	urb->file = file;
	urb->address = address;
	urb->interface = -1;
	urb->short_not_ok = theirs->flags & USBDEVFS_URB_SHORT_NOT_OK;
	urb->transfer.data = urb->data;
	urb->transfer.len = (uint32_t)len;
	urb->transfer.done = urb_done;
	return urb;
}

static void take_off(struct urb *urb)
{
	g_queue_push_tail(&urb->file->pending, urb);
	urb->file->usbfs->urbs++;
	link_submit(&urb->file->usbfs->device.link, &urb->transfer);
}

static int submit_control(struct file *file, UMockdevIoctlData *memory, gulong address)
{
	const struct usbdevfs_urb *theirs = (const void *)memory->data;
	const UMockdevIoctlData *buffer = usbfs_memory(
		memory, offsetof(struct usbdevfs_urb, buffer), (size_t)theirs->buffer_length);
	struct usb_setup setup;
	struct urb *urb;
	int r;

	if (!buffer)
		return theirs->buffer_length < USBIP_SETUP_SIZE ? -EINVAL : -EFAULT;
	r = check_control(file, theirs, buffer->data, &setup);
	if (r < 0)
		return r;
	urb = new_urb(file, address, theirs, setup.length);
	urb->offset = USBIP_SETUP_SIZE;
	urb->transfer.setup = setup;
	urb->transfer.in = setup.request_type & USB_DIR_IN;
	if (!urb->transfer.in)
		memcpy(urb->data, buffer->data + USBIP_SETUP_SIZE, setup.length);
	take_off(urb);
	return 0;
}

static int submit_data(struct file *file, UMockdevIoctlData *memory, gulong address)
{
	const struct usbdevfs_urb *theirs = (const void *)memory->data;
	size_t len = (size_t)theirs->buffer_length;
	const UMockdevIoctlData *buffer = NULL;
	struct device_endpoint endpoint;
	struct urb *urb;
	int r = check_data(file, theirs, &endpoint);

	if (r < 0)
		return r;
	if (!(endpoint.address & USB_DIR_IN) && len > 0) {
		buffer = usbfs_memory(memory, offsetof(struct usbdevfs_urb, buffer), len);
		if (!buffer)
			return -EFAULT;
	}
	urb = new_urb(file, address, theirs, len);
	urb->interface = endpoint.interface;
	urb->transfer.endpoint = endpoint.address & USB_ENDPOINT_NUMBER_MASK;
	urb->transfer.in = endpoint.address & USB_DIR_IN;
	urb->transfer.interval = device_interval(&file->usbfs->device, &endpoint);
	if (buffer)
		memcpy(urb->data, buffer->data, len);
	take_off(urb);
	return 0;
}

int urb_submit(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	UMockdevIoctlData *memory =
		usbfs_memory(umockdev_ioctl_client_get_arg(client), 0, sizeof(struct usbdevfs_urb));
	const struct usbdevfs_urb *theirs = argument;

	if (theirs->buffer_length < 0 || theirs->buffer_length > URB_LENGTH_MAX ||
	    (theirs->buffer_length > 0 && !theirs->buffer))
		return -EINVAL;
	if (theirs->type == USBDEVFS_URB_TYPE_CONTROL && (theirs->endpoint & ~USB_DIR_IN) == 0)
		return submit_control(file, memory, memory->client_addr);
	return submit_data(file, memory, memory->client_addr);
}

/* ---- ending ---- */

int urb_discard(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	gulong address;

	memcpy(&address, umockdev_ioctl_client_get_arg(client)->data, sizeof(address));
	for (GList *l = file->pending.head; l; l = l->next) {
		struct urb *urb = l->data;

		if (urb->address != address)
			continue;
		/* When the program goes on, the URB is to be reaped. */
		g_set_object(&urb->discarder, client);
		link_cancel(&file->usbfs->device.link, &urb->transfer);
		return USBFS_LATER;
	}
	return -EINVAL;
}

void urb_kill(struct file *file, int interface)
{
	for (GList *l = file->pending.head; l; l = l->next) {
		struct urb *urb = l->data;

		if (interface < 0 || urb->interface == interface)
			link_cancel(&file->usbfs->device.link, &urb->transfer);
	}
}

void urb_forget(struct file *file)
{
	struct urb *urb;

	urb_kill(file, -1);
	while ((urb = g_queue_pop_head(&file->pending)))
		urb->file = NULL;
	while ((urb = g_queue_pop_head(&file->completed))) {
		g_free(urb);
		if (--file->usbfs->reapable == 0)
			node_set_ready(&file->usbfs->node, false);
	}
	g_clear_object(&file->reaper);
}
