/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of a pen, shared by the files of daemon/pen and nobody else.
 *
 *   setup.c    online -> GET_* -> alt 1 -> stream -> first sample
 *   stream.c   packet -> judge -> state machine -> stop or renew; the safety loop
 *   command.c  ARM, SET_TARGET and the outcomes of commands
 *   rest.c     commands to a pen at rest: CLAIM, CLEAR_FAULT, GET_CARTRIDGE with GET_INFO
 *   reconcile.c stream period and cartridge, kept as wanted while the pen rests
 *   effects.c  what the state machine wants done
 *   capture.c  raw traffic for others
 *   pen.c      creation, state, timer
 *   usb.c      creation of those on USB
 *   hotplug.c  which of them is plugged in
 */
#ifndef MNPEN_PEN_PARTS_H
#define MNPEN_PEN_PARTS_H

#include "daemon/pen/ep0.h"
#include "daemon/pen/pen.h"
#include "daemon/policy/fresh.h"
#include "daemon/policy/judge.h"
#include "driver/base/log.h"
#include "driver/host/capture.h"
#include "driver/host/host.h"
#include "driver/host/telemetry.h"

#define PEN_SETUP_RETRY_USEC 5000000ULL /* after a pen that could not be set up */
#define PEN_SETUP_AGAIN_USEC 100000ULL	/* after a step back to work that a STOP cancelled */
#define PEN_SETUP_SAMPLE_USEC 1000000ULL
#define PEN_REST_SILENCE_USEC 2000000ULL /* at rest without a packet: the stream is set up anew */

enum pen_setup {
	SETUP_OFFLINE,
	SETUP_STOP,
	SETUP_INFO,
	SETUP_STATUS,
	SETUP_CARTRIDGE,
	SETUP_ALT,
	SETUP_STREAM,
	SETUP_SAMPLE, /* waiting for the first one */
	SETUP_DONE,
	SETUP_FAILED, /* tried again at setup_usec */
};

enum pen_op_kind {
	OP_NONE,
	OP_ARM,
	OP_TARGET, /* also the second half of an arm */
	OP_CLAIM,
	OP_CLEAR,
	OP_REFRESH, /* GET_CARTRIDGE, then GET_INFO */
};

/* The one command under way. */
struct pen_op {
	enum pen_op_kind kind;
	bool arming;   /* OP_TARGET as part of an arm: done when the trigger may run the motor */
	bool in_force; /* OP_TARGET: a sample showed it */
	pen_done done;
	void *userdata;
	uint32_t cmd;
	bool accepted;		/* the request completed; a sample made later must confirm it */
	uint64_t deadline_usec; /* UINT64_MAX = none */
	uint16_t depth_um;
	uint16_t speed_rpm;
};

/* The lease of the present ARM. */
struct pen_lease {
	uint64_t token;
	uint32_t limits_crc;
	uint32_t counter;
	uint16_t lease_ms;
	uint64_t sent_usec;  /* 0 = none yet: due at once */
	uint64_t begun_usec; /* the ARM was confirmed */
	bool enable;	     /* a target is confirmed */
	bool off_due;	     /* the pedal went up: one with enable = 0 goes out before any other */
	bool sample_since;   /* a good sample came since the last one went out */
};

struct pen {
	sd_event *event;
	sd_event_source *timer;
	uint64_t timer_usec;
	const struct pen_hooks *hooks;
	void *userdata;
	struct host *host;
	/* Of pen_new_usb(), else NULL: @host is the one of them that has the pen, or had it. */
	struct host *usb;
	struct host *chardev; /* NULL until it is needed */
	struct ep0 ep0;

	struct host_identity identity;
	struct mnpen_info info;
	struct host_ceilings ceilings; /* that the owner knows of */
	struct mnpen_cartridge cartridge;
	bool cartridge_stale; /* read it again when EP0 has time */

	enum pen_setup setup;
	uint64_t setup_usec;  /* deadline of the step that waits */
	bool stream_repeated; /* SET_STREAM, because no samples came: not more than once */
	bool present;	      /* arrived() said yes */

	struct mnpen_sample sample;
	uint64_t sample_usec;
	uint64_t packet_usec; /* of the newest packet, a sample or not: the stream goes on */
	struct fsm fsm;
	struct judge judge;
	struct fresh fresh;
	struct pen_lease lease;
	struct pen_arm arm; /* of the present ARM */
	struct pen_op op;
	pen_looked looked; /* of the look under way; NULL = none */
	void *looked_userdata;
	uint16_t target_depth_um; /* in force; 0 = none */
	uint16_t target_speed_rpm;
	uint32_t cmd; /* last command number used */
	uint32_t stream_wanted_us;
	uint32_t stream_asked_us; /* 0 = not yet, or nobody knows what became of it */
	uint32_t stream_us;	  /* accepted by the pen; 0 = not known */
	struct telemetry telemetry;
	struct capture capture;
	struct log_limit log_limit;
};

/* ---- effects.c ---- */

/** pen_step() - one event through the state machine, and its effects, STOP first */
void pen_step(struct pen *pen, const struct fsm_input *input, uint64_t now_usec);
void pen_step_stop(struct pen *pen, enum policy_reason reason, uint64_t now_usec);

/* ---- setup.c ---- */
void pen_on_online(struct host *host, void *userdata, const struct host_identity *identity);
void pen_on_offline(struct host *host, void *userdata, int error);
void pen_setup_sample(struct pen *pen, const struct mnpen_sample *sample, uint64_t now_usec);
void pen_setup_tick(struct pen *pen, uint64_t now_usec);
/** pen_setup_due_usec() - when pen_setup_tick() has something to do; UINT64_MAX = never */
uint64_t pen_setup_due_usec(const struct pen *pen);
/** pen_setup_resume() - back from alternate setting 0, where escalation left the pen at rest */
void pen_setup_resume(struct pen *pen);

/* ---- stream.c ---- */
void pen_on_packet(struct host *host, void *userdata, const uint8_t *buf, size_t len,
		   uint64_t rx_usec);
void pen_on_drained(struct host *host, void *userdata);
void pen_on_guarded(struct host *host, void *userdata, uint8_t reason);
void pen_check_fresh(struct pen *pen, uint64_t now_usec);

/* ---- command.c ---- */
void pen_op_begin(struct pen *pen, enum pen_op_kind kind, pen_done done, void *userdata);
/** pen_op_answer() - what all answers have in common. Return: whether the request was accepted */
bool pen_op_answer(struct pen *pen, const struct ep0_answer *a);
void pen_op_refused(struct pen *pen, const struct mnpen_error_record *refusal);
void pen_op_confirmed(struct pen *pen);
void pen_op_sample(struct pen *pen, const struct mnpen_sample *sample);
void pen_op_tick(struct pen *pen, uint64_t now_usec);
/** pen_op_finish() - ends the command under way, if any */
void pen_op_finish(struct pen *pen, const struct pen_result *result);
/** pen_op_stopped() - the same, because the state machine stopped the pen */
void pen_op_stopped(struct pen *pen);
void pen_send_target(struct pen *pen, uint64_t now_usec); /* second half of an arm */
void pen_send_lease(struct pen *pen, uint64_t now_usec);
/* ---- reconcile.c ---- */
void pen_reconcile(struct pen *pen); /* stream period, cartridge: when there is nothing better */
uint32_t pen_stream_period_us(const struct pen *pen); /* that the stream is to have */
/** pen_take_cartridge() - the answer to GET_CARTRIDGE. Return: whether it could be read */
bool pen_take_cartridge(struct pen *pen, const struct ep0_answer *a);
/** pen_take_info() - the same of GET_INFO. What cannot be read leaves what was known, and so does
 * what has changed in more than its calibration and its motor time. */
bool pen_take_info(struct pen *pen, const struct ep0_answer *a);

/* ---- pen.c ---- */
extern const struct host_callbacks pen_callbacks; /* their userdata is the pen */
/** pen_new() - all but its host. Return: 0; -ENOMEM; negative errno of the loop */
int pen_new(struct pen **ret, sd_event *event, const struct pen_hooks *hooks, void *userdata);
void pen_rearm_timer(struct pen *pen);
void pen_event(struct pen *pen, const char *kind, const struct field *fields, size_t n_fields);
void pen_changed(struct pen *pen, unsigned int what);

#endif
