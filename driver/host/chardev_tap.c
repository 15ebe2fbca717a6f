// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a capture hears of a pen behind the guard: requests as they look on the wire, GET_ERROR
 * among them, which the guard asks; samples when they were there. What the guard sends by itself
 * nobody here sees.
 */
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/chardev_place.h"

#define USB_DIR_IN 0x80

static struct host_transfer control(uint64_t id, const uint8_t setup[HOST_SETUP_SIZE])
{
	return (struct host_transfer){
		.id = id,
		.usec = now_usec(),
		.control = true,
		.endpoint = setup[0] & USB_DIR_IN,
		.setup = setup,
		.len = (uint32_t)(setup[6] | setup[7] << 8),
	};
}

void chardev_tell_begun(struct chardev *c, uint64_t id, const uint8_t setup[HOST_SETUP_SIZE],
			const uint8_t *data, size_t len)
{
	struct host_transfer told = control(id, setup);

	if (!c->host.tap)
		return;
	if (len > 0) {
		told.data = data;
		told.data_len = len;
	}
	c->host.tap->submitted(c->host.tap, &told);
}

void chardev_tell_ended(struct chardev *c, uint64_t id, const uint8_t setup[HOST_SETUP_SIZE],
			int status, const uint8_t *data, size_t len)
{
	struct host_transfer told = control(id, setup);

	if (!c->host.tap)
		return;
	told.status = status;
	told.len = status == 0 ? told.len : 0;
	if (len > 0) {
		told.data = data;
		told.data_len = len;
	}
	c->host.tap->completed(c->host.tap, &told);
}

void chardev_tell_sample(struct chardev *c, uint64_t usec, const uint8_t *data, size_t len)
{
	struct host_transfer told = {
		.id = ++c->last_id,
		.usec = usec,
		.endpoint = c->link.enumeration.pen.endpoint,
		.len = c->link.enumeration.pen.packet_max,
	};

	if (!c->host.tap)
		return;
	c->host.tap->submitted(c->host.tap, &told);
	told.len = (uint32_t)len;
	told.data = data;
	told.data_len = len;
	c->host.tap->completed(c->host.tap, &told);
}
