// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may wait for the device: opening it, SET_INTERFACE as the kernel has to know it, reset,
 * closing. Called from the helper's thread; libusb's synchronous functions are at home here.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/host/usb_place.h"

int usb_errno(int error)
{
	switch ((enum libusb_error)error) {
	case LIBUSB_SUCCESS:
		return 0;
	case LIBUSB_ERROR_IO:
	case LIBUSB_ERROR_OVERFLOW:
	case LIBUSB_ERROR_OTHER:
		return -EIO;
	case LIBUSB_ERROR_INVALID_PARAM:
		return -EINVAL;
	case LIBUSB_ERROR_ACCESS:
		return -EACCES;
	case LIBUSB_ERROR_NO_DEVICE:
		return -ENODEV;
	case LIBUSB_ERROR_NOT_FOUND:
		return -ENOENT;
	case LIBUSB_ERROR_BUSY:
		return -EBUSY;
	case LIBUSB_ERROR_TIMEOUT:
		return -ETIMEDOUT;
	case LIBUSB_ERROR_PIPE:
		return -EPIPE;
	case LIBUSB_ERROR_INTERRUPTED:
		return -EINTR;
	case LIBUSB_ERROR_NO_MEM:
		return -ENOMEM;
	case LIBUSB_ERROR_NOT_SUPPORTED:
		return -EOPNOTSUPP;
	}
	return error > 0 ? 0 : -EIO;
}

static void no_discovery(void)
{
	/* Which devices there are is known already; libusb would start a thread to find out. */
	(void)libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
}

static int open_handle(struct usb_link *link, const char *node)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int r;

	pthread_once(&once, no_discovery);
	link->fd = open(node, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (link->fd < 0)
		return -errno;
	r = libusb_init(&link->context);
	if (r < 0) {
		link->context = NULL;
		return usb_errno(r);
	}
	return usb_errno(libusb_wrap_sys_device(link->context, link->fd, &link->handle));
}

/* The pen's configuration is the one in force: it has but one, and the kernel has chosen it. */
static enum usbip_enum_verdict check_configuration(struct usb_link *link, struct usbip_enum *e)
{
	int value = 0;

	if (libusb_get_configuration(link->handle, &value) < 0 || value != e->pen.configuration) {
		e->why = "its first configuration is not in force";
		return USBIP_ENUM_REFUSED;
	}
	return USBIP_ENUM_DONE;
}

/* Asked anew, whatever the kernel knows: one and the same judge for every transport. */
static int enumerate(struct usb_link *link, struct usbip_enum *e, struct host *host)
{
	enum usbip_enum_verdict verdict = USBIP_ENUM_MORE;

	while (verdict == USBIP_ENUM_MORE) {
		uint8_t data[USB_CONFIG_TOTAL_MAX], raw[HOST_SETUP_SIZE];
		struct usb_setup setup;
		int r;

		usbip_enum_request(e, &setup);
		if (e->step == USBIP_ENUM_SET_CONFIG) {
			verdict = check_configuration(link, e);
			break;
		}
		r = libusb_control_transfer(link->handle, setup.request_type, setup.request,
					    setup.value, setup.index, data, setup.length,
					    HOST_SETUP_TIMEOUT_MS);
		if (r < 0)
			return usb_errno(r);
		usb_setup_bytes(raw, &setup);
		host_keep_descriptor(host, raw, data, (size_t)r);
		verdict = usbip_enum_answer(e, data, (size_t)r);
	}
	return verdict == USBIP_ENUM_DONE ? 0 : -EPROTO;
}

static int begin_enumeration(struct usb_link *link, struct usbip_enum *e, struct host *host)
{
	enum usbip_speed speed = USBIP_SPEED_HIGH;

	host->speed_mbit = 480;
	switch ((enum libusb_speed)libusb_get_device_speed(libusb_get_device(link->handle))) {
	case LIBUSB_SPEED_FULL:
		speed = USBIP_SPEED_FULL;
		host->speed_mbit = 12;
		break;
	case LIBUSB_SPEED_HIGH:
	case LIBUSB_SPEED_UNKNOWN:
		break;
	case LIBUSB_SPEED_LOW:
	case LIBUSB_SPEED_SUPER:
	case LIBUSB_SPEED_SUPER_PLUS:
		usbip_enum_begin(e, speed);
		e->why = "it is neither a full nor a high speed device";
		return -EPROTO;
	}
	usbip_enum_begin(e, speed);
	return 0;
}

int usb_link_open(struct usb_link *link, struct usbip_enum *e, struct host *host, const char *node)
{
	int r;

	host_forget_descriptors(host);
	usbip_enum_begin(e, USBIP_SPEED_FULL);
	r = open_handle(link, node);
	if (r >= 0)
		r = begin_enumeration(link, e, host);
	if (r >= 0)
		r = enumerate(link, e, host);
	if (r >= 0)
		r = usb_errno(libusb_claim_interface(link->handle, MNPEN_IF_CONTROL));
	if (r < 0)
		usb_link_close(link);
	return r;
}

int usb_link_set_alt(struct usb_link *link)
{
	return usb_errno(
		libusb_set_interface_alt_setting(link->handle, MNPEN_IF_CONTROL, link->alt));
}

int usb_link_reset(struct usb_link *link)
{
	return usb_errno(libusb_reset_device(link->handle));
}

/* The kernel has offered it to its drivers once, and does not by itself do so again. */
static void hand_over(struct usb_link *link)
{
	int r = libusb_release_interface(link->handle, MNPEN_IF_CONTROL);

	if (r >= 0)
		r = libusb_attach_kernel_driver(link->handle, MNPEN_IF_CONTROL);
	if (r < 0)
		log_notice("no kernel driver takes the pen: %s", libusb_error_name(r));
}

/* Closing the node is what gives the interface back, and so SET_INTERFACE 0 by the kernel. */
void usb_link_close(struct usb_link *link)
{
	if (link->handle && link->hand_over)
		hand_over(link);
	link->hand_over = false;
	if (link->handle)
		libusb_close(link->handle);
	link->handle = NULL;
	link->fd = close_fd(link->fd);
	if (link->context)
		libusb_exit(link->context);
	link->context = NULL;
}
