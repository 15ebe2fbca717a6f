// SPDX-License-Identifier: GPL-2.0-only
/*
 * pedal [NAME]: a foot pedal of the keyboard type, by uinput. NAME ("mnpen test pedal") is what a
 * udev rule knows it by: ATTRS{name}=="NAME".
 *
 * Says "ready NODE", then takes one command a line on standard input and answers each with the time
 * in nanoseconds, CLOCK_MONOTONIC, taken just before it was done:
 *
 *   press [CODE]     a key goes down: by number, KEY_A (30) if none is given
 *   release [CODE]   and up
 *   repeat [CODE]    it repeats by itself, as a keyboard's would
 *   flood N          N presses and releases at once, more than the kernel keeps for a slow reader
 *
 * It is gone when standard input ends. Codes are those of keys 1 to 255 and of a mouse's buttons.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libevdev/libevdev-uinput.h>
#include <libevdev/libevdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/clock.h"

#define VENDOR_ID 0x0426
#define PRODUCT_ID 0x3011
#define KEYS_END 256 /* of a keyboard */
#define LINE_SIZE 64
#define FLOOD_MAX 100000

static int create(struct libevdev_uinput **ret, const char *name)
{
	struct libevdev *dev = libevdev_new();
	int r = dev ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	libevdev_set_name(dev, name);
	libevdev_set_id_bustype(dev, BUS_USB);
	libevdev_set_id_vendor(dev, VENDOR_ID);
	libevdev_set_id_product(dev, PRODUCT_ID);
	for (unsigned int code = KEY_ESC; r == 0 && code < KEYS_END; code++)
		r = libevdev_enable_event_code(dev, EV_KEY, code, NULL);
	for (unsigned int code = BTN_LEFT; r == 0 && code <= BTN_MIDDLE; code++)
		r = libevdev_enable_event_code(dev, EV_KEY, code, NULL);
	if (r == 0)
		r = libevdev_uinput_create_from_device(dev, LIBEVDEV_UINPUT_OPEN_MANAGED, ret);
	libevdev_free(dev);
	return r;
}

static int move(const struct libevdev_uinput *pedal, unsigned int code, int value)
{
	int r = libevdev_uinput_write_event(pedal, EV_KEY, code, value);

	return r < 0 ? r : libevdev_uinput_write_event(pedal, EV_SYN, SYN_REPORT, 0);
}

static int flood(const struct libevdev_uinput *pedal, unsigned long times)
{
	int r = 0;

	for (unsigned long i = 0; r >= 0 && i < times; i++) {
		r = move(pedal, KEY_A, 1);
		if (r >= 0)
			r = move(pedal, KEY_A, 0);
	}
	return r;
}

static int obey(const struct libevdev_uinput *pedal, const char *line)
{
	char word[LINE_SIZE] = "", *end;
	const char *rest = line + strcspn(line, " ");
	unsigned long number = KEY_A;

	memcpy(word, line, (size_t)(rest - line));
	if (*rest) {
		number = strtoul(rest + 1, &end, 10);
		if (*end || end == rest + 1)
			return -EINVAL;
	}
	if (strcmp(word, "flood") == 0)
		return *rest && number <= FLOOD_MAX ? flood(pedal, number) : -EINVAL;
	if (number == 0 || number >= KEY_CNT)
		return -EINVAL;
	if (strcmp(word, "press") == 0)
		return move(pedal, (unsigned int)number, 1);
	if (strcmp(word, "release") == 0)
		return move(pedal, (unsigned int)number, 0);
	if (strcmp(word, "repeat") == 0)
		return move(pedal, (unsigned int)number, 2);
	return -EINVAL;
}

static int serve(const struct libevdev_uinput *pedal)
{
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), stdin)) {
		uint64_t now_ns = now_monotonic_ns();
		int r;

		line[strcspn(line, "\n")] = '\0';
		r = obey(pedal, line);
		if (r < 0) {
			fprintf(stderr, "pedal: \"%s\": %s\n", line, strerror(-r));
			return r;
		}
		printf("%" PRIu64 "\n", now_ns);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct libevdev_uinput *pedal = NULL;
	int r;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
		fputs("Usage: pedal [NAME]; see tests/vm/pedal.c\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = create(&pedal, argc == 2 ? argv[1] : "mnpen test pedal");
	if (r < 0) {
		fprintf(stderr, "pedal: no uinput device: %s; modprobe uinput, as root\n",
			strerror(-r));
		return EXIT_FAILURE;
	}
	printf("ready %s\n", libevdev_uinput_get_devnode(pedal));
	r = serve(pedal);
	libevdev_uinput_destroy(pedal);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
