/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pen's drive: DC motor with its speed control, stroke counter, depth actuator, heat and
 * battery. Pure: time comes in as an interval, nothing is allocated, no clock is read.
 *
 * Units: _rpm strokes per minute (one stroke a revolution), _um of needle protrusion, _ma, _mv, _dc
 * tenths of a degree Celsius, _us.
 */
#ifndef MNPEN_GADGET_MOTOR_H
#define MNPEN_GADGET_MOTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/gadget/model/noise.h"

#define MOTOR_STEP_US 200	 /* the model's step while anything moves */
#define MOTOR_DEPTH_MAX_UM 3000	 /* the mechanical end: no drift goes beyond it */
#define MOTOR_ACTUATOR_UM_MS 125 /* 3 mm in 24 ms: retracted in time from every depth */
#define MOTOR_DEPTH_NOISE_UM 10
#define MOTOR_AMBIENT_DC 250

/** struct motor_input - what the pen and its surroundings ask of the motor in one step */
struct motor_input {
	uint32_t set_rpm;	/* controlled speed; only used while the drive is on */
	uint32_t set_depth_um;	/* where the actuator goes while the drive is on */
	int32_t drift_depth_um; /* error of the mechanics, added to the depth */
	int32_t drift_rpm;	/* error of the speed control */
	double load;		/* factor on every torque that brakes; 1 = as designed */
	bool contact;		/* needles in skin */
	uint16_t needles;
};

struct motor {
	bool drive;
	double speed_rpm;
	double reference_rpm; /* what the control expects of an unloaded motor */
	double correction_v;  /* the control's integral part */
	double phase;	      /* of the stroke under way, 0..1 */
	double position_um;   /* protrusion that the actuator gives, drift included */
	double peak_um;	      /* of the stroke under way */
	double current_ma;    /* as the sensor shows it */
	double heat_dc;	      /* above ambient */
	double battery_pct;
	int32_t speed_noise_rpm;
	uint16_t stroke_peak_um; /* of the last completed stroke */
	struct noise noise;
};

/** motor_init() - at rest, cold, battery full */
void motor_init(struct motor *motor, uint64_t seed);

/** motor_drive() - switch the drive; off brakes the motor and retracts the needles */
void motor_drive(struct motor *motor, bool on);

/**
 * motor_step() - let @dt_us pass
 * @dt_us: at most MOTOR_STEP_US unless motor_resting()
 *
 * Return: strokes completed with the drive on (coasting counts none), 0 or 1; the peak of it is
 * in stroke_peak_um.
 */
unsigned int motor_step(struct motor *motor, const struct motor_input *input, uint64_t dt_us);

/** motor_resting() - nothing moves and no current flows: long steps are exact enough */
bool motor_resting(const struct motor *motor);

/* As the pen's own sensors show it. */
uint16_t motor_speed_rpm(const struct motor *motor);
uint16_t motor_protrusion_um(const struct motor *motor);
uint16_t motor_current_ma(const struct motor *motor);
int16_t motor_temp_dc(const struct motor *motor);
uint16_t motor_supply_mv(const struct motor *motor);
uint8_t motor_battery_pct(const struct motor *motor);

#endif
