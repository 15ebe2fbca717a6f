// SPDX-License-Identifier: GPL-2.0-only
/* Start and end of a rig. */
#include "tests/bus/harness.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/harness_documents.h"

#define START_MS 10000
#define END_MS 10000
#define DAEMON_PRIORITY 5 /* mnpend.service's CPUSchedulingPriority */
#define PEN_PRIORITY 10	  /* the pen is hardware: it waits for no program */

static void start_bus(struct rig *rig)
{
	_cleanup_free_ char *address = NULL;
	char config[128];
	const char *const argv[] = {"dbus-daemon",     "--nofork", "--nopidfile",
				    "--print-address", config,	   NULL};

	rig_write_bus_config(rig);
	snprintf(config, sizeof(config), "--config-file=%s/bus.conf", rig->dir);
	process_start(&rig->bus, rig->dir, "bus", argv, NULL);
	address = process_await_log(&rig->bus, "unix:path=", START_MS);
	if (!address)
		fail_msg("dbus-daemon does not serve");
}

void rig_start_gadget(struct rig *rig)
{
	char listen[40], control[128], pens[12];
	const char *argv[24] = {program("mnpen-gadget"),
				"--listen",
				listen,
				"--control",
				control,
				"--serial",
				RIG_SERIAL,
				"--count",
				pens};
	_cleanup_free_ char *address = NULL;
	size_t n = 9;

	/* Back at the same port, where the daemon looks for it. */
	snprintf(listen, sizeof(listen), "127.0.0.1:%s",
		 rig->gadget_port[0]   ? rig->gadget_port
		 : rig->options.listen ? rig->options.listen
				       : "0");
	snprintf(control, sizeof(control), "%s/pens", rig->dir);
	snprintf(pens, sizeof(pens), "%u", rig->pens);
	for (size_t i = 0; rig->options.gadget_options[i]; i++)
		argv[n++] = rig->options.gadget_options[i];
	(void)unlink(rig_path(rig, "gadget.log"));
	process_start(&rig->gadget, rig->dir, "gadget", argv,
		      &(struct process_options){.fifo_priority = PEN_PRIORITY});
	address = process_await_log(&rig->gadget, "listening on 127.0.0.1:", START_MS);
	if (!address)
		fail_msg("mnpen-gadget does not serve");
	snprintf(rig->gadget_port, sizeof(rig->gadget_port), "%.*s",
		 (int)strspn(address, "0123456789"), address);
	rig->control_fd = gadget_connect(control);
	assert_true(rig->control_fd >= 0);
}

/* Where sd_notify(READY=1) goes. */
static int open_notify(const struct rig *rig, char *address, size_t size)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un where = {.sun_family = AF_UNIX};

	snprintf(where.sun_path, sizeof(where.sun_path), "%s", rig_path(rig, "notify"));
	(void)unlink(where.sun_path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	snprintf(address, size, "NOTIFY_SOCKET=%s", where.sun_path);
	return fd;
}

static void await_ready(struct rig *rig, int fd)
{
	char text[512];

	for (int waited = 0; waited < START_MS * time_scale(); waited += 10) {
		struct pollfd poller = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&poller, 1, 10) == 1) {
			n = recv(fd, text, sizeof(text) - 1, 0);
			assert_true(n >= 0);
			text[n] = '\0';
			if (strstr(text, "READY=1"))
				return;
		}
		if (!process_running(&rig->daemon))
			fail_msg("mnpend ended before it was ready");
	}
	fail_msg("mnpend has not said READY=1 after %d ms", START_MS * time_scale());
}

/* Words of a command line; the strings are the caller's or in @text. */
struct words {
	const char *argv[48];
	size_t n;
	char text[12][160];
	size_t n_text;
};

static void add(struct words *words, const char *word)
{
	assert_true(words->n + 1 < ELEMENTSOF(words->argv));
	words->argv[words->n++] = word;
}

__attribute__((format(printf, 2, 3))) static void add_text(struct words *words, const char *format,
							   ...)
{
	char *text = words->text[words->n_text++];
	va_list args;

	assert_true(words->n_text <= ELEMENTSOF(words->text));
	va_start(args, format);
	vsnprintf(text, sizeof(words->text[0]), format, args);
	va_end(args);
	add(words, text);
}

/* The virtual pen as a device of this machine, and the daemon as it is on a clinic's. */
static void add_bridge(struct words *words, const struct rig *rig)
{
	add(words, program("tests/bus/bridge"));
	add_text(words, "127.0.0.1:%s", rig->gadget_port);
	add(words, "1-1");
	add(words, "--");
}

static void launch(struct rig *rig, struct process *process, const char *name, const char *notify)
{
	char bus[160], tmp[80];
	const char *const environment[] = {bus, tmp, notify, NULL};
	const struct process_options options = {.environment = environment,
						.fifo_priority = DAEMON_PRIORITY};
	struct words words = {0};

	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", rig->bus_address);
	snprintf(tmp, sizeof(tmp), "TMPDIR=%s", rig->dir);
	if (rig->options.usb)
		add_bridge(&words, rig);
	if (rig->options.foot) {
		add(&words, program("tests/bus/foot"));
		add_text(&words, "%s/foot", rig->dir);
		add(&words, "--");
	}
	for (size_t i = 0; rig->options.under[i]; i++)
		add(&words, rig->options.under[i]);
	add(&words, program("mnpend"));
	add(&words, "--config");
	add_text(&words, "%s/mnpend.conf", rig->dir);
	add(&words, "--state-dir");
	add_text(&words, "%s/state", rig->dir);
	add(&words, "--data-dir");
	add(&words, program("data"));
	if (!rig->options.usb && !rig->options.no_option)
		add(&words, "--no-usb");
	for (unsigned int i = 0; i < rig->pens && !rig->options.usb; i++) {
		add(&words, "--pen");
		add_text(&words, "usbip://127.0.0.1:%s/1-%u", rig->gadget_port, i + 1);
	}
	for (size_t i = 0; rig->options.daemon_options[i]; i++)
		add(&words, rig->options.daemon_options[i]);
	process_start(process, rig->dir, name, words.argv, &options);
}

void rig_launch_daemon(struct rig *rig, struct process *process, const char *name)
{
	launch(rig, process, name, NULL);
}

void rig_start_daemon(struct rig *rig)
{
	_cleanup_close_ int notify = -EBADF;
	char address[160];

	notify = open_notify(rig, address, sizeof(address));
	launch(rig, &rig->daemon, "mnpend", address);
	await_ready(rig, notify);
	if (rig->options.foot) {
		rig->foot_fd = gadget_connect(rig_path(rig, "foot"));
		assert_true(rig->foot_fd >= 0);
	}
	rig_await_pens(rig);
}

static void pen_path(const struct rig *rig, unsigned int number, char *path, size_t size)
{
	if (rig->pens == 1)
		snprintf(path, size, API_PENS "/" RIG_SERIAL);
	else
		snprintf(path, size, API_PENS "/" RIG_SERIAL "_2d%u", number);
}

/* There, and its self-test is over. */
static bool pen_ready(struct rig *rig, const char *path)
{
	sd_bus_message *reply = NULL;
	const char *state = "";
	bool ready;

	if (*client_call(rig->client, &reply, path, "org.freedesktop.DBus.Properties", "Get", "ss",
			 API_PEN, "State"))
		return false;
	ready = sd_bus_message_read(reply, "v", "s", &state) > 0 && strcmp(state, "boot") != 0;
	sd_bus_message_unref(reply);
	return ready;
}

void rig_await_pens(struct rig *rig)
{
	uint64_t end = usec_after_ms(START_MS);
	char path[96];

	for (unsigned int i = 1; i <= rig->pens; i++) {
		pen_path(rig, i, path, sizeof(path));
		while (!pen_ready(rig, path)) {
			if (now_usec() > end)
				fail_msg("%s is not ready: %s", path, rig->client->message);
			sleep_ms(2);
		}
	}
}

struct rig *rig_start(void **state, const struct rig_options *options)
{
	static const struct rig_options none;
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	*state = rig;
	rig->options = options ? *options : none;
	rig->pens = rig->options.pens ? rig->options.pens : 1;
	rig->control_fd = rig->foot_fd = -EBADF;
	rig_make_dir(rig);
	snprintf(rig->db, sizeof(rig->db), "%s/state/sessions.db", rig->dir);
	pen_path(rig, 1, rig->pen, sizeof(rig->pen));
	start_bus(rig);
	if (!rig->options.no_polkit)
		rig->polkit = polkit_new(rig->bus_address);
	rig->client = client_new(rig->bus_address);
	rig_write_station(rig);
	rig_start_gadget(rig);
	if (!rig->options.no_daemon)
		rig_start_daemon(rig);
	return rig;
}

void rig_kill_daemon(struct rig *rig)
{
	process_kill(&rig->daemon, SIGKILL);
	assert_int_equal(process_wait(&rig->daemon, END_MS), 128 + SIGKILL);
}

int rig_daemon_pid(struct rig *rig)
{
	sd_bus_creds *creds = NULL;
	pid_t pid = 0;

	assert_true(sd_bus_get_name_creds(rig->client->bus, API_BUS_NAME, SD_BUS_CREDS_PID,
					  &creds) >= 0);
	assert_true(sd_bus_creds_get_pid(creds, &pid) >= 0);
	sd_bus_creds_unref(creds);
	return pid;
}

void rig_kill_gadget(struct rig *rig)
{
	process_kill(&rig->gadget, SIGKILL);
	assert_int_equal(process_wait(&rig->gadget, END_MS), 128 + SIGKILL);
	rig->control_fd = close_fd(rig->control_fd);
}

static void end_with(struct process *process, int signal, int expected)
{
	int code;

	if (!process->pid)
		return;
	process_kill(process, signal);
	code = process_wait(process, END_MS);
	if (code != expected)
		fail_msg("%s ended with %d instead of %d", process->name, code, expected);
}

static void check_sound(const struct process *process)
{
	if (process->name[0] && !process_sound(process))
		fail_msg("a sanitizer complains in %s", process->log);
}

void rig_stop(struct rig *rig)
{
	bool ended = rig->daemon.pid;

	documents_check(rig);
	end_with(&rig->daemon, SIGTERM, 0);
	/* A database that was closed needs no log beside it. */
	if (ended)
		assert_true(access(rig_path(rig, "state/sessions.db-wal"), F_OK) < 0);
	rig->client = client_free(rig->client);
	rig->polkit = polkit_free(rig->polkit);
	rig->logind = logind_free(rig->logind);
	end_with(&rig->gadget, SIGTERM, 0);
	assert_true(access(rig_path(rig, "pens"), F_OK) < 0 || rig->gadget_killed);
	end_with(&rig->bus, SIGTERM, 0);
	check_sound(&rig->daemon);
	check_sound(&rig->gadget);
	assert_true(process_none_left());
	rig->control_fd = close_fd(rig->control_fd);
	rig->foot_fd = close_fd(rig->foot_fd);
	rig_remove_dir(rig);
	assert_true(access(rig->dir, F_OK) < 0);
	rig->stopped = true;
}

static void show_log(const struct process *process)
{
	_cleanup_free_ char *log = process->name[0] ? process_log(process) : NULL;

	if (log)
		fprintf(stderr, "--- %s\n%s", process->log, log);
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;
	bool stopped;

	*state = NULL;
	if (!rig)
		return 0;
	if (!rig->stopped) {
		if (rig->client)
			fprintf(stderr, "--- last answer: \"%s\" %s\n", rig->client->word,
				rig->client->message);
		client_free(rig->client);
		polkit_free(rig->polkit);
		logind_free(rig->logind);
		close_fd(rig->control_fd);
		show_log(&rig->daemon);
		show_log(&rig->gadget);
		show_log(&rig->bus);
		process_end_all();
		rig_remove_dir(rig);
	}
	stopped = rig->stopped;
	free(rig);
	return stopped ? 0 : -1; /* what rig_stop() looks at, nobody has looked at */
}
