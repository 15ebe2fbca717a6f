// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/fake_chardev.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#define STOP 0x06
#define ALT 0x10

struct fake_guard fake_guard;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gone;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
	size_t used = strlen(fake_guard.log);
	va_list args;

	va_start(args, format);
	vsnprintf(fake_guard.log + used, sizeof(fake_guard.log) - used, format, args);
	va_end(args);
}

int __wrap_chardev_link_open(struct chardev_link *link, struct host *host, const char *node);
int __wrap_chardev_link_open(struct chardev_link *link, struct host *host, const char *node)
{
	int fds[2];

	usbip_enum_begin(&link->enumeration, USBIP_SPEED_HIGH);
	pthread_mutex_lock(&lock);
	if (fake_guard.open_error) {
		note("fail ");
		if (fake_guard.open_error == -EPROTO)
			link->enumeration.why = "the test says so";
		pthread_mutex_unlock(&lock);
		return fake_guard.open_error;
	}
	note("open ");
	gone = false;
	pthread_mutex_unlock(&lock);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	link->fd = fds[0];
	fake_guard.write_fd = fds[1];
	snprintf(link->enumeration.identity.serial, sizeof(link->enumeration.identity.serial),
		 "PEN-01");
	link->enumeration.pen.endpoint = 0x81;
	link->enumeration.pen.packet_max = 64;
	link->ceilings = fake_guard.ceilings;
	return 0;
}

void __wrap_chardev_link_ceilings(struct chardev_link *link);
void __wrap_chardev_link_ceilings(struct chardev_link *link)
{
	link->ceilings = fake_guard.ceilings;
}

void __wrap_chardev_link_close(struct chardev_link *link);
void __wrap_chardev_link_close(struct chardev_link *link)
{
	if (link->fd < 0)
		return;
	pthread_mutex_lock(&lock);
	note("close ");
	pthread_mutex_unlock(&lock);
	link->fd = close_fd(link->fd);
	fake_guard.write_fd = close_fd(fake_guard.write_fd);
}

static int submit_stop(struct chardev_call *call)
{
	if (fake_guard.errors[STOP])
		return fake_guard.errors[STOP];
	note("stop:%04x ", call->argument.value.value);
	call->argument.head.epoch = ++fake_guard.epoch;
	fake_guard.cancelled = fake_guard.waiting;
	pthread_cond_broadcast(&changed);
	return 0;
}

static int wait_for_stop(void)
{
	while (fake_guard.stop_held && !gone)
		pthread_cond_wait(&changed, &lock);
	note("wait ");
	return gone ? -ENODEV : 0;
}

static int carry_out(uint8_t number, struct chardev_call *call)
{
	if (number == ALT)
		note("alt%u ", call->argument.value.value);
	else
		note("%02x ", number);
	fake_guard.last = *call;
	if (call->argument.head.epoch && call->argument.head.epoch != fake_guard.epoch)
		return -ECANCELED;
	fake_guard.waiting = fake_guard.blocked[number];
	while (fake_guard.blocked[number] && !fake_guard.cancelled && !gone)
		pthread_cond_wait(&changed, &lock);
	fake_guard.waiting = false;
	if (gone)
		return -ENODEV;
	if (fake_guard.cancelled) {
		fake_guard.cancelled = false;
		return -ECANCELED;
	}
	if (fake_guard.errors[number] == -EPIPE)
		call->argument.head = (struct mnpen_guard_head){
			.request = number, .code = 2, .detail = 0x0102, .cmd = 0x03040506};
	else
		memset((uint8_t *)&call->argument + sizeof(call->argument.head), number, 8);
	return fake_guard.errors[number];
}

int __wrap_chardev_link_call(int fd, struct chardev_call *call);
int __wrap_chardev_link_call(int fd, struct chardev_call *call)
{
	uint8_t number = (uint8_t)(call->number & 0xff);
	int r;

	pthread_mutex_lock(&lock);
	if (number == STOP && call->argument.value.flags & MNPEN_GUARD_STOP_SUBMIT)
		r = submit_stop(call);
	else if (number == STOP)
		r = wait_for_stop();
	else
		r = carry_out(number, call);
	call->argument.head.epoch = fake_guard.epoch;
	pthread_mutex_unlock(&lock);
	return r;
}

void fake_guard_open(struct fake *f)
{
	*f = (struct fake){.fd = -EBADF, .listen_fd = -EBADF};
	fake_guard = (struct fake_guard){.write_fd = -EBADF, .epoch = 1};
	log_set_level(LOG_EMERG); /* what goes wrong here is meant to */
	assert_return_code(sd_event_new(&f->event), 0);
	assert_return_code(host_chardev_new(&f->host, f->event, fake_callbacks(), f), 0);
	assert_true(host_chardev_empty(f->host));
	host_chardev_plug(f->host, "/dev/mnpen0");
	assert_false(host_chardev_empty(f->host));
}

void fake_guard_online(struct fake *f)
{
	fake_guard_open(f);
	fake_expect(f, HEARD_ONLINE, 0);
}

void fake_guard_close(struct fake *f)
{
	fake_close(f);
}

static bool log_ends(const char *text)
{
	size_t have = strlen(fake_guard.log), want = strlen(text);
	bool r;

	pthread_mutex_lock(&lock);
	r = have >= want && strcmp(fake_guard.log + have - want, text) == 0;
	pthread_mutex_unlock(&lock);
	return r;
}

void fake_guard_await_log(struct fake *f, const char *text)
{
	uint64_t end = now_usec() + 3 * USEC_PER_SEC;

	while (!log_ends(text) && now_usec() < end)
		assert_return_code(sd_event_run(f->event, 1000), 0);
	if (!log_ends(text))
		fail_msg("\"%s\" does not end with \"%s\"", fake_guard.log, text);
}

void fake_guard_await_block(struct fake *f)
{
	uint64_t end = now_usec() + 3 * USEC_PER_SEC;
	bool waiting = false;

	while (!waiting && now_usec() < end) {
		assert_return_code(sd_event_run(f->event, 1000), 0);
		pthread_mutex_lock(&lock);
		waiting = fake_guard.waiting;
		pthread_mutex_unlock(&lock);
	}
	assert_true(waiting);
}

void fake_guard_unblock(uint8_t number)
{
	pthread_mutex_lock(&lock);
	fake_guard.blocked[number] = false;
	if (number == STOP)
		fake_guard.stop_held = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

void fake_guard_sample(uint8_t first, uint16_t length, uint16_t flags)
{
	struct mnpen_guard_sample sample = {
		.boottime_ns = now_usec() * NSEC_PER_USEC,
		.length = length,
		.flags = flags,
		.data = {first},
	};

	assert_int_equal(write(fake_guard.write_fd, &sample, sizeof(sample)), sizeof(sample));
}

void fake_guard_gone(void)
{
	pthread_mutex_lock(&lock);
	gone = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	fake_guard.write_fd = close_fd(fake_guard.write_fd);
}
