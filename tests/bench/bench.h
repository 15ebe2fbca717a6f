/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all benchmarks share: series of measurements, the table they end in, and the processes and
 * folders they need. A benchmark compares; it never judges: it fails only when it cannot run.
 *
 * Ours and the bare reference are measured by turns (A B A B ...) in one run on one machine, and
 * the ratio of the two medians is what is claimed. docs/bench.md says what each row means.
 */
#ifndef MNPEN_BENCH_H
#define MNPEN_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_VALUES_MAX 8192
#define BENCH_PATH_MAX 64

/** struct bench_series - zero-initialise; values in order of measurement */
struct bench_series {
	double values[BENCH_VALUES_MAX];
	size_t n;
};

/** bench_add() - one more value; more than BENCH_VALUES_MAX end the benchmark */
void bench_add(struct bench_series *series, double value);
/** bench_median(), bench_max() - of a series that is not empty */
double bench_median(const struct bench_series *series);
double bench_max(const struct bench_series *series);

/** bench_title() - head of a table; @how in one line: what is measured, and against what */
void bench_title(const char *what, const char *how);

/** bench_row() - one row: medians, their ratio, and the ratios' middle half, taken pair by pair */
void bench_row(const char *what, const char *unit, const struct bench_series *ours,
	       const struct bench_series *reference);
/** bench_row_worst() - the largest of each, and their ratio */
void bench_row_worst(const char *what, const char *unit, const struct bench_series *ours,
		     const struct bench_series *reference);
/** bench_figure() - a figure that has no counterpart */
void bench_figure(const char *what, const char *unit, double value);

/** bench_die() - say why it cannot run and exit with 1; @error: negative errno, or 0 */
_Noreturn void bench_die(const char *what, int error);
/** bench_check() - bench_die() when @r is negative; returns @r */
int bench_check(int r, const char *what);
/** bench_check_errno() - the same for calls that return -1 and set errno */
int bench_check_errno(int r, const char *what);

/** bench_fork() - run @body(@userdata) in a child that dies with this process */
pid_t bench_fork(void (*body)(void *userdata), void *userdata);
/** bench_end() - SIGKILL and reap */
void bench_end(pid_t pid);

/** bench_dir() - a new folder below $TMPDIR or /tmp, removed with what it holds at exit */
const char *bench_dir(void);

/** bench_one_processor() - this process and all that it starts stay on one processor, so that the
 * scheduler's choice of processors is not what is measured */
void bench_one_processor(void);

/** bench_listen() - a TCP socket on 127.0.0.1 and a free port */
int bench_listen(uint16_t *ret_port);
/** bench_accept(), bench_connect() - with TCP_NODELAY */
int bench_accept(int listener);
int bench_connect(uint16_t port);
/** bench_send_all(), bench_recv_all() - all of it, or the end of the benchmark */
void bench_send_all(int fd, const void *data, size_t len);
void bench_recv_all(int fd, void *data, size_t len);

/** bench_usec() - from nanoseconds of now_monotonic_ns() */
static inline double bench_usec(uint64_t ns)
{
	return (double)ns / 1e3;
}

#endif
