// SPDX-License-Identifier: GPL-2.0-only
/* ioctls that wait for one transfer. */
#include <errno.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <stddef.h>
#include <string.h>

#include "tests/bridge/usbfs.h"

#define CONTROL_LENGTH_MAX 4096 /* a page, as in usbfs */
#define BULK_LENGTH_MAX (16 * 1024 * 1024)
#define SET_TIMEOUT_MS 5000

struct request {
	struct link_transfer transfer; /* first: a transfer is cast to this */
	struct usbfs *usbfs;
	UMockdevIoctlClient *client; /* with a reference; NULL = nobody waits */
	size_t pointer_offset;	     /* of the pointer to the data in the ioctl's argument */
	size_t argument_size;
	guint timer;
	bool timed_out;
	uint8_t data[];
};

static struct request *new_request(struct usbfs *usbfs, UMockdevIoctlClient *client, size_t len)
{
	struct request *request = g_malloc0(sizeof(*request) + len);

	request->usbfs = usbfs;
	request->client = client ? g_object_ref(client) : NULL;
	request->transfer.data = request->data;
	request->transfer.len = (uint32_t)len;
	return request;
}

static void free_request(struct request *request)
{
	if (request->timer != 0)
		g_source_remove(request->timer);
	g_clear_object(&request->client);
	g_free(request);
}

static int result_of(const struct request *request)
{
	int status = request->transfer.status;

	if (request->timed_out && status == -ENOENT)
		return -ETIMEDOUT;
	return status == -ESHUTDOWN ? -ENODEV : status;
}

static void end(struct request *request, int result)
{
	if (request->client)
		usbfs_complete(request->client, result);
	free_request(request);
}

static gboolean on_timeout(void *userdata)
{
	struct request *request = userdata;

	request->timer = 0;
	request->timed_out = true;
	link_cancel(&request->usbfs->device.link, &request->transfer);
	return G_SOURCE_REMOVE;
}

static int start(struct request *request, unsigned int timeout_ms,
		 void (*done)(struct link_transfer *transfer))
{
	if (timeout_ms > 0)
		request->timer = g_timeout_add(timeout_ms, on_timeout, request);
	request->transfer.done = done;
	link_submit(&request->usbfs->device.link, &request->transfer);
	return USBFS_LATER;
}

/* ---- control and bulk: data that comes in is put where the program wants it ---- */

static void data_done(struct link_transfer *transfer)
{
	struct request *request = (struct request *)transfer;
	int result = result_of(request);

	if (result == 0) {
		result = (int)transfer->actual;
		if (transfer->in && transfer->actual > 0) {
			UMockdevIoctlData *argument =
				usbfs_memory(umockdev_ioctl_client_get_arg(request->client), 0,
					     request->argument_size);
			UMockdevIoctlData *memory =
				usbfs_memory(argument, request->pointer_offset, transfer->actual);

			if (memory)
				memcpy(memory->data, request->data, transfer->actual);
			else
				result = -EFAULT;
		}
	}
	end(request, result);
}

/* Data that goes out is fetched before the program goes on. */
static int start_data(struct request *request, size_t argument_size, size_t pointer_offset,
		      unsigned int timeout_ms)
{
	request->argument_size = argument_size;
	request->pointer_offset = pointer_offset;
	if (!request->transfer.in && request->transfer.len > 0) {
		UMockdevIoctlData *argument = usbfs_memory(
			umockdev_ioctl_client_get_arg(request->client), 0, argument_size);
		UMockdevIoctlData *memory =
			usbfs_memory(argument, pointer_offset, request->transfer.len);

		if (!memory) {
			free_request(request);
			return -EFAULT;
		}
		memcpy(request->data, memory->data, request->transfer.len);
	}
	return start(request, timeout_ms, data_done);
}

int request_control(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	const struct usbdevfs_ctrltransfer *control = argument;
	const struct usb_setup setup = {
		.request_type = control->bRequestType,
		.request = control->bRequest,
		.value = control->wValue,
		.index = control->wIndex,
		.length = control->wLength,
	};
	struct request *request;
	int r = usbfs_check_recipient(file, &setup);

	if (r < 0)
		return r;
	if (setup.length > CONTROL_LENGTH_MAX)
		return -EINVAL;
	request = new_request(file->usbfs, client, setup.length);
	request->transfer.in = setup.request_type & USB_DIR_IN;
	request->transfer.setup = setup;
	return start_data(request, sizeof(*control), offsetof(struct usbdevfs_ctrltransfer, data),
			  control->timeout);
}

int request_bulk(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	const struct usbdevfs_bulktransfer *bulk = argument;
	struct device_endpoint endpoint;
	struct request *request;
	int r = usbfs_check_endpoint(file, (uint8_t)bulk->ep);

	if (r < 0)
		return r;
	if (device_find_endpoint(&file->usbfs->device, (uint8_t)bulk->ep, true, &endpoint) < 0)
		return -ENOENT;
	if (bulk->len > BULK_LENGTH_MAX)
		return -EINVAL;
	request = new_request(file->usbfs, client, bulk->len);
	request->transfer.endpoint = bulk->ep & USB_ENDPOINT_NUMBER_MASK;
	request->transfer.in = bulk->ep & USB_DIR_IN;
	request->transfer.interval = device_interval(&file->usbfs->device, &endpoint);
	return start_data(request, sizeof(*bulk), offsetof(struct usbdevfs_bulktransfer, data),
			  bulk->timeout);
}

/* ---- settings: what the device took is in force ---- */

static void set_interface_done(struct link_transfer *transfer)
{
	struct request *request = (struct request *)transfer;
	struct usbfs *usbfs = request->usbfs;
	int result = result_of(request);

	if (result == 0) {
		usbfs->device.interfaces[transfer->setup.index].alt =
			(uint8_t)transfer->setup.value;
		node_show(&usbfs->node, &usbfs->device);
	}
	end(request, result);
}

static int start_set_interface(struct request *request, uint8_t interface, uint8_t alt)
{
	request->transfer.setup = (struct usb_setup){
		.request_type = USB_RECIP_INTERFACE,
		.request = USB_REQ_SET_INTERFACE,
		.value = alt,
		.index = interface,
	};
	return start(request, SET_TIMEOUT_MS, set_interface_done);
}

int request_set_interface(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	const struct usbdevfs_setinterface *setting = argument;
	int r = usbfs_check_interface(file, setting->interface);

	if (r < 0)
		return r;
	if (setting->altsetting > UINT8_MAX ||
	    !device_has_setting(&file->usbfs->device, (uint8_t)setting->interface,
				(uint8_t)setting->altsetting))
		return -EINVAL;
	urb_kill(file, (int)setting->interface);
	return start_set_interface(new_request(file->usbfs, client, 0), (uint8_t)setting->interface,
				   (uint8_t)setting->altsetting);
}

void request_rest(struct usbfs *usbfs, uint8_t interface)
{
	/* In force before it is confirmed: no new owner shall see the old setting. */
	usbfs->device.interfaces[interface].alt = 0;
	start_set_interface(new_request(usbfs, NULL, 0), interface, 0);
}

static void set_configuration_done(struct link_transfer *transfer)
{
	struct request *request = (struct request *)transfer;
	struct usbfs *usbfs = request->usbfs;
	int result = result_of(request);

	if (result == 0) {
		device_configured(&usbfs->device, (uint8_t)transfer->setup.value);
		node_show(&usbfs->node, &usbfs->device);
	}
	end(request, result);
}

int request_set_configuration(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	const struct device *device = &file->usbfs->device;
	unsigned int value = *(const unsigned int *)argument;
	struct request *request;
	size_t len;

	for (unsigned int i = 0; i < DEVICE_INTERFACES; i++)
		if (device->interfaces[i].owner)
			return -EBUSY;
	if (value == UINT_MAX)
		value = 0;
	if (value > UINT8_MAX || (value > 0 && !device_config(device, (uint8_t)value, &len)))
		return -EINVAL;
	request = new_request(file->usbfs, client, 0);
	request->transfer.setup = (struct usb_setup){
		.request = USB_REQ_SET_CONFIGURATION,
		.value = (uint16_t)value,
	};
	return start(request, SET_TIMEOUT_MS, set_configuration_done);
}

static void plain_done(struct link_transfer *transfer)
{
	struct request *request = (struct request *)transfer;

	end(request, result_of(request));
}

int request_clear_halt(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	unsigned int address = *(const unsigned int *)argument;
	struct request *request;
	int r = usbfs_check_endpoint(file, (uint8_t)address);

	if (r < 0)
		return r;
	request = new_request(file->usbfs, client, 0);
	request->transfer.setup = (struct usb_setup){
		.request_type = USB_RECIP_ENDPOINT,
		.request = USB_REQ_CLEAR_FEATURE,
		.value = USB_ENDPOINT_HALT,
		.index = (uint16_t)address,
	};
	return start(request, SET_TIMEOUT_MS, plain_done);
}
