/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mnpen.ko: the kernel guard. What the files of this folder know of a pen and of each other.
 *
 * Locks, from the outside in:
 *   the lock of the USB device, under which the core calls probe, disconnect and reset
 *   open_lock     open, close, and what makes a closed pen rest; never taken by resume. Its holder
 *                 may only try for the lock above: pen_lock_device()
 *   request_lock  one request at a time on EP0, with the GET_ERROR that belongs to it; STOP never
 *                 takes it
 *   lock          everything else, also in completion handlers: never held across anything that
 *                 sleeps
 */
#ifndef MNPEN_KMOD_MNPEN_H
#define MNPEN_KMOD_MNPEN_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/usb.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "driver/kmod/guard.h"
#include "driver/uapi/chardev.h"

#define PEN_URBS 8
#define PEN_RECORD_MAX 64
#define PEN_STOP_TIMEOUT_MS 50 /* how long somebody who has to go on waits for a STOP's answer */

#define PEN_ALT_REST 0
#define PEN_ALT_WORK 1

/* docs/protocol.md, "Requests" */
enum {
	REQ_GET_INFO = 0x01,
	REQ_GET_STATUS = 0x02,
	REQ_ARM = 0x03,
	REQ_SET_TARGET = 0x04,
	REQ_LEASE = 0x05,
	REQ_STOP = 0x06,
	REQ_CLEAR_FAULT = 0x07,
	REQ_SET_STREAM = 0x08,
	REQ_GET_CARTRIDGE = 0x09,
	REQ_CLAIM_CARTRIDGE = 0x0a,
	REQ_GET_ERROR = 0x0b,
};

/**
 * struct pen_stop - STOP, which is always ready to go
 * @urb: its own; it carries no data
 * @setup: its setup packet
 * @busy: @urb is in flight
 * @again: another STOP follows when it ends
 * @reason: wValue of that
 * @sent_ns: when @urb went out
 * @asked: STOPs asked for: the stop epoch. What was begun in an earlier one is not carried out.
 * @sent: @asked when @urb went out
 * @done: @asked up to which all is answered
 * @status: of the last answer
 * @wait: for @done
 */
struct pen_stop {
	struct urb *urb;
	struct usb_ctrlrequest *setup;
	bool busy;
	bool again;
	u16 reason;
	u64 sent_ns;
	u32 asked;
	u32 sent;
	u32 done;
	int status;
	wait_queue_head_t wait;
};

/**
 * struct pen_request - EP0, one request at a time
 * @urb: of the request in flight
 * @setup: its setup packet
 * @data: its data, PEN_RECORD_MAX bytes
 * @done: it ended
 */
struct pen_request {
	struct urb *urb;
	struct usb_ctrlrequest *setup;
	u8 *data;
	struct completion done;
};

/**
 * struct pen_stream - the interrupt transfers of the samples
 * @urbs: of which all that are in flight are in @flying
 * @flying: anchor
 * @parked: bits of those that ended with an error, until @revive sends them again
 * @pipe: of the endpoint, whose address is the descriptor's to say
 * @interval: bInterval
 * @size: wMaxPacketSize
 * @on: they are to be kept in flight
 * @revive: sends the parked ones
 */
struct pen_stream {
	struct urb *urbs[PEN_URBS];
	struct usb_anchor flying;
	unsigned long parked;
	unsigned int pipe;
	int interval;
	unsigned int size;
	bool on;
	struct delayed_work revive;
};

/**
 * struct pen_ring - the newest samples that nobody has read yet
 * @samples: PEN_RING_SIZE of them
 * @head: samples put in, ever
 * @tail: samples taken out or dropped, ever
 * @lost: dropped since the last one that was taken out
 */
struct pen_ring {
	struct mnpen_guard_sample *samples;
	u32 head;
	u32 tail;
	u32 lost;
};

/**
 * struct pen - one pen
 * @kref: held by the driver while it is bound, and by each open file
 * @minor: of its node
 * @dev: the node /dev/mnpenN and its folder in sysfs
 * @udev: the pen
 * @intf: its interface 0
 * @open_lock: see above
 * @request_lock: see above
 * @lock: see above; over all that follows
 * @dead: no longer bound; what is left is for the last reference to free
 * @open: somebody has the node
 * @working: interface 0 is in alternate setting 1; changed under @request_lock
 * @unsure: it may be there although @working is false: a request for it was lost half way; likewise
 * @info_known: @tolerance_um is what the pen declares; under @request_lock
 * @tolerance_um: of the depth; under @request_lock
 * @depth_ceiling_um: no ARM above
 * @speed_ceiling_rpm: no ARM above
 * @samples: packets received
 * @overruns: packets that a slow reader lost
 * @guard_stops: STOPs of the guard for which there was a need
 * @last_reason: of the last of them
 * @guard: the judgement
 * @stop: STOP
 * @request: all other requests
 * @stream: the way of the samples to here
 * @ring: and to their reader
 * @readers: wait for samples
 * @rest: brings a pen to rest that did not answer when it was closed
 */
struct pen {
	struct kref kref;
	int minor;
	struct device *dev;
	struct usb_device *udev;
	struct usb_interface *intf;
	struct mutex open_lock;	   /* see above */
	struct mutex request_lock; /* see above */
	spinlock_t lock;	   /* see above */
	bool dead;
	bool open;
	bool working;
	bool unsure;
	bool info_known;
	u16 tolerance_um;
	u16 depth_ceiling_um;
	u16 speed_ceiling_rpm;
	u16 last_reason;
	u64 samples;
	u64 overruns;
	u64 guard_stops;
	struct guard guard;
	struct pen_stop stop;
	struct pen_request request;
	struct pen_stream stream;
	struct pen_ring ring;
	wait_queue_head_t readers;
	struct delayed_work rest;
};

/* main.c */
struct pen *pen_get(int minor);
void pen_put(struct pen *pen);
void pens_stop(u16 reason);
int pen_errno(int status);

/* chardev.c */
extern const struct file_operations pen_fops;
void pen_rest_init(struct pen *pen);

/* ioctl.c */
long pen_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* request.c */
/**
 * struct pen_order - a request on EP0
 * @type: bmRequestType
 * @request: bRequest
 * @value: wValue
 * @len: bytes of data: to send, or exactly to receive
 * @timeout_ms: how long the answer may take
 * @epoch: stop.asked when this began; a STOP since then cancels it
 * @exiting: the caller may be a process that is being killed, and still has to wait
 */
struct pen_order {
	u8 type;
	u8 request;
	u16 value;
	u16 len;
	u32 timeout_ms;
	u32 epoch;
	bool exiting;
};

int pen_lock_device(struct pen *pen, bool exiting);
int pen_request_init(struct pen *pen);
void pen_request_free(struct pen *pen);
u32 pen_epoch(struct pen *pen);
int pen_request(struct pen *pen, const struct pen_order *order, void *data);
int pen_set_alt(struct pen *pen, u8 alt, const struct pen_order *base);

/* stop.c */
int pen_stop_init(struct pen *pen);
void pen_stop_free(struct pen *pen);
bool pen_stop_locked(struct pen *pen, u16 reason);
void pen_stop_renew(struct pen *pen, bool renew);
u32 pen_stop(struct pen *pen, u16 reason);
u32 pen_guard_stop(struct pen *pen, u16 reason);
bool pen_guard_stop_locked(struct pen *pen, u16 reason);
int pen_stop_wait(struct pen *pen, u32 ticket, u32 timeout_ms);

/* stream.c */
int pen_stream_init(struct pen *pen, const struct usb_endpoint_descriptor *ep);
void pen_stream_free(struct pen *pen);
void pen_stream_start(struct pen *pen);
void pen_stream_stop(struct pen *pen);

/* ring.c */
int pen_ring_init(struct pen_ring *ring);
void pen_ring_free(struct pen_ring *ring);
void pen_ring_clear(struct pen_ring *ring);
bool pen_ring_empty(const struct pen_ring *ring);
bool pen_ring_put(struct pen_ring *ring, const struct mnpen_guard_sample *sample);
bool pen_ring_take(struct pen_ring *ring, struct mnpen_guard_sample *ret);

/* sysfs.c */
extern const struct attribute_group *pen_groups[];
const char *pen_reason_name(u16 reason);

/* pm.c */
int pen_suspend(struct usb_interface *intf, pm_message_t message);
int pen_resume(struct usb_interface *intf);
int pen_pre_reset(struct usb_interface *intf);
int pen_post_reset(struct usb_interface *intf);
bool pen_machine_leaves(void);
int pen_watch_machine(void);
void pen_unwatch_machine(void);

#endif
