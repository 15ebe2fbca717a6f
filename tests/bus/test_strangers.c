// SPDX-License-Identifier: GPL-2.0-only
/* Programs that nobody here wrote see the pen. */
#include "tests/bus/harness.h"

#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define USBIP "/usr/sbin/usbip"
#define STEP_MS 5000

/* Debian's usbip lists what the virtual pen exports. */
static void test_usbip_list(void **state)
{
	struct process usbip = {0};
	_cleanup_free_ char *log = NULL;
	struct rig *rig;

	if (access(USBIP, X_OK) < 0) {
		print_message("SKIP: " USBIP " is missing (Debian package usbip)\n");
		skip();
	}
	rig = rig_start(state, &(struct rig_options){.pens = 2, .no_daemon = true});
	{
		const char *const argv[] = {USBIP,  "--tcp-port", rig->gadget_port,
					    "list", "--remote",	  "127.0.0.1",
					    NULL};

		process_start(&usbip, rig->dir, "usbip", argv, NULL);
	}
	assert_int_equal(process_wait(&usbip, STEP_MS), 0);
	log = process_log(&usbip);
	if (!strstr(log, "1-1:") || !strstr(log, "1-2:") || !strstr(log, "1209:0001"))
		fail_msg("usbip lists: %s", log);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_usbip_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
