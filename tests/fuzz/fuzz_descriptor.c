// SPDX-License-Identifier: GPL-2.0-only
/* USB descriptors and the import reply as an unknown device and server send them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "driver/host/usb_descriptor.h"
#include "driver/host/usbip_enum.h"
#include "driver/host/usbip_wire.h"
#include "driver/proto/records.h"
#include "tests/fuzz/fuzz.h"

/* Whether some endpoint descriptor of the configuration is what was found. */
static bool has_endpoint(const uint8_t *p, size_t len, const struct usb_pen_interface *pen)
{
	for (size_t at = 9; at + 7 <= len && p[at] >= 2; at += p[at])
		if (p[at + 1] == USB_DT_ENDPOINT && p[at + 2] == pen->endpoint &&
		    p[at + 6] == pen->interval && (p[at + 3] & 3) == 3)
			return true;
	return false;
}

static void fuzz_config(const uint8_t *p, size_t len)
{
	struct usb_pen_interface pen;
	uint16_t total = 0;
	int r = usb_config_find_pen(&pen, p, len);

	CHECK(r == 0 || r == -EPROTO, "%d", r);
	if (usb_config_total(&total, p, len) == 0)
		CHECK(total >= 9 && total <= USB_CONFIG_TOTAL_MAX, "%u", total);
	if (r < 0)
		return;
	CHECK(total == len, "%u of %zu bytes", total, len);
	CHECK(pen.configuration && pen.configuration == p[5], "%u", pen.configuration);
	CHECK(pen.endpoint & 0x80 && pen.endpoint & 0x0f, "endpoint %02x", pen.endpoint);
	CHECK(pen.packet_max >= MNPEN_SAMPLE_SIZE && pen.packet_max <= USB_PACKET_MAX, "%u",
	      pen.packet_max);
	CHECK(pen.interval && has_endpoint(p, len, &pen), "an endpoint that is not there");
}

static void fuzz_string(const uint8_t *p, size_t len, uint8_t size, bool strict)
{
	char *text = malloc(size ? size : 1u);
	uint16_t langid;
	int r;

	if (!text)
		return;
	r = usb_string_ascii(text, size, p, len, strict);
	CHECK(r == 0 || r == -EPROTO, "%d", r);
	if (r == 0) {
		size_t used = strnlen(text, size);

		CHECK(used < size && used <= (p[0] - 2u) / 2, "%zu characters", used);
		for (size_t i = 0; i < used; i++)
			CHECK(text[i] >= ' ' && text[i] <= '~', "character %d", text[i]);
		for (size_t i = 0; strict && i < used; i++)
			CHECK((unsigned char)text[i] == p[2 + 2 * i] && !p[3 + 2 * i],
			      "another text");
	}
	if (usb_string_langid(&langid, p, len) == 0)
		CHECK(len >= 4, "a language in %zu bytes", len);
	free(text);
}

static void fuzz_import(const uint8_t *p, size_t len)
{
	struct usbip_import import = {0};
	struct usbip_reply reply;
	int r = usbip_import_decode(&import, p, len, "1-1");

	CHECK(r == -EAGAIN || r == -EBUSY || r == -ENODEV || r == -EIO || r == -EPROTO ||
		      r == -EOPNOTSUPP || r == USBIP_REP_IMPORT_SIZE,
	      "%d", r);
	CHECK(r < 0 || len >= USBIP_REP_IMPORT_SIZE, "more than there is");
	CHECK(r != -EAGAIN || len < USBIP_REP_IMPORT_SIZE, "asks for more and more");
	if (len >= USBIP_HEADER_SIZE && usbip_reply_decode(&reply, p) == 0)
		CHECK(reply.status <= 0 && (reply.command == USBIP_RET_SUBMIT ||
					    reply.command == USBIP_RET_UNLINK),
		      "status %d", reply.status);
}

/* The whole enumeration: pieces of the input are the answers, one after the other. */
static void fuzz_enum(struct fuzz_input *input)
{
	struct usbip_enum e;
	enum usbip_enum_verdict verdict = USBIP_ENUM_MORE;
	struct usb_setup setup;

	usbip_enum_begin(&e, fuzz_u8(input) & 1 ? USBIP_SPEED_HIGH : USBIP_SPEED_FULL);
	for (int i = 0; verdict == USBIP_ENUM_MORE; i++) {
		uint8_t *answer;
		size_t len;

		CHECK(i < 16, "an enumeration without an end");
		usbip_enum_request(&e, &setup);
		len = fuzz_u8(input);
		if (len > setup.length)
			len = setup.length; /* the transport sees to that */
		answer = calloc(1, len + 1);
		if (!answer)
			return;
		fuzz_bytes(input, answer, len);
		verdict = usbip_enum_answer(&e, answer, len);
		free(answer);
	}
	if (verdict == USBIP_ENUM_REFUSED) {
		CHECK(e.why && *e.why, "refused without a word");
		return;
	}
	CHECK(mnpen_serial_valid(e.identity.serial), "serial %s", e.identity.serial);
	CHECK(e.interval && e.packets_per_s && e.packets_per_s <= 8000, "%u packets a second",
	      e.packets_per_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	uint8_t which = fuzz_u8(&input), how = fuzz_u8(&input);
	uint8_t *p = malloc(input.left + 1); /* of the heap, so that a byte too many is seen */
	size_t len = input.left;
	struct usb_device_info info;

	if (!p)
		return 0;
	switch (which % 5) {
	case 0:
		fuzz_bytes(&input, p, len);
		if (usb_device_parse(&info, p, len) == 0)
			CHECK(len >= USB_DEVICE_SIZE, "a device of %zu bytes", len);
		break;
	case 1:
		fuzz_bytes(&input, p, len);
		fuzz_config(p, len);
		break;
	case 2:
		fuzz_bytes(&input, p, len);
		fuzz_string(p, len, how / 2, how & 1);
		break;
	case 3:
		fuzz_bytes(&input, p, len);
		fuzz_import(p, len);
		break;
	case 4:
		fuzz_enum(&input);
		break;
	}
	free(p);
	return 0;
}
