/* SPDX-License-Identifier: GPL-2.0-only */
/* The control socket: Unix stream, one command a line, one line of JSON each. */
#ifndef MNPEN_GADGET_CONTROL_H
#define MNPEN_GADGET_CONTROL_H

#include "tests/gadget/control/gadget.h"

#define CONTROL_CLIENTS_MAX 64

struct control;

/**
 * control_new() - listen on @path; a socket left behind by a dead process is replaced
 * Return: 0; -EADDRINUSE somebody listens there; -ENAMETOOLONG; negative errno.
 */
int control_new(struct control **ret, struct gadget *gadget, const char *path);

/** control_free() - closes everything and removes the socket file; NULL is fine; returns NULL */
struct control *control_free(struct control *control);

#endif
