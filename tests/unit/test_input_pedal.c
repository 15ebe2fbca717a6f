// SPDX-License-Identifier: GPL-2.0-only
/* Sequences of key events, and what a foot is taken to do by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/input/pedal.h"

#define STEPS_MAX 12
#define BEGIN 100 /* a step that begins anew: @code is down by the level, 0 = nothing */

/* a: some keyboard's key; b: another; m: a mouse button, on the last byte boundary but one */
#define A KEY_A
#define B KEY_B
#define M BTN_LEFT

struct story {
	const char *what;
	struct {
		unsigned int code;
		int value;
	} steps[STEPS_MAX];
	const char *changes; /* a step each: P pressed, R released, . nothing */
	unsigned int holder; /* at the end */
};

static const struct story stories[] = {
	{"press and release", {{A, 1}, {A, 0}}, "PR", 0},
	{"press", {{A, 1}}, "P", A},
	{"twice", {{A, 1}, {A, 0}, {A, 1}}, "PRP", A},
	{"repeats itself", {{A, 1}, {A, 2}, {A, 2}, {A, 0}}, "P..R", 0},
	{"a mouse's button", {{M, 1}, {M, 0}}, "PR", 0},
	{"the last key there is", {{KEY_MAX, 1}, {KEY_MAX, 0}}, "PR", 0},
	/* lost halves */
	{"release without press", {{A, 0}, {A, 1}}, ".P", A},
	{"repeat without press", {{A, 2}, {A, 1}}, "..", 0},
	{"repeat without press, then anew", {{A, 2}, {A, 0}, {A, 1}}, "..P", A},
	{"press twice", {{A, 1}, {A, 1}, {A, 0}, {A, 0}}, "P.R.", 0},
	/* several keys */
	{"the first holds", {{A, 1}, {B, 1}, {A, 0}}, "P.R", 0},
	{"the second is no holder", {{A, 1}, {B, 1}, {B, 0}}, "P..", A},
	{"what was under another does not take over",
	 {{A, 1}, {B, 1}, {A, 0}, {A, 1}, {B, 0}, {A, 0}, {B, 1}},
	 "P.R...P",
	 B},
	{"the repeat of another", {{A, 1}, {B, 2}, {A, 0}, {B, 0}}, "P.R.", 0},
	/* begun anew */
	{"down at the begin", {{A, BEGIN}, {A, 1}, {A, 2}}, "...", 0},
	{"down at the begin, then anew", {{A, BEGIN}, {A, 0}, {A, 1}}, "..P", A},
	{"another down at the begin", {{A, BEGIN}, {B, 1}, {B, 0}}, "...", 0},
	{"nothing down at the begin", {{0, BEGIN}, {A, 1}}, ".P", A},
	{"lost while held, still down", {{A, 1}, {A, BEGIN}, {A, 2}, {A, 0}, {A, 1}}, "PR..P", A},
	{"lost while held, up", {{A, 1}, {0, BEGIN}, {A, 0}, {A, 1}}, "PR.P", A},
	{"lost while held, another down", {{A, 1}, {B, BEGIN}, {A, 1}}, "PR.", 0},
	{"lost while not held", {{0, BEGIN}, {0, BEGIN}}, "..", 0},
	/* not keys */
	{"no such value", {{A, 3}, {A, -1}, {A, 7}}, "...", 0},
	{"no such key", {{0, 1}, {KEY_CNT, 1}, {UINT16_MAX, 1}}, "...", 0},
};

static void level(uint8_t bits[PEDAL_BITS_SIZE], unsigned int code)
{
	memset(bits, 0, PEDAL_BITS_SIZE);
	if (code)
		bits[code / 8] = (uint8_t)(1u << (code % 8));
}

static void edges(void **state)
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		const struct story *s = &stories[i];
		struct pedal pedal = {0};

		for (size_t step = 0; s->changes[step]; step++) {
			unsigned int code = s->steps[step].code;
			int value = s->steps[step].value;
			uint8_t bits[PEDAL_BITS_SIZE];
			enum pedal_change change;

			level(bits, value == BEGIN ? code : 0);
			change = value == BEGIN ? pedal_begin(&pedal, bits)
						: pedal_key(&pedal, code, value);
			if (change != (s->changes[step] == 'P'	 ? PEDAL_PRESSED
				       : s->changes[step] == 'R' ? PEDAL_RELEASED
								 : PEDAL_SAME))
				fail_msg("%s: step %zu says %d", s->what, step, change);
		}
		if (pedal.holder != s->holder)
			fail_msg("%s: %u holds", s->what, pedal.holder);
	}
}

static void levels(void **state)
{
	uint8_t none[PEDAL_BITS_SIZE] = {0}, a[PEDAL_BITS_SIZE], b[PEDAL_BITS_SIZE],
		last[PEDAL_BITS_SIZE];
	struct pedal pedal = {0};

	level(a, A);
	level(b, B);
	level(last, KEY_MAX);
	assert_false(pedal_any_down(none));
	assert_true(pedal_any_down(a));
	assert_true(pedal_any_down(last));
	assert_false(pedal_holds(&pedal, a)); /* down, and nobody pressed it */
	pedal_key(&pedal, A, 1);
	assert_true(pedal_holds(&pedal, a));
	assert_false(pedal_holds(&pedal, none));
	assert_false(pedal_holds(&pedal, b)); /* another one is no substitute */
	pedal_key(&pedal, A, 0);
	assert_false(pedal_holds(&pedal, a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(edges), cmocka_unit_test(levels)};

	return cmocka_run_group_tests_name("input_pedal", tests, NULL, NULL);
}
