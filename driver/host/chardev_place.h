/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the transport over the kernel guard, shared by its files:
 *   chardev.c           the life of a place: open, lost, closed, again; sources and deadlines
 *   chardev_ops.c       what the owner asks for: struct host_ops
 *   chardev_samples.c   what the pen says by itself
 *   chardev_tap.c       what a capture hears
 *   chardev_call.c      requests as the guard takes them; pure
 *   chardev_link.c      the system calls, most of them made by the threads
 *   chardev_describe.c  what a device is, by sysfs
 *
 * Nothing but chardev_leave() takes a device down; all else marks it broken.
 */
#ifndef MNPEN_HOST_CHARDEV_PLACE_H
#define MNPEN_HOST_CHARDEV_PLACE_H

#include "driver/base/log.h"
#include "driver/host/chardev.h"
#include "driver/host/usb_helper.h"
#include "driver/host/usbip_enum.h"
#include "driver/uapi/chardev.h"

#define CHARDEV_BACKOFF_MIN_MS 100
#define CHARDEV_BACKOFF_MAX_MS 5000
#define CHARDEV_READ_SAMPLES 64	     /* at a time */
#define CHARDEV_SAMPLES_PER_TURN 256 /* then the loop may do something else */
#define CHARDEV_SETTING 0x100	     /* SET_INTERFACE, where a request's number stands else */

enum chardev_state {
	CHARDEV_EMPTY,	 /* nothing is plugged in */
	CHARDEV_WAITING, /* for the end of the pause */
	CHARDEV_OPENING, /* by the thread */
	CHARDEV_ONLINE,
	CHARDEV_LEAVING, /* the threads come out of the kernel */
	CHARDEV_RESETTING,
	CHARDEV_CLOSING,
	CHARDEV_REFUSED, /* plugged in, closed, and left alone: it is no pen */
};

/* Of the thread for requests. */
enum chardev_job {
	CHARDEV_JOB_OPEN = 1,
	CHARDEV_JOB_CALL,
	CHARDEV_JOB_RESET,
	CHARDEV_JOB_CLOSE,
};

/* Of the thread that waits for STOPs. */
#define CHARDEV_JOB_STOPPED 1

/** struct chardev_call - one ioctl, and what it is about */
struct chardev_call {
	unsigned long number;
	bool moves; /* what a pen may move by: not to be carried out behind a STOP */
	union {
		struct mnpen_guard_head head; /* first in all of them */
		struct mnpen_guard_info info;
		struct mnpen_guard_status status;
		struct mnpen_guard_cartridge cartridge;
		struct mnpen_guard_arm arm;
		struct mnpen_guard_target target;
		struct mnpen_guard_lease lease;
		struct mnpen_guard_claim claim;
		struct mnpen_guard_value value;
	} argument;
};

/** struct chardev_link - what is open */
struct chardev_link {
	int fd;
	struct usbip_enum enumeration;
	struct host_ceilings ceilings;
	char folder[256]; /* of the class device in sysfs, where the ceilings stand */
};

enum chardev_request_state {
	CHARDEV_NONE,
	CHARDEV_QUEUED, /* the thread is in the kernel with one that nobody waits for any more */
	CHARDEV_FLYING,
	CHARDEV_ANSWERED, /* known already: GET_ERROR; told in the loop's next turn */
};

/** struct chardev_request - the one that somebody waits for */
struct chardev_request {
	enum chardev_request_state state;
	struct chardev_call call;
	uint16_t what; /* enum mnpen_request, or CHARDEV_SETTING */
	bool in;
	uint16_t len;
	uint64_t id;
	uint64_t deadline_usec;
	uint8_t setup[HOST_SETUP_SIZE];
	uint8_t data[MNPEN_RECORD_MAX]; /* OUT, for the tap */
	host_done done;
	void *userdata;
};

/** struct chardev_stop - a STOP that the kernel has */
struct chardev_stop {
	bool flying;	 /* nobody has heard of its end */
	bool wait_again; /* the thread still waits for the one before */
	uint64_t id;
	uint64_t deadline_usec;
	uint8_t setup[HOST_SETUP_SIZE];
	host_done done; /* NULL = nobody waits */
	void *userdata;
};

struct chardev {
	struct host host; /* first: a struct host is cast to this */
	sd_event *event;
	sd_event_source *timer;
	sd_event_source *defer;
	sd_event_source *io; /* of the node, while online */
	struct usb_helper *requester;
	struct usb_helper *stopper;
	char node[CHARDEV_NODE_MAX]; /* "" = nothing is plugged in */
	enum chardev_state state;
	bool dispatching; /* between chardev_enter() and chardev_leave() */
	bool broken;	  /* to be taken down by chardev_leave() */
	bool was_online;  /* online() was called, offline() is owed */
	bool was_reset;	  /* broken by host_reset() */
	bool streaming;
	int error;    /* why it broke */
	int reported; /* the last error that the owner heard of this device */
	char why[160];
	struct log_limit log_limit;
	struct log_limit guard_limit;
	unsigned int backoff_ms;
	uint64_t pause_end_usec;
	uint64_t last_id;
	struct chardev_request request;
	struct chardev_stop stop;
	uint8_t last_error[MNPEN_ERROR_SIZE]; /* what GET_ERROR would say */
	uint32_t epoch;			      /* the guard's, as it last said; 0 = it has not */
	struct mnpen_guard_sample samples[CHARDEV_READ_SAMPLES];

	/* the requester's while it is busy */
	struct chardev_link link; /* but for fd, which all use while it is open */
	struct chardev_call call;
	char opening[CHARDEV_NODE_MAX];
	/* the stopper's */
	struct chardev_call waiting;
	int stop_fd;
};

extern const struct host_ops chardev_ops;

static inline struct chardev *chardev_of(struct host *host)
{
	return (struct chardev *)host;
}

/* chardev.c */
/** chardev_break() - marks the device for taking down; the first cause counts */
void chardev_break(struct chardev *c, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/** chardev_kick() - after a call of the owner: what is next, and deadlines */
void chardev_kick(struct chardev *c);
void chardev_enter(struct chardev *c);
void chardev_leave(struct chardev *c);
void chardev_release(struct chardev *c);

/* chardev_ops.c */
/** chardev_start_queued() - gives the thread what waits for it */
void chardev_start_queued(struct chardev *c);
/** chardev_called() - a job CHARDEV_JOB_CALL is over */
void chardev_called(struct chardev *c, int result);
/** chardev_stopped() - a job of the stopper is over */
void chardev_stopped(struct chardev *c, int result);
/** chardev_answer_known() - what was known already is told now */
void chardev_answer_known(struct chardev *c);
void chardev_expire(struct chardev *c, uint64_t now_usec);
/** chardev_end_all() - the device goes: whoever waits hears @result */
void chardev_end_all(struct chardev *c, int result);
/** chardev_listen() - to samples while they are wanted; to the end of the device always */
void chardev_listen(struct chardev *c);

/* chardev_samples.c */
/** chardev_read() - hands out what has come. Return: how many */
size_t chardev_read(struct chardev *c);
/** chardev_discard() - what came before anybody wanted it */
void chardev_discard(struct chardev *c);

/* chardev_tap.c */
void chardev_tell_begun(struct chardev *c, uint64_t id, const uint8_t setup[HOST_SETUP_SIZE],
			const uint8_t *data, size_t len);
void chardev_tell_ended(struct chardev *c, uint64_t id, const uint8_t setup[HOST_SETUP_SIZE],
			int status, const uint8_t *data, size_t len);
void chardev_tell_sample(struct chardev *c, uint64_t usec, const uint8_t *data, size_t len);

/* chardev_call.c */
/** chardev_call_make() - the ioctl of a request. Return: 0; -EINVAL: the guard has none such */
int chardev_call_make(struct chardev_call *ret, const struct host_control *control);
void chardev_call_alt(struct chardev_call *ret, uint8_t alt, unsigned int timeout_ms);
void chardev_call_stop(struct chardev_call *ret, uint16_t reason, uint32_t flags);
/** chardev_call_data() - where the answer of an IN request stands */
const uint8_t *chardev_call_data(const struct chardev_call *call);
/** chardev_call_error() - GET_ERROR's record of a refused one, as the pen gave it */
void chardev_call_error(uint8_t ret[MNPEN_ERROR_SIZE], const struct chardev_call *call);
void chardev_setup_bytes(uint8_t ret[HOST_SETUP_SIZE], uint8_t type, uint8_t request,
			 uint16_t value, uint16_t len);

/* chardev_link.c: negative errno */
int chardev_link_open(struct chardev_link *link, struct host *host, const char *node);
int chardev_link_call(int fd, struct chardev_call *call);
void chardev_link_ceilings(struct chardev_link *link);
void chardev_link_close(struct chardev_link *link);

/* chardev_describe.c */
/**
 * chardev_describe() - what the device is, judged as if it had been asked for its descriptors
 * @folder: of the USB device in sysfs; what it says is kept for captures in @host
 * Return: 0; -EPROTO no pen, see @e->why; negative errno of a file.
 */
int chardev_describe(struct usbip_enum *e, struct host *host, const char *folder);

#endif
