// SPDX-License-Identifier: GPL-2.0-only
/*
 * The promises of driver/host/host.h, kept by each transport that can be had here: over USB/IP, and
 * by libusb under the bridge. The third, over the kernel guard, needs the virtual machine
 * (tests/vm/scenarios/contract-chardev).
 */
#include "tests/bus/harness_cli.h"

#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"

#define CASES_MS 60000

/* The program says of each case how it went. */
static void run(struct rig *rig, const char *const *argv)
{
	struct process process = {0};
	_cleanup_free_ char *log = NULL;
	int code;

	process_start(&process, rig->dir, "contract", argv, &(struct process_options){0});
	code = process_wait(&process, CASES_MS * time_scale());
	log = process_log(&process);
	if (code != 0 || !strstr(log, "cases as promised"))
		fail_msg("exit code %d: %s", code, log);
}

static void test_usbip(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	char url[64], scale[8];
	const char *const argv[] = {program("tests/vm/contract"),
				    "usbip",
				    rig_path(rig, "pens"),
				    "--url",
				    url,
				    "--scale",
				    scale,
				    NULL};

	snprintf(url, sizeof(url), "usbip://127.0.0.1:%s/1-1", rig->gadget_port);
	snprintf(scale, sizeof(scale), "%d", time_scale());
	run(rig, argv);
	rig_stop(rig);
}

static void test_usb(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	char address[40], scale[8];
	const char *const argv[] = {program("tests/bus/bridge"),
				    address,
				    "1-1",
				    "--",
				    program("tests/vm/contract"),
				    "usb",
				    rig_path(rig, "pens"),
				    "--scale",
				    scale,
				    NULL};

	snprintf(address, sizeof(address), "127.0.0.1:%s", rig->gadget_port);
	snprintf(scale, sizeof(scale), "%d", time_scale());
	run(rig, argv);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_usbip),
		RIG_TEST(test_usb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
