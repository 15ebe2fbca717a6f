/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/fake_libusb.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

struct fake_device fake_usb;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t used;
	va_list args;

	pthread_mutex_lock(&mutex);
	used = strlen(fake_usb.log);
	va_start(args, format);
	vsnprintf(fake_usb.log + used, sizeof(fake_usb.log) - used, format, args);
	va_end(args);
	pthread_mutex_unlock(&mutex);
}

/* What the call returns, after it waited as long as it is to. */
static int enter(enum fake_call call)
{
	int error;

	pthread_mutex_lock(&mutex);
	while (fake_usb.blocked[call]) {
		fake_usb.waiting = true;
		pthread_cond_wait(&changed, &mutex);
	}
	fake_usb.waiting = false;
	error = fake_usb.errors[call];
	pthread_mutex_unlock(&mutex);
	return error;
}

/* A call into the kernel that keeps the device to itself: everybody else would wait for it. */
static int enter_alone(enum fake_call call)
{
	int error;

	assert_false(fake_usb.lent);
	fake_usb.lent = true;
	error = enter(call);
	fake_usb.lent = false;
	return error;
}

/* ---- libusb ---- */

#define WRAP(type, name, ...)                                                                      \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

WRAP(int, libusb_set_option, libusb_context *context, enum libusb_option option, ...)
{
	return 0;
}

WRAP(int, libusb_init, libusb_context **context)
{
	int error = enter(CALL_INIT);

	if (error == 0) {
		*context = (libusb_context *)&fake_usb;
		fake_usb.opened++;
		fake_usb.dead = fake_usb.gone = false;
	}
	return error;
}

WRAP(void, libusb_exit, libusb_context *context)
{
	fake_usb.opened--;
	note("exit ");
}

WRAP(int, libusb_wrap_sys_device, libusb_context *context, intptr_t fd,
     libusb_device_handle **handle)
{
	int error = enter(CALL_WRAP);

	if (error == 0) {
		*handle = (libusb_device_handle *)&fake_usb;
		note("open ");
	}
	return error;
}

WRAP(void, libusb_close, libusb_device_handle *handle)
{
	assert_int_equal(fake_usb.n_flying + fake_usb.n_ended, 0);
	assert_int_equal(fake_usb.allocated, 0);
	(void)enter_alone(CALL_CLOSE);
	note("close ");
}

WRAP(libusb_device *, libusb_get_device, libusb_device_handle *handle)
{
	return (libusb_device *)&fake_usb;
}

WRAP(int, libusb_get_device_speed, libusb_device *device)
{
	return LIBUSB_SPEED_FULL;
}

WRAP(int, libusb_get_configuration, libusb_device_handle *handle, int *value)
{
	*value = FAKE_CONFIG_VALUE;
	return enter(CALL_CONFIGURATION);
}

static int answer(unsigned char *data, uint16_t asked, const uint8_t *from, size_t len)
{
	len = MIN(len, asked);
	memcpy(data, from, len);
	return (int)len;
}

WRAP(int, libusb_control_transfer, libusb_device_handle *handle, uint8_t type, uint8_t request,
     uint16_t value, uint16_t index, unsigned char *data, uint16_t len, unsigned int timeout)
{
	uint8_t device[sizeof(fake_device)];
	int error = enter(CALL_DESCRIPTOR);

	assert_int_equal(type, 0x80);
	assert_int_equal(request, 6);
	assert_in_range(timeout, 1, 1000);
	if (error)
		return error;
	switch (value) {
	case 0x100:
		memcpy(device, fake_device, sizeof(device));
		device[10] ^= fake_usb.foreign;
		return answer(data, len, device, sizeof(device));
	case 0x200:
		return answer(data, len, fake_config, sizeof(fake_config));
	case 0x300:
		return answer(data, len, fake_langid, sizeof(fake_langid));
	case 0x301:
		return answer(data, len, fake_manufacturer, sizeof(fake_manufacturer));
	case 0x302:
		return answer(data, len, fake_product, sizeof(fake_product));
	case 0x303:
		return answer(data, len, fake_serial, sizeof(fake_serial));
	}
	return LIBUSB_ERROR_PIPE;
}

WRAP(int, libusb_release_interface, libusb_device_handle *handle, int number)
{
	note("release%d ", number);
	return 0;
}

WRAP(int, libusb_attach_kernel_driver, libusb_device_handle *handle, int number)
{
	note("attach%d ", number);
	return LIBUSB_ERROR_NOT_FOUND;
}

WRAP(int, libusb_claim_interface, libusb_device_handle *handle, int number)
{
	note("claim%d ", number);
	return enter(CALL_CLAIM);
}

WRAP(int, libusb_set_interface_alt_setting, libusb_device_handle *handle, int number, int alt)
{
	int error;

	assert_int_equal(number, 0);
	assert_int_equal(fake_usb.n_flying + fake_usb.n_ended, 0);
	note("alt%d ", alt);
	error = enter_alone(CALL_SET_ALT);
	note("set ");
	return error;
}

WRAP(int, libusb_reset_device, libusb_device_handle *handle)
{
	note("reset ");
	return enter_alone(CALL_RESET);
}

WRAP(const struct libusb_pollfd **, libusb_get_pollfds, libusb_context *context)
{
	static struct libusb_pollfd pollfd;
	const struct libusb_pollfd **list;

	if (enter(CALL_POLLFDS))
		return NULL;
	list = calloc(2, sizeof(struct libusb_pollfd *));
	assert_non_null(list);
	pollfd = (struct libusb_pollfd){.fd = fake_usb.fd, .events = EPOLLIN};
	list[0] = &pollfd;
	return list;
}

WRAP(void, libusb_free_pollfds, const struct libusb_pollfd **list)
{
	free(list);
}

WRAP(void, libusb_set_pollfd_notifiers, libusb_context *context, libusb_pollfd_added_cb added,
     libusb_pollfd_removed_cb removed, void *userdata)
{
	fake_usb.removed = removed;
	fake_usb.removed_userdata = userdata;
}

struct libusb_transfer *__real_libusb_alloc_transfer(int packets);
WRAP(struct libusb_transfer *, libusb_alloc_transfer, int packets)
{
	fake_usb.allocated++;
	return __real_libusb_alloc_transfer(packets);
}

void __real_libusb_free_transfer(struct libusb_transfer *transfer);
WRAP(void, libusb_free_transfer, struct libusb_transfer *transfer)
{
	fake_usb.allocated -= transfer != NULL;
	__real_libusb_free_transfer(transfer);
}

WRAP(int, libusb_submit_transfer, struct libusb_transfer *transfer)
{
	int error = enter(CALL_SUBMIT);

	assert_false(fake_usb.lent);
	assert_int_equal(transfer->timeout, 0);
	if (error || fake_usb.dead)
		return error ? error : LIBUSB_ERROR_NO_DEVICE;
	if (transfer->endpoint == 0)
		note("submit:%02x ", transfer->buffer[1]);
	assert_true(fake_usb.n_flying < FAKE_TRANSFERS_MAX);
	fake_usb.cancelled[fake_usb.n_flying] = false;
	fake_usb.flying[fake_usb.n_flying++] = transfer;
	return 0;
}

static void end(size_t i, enum libusb_transfer_status status, const void *data, size_t len)
{
	struct libusb_transfer *transfer = fake_usb.flying[i];
	size_t head = transfer->type == LIBUSB_TRANSFER_TYPE_CONTROL ? 8 : 0;

	assert_true(len + head <= (size_t)transfer->length);
	transfer->status = status;
	transfer->actual_length = (int)len;
	if (len > 0 && data)
		memcpy(transfer->buffer + head, data, len);
	for (fake_usb.n_flying--; i < fake_usb.n_flying; i++) {
		fake_usb.flying[i] = fake_usb.flying[i + 1];
		fake_usb.cancelled[i] = fake_usb.cancelled[i + 1];
	}
	fake_usb.ended[fake_usb.n_ended++] = transfer;
	assert_int_equal(eventfd_write(fake_usb.fd, 1), 0);
}

WRAP(int, libusb_cancel_transfer, struct libusb_transfer *transfer)
{
	int error = enter(CALL_CANCEL);

	assert_false(fake_usb.lent);
	if (transfer->endpoint == 0)
		note("cancel:%02x ", transfer->buffer[1]);
	for (size_t i = 0; i < fake_usb.n_flying; i++) {
		if (fake_usb.flying[i] != transfer)
			continue;
		if (fake_usb.holds)
			fake_usb.cancelled[i] = true;
		else
			end(i, LIBUSB_TRANSFER_CANCELLED, NULL, 0);
		return error;
	}
	return LIBUSB_ERROR_NOT_FOUND;
}

WRAP(int, libusb_handle_events_timeout_completed, libusb_context *context, struct timeval *tv,
     int *completed)
{
	int error = enter(CALL_EVENTS);
	eventfd_t count;

	assert_false(fake_usb.lent);
	if (error)
		return error;
	(void)eventfd_read(fake_usb.fd, &count);
	/* As libusb does it: first the descriptor, then the transfers. */
	if (fake_usb.gone && fake_usb.removed)
		fake_usb.removed(fake_usb.fd, fake_usb.removed_userdata);
	fake_usb.gone = false;
	while (fake_usb.n_ended > 0) {
		struct libusb_transfer *transfer = fake_usb.ended[0];

		fake_usb.n_ended--;
		memmove(fake_usb.ended, fake_usb.ended + 1,
			fake_usb.n_ended * sizeof(struct libusb_transfer *));
		transfer->callback(transfer);
	}
	return 0;
}

/* ---- for tests ---- */

void fake_usb_open(struct fake *f)
{
	fake_usb = (struct fake_device){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	assert_true(fake_usb.fd >= 0);
	*f = (struct fake){.fd = -EBADF, .listen_fd = -EBADF};
	log_set_level(LOG_EMERG); /* what goes wrong here is meant to */
	assert_return_code(sd_event_new(&f->event), 0);
	assert_return_code(host_usb_new(&f->host, f->event, fake_callbacks(), f), 0);
	assert_true(host_usb_empty(f->host));
	host_usb_plug(f->host, "/dev/null");
	assert_false(host_usb_empty(f->host));
}

void fake_usb_close(struct fake *f)
{
	f->host = host_free(f->host);
	assert_int_equal(fake_usb.allocated, 0);
	assert_int_equal(fake_usb.opened, 0);
	fake_usb.fd = close_fd(fake_usb.fd);
	f->event = sd_event_unref(f->event);
}

void fake_usb_end(uint8_t endpoint, enum libusb_transfer_status status, const void *data,
		  size_t len)
{
	for (size_t i = 0; i < fake_usb.n_flying; i++) {
		if (fake_usb.flying[i]->endpoint != endpoint || fake_usb.cancelled[i])
			continue;
		end(i, status, data, len);
		return;
	}
	fail_msg("no transfer of endpoint %02x is in flight", endpoint);
}

void fake_usb_gone(void)
{
	while (fake_usb.n_flying > 0)
		end(0, LIBUSB_TRANSFER_NO_DEVICE, NULL, 0);
	fake_usb.gone = fake_usb.dead = true;
	assert_int_equal(eventfd_write(fake_usb.fd, 1), 0);
}

void fake_usb_give_back(void)
{
	for (size_t i = fake_usb.n_flying; i-- > 0;)
		if (fake_usb.cancelled[i])
			end(i, LIBUSB_TRANSFER_CANCELLED, NULL, 0);
}

void fake_usb_unblock(enum fake_call call)
{
	pthread_mutex_lock(&mutex);
	fake_usb.blocked[call] = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

void fake_usb_await_block(struct fake *f)
{
	uint64_t end_usec = now_usec() + 3 * USEC_PER_SEC;
	bool waiting = false;

	while (!waiting && now_usec() < end_usec) {
		assert_return_code(sd_event_run(f->event, 1000), 0);
		pthread_mutex_lock(&mutex);
		waiting = fake_usb.waiting;
		pthread_mutex_unlock(&mutex);
	}
	assert_true(waiting);
}

void fake_usb_await_log(struct fake *f, const char *text)
{
	uint64_t end_usec = now_usec() + 3 * USEC_PER_SEC;
	bool there = false;

	while (!there && now_usec() < end_usec) {
		assert_return_code(sd_event_run(f->event, 1000), 0);
		pthread_mutex_lock(&mutex);
		there = strstr(fake_usb.log, text);
		pthread_mutex_unlock(&mutex);
	}
	if (!there)
		fail_msg("\"%s\" is not in: %s", text, fake_usb.log);
}
