// SPDX-License-Identifier: GPL-2.0-only
/* Programs of others that use libusb reach the pen, unmodified, through the bridge. */
#include "tests/bus/harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define STEP_MS 60000
#define ARGUMENTS_MAX 6
#define PYTHON "/usr/bin/python3"
#define PYTHON_PACKAGES "/usr/lib/python3/dist-packages/"

/* Skips the test when @path is missing. */
static void need(const char *path, const char *package)
{
	if (access(path, R_OK) == 0)
		return;
	print_message("SKIP: %s is missing (Debian package %s)\n", path, package);
	skip();
}

static struct rig *start_pen(void **state)
{
	return rig_start(state, &(struct rig_options){.no_daemon = true});
}

/* Runs @argv with the pen as its USB device. What it says on stdout goes to the file "out". */
static void start(struct rig *rig, struct process *process, const char *const *argv)
{
	char address[40], tmp[80];
	const char *const environment[] = {tmp, "PYTHONDONTWRITEBYTECODE=1", NULL};
	_cleanup_close_ int out = -EBADF;
	const char *words[ARGUMENTS_MAX + 5] = {program("tests/bus/bridge"), address, "1-1", "--"};
	size_t n = 4;

	snprintf(address, sizeof(address), "127.0.0.1:%s", rig->gadget_port);
	snprintf(tmp, sizeof(tmp), "TMPDIR=%s", rig->dir);
	while (*argv && n < ARGUMENTS_MAX + 4)
		words[n++] = *argv++;
	assert_null(*argv);
	out = open(rig_path(rig, "out"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(out >= 0);
	process_start(process, rig->dir, "stranger", words,
		      &(struct process_options){.environment = environment, .stdout_fd = out});
}

static char *read_out(const struct rig *rig)
{
	struct process file = {0};

	snprintf(file.log, sizeof(file.log), "%s/out", rig->dir);
	return process_log(&file);
}

/* The bridge clears away what it made; whoever had the device open is gone. */
static void assert_no_testbed(const struct rig *rig)
{
	DIR *directory = opendir(rig->dir);
	const struct dirent *entry;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		if (strncmp(entry->d_name, "umockdev.", 9) == 0)
			fail_msg("the bridge leaves %s", entry->d_name);
	closedir(directory);
}

/* What it has said on stdout, to be freed; it must have ended well and not complained. */
static char *end(struct rig *rig, struct process *process)
{
	int code = process_wait(process, STEP_MS);
	_cleanup_free_ char *complaints = process_log(process);
	char *out = read_out(rig);

	if (code != 0 || complaints[0])
		fail_msg("exit code %d: %s%s", code, out, complaints);
	assert_no_testbed(rig);
	return out;
}

static char *run(struct rig *rig, const char *const *argv)
{
	struct process process = {0};

	start(rig, &process, argv);
	return end(rig, &process);
}

static void assert_has(const char *text, const char *const *lines)
{
	for (; *lines; lines++)
		if (!strstr(text, *lines))
			fail_msg("\"%s\" is missing in: %s", *lines, text);
}

/* ---- usbutils ---- */

static void test_lsusb(void **state)
{
	static const char at_work[] =
		"bAlternateSetting       1\n      bNumEndpoints           1\n"
		"      bInterfaceClass       255 "; /* its name too, where udev's are installed */
	static const char *const lines[] = {
		"ID 1209:0001",
		"iManufacturer           1 mnpen\n",
		"iProduct                2 mnpen virtual pen\n",
		"iSerial                 3 VPEN0001\n",
		"bNumInterfaces          2\n",
		at_work,
		"      bInterfaceSubClass     77 ",
		"      bInterfaceProtocol      1 ",
		"bEndpointAddress     0x81  EP 1 IN\n",
		"wMaxPacketSize     0x0040  1x 64 bytes\n",
		"bEndpointAddress     0x82  EP 2 IN\n",
		"wMaxPacketSize     0x0008  1x 8 bytes\n",
		"wDescriptorLength      61\n",
		"Report Descriptor: (length is 61)\n",
		"Device Status:     0x0001\n  Self Powered\n",
		NULL,
	};
	_cleanup_free_ char *out = NULL;
	struct rig *rig;

	need("/usr/bin/lsusb", "usbutils");
	rig = start_pen(state);
	out = run(rig, (const char *const[]){"lsusb", "-v", NULL});
	assert_has(out, lines);
	rig_stop(rig);
}

/* The report descriptor byte for byte: consumer control, three buttons, a dial, a battery. */
static void test_usbhid_dump(void **state)
{
	static const char *const lines[] = {
		"001:002:001:DESCRIPTOR",
		"\n 05 0C 09 01 A1 01 85 01 05 09 19 01 29 03 15 00\n"
		" 25 01 75 01 95 03 81 02 75 05 95 01 81 01 05 01\n"
		" 09 37 15 81 25 7F 75 08 95 01 81 06 85 02 05 06\n"
		" 09 20 15 00 25 64 75 08 95 01 81 02 C0\n\n",
		NULL,
	};
	_cleanup_free_ char *out = NULL;
	struct rig *rig;

	need("/usr/bin/usbhid-dump", "usbutils");
	rig = start_pen(state);
	out = run(rig, (const char *const[]){"usbhid-dump", "-m", "1209:0001", NULL});
	assert_has(out, lines);
	rig_stop(rig);
}

/* Until @text stands in what the stranger has said so far. */
static void await_out(const struct rig *rig, const char *text)
{
	struct process file = {0};
	_cleanup_free_ char *after = NULL;

	snprintf(file.log, sizeof(file.log), "%s/out", rig->dir);
	file.pid = getpid(); /* the file of a program that runs */
	after = process_await_log(&file, text, STEP_MS);
	if (!after)
		fail_msg("usbhid-dump does not say \"%s\"", text);
}

static void test_usbhid_dump_stream(void **state)
{
	struct process process = {0};
	_cleanup_free_ char *started = NULL, *out = NULL;
	struct rig *rig;

	need("/usr/bin/usbhid-dump", "usbutils");
	rig = start_pen(state);
	/* stdbuf, or it would say nothing to a file before its end */
	start(rig, &process,
	      (const char *const[]){"stdbuf", "-oL", "usbhid-dump", "-m1209:0001", "-es", NULL});
	started = process_await_log(&process, "Starting dumping", STEP_MS);
	assert_non_null(started);
	gadget_do(rig->control_fd, "trigger press");
	await_out(rig, " 01 01 00");
	gadget_do(rig->control_fd, "trigger release");
	await_out(rig, " 01 00 00");
	process_kill(&process, SIGINT);
	/* how a program that was interrupted ends */
	assert_int_equal(process_wait(&process, STEP_MS), 128 + SIGINT);
	assert_no_testbed(rig);
	out = read_out(rig);
	assert_non_null(strstr(out, "001:002:001:STREAM"));
	rig_stop(rig);
}

/* A reset stops the pen: over USB/IP it is letting go of it and importing it again. */
static void test_usbreset(void **state)
{
	_cleanup_free_ char *out = NULL;
	struct rig *rig;

	need("/usr/bin/usbreset", "usbutils");
	rig = start_pen(state);
	out = run(rig, (const char *const[]){"usbreset", "1209:0001", NULL});
	assert_string_equal(out, "Resetting mnpen virtual pen ... ok\n");
	assert_true(rig_truth(rig).bus_ns > 0);
	rig_stop(rig);
}

/* ---- libraries ---- */

/* Runs a script that says "done" in its last line. */
static void run_script(void **state, const char *script, const char *module, const char *package)
{
	_cleanup_free_ char *out = NULL;
	struct rig *rig;
	size_t len;

	need(PYTHON, "python3");
	need(module, package);
	rig = start_pen(state);
	out = run(rig, (const char *const[]){PYTHON, script, rig_path(rig, "pens"), NULL});
	len = strlen(out);
	assert_true(len >= 5);
	assert_string_equal(out + len - 5, "done\n");
	rig_stop(rig);
}

static void test_pyusb(void **state)
{
	run_script(state, "tests/bus/stranger_pyusb.py", PYTHON_PACKAGES "usb/core.py",
		   "python3-usb");
}

/* Whoever dies with the interface in alternate setting 1 leaves it in 0: a pen at rest. */
static void test_death(void **state)
{
	static const char both[] = PYTHON " tests/bus/stranger_pyusb.py die & wait; " PYTHON
					  " tests/bus/stranger_pyusb.py look";
	_cleanup_free_ char *out = NULL;
	struct rig *rig;

	need(PYTHON_PACKAGES "usb/core.py", "python3-usb");
	rig = start_pen(state);
	out = run(rig, (const char *const[]){"sh", "-c", both, NULL});
	assert_string_equal(out, "at work\nat rest\n");
	rig_stop(rig);
}

static void test_hidapi(void **state)
{
	run_script(state, "tests/bus/stranger_hidapi.py",
		   PYTHON_PACKAGES "hid.cpython-311-x86_64-linux-gnu.so", "python3-hid");
}

static void test_libusb1(void **state)
{
	run_script(state, "tests/bus/stranger_libusb1.py", PYTHON_PACKAGES "usb1/__init__.py",
		   "python3-usb1");
}

/* ---- the bridge's own word ---- */

static void test_exit_code(void **state)
{
	struct process process = {0};
	_cleanup_free_ char *log = NULL;
	struct rig *rig = start_pen(state);

	start(rig, &process, (const char *const[]){"sh", "-c", "exit 7", NULL});
	assert_int_equal(process_wait(&process, STEP_MS), 7);
	start(rig, &process, (const char *const[]){"sh", "-c", "kill -TERM $$", NULL});
	assert_int_equal(process_wait(&process, STEP_MS), 128 + SIGTERM);
	gadget_do(rig->control_fd, "unplug");
	start(rig, &process, (const char *const[]){"true", NULL});
	assert_int_equal(process_wait(&process, STEP_MS), 125);
	log = process_log(&process);
	if (!strstr(log, "usbip://127.0.0.1:"))
		fail_msg("the bridge does not say what it looked for: %s", log);
	assert_no_testbed(rig);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_lsusb),
		RIG_TEST(test_usbhid_dump),
		RIG_TEST(test_usbhid_dump_stream),
		RIG_TEST(test_usbreset),
		RIG_TEST(test_pyusb),
		RIG_TEST(test_death),
		RIG_TEST(test_hidapi),
		RIG_TEST(test_libusb1),
		RIG_TEST(test_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
