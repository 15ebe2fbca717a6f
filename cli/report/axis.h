/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers along an axis: round ones, as many as there is room for. Pure. */
#ifndef MNPEN_REPORT_AXIS_H
#define MNPEN_REPORT_AXIS_H

#include <stddef.h>
#include <stdint.h>

#define AXIS_LABEL_SIZE 24

/** struct axis - from 0 to @end, in units of what it measures; a number each @step */
struct axis {
	double end;
	double step;
};

/** axis_values() - for values up to @largest, with at most @numbers steps; ends at a number */
struct axis axis_values(double largest, unsigned int numbers);

/** axis_time() - for @length_usec, which is its end; steps are seconds, minutes or hours */
struct axis axis_time(uint64_t length_usec, unsigned int numbers);

/** axis_depth_label(), axis_speed_label() - @value micrometres as "0.50", strokes a minute as
 * "6000"; @step tells how exactly. Return: @buf. */
char *axis_depth_label(double value_um, double step_um, char buf[AXIS_LABEL_SIZE]);
char *axis_speed_label(double value_rpm, char buf[AXIS_LABEL_SIZE]);
/** axis_time_label() - @usec as "0.5", "1:30" or "1:00:00", by @step */
char *axis_time_label(double usec, double step_usec, char buf[AXIS_LABEL_SIZE]);
/** axis_time_unit() - what stands in brackets behind "time" */
const char *axis_time_unit(double step_usec);

#endif
