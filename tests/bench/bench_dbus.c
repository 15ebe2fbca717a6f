// SPDX-License-Identifier: GPL-2.0-only
/*
 * D-Bus: Get of Pen.DepthUm, calls a second and the time of one, the pen at rest and armed at
 * 1 kHz, beside Get at a bare sd-bus service with one property on the same bus.
 */
#include <stdio.h>
#include <stdlib.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/rig.h"

#define ROUNDS 7
#define ROUND_NS 200000000ULL
#define PROPERTY "DepthUm"

/** struct property - what to get, and from whom */
struct property {
	sd_bus *bus;
	const char *name, *path, *interface;
};

/** struct rounds - of one side */
struct rounds {
	struct bench_series per_second, usec;
};

static void get(const struct property *property)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	uint32_t value;
	int r = sd_bus_get_property_trivial(property->bus, property->name, property->path,
					    property->interface, PROPERTY, &error, 'u', &value);

	if (r < 0)
		bench_die(error.message ? error.message : PROPERTY, r);
}

static void run(const struct property *property, struct rounds *rounds)
{
	static struct bench_series times;
	uint64_t start = now_monotonic_ns(), before = start, now = start;

	times.n = 0;
	while (now - start < ROUND_NS && times.n < BENCH_VALUES_MAX) {
		get(property);
		now = now_monotonic_ns();
		bench_add(&times, bench_usec(now - before));
		before = now;
	}
	bench_add(&rounds->per_second, (double)times.n * 1e9 / (double)(now - start));
	bench_add(&rounds->usec, bench_median(&times));
}

static void compare(const char *when, const struct property *ours, const struct property *bare)
{
	static struct rounds a, b;
	char what[64];

	a = b = (struct rounds){.usec.n = 0};
	for (unsigned int i = 0; i < ROUNDS; i++) {
		run(ours, &a);
		run(bare, &b);
	}
	snprintf(what, sizeof(what), "calls, pen %s", when);
	bench_row(what, "/s", &a.per_second, &b.per_second);
	snprintf(what, sizeof(what), "one call, pen %s", when);
	bench_row(what, "us", &a.usec, &b.usec);
}

int main(void)
{
	struct property ours = {.name = API_BUS_NAME, .interface = API_PEN};
	struct property bare = {.name = BARE_NAME, .path = BARE_PATH, .interface = BARE_INTERFACE};
	struct rig *rig;
	pid_t service;

	bench_one_processor();
	rig = bench_rig();
	service = bare_service(rig, 0);
	ours.path = rig->pen;
	ours.bus = bare.bus = bus_open(rig->bus_address);

	bench_title("D-Bus: Get of one property", "mnpend : a bare sd-bus service on the same bus");
	compare("at rest", &ours, &bare);
	rig_begin(rig);
	rig_arm(rig);
	compare("armed at 1 kHz", &ours, &bare);
	assert_string_equal(rig_truth(rig).state, "armed");

	sd_bus_close_unref(ours.bus);
	bench_end(service);
	rig_stop(rig);
	return EXIT_SUCCESS;
}
