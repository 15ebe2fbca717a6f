// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bench/bench.h"

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define REMOVE_DESCRIPTORS 16

/* ---- series ---- */

void bench_add(struct bench_series *series, double value)
{
	if (series->n == BENCH_VALUES_MAX)
		bench_die("more values than a series holds", -ENOSPC);
	series->values[series->n++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value below which @part of the series lies, between two values if need be. */
static double quantile(const struct bench_series *series, double part)
{
	double sorted[BENCH_VALUES_MAX], at = part * (double)(series->n - 1), below;
	size_t i = (size_t)at;

	memcpy(sorted, series->values, series->n * sizeof(sorted[0]));
	qsort(sorted, series->n, sizeof(sorted[0]), compare);
	below = sorted[i];
	return i + 1 < series->n ? below + (at - (double)i) * (sorted[i + 1] - below) : below;
}

double bench_median(const struct bench_series *series)
{
	return quantile(series, 0.5);
}

double bench_max(const struct bench_series *series)
{
	return quantile(series, 1);
}

/* ---- the table ---- */

static const char *number(double value, char buf[24])
{
	snprintf(buf, 24, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
	return buf;
}

void bench_title(const char *what, const char *how)
{
	printf("\n%s\n  %s\n  %-46s %10s %10s %-5s %6s  %s\n", what, how, "", "ours", "reference",
	       "", "ratio", "middle half");
	fflush(stdout);
}

static void row(const char *what, const char *unit, double ours, double reference)
{
	char a[24], b[24];

	printf("  %-46s %10s %10s %-5s %6.2f", what, number(ours, a), number(reference, b), unit,
	       ours / reference);
}

void bench_row(const char *what, const char *unit, const struct bench_series *ours,
	       const struct bench_series *reference)
{
	struct bench_series ratios = {.n = 0};

	for (size_t i = 0; i < MIN(ours->n, reference->n); i++)
		bench_add(&ratios, ours->values[i] / reference->values[i]);
	row(what, unit, bench_median(ours), bench_median(reference));
	printf("  %.2f..%.2f\n", quantile(&ratios, 0.25), quantile(&ratios, 0.75));
	fflush(stdout);
}

void bench_row_worst(const char *what, const char *unit, const struct bench_series *ours,
		     const struct bench_series *reference)
{
	row(what, unit, bench_max(ours), bench_max(reference));
	printf("  largest of %zu\n", ours->n);
	fflush(stdout);
}

void bench_figure(const char *what, const char *unit, double value)
{
	char buf[24];

	printf("  %-46s %10s %10s %-5s\n", what, number(value, buf), "-", unit);
	fflush(stdout);
}

/* ---- failing ---- */

static bool is_child;

_Noreturn void bench_die(const char *what, int error)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s%s%s\n", program_invocation_short_name, what, error ? ": " : "",
		error ? strerrordesc_np(-error) : "");
	if (is_child)
		_exit(EXIT_FAILURE); /* what there is to clear away at exit is the parent's */
	exit(EXIT_FAILURE);
}

int bench_check(int r, const char *what)
{
	if (r < 0)
		bench_die(what, r);
	return r;
}

int bench_check_errno(int r, const char *what)
{
	if (r < 0)
		bench_die(what, -errno);
	return r;
}

/* ---- processes, folders, processors ---- */

pid_t bench_fork(void (*body)(void *userdata), void *userdata)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = bench_check_errno(fork(), "fork");
	if (pid)
		return pid;
	is_child = true;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
		body(userdata);
	_exit(EXIT_FAILURE);
}

void bench_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static char dir[BENCH_PATH_MAX];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_dir(void)
{
	(void)nftw(dir, remove_one, REMOVE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

const char *bench_dir(void)
{
	const char *top = getenv("TMPDIR");

	if (dir[0])
		return dir;
	snprintf(dir, sizeof(dir), "%s/mnpen-bench.XXXXXX", top && *top ? top : "/tmp");
	if (!mkdtemp(dir)) {
		dir[0] = '\0';
		bench_die("cannot make a temporary folder", -errno);
	}
	atexit(remove_dir);
	return dir;
}

void bench_one_processor(void)
{
	cpu_set_t all, one;
	size_t cpu = 0;

	bench_check_errno(sched_getaffinity(0, sizeof(all), &all), "sched_getaffinity");
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	bench_check_errno(sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
}
