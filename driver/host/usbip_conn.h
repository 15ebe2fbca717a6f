/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the USB/IP transport, shared by its files:
 *   usbip.c          the life of a connection: timers, dispatch, loss, back-off
 *   usbip_connect.c  from nothing to online: connect, import, enumeration
 *   usbip_rx.c       bytes of the server, and what they complete
 *   usbip_ops.c      what the owner asks for: struct host_ops
 *
 * Two rules keep callbacks that call back harmless. Nothing but usbip_leave() takes a connection
 * down; all else marks it broken and returns. And work queued while the transport itself runs is
 * sent once, when it leaves, except STOP and SET_INTERFACE.
 *
 * A tap takes its time: what ends or stops something is handed to the socket first, then told.
 */
#ifndef MNPEN_HOST_USBIP_CONN_H
#define MNPEN_HOST_USBIP_CONN_H

#include "driver/base/log.h"
#include "driver/host/usbip.h"
#include "driver/host/usbip_enum.h"
#include "driver/host/usbip_tx.h"
#include "driver/host/usbip_urb.h"
#include "driver/host/usbip_wire.h"

#define USBIP_BACKOFF_MIN_MS 100
#define USBIP_BACKOFF_MAX_MS 5000
#define USBIP_RX_SIZE 16384	  /* several times the largest PDU that we can have asked for */
#define USBIP_RX_PER_WAKEUP 65536 /* then the rest of the loop gets its turn */

enum usbip_state {
	USBIP_WAITING, /* for the end of the pause; no socket */
	USBIP_CONNECTING,
	USBIP_IMPORTING,
	USBIP_ENUMERATING,
	USBIP_ONLINE,
	USBIP_BROKEN, /* found unusable, to be taken down by usbip_leave() */
};

struct usbip {
	struct host host; /* first: a struct host is cast to this */
	sd_event *event;
	sd_event_source *timer;
	sd_event_source *defer;
	sd_event_source *io; /* with fd; NULL while there is none */
	int fd;
	struct usbip_url url;
	enum usbip_state state;
	bool dispatching; /* between usbip_enter() and usbip_leave() */
	bool was_online;  /* online() was called, offline() is owed */
	bool was_reset;	  /* broken by host_reset() */
	bool streaming;
	bool got_packets; /* drained() is owed */
	int error;	  /* why it broke */
	int reported;	  /* the last error that the owner heard */
	struct log_limit log_limit;
	char why[160];
	unsigned int backoff_ms;
	uint64_t phase_deadline_usec; /* end of the pause, of connecting, of importing */
	uint64_t window_start_usec;   /* see usbip_rx.c, floods() */
	uint32_t window_packets;
	uint32_t seqnum;
	struct usbip_import import;
	struct usbip_enum enumeration;
	uint8_t asked[HOST_SETUP_SIZE]; /* the enumeration's request in flight */
	struct usbip_urbs urbs;
	struct usbip_tx tx;
	size_t rx_len;
	uint8_t rx[USBIP_RX_SIZE];
};

extern const struct host_ops usbip_ops;

/* usbip.c */
void usbip_enter(struct usbip *u);
void usbip_leave(struct usbip *u);
/** usbip_kick() - sends what a call of the owner queued; left to usbip_leave() when that comes */
void usbip_kick(struct usbip *u);
/** usbip_flush() - sends now; marks the connection broken when it cannot */
void usbip_flush(struct usbip *u);
/** usbip_watch_socket() - makes u->fd a source of the loop, before everything else */
int usbip_watch_socket(struct usbip *u);
void usbip_close_socket(struct usbip *u);
void usbip_release(struct usbip *u);
/** usbip_break() - marks the connection for taking down; the first cause counts */
void usbip_break(struct usbip *u, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* usbip_connect.c */
void usbip_connect(struct usbip *u);
void usbip_connected(struct usbip *u);
void usbip_imported(struct usbip *u);

/* usbip_rx.c */
void usbip_receive(struct usbip *u);
/** usbip_ended() - for the tap: @urb, as it was in flight, has had its end */
void usbip_ended(struct usbip *u, const struct usbip_urb *urb, uint64_t usec, int status,
		 const uint8_t *data, size_t len);
/** usbip_finish() - frees @urb's place and tells its owner */
void usbip_finish(struct usbip_urb *urb, int result, const uint8_t *data, size_t len);

/* usbip_ops.c */
/** usbip_urb_endpoint() - the address as a tap hears it */
uint8_t usbip_urb_endpoint(const struct usbip *u, const struct usbip_urb *urb);
/**
 * usbip_submit() - numbers @urb and queues it; frees it on failure
 * @setup: NULL for a transfer of the sample endpoint
 * @data: the OUT data of a control transfer
 * @first: before everything unsent
 * The tap is not told: usbip_begun().
 */
int usbip_submit(struct usbip *u, struct usbip_urb *urb, const struct usb_setup *setup,
		 const uint8_t *data, bool first);
/** usbip_begun() - for the tap: @urb is on its way, @data being its OUT data */
void usbip_begun(struct usbip *u, const struct usbip_urb *urb, const uint8_t *data);
/** usbip_cancel() - nobody waits for @urb any more: its owner is forgotten, the server is told
 * @first: as above
 * The tap is not told: usbip_ended(), with a copy from before this call. */
void usbip_cancel(struct usbip *u, struct usbip_urb *urb, bool first);
/** usbip_resubmit() - a completed interrupt transfer goes out again */
void usbip_resubmit(struct usbip *u, struct usbip_urb *urb);
/** usbip_stream_fill() - submits what is missing of HOST_INTERRUPT_URBS while streaming */
void usbip_stream_fill(struct usbip *u);

#endif
