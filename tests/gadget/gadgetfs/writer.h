/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An IN endpoint of GadgetFS: packets on their way to the host.
 *
 * A write to its file ends when the host has fetched the packet, or never; so a thread does it. The
 * kernel's asynchronous I/O would do without, but ends in a deadlock over dummy_hcd, which
 * completes a packet of up to 64 bytes while the caller holds the lock that the completion takes
 * (6.1).
 *
 * All functions belong to the main thread. The freezer interrupts a write when the machine goes to
 * sleep; it is repeated.
 */
#ifndef MNPEN_GADGET_WRITER_H
#define MNPEN_GADGET_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WRITER_PACKETS 2 /* one on the wire, and the next for the poll right after it */
#define WRITER_PACKET_MAX 64

struct writer;

/**
 * writer_start() - open the endpoint's file and enable it
 * @path: of the file; @descriptors: what is written to enable it
 * @wake_fd: an eventfd, told when there is room again
 * Return: 0 or negative errno.
 */
int writer_start(struct writer **ret, const char *path, const uint8_t *descriptors, size_t len,
		 int wake_fd);

/** writer_stop() - the endpoint is disabled, and what was not fetched is lost; NULL is fine;
 * returns NULL */
struct writer *writer_stop(struct writer *writer);

/** writer_room() - packets that it would take; 0 also when it has failed */
size_t writer_room(struct writer *writer);

/** writer_put() - send a packet; there must be room */
void writer_put(struct writer *writer, const uint8_t *data, size_t len);

#endif
