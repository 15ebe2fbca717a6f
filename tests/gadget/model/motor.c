// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small coreless DC motor behind a speed control.
 *
 * The constants are those of a data sheet (0816K003SR, 3 V winding): terminal resistance 5.4 ohm,
 * no-load speed 13,250 rpm at 3 V, no-load current 16 mA, torque constant 2.11 mNm/A, mechanical
 * time constant 6.1 ms. Needles, cam and spring weigh five to twenty times the rotor; ten times
 * are taken, which gives 95 % of the speed in 3 * 61 = 183 ms. Skin brakes with needles * force *
 * depth / 2 pi; 0.05 N a needle is the middle of published values, so 14 needles at 1.5 mm take
 * 79 mA more and would cost 1,900 rpm without a control.
 */
#include <math.h>
#include <string.h>

#include "tests/gadget/model/motor.h"

#define RESISTANCE_OHM 5.4
#define NO_LOAD_A 0.016
#define TORQUE_MNM_A 2.11
#define RPM_PER_VOLT (13250.0 / (3.0 - NO_LOAD_A * RESISTANCE_OHM))
#define RPM_PER_MNM (RESISTANCE_OHM * RPM_PER_VOLT / TORQUE_MNM_A)
#define FRICTION_MNM (NO_LOAD_A * TORQUE_MNM_A)
#define TIME_CONSTANT_S (0.0061 * 10)
#define FORCE_PER_NEEDLE_N 0.05
#define TWO_PI 6.283185307179586

/* The control: proportional and integral on the difference to an unloaded motor's run-up, so that
 * the run-up itself does not wind it up. Settles a load step in about 0.4 s without overshoot. */
#define CONTROL_GAIN 3.0
#define CONTROL_INTEGRAL_S 0.05

/* The current sensor follows fast while driven; after the cut the filter runs out in < 600 ms. */
#define CURRENT_FILTER_S 0.02
#define CURRENT_DECAY_S 0.09

#define BATTERY_MAH 800.0
#define BATTERY_OHM 0.25
#define THERMAL_K_W 60.0
#define THERMAL_TIME_S 120.0

#define SPEED_NOISE_RPM 5
#define STANDSTILL_RPM 1.0

void motor_init(struct motor *motor, uint64_t seed)
{
	memset(motor, 0, sizeof(*motor));
	motor->battery_pct = 100;
	motor->noise = noise_seed(seed);
}

void motor_drive(struct motor *motor, bool on)
{
	if (on && !motor->drive) {
		motor->phase = 0;
		motor->peak_um = 0;
		motor->reference_rpm = motor->speed_rpm;
		motor->correction_v = 0;
	}
	motor->drive = on;
}

/* A lithium-ion cell, roughly: flat down to 5 %, then steep to the end. */
static double open_circuit_mv(double pct)
{
	if (pct < 5)
		return 3250 + 40 * pct;
	return 3450 + (pct - 5) * 700 / 95;
}

static double clamp(double value, double low, double high)
{
	return fmin(fmax(value, low), high);
}

/* The voltage that the control applies; 0 shorts the winding, which brakes. */
static double control_voltage(struct motor *motor, const struct motor_input *input, double dt_s)
{
	double set_rpm = fmax(0, (double)input->set_rpm + (double)input->drift_rpm);
	double supply_v = open_circuit_mv(motor->battery_pct) / 1000;
	double error_v, voltage_v;

	if (!motor->drive)
		return 0;
	motor->reference_rpm += (set_rpm - motor->reference_rpm) * dt_s / TIME_CONSTANT_S;
	error_v = (motor->reference_rpm - motor->speed_rpm) / RPM_PER_VOLT;
	motor->correction_v = clamp(motor->correction_v + error_v * dt_s / CONTROL_INTEGRAL_S,
				    -supply_v, supply_v);
	voltage_v = set_rpm / RPM_PER_VOLT + NO_LOAD_A * RESISTANCE_OHM + CONTROL_GAIN * error_v +
		    motor->correction_v;
	return clamp(voltage_v, 0, supply_v);
}

static void step_speed(struct motor *motor, const struct motor_input *input, double dt_s)
{
	double voltage_v = control_voltage(motor, input, dt_s);
	double current_a = (voltage_v - motor->speed_rpm / RPM_PER_VOLT) / RESISTANCE_OHM;
	double brake_mnm = FRICTION_MNM;
	double filter_s = motor->drive ? CURRENT_FILTER_S : CURRENT_DECAY_S;
	double shown_ma = motor->drive ? fmax(0, current_a) * 1000 : 0;

	if (input->contact)
		brake_mnm +=
			input->needles * FORCE_PER_NEEDLE_N * motor->position_um / 1000 / TWO_PI;
	brake_mnm *= input->load;
	motor->speed_rpm +=
		(current_a * TORQUE_MNM_A - brake_mnm) * RPM_PER_MNM * dt_s / TIME_CONSTANT_S;
	/* What brakes does not turn the motor backwards. */
	motor->speed_rpm = fmax(motor->speed_rpm, 0);
	motor->speed_noise_rpm = noise_around_zero(&motor->noise, SPEED_NOISE_RPM);

	motor->current_ma += (shown_ma - motor->current_ma) * fmin(1, dt_s / filter_s);
	motor->heat_dc +=
		current_a * current_a * RESISTANCE_OHM * THERMAL_K_W * 10 * dt_s / THERMAL_TIME_S;
	motor->battery_pct =
		fmax(0, motor->battery_pct - shown_ma * dt_s / 3600 * 100 / BATTERY_MAH);
}

static void step_actuator(struct motor *motor, const struct motor_input *input, double dt_s)
{
	double reach_um = MOTOR_ACTUATOR_UM_MS * 1000.0 * dt_s;
	double goal_um = 0;

	if (motor->drive)
		goal_um = clamp((double)input->set_depth_um + input->drift_depth_um, 0,
				MOTOR_DEPTH_MAX_UM);
	motor->position_um += clamp(goal_um - motor->position_um, -reach_um, reach_um);
}

static unsigned int step_stroke(struct motor *motor, double dt_s)
{
	double depth_um;

	if (!motor->drive)
		return 0;
	motor->phase += motor->speed_rpm / 60 * dt_s;
	motor->peak_um = fmax(motor->peak_um, motor->position_um);
	if (motor->phase < 1)
		return 0;
	motor->phase -= 1;
	depth_um = motor->peak_um + noise_around_zero(&motor->noise, MOTOR_DEPTH_NOISE_UM);
	motor->stroke_peak_um = (uint16_t)lround(clamp(depth_um, 0, MOTOR_DEPTH_MAX_UM));
	motor->peak_um = 0;
	return 1;
}

unsigned int motor_step(struct motor *motor, const struct motor_input *input, uint64_t dt_us)
{
	double dt_s = (double)dt_us / 1e6;

	motor->heat_dc *= exp(-dt_s / THERMAL_TIME_S);
	if (motor_resting(motor))
		return 0;
	step_speed(motor, input, dt_s);
	step_actuator(motor, input, dt_s);
	return step_stroke(motor, dt_s);
}

bool motor_resting(const struct motor *motor)
{
	return !motor->drive && motor->speed_rpm < STANDSTILL_RPM && motor->position_um <= 0 &&
	       motor->current_ma < 0.5;
}

uint16_t motor_speed_rpm(const struct motor *motor)
{
	if (motor->speed_rpm < STANDSTILL_RPM)
		return 0;
	return (uint16_t)lround(clamp(motor->speed_rpm + motor->speed_noise_rpm, 0, UINT16_MAX));
}

uint16_t motor_protrusion_um(const struct motor *motor)
{
	return (uint16_t)lround(motor->position_um);
}

uint16_t motor_current_ma(const struct motor *motor)
{
	return (uint16_t)lround(clamp(motor->current_ma, 0, UINT16_MAX));
}

int16_t motor_temp_dc(const struct motor *motor)
{
	return (int16_t)lround(clamp(MOTOR_AMBIENT_DC + motor->heat_dc, INT16_MIN, INT16_MAX));
}

uint16_t motor_supply_mv(const struct motor *motor)
{
	return (uint16_t)lround(open_circuit_mv(motor->battery_pct) -
				BATTERY_OHM * motor->current_ma);
}

uint8_t motor_battery_pct(const struct motor *motor)
{
	return (uint8_t)lround(motor->battery_pct);
}
