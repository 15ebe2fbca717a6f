/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the replay share. */
#ifndef MNPEN_GADGET_REPLAY_PARTS_H
#define MNPEN_GADGET_REPLAY_PARTS_H

#include "tests/gadget/replay/replay.h"

#define REPLAY_NONE SIZE_MAX

/* Kinds of commands that the two hosts go on together at, by how much they must not be passed. */
enum replay_rank {
	REPLAY_FREE,	/* no such command */
	REPLAY_SETTING, /* SET_INTERFACE, SET_STREAM: a host may send them earlier or not at all */
	REPLAY_STEP,	/* CLAIM, SET_TARGET, CLEAR_FAULT, a LEASE that turns */
	REPLAY_ARM,
};

/* ---- replay.c ---- */
enum replay_rank replay_rank(const struct recorded *entry);

/** replay_driven() - whether the last sample shows the drive on: then nothing waits */
bool replay_driven(const struct replay *replay);
bool replay_armed(const struct replay *replay);

/** replay_go_on() - the play goes on at entry @index now: after waiting for it, or by a jump */
void replay_go_on(struct replay *replay, size_t index);

/** replay_open_window() - a run begins at entry @begin */
void replay_open_window(struct replay *replay, size_t begin);

/** replay_leave_out() - the pen is disabled and stays armed, and the play waits for the next ARM */
void replay_leave_out(struct replay *replay);

/** replay_rest() - the pen rests from now on, and the play waits at entry @index */
void replay_rest(struct replay *replay, enum mnpen_stop_reason reason, size_t index);

/** replay_status_ahead() - the recorded GET_STATUS, when no sample comes before it: as in alternate
 * setting 0, where none come */
bool replay_status_ahead(struct replay *replay, struct mnpen_sample *ret);

/** replay_start() - the host asks for samples */
void replay_start(struct replay *replay);

/* ---- replay_request.c ---- */
/** replay_refuse() - for GET_ERROR to tell. Returns -EPIPE */
int replay_refuse(struct replay *replay, uint8_t request, enum mnpen_error code, uint32_t cmd);

/* ---- replay_check.c ---- */
/** replay_check() - what every pen refuses about a request, by what is known of the live host
 * @ret_detail: offset of the offending field; untouched when there is none */
enum mnpen_error replay_check(const struct replay *replay, const struct usb_setup *setup,
			      const uint8_t *data, size_t len, uint16_t *ret_detail);

/* ---- replay_answer.c ---- */
/** replay_answer() - an IN request that passed replay_check(). Return: bytes of @reply, or -EPIPE
 */
int replay_answer(struct replay *replay, const struct usb_setup *setup, uint8_t *reply);

/* ---- replay_lease.c ---- */
void replay_lease_armed(struct replay *replay, const uint8_t *data);
void replay_lease_renewed(struct replay *replay, const struct mnpen_lease *live);
/** replay_lease_over() - the live host has let it run out */
bool replay_lease_over(const struct replay *replay);
/** replay_lease_recorded() - the play passes @entry */
void replay_lease_recorded(struct replay *replay, const struct recorded *entry);
/** replay_lease_skipped() - the play leaves @entry out */
void replay_lease_skipped(struct replay *replay, const struct recorded *entry);
void replay_lease_left(const struct replay *replay, struct mnpen_sample *s);
void replay_lease_translate(struct replay *replay, const struct mnpen_sample *recorded,
			    struct mnpen_sample *s);

/* ---- replay_map.c ---- */
void replay_pair(struct replay_pairs *pairs, uint64_t recorded, uint64_t live);
/** replay_live() - the newest live value for @recorded; false when there is none */
bool replay_live(const struct replay_pairs *pairs, uint64_t recorded, uint64_t *ret);
/** replay_token_of_host() - whether @token is one that the recorded host sent */
bool replay_token_of_host(const struct recording *recording, uint64_t token);

#endif
