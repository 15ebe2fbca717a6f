// SPDX-License-Identifier: GPL-2.0-only
/* The manager's methods for who answers for the records. */
#include <errno.h>
#include <string.h>

#include "daemon/bus/parts.h"

/* ---- SetLegalHold ---- */

static int run_hold(struct request *request, struct refusal *refusal)
{
	struct store_hold hold = {.uid = request->uid};
	int on, r = sd_bus_message_read(request->message, "sbs", &hold.client, &on, &hold.reason);

	if (r < 0)
		return r;
	hold.held = on;
	return station_hold(request->bus->station, &hold, request_done, request, refusal);
}

int on_set_legal_hold(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return request_start(userdata, m, API_ACTION_ERASE, NULL, run_hold);
}
