/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the USB transport, shared by its files:
 *   usb.c           the life of a place: open, lost, closed, again
 *   usb_loop.c      sources, deadlines, dispatch
 *   usb_open.c      what may wait for the device, done by the helper
 *   usb_transfer.c  transfers, and what becomes of them
 *   usb_ops.c       what the owner asks for: struct host_ops
 *
 * Each device has a libusb context of its own, so that the loop can leave one device alone, and
 * what is open is either the loop's or the helper's: while usb_helper_busy() the loop touches
 * neither link nor enumeration, and looks at none of its descriptors. usbfs takes the lock of the
 * device for every ioctl, and SET_INTERFACE keeps it as long as the device lets it wait.
 *
 * As with USB/IP, nothing but usb_leave() takes a device down; all else marks it broken.
 */
#ifndef MNPEN_HOST_USB_PLACE_H
#define MNPEN_HOST_USB_PLACE_H

#include <libusb-1.0/libusb.h>

#include "driver/base/log.h"
#include "driver/host/usb.h"
#include "driver/host/usb_descriptor.h"
#include "driver/host/usb_helper.h"
#include "driver/host/usbip_enum.h"

#define USB_BACKOFF_MIN_MS 100
#define USB_BACKOFF_MAX_MS 5000
#define USB_FDS_MAX 8
/* STOP has places of its own, and never competes for the others. Those of EP0 are more than one,
 * because what was cancelled keeps its place until the kernel has given it back. */
#define USB_STOP_TRANSFERS 4
#define USB_EP0_TRANSFERS 4
#define USB_TRANSFERS (USB_STOP_TRANSFERS + USB_EP0_TRANSFERS + HOST_INTERRUPT_URBS)

enum usb_state {
	USB_EMPTY,     /* nothing is plugged in */
	USB_WAITING,   /* for the end of the pause */
	USB_OPENING,   /* by the helper */
	USB_ONLINE,    /* with setting.lent: the helper makes a SET_INTERFACE */
	USB_LEAVING,   /* the last transfers come to their end */
	USB_RESETTING, /* by the helper */
	USB_CLOSING,   /* likewise */
	USB_REFUSED,   /* plugged in, closed, and left alone: it is no pen */
};

enum usb_job {
	USB_JOB_OPEN = 1,
	USB_JOB_SET_ALT,
	USB_JOB_RESET,
	USB_JOB_CLOSE,
};

/** struct usb_link - what is open */
struct usb_link {
	int fd;
	libusb_context *context;
	libusb_device_handle *handle;
	uint8_t alt;	/* for USB_JOB_SET_ALT */
	bool hand_over; /* for closing: a kernel driver may have the interface */
};

enum usb_kind {
	USB_STOP,
	USB_EP0,
	USB_SAMPLES,
};

enum usb_transfer_state {
	USB_FREE,
	USB_FLYING,
	USB_CANCELLED, /* nobody waits for it; libusb has not given it back yet */
};

struct usb_transfer {
	struct usb *usb;
	struct libusb_transfer *libusb;
	enum usb_kind kind;
	enum usb_transfer_state state;
	bool in;
	uint16_t len; /* without the setup packet */
	uint64_t id;
	uint64_t deadline_usec; /* 0 = none */
	host_done done;
	void *userdata;
	uint8_t buffer[USB_PACKET_MAX];
};

/** struct usb_setting - SET_INTERFACE by the helper, asked for or under way */
struct usb_setting {
	bool wanted; /* waits until the last transfer has ended */
	bool lent;   /* the helper makes it */
	uint8_t alt;
	uint64_t id;
	uint64_t deadline_usec;
	host_done done; /* NULL = nobody waits for it any more */
	void *userdata;
};

/** struct usb_owed - a STOP that is sent as soon as the loop has the device back */
struct usb_owed {
	bool owed;
	uint16_t reason;
	uint64_t deadline_usec;
	host_done done; /* NULL = its time is over */
	void *userdata;
};

struct usb {
	struct host host; /* first: a struct host is cast to this */
	sd_event *event;
	sd_event_source *timer;
	sd_event_source *defer;
	sd_event_source *fds[USB_FDS_MAX]; /* NULL where there is none */
	struct usb_helper *helper;
	char node[USB_NODE_MAX]; /* "" = nothing is plugged in */
	enum usb_state state;
	bool dispatching;  /* between usb_enter() and usb_leave() */
	bool broken;	   /* to be taken down by usb_leave() */
	bool was_online;   /* online() was called, offline() is owed */
	bool was_reset;	   /* broken by host_reset() */
	bool handing_over; /* closed so that a kernel driver may have it */
	bool streaming;
	bool gone;	  /* libusb says so */
	bool got_packets; /* drained() is owed */
	bool slow_told;	  /* that transfers do not come to their end */
	int error;	  /* why it broke */
	int reported;	  /* the last error that the owner heard of this device */
	char why[160];
	struct log_limit log_limit;
	unsigned int backoff_ms;
	uint64_t phase_end_usec; /* of the pause; in USB_LEAVING when to complain */
	uint64_t last_id;
	struct usb_setting setting;
	struct usb_owed stop;
	struct usb_transfer transfers[USB_TRANSFERS];

	/* the helper's while it is busy */
	struct usb_link link;
	struct usbip_enum enumeration;
	char opening[USB_NODE_MAX];
};

extern const struct host_ops usb_ops;

static inline struct usb *usb_of(struct host *host)
{
	return (struct usb *)host;
}

/* usb.c */
void usb_start_opening(struct usb *u);
void usb_start_closing(struct usb *u);
/** usb_take_down() - a device that broke: everybody hears, the last one its owner */
void usb_take_down(struct usb *u);
void usb_release(struct usb *u);
/** usb_break() - marks the device for taking down; the first cause counts */
void usb_break(struct usb *u, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* usb_loop.c */
int usb_add_sources(struct usb *u);
/** usb_watch_fds() - libusb's of the device that was opened. Return: 0; negative errno */
int usb_watch_fds(struct usb *u);
void usb_forget_fds(struct usb *u);
void usb_enter(struct usb *u);
void usb_leave(struct usb *u);
/** usb_kick() - after a call of the owner: deadlines; left to usb_leave() when that comes */
void usb_kick(struct usb *u);
void usb_schedule(struct usb *u);

/* usb_open.c: each may wait; negative errno */
int usb_link_open(struct usb_link *link, struct usbip_enum *e, struct host *host, const char *node);
int usb_link_set_alt(struct usb_link *link);
int usb_link_reset(struct usb_link *link);
void usb_link_close(struct usb_link *link);
/** usb_errno() - of an enum libusb_error */
int usb_errno(int error);

/* usb_transfer.c */
int usb_transfers_new(struct usb *u);
void usb_transfers_free(struct usb *u);
struct usb_transfer *usb_transfer_get(struct usb *u, enum usb_kind kind);
/** usb_transfer_ep0() - the one control transfer in flight that somebody waits for, or NULL */
struct usb_transfer *usb_transfer_ep0(struct usb *u);
/** usb_transfers_flying() - that libusb has not given back; only those of @kind, or of all (-1) */
unsigned int usb_transfers_flying(const struct usb *u, int kind);
/** usb_submit_control() - @transfer->in, len, done, userdata and deadline are set
 * @data: OUT data, NULL = none. The tap is not told: usb_begun(). Return: 0; negative errno, the
 * device is broken then. */
int usb_submit_control(struct usb *u, struct usb_transfer *transfer, const struct usb_setup *setup,
		       const uint8_t *data);
/** usb_stream_fill() - submits what is missing of HOST_INTERRUPT_URBS while streaming */
void usb_stream_fill(struct usb *u);
/** usb_cancel() - nobody waits for it any more; it goes back to the kernel. The tap is not told:
 * usb_ended(), -ENOENT or -ESHUTDOWN */
void usb_cancel(struct usb *u, struct usb_transfer *transfer);
/** usb_begun(), usb_ended() - for the tap */
void usb_begun(struct usb *u, const struct usb_transfer *transfer);
void usb_ended(struct usb *u, const struct usb_transfer *transfer, uint64_t usec, int status,
	       size_t len);
/** usb_tell_setting() - for the tap: a SET_INTERFACE of the helper; @status 1 = it begins */
void usb_tell_setting(struct usb *u, int status);
void usb_setup_bytes(uint8_t buf[HOST_SETUP_SIZE], const struct usb_setup *setup);

/* usb_ops.c */
/** usb_setting_lend() - gives the device to the helper if a SET_INTERFACE waits for just that */
void usb_setting_lend(struct usb *u);
/** usb_setting_done() - and has it back */
void usb_setting_done(struct usb *u, int result);
/** usb_setting_expire() - deadlines of what waits for the helper */
void usb_setting_expire(struct usb *u, uint64_t now_usec);
/** usb_setting_end() - the device goes: whoever waits hears @result */
void usb_setting_end(struct usb *u, int result);

#endif
