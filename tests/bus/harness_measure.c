// SPDX-License-Identifier: GPL-2.0-only
/* Reaction times against their bounds. */
#include "tests/bus/harness.h"

#include <stdlib.h>

#include "driver/base/cleanup.h"

void measure_add(struct measure *measure, uint64_t from_ns, uint64_t to_ns)
{
	assert_true(measure->n < ELEMENTSOF(measure->ms));
	if (to_ns < from_ns)
		fail_msg("%s: %.3f ms before its cause", measure->what,
			 (double)(from_ns - to_ns) / 1e6);
	measure->ms[measure->n++] = (double)(to_ns - from_ns) / 1e6;
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void measure_check(struct measure *measure, double median_ms, double max_ms)
{
	size_t n = measure->n;

	assert_true(n > 0);
	qsort(measure->ms, n, sizeof(measure->ms[0]), by_time);
	print_message("# %s: median %.3f ms (bound %.0f), max %.3f ms (bound %.0f), %zu runs\n",
		      measure->what, measure->ms[n / 2], median_ms, measure->ms[n - 1], max_ms, n);
	if (measure->ms[n / 2] > median_ms || measure->ms[n - 1] > max_ms)
		fail_msg("%s: median %.3f ms, max %.3f ms", measure->what, measure->ms[n / 2],
			 measure->ms[n - 1]);
}
