// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdio.h>

#include "cli/report/axis.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

struct axis axis_values(double largest, unsigned int numbers)
{
	static const double factors[] = {1, 2, 2.5, 5, 10};
	double rough = MAX(largest, 1) / numbers;
	double power = pow(10, floor(log10(rough)));
	double step = 10 * power;

	for (size_t i = ELEMENTSOF(factors); i-- > 0;)
		if (factors[i] * power >= rough - 1e-9)
			step = factors[i] * power;
	return (struct axis){.end = step * ceil(largest / step - 1e-9), .step = step};
}

struct axis axis_time(uint64_t length_usec, unsigned int numbers)
{
	static const double steps_s[] = {0.1, 0.2, 0.5, 1,   2,	   5,	 10,   20,    30,   60,
					 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200};
	double length_s = (double)length_usec / (double)USEC_PER_SEC;
	double step_s = steps_s[ELEMENTSOF(steps_s) - 1];

	for (size_t i = ELEMENTSOF(steps_s); i-- > 0;)
		if (length_s / steps_s[i] <= numbers)
			step_s = steps_s[i];
	return (struct axis){.end = (double)length_usec, .step = step_s * (double)USEC_PER_SEC};
}

char *axis_depth_label(double value_um, double step_um, char buf[AXIS_LABEL_SIZE])
{
	int digits = fmod(step_um, 100) == 0 ? 1 : fmod(step_um, 10) == 0 ? 2 : 3;

	snprintf(buf, AXIS_LABEL_SIZE, "%.*f", digits, value_um / 1000);
	return buf;
}

char *axis_speed_label(double value_rpm, char buf[AXIS_LABEL_SIZE])
{
	snprintf(buf, AXIS_LABEL_SIZE, "%.0f", value_rpm);
	return buf;
}

char *axis_time_label(double usec, double step_usec, char buf[AXIS_LABEL_SIZE])
{
	double seconds = usec / (double)USEC_PER_SEC;
	unsigned int whole = (unsigned int)(seconds + 0.5);

	if (step_usec < (double)USEC_PER_SEC)
		snprintf(buf, AXIS_LABEL_SIZE, "%.1f", seconds);
	else if (step_usec < 3600 * (double)USEC_PER_SEC)
		snprintf(buf, AXIS_LABEL_SIZE, "%u:%02u", whole / 60, whole % 60);
	else
		snprintf(buf, AXIS_LABEL_SIZE, "%u:%02u:%02u", whole / 3600, whole / 60 % 60,
			 whole % 60);
	return buf;
}

const char *axis_time_unit(double step_usec)
{
	if (step_usec < (double)USEC_PER_SEC)
		return "s";
	return step_usec < 3600 * (double)USEC_PER_SEC ? "min:s" : "h:min:s";
}
