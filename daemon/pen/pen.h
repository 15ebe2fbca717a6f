/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pen's life, from its arrival to its removal: set-up, samples, leases, commands with their three
 * outcomes, stop and escalation. What is allowed comes from above; what is safe from daemon/policy.
 *
 * Main thread only; nothing blocks. One struct pen per connection; it survives
 * unplugging. On USB it is a place, which one pen after the other may have.
 */
#ifndef MNPEN_PEN_H
#define MNPEN_PEN_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/policy/fsm.h"
#include "daemon/policy/limits.h"
#include "driver/base/fields.h"
#include "driver/proto/records.h"

/* Stream period while no session is open: enough for a display, next to nothing in load. */
#define PEN_IDLE_STREAM_US 20000

struct pen;

/* What changed, a bit set, for pen_hooks.changed */
#define PEN_CHANGED_STATE (1u << 0) /* State, Armed, StopReason, DisarmReason */
#define PEN_CHANGED_FAULTS (1u << 1)
#define PEN_CHANGED_CARTRIDGE (1u << 2)
#define PEN_CHANGED_TARGET (1u << 3)
#define PEN_CHANGED_AT_REST (1u << 4) /* a stop ended: a sample shows the drive off */
#define PEN_CHANGED_CEILINGS (1u << 5)

/** struct pen_hooks - what the owner of a pen supplies; every call comes from the main loop */
struct pen_hooks {
	/* Set up and streaming. False: it is not wanted (another pen has that serial). */
	bool (*arrived)(struct pen *pen, void *userdata);
	/* Gone, after arrived() said true. The pen is at rest as far as we can know. */
	void (*left)(struct pen *pen, void *userdata);
	/* Asked while armed, whenever what had arrived is judged, and so before each renewal of the
	 * lease: REASON_NONE, or why the needles must stop. */
	enum policy_reason (*may_run)(struct pen *pen, void *userdata, uint64_t now_usec);
	/* Asked before each renewal that enables, while a pedal is the dead-man: whether it is held
	 * down now, by its level. */
	bool (*pedal_down)(struct pen *pen, void *userdata);
	/* Every packet of a sample's size, after it was judged and any STOP was sent.
	 * @flags: MNPEN_TELEMETRY_* */
	void (*sample)(struct pen *pen, void *userdata, uint64_t rx_usec, uint8_t verdict,
		       uint8_t flags, const uint8_t raw[MNPEN_SAMPLE_SIZE]);
	/* seq says that samples are missing between two that came. */
	void (*gap)(struct pen *pen, void *userdata, uint32_t after_seq, uint32_t before_seq);
	/* ARMING, ARMED or RUNNING ended; @run_ms was used since ARM */
	void (*disarmed)(struct pen *pen, void *userdata, enum policy_reason reason,
			 uint32_t run_ms);
	void (*event)(struct pen *pen, void *userdata, const char *kind, const struct field *fields,
		      size_t n_fields);
	/* The drive would not stop: everything was tried, a human must act. */
	void (*alarm)(struct pen *pen, void *userdata);
	void (*changed)(struct pen *pen, void *userdata, unsigned int what);
};

enum pen_outcome {
	PEN_CONFIRMED,	 /* the pen said so */
	PEN_REFUSED,	 /* the pen said no: see refusal */
	PEN_UNCONFIRMED, /* sent, and no word for 200 ms or no answer */
	PEN_STOPPED,	 /* a stop came between: see reason */
	PEN_LOST,	 /* the pen went away */
	PEN_CEILING,	 /* not sent: the kernel guard has a ceiling below it */
};

struct pen_result {
	enum pen_outcome outcome;
	struct mnpen_error_record refusal; /* PEN_REFUSED */
	enum policy_reason reason;	   /* PEN_STOPPED */
};

typedef void (*pen_done)(struct pen *pen, void *userdata, const struct pen_result *result);

/** struct pen_arm - everything an ARM needs */
struct pen_arm {
	uint64_t token;
	uint64_t epoch; /* of the request's arrival */
	struct limits limits;
	uint32_t run_left_ms;
	uint16_t lease_ms;
	uint32_t max_age_usec;
	uint64_t arm_timeout_usec;
	uint64_t session_end_usec;
	uint16_t target_depth_um;
	uint16_t target_speed_rpm;
	bool guarded; /* the needles run only while the pedal is held; it is pressed after the ARM
		       */
};

/**
 * pen_new_usbip() - keep a pen behind usbip://HOST:PORT/BUSID
 * @allow_remote: addresses beyond loopback are fine
 * @hooks: must outlive the pen
 *
 * Nothing is called back from inside this.
 * Return: 0; -EINVAL not such a URL; -EPERM not loopback; -ENOMEM; negative errno of the loop.
 */
int pen_new_usbip(struct pen **ret, sd_event *event, const char *url, bool allow_remote,
		  const struct pen_hooks *hooks, void *userdata);

/**
 * pen_new_usb() - a pen's place on USB, empty; hotplug.h fills it
 * Return: 0; -ENOMEM; negative errno of thread or loop.
 */
int pen_new_usb(struct pen **ret, sd_event *event, const struct pen_hooks *hooks, void *userdata);

/** pen_usb_plug() - the device behind @node is there; only into an empty place */
void pen_usb_plug(struct pen *pen, const char *node);
/** pen_chardev_plug() - the same behind the kernel guard's @node. Return: 0; -ENOMEM; negative
 * errno of thread or loop */
int pen_chardev_plug(struct pen *pen, const char *node);
/** pen_usb_hand_over() - unplugged from libusb, so that the guard may take it */
void pen_usb_hand_over(struct pen *pen);
/** pen_usb_unplug() - it is gone; the place is empty as soon as it could be closed */
void pen_usb_unplug(struct pen *pen);
/** pen_usb_empty() - false for a pen that is not of pen_new_usb() */
bool pen_usb_empty(const struct pen *pen);

/** pen_free() - closes: to the pen an unplug, and so a stop. No callback any more; NULL is fine.
 * Returns NULL. */
struct pen *pen_free(struct pen *pen);

/* ---- state ---- */
bool pen_present(const struct pen *pen);
const char *pen_serial(const struct pen *pen);
const char *pen_transport(const struct pen *pen);
/** pen_ceilings() - of the kernel guard, as they were when it was last asked with GET_INFO; 0 =
 * none */
void pen_ceilings(const struct pen *pen, uint16_t *ret_depth_um, uint16_t *ret_speed_rpm);
const struct mnpen_info *pen_info(const struct pen *pen);
const struct mnpen_cartridge *pen_cartridge(const struct pen *pen);
const struct mnpen_sample *pen_sample(const struct pen *pen); /* newest that decodes */
uint64_t pen_sample_usec(const struct pen *pen); /* when it was taken, by our clock; 0 = none */
uint64_t pen_sample_age_usec(const struct pen *pen, uint64_t now_usec);
enum fsm_state pen_state(const struct pen *pen);
bool pen_is_live(const struct pen *pen); /* armed or running */
/** pen_guarded() - whether the safety loop does its work: while the pen is armed or running, it has
 * renewed the lease within the time of one. Always true of a pen that is not. */
bool pen_guarded(const struct pen *pen, uint64_t now_usec);
uint64_t pen_epoch(const struct pen *pen);
enum policy_reason pen_reason(const struct pen *pen); /* of the last stop */
uint32_t pen_run_ms(const struct pen *pen);	      /* since ARM */

/* ---- commands: one at a time; 0 = @done follows, never from inside the call ----
 * -EBUSY another command is under way · -ENODEV absent · -EALREADY armed already ·
 * -EOVERFLOW its command numbers are used up · -ESTALE the epoch changed · -EPERM not in this state
 * · -EAGAIN (arm) the stream does not have its period yet */
int pen_arm(struct pen *pen, const struct pen_arm *arm, pen_done done, void *userdata);
int pen_set_target(struct pen *pen, uint16_t depth_um, uint16_t speed_rpm, pen_done done,
		   void *userdata);
int pen_claim(struct pen *pen, uint64_t token, uint32_t today_days, pen_done done, void *userdata);
int pen_clear_fault(struct pen *pen, pen_done done, void *userdata);

/** pen_refresh() - GET_CARTRIDGE and GET_INFO anew, not while armed; pen_cartridge() and pen_info()
 * then show what is true now: the cartridge in it, when its calibration is due */
int pen_refresh(struct pen *pen, pen_done done, void *userdata);

typedef void (*pen_looked)(void *userdata);

/** pen_look() - GET_INFO anew for whoever only wants to see it: one at a time, of a pen at rest
 * that has nothing better to do, and no command waits for it Return: 0, @done follows, also when
 * the pen went away or did not answer; -EBUSY, -EPERM, -ENODEV: what is known must do. */
int pen_look(struct pen *pen, pen_looked done, void *userdata);

/**
 * pen_stop() - stop now; never refused, never waits
 * Return: 0 the pen is at rest by its samples (STOP was sent all the same); 1 it is stopping,
 * PEN_CHANGED_AT_REST follows when a sample shows it; -ENODEV it is gone.
 */
int pen_stop(struct pen *pen, enum policy_reason reason);

/**
 * pen_pedal() - the pedal was pressed or released
 * @held: false also when nobody knows, or it is gone: a lease with enable = 0 goes out at once, and
 *        from now on the present ARM is guarded. True counts only while armed and guarded, and only
 *        if the press was made after the pen was armed and after the last release.
 * @made_usec: when, by CLOCK_BOOTTIME
 */
void pen_pedal(struct pen *pen, bool held, uint64_t made_usec);
bool pen_is_guarded(const struct pen *pen); /* the present ARM; false when not armed */
bool pen_is_held(const struct pen *pen);    /* and the pedal counts as held for it */

/** pen_set_stream_period() - from now on, and again after each arrival; not while armed */
void pen_set_stream_period(struct pen *pen, uint32_t period_us);

/** pen_open_telemetry() - fd for a new reader, or negative errno (-EUSERS too many) */
int pen_open_telemetry(struct pen *pen);

/** pen_open_capture() - the same of its raw traffic (driver/uapi/capture.h)
 * @scrub: serial, cartridge uid, lot and tokens are replaced by pseudonyms */
int pen_open_capture(struct pen *pen, bool scrub);

#endif
