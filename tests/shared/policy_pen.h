/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An honest pen for the tests of daemon/policy: as protocol.md has it, with whatever it leaves
 * open (spin-up, braking, extension, sensor noise) drawn at random for each pen. It has nothing in
 * common with the virtual pen, so that a mistake in one does not hide a mistake in the other.
 */
#ifndef MNPEN_TEST_POLICY_PEN_H
#define MNPEN_TEST_POLICY_PEN_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/proto/records.h"

#define POLICY_PEN_TOLERANCE_UM 100

struct policy_pen {
	struct mnpen_sample s; /* what it would say now */
	uint64_t seed;
	/* drawn once */
	uint32_t spin_up_us, brake_us; /* time constants */
	uint32_t extend_um_ms;
	uint32_t cut_us; /* the drive goes off so long after RUNNING */
	/* of now */
	bool trigger, enable, has_target;
	uint64_t left_us;      /* when it left RUNNING */
	uint64_t lease_end_us; /* rounded up, down or to the nearest in what it says */
	uint16_t lease_ms;
	uint32_t lease_round_us;
	double speed_rpm, phase, position_um, peak_um, current_ma;
	double run_us;
	uint16_t stroke_um;
};

void policy_pen_init(struct policy_pen *pen, uint64_t seed);
uint32_t policy_pen_random(struct policy_pen *pen, uint32_t below);

/** policy_pen_step() - @usec pass, a multiple of 200 */
void policy_pen_step(struct policy_pen *pen, uint32_t usec);

void policy_pen_arm(struct policy_pen *pen, uint32_t cmd, uint16_t lease_ms);
void policy_pen_lease(struct policy_pen *pen, bool enable);
void policy_pen_target(struct policy_pen *pen, uint32_t cmd, uint16_t depth_um, uint16_t rpm);
void policy_pen_stop(struct policy_pen *pen);
void policy_pen_trigger(struct policy_pen *pen, bool down);

#endif
