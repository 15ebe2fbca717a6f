// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random runs: what happens is made from a seed, and what must follow is judged at the virtual
 * pen's own clock, by cause. RANDOM_SEEDS runs from SEED on, RANDOM_JOBS at a time, each in a
 * process of its own: "test_random --seed N".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/bus/random_run.h"

#define SEEDS 12 /* of "make check" */
#define JOBS 4
#define FIRST 1
#define RUN_MS 90000

static uint64_t the_seed;

static uint64_t from_environment(const char *name, uint64_t value)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : value;
}

/* A plan is a function of its seed, or a failure could not be looked at again. */
static void test_plan(void **state)
{
	static struct plan a, b;

	for (uint64_t seed = 0; seed < 200; seed++) {
		uint32_t at_ms = 0;

		plan_make(&a, seed);
		plan_make(&b, seed);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_in_range(a.n, 20, PLAN_ACTIONS_MAX - 1);
		for (size_t i = 0; i < a.n; i++) {
			assert_true(a.actions[i].at_ms >= at_ms);
			at_ms = a.actions[i].at_ms;
		}
		assert_in_range(at_ms, 5000, 12000);
		plan_make(&b, seed + 1);
		assert_memory_not_equal(a.actions, b.actions, sizeof(a.actions));
	}
}

static void test_one(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	run_plan(rig, the_seed);
	rig_stop(rig);
}

struct worker {
	struct process process;
	uint64_t seed;
};

static void start(struct worker *worker, const char *dir, uint64_t seed)
{
	char name[32], text[24];
	const char *const argv[] = {program("tests/bus/test_random"), "--seed", text, NULL};

	snprintf(name, sizeof(name), "seed-%llu", (unsigned long long)seed);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)seed);
	worker->seed = seed;
	process_start(&worker->process, dir, name, argv, NULL);
}

static void print_line(const char *log)
{
	const char *line = strstr(log, "# seed ");

	if (line)
		print_message("%.*s\n", (int)strcspn(line, "\n"), line);
}

/* Takes the end of @worker, if it has; the number of seeds that failed. */
static unsigned int reap(struct worker *worker)
{
	_cleanup_free_ char *log = NULL;
	int code;

	if (!worker->process.pid || process_running(&worker->process))
		return 0;
	code = process_wait(&worker->process, RUN_MS);
	log = process_log(&worker->process);
	(void)unlink(worker->process.log);
	if (code == 0) {
		print_line(log);
		return 0;
	}
	fprintf(stderr, "=== seed %llu ended with %d\n%s", (unsigned long long)worker->seed, code,
		log);
	return 1;
}

static void test_seeds(void **state)
{
	uint64_t seeds = from_environment("RANDOM_SEEDS", SEEDS);
	uint64_t next = from_environment("SEED", FIRST), end = next + seeds;
	size_t jobs = MIN(from_environment("RANDOM_JOBS", JOBS), (uint64_t)16);
	struct worker workers[16] = {0};
	char dir[] = "/tmp/mnpen-random-XXXXXX";
	unsigned int failed = 0;
	bool busy = true;

	assert_non_null(mkdtemp(dir));
	while (busy) {
		busy = next < end;
		for (size_t i = 0; i < jobs; i++) {
			failed += reap(&workers[i]);
			if (!workers[i].process.pid && next < end)
				start(&workers[i], dir, next++);
			busy |= workers[i].process.pid != 0;
		}
		sleep_ms(20);
	}
	(void)rmdir(dir);
	print_message("# random: %llu seeds, %u failed\n", (unsigned long long)seeds, failed);
	assert_int_equal(failed, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest one[] = {RIG_TEST(test_one)};
	const struct CMUnitTest all[] = {cmocka_unit_test(test_plan), cmocka_unit_test(test_seeds)};

	if (argc == 3 && strcmp(argv[1], "--seed") == 0) {
		the_seed = strtoull(argv[2], NULL, 10);
		return cmocka_run_group_tests(one, NULL, NULL);
	}
	return cmocka_run_group_tests(all, NULL, NULL);
}
