// SPDX-License-Identifier: GPL-2.0-only
/* Wireshark reads a session of daemon and pen from the wire and finds nothing wrong with it. */
#include "tests/bus/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "tests/bus/harness_relay.h"

#define TSHARK "/usr/bin/tshark"
#define USBIP "/usr/sbin/usbip"
#define STEP_MS 60000
#define MANY 100 /* of what a streaming pen and its host say all the time */

static void need(const char *path, const char *package)
{
	if (access(path, X_OK) == 0)
		return;
	print_message("SKIP: %s is missing (Debian package %s)\n", path, package);
	skip();
}

static void list_pens(struct rig *rig)
{
	const char *const argv[] = {USBIP,	 "--tcp-port", rig->gadget_port, "list", "--remote",
				    "127.0.0.1", NULL};
	struct process usbip = {0};

	process_start(&usbip, rig->dir, "usbip", argv, NULL);
	assert_int_equal(process_wait(&usbip, STEP_MS), 0);
}

/* A session from arm to stop, through the relay, and a list of the pens while it goes on. */
static struct rig *record_session(void **state, bool damage)
{
	struct rig *rig;
	struct relay *relay;

	need(TSHARK, "tshark");
	need(USBIP, "usbip");
	rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	relay = relay_new(rig->gadget_port, rig_path(rig, "wire.pcap"), damage);
	/* It is where the daemon is sent to; the pen itself does not move. */
	snprintf(rig->gadget_port, sizeof(rig->gadget_port), "%u", relay_port(relay));
	rig_start_daemon(rig);
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	list_pens(rig);
	assert_done(rig, pen_call(rig, "Stop", ""));
	rig_await_motor(rig, false, STEP_MS);
	rig_await_word(rig, "State", "idle", STEP_MS);
	/* A STOP that is not answered in time is taken back. */
	gadget_do(rig->control_fd, "freeze on");
	(void)pen_call(rig, "Stop", "");
	sleep_ms(300 * time_scale());
	gadget_do(rig->control_fd, "freeze off");
	sleep_ms(300 * time_scale());
	/* The end of the capture is the end of a connection, with all said. */
	rig_kill_daemon(rig);
	relay_free(relay);
	return rig;
}

/* What tshark says of the capture: @field of the packets that match @filter; to be freed. */
static char *dissect(struct rig *rig, const char *filter, const char *field)
{
	char capture[128], home[96];
	const char *const environment[] = {home, NULL};
	const char *const argv[] = {TSHARK, "-n",   "-r", capture,  "-d", "tcp.port==3240,usbip",
				    "-Y",   filter, "-T", "fields", "-e", field,
				    NULL};
	struct process tshark = {0}, file = {0};
	_cleanup_close_ int out = -EBADF;

	snprintf(capture, sizeof(capture), "%s/wire.pcap", rig->dir);
	/* nobody's own settings */
	snprintf(home, sizeof(home), "HOME=%s", rig->dir);
	snprintf(file.log, sizeof(file.log), "%s/tshark.out", rig->dir);
	out = open(file.log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(out >= 0);
	process_start(&tshark, rig->dir, "tshark", argv,
		      &(struct process_options){.environment = environment, .stdout_fd = out});
	assert_int_equal(process_wait(&tshark, STEP_MS), 0);
	return process_log(&file);
}

static unsigned int count(const char *text, const char *word)
{
	unsigned int n = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		n++;
	return n;
}

/* What the dissectors warn of, and all that they cannot make sense of. */
static char *find_complaints(struct rig *rig)
{
	return dissect(rig, "_ws.malformed || _ws.expert.severity >= 0x600000",
		       "_ws.expert.message");
}

static void test_dissected(void **state)
{
	static const struct {
		const char *field, *value;
		unsigned int at_least;
	} kinds[] = {
		{"usbip.operation", "0x8005", 1},  /* OP_REQ_DEVLIST */
		{"usbip.operation", "0x0005", 1},  /* OP_REP_DEVLIST */
		{"usbip.operation", "0x8003", 1},  /* OP_REQ_IMPORT */
		{"usbip.operation", "0x0003", 1},  /* OP_REP_IMPORT */
		{"usbip.urb", "0x00000001", MANY}, /* CMD_SUBMIT */
		{"usbip.urb", "0x00000003", MANY}, /* RET_SUBMIT */
		{"usbip.urb", "0x00000002", 1},	   /* CMD_UNLINK */
		{"usbip.urb", "0x00000004", 1},	   /* RET_UNLINK */
		{"usb.idVendor", "0x1209", 1},	   /* by the USB dissector */
	};
	struct rig *rig = record_session(state, false);
	_cleanup_free_ char *complaints = find_complaints(rig);

	if (complaints[0])
		fail_msg("tshark complains: %s", complaints);
	for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
		_cleanup_free_ char *values = dissect(rig, "usbip || usb", kinds[i].field);
		unsigned int n = count(values, kinds[i].value);

		print_message("%s %s: %u\n", kinds[i].field, kinds[i].value, n);
		if (n < kinds[i].at_least)
			fail_msg("%u times %s %s, not %u", n, kinds[i].field, kinds[i].value,
				 kinds[i].at_least);
	}
	rig_stop(rig);
}

/* The check above can fail. */
static void test_damage_is_seen(void **state)
{
	struct rig *rig = record_session(state, true);
	_cleanup_free_ char *complaints = find_complaints(rig);

	assert_true(complaints[0] != '\0');
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_dissected),
		RIG_TEST(test_damage_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
