/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A relay between host and pen that records what passes, as a capture that Wireshark reads: no
 * network is listened to, so it needs no privilege. The IP and TCP headers in it are made up; the
 * bytes, their order and their times are real. Each message gets a segment of its own: in segments
 * of several, Wireshark 4.0 knows the requests no more to which replies belong.
 */
#ifndef MNPEN_HARNESS_RELAY_H
#define MNPEN_HARNESS_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#define RELAY_PORT 3240 /* of the server, in the capture */

struct relay;

/**
 * relay_new() - listen on a free port of 127.0.0.1 and pass all on to @port
 * @capture: the file to write
 * @damage: the command of one reply is spoilt in the capture, not on its way
 */
struct relay *relay_new(const char *port, const char *capture, bool damage);

/** relay_port() - where it listens */
uint16_t relay_port(const struct relay *relay);

/** relay_free() - ends it and completes the capture; NULL is fine; returns NULL */
struct relay *relay_free(struct relay *relay);

#endif
