// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/random_canary.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define STEP_NS 1000000ull
#define LOOK_EVERY 5 /* steps between two looks at the programs */
#define RECORDS 4096 /* more than four seconds; no bound is that long */

struct record {
	uint64_t ns; /* end of the delay, or of the time looked back at */
	uint64_t late_ns;
};

struct canary {
	pthread_t thread;
	pthread_mutex_t mutex;
	atomic_bool end;
	pid_t pids[2];
	uint64_t waited_ns[2];
	struct record records[RECORDS];
	uint64_t n;
};

static void note(struct canary *c, uint64_t ns, uint64_t late_ns)
{
	pthread_mutex_lock(&c->mutex);
	c->records[c->n++ % RECORDS] = (struct record){ns, late_ns};
	pthread_mutex_unlock(&c->mutex);
}

/* Nanoseconds that the main thread of @pid was ready to run and did not. */
static uint64_t read_wait_ns(pid_t pid)
{
	unsigned long long ran, waited = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%llu %llu", &ran, &waited) != 2)
		waited = 0;
	fclose(file);
	return waited;
}

static void look(struct canary *c, uint64_t ns)
{
	for (size_t i = 0; i < ELEMENTSOF(c->pids); i++) {
		uint64_t waited_ns = read_wait_ns(c->pids[i]);

		if (c->waited_ns[i] && waited_ns > c->waited_ns[i] + STEP_NS)
			note(c, ns, waited_ns - c->waited_ns[i]);
		c->waited_ns[i] = waited_ns;
	}
}

static void *run(void *userdata)
{
	struct canary *c = userdata;
	uint64_t due_ns = now_monotonic_ns();

	for (unsigned int step = 0; !atomic_load(&c->end); step++) {
		struct timespec due;
		uint64_t ns;

		due_ns += STEP_NS;
		due.tv_sec = (time_t)(due_ns / 1000000000);
		due.tv_nsec = (long)(due_ns % 1000000000);
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		ns = now_monotonic_ns();
		if (ns > due_ns + STEP_NS) {
			note(c, ns, ns - due_ns);
			due_ns = ns;
		}
		if (step % LOOK_EVERY == 0)
			look(c, ns);
	}
	return NULL;
}

struct canary *canary_new(pid_t a, pid_t b)
{
	struct canary *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->pids[0] = a;
	c->pids[1] = b;
	pthread_mutex_init(&c->mutex, NULL);
	assert_int_equal(pthread_create(&c->thread, NULL, run, c), 0);
	return c;
}

struct canary *canary_free(struct canary *c)
{
	if (!c)
		return NULL;
	atomic_store(&c->end, true);
	pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->mutex);
	free(c);
	return NULL;
}

uint64_t canary_late_ns(void *canary, uint64_t from_ns, uint64_t to_ns)
{
	struct canary *c = canary;
	uint64_t sum_ns = 0;

	pthread_mutex_lock(&c->mutex);
	for (uint64_t i = c->n > RECORDS ? c->n - RECORDS : 0; i < c->n; i++) {
		const struct record *record = &c->records[i % RECORDS];

		/* A delay that had begun before is counted whole. */
		if (record->ns >= from_ns && record->ns <= to_ns + record->late_ns)
			sum_ns += record->late_ns;
	}
	pthread_mutex_unlock(&c->mutex);
	return sum_ns;
}
