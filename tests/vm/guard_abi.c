// SPDX-License-Identifier: GPL-2.0-only
/*
 * guard_abi NODE WHAT: holds /dev/mnpenN to driver/uapi/chardev.h. WHAT is
 *
 *   errors   numbers, sizes, pointers and fields that are wrong; read and poll. The pen is at rest
 *   cancel   a STOP while GET_INFO is in flight, which the pen is told to delay
 *   gone     the pen is pulled out after "ready": what was received is read, then ENODEV
 *
 * Says what is not as it should be, and fails then.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "driver/base/clock.h"
#include "tests/vm/guard_node.h"

#define MS_NS 1000000ULL

static int bad;

static void is(const char *what, long found, long wanted)
{
	if (found == wanted)
		return;
	printf("%s: %ld (%s), not %ld\n", what, found,
	       found < 0 ? strerrorname_np((int)-found) : "", wanted);
	bad = 1;
}

static void *wild(uintptr_t address)
{
	void *pointer;

	memcpy(&pointer, &address, sizeof(pointer));
	return pointer;
}

static long result(long r)
{
	return r < 0 ? -errno : r;
}

static void numbers_and_pointers(int fd)
{
	struct mnpen_guard_info info = {0};
	uint32_t small = 0;
	void *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	is("another type", node_call(fd, _IOWR('N', 0x01, struct mnpen_guard_info), &info),
	   -ENOTTY);
	is("another number", node_call(fd, _IOWR('M', 0x3f, struct mnpen_guard_info), &info),
	   -ENOTTY);
	is("another size", node_call(fd, _IOWR('M', 0x01, uint32_t), &small), -ENOTTY);
	is("another direction", node_call(fd, _IOR('M', 0x01, struct mnpen_guard_info), &info),
	   -ENOTTY);
	is("0", node_call(fd, 0, NULL), -ENOTTY);
	is("all ones", node_call(fd, 0xffffffff, NULL), -ENOTTY);
	is("no pointer", node_call(fd, MNPEN_GUARD_IOC_INFO, NULL), -EFAULT);
	is("a wild pointer", node_call(fd, MNPEN_GUARD_IOC_ARM, wild(0xdead0000)), -EFAULT);
	is("the kernel's pointer", node_call(fd, MNPEN_GUARD_IOC_STATUS, wild(~(uintptr_t)0xfff)),
	   -EFAULT);
	is("a constant", node_call(fd, MNPEN_GUARD_IOC_INFO, constant), -EFAULT);
	munmap(constant, 4096);
}

static void fields(int fd)
{
	struct mnpen_guard_value value = {.flags = 4};
	struct mnpen_guard_info info = {.head.timeout_ms = 1001};

	is("timeout", node_call(fd, MNPEN_GUARD_IOC_INFO, &info), -EINVAL);
	info.head.timeout_ms = 1000;
	info.head.code = 9;
	is("info", node_call(fd, MNPEN_GUARD_IOC_INFO, &info), 0);
	is("code", info.head.code, 0);
	is("protocol", info.data[1], 1);
	is("value's flags, alt", node_call(fd, MNPEN_GUARD_IOC_ALT, &value), -EINVAL);
	is("value's flags, stop", node_call(fd, MNPEN_GUARD_IOC_STOP, &value), -EINVAL);
	is("value's flags, stream", node_call(fd, MNPEN_GUARD_IOC_STREAM, &value), -EINVAL);
	value.flags = MNPEN_GUARD_STOP_SUBMIT | MNPEN_GUARD_STOP_WAIT;
	is("both halves of stop", node_call(fd, MNPEN_GUARD_IOC_STOP, &value), -EINVAL);
	is("alt 2", node_value(fd, MNPEN_GUARD_IOC_ALT, 2), -EINVAL);
	is("stop's reason", node_value(fd, MNPEN_GUARD_IOC_STOP, 0x10000), -EINVAL);
	is("stop", node_value(fd, MNPEN_GUARD_IOC_STOP, 0xffff), 0);
}

/* STOP in two halves, and what belongs before it does not come behind it. */
static void epochs(int fd)
{
	struct mnpen_guard_value stop = {.value = 5, .flags = MNPEN_GUARD_STOP_SUBMIT};
	struct mnpen_guard_info info = {0};
	__u32 before;

	is("info", node_call(fd, MNPEN_GUARD_IOC_INFO, &info), 0);
	before = info.head.epoch;
	is("info of this epoch", node_call(fd, MNPEN_GUARD_IOC_INFO, &info), 0);
	is("the epoch", (long)info.head.epoch, (long)before);
	is("stop, sent", node_call(fd, MNPEN_GUARD_IOC_STOP, &stop), 0);
	is("its epoch", (long)stop.head.epoch, (long)before + 1);
	is("info of the epoch before", node_call(fd, MNPEN_GUARD_IOC_INFO, &info), -ECANCELED);
	is("the epoch", (long)info.head.epoch, (long)before + 1);
	stop.flags = MNPEN_GUARD_STOP_WAIT;
	is("stop, waited for", node_call(fd, MNPEN_GUARD_IOC_STOP, &stop), 0);
	is("the epoch", (long)stop.head.epoch, (long)before + 1);
	is("stop, both", node_value(fd, MNPEN_GUARD_IOC_STOP, 5), 0);
}

static void refusals(int fd)
{
	struct mnpen_guard_lease lease = {.data[0] = 1, .data[8] = 77};

	is("a lease at rest", node_call(fd, MNPEN_GUARD_IOC_LEASE, &lease), -EPIPE);
	is("its request", lease.head.request, MNPEN_REQ_LEASE);
	is("its code", lease.head.code, MNPEN_ERR_BAD_STATE);
	is("its counter", lease.head.cmd, 77);
	is("stream at rest", node_value(fd, MNPEN_GUARD_IOC_STREAM, 4000), -EPIPE);
}

static void reads(int fd, const char *path)
{
	struct mnpen_guard_sample samples[3];
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	is("a second open", node_open(path), -EBUSY);
	is("nothing to read", result(read(fd, samples, sizeof(samples))), -EAGAIN);
	is("nothing to poll for", poll(&poll_fd, 1, 0), 0);
	is("a short buffer", result(read(fd, samples, sizeof(samples[0]) - 1)), -EINVAL);
	is("seek", result(lseek(fd, 0, SEEK_SET)), -ESPIPE);
	is("write", result(write(fd, samples, sizeof(samples))), -EINVAL);
	is("alt 1", node_value(fd, MNPEN_GUARD_IOC_ALT, 1), 0);
	is("stream", node_value(fd, MNPEN_GUARD_IOC_STREAM, 4000), 0);
	is("poll", poll(&poll_fd, 1, 1000), 1);
	is("what poll says", poll_fd.revents, POLLIN);
	usleep(50000);
	is("a wild buffer", result(read(fd, wild(0xdead0000), sizeof(samples))), -EFAULT);
	is("no half sample", result(read(fd, samples, sizeof(samples) - 1)),
	   2 * sizeof(samples[0]));
	is("the wild one was lost", samples[0].lost, 1);
	is("nothing was lost then", samples[1].lost, 0);
	is("the length", samples[0].length, MNPEN_GUARD_SAMPLE_SIZE);
	is("the flags", samples[0].flags, 0);
	is("in order", samples[1].boottime_ns >= samples[0].boottime_ns, 1);
	is("alt 0", node_value(fd, MNPEN_GUARD_IOC_ALT, 0), 0);
}

static void errors(const char *path)
{
	int fd = node_open(path);

	is("open", fd < 0 ? fd : 0, 0);
	numbers_and_pointers(fd);
	fields(fd);
	epochs(fd);
	refusals(fd);
	reads(fd, path);
	close(fd);
	fd = node_open(path);
	is("open again", fd < 0 ? fd : 0, 0);
	close(fd);
}

static int slow_info(int fd)
{
	struct mnpen_guard_info info = {.head.timeout_ms = 1000};

	return node_call(fd, MNPEN_GUARD_IOC_INFO, &info) == -ECANCELED ? EXIT_SUCCESS
									: EXIT_FAILURE;
}

static void cancel(const char *path)
{
	int fd = node_open(path), status = -1;
	struct mnpen_guard_info info = {.head.timeout_ms = 20};
	uint64_t start_ns = now_monotonic_ns();
	pid_t pid;

	is("info in time", node_call(fd, MNPEN_GUARD_IOC_INFO, &info), -ETIMEDOUT);
	is("its time limit", now_monotonic_ns() - start_ns < 60 * MS_NS, 1);
	pid = fork();
	if (pid == 0)
		_exit(slow_info(fd));
	usleep(100000);
	start_ns = now_monotonic_ns();
	is("stop", node_value(fd, MNPEN_GUARD_IOC_STOP, 5), 0);
	printf("stop answered after %d us\n", (int)((now_monotonic_ns() - start_ns) / 1000));
	is("stop's time", now_monotonic_ns() - start_ns < 50 * MS_NS, 1);
	waitpid(pid, &status, 0);
	is("the cancelled request", now_monotonic_ns() - start_ns < 100 * MS_NS, 1);
	is("what it said", status, 0);
	close(fd);
}

static void gone(const char *path)
{
	int fd = node_open(path);
	struct mnpen_guard_sample sample;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	struct mnpen_sample status;
	ssize_t r;
	long seen = 0;

	is("alt 1", node_value(fd, MNPEN_GUARD_IOC_ALT, 1), 0);
	is("stream", node_value(fd, MNPEN_GUARD_IOC_STREAM, 4000), 0);
	usleep(100000);
	fcntl(fd, F_SETFL, 0);
	puts("ready");
	while (node_status(fd, &status) == 0)
		usleep(10000);
	while ((r = read(fd, &sample, sizeof(sample))) == sizeof(sample))
		seen++;
	is("the end of reading", result(r), -ENODEV);
	is("read before that", seen > 20, 1);
	is("poll", poll(&poll_fd, 1, 0), 1);
	is("what poll says", poll_fd.revents, POLLHUP | POLLERR);
	is("status", node_status(fd, &status), -ENODEV);
	is("stop", node_value(fd, MNPEN_GUARD_IOC_STOP, 1), -ENODEV);
	is("alt", node_value(fd, MNPEN_GUARD_IOC_ALT, 1), -ENODEV);
	is("reset", node_call(fd, MNPEN_GUARD_IOC_RESET, &(struct mnpen_guard_head){0}), -ENODEV);
	printf("%ld samples were left\n", seen);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("Usage: guard_abi NODE WHAT; see tests/vm/guard_abi.c\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(argv[2], "errors") == 0)
		errors(argv[1]);
	else if (strcmp(argv[2], "cancel") == 0)
		cancel(argv[1]);
	else if (strcmp(argv[2], "gone") == 0)
		gone(argv[1]);
	else
		return 2;
	return bad;
}
