// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples a second through the daemon's own path: packet, decode, judge, state machine, lease,
 * telemetry, ring, block, SQLite, disk. The bare reference copies the same 48 bytes a sample into
 * a buffer and writes that to a file, with fdatasync as often as the store commits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/pen/pen.h"
#include "daemon/store/store.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/model_host.h"
#include "tests/gadget/model/input.h"

#define ROUNDS 5
#define STEPS_MAX 2000 /* milliseconds of the pen for any one command */
#define SPIN_UP_STEPS 2000
#define POLL_NS 20000
#define TOKEN 0x1122334455667788ULL
#define PEN_RATE 1000.0 /* samples a second that one pen sends */
#define SESSION "20260101-000000-bench0"
#define MAX_PATH (BENCH_PATH_MAX + 64)

/** struct station - one pen and one store, as the daemon has them, and the disk beside them */
struct station {
	char dir[MAX_PATH];
	sd_event *event;
	struct store *store;
	struct pen *pen;
	struct model_host *host;
	bool done;
	uint64_t fed;
	bool record; /* samples are stored and counted */
	uint8_t (*packets)[MNPEN_SAMPLE_SIZE];
	size_t at;
	int bare_fd;
	uint8_t (*bare)[MNPEN_SAMPLE_SIZE];
};

/** struct speed - of one round */
struct speed {
	double per_second;
	double cpu_usec; /* of all threads, a sample */
	double main_cpu_usec;
};

/** struct speeds - of all rounds, ours and the reference's */
struct speeds {
	struct bench_series per_second[2], cpu[2], main_cpu;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	bench_check_errno(clock_gettime(clock, &ts), "clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

/* ---- the pen's owner: as daemon/session does it ---- */

static bool on_arrived(struct pen *pen, void *userdata)
{
	return true;
}

static void on_left(struct pen *pen, void *userdata)
{
}

static enum policy_reason on_may_run(struct pen *pen, void *userdata, uint64_t now_usec)
{
	struct station *station = userdata;

	return store_health(station->store, now_usec) == STORE_HEALTHY ? REASON_NONE : REASON_STORE;
}

static void on_sample(struct pen *pen, void *userdata, uint64_t rx_usec, uint8_t verdict,
		      uint8_t flags, const uint8_t raw[MNPEN_SAMPLE_SIZE])
{
	struct station *station = userdata;

	if (!station->record)
		return;
	bench_check(store_sample(station->store, SESSION, rx_usec, verdict, flags, raw),
		    "store_sample");
	station->fed++;
}

static void on_gap(struct pen *pen, void *userdata, uint32_t after_seq, uint32_t before_seq)
{
	bench_die("samples are missing", -EPROTO);
}

static void on_disarmed(struct pen *pen, void *userdata, enum policy_reason reason, uint32_t run_ms)
{
	char why[80];

	snprintf(why, sizeof(why), "the pen was disarmed: %s", policy_reason_name(reason));
	bench_die(why, 0);
}

static void on_event(struct pen *pen, void *userdata, const char *kind, const struct field *fields,
		     size_t n_fields)
{
}

static void on_alarm(struct pen *pen, void *userdata)
{
}

static void on_changed(struct pen *pen, void *userdata, unsigned int what)
{
}

static const struct pen_hooks hooks = {
	.arrived = on_arrived,
	.left = on_left,
	.may_run = on_may_run,
	.sample = on_sample,
	.gap = on_gap,
	.disarmed = on_disarmed,
	.event = on_event,
	.alarm = on_alarm,
	.changed = on_changed,
};

/* ---- up to needles that run ---- */

/* Waits until all that was fed is on disk. */
static void await_written(struct station *station)
{
	static const struct timespec pause = {.tv_nsec = POLL_NS};
	struct store_counters counters;

	for (;;) {
		store_counters(station->store, &counters);
		if (counters.write_errors || counters.samples_lost)
			bench_die("the store cannot write", -EIO);
		if (counters.samples_written == station->fed)
			return;
		nanosleep(&pause, NULL);
	}
}

static void on_stored(void *userdata, int result)
{
	((struct station *)userdata)->done = true;
	bench_check(result, "the store");
}

static void begin_session(struct station *station)
{
	const struct store_session session = {
		.id = SESSION,
		.token = TOKEN,
		.started_usec = now_usec(),
		.started_wall_usec = wall_usec(),
		.pen = "BENCH001",
		.client = "bench",
	};

	bench_check(store_session_begin(station->store, &session, on_stored, station), "session");
	while (!station->done)
		bench_check(sd_event_run(station->event, UINT64_MAX), "sd_event_run");
}

static void on_done(struct pen *pen, void *userdata, const struct pen_result *result)
{
	((struct station *)userdata)->done = true;
	if (result->outcome != PEN_CONFIRMED)
		bench_die("the pen did not confirm", -EPROTO);
}

static void await_done(struct station *station, const char *what)
{
	for (unsigned int i = 0; !station->done; i++) {
		if (i == STEPS_MAX)
			bench_die(what, -ETIMEDOUT);
		model_host_step(station->host);
	}
}

static void steps(struct station *station, unsigned int count)
{
	while (count--)
		model_host_step(station->host);
}

static void arm(struct station *station)
{
	const struct pen_arm arm = {
		.token = TOKEN,
		.epoch = pen_epoch(station->pen),
		.limits = {.depth_um = 1000,
			   .tolerance_um = 100,
			   .speed_min_rpm = 2400,
			   .speed_max_rpm = 8000},
		.run_left_ms = 1800000,
		.lease_ms = 300,
		.max_age_usec = 50000,
		.arm_timeout_usec = 120000000,
		.target_depth_um = 500,
		.target_speed_rpm = 6000,
	};

	station->done = false;
	bench_check(pen_claim(station->pen, TOKEN, wall_days(), on_done, station), "claim");
	await_done(station, "claim");
	steps(station, 10); /* it reads the cartridge again */
	station->done = false;
	bench_check(pen_arm(station->pen, &arm, on_done, station), "arm");
	await_done(station, "arm");
	steps(station, 10); /* the lease that lets the trigger run */
	model_set_contact(model_host_pen(station->host), true);
	model_set_trigger(model_host_pen(station->host), true);
	steps(station, SPIN_UP_STEPS);
	if (pen_state(station->pen) != FSM_RUNNING)
		bench_die("the pen does not run", 0);
}

/* The store's ring takes two chunks: its writer is woken when there is one, and commits it. */
static void start(struct station *station, const char *name, size_t chunk, size_t samples)
{
	struct store_options options = {.directory = station->dir,
					.sample_slots = (uint32_t)(2 * chunk)};
	_cleanup_free_ char *note = NULL;
	bool quarantined;

	snprintf(station->dir, sizeof(station->dir), "%s/%s", bench_dir(), name);
	bench_check(sd_event_new(&station->event), "sd_event");
	bench_check(store_new(&station->store, station->event, &options, &note, &quarantined),
		    "store");
	begin_session(station);
	bench_check(pen_new_usbip(&station->pen, station->event, "usbip://127.0.0.1/1-1", false,
				  &hooks, station),
		    "pen");
	station->host = model_host();
	pen_set_stream_period(station->pen, 1000);
	model_host_online(station->host);
	steps(station, 10);
	if (!pen_present(station->pen))
		bench_die("the pen did not arrive", 0);
	arm(station);
	station->packets = calloc(samples, MNPEN_SAMPLE_SIZE);
	station->bare = calloc(chunk, MNPEN_SAMPLE_SIZE);
	if (!station->packets || !station->bare)
		bench_die("packets", -ENOMEM);
	model_host_record(station->host, station->packets, samples);
	station->record = true;
	snprintf(station->dir, sizeof(station->dir), "%s/%s.bare", bench_dir(), name);
	station->bare_fd = bench_check_errno(
		open(station->dir, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), station->dir);
	snprintf(station->dir, sizeof(station->dir), "%s/%s", bench_dir(), name);
}

static void finish(struct station *station)
{
	pen_free(station->pen);
	store_free(station->store);
	sd_event_unref(station->event);
	free(station->packets);
	free(station->bare);
	close_fd(station->bare_fd);
}

/* ---- measuring ---- */

static struct speed run_ours(struct station *station, size_t chunk, size_t chunks)
{
	uint64_t start = now_monotonic_ns(), process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t thread = clock_ns(CLOCK_THREAD_CPUTIME_ID), feeding = 0;
	double samples = (double)(chunk * chunks), others;

	for (size_t i = 0; i < chunks; i++) {
		uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

		for (size_t n = 0; n < chunk; n++)
			model_host_play(station->host, station->packets[station->at++]);
		feeding += clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
		await_written(station);
	}
	/* Without what this thread spends on waiting. */
	others = (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - process) -
		 (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - thread);
	return (struct speed){
		.per_second = samples * 1e9 / (double)(now_monotonic_ns() - start),
		.cpu_usec = ((double)feeding + others) / samples / 1e3,
		.main_cpu_usec = (double)feeding / samples / 1e3,
	};
}

static struct speed run_bare(struct station *station, size_t chunk, size_t chunks)
{
	uint64_t start = now_monotonic_ns(), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	double samples = (double)(chunk * chunks);
	size_t at = station->at;

	for (size_t i = 0; i < chunks; i++) {
		for (size_t n = 0; n < chunk; n++)
			memcpy(station->bare[n], station->packets[at++], MNPEN_SAMPLE_SIZE);
		if (write(station->bare_fd, station->bare, chunk * MNPEN_SAMPLE_SIZE) !=
		    (ssize_t)(chunk * MNPEN_SAMPLE_SIZE))
			bench_die("write", -errno);
		bench_check_errno(fdatasync(station->bare_fd), "fdatasync");
	}
	return (struct speed){
		.per_second = samples * 1e9 / (double)(now_monotonic_ns() - start),
		.cpu_usec = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / samples / 1e3,
	};
}

static void report(const struct speeds *speeds)
{
	bench_row("samples", "/s", &speeds->per_second[0], &speeds->per_second[1]);
	bench_row("CPU a sample, all threads", "us", &speeds->cpu[0], &speeds->cpu[1]);
	bench_figure("CPU a sample, main loop alone", "us", bench_median(&speeds->main_cpu));
	bench_figure("times the rate of one pen at 1 kHz", "x",
		     bench_median(&speeds->per_second[0]) / PEN_RATE);
}

static double file_size(const char *dir)
{
	char path[MAX_PATH + 16];
	struct stat status;

	snprintf(path, sizeof(path), "%s/sessions.db", dir);
	bench_check_errno(stat(path, &status), path);
	return (double)status.st_size;
}

static void report_size(const char *what, double bytes, double samples)
{
	struct bench_series ours = {.n = 0}, bare = {.n = 0};

	bench_add(&ours, bytes / samples);
	bench_add(&bare, MNPEN_SAMPLE_SIZE);
	bench_row(what, "bytes", &ours, &bare);
}

static void compare(const char *name, size_t chunk, size_t chunks)
{
	static struct speeds speeds;
	struct station station = {.bare_fd = -EBADF};
	struct store_counters before, after;
	double size;
	char title[80];

	speeds = (struct speeds){.main_cpu.n = 0};
	start(&station, name, chunk, ROUNDS * chunk * chunks);
	store_counters(station.store, &before);
	size = file_size(station.dir);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct speed bare = run_bare(&station, chunk, chunks); /* the same packets */
		struct speed ours = run_ours(&station, chunk, chunks);

		bench_add(&speeds.per_second[0], ours.per_second);
		bench_add(&speeds.per_second[1], bare.per_second);
		bench_add(&speeds.cpu[0], ours.cpu_usec);
		bench_add(&speeds.cpu[1], bare.cpu_usec);
		bench_add(&speeds.main_cpu, ours.main_cpu_usec);
	}
	store_counters(station.store, &after);
	snprintf(title, sizeof(title), "Samples through the daemon, on disk every %zu", chunk);
	bench_title(title, "packet to SQLite : copy, write, fdatasync");
	report(&speeds);
	report_size("sample blocks, a sample", (double)(after.bytes_written - before.bytes_written),
		    (double)station.fed);
	finish(&station);
	report_size("whole database, a sample", file_size(station.dir) - size, (double)station.fed);
}

int main(void)
{
	compare("live", 250, 200); /* as at 1 kHz: four transactions a second of the pen's */
	compare("burst", 8192, 8); /* as after a stall of the disk: half the ring at once */
	return EXIT_SUCCESS;
}
