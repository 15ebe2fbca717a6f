/* SPDX-License-Identifier: GPL-2.0-only */
/* Blocks of a pcapng file with usbmon's packets, as driver/uapi/capture.h describes them. Pure. */
#ifndef MNPEN_HOST_PCAPNG_H
#define MNPEN_HOST_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

#include "driver/host/tap.h"
#include "driver/uapi/capture.h"

/** struct pcapng_event - an event of a transfer; @transfer->usec is not used */
struct pcapng_event {
	const struct host_transfer *transfer;
	char type;	    /* 'S' or 'C' */
	uint64_t wall_usec; /* since 1970 */
	uint64_t lost;	    /* blocks that were lost before this one */
};

/** pcapng_section() - a section header with a remark; what of it is beyond 256 bytes is cut off.
 * Like the others it writes at most MNPEN_CAPTURE_BLOCK_MAX bytes. Return: how many */
size_t pcapng_section(uint8_t *buf, const char *comment);

/** pcapng_interface() - @speed_mbit: of the bus; 0 = not known */
size_t pcapng_interface(uint8_t *buf, unsigned int speed_mbit);

/** pcapng_packet() - data beyond PCAPNG_DATA_MAX bytes is cut off, and the block says so */
size_t pcapng_packet(uint8_t *buf, const struct pcapng_event *event);

#define PCAPNG_DATA_OFFSET (MNPEN_CAPTURE_HEADER + MNPEN_CAPTURE_HEADER_SIZE)
#define PCAPNG_DATA_MAX 4096

#endif
