// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "daemon/input/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define EVENTS_AT_ONCE 64 /* then others have their turn */

/* ---- the pedal ---- */

/* Anew from the level; older events that still wait to be read tell nothing new. */
static int restart(struct node *node, const char *cause)
{
	uint8_t bits[PEDAL_BITS_SIZE];
	uint64_t now = now_usec();
	int r = evdev_level(node->evdev, bits);

	if (r < 0)
		return r;
	node->since_usec = now;
	input_key(node, pedal_begin(&node->pedal, bits), cause, now);
	return 0;
}

static int not_taken(struct node *node, const char *trouble)
{
	if (node->trouble != trouble && log_allowed(&node->input->log_limit))
		log_warning("foot pedal %s (%s) cannot be used: %s", node->name, node->path,
			    trouble);
	node->trouble = trouble;
	return 0;
}

/* Whoever had its events until now would never see the release of what is down. */
static const char held_down[] = "it is held down; lift the foot from it";

/* Return: 1 taken; 0 not now; negative errno: it is gone. */
static int take(struct node *node)
{
	uint8_t bits[PEDAL_BITS_SIZE];
	int r = evdev_level(node->evdev, bits);

	if (r < 0)
		return r;
	if (pedal_any_down(bits))
		return not_taken(node, held_down);
	r = evdev_grab(node->evdev, true);
	if (r == -EBUSY)
		return not_taken(node, "another program has grabbed it; end that program");
	if (r < 0)
		return r;
	r = restart(node, "grabbed");
	if (r < 0)
		return r;
	if (node->pedal.n_down > 0) { /* pressed in between: the press went to others */
		(void)evdev_grab(node->evdev, false);
		return not_taken(node, held_down);
	}
	node->grabbed = true;
	node->trouble = NULL;
	if (log_allowed(&node->input->log_limit))
		log_notice("foot pedal %s (%s) is in use", node->name, node->path);
	return 1;
}

static void pedal_event(struct node *node, const struct input_event *event, uint64_t made_usec)
{
	enum pedal_change change;

	if (!node->grabbed || event->type != EV_KEY || made_usec <= node->since_usec)
		return;
	change = pedal_key(&node->pedal, event->code, event->value);
	input_key(node, change, change == PEDAL_PRESSED ? "down" : "up", made_usec);
}

/* ---- the pen's own buttons and dial; the trigger is the pen's business ---- */

static void pen_event(struct node *node, const struct input_event *event, uint64_t made_usec)
{
	const struct input_callbacks *callbacks = node->input->callbacks;
	void *userdata = node->input->userdata;

	if (now_usec() - made_usec > INPUT_STALE_USEC)
		return;
	if (event->type == EV_REL && event->code == REL_DIAL && event->value)
		callbacks->depth(userdata, node->serial, INPUT_DEPTH_DIAL, event->value);
	if (event->type != EV_KEY || event->value != 1)
		return;
	if (event->code == BTN_1)
		callbacks->depth(userdata, node->serial, INPUT_DEPTH_BUTTON, -1);
	if (event->code == BTN_2)
		callbacks->depth(userdata, node->serial, INPUT_DEPTH_BUTTON, 1);
}

/* ---- reading ---- */

static int events_lost(struct node *node)
{
	if (node->role != NODE_PEDAL || !node->grabbed)
		return 0;
	if (log_allowed(&node->input->log_limit))
		log_warning("foot pedal %s (%s): events were lost, taken for a release", node->name,
			    node->path);
	return restart(node, "events-lost");
}

/* Return: 0; negative errno: the device is gone. */
static int drain(struct node *node)
{
	for (unsigned int i = 0; i < EVENTS_AT_ONCE; i++) {
		struct input_event event;
		uint64_t made_usec;
		int r = evdev_next(node->evdev, &event, &made_usec);

		if (r == -EAGAIN)
			return 0;
		if (r == -EOVERFLOW)
			r = events_lost(node);
		else if (r == 0 && node->role == NODE_PEDAL)
			pedal_event(node, &event, made_usec);
		else if (r == 0)
			pen_event(node, &event, made_usec);
		if (r < 0)
			return r;
	}
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct node *node = userdata;
	int r = drain(node);

	if (r >= 0 && events & (EPOLLERR | EPOLLHUP)) /* hung up: nothing more will come */
		r = -ENODEV;
	if (r >= 0 && node->role == NODE_PEDAL && !node->grabbed) {
		r = take(node);
		if (r > 0)
			input_grabbed(node->input, "grabbed");
	}
	if (r < 0)
		input_forget(node);
	return 0;
}

static int open_node(struct node *node)
{
	int r = evdev_open(&node->evdev, node->path);

	if (r < 0)
		return r;
	r = sd_event_add_io(node->input->event, &node->io, evdev_fd(node->evdev), EPOLLIN, on_io,
			    node);
	if (r >= 0)
		r = sd_event_source_set_priority(node->io, INPUT_EVENT_PRIORITY);
	return r;
}

static const char *open_trouble(int error)
{
	if (error == -EACCES || error == -EPERM)
		return "mnpend may not open it; a udev rule has to give it to mnpend's group";
	if (error == -ENODEV || error == -ENOENT || error == -ENXIO)
		return "it is gone again";
	return "it cannot be opened, or is no input device";
}

static void close_node(struct node *node)
{
	node->io = sd_event_source_disable_unref(node->io);
	node->evdev = evdev_close(node->evdev);
	node->grabbed = false;
}

/* Return: 1 taken; 0 not now. */
static int open_pedal(struct node *node)
{
	int r = node->evdev ? 0 : open_node(node);

	if (r >= 0)
		r = take(node);
	if (r >= 0)
		return r;
	close_node(node);
	return not_taken(node, open_trouble(r));
}

int node_new(struct node **ret, struct input *input, const struct discover_node *what,
	     enum node_role role)
{
	struct node *node = calloc(1, sizeof(*node));
	int r = 0;

	if (!node)
		return -ENOMEM;
	node->input = input;
	node->role = role;
	node->syspath = strdup(what->syspath);
	snprintf(node->path, sizeof(node->path), "%s", what->node);
	snprintf(node->name, sizeof(node->name), "%s", what->name);
	snprintf(node->serial, sizeof(node->serial), "%s", what->serial);
	if (!node->syspath)
		r = -ENOMEM;
	else if (role == NODE_PEDAL)
		r = open_pedal(node);
	else
		r = open_node(node);
	if (r < 0) {
		node_free(node);
		return r;
	}
	*ret = node;
	return 0;
}

struct node *node_free(struct node *node)
{
	close_node(node);
	free(node->syspath);
	free(node);
	return NULL;
}

bool node_retry(struct node *node)
{
	return node->role == NODE_PEDAL && !node->grabbed && open_pedal(node) > 0;
}

bool node_down(struct node *node)
{
	uint8_t bits[PEDAL_BITS_SIZE];

	if (evdev_level(node->evdev, bits) < 0) {
		input_forget(node);
		return false;
	}
	if (pedal_holds(&node->pedal, bits))
		return true;
	node->since_usec = now_usec();
	input_key(node, pedal_begin(&node->pedal, bits), "level", node->since_usec);
	return false;
}
