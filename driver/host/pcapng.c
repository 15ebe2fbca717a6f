// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/pcapng.h"

#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/wire.h"

#define VERSION_MAJOR 1
#define LENGTH_UNKNOWN UINT64_MAX /* of a section whose end nobody knows */
#define OPTION_USERAPPL 4
#define OPTION_SPEED 8 /* bits per second */
#define OPTION_TSRESOL 9
#define BITS_PER_MBIT 1000000
#define MICROSECONDS 6 /* 10^-6 */
#define COMMENT_MAX 256

#define BUS 1
#define DEVICE 2
#define FLAG_DIR_IN 0x0200u /* as the kernel has it in an URB */

/* Where the next byte goes. */
struct writer {
	uint8_t *buf;
	size_t len;
};

static void put8(struct writer *w, unsigned int value)
{
	w->buf[w->len++] = (uint8_t)value;
}

static void put16(struct writer *w, unsigned int value)
{
	wire_put16(w->buf + w->len, (uint16_t)value);
	w->len += 2;
}

static void put32(struct writer *w, uint32_t value)
{
	wire_put32(w->buf + w->len, value);
	w->len += 4;
}

static void put64(struct writer *w, uint64_t value)
{
	wire_put64(w->buf + w->len, value);
	w->len += 8;
}

static void put_padded(struct writer *w, const void *data, size_t len)
{
	if (len)
		memcpy(w->buf + w->len, data, len);
	w->len += len;
	while (w->len % 4)
		put8(w, 0);
}

static void put_option(struct writer *w, unsigned int code, const void *data, size_t len)
{
	put16(w, code);
	put16(w, (unsigned int)len);
	put_padded(w, data, len);
}

static struct writer begin(uint8_t *buf, uint32_t type)
{
	struct writer w = {.buf = buf};

	put32(&w, type);
	put32(&w, 0); /* see end() */
	return w;
}

static size_t end(struct writer *w)
{
	uint32_t total = (uint32_t)w->len + 4;

	put32(w, total);
	wire_put32(w->buf + 4, total);
	return w->len;
}

size_t pcapng_section(uint8_t *buf, const char *comment)
{
	static const char program[] = "mnpend " MNPEN_VERSION;
	struct writer w = begin(buf, MNPEN_CAPTURE_SECTION);

	put32(&w, MNPEN_CAPTURE_BYTE_ORDER);
	put16(&w, VERSION_MAJOR);
	put16(&w, 0);
	put64(&w, LENGTH_UNKNOWN);
	put_option(&w, MNPEN_CAPTURE_OPTION_COMMENT, comment, strnlen(comment, COMMENT_MAX));
	put_option(&w, OPTION_USERAPPL, program, strlen(program));
	put_option(&w, MNPEN_CAPTURE_OPTION_END, NULL, 0);
	return end(&w);
}

size_t pcapng_interface(uint8_t *buf, unsigned int speed_mbit)
{
	static const uint8_t resolution = MICROSECONDS;
	struct writer w = begin(buf, MNPEN_CAPTURE_INTERFACE);
	uint8_t speed[8];

	put16(&w, MNPEN_CAPTURE_LINKTYPE);
	put16(&w, 0);
	put32(&w, 0); /* packets of any length */
	if (speed_mbit) {
		wire_put64(speed, (uint64_t)speed_mbit * BITS_PER_MBIT);
		put_option(&w, OPTION_SPEED, speed, sizeof(speed));
	}
	put_option(&w, OPTION_TSRESOL, &resolution, 1);
	put_option(&w, MNPEN_CAPTURE_OPTION_END, NULL, 0);
	return end(&w);
}

/* As usbmon has it: '<' comes later, '>' went before, 0 is here (or would be, if there were any).
 */
static char data_flag(const struct pcapng_event *event)
{
	bool in = event->transfer->endpoint & 0x80;

	if (event->transfer->data_len)
		return 0;
	if (event->type == 'S')
		return in ? '<' : 0;
	return in ? 0 : '>';
}

static void put_usbmon(struct writer *w, const struct pcapng_event *event, size_t len)
{
	static const uint8_t no_setup[HOST_SETUP_SIZE];
	const struct host_transfer *t = event->transfer;
	bool submit = event->type == 'S';
	bool setup = submit && t->control;

	put64(w, t->id);
	put8(w, (uint8_t)event->type);
	put8(w, t->control ? MNPEN_USBMON_CONTROL : MNPEN_USBMON_INTERRUPT);
	put8(w, t->endpoint);
	put8(w, DEVICE);
	put16(w, BUS);
	put8(w, setup ? 0 : '-');
	put8(w, (uint8_t)data_flag(event));
	put64(w, event->wall_usec / USEC_PER_SEC);
	put32(w, (uint32_t)(event->wall_usec % USEC_PER_SEC));
	put32(w, (uint32_t)(submit ? -EINPROGRESS : t->status));
	put32(w, t->len);
	put32(w, (uint32_t)len);
	put_padded(w, setup ? t->setup : no_setup, HOST_SETUP_SIZE);
	put32(w, 0); /* interval and first frame: the device's descriptors say them better */
	put32(w, 0);
	put32(w, t->endpoint & 0x80 ? FLAG_DIR_IN : 0);
	put32(w, 0); /* no isochronous frames */
}

size_t pcapng_packet(uint8_t *buf, const struct pcapng_event *event)
{
	const struct host_transfer *t = event->transfer;
	struct writer w = begin(buf, MNPEN_CAPTURE_PACKET);
	size_t len = MIN(t->data_len, (size_t)PCAPNG_DATA_MAX);
	uint8_t lost[8];

	put32(&w, 0); /* the one interface */
	put32(&w, (uint32_t)(event->wall_usec >> 32));
	put32(&w, (uint32_t)event->wall_usec);
	put32(&w, (uint32_t)(MNPEN_CAPTURE_HEADER_SIZE + len));
	put32(&w, (uint32_t)(MNPEN_CAPTURE_HEADER_SIZE + t->data_len));
	put_usbmon(&w, event, len);
	put_padded(&w, t->data, len);
	if (event->lost) {
		wire_put64(lost, event->lost);
		put_option(&w, MNPEN_CAPTURE_OPTION_DROPCOUNT, lost, sizeof(lost));
		put_option(&w, MNPEN_CAPTURE_OPTION_END, NULL, 0);
	}
	return end(&w);
}
