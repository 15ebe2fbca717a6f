/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */
#ifndef MNPEN_GADGET_OPTIONS_H
#define MNPEN_GADGET_OPTIONS_H

#include <stdbool.h>

#include "tests/gadget/usb/identity.h"

#define DEFAULT_LISTEN "127.0.0.1:3240"
#define DEFAULT_SERIAL "VPEN0001"

struct options {
	const char *listen;   /* NULL: the default */
	const char *gadgetfs; /* a folder, in place of USB/IP */
	const char *serial;   /* NULL: the default, or the recording's */
	const char *control;
	const char *scenario;
	const char *replay;
	bool identity_given;
	bool speed_given;
	const char *tell; /* a socket: send one command there, and nothing else */
	char **words;
	int n_words;
	unsigned int count;
	struct device_options device;
};

/**
 * options_parse() - read the command line into @options, which has the defaults
 *
 * What is wrong has been said. Strings stay @argv's.
 *
 * Return: 0; 1 there is nothing left to do (--help); -EINVAL.
 */
int options_parse(int argc, char **argv, struct options *options);

/** usage_error() - say what is wrong with the command line; returns -EINVAL */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
