// SPDX-License-Identifier: GPL-2.0-only
/* Legal holds: whose records must be kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/clock.h"

/** struct hold - waits for the disk; the station may be gone when that answers */
struct hold {
	station_done done;
	void *userdata;
};

static void on_recorded(void *userdata, int result)
{
	struct hold *hold = userdata;
	struct refusal refusal;

	if (result < 0)
		refuse(&refusal, REFUSAL_STORE, "the legal hold could not be recorded: %s",
		       strerrordesc_np(-result));
	hold->done(hold->userdata, result < 0 ? &refusal : NULL);
	free(hold);
}

/* No message says which client. */
static int check_words(const char *client, const char *reason, struct refusal *refusal)
{
	size_t len = strlen(reason);

	if (!client_id_valid(client))
		return refuse_client_id(refusal);
	if (reason[strspn(reason, " \t\n")] == '\0')
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "a legal hold is set or lifted for a reason; say who asked for it, "
			      "and why");
	if (len > STATION_REASON_MAX)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "the reason has %zu bytes; allowed: 1 to %d", len,
			      STATION_REASON_MAX);
	return 0;
}

int station_hold(struct station *station, const struct store_hold *what, station_done done,
		 void *userdata, struct refusal *refusal)
{
	enum store_health health = store_health(station->store, now_usec());
	struct hold *hold;
	int r = check_words(what->client, what->reason, refusal);

	if (r < 0)
		return r;
	/* Queued now, it would count whenever the disk is well again: long after whoever asked has
	 * been told that it failed. A quota is no reason: it is for what pens write. */
	if (health != STORE_HEALTHY && health != STORE_QUOTA)
		return refuse(refusal, REFUSAL_STORE,
			      "the legal hold cannot be recorded, the store is not healthy (%s); "
			      "make room on the disk or see the log, then ask again",
			      store_health_name(health));
	hold = malloc(sizeof(*hold));
	if (!hold)
		return refuse(refusal, REFUSAL_STORE, "out of memory");
	*hold = (struct hold){.done = done, .userdata = userdata};
	r = store_hold(station->store, what, now_usec(), on_recorded, hold);
	if (r < 0) {
		free(hold);
		refuse(refusal, REFUSAL_STORE, "the legal hold could not be recorded: %s",
		       strerrordesc_np(-r));
		return -EACCES;
	}
	return 0;
}
