// SPDX-License-Identifier: GPL-2.0-only
/*
 * Explain: why a pen would not arm. A pen at rest is asked once more what it is before the answer
 * is given, since its calibration may have changed; one that is busy is explained by what is known.
 */
#include <errno.h>

#include "daemon/bus/parts.h"

struct explanation {
	sd_bus_message *reply;
	int result;
};

static void explain_one(void *userdata, const char *code, const struct refusal *why)
{
	struct explanation *explanation = userdata;
	sd_bus_message *reply = explanation->reply;
	int r = explanation->result;

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'r', "ss");
	if (r >= 0)
		r = append_text(reply, code);
	if (r >= 0)
		r = append_text(reply, why->message);
	explanation->result = r < 0 ? r : sd_bus_message_close_container(reply);
}

static int explain_now(struct bus_pen *pen, sd_bus_message *m)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct explanation explanation = {0};
	int r = sd_bus_message_new_method_return(m, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ss)");
	if (r < 0)
		return r;
	explanation.reply = reply;
	station_explain(pen->pen, explain_one, &explanation);
	r = explanation.result;
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* The station's pen outlives the bus' one, which may have gone meanwhile. */
static void on_looked(void *userdata)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	const struct station_pen *sp = userdata;
	struct bus_pen *pen = sp->object;
	int r;

	if (!pen || !pen->explaining)
		return;
	m = TAKE_PTR(pen->explaining);
	r = explain_now(pen, m);
	if (r < 0) {
		log_failed(pen->bus, "an explanation", r);
		(void)sd_bus_reply_method_errno(m, r, NULL);
	}
}

int on_explain(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen;
	int r = pen_argument(userdata, m, &pen);

	if (r != 0)
		return r;
	if (pen->explaining || pen_look(pen->pen->pen, on_looked, pen->pen) < 0)
		return explain_now(pen, m);
	pen->explaining = sd_bus_message_ref(m);
	return 1;
}

void explain_lost(struct bus_pen *pen)
{
	_cleanup_message_ sd_bus_message *m = TAKE_PTR(pen->explaining);
	struct refusal refusal;

	if (!m)
		return;
	refuse(&refusal, REFUSAL_NO_SUCH_PEN,
	       "pen %s was unplugged while it was asked; plug it in and ask again",
	       pen_serial(pen->pen->pen));
	if (refusal_reply(m, &refusal) < 0)
		log_failed(pen->bus, "an explanation", -EIO);
}
