// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports: from the command to the file, of an hour at 1 kHz, beside a client that reads the same
 * samples and does nothing with them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/long_session.h"
#include "tests/bench/rig.h"

#define ROUNDS 5
#define SAMPLES 3600000 /* an hour */
#define WAIT_MS 60000

static double ms_since(uint64_t start_ns)
{
	return (double)(now_monotonic_ns() - start_ns) / 1e6;
}

/* Of all programs that have ended: mnpenctl alone, between two looks. */
static double cpu_ms(void)
{
	struct rusage usage;

	bench_check_errno(getrusage(RUSAGE_CHILDREN, &usage), "getrusage");
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static double draw(struct rig *rig, const char *suffix)
{
	char bus[256], words[256], file[BENCH_PATH_MAX + 16];
	const char *const environment[] = {bus, words, "LC_ALL=C.UTF-8", NULL};
	const struct process_options options = {.environment = environment};
	const char *const argv[] = {
		program("mnpenctl"), "session", "report", rig->id, "-o", file, NULL};
	struct process process = {0};
	uint64_t start_ns;
	double ms;
	int code;

	snprintf(file, sizeof(file), "%s/report.%s", bench_dir(), suffix);
	(void)unlink(file);
	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", rig->bus_address);
	snprintf(words, sizeof(words), "MNPEN_AFTERCARE=%s", program("data/aftercare.conf"));
	start_ns = now_monotonic_ns();
	process_start(&process, rig->dir, "report", argv, &options);
	code = process_wait(&process, WAIT_MS);
	ms = ms_since(start_ns);
	if (code != 0 || access(file, R_OK) < 0) {
		_cleanup_free_ char *log = process_log(&process);

		bench_die(log, 0);
	}
	return ms;
}

static double read_all(struct rig *rig)
{
	_cleanup_free_ char *buf = malloc(256 * 1024);
	sd_bus_message *reply = NULL;
	uint64_t start_ns = now_monotonic_ns();
	ssize_t n = -1;
	int fd = -1;

	if (*client_call(rig->client, &reply, API_ROOT, API_MANAGER, "OpenRecord", "ssa{sv}",
			 rig->id, "samples", 0) ||
	    sd_bus_message_read(reply, "h", &fd) < 0 || !buf)
		bench_die("OpenRecord", 0);
	do {
		n = read(fd, buf, 256 * 1024);
	} while (n > 0);
	bench_check_errno((int)n, "read");
	sd_bus_message_unref(reply);
	return ms_since(start_ns);
}

int main(void)
{
	static struct bench_series pdf, bare;
	double before_ms;
	struct rig *rig = bench_rig();

	rig_begin(rig);
	assert_done(rig, session_call(rig, "End", "s", "completed"));
	long_session(rig->db, 1, SAMPLES);
	bench_title("Reports: an hour at 1 kHz", "mnpenctl session report : reading the samples");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		bench_add(&bare, read_all(rig));
		bench_add(&pdf, draw(rig, "pdf"));
	}
	bench_row("3.6 million samples, to PDF", "ms", &pdf, &bare);
	before_ms = cpu_ms();
	draw(rig, "pdf");
	bench_figure("processor time of mnpenctl for it", "ms", cpu_ms() - before_ms);
	bench_figure("the same to SVG", "ms", draw(rig, "svg"));
	bench_figure("the same to PNG", "ms", draw(rig, "png"));
	db_exec(rig->db, "DELETE FROM block");
	bench_figure("from the trend, when the samples are gone, to PDF", "ms", draw(rig, "pdf"));
	rig_stop(rig);
	return EXIT_SUCCESS;
}
