/* SPDX-License-Identifier: GPL-2.0-only */
/* What the device's requests need of its settings. */
#ifndef MNPEN_GADGET_USB_PARTS_H
#define MNPEN_GADGET_USB_PARTS_H

#include "tests/gadget/usb/usb.h"

/* The descriptor of @endpoint if it is there in the present alt settings, or NULL. */
const uint8_t *usb_find_endpoint(const struct usb_device *usb, uint8_t endpoint);

/* bConfigurationValue of the one configuration. */
uint8_t usb_config_value(const struct usb_device *usb);

/* All interfaces in alt 0, no endpoint halted. */
void usb_configure(struct usb_device *usb, uint8_t configuration);

/* A new setting, whose endpoints start as new. */
void usb_select(struct usb_device *usb, uint8_t interface, uint8_t alt);

bool usb_halted(const struct usb_device *usb, uint8_t endpoint);
void usb_unhalt(struct usb_device *usb, uint8_t endpoint);

#endif
