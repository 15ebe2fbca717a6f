// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pens over USB: the daemon as it is, through libusb, udev and usbfs as the bridge shows them. What
 * the bridge cannot carry is speed: the stream is slower than on a real bus.
 */
#include "tests/bus/harness_cli.h"
#include "tests/bus/harness_host.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define STEP_MS 10000
#define CYCLES 10
#define STATION "StreamPeriod = 4ms\n"

static struct rig *start(void **state)
{
	return rig_start(state, &(struct rig_options){.usb = true, .station = STATION});
}

/* With a lease that ends so late that it cannot be what stopped the pen. */
static struct rig *start_patient(void **state)
{
	return rig_start(state,
			 &(struct rig_options){.usb = true, .station = STATION "Lease = 1000ms\n"});
}

static void begin_and_run(struct rig *rig)
{
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
}

/* Each sample that the pen numbered is in the record, or in a gap of it. */
static void assert_accounted(struct rig *rig)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "SELECT max(b.last_seq) - min(b.first_seq) + 1 - sum(b.count) - (SELECT "
		 "coalesce(sum(g.missing), 0) FROM gap g WHERE g.session = s.n) FROM block b JOIN "
		 "session s ON s.n = b.session WHERE s.id = '%s'",
		 rig->id);
	assert_int_equal(db_number(rig->db, sql), 0);
}

/* Whether the pen got @request with wValue @value; when it last did. */
static uint64_t request_ns(struct rig *rig, const char *request, int64_t value)
{
	json_object *answer = gadget_ask(rig->control_fd, "log 64");
	json_object *log = json_at(answer, "log");
	uint64_t ns = 0;

	for (size_t i = 0; i < json_object_array_length(log); i++) {
		json_object *entry = json_object_array_get_idx(log, i);

		if (strcmp(json_word(entry, "request"), request) == 0 &&
		    json_value(entry, "value") == value)
			ns = (uint64_t)json_value(entry, "ns");
	}
	json_object_put(answer);
	return ns;
}

static void test_session(void **state)
{
	struct rig *rig = start(state);
	json_object *pens = cli_json(rig, 0, "pens");

	assert_string_equal(json_word(pens, "pens.0.transport"), "usb");
	assert_string_equal(json_word(pens, "pens.0.serial"), RIG_SERIAL);
	json_object_put(pens);
	begin_and_run(rig);
	sleep_ms(1000);
	assert_true(rig_truth(rig).motor);
	assert_in_range(rig_truth(rig).depth_um, RIG_DEPTH_UM - 20, RIG_DEPTH_UM + 20);
	/* A hand that lets go pauses it; the next press goes on. */
	gadget_do(rig->control_fd, "trigger release");
	rig_await_state(rig, "armed", STEP_MS);
	rig_run(rig);
	assert_done(rig, pen_call(rig, "Stop", ""));
	assert_string_equal(rig_truth(rig).stop_reason, "host");
	assert_done(rig, session_call(rig, "End", "s", "completed"));
	assert_true(session_number(rig, "samples") > 200);
	assert_accounted(rig);
	rig_stop(rig);
}

static void test_over_depth(void **state)
{
	struct rig *rig = start(state);
	struct truth truth;

	gadget_do(rig->control_fd, "ignore limits on"); /* so that it is the daemon who stops it */
	rig_begin(rig);
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_LIMIT_UM, RIG_SPEED_RPM));
	rig_arm(rig);
	rig_run(rig);
	gadget_do(rig->control_fd, "drift depth %d", RIG_TOLERANCE_UM + 50);
	truth = rig_await_motor(rig, false, STEP_MS);
	assert_string_equal(truth.stop_reason, "host");
	assert_true(truth.motor_off_ns - truth.depth_over_ns <
		    100000000ull * (unsigned int)time_scale());
	rig_await_word(rig, "DisarmReason", "depth-limit", STEP_MS);
	rig_stop(rig);
}

/* SIGKILL: the kernel gives the interface back to alternate setting 0, and that is the stop: the
 * connection of the bridge closes later, and the lease ends much later. */
static void test_killed(void **state)
{
	struct rig *rig = rig_start(
		state, &(struct rig_options){.usb = true, .station = STATION "Lease = 1000ms\n"});
	struct measure measure = {.what = "daemon killed -> drive cut by SET_INTERFACE 0"};

	for (int i = 0; i < 3; i++) {
		uint64_t killed_ns, alt_ns;
		struct truth truth;

		begin_and_run(rig);
		killed_ns = now_monotonic_ns();
		assert_int_equal(kill(rig_daemon_pid(rig), SIGKILL), 0);
		truth = rig_await_motor(rig, false, STEP_MS);
		assert_string_equal(truth.stop_reason, "bus");
		alt_ns = request_ns(rig, "set-interface", 0);
		assert_true(alt_ns > killed_ns && alt_ns <= truth.motor_off_ns);
		assert_true(truth.motor_off_ns - alt_ns <= 5000000);
		assert_true(truth.motor_off_ns < truth.last_lease_ns + 1000000000ull);
		measure_add(&measure, killed_ns, truth.motor_off_ns);
		assert_int_equal(process_wait(&rig->daemon, STEP_MS), 128 + SIGKILL);
		gadget_do(rig->control_fd, "trigger release");
		rig_fresh_cartridge(rig);
		rig_start_daemon(rig);
		rig_await_word(rig, "State", "idle", STEP_MS);
	}
	measure_check(&measure, 50 * time_scale(), 200 * time_scale());
	rig_stop(rig);
}

/* ---- plugging ---- */

static void await_gone(struct rig *rig)
{
	uint64_t end = usec_after_ms(STEP_MS);

	while (rig->client->n_removed == 0 || strcmp(rig->client->removed, rig->pen) != 0) {
		assert_true(now_usec() < end);
		client_pump(rig->client, 10);
	}
	rig->client->n_removed = 0;
	rig->client->removed[0] = '\0';
}

static unsigned int count_threads(int pid)
{
	char path[48];
	unsigned int n = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	directory = opendir(path);
	assert_non_null(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

static void test_unplugged_while_running(void **state)
{
	struct rig *rig = start(state);

	begin_and_run(rig);
	client_forget(rig->client);
	gadget_do(rig->control_fd, "unplug");
	await_gone(rig);
	assert_false(rig_truth(rig).motor);
	rig_await_number(rig, "SELECT count(*) FROM session WHERE outcome = 'interrupted'", 1,
			 STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	rig_fresh_cartridge(rig);
	gadget_do(rig->control_fd, "replug");
	/* At a new address, the same pen by its serial, and disarmed. */
	rig_await_pens(rig);
	assert_int_equal(pen_value(rig, "Armed"), 0);
	assert_string_equal(pen_word(rig, "Session"), "/");
	begin_and_run(rig);
	rig_stop(rig);
}

/* Neither descriptors nor threads nor places are left behind. */
static void test_plug_cycles(void **state)
{
	struct rig *rig = start(state);
	int pid = rig_daemon_pid(rig);
	unsigned int fds = host_count_fds(pid), threads = count_threads(pid);

	for (int i = 0; i < CYCLES; i++) {
		client_forget(rig->client);
		gadget_do(rig->control_fd, "unplug");
		await_gone(rig);
		gadget_do(rig->control_fd, "replug");
		rig_await_pens(rig);
	}
	host_await_fds(pid, fds);
	assert_int_equal(count_threads(pid), threads);
	begin_and_run(rig);
	rig_stop(rig);
}

/* The device is there before the daemon is, and after it. */
static void test_restart(void **state)
{
	struct rig *rig = start(state);

	for (int i = 0; i < 2; i++) {
		process_kill(&rig->daemon, SIGTERM);
		assert_int_equal(process_wait(&rig->daemon, STEP_MS), 0);
		rig_start_daemon(rig);
	}
	begin_and_run(rig);
	rig_stop(rig);
}

/* ---- escalation ---- */

static void test_set_interface(void **state)
{
	struct rig *rig = start_patient(state);
	struct truth truth;

	begin_and_run(rig);
	for (int i = 0; i < 3; i++) {
		gadget_do(rig->control_fd, "ignore stop on");
		assert_done(rig, pen_call(rig, "Stop", ""));
		truth = rig_truth(rig);
		assert_false(truth.motor);
		assert_string_equal(truth.stop_reason, "bus");
		gadget_do(rig->control_fd, "ignore stop off");
		sleep_ms(200); /* back in alternate setting 1, samples come */
		rig_rearm(rig);
	}
	rig_stop(rig);
}

static void test_reset(void **state)
{
	struct rig *rig = start_patient(state);
	struct truth truth;

	begin_and_run(rig);
	gadget_do(rig->control_fd, "ignore stop on");
	gadget_do(rig->control_fd, "ignore alt on");
	client_forget(rig->client);
	(void)pen_call(rig, "Stop", "");
	truth = rig_await_motor(rig, false, STEP_MS);
	assert_string_equal(truth.stop_reason, "bus");
	await_gone(rig);
	gadget_do(rig->control_fd, "ignore stop off");
	gadget_do(rig->control_fd, "ignore alt off");
	gadget_do(rig->control_fd, "trigger release");
	rig_await_pens(rig); /* it comes back by itself */
	assert_int_equal(pen_value(rig, "Armed"), 0);
	rig_stop(rig);
}

/* A pen that answers nothing any more: its lease has ended it, and the loop has not waited. */
static void test_frozen(void **state)
{
	struct rig *rig = start(state);
	uint64_t before;

	begin_and_run(rig);
	gadget_do(rig->control_fd, "freeze on");
	before = now_usec();
	(void)pen_call(rig, "Stop", "");
	for (int i = 0; i < 20; i++) {
		(void)client_number(rig->client, API_ROOT, API_MANAGER, "StoreHealthy");
		sleep_ms(50);
	}
	/* Twenty questions and a Stop(), whose answer is that the pen does not confirm it. */
	assert_true(now_usec() - before < 5 * USEC_PER_SEC * (unsigned int)time_scale());
	gadget_do(rig->control_fd, "freeze off");
	(void)rig_await_motor(rig, false, STEP_MS);
	rig_stop(rig);
}

/* ---- the rest ---- */

/* A recording from USB begins with the descriptors, so that it can be played. */
static void test_record(void **state)
{
	struct rig *rig = start(state);
	char file[] = "/tmp/mnpen-usb-XXXXXX", line[64];
	struct cli_terminal terminal;
	int fd = mkstemp(file);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unlink(file), 0);
	snprintf(line, sizeof(line), "record %s", file);
	cli_open(rig, &terminal, line);
	cli_await(&terminal, "Ctrl-C ends it", STEP_MS);
	begin_and_run(rig);
	sleep_ms(300);
	assert_done(rig, pen_call(rig, "Stop", ""));
	assert_done(rig, session_call(rig, "End", "s", "completed"));
	sleep_ms(100);
	cli_type(&terminal, "q");
	assert_int_equal(cli_end(&terminal, STEP_MS), 0);
	cli_await(&terminal, " 0 events lost", STEP_MS);
	rig_stop(rig);
	rig_teardown(state);

	/* What is played is a pen again: it goes through the whole set-up of a host. */
	rig = rig_start(state, &(struct rig_options){.gadget_options = {"--replay", file}});
	assert_string_equal(pen_word(rig, "Transport"), "usbip");
	rig_stop(rig);
	assert_int_equal(unlink(file), 0);
}

/* A machine without USB: that is said once, and the daemon serves. */
static void test_no_usb(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	_cleanup_free_ char *log = NULL, *served = NULL;
	const char *said;

	rig->pens = 0; /* no --pen */
	rig->options.no_option = true;
	rig_launch_daemon(rig, &rig->daemon, "mnpend");
	served = process_await_log(&rig->daemon, "serves org.mnpen1", STEP_MS);
	assert_non_null(served);
	log = process_log(&rig->daemon);
	said = strstr(log, "no pen will be found on USB");
	if (access("/dev/bus/usb", F_OK) < 0) { /* else it may well have one */
		assert_non_null(said);
		assert_null(strstr(said + 1, "no pen will be found"));
	}
	assert_int_equal(client_number(rig->client, API_ROOT, API_MANAGER, "StoreHealthy"), 1);
	rig_stop(rig);
}

static void test_valgrind(void **state)
{
	const struct rig_options options = {
		.usb = true,
		.under = {"valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=definite",
			  "--error-exitcode=99", "--suppressions=tests/bus/valgrind.supp"},
	};
	struct rig *rig;

	if (access("/usr/bin/valgrind", X_OK) < 0) {
		print_message("SKIP: /usr/bin/valgrind is missing (Debian package valgrind)\n");
		skip();
	}
	if (time_scale() > 1) {
		print_message("# not under valgrind what is built with sanitizers\n");
		return;
	}
	/* No session: its stream would be too fast for it. */
	rig = rig_start(state, &options);
	assert_done(rig, pen_call(rig, "Stop", ""));
	client_forget(rig->client);
	gadget_do(rig->control_fd, "unplug");
	await_gone(rig);
	gadget_do(rig->control_fd, "replug");
	rig_await_pens(rig);
	(void)manager_call(rig, "StopAll", "");
	rig_stop(rig); /* its exit code is valgrind's word */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_session),	      RIG_TEST(test_over_depth),
		RIG_TEST(test_killed),	      RIG_TEST(test_unplugged_while_running),
		RIG_TEST(test_plug_cycles),   RIG_TEST(test_restart),
		RIG_TEST(test_set_interface), RIG_TEST(test_reset),
		RIG_TEST(test_frozen),	      RIG_TEST(test_record),
		RIG_TEST(test_no_usb),	      RIG_TEST(test_valgrind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
