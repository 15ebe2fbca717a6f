/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection to one pen, whatever carries it: USB (usb.h), the kernel guard (chardev.h) or
 * USB/IP (usbip.h).
 *
 * All calls and callbacks belong to the thread of the sd-event loop given at creation. Nothing
 * here blocks. The transport knows USB and nothing of policy: what a sample means, when to arm and
 * when to stop is decided above.
 *
 * EP0 is a queue in itself, so at most one control transfer of ours is in flight: host_control()
 * returns -EBUSY while one is. host_stop() and host_set_alt() never wait for it: they cancel it.
 */
#ifndef MNPEN_HOST_H
#define MNPEN_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "driver/host/tap.h"
#include "driver/proto/proto.h"

#define HOST_CONTROL_TIMEOUT_MS 50 /* the time limit of every transfer while a pen may be armed */
#define HOST_SETUP_TIMEOUT_MS 1000 /* enumeration, alt setting: nothing is armed yet */
#define HOST_INTERRUPT_URBS 8	   /* interrupt transfers kept in flight while streaming */
#define HOST_EVENT_PRIORITY (-200) /* samples and stop go before everything else in the loop */

struct host;

/** struct host_identity - what the pen's descriptors say; valid while online */
struct host_identity {
	char serial[MNPEN_SERIAL_MAX + 1]; /* checked by mnpen_serial_valid() */
	char manufacturer[64];
	char product[64];
	uint16_t vendor_id;
	uint16_t product_id;
};

/** struct host_ceilings - what somebody beside us allows no more than; 0 = nobody says */
struct host_ceilings {
	uint16_t depth_um;
	uint16_t speed_rpm;
};

/**
 * struct host_callbacks - what the owner hears
 * @online: the device is configured, is a pen by its ids and interface triple, and sits in alt 0
 * @offline: it is gone, or was refused: @error is negative (-ENODEV unplugged, -ECONNRESET,
 *	-ETIMEDOUT, -EPROTO not a pen, -EBUSY taken by another host, ...). Every transfer in flight
 *	has had its done() with -ENODEV before, or -ECANCELED after host_reset(). The transport
 *	tries again by itself, with back-off.
 *	Called only after online(), except that refusals are reported once for each new cause.
 * @packet: one packet of the sample endpoint, as received; @len may be wrong, judge it
 * @drained: everything that had arrived has been handed out by @packet: time to judge and renew
 * @guarded: the kernel guard has sent a STOP by itself, because of the packet that is handed out
 *	next; @reason is the low byte of its number, MNPEN_GUARD_STOP_*. NULL = who cares
 *
 * A callback may call host_* functions, but not host_free().
 */
struct host_callbacks {
	void (*online)(struct host *host, void *userdata, const struct host_identity *identity);
	void (*offline)(struct host *host, void *userdata, int error);
	void (*packet)(struct host *host, void *userdata, const uint8_t *buf, size_t len,
		       uint64_t rx_usec);
	void (*drained)(struct host *host, void *userdata);
	void (*guarded)(struct host *host, void *userdata, uint8_t reason);
};

/**
 * host_done - a control transfer ended
 * @result: 0 done · -EPIPE refused (STALL) · -ETIMEDOUT · -ECANCELED (by host_stop(),
 *	host_set_alt() or host_reset()) · -ENODEV gone · -EPROTO wrong answer · -ERANGE above a
 *	ceiling of the kernel guard's: not sent
 * @data, @len: the IN data when @result is 0; valid during the call
 */
typedef void (*host_done)(void *userdata, int result, const uint8_t *data, size_t len);

/** struct host_control - one class request to interface 0; copied by host_control() */
struct host_control {
	enum mnpen_request request;
	bool in;
	uint16_t value;
	uint16_t len; /* bytes of @data to send, or exactly to receive */
	uint8_t data[MNPEN_RECORD_MAX];
	unsigned int timeout_ms; /* 0 = HOST_CONTROL_TIMEOUT_MS */
};

/** struct host_ops - a transport; see the wrappers below for the contract of each */
struct host_ops {
	const char *name; /* "usb", "chardev", "usbip": the D-Bus property Transport */
	int (*control)(struct host *host, const struct host_control *control, host_done done,
		       void *userdata);
	int (*set_alt)(struct host *host, uint8_t alt, unsigned int timeout_ms, host_done done,
		       void *userdata);
	int (*stream)(struct host *host, bool on);
	int (*stop)(struct host *host, uint16_t reason, host_done done, void *userdata);
	int (*reset)(struct host *host);
	void (*free)(struct host *host);
};

/** struct host - embedded as the first member by each transport */
struct host {
	const struct host_ops *ops;
	const struct host_callbacks *callbacks;
	void *userdata;
	struct host_tap *tap;		     /* NULL = nobody listens; see host_set_tap() */
	struct host_descriptors descriptors; /* of the present device, as the next one */
	unsigned int speed_mbit;	     /* of its bus: 12 or 480; 0 = not known */
	struct host_ceilings ceilings;	     /* as they were when it came, and at each GET_INFO */
};

/**
 * host_control() - send one class request
 *
 * Return: 0, done() will be called exactly once, never from inside this call; -EBUSY one is in
 * flight; -ENOTCONN not online; -EINVAL impossible length. done() is not called on an error.
 */
int host_control(struct host *host, const struct host_control *control, host_done done,
		 void *userdata);

/** host_set_alt() - SET_INTERFACE on interface 0; ends ARMED and RUNNING in the pen. As above,
 * but a control transfer in flight is cancelled first: this is a step of escalation. */
int host_set_alt(struct host *host, uint8_t alt, unsigned int timeout_ms, host_done done,
		 void *userdata);

/** host_stream() - keep HOST_INTERRUPT_URBS interrupt transfers in flight, or cancel them.
 * Needs alt 1. Return: 0, -ENOTCONN. */
int host_stream(struct host *host, bool on);

/**
 * host_stop() - send STOP now: no queue, no allocation, no waiting
 * @reason: the host's own reason number, wValue
 *
 * Cancels a control transfer in flight (its done() gets -ECANCELED before this returns). Over USB
 * libusb takes a small piece of memory, and during a SET_INTERFACE of the kernel, which is a stop
 * by itself, STOP follows that. Return: 0, done() will be called; -EALREADY a STOP is in flight
 * (done() is not called); -ENOTCONN: nothing to send it to; -EAGAIN the way out is blocked (peer
 * does not read).
 */
int host_stop(struct host *host, uint16_t reason, host_done done, void *userdata);

/** host_reset() - the strongest the transport has: device reset, on USB/IP closing the connection.
 * offline() follows from the loop; then the transport tries to come back. Return: 0, -ENOTCONN. */
int host_reset(struct host *host);

/** host_free() - closes, cancels, frees; no callback is called any more. NULL is fine.
 * Returns NULL. Closing an imported pen is an unplug to it, and so a stop. */
struct host *host_free(struct host *host);

/** host_guard_reason() - of struct host_callbacks.guarded, in a word: "depth", "speed", ... */
const char *host_guard_reason(uint8_t reason);

const char *host_transport_name(const struct host *host);

#endif
