// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bridge/node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "tests/bridge/fd.h"

#define BUS 1
#define USB_MAJOR 189
#define DEVICE_NAME "mnpen-bridge/usb1/1-1" /* hub and port of the bridge, not of the server */
#define PORT_NAME "1-1"

static unsigned int le16(const uint8_t *p)
{
	return p[0] | (unsigned int)p[1] << 8;
}

/* A list of names and values, as umockdev takes them. */
__attribute__((format(printf, 3, 4))) static void add(GPtrArray *list, const char *name,
						      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(list, g_strdup(name));
	g_ptr_array_add(list, g_strdup_vprintf(format, args));
	va_end(args);
}

/* The folder that it makes in sysfs. Taking both lists. */
static char *add_device(struct node *node, const char *name, const char *parent,
			GPtrArray *attributes, GPtrArray *properties)
{
	char *path;

	g_ptr_array_add(attributes, NULL);
	g_ptr_array_add(properties, NULL);
	path = umockdev_testbed_add_devicev(node->testbed, "usb", name, parent,
					    (gchar **)attributes->pdata,
					    (gchar **)properties->pdata);
	g_ptr_array_unref(attributes);
	g_ptr_array_unref(properties);
	return path;
}

static void add_product(GPtrArray *properties, const uint8_t *d)
{
	add(properties, "PRODUCT", "%x/%x/%x", le16(d + 8), le16(d + 10), le16(d + 12));
	add(properties, "TYPE", "%u/%u/%u", d[4], d[5], d[6]);
}

static void plug_device(struct node *node, const struct device *device)
{
	static const char *const names[DEVICE_STRINGS] = {"manufacturer", "product", "serial"};
	const uint8_t *d = device->descriptors->data, *config = d + USB_DT_DEVICE_SIZE;
	GPtrArray *attributes = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *properties = g_ptr_array_new_with_free_func(g_free);
	bool high = device->link.import.speed == USBIP_SPEED_HIGH;

	add(attributes, "dev", "%u:%u", USB_MAJOR, (BUS - 1) * 128 + device->number - 1);
	add(attributes, "busnum", "%u\n", BUS);
	add(attributes, "devnum", "%u\n", device->number);
	add(attributes, "devpath", "1\n");
	add(attributes, "speed", "%s\n", high ? "480" : "12");
	add(attributes, "version", "%2x.%02x\n", d[3], d[2]);
	add(attributes, "maxchild", "0\n");
	add(attributes, "idVendor", "%04x\n", le16(d + 8));
	add(attributes, "idProduct", "%04x\n", le16(d + 10));
	add(attributes, "bcdDevice", "%04x\n", le16(d + 12));
	add(attributes, "bDeviceClass", "%02x\n", d[4]);
	add(attributes, "bDeviceSubClass", "%02x\n", d[5]);
	add(attributes, "bDeviceProtocol", "%02x\n", d[6]);
	add(attributes, "bMaxPacketSize0", "%u\n", d[7]);
	add(attributes, "bNumConfigurations", "%u\n", d[17]);
	add(attributes, "bNumInterfaces", "%2u\n", config[4]);
	add(attributes, "bConfigurationValue", "%u\n", device->configuration);
	add(attributes, "bmAttributes", "%02x\n", config[7]);
	add(attributes, "bMaxPower", "%umA\n", config[8] * 2u);
	for (unsigned int i = 0; i < DEVICE_STRINGS; i++)
		if (device->strings[i])
			add(attributes, names[i], "%s\n", device->strings[i]);
	add(properties, "DEVNAME", "%s", node->dev);
	add(properties, "DEVTYPE", "usb_device");
	add_product(properties, d);
	add(properties, "BUSNUM", "%03u", BUS);
	add(properties, "DEVNUM", "%03u", device->number);
	node->sys = add_device(node, DEVICE_NAME, NULL, attributes, properties);
}

/* Who hears of the device reads this first; so it is there before the device is told of. */
static int write_descriptors(const struct node *node, const struct device *device)
{
	g_autofree char *sys = umockdev_testbed_get_sys_dir(node->testbed);
	g_autofree char *folder = g_build_filename(sys, "devices", DEVICE_NAME, NULL);
	g_autofree char *path = g_build_filename(folder, "descriptors", NULL);

	if (g_mkdir_with_parents(folder, 0755) < 0 ||
	    !g_file_set_contents(path, (const char *)device->descriptors->data,
				 device->descriptors->len, NULL))
		return -EIO;
	return 0;
}

/* @i: the descriptor of its alternate setting 0 */
static void plug_interface(struct node *node, const struct device *device, const uint8_t *i)
{
	g_autofree char *name = g_strdup_printf(PORT_NAME ":%u.%u", device->configuration, i[2]);
	GPtrArray *attributes = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *properties = g_ptr_array_new_with_free_func(g_free);

	add(attributes, "bInterfaceNumber", "%02x\n", i[2]);
	add(attributes, "bAlternateSetting", "%2u\n", i[3]);
	add(attributes, "bNumEndpoints", "%02x\n", i[4]);
	add(attributes, "bInterfaceClass", "%02x\n", i[5]);
	add(attributes, "bInterfaceSubClass", "%02x\n", i[6]);
	add(attributes, "bInterfaceProtocol", "%02x\n", i[7]);
	add(properties, "DEVTYPE", "usb_interface");
	add_product(properties, device->descriptors->data);
	add(properties, "INTERFACE", "%u/%u/%u", i[5], i[6], i[7]);
	g_ptr_array_add(node->interfaces,
			add_device(node, name, node->sys, attributes, properties));
}

static void plug_interfaces(struct node *node, const struct device *device)
{
	size_t len = 0;
	const uint8_t *at = device_config(device, device->configuration, &len), *end = at + len;

	while (at && end - at >= 2 && at[0] >= 2 && at[0] <= end - at) {
		if (at[1] == USB_DT_INTERFACE && at[0] >= USB_DT_INTERFACE_SIZE && at[3] == 0)
			plug_interface(node, device, at);
		at += at[0];
	}
}

static int open_terminal(struct node *node)
{
	const char *name;

	node->master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (node->master_fd < 0 || grantpt(node->master_fd) < 0 || unlockpt(node->master_fd) < 0)
		return -errno;
	name = ptsname(node->master_fd);
	node->slave_fd = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	return node->slave_fd < 0 || tcflow(node->slave_fd, TCOOFF) < 0 ? -errno : 0;
}

static int link_terminal(const struct node *node)
{
	g_autofree char *root = umockdev_testbed_get_root_dir(node->testbed);
	g_autofree char *path = g_strconcat(root, node->dev, NULL);
	g_autofree char *folder = g_path_get_dirname(path);

	if (g_mkdir_with_parents(folder, 0755) < 0 || symlink(ptsname(node->master_fd), path) < 0)
		return -errno;
	return 0;
}

void node_init(struct node *node, UMockdevIoctlBase *handler)
{
	*node = (struct node){.handler = handler, .master_fd = -EBADF, .slave_fd = -EBADF};
	node->testbed = umockdev_testbed_new();
	node->interfaces = g_ptr_array_new_with_free_func(g_free);
}

int node_plug(struct node *node, const struct device *device)
{
	int r = open_terminal(node);

	if (r < 0)
		return r;
	node->ready = false;
	node->dev = g_strdup_printf("/dev/bus/usb/%03u/%03u", BUS, device->number);
	r = link_terminal(node);
	if (r == 0)
		r = write_descriptors(node, device);
	if (r < 0)
		return r;
	/* First the node can be used, then the uevents tell of it. */
	umockdev_testbed_attach_ioctl(node->testbed, node->dev, node->handler, NULL);
	plug_device(node, device);
	plug_interfaces(node, device);
	return 0;
}

void node_unplug(struct node *node)
{
	if (!node->dev)
		return;
	node->master_fd = fd_close(node->master_fd);
	node->slave_fd = fd_close(node->slave_fd);
	for (guint i = 0; i < node->interfaces->len; i++) {
		umockdev_testbed_uevent(node->testbed, node->interfaces->pdata[i], "remove");
		umockdev_testbed_remove_device(node->testbed, node->interfaces->pdata[i]);
	}
	g_ptr_array_set_size(node->interfaces, 0);
	umockdev_testbed_uevent(node->testbed, node->sys, "remove");
	umockdev_testbed_remove_device(node->testbed, node->sys);
	umockdev_testbed_detach_ioctl(node->testbed, node->dev, NULL);
	g_clear_pointer(&node->sys, g_free);
	g_clear_pointer(&node->dev, g_free);
}

void node_free(struct node *node)
{
	fd_close(node->master_fd);
	fd_close(node->slave_fd);
	g_ptr_array_unref(node->interfaces);
	g_free(node->sys);
	g_free(node->dev);
	g_object_unref(node->testbed);
}

void node_set_ready(struct node *node, bool ready)
{
	if (node->slave_fd < 0 || node->ready == ready)
		return;
	if (tcflow(node->slave_fd, ready ? TCOON : TCOOFF) < 0)
		perror("bridge: flow control of the node");
	node->ready = ready;
}

void node_show(struct node *node, const struct device *device)
{
	if (!node->dev)
		return;
	umockdev_testbed_set_attribute_int(node->testbed, node->sys, "bConfigurationValue",
					   device->configuration);
	for (guint i = 0; i < node->interfaces->len; i++) {
		const char *path = node->interfaces->pdata[i];
		unsigned int number = (unsigned int)atoi(strrchr(path, '.') + 1);

		if (number < DEVICE_INTERFACES)
			umockdev_testbed_set_attribute_int(node->testbed, path, "bAlternateSetting",
							   device->interfaces[number].alt);
	}
}
