// SPDX-License-Identifier: GPL-2.0-only
/* The programs by themselves: options, and a configuration that is wrong. */
#include "tests/bus/harness.h"

#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000

#define OPTIONS_MAX 6

/* Run @name on the rig's bus; its exit code, and what it said in @text. */
static int run(struct rig *rig, const char *name, const char *const options[OPTIONS_MAX],
	       char *text, size_t size)
{
	const char *argv[OPTIONS_MAX + 2] = {program(name)};
	char bus[160];
	const char *const environment[] = {bus, NULL};
	_cleanup_free_ char *log = NULL;
	struct process process = {0};
	static unsigned int runs;
	char label[24];
	int code;

	for (int i = 0; i < OPTIONS_MAX && options[i]; i++)
		argv[i + 1] = options[i];
	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", rig->bus_address);
	snprintf(label, sizeof(label), "run-%u", runs++);
	process_start(&process, rig->dir, label, argv,
		      &(struct process_options){.environment = environment});
	code = process_wait(&process, STEP_MS);
	assert_true(process_sound(&process));
	log = process_log(&process);
	snprintf(text, size, "%s", log);
	return code;
}

static void test_options(void **state)
{
	static const char *const programs[] = {"mnpend", "mnpenctl", "mnpen-gadget"};
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	char text[4096];

	for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
		const char *const help[OPTIONS_MAX] = {"--help"}, *const version[OPTIONS_MAX] = {
									  "--version"};
		const char *const wrong[OPTIONS_MAX] = {"--no-such-option"};

		assert_int_equal(run(rig, programs[i], help, text, sizeof(text)), 0);
		assert_non_null(strstr(text, programs[i]));
		assert_int_equal(run(rig, programs[i], version, text, sizeof(text)), 0);
		assert_non_null(strstr(text, programs[i]));
		assert_int_equal(run(rig, programs[i], wrong, text, sizeof(text)), 2);
		assert_non_null(strstr(text, "no-such-option"));
	}
	rig_stop(rig);
}

/* What is no pen takes no commands of a pen. */
static void test_gadget_identity(void **state)
{
	static const struct {
		const char *options[OPTIONS_MAX];
		const char *says;
	} cases[] = {
		{{"--identity=pan"}, "not \"pan\""},
		{{"--identity=usbtest", "--control=pen.sock"}, "--identity usbtest"},
		{{"--scenario=pen.txt", "--identity=usbtest-mod63"}, "--identity usbtest-mod63"},
		{{"--identity=usbtest", "--replay=f"}, "--replay plays one recording"},
		{{"--replay=f", "--identity=usbtest"}, "--replay plays one recording"},
		{{"--replay=f", "--identity=pen"}, "--replay plays one recording"},
		{{"--identity=usbtest", "--no-tag"}, "--no-tag is for pens"},
		{{"--no-tag", "--replay=f"}, "--no-tag is for virtual pens"},
	};
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	char text[4096];

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		assert_int_equal(run(rig, "mnpen-gadget", cases[i].options, text, sizeof(text)), 2);
		if (!strstr(text, cases[i].says))
			fail_msg("mnpen-gadget says: %s", text);
	}
	rig_stop(rig);
}

/* A cable has two ends, and needs a port. */
static void test_gadget_gadgetfs(void **state)
{
	static const struct {
		const char *options[OPTIONS_MAX];
		int code;
		const char *says[2];
	} cases[] = {
		{{"--gadgetfs=/nowhere", "--count=2"}, 2, {"one pen", "--count 2"}},
		{{"--listen=127.0.0.1:0", "--gadgetfs=/nowhere"}, 2, {"--listen"}},
		{{"--gadgetfs=/nowhere", "--replay=f"}, 2, {"--replay", "USB/IP"}},
		{{"--gadgetfs=/nowhere", "--identity=usbtest"}, 2, {"--identity usbtest"}},
		{{"--gadgetfs"}, 2, {"gadgetfs"}},
		{{"--gadgetfs=/nowhere", "--count=1"},
		 1,
		 {"mkdir -p", "mount -t gadgetfs gadgetfs /nowhere"}},
		{{"--gadgetfs=/tmp", "--identity=pen"},
		 1,
		 {"not mounted", "mount -t gadgetfs gadgetfs /tmp"}},
	};
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	char text[4096];

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		int code = run(rig, "mnpen-gadget", cases[i].options, text, sizeof(text));

		if (code != cases[i].code || !strstr(text, cases[i].says[0]) ||
		    (cases[i].says[1] && !strstr(text, cases[i].says[1])))
			fail_msg("%s: exit code %d, says: %s", cases[i].options[0], code, text);
	}
	rig_stop(rig);
}

static void test_check_config(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	char config[96], data[160], text[4096];
	const char *const check[OPTIONS_MAX] = {"--check-config", config, data};

	snprintf(config, sizeof(config), "--config=%s/mnpend.conf", rig->dir);
	snprintf(data, sizeof(data), "--data-dir=%s", program("data"));
	assert_int_equal(run(rig, "mnpend", check, text, sizeof(text)), 0);
	assert_non_null(strstr(text, ": no errors"));
	assert_null(strstr(text, "note: "));
	rig_write(rig, "profiles.d/broken.conf", "[Profile]\nTitle = T\nDepth = 1\n");
	assert_int_not_equal(run(rig, "mnpend", check, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "broken.conf:3"));
	assert_null(strstr(text, ": no errors"));
	rig_stop(rig);
}

/* Nothing is wrong, and nothing could be done: it says so. */
static void test_check_config_of_nothing(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	char config[96], data[96], directory[96], text[4096];
	const char *const check[OPTIONS_MAX] = {"--check-config", config, data, directory};

	snprintf(config, sizeof(config), "--config=%s/mnpend.conf", rig->dir);
	snprintf(data, sizeof(data), "--data-dir=%s/nowhere", rig->dir);
	snprintf(directory, sizeof(directory), "--state-dir=%s/state", rig->dir);
	assert_int_equal(run(rig, "mnpend", check, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "1 profiles, 0 devices: no errors\n"));
	assert_null(strstr(text, "note: no profile"));
	assert_non_null(strstr(text, "note: no device model: nothing can be armed"));
	rig_write(rig, "profiles.d/" RIG_PROFILE ".conf", "");
	assert_int_equal(run(rig, "mnpend", check, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "0 profiles, 0 devices: no errors\n"));
	assert_non_null(strstr(text, "note: no profile: no session can begin"));
	assert_non_null(strstr(text, "note: no device model: nothing can be armed"));
	rig_stop(rig);
}

/* A pen that is not on this machine is refused unless the station allows it. */
static void test_remote_pen(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	char config[96], data[160], directory[96], text[4096];
	const char *const remote[OPTIONS_MAX] = {config, data, directory, "--no-usb",
						 "--pen=usbip://192.0.2.1:3240/1-1"};

	snprintf(config, sizeof(config), "--config=%s/mnpend.conf", rig->dir);
	snprintf(data, sizeof(data), "--data-dir=%s", program("data"));
	snprintf(directory, sizeof(directory), "--state-dir=%s/state", rig->dir);
	assert_in_range(run(rig, "mnpend", remote, text, sizeof(text)), 1, 127);
	if (!strstr(text, "192.0.2.1") || !strstr(text, "AllowRemotePens"))
		fail_msg("mnpend says: %s", text);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_options),
		RIG_TEST(test_gadget_identity),
		RIG_TEST(test_gadget_gadgetfs),
		RIG_TEST(test_check_config),
		RIG_TEST(test_check_config_of_nothing),
		RIG_TEST(test_remote_pen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
