// SPDX-License-Identifier: GPL-2.0-only
/*
 * What people type: values with a unit, and the address of a pen. What is taken is computed or
 * taken apart here a second time, by other means.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/units.h"
#include "driver/host/usbip.h"
#include "tests/fuzz/fuzz.h"

/* Factor by name; 0 = no such unit of @kind. */
static uint64_t factor(enum unit_kind kind, const char *name)
{
	static const struct {
		enum unit_kind kind;
		const char *name;
		uint64_t factor;
	} units[] = {
		{UNIT_DEPTH, "mm", 1000},     {UNIT_DEPTH, "um", 1},
		{UNIT_DEPTH, "\xc2\xb5m", 1}, {UNIT_DEPTH, "\xce\xbcm", 1},
		{UNIT_SPEED, "rpm", 1},	      {UNIT_SPEED, "Hz", 60},
		{UNIT_TIME, "ms", 1},	      {UNIT_TIME, "s", 1000},
		{UNIT_TIME, "min", 60000},    {UNIT_TIME, "h", 3600000},
		{UNIT_TIME, "d", 86400000},   {UNIT_SIZE, "B", 1},
		{UNIT_SIZE, "KiB", 1 << 10},  {UNIT_SIZE, "MiB", 1 << 20},
		{UNIT_SIZE, "GiB", 1 << 30},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].kind == kind && !strcmp(units[i].name, name))
			return units[i].factor;
	return 0;
}

/* @base in all, written as @whole.@fraction of the unit: exact, or no value at all. */
static void check_value(enum unit_kind kind, const char *text, uint64_t base)
{
	char *copy = strdup(text), *at = copy, *end;
	unsigned __int128 value = 0, scale = 1;
	uint64_t of_unit;
	int decimals = 0;

	if (!copy)
		return;
	at += strspn(at, " \t");
	for (bool point = false; (*at >= '0' && *at <= '9') || *at == '.'; at++) {
		if (*at == '.') {
			CHECK(!point, "two points: %s", text);
			point = true;
			continue;
		}
		if (decimals >= 18 || (!point && value >> 80)) {
			CHECK(*at == '0' || point, "too long a number: %s", text);
			if (point)
				continue; /* beyond our own precision */
		}
		value = value * 10 + (unsigned int)(*at - '0');
		decimals += point;
	}
	at += strspn(at, " \t");
	for (end = at + strlen(at); end > at && (end[-1] == ' ' || end[-1] == '\t'); end--)
		end[-1] = '\0';
	of_unit = factor(kind, at);
	CHECK(of_unit, "no such unit: %s", text);
	for (int i = 0; i < decimals; i++)
		scale *= 10;
	if (decimals < 18)
		CHECK(value * of_unit == base * scale, "%s is not %lu", text, (unsigned long)base);
	free(copy);
}

static void fuzz_value(const char *text)
{
	static const enum unit_kind kinds[] = {UNIT_DEPTH, UNIT_SPEED, UNIT_TIME, UNIT_SIZE};
	char buf[52];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t base = 0x5a5a5a5a5a5a5a5a;
		int r = unit_parse(kinds[i], text, &base);

		CHECK(r == 0 || r == -EINVAL || r == -ENODATA || r == -ENOTUNIQ || r == -ERANGE,
		      "%s: %d", text, r);
		if (r < 0) {
			CHECK(base == 0x5a5a5a5a5a5a5a5a, "written on failure: %s", text);
			CHECK(*unit_strerror(r), "no word for %d", r);
			continue;
		}
		check_value(kinds[i], text, base);
		CHECK(strlen(unit_format(kinds[i], base, buf, sizeof(buf))) <= sizeof(buf) - 1,
		      "%s is cut off: %s", text, buf);
	}
}

static void fuzz_url(const char *text)
{
	struct usbip_url url;
	const char *busid;

	memset(&url, 0x5a, sizeof(url));
	if (usbip_url_parse(&url, text) < 0) {
		CHECK(url.text[0] == 0x5a, "written on failure: %s", text);
		return;
	}
	CHECK(!strncmp(text, "usbip://", 8) && !strcmp(url.text, text), "%s", text);
	busid = strchr(text + 8, '/');
	CHECK(busid && !strcmp(url.busid, busid + 1) && url.busid[0], "bus id %s", url.busid);
	CHECK(!strpbrk(url.busid, "/ \n\t\\\"'"), "bus id %s", url.busid);
	if (url.address.sa.sa_family == AF_INET) {
		CHECK(url.address.in.sin_port && url.address_len == sizeof(url.address.in), "%s",
		      text);
		CHECK(usbip_url_is_loopback(&url) ==
			      (*(const uint8_t *)&url.address.in.sin_addr == 127),
		      "%s", text);
	} else {
		CHECK(url.address.sa.sa_family == AF_INET6 && url.address.in6.sin6_port, "%s",
		      text);
		CHECK(text[8] == '[', "%s", text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	char *text = fuzz_text(&input);

	fuzz_value(text);
	fuzz_url(text);
	free(text);
	return 0;
}
