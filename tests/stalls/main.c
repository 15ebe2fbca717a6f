// SPDX-License-Identifier: GPL-2.0-only
/*
 * stalls FILE: notes when this machine stood still. One thread a processor, before everything that
 * is not real-time, sleeps for 2 ms at a time; when it wakes much too late, nobody had that
 * processor, or what had it could not be interrupted: the machine's own host took it away, say.
 * FILE gets a line each:
 *
 *   END LATE    milliseconds since 1970, milliseconds
 *
 * Where real time is not allowed a late wake-up may as well be the doing of those who are watched.
 * Then it says so on standard error, exits with 77, and nothing is noted.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SLEEP_NS 2000000
#define LATE_MIN_MS 20 /* what a test that asserts a safety bound may begin to feel */
#define PRIORITY 50    /* above mnpend's own */
#define EXIT_SKIP 77

static FILE *notes;

static int64_t now_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void *watch(void *userdata)
{
	const struct timespec rest = {.tv_nsec = SLEEP_NS};

	for (;;) {
		int64_t before_ms = now_ms(CLOCK_MONOTONIC), late_ms;

		clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
		late_ms = now_ms(CLOCK_MONOTONIC) - before_ms - SLEEP_NS / 1000000;
		if (late_ms >= LATE_MIN_MS)
			fprintf(notes, "%lld %lld\n", (long long)now_ms(CLOCK_REALTIME),
				(long long)late_ms);
	}
	return userdata;
}

static int start_on(size_t cpu)
{
	const struct sched_param param = {.sched_priority = PRIORITY};
	pthread_attr_t attr;
	pthread_t thread;
	cpu_set_t only;
	int r;

	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(only), &only);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	r = pthread_create(&thread, &attr, watch, NULL);
	pthread_attr_destroy(&attr);
	return r;
}

int main(int argc, char *argv[])
{
	cpu_set_t all;

	if (argc != 2) {
		fprintf(stderr, "usage: stalls FILE\n");
		return 2;
	}
	notes = fopen(argv[1], "we");
	if (!notes || setvbuf(notes, NULL, _IOLBF, 0) != 0 ||
	    sched_getaffinity(0, sizeof(all), &all) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		perror(argv[1]);
		return 1;
	}
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int r = CPU_ISSET(cpu, &all) ? start_on(cpu) : 0;

		if (r != 0) {
			fprintf(stderr, "stalls: processor %zu: %s\n", cpu, strerror(r));
			return EXIT_SKIP;
		}
	}
	for (;;)
		pause();
}
