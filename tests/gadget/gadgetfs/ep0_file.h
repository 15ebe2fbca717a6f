/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control file of GadgetFS: what may be read and written, and what that means. Its kernel
 * header and tests/gadget/usb/usb.h name the same things, so they meet nowhere.
 *
 * The file is either told events from, or in the data stage of the request that the last event
 * was; then what is read or written answers that request. All functions return at once.
 */
#ifndef MNPEN_GADGET_EP0_FILE_H
#define MNPEN_GADGET_EP0_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EP0_DATA_MAX 256 /* the kernel takes no longer request, and cuts longer answers */

enum ep0_event_kind {
	EP0_EVENT_NONE,
	EP0_EVENT_CONNECT,
	EP0_EVENT_DISCONNECT, /* or a bus reset */
	EP0_EVENT_SUSPEND,
	EP0_EVENT_SETUP,
};

struct ep0_event {
	enum ep0_event_kind kind;
	unsigned int speed; /* CONNECT: the number of USB/IP */
	uint8_t setup[8];   /* SETUP: as on the wire */
};

/** ep0_file_event() - the next event. Return: 0; -EAGAIN there is none; -EIDRM the request before
 * was given up by the host, ask again; negative errno */
int ep0_file_event(int fd, struct ep0_event *ret);

/** ep0_file_data() - the data of an OUT request. Return: bytes; -EAGAIN not there yet; -EIDRM as
 * above; -ECANCELED the bus has been reset since; negative errno */
int ep0_file_data(int fd, uint8_t *buf, size_t size);

/* Answers. Return: 0; -EIDRM the host has given up already; negative errno. */
int ep0_file_reply(int fd, const uint8_t *data, size_t len); /* to an IN request */
int ep0_file_ack(int fd);				     /* to an OUT request without data */
int ep0_file_stall_in(int fd);
int ep0_file_stall_out(int fd); /* not possible with data, or for SET_CONFIGURATION */

enum ep0_gone {
	EP0_WAITS,    /* the host still waits for the answer */
	EP0_GONE,     /* it has given up, or the bus has; the next event can be read */
	EP0_REPLACED, /* it has given up, and the file is in the data stage of its next request */
};

/** ep0_file_gone() - whether the host has given up the request that is to be answered */
enum ep0_gone ep0_file_gone(int fd);

/** ep0_file_replaced() - after EIDRM: whether it is EP0_REPLACED, and not just EP0_GONE */
bool ep0_file_replaced(int fd);

enum ep0_orphan_kind {
	EP0_ORPHAN_NONE,
	EP0_ORPHAN_STALLED,
	EP0_ORPHAN_ACKED,
	EP0_ORPHAN_DATA,
};

/** struct ep0_orphan - a request whose answer came before its event could be read */
struct ep0_orphan {
	enum ep0_orphan_kind kind;
	uint8_t data[EP0_DATA_MAX];
	size_t len;
};

/**
 * ep0_file_skip() - end the data stage of a request that no event has told of (EP0_REPLACED)
 *
 * The kernel's file has nothing else to offer: what was not asked for has to be answered before it
 * can be read. An OUT request gets its ACK, so that a STOP is one, and an IN request a STALL.
 */
void ep0_file_skip(int fd, struct ep0_orphan *ret);

/** ep0_file_leave() - the event of an orphan has been read: end that data stage too */
void ep0_file_leave(int fd, const struct ep0_orphan *orphan);

#endif
