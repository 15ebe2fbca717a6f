/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Foot and fingers, by the kernel's input stack: foot pedals as one dead-man, and the buttons and
 * dials on the pens themselves.
 *
 * A pedal is an event node that udev marked (discover.h); it is grabbed, so that it types into no
 * other program, and that only while nothing on it is down. Of several pedals the one that was
 * pressed has to stay down; pressing another meanwhile is nothing.
 *
 * Main thread only; nothing blocks. Where there is no udev or no input stack there are no pedals.
 */
#ifndef MNPEN_INPUT_H
#define MNPEN_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* Before the samples: it is little, and a release is a stop. */
#define INPUT_EVENT_PRIORITY (-210)
#define INPUT_RETRY_USEC 1000000ULL /* for a pedal that cannot be had yet */
#define INPUT_STALE_USEC 500000ULL  /* a button or dial read so late means nothing any more */

struct input;

enum input_pedal {
	INPUT_PEDAL_NONE,
	INPUT_PEDAL_UNUSABLE, /* there is one, and it cannot be had; input_describe() says why */
	INPUT_PEDAL_RELEASED,
	INPUT_PEDAL_HELD,
};

enum input_depth {
	INPUT_DEPTH_BUTTON,
	INPUT_DEPTH_DIAL,
};

struct input_callbacks {
	/* Whether a USB device of these ids may be a pen. */
	bool (*is_pen)(void *userdata, uint16_t vendor_id, uint16_t product_id);
	/* The pedals are otherwise than before. @cause: static text: "down", "up", "events-lost",
	 * "level", "gone", "grabbed", "not-grabbed"; @made_usec: when, CLOCK_BOOTTIME */
	void (*pedal)(void *userdata, enum input_pedal pedal, const char *cause,
		      uint64_t made_usec);
	/* Somebody wants it deeper (positive) or less deep, by so many steps. @serial: the pen's */
	void (*depth)(void *userdata, const char *serial, enum input_depth by, int steps);
};

/**
 * input_new() - from now on; the pedals that are there are told of before this returns
 * Return: 0, also when no devices can be heard of, which is logged; -ENOMEM; errno of the loop.
 */
int input_new(struct input **ret, sd_event *event, const struct input_callbacks *callbacks,
	      void *userdata);
struct input *
input_free(struct input *input); /* no callback any more; NULL is fine; returns NULL */

enum input_pedal input_pedal(const struct input *input);

/** input_pedal_down() - whether the pedal that holds is down, by the level that the kernel reports
 * now. What contradicts the events is a release, and told as one before this returns. */
bool input_pedal_down(struct input *input);

/** input_describe() - of a pedal that cannot be had, which and why; when there is none, the devices
 * that could be one, by name and ids. Returns @buf. */
char *input_describe(const struct input *input, char *buf, size_t size);

#endif
