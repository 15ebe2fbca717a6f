// SPDX-License-Identifier: GPL-2.0-only
/*
 * contract TRANSPORT CONTROL [--url URL] [--plug COMMAND] [--scale N] [CASE...]: the cases of
 * tests/contract/cases.c over one transport. Prints a line a case; exits with 1 if one was
 * not as promised. In the virtual machine, and in the bus tier under the bridge.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/log.h"
#include "tests/contract/contract.h"

static bool wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

/* Each with a host of its own: what one leaves behind is not the next one's. */
static bool run(const struct contract_case *which, const struct contract_options *options)
{
	static struct contract c;
	bool good = contract_open(&c, options) && which->run(&c);

	contract_close(&c);
	printf("%s %s/%s\n", good ? "ok" : "FAILED", options->transport, which->name);
	fflush(stdout);
	return good;
}

static void take_options(struct contract_options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{"url", required_argument, NULL, 'u'},
		{"plug", required_argument, NULL, 'p'},
		{"scale", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0)
		switch (option) {
		case 'u':
			options->url = optarg;
			break;
		case 'p':
			options->plug = optarg;
			break;
		case 's':
			options->scale = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		default:
			exit(2);
		}
}

int main(int argc, char **argv)
{
	struct contract_options options = {.scale = 1};
	unsigned int failed = 0, ran = 0;

	take_options(&options, argc, argv);
	if (argc - optind < 2) {
		fputs("Usage: contract TRANSPORT CONTROL [OPTION...] [CASE...]\n", stderr);
		return 2;
	}
	options.transport = argv[optind];
	options.control = argv[optind + 1];
	log_set_level(LOG_ERR);
	for (const struct contract_case *which = contract_cases; which->name; which++)
		if (wanted(which->name, argv + optind + 2)) {
			ran++;
			failed += !run(which, &options);
		}
	printf("%s: %u of %u cases as promised\n", options.transport, ran - failed, ran);
	return ran == 0 || failed > 0;
}
