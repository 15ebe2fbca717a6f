// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/input/pedal.h"

#include <string.h>

#define VALUE_UP 0
#define VALUE_DOWN 1
#define VALUE_REPEAT 2

static bool bit(const uint8_t bits[PEDAL_BITS_SIZE], unsigned int code)
{
	return bits[code / 8] & (1u << (code % 8));
}

static void flip(struct pedal *pedal, unsigned int code)
{
	pedal->down[code / 8] ^= (uint8_t)(1u << (code % 8));
}

static enum pedal_change key_down(struct pedal *pedal, unsigned int code)
{
	flip(pedal, code);
	pedal->n_down++;
	if (pedal->n_down > 1)
		return PEDAL_SAME;
	pedal->holder = code;
	return PEDAL_PRESSED;
}

static enum pedal_change key_up(struct pedal *pedal, unsigned int code)
{
	flip(pedal, code);
	pedal->n_down--;
	if (pedal->holder != code)
		return PEDAL_SAME;
	pedal->holder = KEY_RESERVED;
	return PEDAL_RELEASED;
}

enum pedal_change pedal_key(struct pedal *pedal, unsigned int code, int value)
{
	bool was_down;

	if (code == KEY_RESERVED || code >= KEY_CNT)
		return PEDAL_SAME;
	was_down = bit(pedal->down, code);
	if (value == VALUE_DOWN && !was_down)
		return key_down(pedal, code);
	if (value == VALUE_UP && was_down)
		return key_up(pedal, code);
	if (value == VALUE_REPEAT && !was_down) { /* its press was never seen: no edge */
		flip(pedal, code);
		pedal->n_down++;
	}
	return PEDAL_SAME;
}

enum pedal_change pedal_begin(struct pedal *pedal, const uint8_t bits[PEDAL_BITS_SIZE])
{
	enum pedal_change change = pedal->holder != KEY_RESERVED ? PEDAL_RELEASED : PEDAL_SAME;

	memcpy(pedal->down, bits, PEDAL_BITS_SIZE);
	pedal->holder = KEY_RESERVED;
	pedal->n_down = 0;
	for (unsigned int code = 0; code < KEY_CNT; code++)
		pedal->n_down += bit(bits, code);
	return change;
}

bool pedal_holds(const struct pedal *pedal, const uint8_t bits[PEDAL_BITS_SIZE])
{
	return pedal->holder != KEY_RESERVED && bit(bits, pedal->holder);
}

bool pedal_any_down(const uint8_t bits[PEDAL_BITS_SIZE])
{
	for (unsigned int i = 0; i < PEDAL_BITS_SIZE; i++)
		if (bits[i])
			return true;
	return false;
}
