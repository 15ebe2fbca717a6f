// SPDX-License-Identifier: GPL-2.0-only
/* URBs of an imported device: the pool, the queues, control requests and polled endpoints. */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/gadget/server/importer_parts.h"

/* What may be made up for after a late wake-up, so that a delay leaves no backlog for ever. */
#define CATCH_UP_NS 64000000ULL

struct importer *importer_new(struct usb_device *usb, struct buffer *out)
{
	struct importer *importer = calloc(1, sizeof(*importer));

	if (!importer)
		return NULL;
	importer->usb = usb;
	importer->out = out;
	for (size_t i = 0; i < IMPORTER_URBS; i++)
		importer->pool[i].next = i + 1 < IMPORTER_URBS ? &importer->pool[i + 1] : NULL;
	importer->unused = &importer->pool[0];
	return importer;
}

struct importer *importer_free(struct importer *importer)
{
	if (!importer)
		return NULL;
	for (size_t i = 0; i < IMPORTER_URBS; i++)
		free(importer->pool[i].data);
	free(importer);
	return NULL;
}

static struct urb_queue *queue_of(struct importer *importer, const struct usbip_command *command)
{
	return command->endpoint ? &importer->in[command->endpoint] : &importer->control;
}

/* NULL when too many are pending. */
static struct urb *urb_push(struct importer *importer, const struct usbip_command *command)
{
	struct urb_queue *queue = queue_of(importer, command);
	struct urb *urb = importer->unused;

	if (!urb)
		return NULL;
	importer->unused = urb->next;
	*urb = (struct urb){.command = *command};
	if (queue->tail)
		queue->tail->next = urb;
	else
		queue->head = urb;
	queue->tail = urb;
	return urb;
}

static void urb_recycle(struct importer *importer, struct urb *urb)
{
	importer->kept -= urb->data_len;
	free(urb->data);
	urb->data = NULL;
	urb->next = importer->unused;
	importer->unused = urb;
}

static void urb_pop(struct importer *importer, struct urb_queue *queue)
{
	struct urb *urb = queue->head;

	queue->head = urb->next;
	if (!queue->head)
		queue->tail = NULL;
	urb_recycle(importer, urb);
}

static bool queue_remove(struct importer *importer, struct urb_queue *queue, uint32_t seqnum)
{
	struct urb *previous = NULL;

	for (struct urb *urb = queue->head; urb; previous = urb, urb = urb->next) {
		if (urb->command.seqnum != seqnum)
			continue;
		if (previous)
			previous->next = urb->next;
		else
			queue->head = urb->next;
		if (queue->tail == urb)
			queue->tail = previous;
		urb_recycle(importer, urb);
		return true;
	}
	return false;
}

bool importer_cancel(struct importer *importer, uint32_t seqnum)
{
	if (queue_remove(importer, &importer->control, seqnum))
		return true;
	for (size_t i = 0; i < ELEMENTSOF(importer->in); i++)
		if (queue_remove(importer, &importer->in[i], seqnum))
			return true;
	return false;
}

/* @data may already lie in the reserved room, right behind the header. */
static int answer(struct importer *importer, uint32_t seqnum, int status, const uint8_t *data,
		  size_t len, size_t actual)
{
	uint8_t *p = buffer_reserve(importer->out, USBIP_HEADER_SIZE + len);

	if (!p)
		return -ENOMEM;
	usbip_ret_submit_pack(p, seqnum, status, (uint32_t)actual);
	if (len)
		memmove(p + USBIP_HEADER_SIZE, data, len);
	buffer_commit(importer->out, USBIP_HEADER_SIZE + len);
	return 0;
}

/*
 * Let the request reach the device. Returns IN bytes at @in or -EPIPE.
 * @in: room for setup.length bytes
 */
static int execute(struct importer *importer, const struct usbip_command *command,
		   const uint8_t *out, uint8_t *in)
{
	bool in_request = command->setup.type & USB_DIR_IN;
	struct usb_transfer transfer = {.setup = command->setup, .in = in};

	if (in_request) {
		/* Never more than the host has room for. */
		transfer.setup.length = (uint16_t)MIN(command->setup.length,
						      command->direction ? command->length : 0);
	} else if (!command->direction) {
		transfer.out = out;
		transfer.out_len = command->length;
	}
	return usb_control(importer->usb, &transfer);
}

static int answer_control(struct importer *importer, const struct usbip_command *command,
			  int result, const uint8_t *in)
{
	bool in_request = command->setup.type & USB_DIR_IN;

	if (result < 0)
		return answer(importer, command->seqnum, result, NULL, 0, 0);
	if (in_request)
		return answer(importer, command->seqnum, 0, in, (size_t)result, (size_t)result);
	return answer(importer, command->seqnum, 0, NULL, 0,
		      command->direction ? 0 : command->length);
}

/* The usual case: nothing waits, nothing is held back; no copy, no allocation. */
static int control_now(struct importer *importer, const struct usbip_command *command,
		       const uint8_t *out)
{
	uint8_t *p = buffer_reserve(importer->out, USBIP_HEADER_SIZE + command->setup.length);

	if (!p)
		return -ENOMEM;
	return answer_control(importer, command,
			      execute(importer, command, out, p + USBIP_HEADER_SIZE),
			      p + USBIP_HEADER_SIZE);
}

/* Keeps the OUT data, or makes room for the IN data, until the request's turn. */
static int control_later(struct importer *importer, const struct usbip_command *command,
			 const uint8_t *out)
{
	bool in_request = command->setup.type & USB_DIR_IN;
	size_t len = in_request ? command->setup.length : command->direction ? 0 : command->length;
	struct urb *urb;

	if (importer->kept + len > IMPORTER_KEPT_MAX)
		return answer(importer, command->seqnum, -ENOMEM, NULL, 0, 0);
	urb = urb_push(importer, command);
	if (!urb)
		return answer(importer, command->seqnum, -ENOMEM, NULL, 0, 0);
	urb->data = calloc(1, MAX(len, (size_t)1));
	if (!urb->data)
		return -ENOMEM;
	urb->data_len = len;
	importer->kept += len;
	if (!in_request && len)
		memcpy(urb->data, out, len);
	return 0;
}

/* The data has come with the command and is taken at once: no endpoint makes its host wait. */
static int submit_out(struct importer *importer, const struct usbip_command *command,
		      const uint8_t *data)
{
	int r = usb_out(importer->usb, (uint8_t)command->endpoint, data, command->length);

	return answer(importer, command->seqnum, r, NULL, 0, r < 0 ? 0 : command->length);
}

int importer_submit(struct importer *importer, const struct usbip_command *command,
		    const uint8_t *data)
{
	struct usb_device *usb = importer->usb;

	if (!command->endpoint) {
		if (!importer->control.head && !usb_frozen(usb) &&
		    !usb_delay_ms(usb, &command->setup))
			return control_now(importer, command, data);
		return control_later(importer, command, data);
	}
	if (!command->direction)
		return submit_out(importer, command, data);
	if (!urb_push(importer, command))
		return answer(importer, command->seqnum, -ENOMEM, NULL, 0, 0);
	return 0;
}

static bool blocked(const struct importer *importer)
{
	return usb_frozen(importer->usb) || buffer_len(importer->out) > IMPORTER_ANSWERS_MAX;
}

static int run_control(struct importer *importer, uint64_t now_ns)
{
	struct urb *urb;

	while ((urb = importer->control.head) && !blocked(importer)) {
		uint32_t delay_ms = usb_delay_ms(importer->usb, &urb->command.setup);
		int r;

		if (!urb->executed) {
			urb->result = execute(importer, &urb->command, urb->data, urb->data);
			urb->executed = true;
			urb->due_ns = now_ns + delay_ms * USEC_PER_MSEC * NSEC_PER_USEC;
		}
		if (urb->due_ns > now_ns)
			return 0;
		r = answer_control(importer, &urb->command, urb->result, urb->data);
		if (r < 0)
			return r;
		urb_pop(importer, &importer->control);
	}
	return 0;
}

/* The host polls once an interval; polls that a late wake-up missed are made up for. */
static bool polled(struct importer *importer, uint8_t endpoint, uint64_t now_ns)
{
	uint64_t *slot_ns = &importer->slot_ns[endpoint & 0x0f];
	uint64_t oldest_ns = now_ns > CATCH_UP_NS ? now_ns - CATCH_UP_NS : 0;

	*slot_ns = MAX(*slot_ns, oldest_ns);
	return *slot_ns <= now_ns;
}

static int run_in(struct importer *importer, unsigned int number, uint64_t now_ns)
{
	uint8_t endpoint = (uint8_t)(number | USB_DIR_IN);
	struct usb_device *usb = importer->usb;
	struct urb_queue *queue = &importer->in[number];

	while (queue->head && !blocked(importer) && !usb_in_ready_ns(usb, endpoint) &&
	       polled(importer, endpoint, now_ns)) {
		size_t room = MIN(queue->head->command.length, usb->function->in_max);
		uint8_t *p = buffer_reserve(importer->out, USBIP_HEADER_SIZE + room);
		size_t len;
		int n, r;

		if (!p)
			return -ENOMEM;
		n = usb_in(usb, endpoint, p + USBIP_HEADER_SIZE, room);
		if (n == -EAGAIN)
			return 0;
		len = n > 0 ? (size_t)n : 0;
		importer->slot_ns[number] += usb_duration_us(usb, endpoint, len) * NSEC_PER_USEC;
		r = answer(importer, queue->head->command.seqnum, MIN(n, 0), p + USBIP_HEADER_SIZE,
			   len, len);
		if (r < 0)
			return r;
		urb_pop(importer, queue);
	}
	return 0;
}

int importer_run(struct importer *importer, uint64_t now_ns)
{
	int r = importer_expire_held(importer, now_ns);

	if (r >= 0)
		r = run_control(importer, now_ns);
	for (unsigned int i = 1; r >= 0 && i < ELEMENTSOF(importer->in); i++)
		if (importer->in[i].head)
			r = run_in(importer, i, now_ns);
	return r;
}

static uint64_t in_next_ns(const struct importer *importer, unsigned int number)
{
	uint64_t ready_ns;

	if (!importer->in[number].head)
		return USB_NEVER;
	ready_ns = usb_in_ready_ns(importer->usb, (uint8_t)(number | USB_DIR_IN));
	return ready_ns ? ready_ns : importer->slot_ns[number];
}

uint64_t importer_next_ns(const struct importer *importer)
{
	uint64_t next = importer_held_next_ns(importer);

	if (blocked(importer))
		return next;
	if (importer->control.head)
		next = MIN(next, importer->control.head->due_ns);
	for (unsigned int i = 1; i < ELEMENTSOF(importer->in); i++)
		next = MIN(next, in_next_ns(importer, i));
	return next;
}
