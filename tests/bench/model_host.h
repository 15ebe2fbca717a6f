/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A transport with the virtual pen's model at its other end instead of a network, so that what a
 * benchmark measures begins at the packet. It stands in for host_usbip_new(): a program linked
 * with it knows no other transport.
 *
 * Time is the model's, a millisecond a step. A long run is recorded first and played afterwards,
 * so that the model's own work is not measured.
 */
#ifndef MNPEN_BENCH_MODEL_HOST_H
#define MNPEN_BENCH_MODEL_HOST_H

#include "driver/host/host.h"
#include "tests/gadget/model/model.h"

struct model_host;

/** model_host() - the one that was made last by host_usbip_new() */
struct model_host *model_host(void);

/** model_host_pen() - the model, for hand and body */
struct model *model_host_pen(struct model_host *host);

/** model_host_online() - plugged in: the daemon's set-up begins */
void model_host_online(struct model_host *host);

/** model_host_step() - a millisecond: samples are handed out, requests answered */
void model_host_step(struct model_host *host);

/** model_host_record() - the next @count packets of a pen that runs, its leases renewed here */
void model_host_record(struct model_host *host, uint8_t (*packets)[MNPEN_SAMPLE_SIZE],
		       size_t count);

/** model_host_play() - one recorded packet, as if it came at its time; leases are accepted, any
 * other request ends the benchmark */
void model_host_play(struct model_host *host, const uint8_t packet[MNPEN_SAMPLE_SIZE]);

#endif
