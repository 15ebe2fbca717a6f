// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bridge/usbfs.h"

#include <errno.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* ---- memory of programs ---- */

void usbfs_complete(UMockdevIoctlClient *client, int result)
{
	umockdev_ioctl_client_complete(client, result < 0 ? -1 : result, result < 0 ? -result : 0);
}

UMockdevIoctlData *usbfs_memory(UMockdevIoctlData *data, size_t offset, size_t size)
{
	UMockdevIoctlData *memory = umockdev_ioctl_data_resolve(data, offset, size, NULL);

	/* Its parent keeps it until the ioctl is complete. */
	if (memory)
		g_object_unref(memory);
	return memory;
}

void *usbfs_argument(UMockdevIoctlClient *client, size_t size)
{
	UMockdevIoctlData *memory = usbfs_memory(umockdev_ioctl_client_get_arg(client), 0, size);

	return memory ? memory->data : NULL;
}

bool usbfs_connected(const struct file *file)
{
	return file->device_number != 0 && file->device_number == file->usbfs->device.number;
}

/* ---- ioctls that are done at once ---- */

static int get_capabilities(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	*(uint32_t *)argument = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
				USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
	return 0;
}

static int get_speed(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	return (int)file->usbfs->device.link.import.speed;
}

static int get_connect_info(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	struct usbdevfs_connectinfo *info = argument;

	info->devnum = file->usbfs->device.number;
	info->slow = 0;
	return 0;
}

/* A reset takes every claim, as that of the kernel does. */
static int reset(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	struct usbfs *usbfs = file->usbfs;
	int r;

	for (unsigned int i = 0; i < DEVICE_INTERFACES; i++)
		if (usbfs->device.interfaces[i].owner)
			claim_drop(usbfs, i);
	r = device_reset(&usbfs->device);
	if (r < 0)
		usbfs_gone(usbfs);
	else
		node_show(&usbfs->node, &usbfs->device);
	return r;
}

static int reset_endpoint(struct file *file, UMockdevIoctlClient *client, void *argument)
{
	return usbfs_check_endpoint(file, (uint8_t) * (const unsigned int *)argument);
}

static const struct usbfs_ioctl {
	unsigned long request;
	size_t size; /* of what the argument points to, 0 = it is no pointer */
	int (*run)(struct file *file, UMockdevIoctlClient *client, void *argument);
} ioctls[] = {
	{USBDEVFS_CONTROL, sizeof(struct usbdevfs_ctrltransfer), request_control},
	{USBDEVFS_BULK, sizeof(struct usbdevfs_bulktransfer), request_bulk},
	{USBDEVFS_RESETEP, sizeof(unsigned int), reset_endpoint},
	{USBDEVFS_SETINTERFACE, sizeof(struct usbdevfs_setinterface), request_set_interface},
	{USBDEVFS_SETCONFIGURATION, sizeof(unsigned int), request_set_configuration},
	{USBDEVFS_GETDRIVER, sizeof(struct usbdevfs_getdriver), claim_get_driver},
	{USBDEVFS_SUBMITURB, sizeof(struct usbdevfs_urb), urb_submit},
	{USBDEVFS_DISCARDURB, 0, urb_discard},
	{USBDEVFS_REAPURB, sizeof(void *), urb_reap},
	{USBDEVFS_REAPURBNDELAY, sizeof(void *), urb_reap_nodelay},
	{USBDEVFS_CLAIMINTERFACE, sizeof(unsigned int), claim_take},
	{USBDEVFS_RELEASEINTERFACE, sizeof(unsigned int), claim_release},
	{USBDEVFS_CONNECTINFO, sizeof(struct usbdevfs_connectinfo), get_connect_info},
	{USBDEVFS_IOCTL, sizeof(struct usbdevfs_ioctl), claim_pass_ioctl},
	{USBDEVFS_RESET, 0, reset},
	{USBDEVFS_CLEAR_HALT, sizeof(unsigned int), request_clear_halt},
	{USBDEVFS_GET_CAPABILITIES, sizeof(uint32_t), get_capabilities},
	{USBDEVFS_DISCONNECT_CLAIM, sizeof(struct usbdevfs_disconnect_claim), claim_disconnect},
	{USBDEVFS_GET_SPEED, 0, get_speed},
};

static int run_ioctl(struct file *file, UMockdevIoctlClient *client)
{
	unsigned long request = umockdev_ioctl_client_get_request(client);

	for (size_t i = 0; i < G_N_ELEMENTS(ioctls); i++) {
		void *argument = NULL;

		if (ioctls[i].request != request)
			continue;
		if (!usbfs_connected(file) && request != USBDEVFS_REAPURB &&
		    request != USBDEVFS_REAPURBNDELAY)
			return -ENODEV;
		if (ioctls[i].size > 0) {
			argument = usbfs_argument(client, ioctls[i].size);
			if (!argument)
				return -EFAULT;
		}
		return ioctls[i].run(file, client, argument);
	}
	return usbfs_connected(file) ? -ENOTTY : -ENODEV;
}

/* ---- open files; what follows runs in the main loop, the handlers below in umockdev's ---- */

struct event {
	struct usbfs *usbfs;
	UMockdevIoctlClient *client;
	int (*run)(struct file *file, UMockdevIoctlClient *client);
};

static gboolean forget_file(void *userdata)
{
	const struct event *event = userdata;
	struct usbfs *usbfs = event->usbfs;
	struct file *file = g_hash_table_lookup(usbfs->files, event->client);

	if (!file)
		return G_SOURCE_REMOVE;
	urb_forget(file);
	for (unsigned int i = 0; i < DEVICE_INTERFACES && usbfs_connected(file); i++)
		if (usbfs->device.interfaces[i].owner == file)
			claim_drop(usbfs, i);
	g_hash_table_remove(usbfs->files, event->client);
	return G_SOURCE_REMOVE;
}

/* There is no word of a close but that nobody has the client any more. */
static void on_closed(void *userdata, GObject *client)
{
	struct event *event = g_new0(struct event, 1);

	event->usbfs = userdata;
	event->client = (UMockdevIoctlClient *)client;
	g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, forget_file, event, g_free);
}

static struct file *get_file(struct usbfs *usbfs, UMockdevIoctlClient *client)
{
	struct file *file = g_hash_table_lookup(usbfs->files, client);

	if (!file) {
		file = g_new0(struct file, 1);
		file->usbfs = usbfs;
		/* "/dev/bus/usb/001/NNN" */
		file->device_number = (unsigned int)strtoul(
			strrchr(umockdev_ioctl_client_get_devnode(client), '/') + 1, NULL, 10);
		g_hash_table_insert(usbfs->files, client, file);
		g_object_weak_ref(G_OBJECT(client), on_closed, usbfs);
	}
	return file;
}

static int run_read(struct file *file, UMockdevIoctlClient *client)
{
	UMockdevIoctlData *buffer = umockdev_ioctl_client_get_arg(client);
	const GByteArray *all = file->usbfs->device.descriptors;
	size_t len;

	if (!usbfs_connected(file))
		return -ENODEV;
	len = MIN((size_t)buffer->data_len, all->len - file->position);
	if (len > 0)
		memcpy(buffer->data, all->data + file->position, len);
	file->position += len;
	return (int)len;
}

static int run_write(struct file *file, UMockdevIoctlClient *client)
{
	return -EINVAL;
}

static gboolean run_event(void *userdata)
{
	const struct event *event = userdata;
	int r = event->run(get_file(event->usbfs, event->client), event->client);

	if (r != USBFS_LATER)
		usbfs_complete(event->client, r);
	return G_SOURCE_REMOVE;
}

static void free_event(void *userdata)
{
	struct event *event = userdata;

	g_object_unref(event->client);
	g_free(event);
}

static gboolean post(struct usbfs *usbfs, UMockdevIoctlClient *client,
		     int (*run)(struct file *file, UMockdevIoctlClient *client))
{
	struct event *event = g_new0(struct event, 1);

	event->usbfs = usbfs;
	event->client = g_object_ref(client);
	event->run = run;
	g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, run_event, event, free_event);
	return TRUE;
}

static gboolean on_ioctl(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *userdata)
{
	return post(userdata, client, run_ioctl);
}

static gboolean on_read(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *userdata)
{
	return post(userdata, client, run_read);
}

static gboolean on_write(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *userdata)
{
	return post(userdata, client, run_write);
}

void usbfs_connect(struct usbfs *usbfs, UMockdevIoctlBase *handler)
{
	usbfs->files = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	g_signal_connect(handler, "handle-ioctl", G_CALLBACK(on_ioctl), usbfs);
	g_signal_connect(handler, "handle-read", G_CALLBACK(on_read), usbfs);
	g_signal_connect(handler, "handle-write", G_CALLBACK(on_write), usbfs);
}

bool usbfs_quiet(const struct usbfs *usbfs)
{
	return g_hash_table_size(usbfs->files) == 0 && usbfs->device.link.flying.length == 0;
}

void usbfs_gone(struct usbfs *usbfs)
{
	GHashTableIter iter;
	void *value;

	usbfs->device.number = 0;
	link_close(&usbfs->device.link);
	node_unplug(&usbfs->node);
	g_hash_table_iter_init(&iter, usbfs->files);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct file *file = value;

		if (file->reaper) {
			usbfs_complete(file->reaper, -ENODEV);
			g_clear_object(&file->reaper);
		}
	}
}

void usbfs_free(struct usbfs *usbfs)
{
	g_hash_table_unref(usbfs->files);
	device_free(&usbfs->device);
}
