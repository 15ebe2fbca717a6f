/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A listening socket on the loop. What cannot be accepted now is tried again soon: no error turns
 * it off for ever, and none makes the loop spin.
 */
#ifndef MNPEN_GADGET_ACCEPTOR_H
#define MNPEN_GADGET_ACCEPTOR_H

#include <stdbool.h>
#include <systemd/sd-event.h>

/** struct acceptor - zero-initialised; all fields are its own */
struct acceptor {
	int fd; /* valid while @io is there */
	sd_event_source *io;
	sd_event_source *retry; /* disabled unless an accept has failed */
	bool silent;
	void (*take)(void *userdata, int fd);
	void *userdata;
};

/**
 * acceptor_start() - accept on @fd, which listens, does not block, and is the acceptor's from now
 * on, also on failure
 * @take: gets each connection and owns its @fd, which does not block
 * Return: 0 or negative errno.
 */
int acceptor_start(struct acceptor *acceptor, sd_event *event, int fd,
		   void (*take)(void *userdata, int fd), void *userdata);

/** acceptor_silence() - stop or resume accepting; nothing happens if it was not started */
void acceptor_silence(struct acceptor *acceptor, bool on);

/** acceptor_stop() - closes the socket; fine for one that was not started */
void acceptor_stop(struct acceptor *acceptor);

#endif
