/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole station on loopback for one test: a private bus with the shipped policy, virtual pens,
 * mnpend, and where wanted a polkit. Own directory, own ports, no privileges.
 *
 * A test begins with rig_start(state, ...) and ends with rig_stop(), which checks that everything
 * ended well and that nothing was left; without it the test fails. What failed in between is
 * cleared away by rig_teardown(), which prints what the programs said.
 */
#ifndef MNPEN_HARNESS_H
#define MNPEN_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/bus/harness_bus.h"
#include "tests/bus/harness_db.h"
#include "tests/bus/harness_gadget.h"
#include "tests/bus/harness_logind.h"
#include "tests/bus/harness_polkit.h"
#include "tests/bus/harness_process.h"

#define RIG_SERIAL "VPEN0001"
#define RIG_PROFILE "bench" /* of the rig: areas "face" and "thin", see harness_files.c */
#define RIG_AREA "face"
#define RIG_DEPTH_UM 500
#define RIG_SPEED_RPM 6000
#define RIG_LIMIT_UM 1000    /* of "face"; of "thin" half of it */
#define RIG_TOLERANCE_UM 100 /* the virtual pen's */
#define RIG_LEASE_MS 300     /* the station's default */

/** struct rig_options - zero is a rig with one pen and a polkit that says yes */
struct rig_options {
	const char *station; /* lines for [Station]; a later line wins over the rig's own */
	const char *profile; /* text of a further profile "extra" */
	bool strict_age;     /* MaxSampleAge as shipped, not the patient one of the rig */
	bool no_polkit;
	bool no_option; /* neither --no-usb nor --pen */
	bool usb;	/* the pen comes through the bridge, as a USB device of this machine */
	const char *under[8]; /* and the daemon runs under this command */
	const char *daemon_options[3];
	unsigned int pens; /* 0 = 1; their serials are VPEN0001-1, -2 ... when several */
	const char *gadget_options[6];
	bool no_daemon;	    /* the test starts it */
	const char *listen; /* NULL = a free port */
	bool foot;	    /* a pedal is plugged in: tests/foot, at rig->foot_fd */
};

struct rig {
	char dir[64];
	char bus_address[128];
	char db[96];
	char pen[96];	   /* object path of the first pen */
	char session[128]; /* object path of the session of rig_begin() */
	char id[64];	   /* and its id */
	unsigned int pens;
	char gadget_port[16]; /* "127.0.0.1:PORT" is where the pens are */
	struct rig_options options;
	struct process bus, gadget, daemon;
	struct polkit *polkit;
	struct logind *logind; /* of tests that make one; ended with the rig */
	struct client *client;
	int control_fd; /* of the virtual pens */
	int foot_fd;	/* of the pedal; gadget_do() speaks to it as well */
	bool stopped;
	bool gadget_killed;
};

/** rig_start() - all of it, until the pens are there. *@state = the rig, for rig_teardown(). */
struct rig *rig_start(void **state, const struct rig_options *options);

/** rig_stop() - end all of it, in order: exit codes, sanitizers, leftovers */
void rig_stop(struct rig *rig);

int rig_teardown(void **state);
#define RIG_TEST(function) cmocka_unit_test_teardown(function, rig_teardown)

/* Parts, for tests that end one and start it again. */
void rig_start_daemon(struct rig *rig);
void rig_launch_daemon(struct rig *rig, struct process *process, const char *name);
void rig_start_gadget(struct rig *rig);
void rig_kill_daemon(struct rig *rig); /* SIGKILL, and reaped */
/** rig_daemon_pid() - of mnpend itself, whatever it runs under */
int rig_daemon_pid(struct rig *rig);
void rig_kill_gadget(struct rig *rig);
void rig_await_pens(struct rig *rig);

/** rig_path() - "DIR/name"; valid until the next call but three */
const char *rig_path(const struct rig *rig, const char *name);

/* ---- harness_files.c ---- */
void rig_make_dir(struct rig *rig);
void rig_remove_dir(struct rig *rig);
void rig_write(const struct rig *rig, const char *name, const char *text);
void rig_write_bus_config(struct rig *rig);
void rig_write_station(struct rig *rig);

/* ---- harness_flow.c: what nearly every test does ---- */

/** pen_call() - a method of the first pen; manager_call(), session_call() likewise */
const char *pen_call(struct rig *rig, const char *member, const char *types, ...);
const char *manager_call(struct rig *rig, const char *member, const char *types, ...);
const char *session_call(struct rig *rig, const char *member, const char *types, ...);

/** rig_begin_as() - BeginSession; outcome as a word; on "" rig->session and rig->id are set */
const char *rig_begin_as(struct rig *rig, const char *profile, const char *client,
			 const char *area);
void rig_begin(struct rig *rig); /* with the rig's profile and area, and a target */
void rig_arm(struct rig *rig);	 /* Arm, which must succeed */
void rig_run(struct rig *rig);	 /* press the trigger, wait until it runs at speed */
void rig_rearm(struct rig *rig); /* release, rest, arm, run: from any state but FAULT */
/** rig_some_strokes() - set a target, arm, run, and let go of the trigger; armed afterwards */
void rig_some_strokes(struct rig *rig);
void rig_fresh_cartridge(struct rig *rig);
void rig_reload(struct rig *rig); /* SIGHUP, until the daemon says that all is read again */

struct truth rig_truth(struct rig *rig);
/** pen_word(), pen_value() - a property of the first pen */
const char *pen_word(struct rig *rig, const char *property);
int64_t pen_value(struct rig *rig, const char *property);

/** rig_await_state() - until the pen itself is in @state; fails the test after @ms */
void rig_await_state(struct rig *rig, const char *state, int ms);
struct truth rig_await_motor(struct rig *rig, bool on, int ms);
/** rig_await_word() - until the first pen's property says @value */
void rig_await_word(struct rig *rig, const char *property, const char *value, int ms);
void rig_await_value(struct rig *rig, const char *property, int64_t value, int ms);
/** rig_await_number() - until @sql gives @value in the database */
void rig_await_number(struct rig *rig, const char *sql, int64_t value, int ms);
const struct bus_event *rig_await_event(struct rig *rig, const char *kind, int ms);
/** rig_await_healthy() - until StoreHealthy is @healthy */
void rig_await_healthy(struct rig *rig, bool healthy, int ms);

/** session_number() - @expression over the session's row; session_word() likewise */
int64_t session_number(struct rig *rig, const char *expression);
const char *session_word(struct rig *rig, const char *expression);

/* ---- harness_measure.c ---- */

/** struct measure - times of one cause, in milliseconds */
struct measure {
	const char *what;
	double ms[64];
	size_t n;
};

void measure_add(struct measure *measure, uint64_t from_ns, uint64_t to_ns);
/** measure_check() - prints median and maximum and holds them against their bounds */
void measure_check(struct measure *measure, double median_ms, double max_ms);

/* ---- outcomes ---- */
#define assert_done(rig, call) assert_outcome(rig, call, "", #call, __FILE__, __LINE__)
#define assert_refused(rig, call, word) assert_outcome(rig, call, word, #call, __FILE__, __LINE__)
void assert_outcome(struct rig *rig, const char *word, const char *expected, const char *call,
		    const char *file, int line);
/** assert_says() - that the last error's text holds @text */
void assert_says(struct rig *rig, const char *text);

#endif
