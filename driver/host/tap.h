/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tap on a connection: it hears of every transfer when it is handed to the device and when it has
 * ended, whatever the transport. And what the device said of itself when it was enumerated, for a
 * listener that came later.
 *
 * A tap is called from inside the safety loop: it must not block, wait or allocate.
 */
#ifndef MNPEN_HOST_TAP_H
#define MNPEN_HOST_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_SETUP_SIZE 8
/* Device, configuration (USB_CONFIG_TOTAL_MAX) and four strings, each behind its request. */
#define HOST_DESCRIPTORS_SIZE 5376

/** struct host_transfer - one transfer, at its beginning or at its end */
struct host_transfer {
	uint64_t id;	      /* never that of another one in flight */
	uint64_t usec;	      /* CLOCK_BOOTTIME */
	bool control;	      /* else interrupt */
	uint8_t endpoint;     /* its address; of control 0x80 with data from the device, else 0 */
	const uint8_t *setup; /* of control: HOST_SETUP_SIZE bytes, at both ends */
	int status;	      /* at the end: 0 or negative errno as Linux gives it to an URB */
	uint32_t len; /* at the beginning the bytes asked for or sent, at the end what went over */
	const uint8_t *data; /* what goes over in this direction, NULL = nothing */
	size_t data_len;
};

/** struct host_tap - embedded by the listener; every transfer ends once, also when it is cancelled
 * (-ENOENT) or the device is gone (-ESHUTDOWN) */
struct host_tap {
	void (*submitted)(struct host_tap *tap, const struct host_transfer *transfer);
	void (*completed)(struct host_tap *tap, const struct host_transfer *transfer);
};

/** struct host_descriptors - answers to GET_DESCRIPTOR, as they came */
struct host_descriptors {
	size_t used;
	uint8_t bytes[HOST_DESCRIPTORS_SIZE];
};

struct host;

/** host_set_tap() - from now on; NULL = nobody listens */
void host_set_tap(struct host *host, struct host_tap *tap);

/** host_forget_descriptors(), host_keep_descriptor() - for transports: at the beginning of an
 * enumeration, and for each answer. What finds no room is not kept. */
void host_forget_descriptors(struct host *host);
void host_keep_descriptor(struct host *host, const uint8_t setup[HOST_SETUP_SIZE],
			  const uint8_t *data, size_t len);

/**
 * host_next_descriptor() - what was kept, one after the other
 * @at: 0 to begin with, then as left here
 * Return: false behind the last one.
 */
bool host_next_descriptor(const struct host *host, size_t *at, const uint8_t **ret_setup,
			  const uint8_t **ret_data, size_t *ret_len);

#endif
