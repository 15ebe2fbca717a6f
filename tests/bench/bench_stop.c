// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast a stop is, at the virtual pen's own clock.
 *
 * By request: from the D-Bus call at the client until STOP is at the pen. Reference: a bare sd-bus
 * service that, when called, sends 48 bytes to another process over TCP, which notes the time.
 *
 * By measurement: from the first stroke beyond limit + tolerance until the motor is off. Reference:
 * a sender of a packet a millisecond, one of which carries a mark, and a process that answers the
 * mark with 48 bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/proto.h"
#include "tests/bench/bench.h"
#include "tests/bench/rig.h"

#define REQUEST_RUNS 60
#define DEPTH_RUNS 80
#define PACKET_SIZE 96 /* RET_SUBMIT with a sample; its last byte is the mark */
#define TICK_NS 1000000ULL
#define TICKS_BEFORE 5
#define PHASE_STEP_NS 377000ULL /* the stroke comes at any time between two packets */
#define STEP_MS 2000
#define TOO_DEEP_UM (3 * RIG_TOLERANCE_UM)

static uint64_t phase_ns(unsigned int run)
{
	return run * PHASE_STEP_NS % TICK_NS;
}

static void sleep_until(uint64_t ns)
{
	struct timespec until = {.tv_sec = (time_t)(ns / 1000000000),
				 .tv_nsec = (long)(ns % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/*
 * Running at speed again. Needles that were too deep are too deep until they are retracted. Arm
 * returns with a sample, and the strokes follow the trigger: without a pause that differs from run
 * to run they would always lie in the same way between two samples.
 */
static void run_again(struct rig *rig, unsigned int run)
{
	for (int waited = 0; rig_truth(rig).depth_um; waited++) {
		if (waited == STEP_MS)
			bench_die("the needles do not retract", -ETIMEDOUT);
		sleep_ms(1);
	}
	gadget_do(rig->control_fd, "trigger release");
	rig_await_word(rig, "State", "idle", STEP_MS);
	rig_arm(rig);
	sleep_until(now_monotonic_ns() + phase_ns(run));
	rig_run(rig);
}

/* ---- by request ---- */

struct peer {
	int listener;
	int times; /* pipe, 8 bytes a time */
};

/* Notes when 48 bytes came. */
static _Noreturn void note_times(void *userdata)
{
	struct peer *peer = userdata;
	int fd = bench_accept(peer->listener);
	uint8_t bytes[MNPEN_SAMPLE_SIZE];

	for (;;) {
		uint64_t now;

		bench_recv_all(fd, bytes, sizeof(bytes));
		now = now_monotonic_ns();
		if (write(peer->times, &now, sizeof(now)) != sizeof(now))
			_exit(EXIT_FAILURE);
	}
}

static double stop_ours(struct rig *rig)
{
	uint64_t start = now_monotonic_ns();
	struct truth truth;

	assert_done(rig, pen_call(rig, "Stop", ""));
	truth = rig_truth(rig);
	if (truth.motor || truth.last_stop_ns < start)
		bench_die("the pen was not stopped by Stop", 0);
	return bench_usec(truth.last_stop_ns - start);
}

/* When it was at the peer. */
static uint64_t call_bare(struct rig *rig, int times)
{
	uint64_t end;

	bench_check(sd_bus_call_method(rig->client->bus, BARE_NAME, BARE_PATH, BARE_INTERFACE,
				       BARE_METHOD, NULL, NULL, ""),
		    "the bare service");
	if (read(times, &end, sizeof(end)) != sizeof(end))
		bench_die("the bare peer left", 0);
	return end;
}

/* The daemon and its pen are awake anyway, with a sample a millisecond. Only the second call finds
 * the bare service awake, too. */
static double stop_bare(struct rig *rig, int times)
{
	uint64_t start, end;

	call_bare(rig, times);
	start = now_monotonic_ns();
	end = call_bare(rig, times);
	return bench_usec(end - start);
}

static void by_request(struct rig *rig)
{
	static struct bench_series a, b;
	uint16_t port;
	struct peer peer = {.listener = bench_listen(&port)};
	int pipe_fds[2];
	pid_t noter, service;

	bench_check_errno(pipe2(pipe_fds, O_CLOEXEC), "pipe");
	peer.times = pipe_fds[1];
	noter = bench_fork(note_times, &peer);
	service = bare_service(rig, port);
	for (unsigned int i = 0; i < REQUEST_RUNS; i++) {
		run_again(rig, i);
		bench_add(&b, stop_bare(rig, pipe_fds[0]));
		bench_add(&a, stop_ours(rig));
	}
	bench_row("Stop called, STOP at the pen", "us", &a, &b);
	bench_row_worst("  the slowest", "us", &a, &b);
	bench_end(noter); /* first: it says so when the service leaves it */
	bench_end(service);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(peer.listener);
}

/* ---- by measurement ---- */

static _Noreturn void answer_mark(void *userdata)
{
	int fd = bench_accept(*(int *)userdata);
	uint8_t packet[PACKET_SIZE];

	for (;;) {
		bench_recv_all(fd, packet, sizeof(packet));
		if (packet[PACKET_SIZE - 1])
			bench_send_all(fd, packet, MNPEN_SAMPLE_SIZE);
	}
}

static double depth_bare(int fd, unsigned int run)
{
	uint64_t tick = now_monotonic_ns(), event;
	uint8_t packet[PACKET_SIZE] = {0};

	for (unsigned int i = 0; i < TICKS_BEFORE; i++) {
		sleep_until(tick += TICK_NS);
		bench_send_all(fd, packet, sizeof(packet));
	}
	event = tick + phase_ns(run);
	sleep_until(tick + TICK_NS);
	packet[PACKET_SIZE - 1] = 1;
	bench_send_all(fd, packet, sizeof(packet));
	bench_recv_all(fd, packet, MNPEN_SAMPLE_SIZE);
	return bench_usec(now_monotonic_ns() - event);
}

static double depth_ours(struct rig *rig)
{
	struct truth truth;

	gadget_do(rig->control_fd, "drift depth %d", TOO_DEEP_UM);
	truth = rig_await_motor(rig, false, STEP_MS);
	gadget_do(rig->control_fd, "drift depth 0");
	/* The last run too deep need not be this one. */
	if (truth.depth_over_ns < truth.motor_on_ns || truth.motor_off_ns < truth.depth_over_ns)
		bench_die("the pen was not stopped for its depth", 0);
	return bench_usec(truth.motor_off_ns - truth.depth_over_ns);
}

static void by_measurement(struct rig *rig)
{
	static struct bench_series a, b;
	uint16_t port;
	int listener = bench_listen(&port), fd;
	pid_t answerer = bench_fork(answer_mark, &listener);

	fd = bench_connect(port);
	/* At the limit, so that the first stroke that is too deep for the target is it for both. */
	gadget_do(rig->control_fd, "ignore limits on");
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_LIMIT_UM, RIG_SPEED_RPM));
	for (unsigned int i = 0; i < DEPTH_RUNS; i++) {
		run_again(rig, i);
		bench_add(&b, depth_bare(fd, i));
		bench_add(&a, depth_ours(rig));
	}
	bench_row("stroke too deep, motor off", "us", &a, &b);
	bench_row_worst("  the slowest", "us", &a, &b);
	bench_end(answerer);
	close(fd);
	close(listener);
}

int main(void)
{
	struct rig *rig = bench_rig();

	bench_title("Stop, at the virtual pen's clock",
		    "mnpend : the same way through processes that only pass it on");
	rig_begin(rig);
	by_request(rig);
	by_measurement(rig);
	rig_stop(rig);
	return EXIT_SUCCESS;
}
