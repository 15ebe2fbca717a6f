/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What Pen.OpenCapture() returns: a SOCK_SEQPACKET of pcapng blocks, one block a packet, little-
 * endian throughout. Written one behind the other they are a file that Wireshark opens.
 *
 *   section header, interface description (LINKTYPE_USB_LINUX_MMAPPED, microseconds since 1970),
 *   then one enhanced packet block for each event of a transfer: usbmon's 64-byte header, and data.
 *
 * A slow reader loses blocks; the next one that it gets counts them in its epb_dropcount option.
 * docs/capture.md tells the whole format.
 */
#ifndef MNPEN_UAPI_CAPTURE_H
#define MNPEN_UAPI_CAPTURE_H

#define MNPEN_CAPTURE_BLOCK_MAX 4352 /* the longest block that is sent */

/* Blocks: u32 type, u32 length of the whole, body, u32 length again. */
#define MNPEN_CAPTURE_SECTION 0x0a0d0d0au
#define MNPEN_CAPTURE_INTERFACE 1u
#define MNPEN_CAPTURE_PACKET 6u
#define MNPEN_CAPTURE_BYTE_ORDER 0x1a2b3c4du
#define MNPEN_CAPTURE_LINKTYPE 220

/* A packet block: offsets from its first byte. */
#define MNPEN_CAPTURE_TIME_HIGH 12
#define MNPEN_CAPTURE_TIME_LOW 16
#define MNPEN_CAPTURE_CAPTURED 20 /* u32: bytes of header and data */
#define MNPEN_CAPTURE_HEADER 28	  /* usbmon's */
#define MNPEN_CAPTURE_HEADER_SIZE 64

/* usbmon's header: offsets from its first byte. */
#define MNPEN_USBMON_ID 0	 /* u64 */
#define MNPEN_USBMON_EVENT 8	 /* 'S' handed to the device, 'C' ended */
#define MNPEN_USBMON_TYPE 9	 /* 1 interrupt, 2 control */
#define MNPEN_USBMON_ENDPOINT 10 /* address */
#define MNPEN_USBMON_DEVICE 11
#define MNPEN_USBMON_BUS 12	   /* u16 */
#define MNPEN_USBMON_SETUP_FLAG 14 /* 0 = there is a setup packet, else '-' */
#define MNPEN_USBMON_DATA_FLAG 15  /* 0 = there is data, or none to be had; else '<' or '>' */
#define MNPEN_USBMON_SEC 16	   /* s64 */
#define MNPEN_USBMON_USEC 24	   /* s32 */
#define MNPEN_USBMON_STATUS 28	   /* s32: negative errno; 'S' has -EINPROGRESS */
#define MNPEN_USBMON_LENGTH 32	   /* u32: asked for, or what went over */
#define MNPEN_USBMON_CAPTURED 36   /* u32: bytes of data in the block */
#define MNPEN_USBMON_SETUP 40	   /* 8 bytes */
#define MNPEN_USBMON_FLAGS 56	   /* u32 */

#define MNPEN_USBMON_INTERRUPT 1
#define MNPEN_USBMON_CONTROL 2

/* Options behind a block's body: u16 code, u16 length, value, filled up to 4 bytes. */
#define MNPEN_CAPTURE_OPTION_END 0
#define MNPEN_CAPTURE_OPTION_COMMENT 1
#define MNPEN_CAPTURE_OPTION_DROPCOUNT 4 /* of a packet block: u64 */

#endif
