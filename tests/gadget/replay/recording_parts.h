/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the recording share. */
#ifndef MNPEN_GADGET_RECORDING_PARTS_H
#define MNPEN_GADGET_RECORDING_PARTS_H

#include "tests/gadget/replay/recording.h"

/** recording_descriptors() - find the device's descriptors among its answers, and make them fit for
 * usb.c. Return: 0; -EBADMSG and @error as a clause. */
int recording_descriptors(struct recording *rec, char *error, size_t size);

#endif
