// SPDX-License-Identifier: GPL-2.0-only
/* A stand-in for mnpend, for tests of the command line. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "cli/commands.h"
#include "driver/base/cleanup.h"
#include "tests/shared/cli_fake.h"

int __wrap_sd_bus_open_system(sd_bus **ret);

struct fake fake;
static pthread_t server_thread;
static bool server_runs;

void fake_reset(void)
{
	fake = (struct fake){.n_pens = 1,
			     .n_sessions = 1,
			     .fresh = true,
			     .promised = 3,
			     .streamed = 3,
			     .backup_pages = 4,
			     .n_pages = 1};
}

static void note(const char *text)
{
	size_t used = strlen(fake.calls);

	snprintf(fake.calls + used, sizeof(fake.calls) - used, "%s", text);
}

/* Strings, paths, numbers and options of a call, as "a,b,key=value". */
static void note_arguments(sd_bus_message *call)
{
	const char *contents, *text;
	char type, buf[256];
	uint64_t number = 0;
	bool first = true;

	while (sd_bus_message_peek_type(call, &type, &contents) > 0) {
		if (!first)
			note(",");
		first = false;
		if (type == 'a' || type == 'v' || type == 'e') {
			sd_bus_message_enter_container(call, type, contents);
			note_arguments(call);
			sd_bus_message_exit_container(call);
		} else if (type == 's' || type == 'o') {
			sd_bus_message_read_basic(call, type, &text);
			note(text);
		} else {
			sd_bus_message_read_basic(call, type, &number);
			snprintf(buf, sizeof(buf), "%llu", (unsigned long long)number);
			note(buf);
		}
	}
}

static void note_call(sd_bus_message *call)
{
	const char *member = sd_bus_message_get_member(call);
	size_t used = strlen(fake.reads);

	if (strncmp(member, "Get", 3) == 0 || strcmp(member, "Explain") == 0) {
		snprintf(fake.reads + used, sizeof(fake.reads) - used, "%s ", member);
		return;
	}
	note(member);
	note("(");
	note_arguments(call);
	note(") ");
	sd_bus_message_rewind(call, true);
}

static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	sd_bus_message *reply = NULL;
	int r;

	if (!sd_bus_message_is_method_call(call, NULL, NULL))
		return 0;
	note_call(call);
	if (fake.fail_member && strcmp(fake.fail_member, sd_bus_message_get_member(call)) == 0)
		return sd_bus_reply_method_errorf(call, fake.fail_name, "%s", fake.fail_message);
	if (fake.after_arm == FAKE_NO_ANSWER && sd_bus_message_is_method_call(call, NULL, "Arm"))
		return 1;
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = fake_answer(call, reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	if (r >= 0 && sd_bus_message_is_method_call(call, NULL, "Arm"))
		r = fake_befall(sd_bus_message_get_bus(call));
	sd_bus_message_unref(reply);
	return r < 0 ? r : 1;
}

static void *serve(void *userdata)
{
	int fd = *(int *)userdata;
	sd_id128_t id = {0};
	sd_bus *bus = NULL;
	int r;

	free(userdata);
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_fd(bus, fd, fd);
	if (r >= 0)
		r = sd_bus_set_server(bus, true, id);
	if (r >= 0)
		r = sd_bus_negotiate_fds(bus, true);
	if (r >= 0)
		r = sd_bus_add_filter(bus, NULL, on_call, NULL);
	if (r >= 0)
		r = sd_bus_start(bus);
	while (r >= 0 && !fake.dead) {
		r = sd_bus_process(bus, NULL);
		if (r == 0 && !fake.dead)
			r = sd_bus_wait(bus, UINT64_MAX);
	}
	sd_bus_flush_close_unref(bus);
	fake_hang_up();
	return NULL;
}

int __wrap_sd_bus_open_system(sd_bus **ret)
{
	int fds[2], *server = malloc(sizeof(*server));
	sd_bus *bus = NULL;
	int r;

	if (!server || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -ENOMEM;
	*server = fds[1];
	if (pthread_create(&server_thread, NULL, serve, server) != 0)
		return -EAGAIN;
	server_runs = true;
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_fd(bus, fds[0], fds[0]);
	if (r >= 0)
		r = sd_bus_negotiate_fds(bus, true);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		*ret = bus;
	return r;
}

/* Sends @target to a new memory file until restore(). */
static int capture(int target, int *saved)
{
	int fd = memfd_create("output", MFD_CLOEXEC);

	*saved = fcntl(target, F_DUPFD_CLOEXEC, 3);
	dup2(fd, target);
	return fd;
}

static void restore(int target, int saved, int fd, char *text)
{
	ssize_t n;

	dup2(saved, target);
	close_fd(saved);
	n = text ? pread(fd, text, FAKE_OUTPUT - 1, 0) : 0;
	if (text)
		text[MAX(n, 0)] = '\0';
	close_fd(fd);
}

void fake_run(struct run *run, const char *line, const char *input)
{
	char *words = strdup(line), *argv[32], *state = NULL, name[] = "mnpenctl";
	int saved[3], fds[3], argc = 0;

	argv[argc++] = name;
	for (char *w = strtok_r(words, " ", &state); w && argc < 31;
	     w = strtok_r(NULL, " ", &state))
		argv[argc++] = w;
	argv[argc] = NULL;
	fake.calls[0] = fake.reads[0] = '\0';

	for (int i = 0; i < 3; i++)
		fds[i] = capture(i, &saved[i]);
	if (input && pwrite(fds[0], input, strlen(input), 0) < 0)
		perror("input");
	clearerr(stdin);
	__fpurge(stdin); /* what an earlier run left unread */
	run->code = commands_main(argc, argv);
	fflush(NULL);
	restore(0, saved[0], fds[0], NULL);
	restore(1, saved[1], fds[1], run->out);
	restore(2, saved[2], fds[2], run->err);
	if (server_runs)
		pthread_join(server_thread, NULL);
	server_runs = false;
	free(words);
}
