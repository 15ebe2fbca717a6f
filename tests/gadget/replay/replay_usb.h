/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording as a USB device, and its state for the control socket. */
#ifndef MNPEN_GADGET_REPLAY_USB_H
#define MNPEN_GADGET_REPLAY_USB_H

#include <json-c/json.h>

#include "tests/gadget/replay/replay.h"

/** replay_from_usb() - the replay that @usb is; NULL if it is something else */
struct replay *replay_from_usb(struct usb_device *usb);

/** replay_state() - the command "state": the keys of a pen's, as the last sample has them, and
 * "replay" for the play itself. New reference, or NULL */
struct json_object *replay_state(const struct replay *replay);

#endif
