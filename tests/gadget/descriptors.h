/* SPDX-License-Identifier: GPL-2.0-only */
/* The virtual pen's descriptors, byte by byte, as docs/protocol.md §Identity asks for them. */
#ifndef MNPEN_GADGET_DESCRIPTORS_H
#define MNPEN_GADGET_DESCRIPTORS_H

#include "tests/gadget/usb.h"

#define STRING_MANUFACTURER 1
#define STRING_PRODUCT 2
#define STRING_SERIAL 3

struct usb_bytes descriptor_device(void);
struct usb_bytes descriptor_qualifier(void);
struct usb_bytes descriptor_config(enum usb_speed speed);
struct usb_bytes descriptor_hid(void);
struct usb_bytes descriptor_hid_report(void);

#endif
