/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A source and sink for the kernel's usbtest driver, which knows it by its ids as "gadget zero":
 * bulk and interrupt endpoints that give and take a pattern without end, and a buffer to write and
 * read back by control requests. With it, usbtest tries whatever USB/IP carries for a pen, and
 * more: OUT endpoints, long transfers, many at once.
 */
#ifndef MNPEN_GADGET_USBTEST_H
#define MNPEN_GADGET_USBTEST_H

#include "tests/gadget/usb/identity.h"

#define USBTEST_VENDOR_ID 0x0525
#define USBTEST_PRODUCT_ID 0xa4a0
#define USBTEST_EP_BULK_IN 0x81
#define USBTEST_EP_BULK_OUT 0x01
#define USBTEST_EP_INTERRUPT_IN 0x82
#define USBTEST_EP_INTERRUPT_OUT 0x02
#define USBTEST_TRANSFER_MAX 1048576 /* bytes; a longer one ends there, with an empty packet */
#define USBTEST_BUFFER_MAX UINT16_MAX

/* Requests to the device, of vendor type, with wValue and wIndex 0. */
#define USBTEST_REQ_WRITE 0x5b
#define USBTEST_REQ_READ 0x5c

/* usbtest's parameter pattern=0: all bytes 0; pattern=1: n % 63, from 0 again in every packet. */
extern const struct identity identity_usbtest;
extern const struct identity identity_usbtest_mod63;

#endif
