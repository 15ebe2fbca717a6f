/* SPDX-License-Identifier: GPL-2.0-only */
/* The store as its main-thread files share it. */
#ifndef MNPEN_STORE_CORE_H
#define MNPEN_STORE_CORE_H

#include "daemon/store/queue.h"
#include "daemon/store/reader.h"
#include "daemon/store/recover.h"
#include "daemon/store/store.h"
#include "daemon/store/writer.h"
#include "driver/base/log.h"

/** struct open_session - the slot of a session that was begun and whose end is not on disk yet */
struct open_session {
	char id[STORE_ID_MAX];
	bool used;
	bool ending; /* takes no more records */
	uint16_t tag;
	uint32_t lost; /* samples since the last one that found room */
};

struct store {
	bool open;
	int lock_fd;
	sd_event_source *source;
	struct writer *writer;
	struct reader *reader;
	struct reader *copier; /* of backups */
	struct reader *asker;  /* of what a session's begin waits for */
	bool copying;	       /* a backup is being made or sent */
	struct log_limit log_limit;
	struct queue queue;
	size_t outstanding; /* completions that the writer may still put */
	bool queue_full;    /* until the rings are drained */
	uint64_t samples_lost;
	uint64_t events_lost;
	uint32_t events_unreported;   /* lost ones that no event tells of yet */
	struct recover_alarms alarms; /* as found at start */
	struct open_session sessions[STORE_SESSIONS_MAX];
};

/** record_release() - the writer is done with BEGIN (failed) or END: the slot is free again */
void record_release(struct store *store, uint16_t tag);

/** backup_copied(), backup_sent() - a job of the copier is finished */
void backup_copied(struct store *store, struct job *job);
void backup_sent(struct store *store, const struct job *job);

#endif
