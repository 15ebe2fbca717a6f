/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "daemon/pen/ep0.h"

struct host_control ep0_in(enum mnpen_request request, uint16_t size)
{
	return (struct host_control){.request = request, .in = true, .len = size};
}

struct host_control ep0_out(enum mnpen_request request, const uint8_t *data, uint16_t size)
{
	struct host_control control = {.request = request, .len = size};

	if (size)
		memcpy(control.data, data, size);
	return control;
}

bool ep0_idle(const struct ep0 *ep0)
{
	return !ep0->busy && !ep0->waiting;
}

static void on_done(void *userdata, int result, const uint8_t *data, size_t len);

static int start(struct ep0 *ep0, const struct ep0_item *item)
{
	int r = host_control(ep0->host, &item->control, on_done, ep0);

	if (r < 0)
		return r;
	ep0->busy = true;
	ep0->current = *item;
	return 0;
}

void ep0_kick(struct ep0 *ep0)
{
	struct ep0_item item = ep0->next;
	int r;

	if (!ep0->waiting || ep0->busy)
		return;
	ep0->waiting = false;
	r = start(ep0, &item);
	if (r < 0)
		item.done(item.userdata, &(struct ep0_answer){.result = r});
}

static void answer(struct ep0 *ep0, const struct ep0_answer *a)
{
	struct ep0_item item = ep0->current;

	ep0->busy = false;
	item.done(item.userdata, a);
	ep0_kick(ep0);
}

static void on_why(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct ep0 *ep0 = userdata;
	struct ep0_answer a = {.result = -EPIPE};

	/* The request was refused, whatever became of asking why; a STOP in between says more. */
	if (result == 0 && mnpen_error_decode(&a.refusal, data, len) < 0)
		a.refusal = (struct mnpen_error_record){0};
	if (result == -ECANCELED || result == -ENODEV)
		a.result = result;
	answer(ep0, &a);
}

static void on_done(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct ep0 *ep0 = userdata;
	struct host_control why = ep0_in(MNPEN_REQ_GET_ERROR, MNPEN_ERROR_SIZE);

	if (result == -EPIPE && host_control(ep0->host, &why, on_why, ep0) == 0)
		return;
	answer(ep0, &(struct ep0_answer){.result = result, .data = data, .len = len});
}

int ep0_send(struct ep0 *ep0, const struct host_control *control, ep0_done done, void *userdata)
{
	struct ep0_item item = {.control = *control, .done = done, .userdata = userdata};

	if (ep0->waiting)
		return -EBUSY;
	if (!ep0->busy) {
		int r = start(ep0, &item);

		/* A STOP may be on the wire: then the request goes right behind it. */
		if (r != -EBUSY)
			return r;
	}
	ep0->next = item;
	ep0->waiting = true;
	return 0;
}

bool ep0_take_waiting(struct ep0 *ep0, struct ep0_item *ret)
{
	if (!ep0->waiting)
		return false;
	ep0->waiting = false;
	*ret = ep0->next;
	return true;
}
