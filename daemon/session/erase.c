// SPDX-License-Identifier: GPL-2.0-only
/* A client's records are erased: who may not, and what is said of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

/** struct erasure - waits for the disk; the station may be gone when that answers */
struct erasure {
	station_done done;
	void *userdata;
	uint32_t uid;
	struct store_erased erased;
};

/* No message says which client. */
static void refuse_erasure(struct refusal *refusal, int error, const struct store_erased *erased)
{
	char date[WALL_DATE_SIZE];

	if (error == -ENOENT)
		refuse(refusal, REFUSAL_NO_SUCH_SESSION,
		       "there is no record of that client; see 'mnpenctl session list'");
	else if (error == -EPERM)
		refuse(refusal, REFUSAL_INTERLOCK,
		       "the client's records are under a legal hold, set on %s by the user with "
		       "uid "
		       "%u: %.300s; 'mnpenctl client hold ID off --reason TEXT' lifts it",
		       wall_date((uint32_t)(erased->hold_wall_usec / (86400 * USEC_PER_SEC)), date),
		       erased->hold_uid, erased->hold_reason);
	else if (error == -ETXTBSY)
		refuse(refusal, REFUSAL_BUSY,
		       "a session is open, and erasing would keep its record waiting: end all "
		       "sessions, then erase");
	else if (error == -EAGAIN)
		refuse(refusal, REFUSAL_BUSY,
		       "the records are erased, but another program is reading the database: until "
		       "it ends, what was erased can be found in sessions.db-wal");
	else
		refuse(refusal, REFUSAL_STORE, "nothing was erased: %s", strerrordesc_np(-error));
}

static void on_erased(void *userdata, int result)
{
	struct erasure *erasure = userdata;
	struct refusal refusal;

	if (result < 0)
		refuse_erasure(&refusal, result, &erasure->erased);
	if (result >= 0 || result == -EAGAIN)
		log_notice(
			"the user with uid %u has erased the records of a client: %llu sessions, "
			"%llu rows",
			erasure->uid, (unsigned long long)erasure->erased.sessions,
			(unsigned long long)erasure->erased.rows);
	erasure->done(erasure->userdata, result < 0 ? &refusal : NULL);
	free(erasure);
}

int station_erase(struct station *station, const char *client, const char *reason, uint32_t uid,
		  station_done done, void *userdata, struct refusal *refusal)
{
	enum store_health health = store_health(station->store, now_usec());
	struct store_erase what = {.client = client, .reason = reason, .uid = uid};
	struct erasure *erasure;
	int r = check_custody(client, reason, "an erasure", refusal);

	if (r < 0)
		return r;
	/* A session that is about to begin would wait as well. */
	if (!station_idle(station)) {
		refuse_erasure(refusal, -ETXTBSY, &(struct store_erased){0});
		return -EACCES;
	}
	if (health != STORE_HEALTHY && health != STORE_QUOTA)
		return refuse(refusal, REFUSAL_STORE,
			      "nothing can be erased, the store is not healthy (%s); make room on "
			      "the disk or see the log, then ask again",
			      store_health_name(health));
	erasure = calloc(1, sizeof(*erasure));
	if (!erasure)
		return refuse(refusal, REFUSAL_STORE, "out of memory");
	*erasure = (struct erasure){.done = done, .userdata = userdata, .uid = uid};
	what.ret = &erasure->erased;
	r = store_erase(station->store, &what, now_usec(), on_erased, erasure);
	if (r < 0) {
		free(erasure);
		refuse_erasure(refusal, r == -EAGAIN ? -ENOBUFS : r, &(struct store_erased){0});
		return -EACCES;
	}
	return 0;
}
