/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a pedal's keys say: pressed, released, nothing new. An edge presses, never a level.
 *
 * Whatever key goes down while no other is down is the one that holds, and its release ends it;
 * what other keys do meanwhile is no matter. When nobody knows what happened (events were lost, the
 * pedal was grabbed) it is released, and what is down then has to go up before anything counts.
 *
 * Pure: no I/O, no clock.
 */
#ifndef MNPEN_INPUT_PEDAL_H
#define MNPEN_INPUT_PEDAL_H

#include <linux/input.h>
#include <stdbool.h>
#include <stdint.h>

#define PEDAL_BITS_SIZE ((KEY_CNT + 7) / 8) /* of EVIOCGKEY */

enum pedal_change {
	PEDAL_SAME,
	PEDAL_PRESSED,
	PEDAL_RELEASED,
};

/** struct pedal - zero is one with nothing down */
struct pedal {
	uint8_t down[PEDAL_BITS_SIZE];
	unsigned int n_down;
	unsigned int holder; /* the key that holds; KEY_RESERVED (0) = none */
};

/** pedal_key() - an event of type EV_KEY
 * @value: 0 up, 1 down, 2 repeated by itself; others are ignored */
enum pedal_change pedal_key(struct pedal *pedal, unsigned int code, int value);

/** pedal_begin() - anew, from the level @bits that the kernel reports: what is down counts for
 * nothing. Return: PEDAL_RELEASED if it was held. */
enum pedal_change pedal_begin(struct pedal *pedal, const uint8_t bits[PEDAL_BITS_SIZE]);

/** pedal_holds() - whether the key that holds is down in @bits */
bool pedal_holds(const struct pedal *pedal, const uint8_t bits[PEDAL_BITS_SIZE]);

/** pedal_any_down() - whether any key is, in @bits */
bool pedal_any_down(const uint8_t bits[PEDAL_BITS_SIZE]);

#endif
