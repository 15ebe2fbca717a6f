/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The USB/IP transport: a pen served over TCP (kernel Documentation/usb/usbip_protocol.rst), for
 * containers, demos and tests. This side plays the host controller and the host's enumeration.
 */
#ifndef MNPEN_HOST_USBIP_H
#define MNPEN_HOST_USBIP_H

#include <netinet/in.h>

#include "driver/host/host.h"

#define USBIP_DEFAULT_PORT 3240

/** struct usbip_url - usbip://HOST:PORT/BUSID; HOST is a numeric address or "localhost" */
struct usbip_url {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address;
	socklen_t address_len;
	char busid[32];
	char text[96]; /* as given, for messages */
};

/** usbip_url_parse() - 0, or -EINVAL (not of that form). [v6]:PORT and a left-out port are fine */
int usbip_url_parse(struct usbip_url *ret, const char *text);

/** usbip_url_is_loopback() - whether the address is in 127.0.0.0/8 or ::1 */
bool usbip_url_is_loopback(const struct usbip_url *url);

/**
 * host_usbip_new() - keep a connection to one pen
 * @callbacks: must outlive the host
 *
 * Connects from the loop (never from inside this call) and again after every loss, with a pause of
 * 100 ms that doubles to 5 s; a connection that came online resets it.
 *
 * The connection is closed, which stops the pen, when the server breaks the protocol or sends more
 * packets than the sample endpoint's interval explains (-EPROTO), leaves a cancellation unanswered
 * or STOP unread for HOST_SETUP_TIMEOUT_MS (-ETIMEDOUT), or fails the sample endpoint (-EIO).
 *
 * Return: 0; -ENOMEM; negative errno of the timer.
 */
int host_usbip_new(struct host **ret, sd_event *event, const struct usbip_url *url,
		   const struct host_callbacks *callbacks, void *userdata);

#endif
