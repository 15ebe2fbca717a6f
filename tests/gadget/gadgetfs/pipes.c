// SPDX-License-Identifier: GPL-2.0-only
/* IN endpoints: open as long as the device's present settings have them, and kept full. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "tests/gadget/gadgetfs/gadgetfs_parts.h"

#define TAG_ENDPOINT 1 /* what the kernel expects before the descriptors */
#define TAG_SIZE 4
#define ENDPOINT_SIZE 7
#define ENDPOINT_ADDRESS_OFFSET 2
#define RETRY_NS (USEC_PER_MSEC * NSEC_PER_USEC)

/* The descriptor of an endpoint in @config, and the interface that it belongs to. */
static const uint8_t *find(struct usb_bytes config, uint8_t address, int *ret_interface)
{
	int interface = -1;

	for (size_t i = 0; i < config.len; i += config.data[i]) {
		const uint8_t *d = config.data + i;

		if (d[1] == USB_DT_INTERFACE)
			interface = d[2];
		if (d[1] != USB_DT_ENDPOINT || d[ENDPOINT_ADDRESS_OFFSET] != address)
			continue;
		*ret_interface = interface;
		return d;
	}
	return NULL;
}

static size_t put_descriptor(const struct gadgetfs *gadgetfs, const struct endpoint_map *map,
			     enum usb_speed speed, uint8_t *p)
{
	int interface;
	const uint8_t *d = find(gadgetfs->usb->function->config(gadgetfs->usb, speed), map->device,
				&interface);

	if (!d)
		return 0;
	memcpy(p, d, ENDPOINT_SIZE);
	p[ENDPOINT_ADDRESS_OFFSET] = map->host;
	return ENDPOINT_SIZE;
}

static void open_pipe(struct gadgetfs *gadgetfs, size_t i)
{
	const struct endpoint_map *map = &gadgetfs->endpoints.map[i];
	const uint32_t tag = TAG_ENDPOINT;
	uint8_t message[TAG_SIZE + 2 * ENDPOINT_SIZE];
	char path[PATH_MAX];
	size_t len = TAG_SIZE;
	int r;

	memcpy(message, &tag, TAG_SIZE); /* in the machine's own byte order */
	len += put_descriptor(gadgetfs, map, USB_SPEED_FULL, message + len);
	if (gadgetfs->high)
		len += put_descriptor(gadgetfs, map, USB_SPEED_HIGH, message + len);
	snprintf(path, sizeof(path), "%s/%s", gadgetfs->dir, map->file);
	r = writer_start(&gadgetfs->writers[i], path, message, len, gadgetfs->writers_fd);
	/* ESHUTDOWN: the bus was reset meanwhile, of which the next event tells. */
	if (r < 0 && r != -ESHUTDOWN)
		log_error("cannot open %s for endpoint 0x%02x: %s", path, map->device,
			  strerror(-r));
}

void pipes_sync(struct gadgetfs *gadgetfs)
{
	for (size_t i = 0; i < gadgetfs->endpoints.count; i++) {
		bool wanted = gadgetfs->configured &&
			      usb_packet_size(gadgetfs->usb, gadgetfs->endpoints.map[i].device);

		if (wanted && !gadgetfs->writers[i])
			open_pipe(gadgetfs, i);
		else if (!wanted)
			gadgetfs->writers[i] = writer_stop(gadgetfs->writers[i]);
	}
}

void pipes_close(struct gadgetfs *gadgetfs, int interface)
{
	for (size_t i = 0; i < gadgetfs->endpoints.count; i++) {
		int owner = -1;

		find(usb_config(gadgetfs->usb), gadgetfs->endpoints.map[i].device, &owner);
		if (interface < 0 || interface == owner)
			gadgetfs->writers[i] = writer_stop(gadgetfs->writers[i]);
	}
}

static void fill(struct gadgetfs *gadgetfs, size_t i)
{
	struct writer *writer = gadgetfs->writers[i];
	uint8_t endpoint = gadgetfs->endpoints.map[i].device;
	uint8_t packet[WRITER_PACKET_MAX];

	while (writer_room(writer) && !usb_in_ready_ns(gadgetfs->usb, endpoint)) {
		int n = usb_in(gadgetfs->usb, endpoint, packet, sizeof(packet));

		if (n < 0)
			return;
		writer_put(writer, packet, (size_t)n);
	}
}

void pipes_run(struct gadgetfs *gadgetfs)
{
	if (usb_frozen(gadgetfs->usb))
		return;
	for (size_t i = 0; i < gadgetfs->endpoints.count; i++)
		if (gadgetfs->writers[i])
			fill(gadgetfs, i);
}

uint64_t pipes_next_ns(const struct gadgetfs *gadgetfs, uint64_t now_ns)
{
	uint64_t next = USB_NEVER;

	if (usb_frozen(gadgetfs->usb))
		return next;
	for (size_t i = 0; i < gadgetfs->endpoints.count; i++) {
		uint64_t ready_ns;

		if (!gadgetfs->writers[i] || !writer_room(gadgetfs->writers[i]))
			continue;
		ready_ns = usb_in_ready_ns(gadgetfs->usb, gadgetfs->endpoints.map[i].device);
		/* What is ready has been taken, unless it could not be: an endpoint that is halted
		 */
		next = MIN(next, MAX(ready_ns, now_ns + (ready_ns ? 0 : RETRY_NS)));
	}
	return next;
}
