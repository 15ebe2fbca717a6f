/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The USB ids under which pens are sold, once, for the daemon and for the kernel guard. A maker
 * adds theirs here and in udev/72-mnpen.rules.in. An id alone makes no pen: the interface must
 * match too.
 */
#ifndef MNPEN_UAPI_IDS_H
#define MNPEN_UAPI_IDS_H

/* A list of ROW(vendor, product), one a model, with commas between them. */
#define MNPEN_USB_IDS(ROW) ROW(0x1209, 0x0001)

#endif
