// SPDX-License-Identifier: GPL-2.0-only
/* The manager's methods for who answers for the records: backups, legal holds,
 * erasure. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/bus/parts.h"

/* ---- Backup ---- */

#define MIB (UINT64_C(1024) * 1024)

static int refuse_backup(struct refusal *refusal, int error, const struct store_backup *backup)
{
	if (error == -EBUSY)
		return refuse(refusal, REFUSAL_BUSY,
			      "another backup is being made or taken; there is one at a time, ask "
			      "again when it has ended");
	if (error == -ENOSPC && backup)
		return refuse(refusal, REFUSAL_STORE,
			      "no room for a backup: the copy takes %" PRIu64
			      " MiB on the disk of the state directory for a while, %" PRIu64
			      " MiB stay free for the record, and %" PRIu64
			      " MiB are free; make room there",
			      backup->bytes / MIB + 1, backup->spare_bytes / MIB,
			      backup->free_bytes / MIB);
	return refuse(refusal, REFUSAL_STORE, "the backup could not be made: %s",
		      strerrordesc_np(-error));
}

static void on_copied(void *userdata, int result, struct store_backup *backup)
{
	struct request *request = userdata;
	sd_bus_message *reply = NULL;
	struct refusal refusal;
	int r;

	if (result < 0) {
		refuse_backup(&refusal, result, backup);
		request_refuse(request, &refusal);
		return;
	}
	log_notice("all records, %" PRIu64 " bytes, are handed to the user with uid %u as a backup",
		   backup->bytes, request->uid);
	r = sd_bus_message_new_method_return(request->message, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "h", backup->fd);
	request_reply(request, reply, r);
}

static int run_backup(struct request *request, struct refusal *refusal)
{
	int r = store_backup(station_store(request->bus->station), on_copied, request);

	return r < 0 ? refuse_backup(refusal, r, NULL) : 0;
}

int on_backup(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return request_start(userdata, m, API_ACTION_ERASE, NULL, run_backup);
}

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

/* ---- EraseClient ---- */

static int run_erase(struct request *request, struct refusal *refusal)
{
	const char *client, *reason;
	int r = sd_bus_message_read(request->message, "ss", &client, &reason);

	if (r < 0)
		return r;
	return station_erase(request->bus->station, client, reason, request->uid, request_done,
			     request, refusal);
}

int on_erase_client(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return request_start(userdata, m, API_ACTION_ERASE, NULL, run_erase);
}
