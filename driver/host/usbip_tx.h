/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What waits to be sent: whole PDUs in order, fixed room. STOP may overtake everything but a PDU
 * that is partly on the wire, and two places are kept for it and for the unlink that goes with it.
 */
#ifndef MNPEN_HOST_USBIP_TX_H
#define MNPEN_HOST_USBIP_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/host/usbip_wire.h"
#include "driver/proto/proto.h"

#define USBIP_TX_RESERVED 2
#define USBIP_TX_PDUS (96 + USBIP_TX_RESERVED)
#define USBIP_PDU_MAX (USBIP_HEADER_SIZE + MNPEN_RECORD_MAX)

struct usbip_pdu {
	uint32_t seqnum; /* 0: not of a request (the import) */
	uint32_t len;
	uint8_t bytes[USBIP_PDU_MAX];
};

struct usbip_tx {
	struct usbip_pdu pdus[USBIP_TX_PDUS];
	size_t n;
	size_t sent; /* bytes of pdus[0] that are on the wire */
};

/** usbip_tx_put() - at the end. Return: 0; -ENOBUFS only the reserved places are left */
int usbip_tx_put(struct usbip_tx *tx, const struct usbip_pdu *pdu);

/** usbip_tx_put_first() - before everything of which no byte is sent. Of two calls in a row the
 * second one's PDU goes first. Return: 0; -ENOBUFS the reserved places are taken too */
int usbip_tx_put_first(struct usbip_tx *tx, const struct usbip_pdu *pdu);

/** usbip_tx_advance() - puts the PDU of @seqnum there too, when it waits; no place is needed */
void usbip_tx_advance(struct usbip_tx *tx, uint32_t seqnum);

/** usbip_tx_holds() - whether the PDU of @seqnum is not, or not wholly, on the wire */
bool usbip_tx_holds(const struct usbip_tx *tx, uint32_t seqnum);

/** usbip_tx_drop() - takes it out when no byte of it is sent. Return: whether it was taken out */
bool usbip_tx_drop(struct usbip_tx *tx, uint32_t seqnum);

/** usbip_tx_flush() - one send of all. Return: 0 (see n for what could not go); negative errno */
int usbip_tx_flush(struct usbip_tx *tx, int fd);

#endif
