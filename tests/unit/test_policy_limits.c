// SPDX-License-Identifier: GPL-2.0-only
/* What holds when everybody has a say, and what is refused; targets within it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/policy/limits.h"

#define DEPTH_MIN_UM 100

static const struct limit_input everything = {
	.depth_um = 1000,
	.tolerance_um = 100,
	.speed_min_rpm = 2000,
	.speed_max_rpm = 8000,
	.run_ms = 600000,
	.session_ms = 3600000,
};

static void all_say(struct limit_input inputs[LIMIT_SOURCES])
{
	for (unsigned int i = 0; i < LIMIT_SOURCES; i++)
		inputs[i] = everything;
}

static void combine_ok(struct limits *ret, const struct limit_input inputs[LIMIT_SOURCES])
{
	struct limits_refusal refusal, before;

	memset(&refusal, 0xa5, sizeof(refusal));
	before = refusal;
	assert_int_equal(limits_combine(ret, inputs, DEPTH_MIN_UM, &refusal), LIMITS_OK);
	assert_memory_equal(&refusal, &before, sizeof(before));
}

static void combine_refused(const struct limit_input inputs[LIMIT_SOURCES],
			    enum limits_verdict verdict, uint32_t value, uint32_t limit,
			    enum limit_source source)
{
	struct limits limits, before;
	struct limits_refusal refusal = {1, 2, LIMIT_SOURCE_AREA};

	memset(&limits, 0xa5, sizeof(limits));
	before = limits;
	assert_int_equal(limits_combine(&limits, inputs, DEPTH_MIN_UM, &refusal), verdict);
	assert_int_equal(refusal.value, value);
	assert_int_equal(refusal.limit, limit);
	assert_int_equal(refusal.source, source);
	assert_memory_equal(&limits, &before, sizeof(before));
}

/* Equality is allowed everywhere; of equals the first source is named. */
static void equality(void **state)
{
	struct limit_input inputs[LIMIT_SOURCES];
	struct limits l;

	all_say(inputs);
	combine_ok(&l, inputs);
	assert_int_equal(l.depth_um, 1000);
	assert_int_equal(l.tolerance_um, 100);
	assert_int_equal(l.speed_min_rpm, 2000);
	assert_int_equal(l.speed_max_rpm, 8000);
	assert_int_equal(l.run_ms, 600000);
	assert_int_equal(l.session_ms, 3600000);
	assert_int_equal(l.depth_source, LIMIT_SOURCE_PEN);
	assert_int_equal(l.tolerance_source, LIMIT_SOURCE_PEN);
	assert_int_equal(l.speed_min_source, LIMIT_SOURCE_PEN);
	assert_int_equal(l.speed_max_source, LIMIT_SOURCE_PEN);
	assert_int_equal(l.run_source, LIMIT_SOURCE_PEN);
	assert_int_equal(l.session_source, LIMIT_SOURCE_PEN);
}

/* Wishes must not stand above what the place gives; so they give way where the place binds. */
static void hush_wishes(struct limit_input inputs[LIMIT_SOURCES], unsigned int binding)
{
	if (binding > LIMIT_SOURCE_GUARD)
		return;
	inputs[LIMIT_SOURCE_PROFILE] = (struct limit_input){0};
	inputs[LIMIT_SOURCE_AREA] = (struct limit_input){0};
}

/* Each source once the one that binds, for each field: by one, and alone. */
static void each_source_binds(void **state)
{
	for (unsigned int i = 0; i < LIMIT_SOURCES; i++) {
		struct limit_input inputs[LIMIT_SOURCES];
		struct limit_input *in = &inputs[i];
		struct limits l;

		all_say(inputs);
		hush_wishes(inputs, i);
		*in = (struct limit_input){
			.depth_um = 999,
			.tolerance_um = 100,
			.speed_min_rpm = 2001,
			.speed_max_rpm = 7999,
			.run_ms = 599999,
			.session_ms = 3599999,
		};
		combine_ok(&l, inputs);
		assert_int_equal(l.depth_um, 999);
		assert_int_equal(l.depth_source, i);
		assert_int_equal(l.speed_min_rpm, 2001);
		assert_int_equal(l.speed_min_source, i);
		assert_int_equal(l.speed_max_rpm, 7999);
		assert_int_equal(l.speed_max_source, i);
		assert_int_equal(l.run_ms, 599999);
		assert_int_equal(l.run_source, i);
		assert_int_equal(l.session_ms, 3599999);
		assert_int_equal(l.session_source, i);

		memset(inputs, 0, sizeof(inputs));
		*in = everything;
		combine_ok(&l, inputs);
		assert_int_equal(l.depth_um, 1000);
		assert_int_equal(l.depth_source, i);
		assert_int_equal(l.session_source, i);
	}
}

/* A profile or an area above pen, model or station: refused by one, allowed when equal. */
static void wishes_above(void **state)
{
	static const enum limit_source places[] = {LIMIT_SOURCE_PEN, LIMIT_SOURCE_MODEL,
						   LIMIT_SOURCE_STATION, LIMIT_SOURCE_GUARD};
	static const enum limit_source wishes[] = {LIMIT_SOURCE_PROFILE, LIMIT_SOURCE_AREA};

	for (unsigned int p = 0; p < 4; p++) {
		for (unsigned int w = 0; w < 2; w++) {
			struct limit_input inputs[LIMIT_SOURCES] = {0}, *wish = &inputs[wishes[w]];
			struct limits l;

			inputs[LIMIT_SOURCE_NEEDLE] = everything; /* so that nothing is unlimited */
			inputs[places[p]] = everything;
			*wish = everything;
			combine_ok(&l, inputs);

			wish->depth_um = 1001;
			combine_refused(inputs, LIMITS_DEPTH_ABOVE, 1001, 1000, places[p]);
			inputs[places[p]].depth_um = 0; /* it says nothing of depth */
			combine_ok(&l, inputs);
			assert_int_equal(l.depth_um, 1000);
			inputs[places[p]].depth_um = 1000;
			wish->depth_um = 1000;

			wish->speed_max_rpm = 8001;
			if (places[p] == LIMIT_SOURCE_PEN) { /* it binds, and contradicts nobody */
				combine_ok(&l, inputs);
				assert_int_equal(l.speed_max_rpm, 8000);
			} else {
				combine_refused(inputs, LIMITS_SPEED_ABOVE, 8001, 8000, places[p]);
			}
			wish->speed_max_rpm = 8000;
			wish->run_ms = 600001;
			combine_refused(inputs, LIMITS_RUN_ABOVE, 600001, 600000, places[p]);
			wish->run_ms = 600000;
			wish->session_ms = 3600001;
			combine_refused(inputs, LIMITS_SESSION_ABOVE, 3600001, 3600000, places[p]);
		}
	}
}

/* Needles shorter than the profile's depth are no mistake of the profile: they just bind. */
static void needles_bind(void **state)
{
	struct limit_input inputs[LIMIT_SOURCES];
	struct limits l;

	all_say(inputs);
	inputs[LIMIT_SOURCE_NEEDLE] = (struct limit_input){.depth_um = 500};
	combine_ok(&l, inputs);
	assert_int_equal(l.depth_um, 500);
	assert_int_equal(l.depth_source, LIMIT_SOURCE_NEEDLE);
}

/* The pen's own word, never more than the station's, less when model or station say less. */
static void tolerance_declared(void **state)
{
	static const struct {
		uint16_t pen, model, station, um;
		enum limit_source source;
	} table[] = {
		{100, 0, 0, 100, LIMIT_SOURCE_PEN},	  {100, 100, 100, 100, LIMIT_SOURCE_PEN},
		{100, 99, 150, 99, LIMIT_SOURCE_MODEL},	  {0, 100, 150, 0, LIMIT_SOURCE_PEN},
		{150, 120, 150, 120, LIMIT_SOURCE_MODEL}, {100, 150, 150, 100, LIMIT_SOURCE_PEN},
	};
	struct limit_input inputs[LIMIT_SOURCES];
	struct limits l;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		all_say(inputs);
		inputs[LIMIT_SOURCE_GUARD].tolerance_um = 0; /* it never says */
		inputs[LIMIT_SOURCE_PEN].tolerance_um = table[i].pen;
		inputs[LIMIT_SOURCE_MODEL].tolerance_um = table[i].model;
		inputs[LIMIT_SOURCE_STATION].tolerance_um = table[i].station;
		combine_ok(&l, inputs);
		assert_int_equal(l.tolerance_um, table[i].um);
		assert_int_equal(l.tolerance_source, table[i].source);
	}
	inputs[LIMIT_SOURCE_PEN].tolerance_um = 151;
	combine_refused(inputs, LIMITS_TOLERANCE_ABOVE, 151, 150, LIMIT_SOURCE_STATION);
}

static void nothing_left(void **state)
{
	struct limit_input inputs[LIMIT_SOURCES];
	struct limits l;

	all_say(inputs);
	inputs[LIMIT_SOURCE_AREA].depth_um = DEPTH_MIN_UM;
	combine_ok(&l, inputs);
	inputs[LIMIT_SOURCE_AREA].depth_um = DEPTH_MIN_UM - 1;
	combine_refused(inputs, LIMITS_DEPTH_EMPTY, DEPTH_MIN_UM, DEPTH_MIN_UM - 1,
			LIMIT_SOURCE_AREA);

	all_say(inputs);
	inputs[LIMIT_SOURCE_PROFILE].speed_min_rpm = 8000;
	combine_ok(&l, inputs);
	inputs[LIMIT_SOURCE_PROFILE].speed_min_rpm = 8001;
	combine_refused(inputs, LIMITS_SPEED_EMPTY, 8001, 8000, LIMIT_SOURCE_PEN);
}

/* What nobody limits is not allowed without limit. A minimum of speed may be missing. */
static void unlimited(void **state)
{
	struct limit_input inputs[LIMIT_SOURCES] = {0};
	struct limits l;

	combine_refused(inputs, LIMITS_UNLIMITED, 0, 0, LIMIT_SOURCE_PEN);
	inputs[LIMIT_SOURCE_STATION] = everything;
	inputs[LIMIT_SOURCE_STATION].speed_min_rpm = 0;
	combine_ok(&l, inputs);
	assert_int_equal(l.speed_min_rpm, 0);

	inputs[LIMIT_SOURCE_STATION].depth_um = 0;
	combine_refused(inputs, LIMITS_UNLIMITED, 0, 0, LIMIT_SOURCE_PEN);
	inputs[LIMIT_SOURCE_STATION] = everything;
	inputs[LIMIT_SOURCE_STATION].speed_max_rpm = 0;
	combine_refused(inputs, LIMITS_UNLIMITED, 0, 0, LIMIT_SOURCE_PEN);
	inputs[LIMIT_SOURCE_STATION] = everything;
	inputs[LIMIT_SOURCE_STATION].run_ms = 0;
	combine_refused(inputs, LIMITS_UNLIMITED, 0, 0, LIMIT_SOURCE_PEN);
	inputs[LIMIT_SOURCE_STATION] = everything;
	inputs[LIMIT_SOURCE_STATION].session_ms = 0;
	combine_refused(inputs, LIMITS_UNLIMITED, 0, 0, LIMIT_SOURCE_PEN);
}

struct target_case {
	uint32_t depth_um, speed_rpm;
	uint16_t step_um;
	enum target_verdict verdict;
	struct limits_refusal refusal;
};

static void targets(void **state)
{
	static const struct limits l = {
		.depth_um = 1000,
		.speed_min_rpm = 2000,
		.speed_max_rpm = 8000,
		.depth_source = LIMIT_SOURCE_AREA,
		.speed_min_source = LIMIT_SOURCE_PROFILE,
		.speed_max_source = LIMIT_SOURCE_MODEL,
	};
	static const struct target_case cases[] = {
		{950, 5000, 50, TARGET_OK, {0}},
		{1000, 8000, 50, TARGET_OK, {0}},
		{100, 2000, 50, TARGET_OK, {0}},
		{1001, 5000, 1, TARGET_DEPTH_ABOVE, {1001, 1000, LIMIT_SOURCE_AREA}},
		{66536, 5000, 50, TARGET_DEPTH_ABOVE, {66536, 1000, LIMIT_SOURCE_AREA}},
		{99, 5000, 1, TARGET_DEPTH_BELOW, {99, 100, LIMIT_SOURCE_PEN}},
		{0, 5000, 50, TARGET_DEPTH_BELOW, {0, 100, LIMIT_SOURCE_PEN}},
		{949, 5000, 50, TARGET_DEPTH_STEP, {949, 50, LIMIT_SOURCE_PEN}},
		{951, 5000, 50, TARGET_DEPTH_STEP, {951, 50, LIMIT_SOURCE_PEN}},
		{950, 5000, 0, TARGET_DEPTH_STEP, {950, 0, LIMIT_SOURCE_PEN}},
		{950, 8001, 50, TARGET_SPEED_ABOVE, {8001, 8000, LIMIT_SOURCE_MODEL}},
		{950, 70536, 50, TARGET_SPEED_ABOVE, {70536, 8000, LIMIT_SOURCE_MODEL}},
		{950, 1999, 50, TARGET_SPEED_BELOW, {1999, 2000, LIMIT_SOURCE_PROFILE}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct target_case *c = &cases[i];
		struct limits_refusal refusal = {0};

		assert_int_equal(target_check(&l, DEPTH_MIN_UM, c->step_um, c->depth_um,
					      c->speed_rpm, &refusal),
				 c->verdict);
		assert_int_equal(refusal.value, c->refusal.value);
		assert_int_equal(refusal.limit, c->refusal.limit);
		assert_int_equal(refusal.source, c->refusal.source);
	}
}

static void source_names(void **state)
{
	static const char *const names[] = {"pen",     "model", "station", "guard",
					    "profile", "area",	"needle"};

	for (unsigned int i = 0; i < LIMIT_SOURCES; i++)
		assert_string_equal(limit_source_name((enum limit_source)i), names[i]);
	assert_string_equal(limit_source_name((enum limit_source)LIMIT_SOURCES), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality),	      cmocka_unit_test(each_source_binds),
		cmocka_unit_test(wishes_above),	      cmocka_unit_test(needles_bind),
		cmocka_unit_test(tolerance_declared), cmocka_unit_test(nothing_left),
		cmocka_unit_test(unlimited),	      cmocka_unit_test(targets),
		cmocka_unit_test(source_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
