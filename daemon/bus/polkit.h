/* SPDX-License-Identifier: GPL-2.0-only */
/* The question to polkit, and its answer. Nothing here blocks or decides. */
#ifndef MNPEN_BUS_POLKIT_H
#define MNPEN_BUS_POLKIT_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define POLKIT_TIMEOUT_USEC 120000000ULL /* somebody may have to type a password */

enum polkit_verdict {
	POLKIT_ALLOWED,
	POLKIT_DENIED,
	POLKIT_CHALLENGE, /* would have to ask the user, and the caller did not allow that */
	POLKIT_ABSENT,	  /* there is no polkit here */
	POLKIT_FAILED,	  /* no usable answer */
};

/**
 * polkit_ask() - CheckAuthorization, asynchronously
 * @sender: the caller's unique name
 * @interactive: the caller allows that somebody is asked for a password
 * @callback: gets the answer for polkit_verdict(); -ETIMEDOUT is an error message as well
 */
int polkit_ask(sd_bus *bus, sd_bus_slot **ret_slot, const char *sender, const char *action,
	       bool interactive, sd_bus_message_handler_t callback, void *userdata);

/** polkit_verdict() - @ret_text: polkit's own words, or "", valid as long as @answer */
enum polkit_verdict polkit_verdict(sd_bus_message *answer, const char **ret_text);

#endif
