/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One event node of the kernel's input stack, as far as mnpend wants it of libevdev. The only file
 * that sees libevdev. Main thread only; nothing blocks.
 */
#ifndef MNPEN_INPUT_EVDEV_H
#define MNPEN_INPUT_EVDEV_H

#include <linux/input.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/input/pedal.h"

struct evdev;

/** evdev_open() - @node: "/dev/input/event7". Return: 0 or negative errno. */
int evdev_open(struct evdev **ret, const char *node);
struct evdev *evdev_close(struct evdev *evdev); /* ends a grab; NULL is fine; returns NULL */
int evdev_fd(const struct evdev *evdev);

/**
 * evdev_next() - the next event
 * @ret_usec: when it was made, CLOCK_BOOTTIME
 *
 * Return: 0; -EAGAIN none is there; -EOVERFLOW some were lost, and all that were there with them:
 * only evdev_level() knows what is down; other negative errno: the device is gone.
 */
int evdev_next(struct evdev *evdev, struct input_event *ret, uint64_t *ret_usec);

/** evdev_level() - what is down now, asked of the kernel. Return: 0 or negative errno. */
int evdev_level(const struct evdev *evdev, uint8_t ret_bits[PEDAL_BITS_SIZE]);

/** evdev_grab() - have its events alone, or no longer. Return: 0; -EBUSY another program has them;
 * other negative errno. */
int evdev_grab(struct evdev *evdev, bool grab);

#endif
