// SPDX-License-Identifier: GPL-2.0-only
/*
 * guard NODE: the owner of a pen behind the kernel guard, without any care of its own.
 *
 * Opens NODE and says "open", or the error. Then it takes one command a line on standard input and
 * answers each with a line: 0, a number, or the name of the error. Beside that it reads samples,
 * and after some of them renews the lease, as long as "keep" says so.
 *
 *   alt N · stream US · claim · arm DEPTH MIN MAX [RUN_MS] · target DEPTH SPEED · lease 0|1
 *   keep 0|1     renew the lease, enabled, from here on
 *   stop N · clear · reset · info · state
 *   read 0|1     whether samples are read at all
 *   count, lost, marked  samples read so far, lost before them, and marked as violations
 *   error        with which the last read failed
 *   close        and open once more, by "open"
 *   hammer MS    arm on and on; for how many ms stops kept that back, from the first time on
 *   start DEPTH SPEED  all of it up to a pen that runs when its trigger is pressed
 *
 * guard kill PID: kills it, and says when, in nanoseconds of CLOCK_MONOTONIC.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/clock.h"
#include "tests/vm/guard_node.h"

#define LINE_SIZE 128
#define NUMBERS 4
#define RENEW_AFTER_MS 75

static struct owner {
	char path[64];
	int fd;
	bool keep;
	bool reads;
	struct mnpen_arm arm;
	uint32_t counter;
	uint64_t renewed_ns;
	uint64_t samples;
	uint64_t lost;
	uint64_t marked;
	int error; /* of the last read */
} owner = {.reads = true};

static int renew(bool enable)
{
	owner.renewed_ns = now_monotonic_ns();
	return node_lease(owner.fd, &owner.arm, ++owner.counter, enable);
}

static int arm(const unsigned long *number)
{
	struct mnpen_arm arm = {
		.depth_limit_um = (uint16_t)number[0],
		.speed_min_rpm = (uint16_t)number[1],
		.speed_max_rpm = (uint16_t)number[2],
		.run_limit_ms = (uint32_t)number[3],
	};
	int r = node_arm(owner.fd, &arm);

	if (r == 0) {
		owner.arm = arm;
		owner.counter = 0;
	}
	return r;
}

static int start(const unsigned long *number)
{
	const unsigned long limits[NUMBERS] = {number[0] + 100, 2000, 8000};
	int r = node_value(owner.fd, MNPEN_GUARD_IOC_ALT, 1);

	if (r == 0)
		r = node_claim(owner.fd);
	if (r == 0)
		r = node_value(owner.fd, MNPEN_GUARD_IOC_STREAM, 4000);
	if (r == 0)
		r = arm(limits);
	if (r == 0)
		r = node_target(owner.fd, (uint16_t)number[0], (uint16_t)number[1]);
	if (r == 0)
		r = renew(true);
	owner.keep = r == 0;
	return r;
}

static int hammer(unsigned long ms)
{
	const unsigned long limits[NUMBERS] = {500, 2000, 8000};
	uint64_t now_ns, end_ns = now_monotonic_ns() + ms * USEC_PER_MSEC * NSEC_PER_USEC;
	uint64_t kept_back_ns = 0;

	do {
		int r = arm(limits);

		now_ns = now_monotonic_ns();
		if (r == -ECANCELED && !kept_back_ns)
			kept_back_ns = now_ns;
		else if (r != -ECANCELED && kept_back_ns)
			return (int)((now_ns - kept_back_ns) / (USEC_PER_MSEC * NSEC_PER_USEC));
	} while (now_ns < end_ns);
	return -ETIME;
}

static int open_it(void)
{
	owner.fd = node_open(owner.path);
	return owner.fd < 0 ? owner.fd : 0;
}

static int close_it(void)
{
	owner.keep = false;
	close(owner.fd);
	owner.fd = -1;
	return 0;
}

static int state(void)
{
	struct mnpen_sample sample;
	int r = node_status(owner.fd, &sample);

	return r < 0 ? r : sample.state;
}

static int info(void)
{
	struct mnpen_guard_info arg = {0};

	return node_call(owner.fd, MNPEN_GUARD_IOC_INFO, &arg);
}

static int obey(const char *word, const unsigned long *number)
{
	struct mnpen_guard_head head = {0};

	if (strcmp(word, "open") == 0)
		return open_it();
	if (strcmp(word, "close") == 0)
		return close_it();
	if (strcmp(word, "alt") == 0)
		return node_value(owner.fd, MNPEN_GUARD_IOC_ALT, (uint32_t)number[0]);
	if (strcmp(word, "stream") == 0)
		return node_value(owner.fd, MNPEN_GUARD_IOC_STREAM, (uint32_t)number[0]);
	if (strcmp(word, "stop") == 0)
		return node_value(owner.fd, MNPEN_GUARD_IOC_STOP, (uint32_t)number[0]);
	if (strcmp(word, "claim") == 0)
		return node_claim(owner.fd);
	if (strcmp(word, "arm") == 0)
		return arm(number);
	if (strcmp(word, "target") == 0)
		return node_target(owner.fd, (uint16_t)number[0], (uint16_t)number[1]);
	if (strcmp(word, "lease") == 0)
		return renew(number[0]);
	if (strcmp(word, "clear") == 0)
		return node_call(owner.fd, MNPEN_GUARD_IOC_CLEAR, &head);
	if (strcmp(word, "reset") == 0)
		return node_call(owner.fd, MNPEN_GUARD_IOC_RESET, &head);
	if (strcmp(word, "info") == 0)
		return info();
	if (strcmp(word, "state") == 0)
		return state();
	if (strcmp(word, "hammer") == 0)
		return hammer(number[0]);
	if (strcmp(word, "start") == 0)
		return start(number);
	if (strcmp(word, "keep") == 0)
		owner.keep = number[0];
	else if (strcmp(word, "read") == 0)
		owner.reads = number[0];
	else
		return -EINVAL;
	return 0;
}

static void answer(char *line)
{
	char *save = NULL, *word = strtok_r(line, " \n", &save), *next;
	unsigned long number[NUMBERS] = {0};
	int r;

	for (int i = 0; i < NUMBERS && (next = strtok_r(NULL, " \n", &save)); i++)
		number[i] = strtoul(next, NULL, 0);
	if (!word)
		return;
	if (strcmp(word, "count") == 0) {
		printf("%" PRIu64 "\n", owner.samples);
	} else if (strcmp(word, "lost") == 0) {
		printf("%" PRIu64 "\n", owner.lost);
	} else if (strcmp(word, "marked") == 0) {
		printf("%" PRIu64 "\n", owner.marked);
	} else if (strcmp(word, "error") == 0) {
		printf("%s\n", owner.error ? strerrorname_np(-owner.error) : "0");
	} else {
		r = obey(word, number);
		if (r < 0)
			printf("%s\n", strerrorname_np(-r));
		else
			printf("%d\n", r);
	}
}

static bool take_samples(void)
{
	struct mnpen_guard_sample samples[16];
	ssize_t n = read(owner.fd, samples, sizeof(samples));

	if (n < 0) {
		owner.error = -errno;
		return false;
	}
	for (size_t i = 0; i < (size_t)n / sizeof(samples[0]); i++) {
		owner.samples++;
		owner.lost += samples[i].lost;
		owner.marked += samples[i].flags & MNPEN_GUARD_VIOLATION;
	}
	return true;
}

static void attend(short events)
{
	uint64_t age_ns = now_monotonic_ns() - owner.renewed_ns;

	if (!(events & POLLIN) || !take_samples())
		return;
	if (owner.keep && age_ns > RENEW_AFTER_MS * USEC_PER_MSEC * NSEC_PER_USEC &&
	    renew(true) < 0)
		owner.keep = false;
}

static int kill_now(const char *pid)
{
	uint64_t now_ns = now_monotonic_ns();

	if (kill((pid_t)strtol(pid, NULL, 10), SIGKILL) < 0)
		return EXIT_FAILURE;
	printf("%" PRIu64 "\n", now_ns);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	char line[LINE_SIZE];
	int r;

	if (argc == 3 && strcmp(argv[1], "kill") == 0)
		return kill_now(argv[2]);
	if (argc != 2) {
		fputs("Usage: guard NODE; see tests/vm/guard.c\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	snprintf(owner.path, sizeof(owner.path), "%s", argv[1]);
	r = open_it();
	puts(r < 0 ? strerrorname_np(-r) : "open");
	if (r < 0)
		return EXIT_FAILURE;
	for (;;) {
		struct pollfd fds[] = {
			{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = owner.reads ? owner.fd : -1, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0)
			return EXIT_FAILURE;
		if (fds[1].revents & POLLIN)
			attend(fds[1].revents);
		else if (fds[1].revents)
			owner.reads = take_samples();
		if (fds[0].revents) {
			if (!fgets(line, sizeof(line), stdin))
				return EXIT_SUCCESS;
			answer(line);
		}
	}
}
