/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs of this folder do with /dev/mnpenN. All return 0 or a negative errno. */
#ifndef MNPEN_VM_GUARD_NODE_H
#define MNPEN_VM_GUARD_NODE_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "driver/base/clock.h"
#include "driver/proto/records.h"
#include "driver/uapi/chardev.h"

#define NODE_TOKEN 0x1122334455667788u
#define NODE_RUN_LIMIT_MS 60000
#define NODE_LEASE_MS 300

static inline int node_call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

static inline int node_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static inline int node_value(int fd, unsigned long cmd, uint32_t value)
{
	struct mnpen_guard_value arg = {.value = value};

	return node_call(fd, cmd, &arg);
}

static inline int node_status(int fd, struct mnpen_sample *ret)
{
	struct mnpen_guard_status arg = {0};
	int r = node_call(fd, MNPEN_GUARD_IOC_STATUS, &arg);

	return r < 0 ? r : mnpen_sample_decode(ret, arg.data, sizeof(arg.data));
}

/* The number for the next command that has one. */
static inline int node_next_cmd(int fd, uint32_t *ret)
{
	struct mnpen_sample sample;
	int r = node_status(fd, &sample);

	if (r == 0)
		*ret = sample.last_cmd + 1;
	return r;
}

static inline int node_claim(int fd)
{
	struct mnpen_claim claim = {.token = NODE_TOKEN, .today_days = wall_days()};
	struct mnpen_guard_claim arg = {0};
	int r = node_next_cmd(fd, &claim.cmd);

	mnpen_claim_encode(arg.data, &claim);
	return r < 0 ? r : node_call(fd, MNPEN_GUARD_IOC_CLAIM, &arg);
}

/* @arm: depth and speeds; the rest is filled in, and the crc that leases need given back */
static inline int node_arm(int fd, struct mnpen_arm *arm)
{
	struct mnpen_guard_arm arg = {0};
	int r = node_next_cmd(fd, &arm->cmd);

	arm->token = NODE_TOKEN;
	arm->lease_ms = NODE_LEASE_MS;
	if (!arm->run_limit_ms)
		arm->run_limit_ms = NODE_RUN_LIMIT_MS;
	mnpen_arm_encode(arg.data, arm);
	mnpen_arm_unpack(arm, arg.data);
	return r < 0 ? r : node_call(fd, MNPEN_GUARD_IOC_ARM, &arg);
}

static inline int node_target(int fd, uint16_t depth_um, uint16_t speed_rpm)
{
	struct mnpen_target target = {
		.token = NODE_TOKEN, .depth_um = depth_um, .speed_rpm = speed_rpm};
	struct mnpen_guard_target arg = {0};
	int r = node_next_cmd(fd, &target.cmd);

	mnpen_target_encode(arg.data, &target);
	return r < 0 ? r : node_call(fd, MNPEN_GUARD_IOC_TARGET, &arg);
}

static inline int node_lease(int fd, const struct mnpen_arm *arm, uint32_t counter, uint8_t enable)
{
	struct mnpen_lease lease = {
		.token = NODE_TOKEN, .counter = counter, .limits_crc = arm->crc, .enable = enable};
	struct mnpen_guard_lease arg = {0};

	mnpen_lease_encode(arg.data, &lease);
	return node_call(fd, MNPEN_GUARD_IOC_LEASE, &arg);
}

#endif
