/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pen's recording: what was asked of it and what it said, in order, with times. From a file as
 * "mnpenctl record" writes it, or any other of usbmon's packets with a pen in it.
 */
#ifndef MNPEN_GADGET_RECORDING_H
#define MNPEN_GADGET_RECORDING_H

#include "driver/proto/records.h"
#include "tests/gadget/usb/usb.h"

#define RECORDING_BYTES_MAX 1073741824 /* of a file */
#define RECORDING_CONFIG_MAX 512
#define RECORDING_STRING_MAX 64

/** struct recorded - a request, or a packet of the sample endpoint */
struct recorded {
	uint64_t usec; /* since the first one: a request when it was made, a packet when it came */
	bool request;
	struct usb_setup setup; /* of a request */
	bool answered;		/* whether the pen did, before the host gave up */
	int status;		/* 0, or -EPIPE when it refused */
	const uint8_t *data;	/* in the bytes of the file: of an OUT request, of an IN answer */
	size_t len;
	bool turns; /* a LEASE that enables or disables, unlike the one before it */
};

struct recording {
	uint8_t *bytes; /* the file */
	struct recorded *entries;
	size_t n;
	uint8_t device[18];
	uint8_t config[RECORDING_CONFIG_MAX];
	size_t config_len;
	uint8_t endpoint;    /* address of the sample endpoint */
	uint32_t speed_mbit; /* 0 = it does not say */
	char strings[4]
		    [RECORDING_STRING_MAX]; /* by index: manufacturer, product, serial are 1..3 */
	char cut[160];			    /* why the file was read no further; "" = it is whole */
};

/**
 * recording_load() - read @path
 * @error: what is wrong with it, as a clause
 * Return: 0; negative errno. A file that is damaged behind a good part is taken up to there; see
 * cut.
 */
int recording_load(struct recording **ret, const char *path, char *error, size_t size);

/** recording_parse() - the same from bytes made by malloc(), which it takes in any case */
int recording_parse(struct recording **ret, uint8_t *bytes, size_t len, char *error, size_t size);

/** recording_free() - NULL is fine; returns NULL */
struct recording *recording_free(struct recording *recording);

/** recorded_type() - bmRequestType of @request */
uint8_t recorded_type(enum mnpen_request request);

/** recorded_is() - whether it is the class request @request to the pen, in its direction */
bool recorded_is(const struct recorded *entry, enum mnpen_request request);

/** recorded_sample() - whether it is a packet that decodes */
bool recorded_sample(const struct recorded *entry, struct mnpen_sample *ret);

#endif
