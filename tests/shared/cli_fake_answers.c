// SPDX-License-Identifier: GPL-2.0-only
/* What the stand-in for mnpend answers, and what befalls its pen. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/records.h"
#include "driver/uapi/telemetry.h"
#include "tests/shared/cli_fake.h"

static int telemetry_fd = -EBADF;

void fake_hang_up(void)
{
	telemetry_fd = close_fd(telemetry_fd);
}

static int add_pen(sd_bus_message *reply, unsigned int n)
{
	char path[64], serial[16];
	uint64_t sample_usec = now_usec() - (fake.fresh ? 1000 : 5000000);

	snprintf(serial, sizeof(serial), "PEN-%u", n);
	snprintf(path, sizeof(path), "/org/mnpen1/pens/PEN_2d%u", n);
	return sd_bus_message_append(reply, "{oa{sa{sv}}}", path, 1, "org.mnpen1.Pen", 14, "Serial",
				     "s", serial, "Model", "s", "TEST", "State", "s", "idle",
				     "Armed", "b", 0, "Faults", "as", 1, "overtemp", "DepthUm", "u",
				     480, "SpeedRpm", "u", 6010, "TargetDepthUm", "u",
				     fake.has_target ? 500 : 0, "TargetSpeedRpm", "u",
				     fake.has_target ? 6000 : 0, "BatteryPercent", "y", 87,
				     "Session", "o",
				     fake.n_sessions ? "/org/mnpen1/sessions/S_2d1" : "/", "Limits",
				     "a{sv}", 1, "depth_um", "u", 1000, "LimitSources", "a{ss}", 1,
				     "depth_um", "area", "LastSampleUsec", "t", sample_usec);
}

static int add_session(sd_bus_message *reply, unsigned int n)
{
	char path[64], id[16];

	snprintf(id, sizeof(id), "S-%u", n);
	snprintf(path, sizeof(path), "/org/mnpen1/sessions/S_2d%u", n);
	return sd_bus_message_append(reply, "{oa{sa{sv}}}", path, 1, "org.mnpen1.Session", 3, "Id",
				     "s", id, "Pen", "o", "/org/mnpen1/pens/PEN_2d1", "RunMs", "t",
				     (uint64_t)61000);
}

static int answer_objects(sd_bus_message *reply)
{
	int r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");

	for (unsigned int n = fake.n_pens; r >= 0 && n > 0; n--) /* not in order, on purpose */
		r = add_pen(reply, n);
	for (unsigned int n = 1; r >= 0 && n <= fake.n_sessions; n++)
		r = add_session(reply, n);
	if (r >= 0)
		r = sd_bus_message_append(reply, "{oa{sa{sv}}}", "/org/mnpen1/profiles/test", 1,
					  "org.mnpen1.Profile", 2, "Name", "s", "test",
					  "MaxRunTimeMs", "u", 90000);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int answer_list(sd_bus_message *call, sd_bus_message *reply)
{
	unsigned int page = 0, count;
	const char *cursor;
	char next[16] = "", first[16], second[16];
	int r = sd_bus_message_skip(call, "a{sv}");

	if (r >= 0)
		r = sd_bus_message_read(call, "su", &cursor, &count);
	if (r < 0)
		return r;
	if (*cursor)
		page = (unsigned int)strtoul(cursor, NULL, 10);
	if (page + 1 < fake.n_pages)
		snprintf(next, sizeof(next), "%u", page + 1);
	snprintf(first, sizeof(first), "S-%u", 2 * page);
	snprintf(second, sizeof(second), "S-%u", 2 * page + 1);
	return sd_bus_message_append(reply, "aa{sv}s", 2, 2, "id", "s", first, "started_usec", "t",
				     (uint64_t)1767258000000000, 1, "id", "s", second, next);
}

static int write_samples(int fd)
{
	struct mnpen_telemetry record = {0};
	struct mnpen_sample sample = {.state = MNPEN_STATE_RUNNING, .battery_pct = 87};

	for (unsigned int i = 1; i <= fake.streamed; i++) {
		sample.seq = i;
		mnpen_sample_encode(record.sample, &sample);
		if (write(fd, &record, sizeof(record)) < 0)
			return -errno;
	}
	return fake.tail && write(fd, &record, fake.tail) < 0 ? -errno : 0;
}

static int write_summary(int fd, const char *id)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
			 "{\"id\":\"%s\",\"samples\":%u,\"run_ms\":61000,\"events\":["
			 "{\"time\":\"T\",\"kind\":\"disarmed\",\"details\":{\"depth_um\":1200}"
			 "}]}\n",
			 id, fake.promised);

	return write(fd, text, (size_t)(fake.half_summary ? n / 2 : n)) < 0 ? -errno : 0;
}

/* Small enough for a pipe's buffer, so that it can be written before it is read. */
static int answer_record(sd_bus_message *call, sd_bus_message *reply)
{
	const char *id, *what;
	int fds[2], r = sd_bus_message_read(call, "ss", &id, &what);

	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	r = strcmp(what, "summary") == 0 ? write_summary(fds[1], id) : write_samples(fds[1]);
	if (r >= 0)
		r = sd_bus_message_append(reply, "h", fds[0]);
	close_fd(fds[0]);
	close_fd(fds[1]);
	return r;
}

/* As small as the records are. */
static int answer_backup(sd_bus_message *reply)
{
	uint8_t file[8192] = "SQLite format 3";
	size_t size = fake.backup_bytes ? fake.backup_bytes : fake.backup_pages * 512;
	int fds[2], r;

	file[16] = 2; /* 512 */
	file[31] = (uint8_t)fake.backup_pages;
	if (fake.backup_scrambled)
		file[0] = 's';
	if (fake.backup_meanwhile)
		close_fd(open(fake.backup_meanwhile, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	if (pipe2(fds, O_CLOEXEC) < 0 || write(fds[1], file, size) < 0)
		return -errno;
	r = sd_bus_message_append(reply, "h", fds[0]);
	close_fd(fds[0]);
	close_fd(fds[1]);
	return r;
}

/* One sample, a moment old; the other end stays open. */
static int answer_telemetry(sd_bus_message *reply)
{
	struct mnpen_telemetry record = {.host_usec = now_usec()};
	struct mnpen_sample sample = {.state = MNPEN_STATE_ARMED, .depth_um = 0};
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	mnpen_sample_encode(record.sample, &sample);
	if (write(fds[1], &record, sizeof(record)) < 0)
		return -errno;
	telemetry_fd = fds[1];
	r = sd_bus_message_append(reply, "h", fds[0]);
	close_fd(fds[0]);
	return r;
}

/* As a bus would deliver it: with the sender's name. */
static int emit(sd_bus *bus, const char *path, const char *interface, const char *member,
		const char *types, ...)
{
	sd_bus_message *message = NULL;
	va_list ap;
	int r = sd_bus_message_new_signal(bus, &message, path, interface, member);

	va_start(ap, types);
	if (r >= 0)
		r = sd_bus_message_set_sender(message, "org.mnpen1");
	if (r >= 0)
		r = sd_bus_message_appendv(message, types, ap);
	va_end(ap);
	if (r >= 0)
		r = sd_bus_send(bus, message, NULL);
	sd_bus_message_unref(message);
	return r;
}

int fake_befall(sd_bus *bus)
{
	const char *pen = "/org/mnpen1/pens/PEN_2d1";
	int r;

	switch (fake.after_arm) {
	case FAKE_STAYS:
	case FAKE_NO_ANSWER:
		return 0;
	case FAKE_TRIPS:
		r = emit(bus, pen, "org.mnpen1.Pen", "Event", "ttsa{sv}", (uint64_t)1, (uint64_t)2,
			 "disarmed", 1, "depth_um", "u", 1200);
		if (r < 0)
			return r;
		return emit(bus, pen, "org.freedesktop.DBus.Properties", "PropertiesChanged",
			    "sa{sv}as", "org.mnpen1.Pen", 2, "Armed", "b", 0, "DisarmReason", "s",
			    "depth-limit", 0);
	case FAKE_UNPLUGGED:
		return emit(bus, "/org/mnpen1", "org.freedesktop.DBus.ObjectManager",
			    "InterfacesRemoved", "oas", pen, 1, "org.mnpen1.Pen");
	case FAKE_DATA_ENDS:
		fake_hang_up();
		return 0;
	case FAKE_DIES:
		fake.dead = true;
		return 0;
	}
	return 0;
}

int fake_answer(sd_bus_message *call, sd_bus_message *reply)
{
	const char *member = sd_bus_message_get_member(call);

	if (strcmp(member, "GetManagedObjects") == 0)
		return answer_objects(reply);
	if (strcmp(member, "GetAll") == 0)
		return sd_bus_message_append(reply, "a{sv}", 3, "Version", "s", "9.9",
					     "StoreHealthy", "b", 1, "Alarms", "aa{sv}", 1, 4, "id",
					     "s", "7", "text", "s", "look\033 here",
					     "raised_wall_usec", "t", UINT64_C(1795207501123456),
					     "recorded", "b", 0);
	if (strcmp(member, "Explain") == 0)
		return sd_bus_message_append(reply, "a(ss)", 1, "target", "no target is set");
	if (strcmp(member, "BeginSession") == 0)
		return sd_bus_message_append(reply, "so", "S-1", "/org/mnpen1/sessions/S_2d1");
	if (strcmp(member, "ListSessions") == 0)
		return answer_list(call, reply);
	if (strcmp(member, "OpenRecord") == 0)
		return answer_record(call, reply);
	if (strcmp(member, "Backup") == 0)
		return answer_backup(reply);
	if (strcmp(member, "OpenTelemetry") == 0)
		return answer_telemetry(reply);
	if (strcmp(member, "CheckProfile") == 0)
		return fake.bad_profile ? sd_bus_message_append(reply, "as", 1, fake.bad_profile)
					: sd_bus_message_append(reply, "as", 0);
	return 0;
}
