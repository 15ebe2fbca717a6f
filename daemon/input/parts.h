/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of daemon/input, shared by its files and nobody else.
 *
 *   discover.c  which nodes there are
 *   evdev.c     one node, by libevdev
 *   pedal.c     what a pedal's keys say
 *   node.c      one pedal or pen: reading, grabbing
 *   input.c     all of them together
 */
#ifndef MNPEN_INPUT_PARTS_H
#define MNPEN_INPUT_PARTS_H

#include "daemon/input/discover.h"
#include "daemon/input/evdev.h"
#include "daemon/input/input.h"
#include "daemon/input/pedal.h"
#include "driver/base/log.h"

#define INPUT_CANDIDATES_MAX 4

enum node_role {
	NODE_PEDAL,
	NODE_PEN,
};

/** struct node - an event node of ours */
struct node {
	struct node *next;
	struct input *input;
	enum node_role role;
	char *syspath;
	char path[64]; /* "/dev/input/event7" */
	char name[64];
	char serial[40];     /* NODE_PEN */
	struct evdev *evdev; /* NULL: a pedal that could not be opened yet */
	sd_event_source *io;
	/* NODE_PEDAL */
	struct pedal pedal;
	bool grabbed;	     /* usable: nothing was down when it was taken */
	uint64_t since_usec; /* events made by then are in the level that was read */
	const char *trouble; /* while it is not grabbed; static text */
};

struct candidate {
	char *syspath; /* NULL = free */
	char text[96]; /* "0426:3011 Foot Pedal" */
};

struct input {
	sd_event *event;
	sd_event_source *retry;
	const struct input_callbacks *callbacks;
	void *userdata;
	struct discover *discover;
	struct node *nodes;
	struct node *holder; /* the pedal that is held */
	enum input_pedal told;
	struct log_limit log_limit; /* of what a device can cause */
	struct candidate candidates[INPUT_CANDIDATES_MAX];
};

/* ---- node.c ---- */

/** node_new() - opens it; a pedal is taken as soon as that can be
 * Return: 0, for a pedal also when it cannot be opened yet; negative errno. */
int node_new(struct node **ret, struct input *input, const struct discover_node *what,
	     enum node_role role);
struct node *node_free(struct node *node); /* returns NULL */
/** node_retry() - once more, a pedal that is not grabbed. Return: whether it changed */
bool node_retry(struct node *node);
/** node_down() - whether the key that holds this pedal is down by its level */
bool node_down(struct node *node);

/* ---- input.c ---- */

/** input_key() - what a pedal's keys say has changed */
void input_key(struct node *node, enum pedal_change change, const char *cause, uint64_t made_usec);
/** input_grabbed() - a pedal can be used now, or no longer */
void input_grabbed(struct input *input, const char *cause);
/** input_forget() - the node is gone; frees it */
void input_forget(struct node *node);

#endif
