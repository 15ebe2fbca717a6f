/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the main thread hands to the writer, and what comes back. The slots stay in the rings until
 * their transaction is on disk: the rings are the memory from which a failed one is tried again.
 */
#ifndef MNPEN_STORE_QUEUE_H
#define MNPEN_STORE_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/ring.h"
#include "daemon/store/store.h"

#define QUEUE_SAMPLE_SLOTS 16384
#define QUEUE_COMMAND_SLOTS 64
#define QUEUE_COMPLETION_SLOTS 256 /* answers that wait for the main loop; more are not begun */
/* All texts of one command: 16 of a session, and two of them in JSON, six bytes a character. */
#define QUEUE_TEXT_SIZE ((16 + 2 * 6 + 1) * (STORE_TEXT_MAX + 1))

/**
 * A session's tag: the number of its slot, and how often that slot was used before, so that a
 * sample of a session that could not be begun never lands in the slot's next one.
 */
#define QUEUE_TAG_SLOT(tag) ((tag) % STORE_SESSIONS_MAX)
#define QUEUE_TAG_NEXT(tag) ((uint16_t)((tag) + STORE_SESSIONS_MAX))

/** struct sample_slot - one sample on its way */
struct sample_slot {
	uint64_t host_usec;
	uint32_t lost; /* samples of the session that found the ring full before this one */
	uint16_t tag;
	uint8_t verdict;
	uint8_t flags;
	uint8_t sample[MNPEN_SAMPLE_SIZE];
};

enum command_kind {
	COMMAND_BEGIN,
	COMMAND_END,
	COMMAND_EVENT,
	COMMAND_SEGMENT,
	COMMAND_CARTRIDGE,
	COMMAND_GAP,
	COMMAND_HOLD,
};

/** struct command - one record on its way; all texts lie in @text */
struct command {
	enum command_kind kind;
	uint16_t tag;
	uint64_t barrier; /* END, SEGMENT, CARTRIDGE: position in the sample ring before which all
			     samples are its */
	uint64_t usec;
	uint64_t wall_usec;
	store_done done;
	void *userdata;
	struct store_session session;	  /* BEGIN */
	const char *id;			  /* EVENT: session or NULL */
	const char *pen;		  /* EVENT, SEGMENT, CARTRIDGE */
	const char *name;		  /* EVENT, SEGMENT: kind; END: outcome; GAP: reason */
	struct store_hold hold;		  /* HOLD */
	struct store_segment segment;	  /* SEGMENT */
	struct store_cartridge cartridge; /* CARTRIDGE */
	const char *details;		  /* BEGIN, END, EVENT, SEGMENT, CARTRIDGE: JSON object */
	uint32_t after_seq;		  /* GAP */
	uint32_t before_seq;		  /* GAP */
	uint64_t missing;		  /* GAP: 0 = not known */
	uint32_t lost; /* END: samples that found the ring full, after the last one stored */
	size_t used;
	char text[QUEUE_TEXT_SIZE];
};

/** struct completion - the writer's word on one command */
struct completion {
	enum command_kind kind;
	uint16_t tag;
	int result;
	store_done done;
	void *userdata;
};

/** struct queue - all that the two threads share */
struct queue {
	struct ring samples;	 /* main to writer */
	struct ring commands;	 /* main to writer */
	struct ring completions; /* writer to main */
	int wake_fd;		 /* eventfd: main wakes the writer */
	int done_fd;		 /* eventfd: writer and reader wake main */
	_Atomic bool stop;
	_Atomic bool write_error;
	_Atomic bool over_quota;
	_Atomic uint64_t quota_bytes; /* 0 = none */
	_Atomic uint64_t samples_written;
	_Atomic uint64_t samples_orphaned; /* of a session that could not be begun */
	_Atomic uint64_t bytes_written;
	_Atomic uint64_t write_errors;
};

/** queue_wake() - add 1 to an eventfd; never blocks */
void queue_wake(int fd);
/** queue_awake() - take what was added */
void queue_awake(int fd);

#endif
