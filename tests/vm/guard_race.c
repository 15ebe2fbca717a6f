// SPDX-License-Identifier: GPL-2.0-only
/*
 * guard_race NODE OPENERS ROUNDS: threads that open NODE, do something with it and close it, while
 * the driver is unbound and bound ROUNDS times; without rounds until standard input ends.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/vm/guard_node.h"

#define OPENERS_MAX 16
#define DRIVER "/sys/bus/usb/drivers/mnpen/"

static const char *path;
static atomic_bool over;
static atomic_ulong opened, busy, gone, others;

static void do_something(int fd, unsigned int what)
{
	struct mnpen_guard_sample sample;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	if (what & 1)
		(void)node_value(fd, MNPEN_GUARD_IOC_ALT, 1);
	if (what & 2)
		(void)node_value(fd, MNPEN_GUARD_IOC_STREAM, 1000);
	if (what & 4)
		(void)poll(&poll_fd, 1, 1);
	if (what & 8 && read(fd, &sample, sizeof(sample)) < 0 && errno == EFAULT)
		others++;
	if (what & 16)
		(void)node_value(fd, MNPEN_GUARD_IOC_STOP, 3);
}

static void *opener(void *seed_at)
{
	unsigned int *seed = seed_at;

	while (!over) {
		int fd = node_open(path);

		if (fd >= 0) {
			opened++;
			do_something(fd, (unsigned int)rand_r(seed) >> 4);
			close(fd);
		} else if (fd == -EBUSY) {
			busy++;
			usleep(200);
		} else if (fd == -ENODEV || fd == -ENOENT || fd == -ENXIO) {
			gone++;
			usleep(1000);
		} else {
			others++;
			fprintf(stderr, "open: %s\n", strerrorname_np(-fd));
			usleep(1000);
		}
	}
	return NULL;
}

static int put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int r = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int rebind(const char *name, unsigned long rounds)
{
	unsigned int seed = 7;

	for (unsigned long i = 0; i < rounds; i++) {
		int r = put(DRIVER "unbind", name);

		if (r == 0)
			r = put(DRIVER "bind", name);
		if (r < 0) {
			printf("round %lu: %s\n", i, strerrorname_np(-r));
			return EXIT_FAILURE;
		}
		usleep((useconds_t)rand_r(&seed) % 4000);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static unsigned int seeds[OPENERS_MAX];
	pthread_t threads[OPENERS_MAX];
	unsigned long openers, rounds;
	char device[256], *name;
	int r = EXIT_SUCCESS;

	if (argc != 4)
		return 2;
	path = argv[1];
	openers = strtoul(argv[2], NULL, 10) % (OPENERS_MAX + 1);
	rounds = strtoul(argv[3], NULL, 10);
	name = realpath("/sys/class/mnpen/mnpen0/device", NULL);
	if (!name)
		return EXIT_FAILURE;
	snprintf(device, sizeof(device), "%s", strrchr(name, '/') + 1);
	free(name);
	for (unsigned long i = 0; i < openers; i++) {
		seeds[i] = (unsigned int)i + 1;
		if (pthread_create(&threads[i], NULL, opener, &seeds[i]) != 0)
			return EXIT_FAILURE;
	}
	if (rounds)
		r = rebind(device, rounds);
	else
		while (getchar() != EOF)
			;
	over = true;
	for (unsigned long i = 0; i < openers; i++)
		pthread_join(threads[i], NULL);
	printf("%lu opened, %lu busy, %lu gone, %lu others\n", opened, busy, gone, others);
	return others ? EXIT_FAILURE : r;
}
