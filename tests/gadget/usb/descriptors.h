/* SPDX-License-Identifier: GPL-2.0-only */
/* The virtual pen's descriptors, byte by byte, as docs/protocol.md §Identity asks for them. */
#ifndef MNPEN_GADGET_DESCRIPTORS_H
#define MNPEN_GADGET_DESCRIPTORS_H

#include "tests/gadget/usb/usb.h"

#define STRING_MANUFACTURER 1
#define STRING_PRODUCT 2
#define STRING_SERIAL 3

struct usb_bytes descriptor_device(const struct usb_device *usb);
struct usb_bytes descriptor_qualifier(const struct usb_device *usb);
struct usb_bytes descriptor_config(const struct usb_device *usb, enum usb_speed speed);
struct usb_bytes descriptor_hid(void);
struct usb_bytes descriptor_hid_report(void);

#endif
