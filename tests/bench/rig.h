/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rig of tests/bus for benchmarks, and beside it, on the same bus, the bare service that ours
 * is compared with: sd-bus, one property, one method, nothing else.
 */
#ifndef MNPEN_BENCH_RIG_H
#define MNPEN_BENCH_RIG_H

#include "tests/bus/harness.h"

#define BARE_NAME "org.mnpen1bench"
#define BARE_PATH "/bare"
#define BARE_INTERFACE "org.mnpen1bench.Bare"
#define BARE_PROPERTY "DepthUm"
#define BARE_METHOD "Stop"

/** bench_rig() - a station of its own; what is left of it when this process fails is cleared away,
 * after its logs were printed */
struct rig *bench_rig(void);

/**
 * bare_service() - a child that owns BARE_NAME on the rig's bus; serves when this returns
 * @port: where BARE_METHOD sends 48 bytes before it answers, on 127.0.0.1; 0 = nowhere
 */
pid_t bare_service(struct rig *rig, uint16_t port);

#endif
