// SPDX-License-Identifier: GPL-2.0-only
/* The rig's directory: bus policy, station, profiles. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "tests/bus/harness.h"

#define POLICY "daemon/data/org.mnpen1.conf.in"

/* A bus like the system's: nobody owns a name or is called unless a policy says so. */
static const char bus_head[] =
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
	" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	"<busconfig>\n"
	"<type>system</type>\n"
	"<listen>unix:path=%s/bus</listen>\n"
	"<auth>EXTERNAL</auth>\n"
	"<policy context=\"default\">\n"
	"<allow user=\"*\"/>\n"
	"<deny own=\"*\"/>\n"
	"<deny send_type=\"method_call\"/>\n"
	"<allow send_type=\"signal\"/>\n"
	"<allow send_requested_reply=\"true\" send_type=\"method_return\"/>\n"
	"<allow send_requested_reply=\"true\" send_type=\"error\"/>\n"
	"<allow receive_type=\"method_call\"/>\n"
	"<allow receive_type=\"method_return\"/>\n"
	"<allow receive_type=\"error\"/>\n"
	"<allow receive_type=\"signal\"/>\n"
	"<allow send_destination=\"org.freedesktop.DBus\"/>\n"
	"<allow own=\"org.freedesktop.PolicyKit1\"/>\n"
	"<allow send_destination=\"org.freedesktop.PolicyKit1\"/>\n"
	"<allow own=\"org.freedesktop.login1\"/>\n"
	"<allow send_destination=\"org.freedesktop.login1\"/>\n"
	"</policy>\n"
	"<includedir>%s/bus.d</includedir>\n"
	"</busconfig>\n";

static const char station[] = "[Station]\n%s";

/* So that a busy machine does not trip a test that is about something else. */
static const char patient[] = "MaxSampleAge = 200ms\n";

/* Not one of the shipped ones: those follow medicine, tests must not. */
static const char profile[] = "[Profile]\n"
			      "Title = Bench\n"
			      "Source = tests\n"
			      "[Area face]\n"
			      "Depth = 0.5mm\n"
			      "MaxDepth = 1.0mm\n"
			      "Speed = 6000rpm\n"
			      "MinSpeed = 2400rpm\n"
			      "MaxSpeed = 8000rpm\n"
			      "[Area thin]\n"
			      "Depth = 0.3mm\n"
			      "MaxDepth = 0.5mm\n"
			      "Speed = 5000rpm\n"
			      "MinSpeed = 2400rpm\n"
			      "MaxSpeed = 7000rpm\n";

const char *rig_path(const struct rig *rig, const char *name)
{
	static char paths[4][256];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", rig->dir, name);
	return path;
}

static FILE *open_file(const char *path, const char *mode)
{
	FILE *file = fopen(path, mode);

	if (!file)
		fail_msg("%s: %s; tests run in the top folder", path, strerror(errno));
	return file;
}

void rig_write(const struct rig *rig, const char *name, const char *text)
{
	FILE *file = open_file(rig_path(rig, name), "we");

	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_dir(const struct rig *rig, const char *name)
{
	assert_int_equal(mkdir(rig_path(rig, name), 0700), 0);
}

void rig_make_dir(struct rig *rig)
{
	snprintf(rig->dir, sizeof(rig->dir), "/tmp/mnpen-bus-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	make_dir(rig, "bus.d");
	make_dir(rig, "mnpend.conf.d");
	make_dir(rig, "profiles.d");
	make_dir(rig, "screening.d");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void rig_remove_dir(struct rig *rig)
{
	if (rig->dir[0])
		(void)nftw(rig->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The shipped policy, for the user who runs the test in place of the daemon's. */
static char *policy_for_us(void)
{
	static const char theirs[] = "@USER@";
	_cleanup_free_ char *text = NULL;
	FILE *file = open_file(POLICY, "re");
	char *at, *ours = NULL;
	size_t size = 0;

	assert_true(getdelim(&text, &size, '\0', file) > 0);
	fclose(file);
	at = strstr(text, theirs);
	assert_non_null(at);
	assert_true(asprintf(&ours, "%.*s%u%s", (int)(at - text), text, geteuid(),
			     at + strlen(theirs)) > 0);
	return ours;
}

void rig_write_bus_config(struct rig *rig)
{
	_cleanup_free_ char *policy = policy_for_us();
	char text[sizeof(bus_head) + 2 * sizeof(rig->dir)];

	snprintf(text, sizeof(text), bus_head, rig->dir, rig->dir);
	rig_write(rig, "bus.conf", text);
	rig_write(rig, "bus.d/org.mnpen1.conf", policy);
	snprintf(rig->bus_address, sizeof(rig->bus_address), "unix:path=%s/bus", rig->dir);
}

void rig_write_station(struct rig *rig)
{
	char text[2048];

	snprintf(text, sizeof(text), station, rig->options.strict_age ? "" : patient);
	rig_write(rig, "mnpend.conf", text);
	if (rig->options.station) {
		snprintf(text, sizeof(text), station, rig->options.station);
		rig_write(rig, "mnpend.conf.d/test.conf", text);
	}
	rig_write(rig, "profiles.d/" RIG_PROFILE ".conf", profile);
	if (rig->options.profile)
		rig_write(rig, "profiles.d/extra.conf", rig->options.profile);
}
