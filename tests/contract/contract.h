/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What driver/host/host.h promises, as one table of cases that is run over each transport, with the
 * virtual pen at the other end. No test framework: it runs in the virtual machine as well.
 */
#ifndef MNPEN_TESTS_CONTRACT_H
#define MNPEN_TESTS_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "driver/host/host.h"

#define CONTRACT_HEARD_MAX 512

/** struct contract_options - over what, and where the virtual pen listens */
struct contract_options {
	const char *transport; /* "usbip", "usb", "chardev" */
	const char *control;   /* its control socket */
	const char *url;       /* of usbip */
	char *plug;	       /* a shell command that plugs it in again; NULL = it needs none */
	unsigned int scale;    /* of times, on a slow machine */
};

enum contract_what {
	HEARD_ONLINE = 1,
	HEARD_OFFLINE,
	HEARD_PACKET,
	HEARD_DRAINED,
	HEARD_DONE,
};

struct contract_heard {
	enum contract_what what;
	int value;	/* error or result; of a packet its length */
	unsigned int n; /* of a request: which */
	uint32_t seq;	/* of a packet */
};

struct usb_watch;

struct contract {
	const struct contract_options *options;
	sd_event *event;
	struct host *host;
	struct usb_watch *watch; /* of "usb" and "chardev" */
	char node[64];
	int control_fd;
	struct host_identity identity;
	bool online;
	struct contract_heard heard[CONTRACT_HEARD_MAX];
	unsigned int n_heard;
	unsigned int n_checked;
	unsigned int n_requests;	/* given to a done() so far */
	uint8_t data[MNPEN_RECORD_MAX]; /* of the last IN request */
	uint64_t latest_usec;		/* of packets */
	bool odd_time;			/* one was not in order, or of the future */
};

/** struct contract_case - Return: whether the promise was kept; it has said so if not */
struct contract_case {
	const char *name;
	bool (*run)(struct contract *c);
};

extern const struct contract_case contract_cases[]; /* to the one without a name */

/** contract_open() - a host, and the pen online. Return: false, and it has said why */
bool contract_open(struct contract *c, const struct contract_options *options);
void contract_close(struct contract *c);

/** contract_tell() - a command to the virtual pen. Return: whether it took it */
bool contract_tell(struct contract *c, const char *command);
/** contract_logged() - whether the pen's log has @text */
bool contract_logged(struct contract *c, const char *text);

/** contract_plug() - the command that plugs it in again, if it needs one. Return: whether it did */
bool contract_plug(const struct contract *c);

/** contract_next() - the next thing heard; NULL and said so if nothing comes */
const struct contract_heard *contract_next(struct contract *c);
/** contract_expect() - it is this one */
bool contract_expect(struct contract *c, enum contract_what what, int value);
void contract_run_for(struct contract *c, unsigned int ms);

/** contract_request() - userdata for the next done(), whose number it is in struct contract_heard
 */
void *contract_request(struct contract *c);
void contract_done(void *userdata, int result, const uint8_t *data, size_t len);

/** REQUIRE() - in a function that returns whether all is well */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			contract_said(__FILE__, __LINE__, #condition);                             \
			return false;                                                              \
		}                                                                                  \
	} while (0)

void contract_said(const char *file, int line, const char *condition);

#endif
