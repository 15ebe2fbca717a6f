// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/input/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/input/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

/* ---- the pedals together ---- */

enum input_pedal input_pedal(const struct input *input)
{
	enum input_pedal pedal = INPUT_PEDAL_NONE;

	if (input->holder)
		return INPUT_PEDAL_HELD;
	for (const struct node *node = input->nodes; node; node = node->next) {
		if (node->role != NODE_PEDAL)
			continue;
		if (node->grabbed)
			return INPUT_PEDAL_RELEASED;
		pedal = INPUT_PEDAL_UNUSABLE;
	}
	return pedal;
}

static void tell(struct input *input, const char *cause, uint64_t made_usec)
{
	enum input_pedal pedal = input_pedal(input);

	if (pedal == input->told)
		return;
	input->told = pedal;
	input->callbacks->pedal(input->userdata, pedal, cause, made_usec);
}

void input_key(struct node *node, enum pedal_change change, const char *cause, uint64_t made_usec)
{
	struct input *input = node->input;

	switch (change) {
	case PEDAL_SAME:
		return;
	case PEDAL_PRESSED:
		if (!input->holder)
			input->holder = node;
		break;
	case PEDAL_RELEASED:
		if (input->holder == node)
			input->holder = NULL;
		break;
	}
	tell(input, cause, made_usec);
}

static void retry_soon(struct input *input)
{
	for (const struct node *node = input->nodes; node; node = node->next) {
		if (node->role != NODE_PEDAL || node->grabbed)
			continue;
		(void)sd_event_source_set_time(input->retry, now_usec() + INPUT_RETRY_USEC);
		(void)sd_event_source_set_enabled(input->retry, SD_EVENT_ONESHOT);
		return;
	}
}

void input_grabbed(struct input *input, const char *cause)
{
	tell(input, cause, now_usec());
	retry_soon(input);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct input *input = userdata;

	for (struct node *node = input->nodes; node; node = node->next)
		(void)node_retry(node);
	input_grabbed(input, "grabbed");
	return 0;
}

bool input_pedal_down(struct input *input)
{
	return input->holder && node_down(input->holder);
}

/* ---- nodes come and go ---- */

void input_forget(struct node *node)
{
	struct input *input = node->input;
	struct node **at = &input->nodes;

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	if (input->holder == node)
		input->holder = NULL;
	if (node->role == NODE_PEDAL && log_allowed(&input->log_limit))
		log_notice("foot pedal %s (%s) is gone", node->name, node->path);
	node_free(node);
	tell(input, "gone", now_usec());
}

static struct node *find(const struct input *input, const char *syspath)
{
	struct node *node = input->nodes;

	while (node && strcmp(node->syspath, syspath) != 0)
		node = node->next;
	return node;
}

static void add(struct input *input, const struct discover_node *what, enum node_role role)
{
	struct node *node;
	int r = node_new(&node, input, what, role);

	if (r < 0) {
		if (log_allowed(&input->log_limit))
			log_warning("%s (%s) is not read: %s", what->name, what->node,
				    strerrordesc_np(-r));
		return;
	}
	node->next = input->nodes;
	input->nodes = node;
	input_grabbed(input, node->grabbed ? "grabbed" : "not-grabbed");
}

static void drop_candidate(struct input *input, const char *syspath)
{
	for (size_t i = 0; i < INPUT_CANDIDATES_MAX; i++) {
		struct candidate *c = &input->candidates[i];

		if (c->syspath && !strcmp(c->syspath, syspath)) {
			free(c->syspath);
			c->syspath = NULL;
		}
	}
}

static void add_candidate(struct input *input, const struct discover_node *what)
{
	for (size_t i = 0; i < INPUT_CANDIDATES_MAX; i++) {
		struct candidate *c = &input->candidates[i];

		if (c->syspath)
			continue;
		c->syspath = strdup(what->syspath);
		snprintf(c->text, sizeof(c->text), "%04x:%04x %.60s", what->vendor_id,
			 what->product_id, what->name);
		return;
	}
}

/* A pen's own node is never a pedal, whatever it was marked as: its trigger would be one. */
static void on_node(void *userdata, const struct discover_node *what)
{
	struct input *input = userdata;
	struct node *known = find(input, what->syspath);
	bool is_pen = what->usb &&
		      input->callbacks->is_pen(input->userdata, what->vendor_id, what->product_id);
	enum node_role role = is_pen ? NODE_PEN : NODE_PEDAL;
	bool wanted = is_pen || what->pedal;

	drop_candidate(input, what->syspath);
	if (known && (!wanted || known->role != role))
		input_forget(known);
	else if (known)
		return;
	if (wanted)
		add(input, what, role);
	else if (what->usb && what->keys)
		add_candidate(input, what);
}

static void on_gone(void *userdata, const char *syspath)
{
	struct input *input = userdata;
	struct node *node = find(input, syspath);

	drop_candidate(input, syspath);
	if (node)
		input_forget(node);
}

static const struct discover_callbacks discover_callbacks = {
	.node = on_node,
	.gone = on_gone,
};

char *input_describe(const struct input *input, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (const struct node *node = input->nodes; node; node = node->next) {
		if (node->role != NODE_PEDAL || node->grabbed)
			continue;
		snprintf(buf, size, "%s (%s): %s", node->name, node->path, node->trouble);
		return buf;
	}
	for (size_t i = 0; i < INPUT_CANDIDATES_MAX && used < size; i++)
		if (input->candidates[i].syspath)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 input->candidates[i].text);
	return buf;
}

/* ---- creation ---- */

int input_new(struct input **ret, sd_event *event, const struct input_callbacks *callbacks,
	      void *userdata)
{
	struct input *input = calloc(1, sizeof(*input));
	int r;

	if (!input)
		return -ENOMEM;
	input->event = sd_event_ref(event);
	input->callbacks = callbacks;
	input->userdata = userdata;
	r = sd_event_add_time(event, &input->retry, CLOCK_BOOTTIME, UINT64_MAX, 1, on_retry, input);
	if (r >= 0)
		r = sd_event_source_set_enabled(input->retry, SD_EVENT_OFF);
	if (r < 0) {
		input_free(input);
		return r;
	}
	r = discover_new(&input->discover, event, INPUT_EVENT_PRIORITY, &discover_callbacks, input);
	if (r < 0)
		log_notice("no foot pedal and no pen's button will be found: %s; is udev running, "
			   "and may this process use AF_NETLINK?",
			   strerrordesc_np(-r));
	*ret = input;
	return 0;
}

struct input *input_free(struct input *input)
{
	struct node *next;

	if (!input)
		return NULL;
	discover_free(input->discover);
	for (struct node *node = input->nodes; node; node = next) {
		next = node->next;
		node_free(node);
	}
	for (size_t i = 0; i < INPUT_CANDIDATES_MAX; i++)
		free(input->candidates[i].syspath);
	sd_event_source_disable_unref(input->retry);
	sd_event_unref(input->event);
	free(input);
	return NULL;
}
