/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * URBs of the host that has imported a device: bytes of commands in, bytes of answers out. No
 * socket and no clock here.
 *
 * An IN endpoint with nothing to say keeps its URBs pending (NAK is silence). EP0 is a queue: an
 * answer that is held back holds back those behind it. An UNLINK is always answered, and one that
 * overtakes its SUBMIT (vhci does that) waits for it: the SUBMIT is then swallowed.
 */
#ifndef MNPEN_GADGET_IMPORTER_H
#define MNPEN_GADGET_IMPORTER_H

#include <stdint.h>

#include "tests/gadget/server/buffer.h"
#include "tests/gadget/server/usbip.h"

#define IMPORTER_URBS 1024	       /* pending at once; one more is answered with -ENOMEM */
#define IMPORTER_HELD 64	       /* unlinks waiting for their submit */
#define IMPORTER_HELD_NS 2000000000ULL /* then they are answered anyway */
#define IMPORTER_DATA_MAX 1048576      /* bytes of OUT data in one URB */
#define IMPORTER_KEPT_MAX 1048576      /* bytes of control data held back, all together */
#define IMPORTER_ANSWERS_MAX 262144    /* unread bytes of answers; no more until they are read */

struct importer;

/** importer_new() - NULL when memory is out. @out stays the caller's */
struct importer *importer_new(struct usb_device *usb, struct buffer *out);

/** importer_free() - NULL is fine; returns NULL */
struct importer *importer_free(struct importer *importer);

/**
 * importer_feed() - one command with its data, if all of it is there
 * @now_ns: CLOCK_MONOTONIC; the device has been advanced to it
 *
 * Return: bytes consumed; 0 when more are needed; -EBADMSG no USB/IP command, close the
 * connection; -ENOMEM.
 */
int importer_feed(struct importer *importer, const uint8_t *data, size_t len, uint64_t now_ns);

/** importer_run() - answer whatever can be answered at @now_ns. Returns 0 or -ENOMEM */
int importer_run(struct importer *importer, uint64_t now_ns);

/** importer_next_ns() - when importer_run() has something to do next if no command comes */
uint64_t importer_next_ns(const struct importer *importer);

#endif
