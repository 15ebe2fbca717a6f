/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading a pcapng file of usbmon's packets, LINKTYPE_USB_LINUX_MMAPPED: whoever wrote it, in
 * either byte order, with whatever blocks and options in between.
 *
 * No I/O: the file comes in as bytes. It shares nothing with what writes recordings.
 */
#ifndef MNPEN_GADGET_PCAPNG_H
#define MNPEN_GADGET_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_INTERFACES 16 /* of a section; packets of further ones are passed over */
#define PCAPNG_ERROR_SIZE 160

/** struct pcapng_packet - one event of a transfer; pointers go into the file's bytes */
struct pcapng_packet {
	uint64_t usec; /* since 1970 */
	uint64_t id;
	char event;   /* 'S', 'C' or 'E' */
	uint8_t type; /* 1 interrupt, 2 control */
	uint8_t endpoint;
	uint32_t device; /* bus << 8 | device */
	bool has_setup;
	const uint8_t *setup;
	int32_t status;
	const uint8_t *data;
	size_t len;
	bool cut; /* there was more than was captured */
};

struct pcapng_interface {
	uint16_t linktype;
	uint64_t ticks_per_s;
};

/** struct pcapng - where the reading is */
struct pcapng {
	const uint8_t *bytes;
	size_t len;
	size_t at;
	unsigned int block; /* number of the block at hand, from 1 */
	size_t block_at;    /* its offset */
	bool big_endian;
	struct pcapng_interface interfaces[PCAPNG_INTERFACES];
	unsigned int n_interfaces;
	unsigned int other_linktype; /* of packets that were passed over; 0 = none */
	uint32_t speed_mbit;	     /* of the bus, if an interface says it; 0 = unknown */
	char error[PCAPNG_ERROR_SIZE];
};

void pcapng_begin(struct pcapng *reader, const uint8_t *bytes, size_t len);

/**
 * pcapng_next() - the next packet
 * Return: 1; 0 at the end; -EBADMSG and reader->error: what is wrong in which block. What came
 * before it is good.
 */
int pcapng_next(struct pcapng *reader, struct pcapng_packet *ret);

/** pcapng_damaged() - the reader cannot go on behind the last packet: @what into reader->error */
void pcapng_damaged(struct pcapng *reader, const char *what);

#endif
