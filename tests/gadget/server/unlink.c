// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands as they come in, and the cancelling of URBs.
 *
 * Hosts number their commands upwards. An UNLINK of a number above the last SUBMIT has overtaken
 * it: answering at once would be followed by the answer to a URB that the host has freed, and the
 * kernel drops the whole device for that. One at or below is of a URB that has been answered.
 */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/server/importer_parts.h"

#define NO_PACKETS 0xffffffff /* "not isochronous" by the document; the kernel sends 0 */

static int answer_unlink(struct importer *importer, uint32_t seqnum, int status)
{
	uint8_t *p = buffer_reserve(importer->out, USBIP_HEADER_SIZE);

	if (!p)
		return -ENOMEM;
	usbip_ret_unlink_pack(p, seqnum, status);
	buffer_commit(importer->out, USBIP_HEADER_SIZE);
	return 0;
}

static int answer_held(struct importer *importer, struct held_unlink *held)
{
	if (held->answered)
		return 0;
	held->answered = true;
	/* Not 0: to a host that means success, with no data. */
	return answer_unlink(importer, held->seqnum, -ECONNRESET);
}

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static int hold(struct importer *importer, const struct usbip_command *command, uint64_t now_ns)
{
	struct held_unlink *held = &importer->held[importer->next_held];
	int r = 0;

	importer->next_held = (importer->next_held + 1) % IMPORTER_HELD;
	if (held->used)
		r = answer_held(importer, held);
	else
		importer->n_held++;
	*held = (struct held_unlink){
		.used = true,
		.seqnum = command->seqnum,
		.target = command->unlink_seqnum,
		.expires_ns = now_ns + IMPORTER_HELD_NS,
	};
	return r;
}

static int unlink_urb(struct importer *importer, const struct usbip_command *command,
		      uint64_t now_ns)
{
	if (importer_cancel(importer, command->unlink_seqnum))
		return answer_unlink(importer, command->seqnum, -ECONNRESET);
	if (!importer->submitted || after(command->unlink_seqnum, importer->last_seqnum))
		return hold(importer, command, now_ns);
	return answer_unlink(importer, command->seqnum, 0);
}

/* Whether an UNLINK has come before this SUBMIT; it is answered then, the SUBMIT never. */
static int swallow(struct importer *importer, uint32_t seqnum, bool *ret_swallowed)
{
	*ret_swallowed = false;
	for (size_t i = 0; importer->n_held && i < IMPORTER_HELD; i++) {
		struct held_unlink *held = &importer->held[i];

		if (!held->used || held->target != seqnum)
			continue;
		held->used = false;
		importer->n_held--;
		*ret_swallowed = true;
		return answer_held(importer, held);
	}
	return 0;
}

int importer_expire_held(struct importer *importer, uint64_t now_ns)
{
	int r = 0;

	for (size_t i = 0; importer->n_held && r >= 0 && i < IMPORTER_HELD; i++)
		if (importer->held[i].used && importer->held[i].expires_ns <= now_ns)
			r = answer_held(importer, &importer->held[i]);
	return r;
}

uint64_t importer_held_next_ns(const struct importer *importer)
{
	uint64_t next = USB_NEVER;

	for (size_t i = 0; importer->n_held && i < IMPORTER_HELD; i++)
		if (importer->held[i].used && !importer->held[i].answered)
			next = MIN(next, importer->held[i].expires_ns);
	return next;
}

static bool well_formed(const struct importer *importer, const struct usbip_command *command)
{
	bool submit = command->command == USBIP_CMD_SUBMIT;

	if (command->devid != usbip_devid(importer->usb->address))
		return false;
	if (!submit)
		return command->command == USBIP_CMD_UNLINK;
	if (command->direction > 1 || command->endpoint > 15)
		return false;
	/* No device here has an isochronous endpoint. */
	if (command->packets != 0 && command->packets != NO_PACKETS)
		return false;
	return command->length <= (command->direction ? INT32_MAX : IMPORTER_DATA_MAX);
}

int importer_feed(struct importer *importer, const uint8_t *data, size_t len, uint64_t now_ns)
{
	struct usbip_command command;
	size_t size = USBIP_HEADER_SIZE;
	bool swallowed;
	int r;

	if (len < USBIP_HEADER_SIZE)
		return 0;
	usbip_command_unpack(&command, data);
	if (!well_formed(importer, &command))
		return -EBADMSG;
	if (command.command == USBIP_CMD_UNLINK) {
		r = unlink_urb(importer, &command, now_ns);
		return r < 0 ? r : (int)size;
	}
	if (!command.direction)
		size += command.length;
	if (len < size)
		return 0;
	importer->last_seqnum = command.seqnum;
	importer->submitted = true;
	r = swallow(importer, command.seqnum, &swallowed);
	if (r >= 0 && !swallowed)
		r = importer_submit(importer, &command, data + USBIP_HEADER_SIZE);
	return r < 0 ? r : (int)size;
}
