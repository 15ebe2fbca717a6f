// SPDX-License-Identifier: GPL-2.0-only
/* Who may use which interface. A program that uses one unasked claims it, if nobody has it. */
#include <errno.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "tests/bridge/usbfs.h"

#define USBFS_DRIVER "usbfs"

static struct device_interface *find_interface(struct file *file, unsigned int number)
{
	struct device_interface *interface;

	if (number >= DEVICE_INTERFACES)
		return NULL;
	interface = &file->usbfs->device.interfaces[number];
	return interface->there ? interface : NULL;
}

static int claim(struct file *file, unsigned int number)
{
	struct device_interface *interface = find_interface(file, number);

	if (number >= DEVICE_INTERFACES)
		return -EINVAL;
	if (!interface)
		return -ENOENT;
	if (interface->owner && interface->owner != file)
		return -EBUSY;
	interface->owner = file;
	return 0;
}

void claim_drop(struct usbfs *usbfs, unsigned int number)
{
	struct device_interface *interface = &usbfs->device.interfaces[number];
	const struct file *owner = interface->owner;
	GHashTableIter iter;
	void *file;

	interface->owner = NULL;
	g_hash_table_iter_init(&iter, usbfs->files);
	while (g_hash_table_iter_next(&iter, NULL, &file))
		if (file == owner)
			urb_kill(file, (int)number);
	if (interface->alt != 0)
		request_rest(usbfs, (uint8_t)number);
}

int usbfs_check_interface(struct file *file, unsigned int number)
{
	if (file->usbfs->device.configuration == 0)
		return -EHOSTUNREACH;
	return claim(file, number);
}

int usbfs_check_endpoint(struct file *file, uint8_t address)
{
	struct device_endpoint endpoint;

	if (address & ~(USB_DIR_IN | USB_ENDPOINT_NUMBER_MASK))
		return -EINVAL;
	if (file->usbfs->device.configuration == 0)
		return -ESRCH;
	if (device_find_endpoint(&file->usbfs->device, address, false, &endpoint) < 0)
		return -ENOENT;
	return usbfs_check_interface(file, endpoint.interface);
}

int usbfs_check_recipient(struct file *file, const struct usb_setup *setup)
{
	uint8_t index = (uint8_t)setup->index;

	if ((setup->request_type & USB_TYPE_MASK) == USB_TYPE_VENDOR)
		return 0;
	switch (setup->request_type & USB_RECIP_MASK) {
	case USB_RECIP_ENDPOINT:
		if ((index & ~USB_DIR_IN) == 0)
			return 0;
		return usbfs_check_endpoint(file, index);
	case USB_RECIP_INTERFACE:
		return usbfs_check_interface(file, index);
	}
	return 0;
}

/* ---- ioctls ---- */

int claim_get_driver(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	struct usbdevfs_getdriver *driver = argument;
	const struct device_interface *interface = find_interface(file, driver->interface);

	if (!interface || !interface->owner)
		return -ENODATA;
	snprintf(driver->driver, sizeof(driver->driver), USBFS_DRIVER);
	return 0;
}

int claim_take(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	return claim(file, *(const unsigned int *)argument);
}

int claim_release(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	unsigned int number = *(const unsigned int *)argument;
	const struct device_interface *interface = find_interface(file, number);

	if (!interface)
		return -ENOENT;
	if (interface->owner != file)
		return -EINVAL;
	claim_drop(file->usbfs, number);
	return 0;
}

int claim_pass_ioctl(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	const struct usbdevfs_ioctl *request = argument;
	const struct device_interface *interface =
		find_interface(file, (unsigned int)request->ifno);

	if (!interface)
		return -EINVAL;
	if (request->ioctl_code == (int)USBDEVFS_CONNECT)
		return interface->owner ? -EBUSY : 0;
	if (request->ioctl_code != (int)USBDEVFS_DISCONNECT)
		return -ENOTTY;
	if (!interface->owner)
		return -ENODATA;
	claim_drop(file->usbfs, (unsigned int)request->ifno);
	return 0;
}

int claim_disconnect(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	const struct usbdevfs_disconnect_claim *request = argument;
	const struct device_interface *interface = find_interface(file, request->interface);
	bool named;

	if (!interface)
		return -EINVAL;
	if (interface->owner) {
		named = strncmp(request->driver, USBFS_DRIVER, sizeof(request->driver)) == 0;
		if (request->flags & USBDEVFS_DISCONNECT_CLAIM_IF_DRIVER && !named)
			return -EBUSY;
		if (request->flags & USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER && named)
			return -EBUSY;
		claim_drop(file->usbfs, request->interface);
	}
	return claim(file, request->interface);
}
