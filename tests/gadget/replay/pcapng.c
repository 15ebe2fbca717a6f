// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "tests/gadget/replay/pcapng.h"

#define BLOCK_SECTION 0x0a0d0d0au /* the same in both byte orders */
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_LITTLE 0x1a2b3c4du
#define BYTE_ORDER_BIG 0x4d3c2b1au
#define BLOCK_MIN 12
#define SECTION_MIN 28
#define INTERFACE_BODY 16 /* offset of its options */
#define PACKET_BODY 28	  /* offset of the captured bytes */
#define VERSION_MAJOR 1

#define LINKTYPE_USB_LINUX_MMAPPED 220
#define USBMON_SIZE 64
#define USBMON_NO_SETUP '-'

#define OPTION_SPEED 8
#define OPTION_TSRESOL 9
#define OPTION_HEAD 4
#define BITS_PER_MBIT 1000000
#define USEC_PER_S 1000000

static uint16_t get16(const struct pcapng *r, const uint8_t *p)
{
	return (uint16_t)(r->big_endian ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

static uint32_t get32(const struct pcapng *r, const uint8_t *p)
{
	uint32_t first = get16(r, p), second = get16(r, p + 2);

	return r->big_endian ? first << 16 | second : second << 16 | first;
}

static uint64_t get64(const struct pcapng *r, const uint8_t *p)
{
	uint64_t first = get32(r, p), second = get32(r, p + 4);

	return r->big_endian ? first << 32 | second : second << 32 | first;
}

static int fail(struct pcapng *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

void pcapng_damaged(struct pcapng *reader, const char *what)
{
	(void)fail(reader, "%s", what);
}

static int fail(struct pcapng *r, const char *format, ...)
{
	char what[96];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(r->error, sizeof(r->error), "block %u at byte %zu: %s", r->block, r->block_at,
		 what);
	return -EBADMSG;
}

void pcapng_begin(struct pcapng *reader, const uint8_t *bytes, size_t len)
{
	*reader = (struct pcapng){.bytes = bytes, .len = len};
}

/* The byte order comes before everything that depends on it. */
static int begin_section(struct pcapng *r, const uint8_t *block, size_t left)
{
	uint32_t order;

	if (left < SECTION_MIN)
		return fail(r, "the file ends within a section header");
	r->big_endian = false;
	order = get32(r, block + 8);
	if (order != BYTE_ORDER_LITTLE && order != BYTE_ORDER_BIG)
		return fail(r, "a section header of neither byte order");
	r->big_endian = order == BYTE_ORDER_BIG;
	if (get16(r, block + 12) != VERSION_MAJOR)
		return fail(r, "version %u of pcapng, %d is known", get16(r, block + 12),
			    VERSION_MAJOR);
	r->n_interfaces = 0;
	return 0;
}

/* 10^n, or 2^n with the highest bit set. Returns 0 for what fits in no counter. */
static uint64_t ticks_per_s(uint8_t resolution)
{
	uint64_t ticks = 1;

	if (resolution & 0x80)
		return (resolution & 0x7f) < 64 ? UINT64_C(1) << (resolution & 0x7f) : 0;
	if (resolution > 19)
		return 0;
	for (uint8_t i = 0; i < resolution; i++)
		ticks *= 10;
	return ticks;
}

static int take_interface(struct pcapng *r, const uint8_t *block, size_t len)
{
	struct pcapng_interface interface = {.ticks_per_s = USEC_PER_S};
	size_t end = len - 4;

	if (len < INTERFACE_BODY + 4)
		return fail(r, "an interface description of %zu bytes", len);
	interface.linktype = get16(r, block + 8);
	for (size_t at = INTERFACE_BODY; at + OPTION_HEAD <= end;) {
		uint16_t code = get16(r, block + at), size = get16(r, block + at + 2);

		if (!code)
			break;
		if (at + OPTION_HEAD + size > end)
			return fail(r, "an option that is longer than its block");
		if (code == OPTION_TSRESOL && size == 1)
			interface.ticks_per_s = ticks_per_s(block[at + OPTION_HEAD]);
		if (code == OPTION_SPEED && size == 8)
			r->speed_mbit =
				(uint32_t)(get64(r, block + at + OPTION_HEAD) / BITS_PER_MBIT);
		at += OPTION_HEAD + (size + 3u) / 4 * 4;
	}
	if (!interface.ticks_per_s)
		return fail(r, "times of a resolution that nobody has");
	if (r->n_interfaces < PCAPNG_INTERFACES)
		r->interfaces[r->n_interfaces++] = interface;
	return 0;
}

static uint64_t to_usec(uint64_t ticks, uint64_t per_s)
{
	__uint128_t usec = (__uint128_t)ticks * USEC_PER_S / per_s;

	return (uint64_t)usec;
}

static int take_usbmon(struct pcapng *r, const uint8_t *p, size_t captured,
		       struct pcapng_packet *ret)
{
	uint32_t len;

	if (captured < USBMON_SIZE)
		return fail(r, "a packet of %zu bytes, usbmon's header has %d", captured,
			    USBMON_SIZE);
	len = get32(r, p + 36);
	ret->cut = len > captured - USBMON_SIZE;
	ret->len = ret->cut ? captured - USBMON_SIZE : len;
	ret->id = get64(r, p);
	ret->event = (char)p[8];
	ret->type = p[9];
	ret->endpoint = p[10];
	ret->device = (uint32_t)get16(r, p + 12) << 8 | p[11];
	ret->has_setup = p[14] != USBMON_NO_SETUP;
	ret->status = (int32_t)get32(r, p + 28);
	ret->setup = p + 40;
	ret->data = p + USBMON_SIZE;
	return 1;
}

/* Return: 1 when it is one for us, 0 when not. */
static int take_packet(struct pcapng *r, const uint8_t *block, size_t len,
		       struct pcapng_packet *ret)
{
	const struct pcapng_interface *interface;
	uint32_t number, captured;

	if (len < PACKET_BODY + 4)
		return fail(r, "a packet block of %zu bytes", len);
	number = get32(r, block + 8);
	captured = get32(r, block + 20);
	if (captured > len - PACKET_BODY - 4)
		return fail(r, "a packet of %u bytes in a block of %zu", captured, len);
	if (number >= r->n_interfaces)
		return number < PCAPNG_INTERFACES
			       ? fail(r, "a packet of interface %u, which nothing describes",
				      number)
			       : 0;
	interface = &r->interfaces[number];
	if (interface->linktype != LINKTYPE_USB_LINUX_MMAPPED) {
		r->other_linktype = interface->linktype;
		return 0;
	}
	*ret = (struct pcapng_packet){
		.usec = to_usec((uint64_t)get32(r, block + 12) << 32 | get32(r, block + 16),
				interface->ticks_per_s),
	};
	return take_usbmon(r, block + PACKET_BODY, captured, ret);
}

/* The block at hand: its whole length, checked at both of its ends. */
static int frame(struct pcapng *r, size_t *ret_len)
{
	const uint8_t *block = r->bytes + r->at;
	size_t left = r->len - r->at, len;

	r->block++;
	r->block_at = r->at;
	if (left < BLOCK_MIN)
		return fail(r, "the file ends within a block");
	if (get32(r, block) == BLOCK_SECTION) {
		int error = begin_section(r, block, left);

		if (error < 0)
			return error;
	} else if (r->block == 1) {
		return fail(r, "this is no pcapng file");
	}
	len = get32(r, block + 4);
	if (len < BLOCK_MIN || len % 4)
		return fail(r, "a length of %zu bytes", len);
	if (len > left)
		return fail(r, "the file ends after %zu of its %zu bytes", left, len);
	if (get32(r, block + len - 4) != len)
		return fail(r, "%zu bytes by its head, %u by its end", len,
			    get32(r, block + len - 4));
	*ret_len = len;
	return 0;
}

int pcapng_next(struct pcapng *reader, struct pcapng_packet *ret)
{
	if (!reader->len) {
		reader->block = 1;
		return fail(reader, "the file is empty");
	}
	while (reader->at < reader->len) {
		const uint8_t *block = reader->bytes + reader->at;
		size_t len = 0;
		int r = frame(reader, &len);

		if (r < 0)
			return r;
		if (get32(reader, block) == BLOCK_INTERFACE)
			r = take_interface(reader, block, len);
		else if (get32(reader, block) == BLOCK_PACKET)
			r = take_packet(reader, block, len, ret);
		if (r < 0)
			return r;
		reader->at += len;
		if (r > 0)
			return 1;
	}
	return 0;
}
