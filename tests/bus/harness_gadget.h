/* SPDX-License-Identifier: GPL-2.0-only */
/* The virtual pen's control socket: hand, body, misbehaviour, and what is really true. */
#ifndef MNPEN_HARNESS_GADGET_H
#define MNPEN_HARNESS_GADGET_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/** struct truth - the pen's true state; _ns is CLOCK_MONOTONIC, 0 = never */
struct truth {
	char state[16];
	char stop_reason[16];
	char last_command[24];
	char token[20];
	char faults[128]; /* joined by commas */
	bool motor;
	bool trigger;
	bool enable;
	uint64_t depth_um;
	uint64_t speed_rpm;
	uint64_t strokes;
	uint64_t run_ms;
	uint64_t motor_on_ns;
	uint64_t motor_off_ns;
	uint64_t last_command_ns;
	uint64_t last_stop_ns;
	uint64_t last_lease_ns;
	uint64_t bus_ns;
	uint64_t depth_over_ns;
	uint64_t now_ns;
};

/** gadget_connect() - to the control socket at @path; the fd, or negative errno */
int gadget_connect(const char *path);

/** gadget_ask() - one command, its answer (to be put); an answer that is an error fails the test */
json_object *gadget_ask(int fd, const char *command);

/** gadget_do() - one command; returns now_ns of the answer: when it took effect */
uint64_t gadget_do(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct truth gadget_truth(int fd);

#endif
