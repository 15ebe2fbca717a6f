/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual pen without its plug: state machine, fault causes, cartridge and sample queue of
 * docs/protocol.md around a motor.
 *
 * Pure and deterministic: no I/O, no clock, no allocation. Time is an argument, in microseconds
 * since the pen's power-on. Everything that changes a pen first advances it to the moment of the
 * change; between two changes the model runs in fixed steps, and what has an exact time (lease,
 * run limit, fault times, samples) happens at exactly that time however late somebody looks.
 */
#ifndef MNPEN_GADGET_MODEL_H
#define MNPEN_GADGET_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/proto/records.h"
#include "tests/gadget/model/motor.h"

#define MODEL_NEVER UINT64_MAX
#define MODEL_BOOT_US 50000
#define MODEL_REST_STEP_US 100000 /* while nothing moves; 64 idle pens cost nothing */

/* What a rogue pen does not care about. */
#define MODEL_IGNORE_STOP (1u << 0)
#define MODEL_IGNORE_LIMITS (1u << 1) /* its own depth, speed and run time limits */
#define MODEL_IGNORE_LEASE (1u << 2)
#define MODEL_IGNORE_ENABLE (1u << 3)
#define MODEL_IGNORE_TRIGGER (1u << 4) /* the release */
#define MODEL_IGNORE_ALT (1u << 5)     /* SET_INTERFACE and SET_CONFIGURATION */
#define MODEL_IGNORE_RESET (1u << 6)   /* bus reset and the loss of the host */

enum model_bus_event {
	MODEL_BUS_RESET,
	MODEL_BUS_SUSPEND,
	MODEL_BUS_CONFIGURATION,
	MODEL_BUS_INTERFACE, /* SET_INTERFACE on interface 0, any alt */
	MODEL_BUS_UNPLUG,    /* the cable, or the host's connection */
};

/** struct model_hold - since when a fault's condition holds without a break */
struct model_hold {
	bool on;
	uint64_t since_us;
};

/**
 * struct model_oracle - when things really happened, in model_age_us(); 0 = never
 *
 * It is what somebody saw, and no memory of the pen: neither an ARM nor a power-on changes it.
 */
struct model_oracle {
	uint64_t motor_on_us;
	uint64_t motor_off_us;
	uint64_t lease_us; /* last accepted LEASE */
	uint64_t bus_us;
	uint64_t depth_over_us; /* first stroke beyond limit + tolerance of the last ARM with one */
};

/** struct model_queue - streamed samples that the host has not fetched, the newest 64 */
struct model_queue {
	struct mnpen_sample sample[MNPEN_QUEUE_SAMPLES];
	unsigned int head;
	unsigned int count;
};

/** struct model - all fields are for reading; the functions below and in input.h write them */
struct model {
	struct mnpen_info info;
	struct motor motor;

	uint64_t now_us;
	uint64_t before_us; /* how long it had power before this power-on, all together */
	uint64_t motor_us;  /* up to where the motor has been computed */
	uint64_t step_us;   /* when it is computed next */
	uint64_t boot_end_us;

	enum mnpen_state state;
	enum mnpen_stop_reason stop_reason;
	uint16_t faults;
	uint32_t last_cmd;
	struct mnpen_error_record error; /* GET_ERROR's answer */

	/* Of the last ARM; limits and lease bind in ARMED and RUNNING only. */
	struct mnpen_arm arm;
	uint64_t lease_deadline_us;
	uint32_t lease_counter;
	bool enable;
	bool has_target;
	uint16_t target_depth_um;
	uint16_t target_speed_rpm;
	uint32_t strokes;
	bool too_deep;	 /* one of them was beyond limit + tolerance */
	uint64_t run_us; /* of the runs since ARM that have ended */
	uint64_t run_start_us;
	uint64_t last_stroke_us;
	uint64_t total_run_us;

	/* Hand and body. */
	bool trigger;
	bool contact;
	bool sleeve;
	struct mnpen_cartridge cartridge; /* all zero when absent */
	int32_t drift_depth_um;
	int32_t drift_speed_rpm;
	double load;
	uint16_t forced; /* fault causes that are there by order */
	unsigned int ignore;

	struct model_hold holds[MNPEN_FAULT_COUNT];
	uint64_t cause_us; /* when a cause was last seen */

	uint32_t stream_period_us; /* 0 = off */
	uint64_t stream_next_us;   /* MODEL_NEVER when off */
	uint32_t seq;
	struct model_queue queue;

	struct model_oracle oracle;
};

/** struct model_request - one request to the pen, as the bus carried it */
struct model_request {
	uint8_t code;
	bool in;
	bool foreign;  /* no class request to interface 0: never supported */
	bool alt_work; /* interface 0 is in MNPEN_ALT_WORK */
	uint16_t value;
	uint16_t length;     /* wLength for IN, bytes of @data for OUT */
	const uint8_t *data; /* OUT only */
};

/**
 * model_init() - a pen out of the box: cartridge slot empty, sleeve on, powered off
 * @seed: of its noise; 0 = no noise at all
 * @today_days: since 1970-01-01, for the calibration dates
 */
void model_init(struct model *model, uint64_t seed, uint32_t today_days);

/** model_power_cycle() - off now, and on at once: time 0, BOOT; what hand and body set stays */
void model_power_cycle(struct model *model);

/** model_age_us() - now, counted from the first power-on: time without a step back */
uint64_t model_age_us(const struct model *model);

/** model_advance() - let time pass up to @now_us; a time in the past changes nothing */
void model_advance(struct model *model, uint64_t now_us);

/** model_active() - whether the pen is worth looking after between requests */
bool model_active(const struct model *model);

/** model_bus() - a bus event at the present moment */
void model_bus(struct model *model, enum model_bus_event event);

/**
 * model_request() - a request at the present moment
 * @reply: for IN requests
 * @ret_len: bytes of @reply; written on success only
 *
 * Return: MNPEN_ERR_NONE, or the refusal, which GET_ERROR then tells.
 */
enum mnpen_error model_request(struct model *model, const struct model_request *request,
			       uint8_t reply[MNPEN_RECORD_MAX], size_t *ret_len);

/** model_sample() - the pen as it is now, with the seq of the last streamed sample */
struct mnpen_sample model_sample(const struct model *model);

/** model_pop() - the oldest streamed sample; false when there is none */
bool model_pop(struct model *model, struct mnpen_sample *ret);

/** model_depth_um() - peak of the last stroke while running, else what still protrudes */
uint16_t model_depth_um(const struct model *model);

/** model_run_us() - motor time since ARM */
uint64_t model_run_us(const struct model *model);

#endif
