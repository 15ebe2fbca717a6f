// SPDX-License-Identifier: GPL-2.0-only
/* The control socket: lines in pieces and without end, slow readers, many clients. */
#include <stdlib.h>
#include <sys/un.h>

#include "tests/gadget/control/control.h"
#include "tests/unit/gadget_host.h"

static char path[64];

static struct control *listen_control(void)
{
	struct control *control = NULL;
	int fd;

	strcpy(path, "/tmp/mnpen-control-XXXXXX");
	fd = mkstemp(path);
	close(fd);
	unlink(path);
	assert_int_equal(control_new(&control, &gadget, path), 0);
	return control;
}

static int connect_control(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	serve(0);
	return fd;
}

static const char *ask(int fd, const char *text)
{
	static char reply[8192];
	ssize_t n;

	if (*text)
		put(fd, (const uint8_t *)text, strlen(text));
	n = get(fd, (uint8_t *)reply, sizeof(reply) - 1);
	assert_true(n > 0);
	reply[n] = 0;
	assert_int_equal(reply[n - 1], '\n');
	return reply;
}

static void control_socket(void **state)
{
	struct control *control = listen_control(), *second = NULL;
	const char *reply;
	char line[1000];
	int fd;

	assert_int_equal(control_new(&second, &gadget, path), -EADDRINUSE);
	fd = connect_control();
	put(fd, (const uint8_t *)"trigger press\nfoo\nsta", 21);
	reply = ask(fd, "te\n");
	assert_int_equal(strncmp(reply, "{\"ok\":true,\"now_ns\":", 20), 0);
	assert_non_null(strstr(reply, "\n{\"error\":\"unknown command \\\"foo\\\"; "));
	assert_non_null(strstr(reply, "}\n{\"state\":"));
	assert_non_null(strstr(reply, "\"trigger\":true"));
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	assert_non_null(strstr(ask(fd, line), "{\"error\":\"the line is too long"));
	expect_end(fd);
	control_free(control);
	assert_int_equal(access(path, F_OK), -1);
}

/* Half a line may be half a number: it is not guessed at. */
static void line_without_end_is_not_carried_out(void **state)
{
	struct control *control = listen_control();
	int fd = connect_control();

	put(fd, (const uint8_t *)"contact on\ntrigger press", 24);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_non_null(strstr(ask(fd, ""), "}\n{\"error\":\"the last line has no end"));
	expect_end(fd);
	assert_true(port->pen->model.contact);
	assert_false(port->pen->model.trigger);
	control_free(control);
}

/* Whoever does not read is not served; all replies come once it reads, and memory is bounded. */
static void slow_reader_is_waited_for(void **state)
{
	enum { LINES = 100000, LINE = 6 };
	struct control *control = listen_control();
	size_t sent = 0, lines = 0;
	int fd = connect_control();
	static char text[LINE * LINES + 1];
	uint8_t reply[16384];

	for (size_t i = 0; i < LINES; i++)
		memcpy(text + LINE * i, "state\n", LINE + 1);
	for (int idle = 0; idle < 3; idle++) {
		ssize_t n =
			send(fd, text + sent, sizeof(text) - 1 - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		serve(0);
		if (n > 0) {
			sent += (size_t)n;
			idle = 0;
		}
	}
	assert_true(sent > 0 && sent < sizeof(text) - 1); /* it takes no more */
	sent -= sent % LINE;
	for (int idle = 0; lines < sent / LINE && idle < 100; idle++) {
		ssize_t n = get(fd, reply, sizeof(reply));

		for (ssize_t i = 0; i < n; i++)
			lines += reply[i] == '\n';
		if (n > 0)
			idle = 0;
	}
	assert_in_range(lines, sent / LINE, sent / LINE);
	close(fd);
	control_free(control);
}

static void clients_have_a_cap(void **state)
{
	struct control *control = listen_control();
	int fds[CONTROL_CLIENTS_MAX], fd;

	for (size_t i = 0; i < ELEMENTSOF(fds); i++)
		fds[i] = connect_control();
	fd = connect_control();
	assert_non_null(strstr(ask(fd, ""), "there are 64 clients already; close one of them"));
	expect_end(fd);
	close(fds[0]);
	serve(0);
	fd = connect_control();
	assert_non_null(strstr(ask(fd, "state\n"), "\"state\":"));
	close(fd);
	for (size_t i = 1; i < ELEMENTSOF(fds); i++)
		close(fds[i]);
	control_free(control);
}

static void each_client_has_its_pen(void **state)
{
	const struct device_options options = {.speed = USB_SPEED_FULL};
	struct control *control;
	int first, second;

	gadget_done(&gadget);
	assert_int_equal(gadget_init(&gadget, event, &options, "VPEN0001", 3), 0);
	port = &gadget.server->ports[0];
	control = listen_control();
	first = connect_control();
	second = connect_control();
	ask(first, "pen 3\n");
	ask(first, "contact on\n");
	ask(second, "trigger press\n");
	assert_non_null(strstr(ask(first, "state\n"), "\"trigger\":false,\"contact\":true"));
	assert_non_null(strstr(ask(second, "state\n"), "\"trigger\":true,\"contact\":false"));
	/* One cartridge is in one pen. */
	ask(first, "cartridge insert A1\n");
	assert_non_null(strstr(ask(second, "cartridge insert A1\n"),
			       "\\\"A1\\\" is in pen 3: remove it there first"));
	ask(first, "cartridge remove\n");
	assert_non_null(strstr(ask(second, "cartridge insert A1\n"), "\"ok\":true"));
	close(first);
	close(second);
	control_free(control);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_gadget, teardown_gadget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(control_socket),
		TEST(line_without_end_is_not_carried_out),
		TEST(slow_reader_is_waited_for),
		TEST(clients_have_a_cap),
		TEST(each_client_has_its_pen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
