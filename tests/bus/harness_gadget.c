// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_gadget.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "tests/bus/harness_process.h"

#define ANSWER_MS 5000
#define ANSWER_MAX 65536

int gadget_connect(const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static void read_line(int fd, char *line, size_t size)
{
	size_t used = 0;

	do {
		struct pollfd poller = {.fd = fd, .events = POLLIN};
		ssize_t n;

		assert_int_equal(poll(&poller, 1, ANSWER_MS * time_scale()), 1);
		n = recv(fd, line + used, size - 1 - used, 0);
		assert_true(n > 0);
		used += (size_t)n;
		assert_true(used < size - 1);
	} while (line[used - 1] != '\n');
	line[used] = '\0';
}

json_object *gadget_ask(int fd, const char *command)
{
	char line[256], answer[ANSWER_MAX];
	int len = snprintf(line, sizeof(line), "%s\n", command);
	json_object *object;

	assert_true(len > 0 && (size_t)len < sizeof(line));
	assert_int_equal(send(fd, line, (size_t)len, MSG_NOSIGNAL), len);
	read_line(fd, answer, sizeof(answer));
	object = json_tokener_parse(answer);
	if (!object || json_object_object_get(object, "error"))
		fail_msg("pen, asked \"%s\": %s", command, answer);
	return object;
}

uint64_t gadget_do(int fd, const char *format, ...)
{
	char command[200];
	json_object *answer;
	uint64_t now_ns;
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	answer = gadget_ask(fd, command);
	now_ns = json_object_get_uint64(json_object_object_get(answer, "now_ns"));
	json_object_put(answer);
	assert_true(now_ns > 0);
	return now_ns;
}

static json_object *member(json_object *object, const char *key)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("the pen's state has no \"%s\"", key);
	return value;
}

static uint64_t number(json_object *object, const char *key)
{
	return json_object_get_uint64(member(object, key));
}

static bool flag(json_object *object, const char *key)
{
	return json_object_get_boolean(member(object, key));
}

static void text(json_object *object, const char *key, char *ret, size_t size)
{
	snprintf(ret, size, "%s", json_object_get_string(member(object, key)));
}

static void join_faults(json_object *list, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		size_t used = strlen(ret);

		snprintf(ret + used, size - used, "%s%s", i ? "," : "",
			 json_object_get_string(json_object_array_get_idx(list, i)));
	}
}

struct truth gadget_truth(int fd)
{
	json_object *o = gadget_ask(fd, "state");
	struct truth truth = {
		.motor = flag(o, "motor"),
		.trigger = flag(o, "trigger"),
		.enable = flag(o, "enable"),
		.depth_um = number(o, "depth_um"),
		.speed_rpm = number(o, "speed_rpm"),
		.strokes = number(o, "strokes"),
		.run_ms = number(o, "run_ms"),
		.motor_on_ns = number(o, "motor_on_ns"),
		.motor_off_ns = number(o, "motor_off_ns"),
		.last_command_ns = number(o, "last_command_ns"),
		.last_stop_ns = number(o, "last_stop_ns"),
		.last_lease_ns = number(o, "last_lease_ns"),
		.bus_ns = number(o, "bus_ns"),
		.depth_over_ns = number(o, "depth_over_ns"),
		.now_ns = number(o, "now_ns"),
	};

	text(o, "state", truth.state, sizeof(truth.state));
	text(o, "stop_reason", truth.stop_reason, sizeof(truth.stop_reason));
	text(o, "last_command", truth.last_command, sizeof(truth.last_command));
	text(o, "token", truth.token, sizeof(truth.token));
	join_faults(member(o, "faults"), truth.faults, sizeof(truth.faults));
	json_object_put(o);
	return truth;
}
